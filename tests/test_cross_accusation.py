"""Other makers' model numbers under the name that they state; the mirror: the two makers' numbers under their names.

Every protocol that states a maker is tried. ``other_models.txt`` holds facts of 647 makers and badges. A fifth of the
pairs is tried by default and all of them in ``.ci/run``, as ``examples.py`` says of long tables.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from examples import cases

from camscan import fingerprints
from camscan.fingerprints.stated import squeeze_name
from camscan.identify import identify_box
from camscan.model import Confidence, Identification, Observation

DATABASE = fingerprints.load_database()
OURS = {"hikvision": "Hikvision", "dahua": "Dahua"}
SURE = (Confidence.CONFIRMED, Confidence.PROBABLE)
NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)

NVT = [("wsd.kind", "probe-match"), ("wsd.types", "dn:NetworkVideoTransmitter")]
Form = Callable[[str, str], list[tuple[str, str]]]

FIELDS: dict[str, Form] = {
    "onvif": lambda who, what: [("onvif.manufacturer", who), ("onvif.model", what)],
    "wsd manufacturer": lambda who, what: [*NVT, ("wsd.manufacturer", who), ("wsd.hardware", what)],
    "upnp": lambda who, what: [("upnp.manufacturer", who), ("upnp.model_name", what)],
    "isapi": lambda who, what: [("isapi.manufacturer", who), ("isapi.model", what)],
    "mdns text": lambda who, what: [
        ("mdns.service", "_rtsp._tcp"),
        ("mdns.txt", f"manufacturer={who}"),
        ("mdns.txt", f"model={what}"),
    ],
}
"""A manufacturer's name and nothing else."""
TEXTS: dict[str, Form] = {
    "wsd name": lambda who, what: [*NVT, ("wsd.name", who), ("wsd.hardware", what)],
    "wsd name and model": lambda who, what: [*NVT, ("wsd.name", f"{who} {what}"), ("wsd.hardware", what)],
    "snmp": lambda who, what: [("snmp.sysdescr", f"{who} {what}")],
    "http title": lambda who, what: [("http.title", f"{who} {what}")],
    "http realm": lambda who, what: [("http.realm", f"{who} {what}")],
    "rtsp realm": lambda who, what: [("rtsp.realm", f"{who} {what}")],
    "mdns instance": lambda who, what: [("mdns.service", "_rtsp._tcp"), ("mdns.instance", f"{who} {what}")],
}
"""Free text that begins with it."""


def what(facts: list[tuple[str, str]]) -> Identification:
    return identify_box(
        [Observation("192.0.2.9", 80, key.partition(".")[0], key, value, NOON) for key, value in facts], DATABASE
    )


def others() -> Iterator[tuple[str, str]]:
    lines = (Path(__file__).parent / "other_models.txt").read_text(encoding="utf-8").splitlines()
    for line in lines:
        if line and not line.startswith("#"):
            maker, _, models = line.partition(": ")
            yield from ((maker, model) for model in models.split(", "))


PAIRS = cases(list(others()))


def is_accused(maker: str, found: Identification) -> bool:
    known = DATABASE.statements.names.get(squeeze_name(maker))
    behind = DATABASE.builders_of_badge(known.brand) if known else frozenset[str]()
    return found.maker in OURS and found.confidence in SURE and found.maker not in behind


Stated = list[tuple[str, str, Identification]]


@pytest.fixture(scope="module", params=[*FIELDS, *TEXTS])
def stated(request: pytest.FixtureRequest) -> Stated:
    """What every pair is taken for where one protocol states it."""
    form = (FIELDS | TEXTS)[request.param]
    return [(maker, model, what(form(maker, model))) for maker, model in PAIRS]


def test_nobody_who_states_another_maker_is_accused(stated: Stated) -> None:
    # In free text only a known name is a statement; a model number that somebody typed behind any words proves little.
    assert not [(maker, model, one.maker, one.certainty) for maker, model, one in stated if is_accused(maker, one)]


