"""What each class of mark may say alone: the table of ``docs/certainty.md``, held over every fingerprint."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from camscan import fingerprints
from camscan.fingerprints.entry import ALONE, OEM_LIMIT, WEAK, Rule
from camscan.fingerprints.mac_blocks import MAC_REALM

PAGE = Path(__file__).parent.parent / "docs" / "certainty.md"
DATABASE = fingerprints.load_database()
OWN = ("sadp", "dhip", "dahua5050", "dvrip", "rpc2", "isapi", "dahua_cgi")
"""Protocols that a maker designed for its own units."""
MANUFACTURER = ("onvif.manufacturer", "upnp.manufacturer")
SERIAL = ("onvif.serial", "upnp.serial")


def ceilings() -> dict[str, float]:
    rows = re.findall(r"^\| \*\*(.+?)\*\* \|.*\| (0\.\d\d) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    return {name: float(most) for name, most in rows}


def kind_of(rule: Rule) -> str:
    """The class of a fingerprint that names a maker."""
    keys = [key for key, conditions in rule.when if conditions[0].operator not in ALONE]
    texts = [condition.text for _, conditions in rule.when for condition in conditions]
    if rule.needs_decision:
        return "badge or model number"
    if all(key.partition(".")[0] in OWN for key in keys):
        return "own protocol"
    if keys == ["snmp.oid"]:
        return "own part of SNMP"
    if keys == ["http.body"] and any("DeviceInfo" in text for text in texts):
        return "own document on a web server"
    if set(keys) & set(MANUFACTURER) and set(keys) & set(SERIAL):
        return "name and serial number"
    return "one reply of a common protocol"


NAMING = [rule for rule in DATABASE.rules if "maker" in dict(rule.then)]


def test_the_table_names_every_class() -> None:
    assert {kind_of(rule) for rule in NAMING} | {"MAC address block", "MAC address as a realm"} == set(ceilings())


@pytest.mark.parametrize("kind", sorted({kind_of(rule) for rule in NAMING}))
def test_no_mark_says_more_alone_than_its_class_may(kind: str) -> None:
    most = ceilings()[kind]
    assert not {rule.id: rule.certainty for rule in NAMING if kind_of(rule) == kind and rule.certainty > most}


def test_the_other_rows() -> None:
    most = ceilings()
    assert max(section.certainty for section in DATABASE.sections.values()) <= most["MAC address block"] < WEAK
    assert most["MAC address as a realm"] == MAC_REALM
    assert most["badge or model number"] == OEM_LIMIT


def test_one_reply_of_a_common_protocol_is_never_confirmed() -> None:
    assert ceilings()["one reply of a common protocol"] < 0.90


@pytest.mark.parametrize("realm", ["camera", "recorder", "word", "model", "number", "serial", "hash", "mac", "other"])
def test_a_realm_weighs_the_same_wherever_it_is_reported(realm: str) -> None:
    found = {
        (protocol, maker): ([one.text for one in rule.when[0][1]], rule.then, rule.certainty)
        for rule in DATABASE.rules
        for maker in ("hikvision", "dahua")
        for protocol in ("http", "rtsp", "onvif")
        if rule.id == f"{maker}.{protocol}.realm.{realm}"
    }
    assert len(found) in {3, 6}
    for maker in {maker for _, maker in found}:
        said = [found[protocol, maker] for protocol in ("http", "rtsp", "onvif")]
        assert said[0] == said[1] == said[2]
