"""The published schema of camscan.yaml and the reader accept the same keys and values; the starter file is right."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from camscan.asset.columns import CONTROLLERS, SENSITIVITIES, SITE_TYPES, ZONES
from camscan.config import PACES, Config, load_config, read_config
from camscan.config.check import SCHEMA, STARTER
from camscan.config.foi import NATIONS
from camscan.config.planning import FACTORS
from camscan.config.web import RIGHTS
from camscan.errors import ConfigError

ROOT = Path(__file__).parents[1]
PUBLISHED: dict[str, Any] = json.loads(SCHEMA.read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(PUBLISHED)

AUTHORISATION = {"role": "R", "date": "2026-01-01", "expires": "2026-12-31", "cidrs": ["10.0.0.0/8"]}
SITE = {"name": "A", "cidrs": ["10.0.0.0/8"]}
CREDENTIAL = {"name": "c", "user": "u", "password_env": "P", "cidrs": ["10.0.0.0/8"]}
SNMP = {"name": "s", "user": "u", "password_env": "P", "cidrs": ["10.0.0.0/8"]}
V2C = {"name": "s", "version": "2c", "password_env": "P", "cidrs": ["10.0.0.0/8"]}
NETBOX = {"name": "n", "url": "https://netbox.example.gov.uk", "token_env": "T"}
MAIL = {"name": "CCTV team", "channel": "mail", "to": ["cctv@example.gov.uk"], "from": "camscan@example.gov.uk"}
HOOK = {"name": "Hub", "channel": "webhook"}
OIDC = {"issuer": "https://sign-in.example.gov.uk/v2.0", "client_id": "camscan", "client_secret_env": "S"}
WEB = {"url": "https://cameras.example.gov.uk", "trusted_proxies": ["127.0.0.1"], "auth": {"oidc": OIDC}}
DECISION = {"minute": "C/26/12", "date": "2026-02-03", "makers": ["hikvision"]}
GOOD: dict[str, list[Any]] = {
    "organisation": ["Example", ""],
    "role": ["R"],
    "timezone": ["Europe/London"],
    "authorisations": [
        [],
        [AUTHORISATION],
        *([{**AUTHORISATION, "date": text}] for text in ("1/1/2026", "1 January 2026", "01-Jan-26", "1st Jan. 2026")),
        *(
            [{**AUTHORISATION, "date": text}]
            for text in ("2026/1/1", "1.1.26", "January 1, 2026", "Thu 1st of Jan '26")
        ),
        *([{**AUTHORISATION, "window": text}] for text in ("19:00-06:00", "8:00 – 24:00")),
        [{**AUTHORISATION, "days": ["Mon-Fri", "Sun"], "contact": "Duty officer"}],
    ],
    "sites": [
        [],
        [SITE],
        [{"name": "A", "cidrs": []}],
        [{**SITE, "uprn": 100000000001}],
        [{**SITE, "uprn": "A17"}],
        *([{**SITE, "type": each}] for each in SITE_TYPES),
        *([{**SITE, "sensitivity": each}] for each in (*SENSITIVITIES, *map(int, SENSITIVITIES))),
        *([{**SITE, "controller": each}] for each in CONTROLLERS),
        *([{**SITE, "network_zone": each}] for each in ZONES),
        *([{**SITE, "pace": each}] for each in PACES),
        *([{**SITE, "every": each}] for each in ("day", "week", 30)),
        [{**SITE, "owner_service": "Property", "exclusions": ["10.0.0.1"]}],
        [{"name": "A", "subnets": ["10.1.0.0/16", {"cidr": "fd00::/64"}, {"cidr": "10.2.0.0/24", "vlan": 40}]}],
        [
            {
                "name": "A",
                "subnets": [{"cidr": "10.2.0.0/24", "vlan": "cctv", "network_zone": "core", "controller": "nhs"}],
            }
        ],
    ],
    "sites_file": ["places.csv"],
    "exclusions": [[], ["10.0.0.1", "fe80::/64"]],
    "pace": [*PACES],
    "ports": [{}, {"http": [80, "8080"], "rtsp": []}],
    "interface": ["eth0"],
    "register": ["camscan.db", "postgresql://camscan@db/camscan"],
    "offline_after": [3, "5"],
    "overlays": [[], ["marks"]],
    "inventories": [[], [NETBOX], [{**NETBOX, "ca_file": "own.pem"}]],
    "snmp": [
        [],
        [SNMP],
        [V2C],
        [{**SNMP, "version": 3, "hash": "SHA-512", "cipher": "AES-256-C", "privacy_file": "x"}],
    ],
    "credentials": [
        [],
        *(
            [{**{key: value for key, value in CREDENTIAL.items() if key != "password_env"}, kind: "x"}]
            for kind in ("password_file", "password_env", "systemd_credential")
        ),
    ],
    "notify": [
        [],
        [{**MAIL, "server": "smtp.example.gov.uk", "port": 587, "classes": ["news", "alarm"], "detail": "full"}],
        [{**MAIL, "sendmail": "/usr/sbin/sendmail", "port": "25", "user": "camscan", "ca_file": "council.pem"}],
        [{**HOOK, "url": "https://192.0.2.7/camscan"}],
        *(
            [{**HOOK, f"{secret}_{kind}": "x"}]
            for secret in ("password", "secret", "url")
            for kind in ("file", "env", "credential")
        ),
    ],
    "run": [
        {},
        *({"every": each} for each in ("day", 3, "14")),
        {"window": "19:00-06:00", "days": ["Mon-Fri"]},
        {"backups": "backups", "keep": 5, "metrics": "camscan.prom"},
        {"keep": "0", "after": {"csv": "reports/cameras.csv", "netbox": "reports/netbox"}},
    ],
    "planning": [
        {},
        {"policies": ["us-ndaa-889"], "scope": []},
        {"local_decision": DECISION},
        {
            "local_decision": {
                **DECISION,
                "groups": ["g"],
                "brands": ["b"],
                "site_types": ["school"],
                "sensitivity": [1, "2"],
            }
        },
        {"debarment": ["Example Ltd"]},
        {"debarment": "debarred.txt"},
        *({"priority": {name: dict.fromkeys(levels, 2.5)}} for name, levels in FACTORS.items()),
        {"priority": {"thresholds": [20, 10, 4]}},
    ],
    "web": [
        {},
        {"url": "https://cameras.example.gov.uk"},
        {"url": "http://localhost:8377", "trusted_proxies": ["127.0.0.1", "fd00::/64"]},
        WEB,
        {**WEB, "url": "http://127.0.0.1:8377", "auth": {"oidc": {**OIDC, "issuer": "http://127.0.0.1:9/a/v2.0"}}},
        {**WEB, "auth": {"oidc": {**OIDC, "tenant": "t", "roles_claim": "r"}}},
        *({**WEB, "auth": {"oidc": {**OIDC, "roles": {"Camscan.X": each}}}} for each in RIGHTS),
        {**WEB, "auth": {"proxy": {"header": "X-Remote-User"}}},
    ],
    "centre": [{}, {"parts_per_second": 5}, {"megabytes_per_day": "512"}],
    "contact": [
        {},
        {"team": "CCTV team", "email": "cctv@council.example", "phone": "01234 567890", "post": "Town Hall"},
        {"checked_on": "2027-01-15"},
    ],
    "foi": [{}, {"threshold": 10}, {"threshold": "3"}, *({"nation": each} for each in NATIONS)],
}
SAME_AS_NOTHING: list[Any] = ["", [], {}, 3]
"""What a key may say without changing anything; 3 scans missed is the default of offline_after."""
BAD: dict[str, list[Any]] = {
    "organization": ["x"],
    "organisation": [[]],
    "role": ["", ["x"]],
    "authorisations": [
        {},
        [{key: value for key, value in AUTHORISATION.items() if key != "role"}],
        [{**AUTHORISATION, "cidrs": []}],
        [{**AUTHORISATION, "date": "1st of next month"}],
        [{**AUTHORISATION, "date": "2026/1"}],
        [{**AUTHORISATION, "date": "January 2026"}],
        [{**AUTHORISATION, "window": "at night"}],
        [{**AUTHORISATION, "days": []}],
        [{**AUTHORISATION, "hours": "x"}],
    ],
    "sites": [
        [{"name": "A"}],
        [{"cidrs": []}],
        [{**SITE, "type": "hall"}],
        [{**SITE, "sensitivity": 5}],
        [{**SITE, "controller": "me"}],
        [{**SITE, "network_zone": "dmz"}],
        [{**SITE, "pace": "slow"}],
        [{**SITE, "vlan": 4}],
        [{**SITE, "every": "night"}],
        [{"name": "A", "subnets": [{"vlan": 4}]}],
        [{"name": "A", "cidrs": ["fileserver"]}],
    ],
    "pace": ["slow"],
    "ports": [{"http": [0]}, {"http": ["80-90"]}, ["http"]],
    "offline_after": [0, "never"],
    "credentials": [
        [{key: value for key, value in CREDENTIAL.items() if key != "password_env"}],
        [{**CREDENTIAL, "password_file": "x"}],
        [{**CREDENTIAL, "password": "x"}],
        [{**CREDENTIAL, "user": "a:b"}],
        [{**CREDENTIAL, "cidrs": []}],
    ],
    "inventories": [
        [{**NETBOX, "token": "x"}],
        [{**NETBOX, "url": "http://netbox.example.gov.uk"}],
        [{**NETBOX, "url": "https://a:b@netbox.example.gov.uk"}],
        [{**NETBOX, "token_file": "x"}],
        [{"name": "n", "url": "https://netbox.example.gov.uk"}],
    ],
    "snmp": [
        [{**SNMP, "community": "public"}],
        [{**SNMP, "version": 1}],
        [{**V2C, "user": "u"}],
        [{key: value for key, value in SNMP.items() if key != "user"}],
        [{**SNMP, "privacy_file": "x", "privacy_env": "X"}],
        [{**SNMP, "hash": "MD5"}],
        [{**SNMP, "cidrs": []}],
    ],
    "notify": [
        {},
        [{"name": "Hub"}],
        [{"channel": "mail"}],
        [{**HOOK, "url": "http://192.0.2.7/camscan"}],
        [{**HOOK, "url": "https://192.0.2.7/", "url_file": "x"}],
        [{**HOOK, "secret_file": "x", "secret_env": "x"}],
        [{**HOOK, "secret": "x"}],
        [{**MAIL, "password": "x"}],
        [{**MAIL, "password_credential": "../x"}],
        [{**MAIL, "classes": []}],
        [{**MAIL, "classes": ["gossip"]}],
        [{**MAIL, "detail": "all"}],
        [{**MAIL, "to": []}],
        [{**MAIL, "to": ["somebody"]}],
        [{**MAIL, "from": "somebody"}],
        [{**MAIL, "port": 0}],
    ],
    "run": [
        [],
        *({"every": each} for each in ("month", 0, -1)),
        {"window": "at night"},
        {"days": []},
        {"keep": -1},
        {"after": ["csv"]},
        {"after": {"csv": []}},
        {"before": {}},
    ],
    "planning": [
        {"policy": []},
        {"local_decision": {"minute": "x"}},
        {"priority": {"weather": {}}},
        {"priority": {"thresholds": [1, 2]}},
        {"priority": {"age": {"old": 0}}},
    ],
    "web": [
        *(
            {"url": each}
            for each in ("cameras", "http://cameras.example.gov.uk", "https://", "https://a/b", "https://u@a")
        ),
        {"trusted_proxies": "127.0.0.1"},
        {**WEB, "trusted_proxies": ["0.0.0.0/0"]},
        {"auth": {"oidc": OIDC}},
        {**WEB, "auth": {}},
        {**WEB, "auth": {"oidc": OIDC, "proxy": {"header": "X-Remote-User"}}},
        {**WEB, "auth": {"oidc": {**OIDC, "client_secret": "s"}}},
        {**WEB, "auth": {"oidc": {**OIDC, "client_secret_file": "s"}}},
        {**WEB, "auth": {"oidc": {"issuer": "https://a", "client_id": "c"}}},
        {**WEB, "auth": {"oidc": {**OIDC, "issuer": "http://sign-in.example.gov.uk"}}},
        {**WEB, "auth": {"oidc": {**OIDC, "roles": {"Camscan.X": "king"}}}},
        *({**WEB, "auth": {"proxy": {"header": each}}} for each in ("X_Remote_User", "X-Forwarded-User", "Cookie", "")),
    ],
    "centre": [{"parts_per_second": 0}, {"megabytes_per_day": "some"}, {"megabytes_per_day": 2_000_000}, {"pace": 1}],
    "contact": [{"email": "nobody"}, {"email": "a b@c.d"}, {"team": ""}, {"checked_on": "soon"}, {"name": "A Person"}],
    "foi": [{"threshold": 2}, {"threshold": 101}, {"threshold": "few"}, {"nation": "Scottish"}, {"round": 5}],
}


def pairs(table: dict[str, list[Any]]) -> list[Any]:
    return [
        pytest.param(key, value, id=f"{key}={json.dumps(value)[:60]}")
        for key, values in table.items()
        for value in values
    ]


def file(directory: Path, key: str, value: Any) -> Path:
    (directory / "marks").mkdir()
    (directory / "places.csv").write_text("cidr,site\n")
    (directory / "debarred.txt").write_text("Example Ltd\n")
    path = directory / "camscan.yaml"
    path.write_text(yaml.safe_dump({key: value}, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return path


def test_the_schema_is_a_schema() -> None:
    rules = Draft202012Validator(Draft202012Validator.META_SCHEMA)
    assert [error.message for error in rules.iter_errors(PUBLISHED)] == []


@pytest.mark.parametrize(("key", "value"), pairs(GOOD))
def test_inputs_that_both_readers_accept(tmp_path: Path, key: str, value: Any) -> None:
    assert [error.message for error in VALIDATOR.iter_errors({key: value})] == []
    found, faults = read_config(file(tmp_path, key, value))
    assert faults == []
    assert getattr(found, key) != getattr(Config(), key) or value in SAME_AS_NOTHING


@pytest.mark.parametrize(("key", "value"), pairs(BAD))
def test_inputs_that_both_readers_refuse(tmp_path: Path, key: str, value: Any) -> None:
    assert not VALIDATOR.is_valid({key: value})
    with pytest.raises(ConfigError):
        load_config(file(tmp_path, key, value))


def objects(schema: Any, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], dict[str, Any]]]:
    """Every object with fixed keys in the schema, and a path of names to it."""
    found = []
    if isinstance(schema, dict):
        if isinstance(schema.get("properties"), dict) and schema.get("additionalProperties") is False:
            found.append((path, schema))
        for name, each in schema.items():
            found += objects(each, (*path, name))
    elif isinstance(schema, list):
        for each in schema:
            found += objects(each, path)
    return found


OBJECTS = objects(PUBLISHED)
#: Path to an object with fixed keys -> a document that has an unknown key there.
HOLDERS: dict[tuple[str, ...], dict[str, Any]] = {
    (): {"xyzzy": 1},
    ("$defs", "authorisation"): {"authorisations": [{**AUTHORISATION, "xyzzy": 1}]},
    ("$defs", "site"): {"sites": [{**SITE, "xyzzy": 1}]},
    ("$defs", "subnet", "anyOf"): {"sites": [{"name": "A", "subnets": [{"cidr": "10.0.0.0/8", "xyzzy": 1}]}]},
    ("$defs", "credential"): {"credentials": [{**CREDENTIAL, "xyzzy": 1}]},
    ("$defs", "inventory"): {"inventories": [{**NETBOX, "xyzzy": 1}]},
    ("$defs", "snmp"): {"snmp": [{**SNMP, "xyzzy": 1}]},
    ("$defs", "recipient"): {"notify": [{**MAIL, "xyzzy": 1}]},
    ("$defs", "run"): {"run": {"xyzzy": 1}},
    ("$defs", "planning"): {"planning": {"xyzzy": 1}},
    ("$defs", "foi"): {"foi": {"xyzzy": 1}},
    ("$defs", "web"): {"web": {"xyzzy": 1}},
    ("$defs", "web", "properties", "auth"): {"web": {**WEB, "auth": {"xyzzy": {}}}},
    ("$defs", "web", "properties", "auth", "properties", "oidc"): {
        "web": {**WEB, "auth": {"oidc": {**OIDC, "xyzzy": 1}}}
    },
    ("$defs", "web", "properties", "auth", "properties", "proxy"): {
        "web": {**WEB, "auth": {"proxy": {"header": "x-user", "xyzzy": 1}}}
    },
    ("$defs", "centre"): {"centre": {"xyzzy": 1}},
    ("$defs", "contact"): {"contact": {"xyzzy": 1}},
    ("$defs", "planning", "properties", "local_decision"): {"planning": {"local_decision": {**DECISION, "xyzzy": 1}}},
    ("$defs", "planning", "properties", "priority"): {"planning": {"priority": {"xyzzy": {}}}},
}


@pytest.mark.parametrize(("path", "schema"), OBJECTS, ids=["/".join(path) for path, _ in OBJECTS])
def test_every_key_that_the_reader_knows_is_published_and_the_other_way_round(
    tmp_path: Path, path: tuple[str, ...], schema: dict[str, Any]
) -> None:
    """The reader itself lists the keys that it knows where it meets one that is like none of them."""
    holder = HOLDERS[path]
    (key,) = holder
    with pytest.raises(ConfigError, match=r"unknown key 'xyzzy'; the keys are: ") as caught:
        load_config(file(tmp_path, key, holder[key]))
    assert {*str(caught.value).partition("the keys are: ")[2].split(", ")} == {*schema["properties"]}


def test_the_words_are_those_of_the_register() -> None:
    definitions = PUBLISHED["$defs"]
    assert definitions["site_type"]["enum"] == [*SITE_TYPES]
    assert definitions["controller"]["enum"] == [*CONTROLLERS]
    assert definitions["network_zone"]["enum"] == [*ZONES]
    assert definitions["sensitivity"]["enum"] == [*map(int, SENSITIVITIES), *SENSITIVITIES]
    assert definitions["pace"]["enum"] == [*PACES]
    assert {*definitions["planning"]["properties"]["priority"]["properties"]} == {*FACTORS, "thresholds"}


def plain(text: str) -> Any:
    """As an editor reads YAML: numbers are numbers; dates stay text, as in JSON."""

    def dated(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: dated(each) for key, each in value.items()}
        if isinstance(value, list):
            return [dated(each) for each in value]
        return value.isoformat() if isinstance(value, date) else value

    return dated(yaml.safe_load(text))


def uncommented(text: str) -> str:
    """The starter file with every setting in force: a '#' is followed by a key, or by two spaces of indentation."""
    text = text.replace("exclusions: []", "exclusions:")
    return re.sub(r"^#(?=[a-z]|  )", "", text, flags=re.MULTILINE)


class TestStarter:
    TEXT = STARTER.read_text(encoding="utf-8")

    def test_it_is_valid_as_written(self, tmp_path: Path) -> None:
        VALIDATOR.validate(plain(self.TEXT))
        path = tmp_path / "camscan.yaml"
        path.write_text(self.TEXT, encoding="utf-8")
        found = load_config(path)
        assert (found.sites, found.authorisations, found.exclusions) == ((), (), ())

    def test_it_is_valid_with_everything_in_force(self, tmp_path: Path) -> None:
        text = uncommented(self.TEXT)
        VALIDATOR.validate(plain(text))
        path = tmp_path / "camscan.yaml"
        path.write_text(text, encoding="utf-8")
        found, faults = read_config(path)
        assert faults == []
        assert [site.name for site in found.sites] == ["Town Hall", "Depot"]
        assert str(found.authorisations[0].window) == "19:00-06:00 Mon Tue Wed Thu Fri"
        assert found.credentials
        assert {*found.lines} >= {"role", "sites", "authorisations", "credentials", "offline_after"}


def test_the_example_in_the_docs(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    text, *more = re.findall(r"^```yaml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    for each in (text, *more):
        VALIDATOR.validate(plain(each))
    table = re.findall(r"^```\n(cidr,.*?)^```", page, re.MULTILINE | re.DOTALL)
    (tmp_path / "camscan-sites.csv").write_text(table[0])
    path = tmp_path / "camscan.yaml"
    path.write_text(text, encoding="utf-8")
    found = load_config(path)
    assert [site.name for site in found.sites] == ["Town Hall", "Depot", "Old Library", "Oak School"]
    assert {*PUBLISHED["properties"]} - {"planning"} <= {*found.lines}