@pytest.mark.parametrize("stated", FIELDS, indirect=True)
def test_no_stated_maker_is_lost_in_a_manufacturer_s_field(stated: Stated) -> None:
    words = DATABASE.statements.nobody | DATABASE.statements.around
    lost = {
        maker
        for maker, _, one in stated
        if one.brand is None
        and not all(word.isdigit() or word in words for word in maker.casefold().replace(".", "").split())
        and squeeze_name(maker) not in words
    }
    assert lost <= {"H.264", "H.265", "H.264 Network Dvr", "3g Ipcam", "P2p"}


@pytest.mark.parametrize("stated", TEXTS, indirect=True)
def test_no_known_name_is_lost_in_free_text(stated: Stated) -> None:
    statements = DATABASE.statements
    lost = {
        (maker, model)
        for maker, model, one in stated
        if squeeze_name(maker) in statements.names
        and squeeze_name(maker) not in statements.field_only
        and not one.brand
        and not one.maker
        and one.is_camera_system is not False
    }
    assert not lost


@pytest.mark.parametrize("key", ["http.realm", "rtsp.realm", "http.title", "mdns.instance", "dhcp.host_name"])
def test_a_number_alone_accuses_nobody_unless_it_is_of_the_makers_own_grammar(key: str) -> None:
    # Owners file a few real Hikvision and Dahua numbers under other names.
    own_grammar = re.compile(r"(?i)^(?:i?DS-2[A-Z]{2}\d|(?:DHI?-)?IPC-H|dahua|hikvision)")
    sure = {model for maker, model in PAIRS if is_accused(maker, what([(key, model)]))}
    assert not [model for model in sure if not own_grammar.match(model)]


NO_CAMERAS = """
Milesight UG67, Uniview NSW2010-6T-POE-IN, Hanwha SPA-C100B, Vivotek AW-FGT-100D-120, GeoVision GV-AS210, Verkada AC41,
Axis C1410, Axis A1001, D-Link DGS-1210, TP-Link TL-SG108E, Synology DS923+, Canon MF645C, Epson DS-530, Sony KD-55XF90
"""
"""Switches, gateways, door controllers, loudspeakers, printers and televisions, of makers of cameras too."""


@pytest.mark.parametrize("form", [FIELDS["upnp"], TEXTS["snmp"], TEXTS["http realm"]])
def test_what_has_no_camera_is_not_called_one(form: Form) -> None:
    found = [(each, what(form(*each.split()))) for each in NO_CAMERAS.strip().replace("\n", " ").split(", ")]
    assert not [(each, one.maker) for each, one in found if one.is_camera_system or one.maker in OURS]


def own() -> Iterator[tuple[str, str, str]]:
    """Maker, badge and model number of every example in the database that has all three, and of every badge's."""
    for entry in DATABASE.entries:
        claims = dict(entry.rule.then)
        for example in entry.examples:
            seen = dict(example.see)
            if set(seen) == {"id.maker", "id.model"} and seen["id.maker"] in OURS:
                yield seen["id.maker"], OURS[seen["id.maker"]], seen["id.model"]
            elif set(seen) == {"id.model"} and claims.get("maker") in OURS:
                yield claims["maker"], claims.get("brand", OURS[claims["maker"]]), seen["id.model"]


def is_maker_s(badge: str) -> bool:
    """Whether a badge is first of all a maker's own name, FLIR's for one: the maker that it states is then believed."""
    name = DATABASE.statements.names.get(squeeze_name(badge))
    makers = {
        key for key, maker in DATABASE.makers.items() if squeeze_name(maker.name) == squeeze_name(badge)
    } - OURS.keys()
    return name is not None and bool(makers)


@functools.cache
def own_numbers() -> Sequence[tuple[str, str, str]]:
    """Those that are tried: not made when the tests are collected, which every process of pytest does."""
    return cases([row for row in sorted(set(own())) if not is_maker_s(row[1])])


@pytest.mark.parametrize("protocol", [*FIELDS, *TEXTS])
def test_the_two_makers_numbers_are_named_under_their_own_and_their_badges_names(protocol: str) -> None:
    form = (FIELDS | TEXTS)[protocol]
    found = [(maker, badge, model, what(form(badge, model))) for maker, badge, model in own_numbers()]
    wrong = [
        (maker, badge, model, one.maker, one.brand, one.certainty)
        for maker, badge, model, one in found
        if not one.brand or not (one.maker == maker or (one.maker is None and one.confidence is Confidence.POSSIBLE))
    ]
    assert not wrong
