"""``camscan import snmp``: in scope, with a login by reference, and written like any other list."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import Camscan, command
from sample_report import NOON, nameless, report
from snmp_agents import PASSWORD, PRIVACY, SWITCH, USER, Table, octets, raw, snmpd

from camscan.config import load_config
from camscan.errors import ConfigError
from camscan.register import open_register

HIKVISION = "44:19:b6:0a:0b:0c"
BRIDGE = "1.3.6.1.2.1.17.7.1.2.2.1"
TABLE: Table = {
    **SWITCH,
    "1.3.6.1.2.1.31.1.1.1.1.10103": "Gi1/0/3",
    "1.3.6.1.2.1.17.1.4.1.2.3": 10103,
    f"{BRIDGE}.2.20.{octets(HIKVISION)}": 3,
    f"{BRIDGE}.3.20.{octets(HIKVISION)}": 3,
    "1.3.6.1.2.1.105.1.1.1.6.1.3": 3,
    "1.3.6.1.4.1.9.9.402.1.2.1.9.1.3": 6000,
    "1.3.6.1.2.1.4.35.1.4.3.1.4.192.0.2.8": raw(HIKVISION),
    "1.3.6.1.2.1.4.35.1.6.3.1.4.192.0.2.8": 3,
}
CONFIG = f"""snmp:
  - name: switches
    user: {USER}
    password_file: auth
    privacy_file: privacy
    cidrs: [127.0.0.0/24]
  - name: old switches
    version: 2c
    password_file: community
    cidrs: [127.0.1.0/24]
"""


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with snmpd(tmp_path_factory.mktemp("snmpd"), TABLE, ip="0.0.0.0") as found:
        yield found


@pytest.fixture
def camscan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Camscan:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("CAMSCAN_ROLE", "CCTV manager")
    for name, text in (("auth", PASSWORD), ("privacy", PRIVACY), ("community", "community")):
        Path(name).write_text(text)
        Path(name).chmod(0o600)
    Path("camscan.yaml").write_text(CONFIG)
    return command(capsys)


def test_a_switch_is_asked_and_nothing_is_written(camscan: Camscan, port: int) -> None:
    code, out, err = camscan("import", "snmp", "--run", "127.0.0.1", "--port", str(port))
    assert (code, err) == (0, "")
    assert "127.0.0.1: 40 values by SNMPv3" in out
    assert HIKVISION in out
    assert out.endswith("Nothing was written to it; --apply writes it.\n")
    assert not Path("camscan.db").exists()


def test_a_filtered_camera_has_a_place_to_look(camscan: Camscan, port: int) -> None:
    with open_register("camscan.db") as book:
        seen = nameless("192.0.2.8", maker="hikvision", kind="camera", is_camera_system=True, certainty=0.9)
        book.record(report(seen, scan_id="scan-0", when=NOON))
    code, _, err = camscan("import", "snmp", "--run", "127.0.0.1", "--port", str(port), "--apply")
    assert (code, err) == (0, "")
    (told,) = json.loads(camscan("show", HIKVISION, "--json")[1])["devices"]
    assert told["switch_port"] == "CT-2, port Gi1/0/3, PoE 6.0 W"
    assert told["elsewhere"]["switch_port"]["basis"] == "SNMP table of CT-2 (127.0.0.1)"
    assert "CT-2, port Gi1/0/3, PoE 6.0 W" in camscan("show", HIKVISION)[1]


def test_clear_text_is_warned_of(camscan: Camscan, port: int) -> None:
    code, out, err = camscan("import", "snmp", "--run", "127.0.1.1", "--port", str(port))
    assert code == 0
    assert "127.0.1.1: 40 values by SNMPv2c, in clear text" in out
    assert err.startswith("camscan: old switches: SNMPv2c sends its community and all answers in clear text")


def test_who_does_not_answer_is_reported_and_the_others_are_taken(camscan: Camscan, port: int) -> None:
    Path("auth").write_text("another password")
    code, out, err = camscan("import", "snmp", "--run", "127.0.0.1", "127.0.1.1", "--port", str(port), "--apply")
    assert code == 3
    assert "127.0.0.1, sysDescr: it does not know this password, or the hash is another" in err
    assert "Register camscan.db: 1 new" in out


def test_a_saved_walk_is_read_like_any_list(camscan: Camscan) -> None:
    Path("ct-2.txt").write_text(f".1.3.6.1.2.1.17.7.1.2.2.1.2.20.{octets(HIKVISION)} = INTEGER: 3\n")
    code, out, err = camscan("import", "snmp", "ct-2.txt", "--as-of", "2026-05-12", "--apply")
    assert (code, err) == (0, "")
    assert "net-snmp: snmpwalk" in out
    (told,) = json.loads(camscan("show", HIKVISION, "--json")[1])["devices"]
    assert told["switch_port"] == "ct-2, port 3"


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["8.8.8.8"], "8.8.8.8"),
        (["127.0.2.1"], "no entry under snmp covers 127.0.2.1"),
        (["127.0.0.1", "--credential", "old switches"], "the entry 'old switches' under snmp does not cover 127.0.0.1"),
        (["127.0.0.1", "--credential", "none"], "there is no entry 'none' under snmp; the entries are: switches"),
        (["127.0.0.0/16"], "name the switches and routers"),
    ],
)
def test_what_may_not_be_asked_is_one_line(camscan: Camscan, words: list[str], why: str) -> None:
    code, out, err = camscan("import", "snmp", "--run", *words)
    assert (code, out) == (2, "")
    assert why in err
    assert err.count("\n") <= 2


def test_exclusions_and_authorisations_hold(camscan: Camscan) -> None:
    Path("camscan.yaml").write_text(CONFIG + "exclusions: [127.0.0.1]\n")
    code, _, err = camscan("import", "snmp", "--run", "127.0.0.1")
    assert code == 2
    assert "exclusions" in err


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("password_file: auth", "password: secret", "do not write a password here"),
        ("password_file: community", "community: public", "do not write a community here"),
        (f"    user: {USER}\n", "", "'user' is missing: SNMPv3 needs one"),
        ("version: 2c", "version: 2c\n    user: x", "version 2c does not have a user"),
        ("version: 2c", "version: 1", "'1' is not one of 3, 2c"),
        (f"user: {USER}", f"user: {USER}\n    hash: MD5", "'MD5' is not one of SHA-1"),
        (f"user: {USER}", f"user: {USER}\n    cipher: DES", "'DES' is not one of AES-128"),
    ],
)
def test_a_wrong_entry_is_named_with_its_line(tmp_path: Path, old: str, new: str, why: str) -> None:
    path = tmp_path / "camscan.yaml"
    path.write_text(CONFIG.replace(old, new))
    with pytest.raises(ConfigError, match=rf"camscan\.yaml:\d+: .*{why}"):
        load_config(path)


def test_a_password_that_is_too_short_for_snmpv3_is_refused(camscan: Camscan) -> None:
    Path("auth").write_text("short")
    code, _, err = camscan("import", "snmp", "--run", "127.0.0.1")
    assert code == 2
    assert "SNMPv3 needs a password of at least 8 characters" in err
    assert "short" not in err
