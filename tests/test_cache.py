"""What is kept of earlier answers: bounded, and never another answer than the one that would be worked out anew."""

from __future__ import annotations

import dataclasses
import ipaddress
import random
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camscan import fingerprints
from camscan.addresses import is_dotted_quad
from camscan.cache import Cache, remember_short, size_of_texts
from camscan.fingerprints import Database
from camscan.identify import identify_box
from camscan.model import Observation

NOON = datetime(2026, 3, 2, 12, 0, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def database() -> Database:
    return fingerprints.load_database()


@pytest.fixture(scope="module")
def forgetful() -> Database:
    """The same database, which keeps nothing of what it was asked."""
    whole = fingerprints.load_database()
    copy = dataclasses.replace(whole, statements=dataclasses.replace(whole.statements))
    copy.__dict__.update(identified_cache=Cache(0), judged_cache=Cache(0))
    copy.statements.__dict__["_looked_up"] = Cache(0)
    for matcher in (copy._first_matcher, copy._second_matcher):
        matcher._alike = Cache(0)
        matcher._kin = Cache(0)
        matcher._fitted = Cache(0)
        matcher._chosen = Cache(0)
    return copy


def test_what_was_kept_is_found() -> None:
    cache: Cache[str, int] = Cache(1000)
    cache.keep("a", 1, 10)
    assert cache.get("a") == 1
    assert cache.get("b") is None


def test_results_of_short_texts_are_remembered_and_of_long_ones_computed() -> None:
    read: list[tuple[str, str]] = []

    @remember_short
    def joined(one: str, other: str) -> str:
        read.append((one, other))
        return one + other

    long = "x" * 1000
    assert [joined("a", "b"), joined("a", "b"), joined("b", "a")] == ["ab", "ab", "ba"]
    assert [joined(long, "a"), joined(long, "a"), joined("a", long)] == [f"{long}a", f"{long}a", f"a{long}"]
    assert read == [("a", "b"), ("b", "a"), (long, "a"), (long, "a"), ("a", long)]


@given(st.from_regex(r"([0-9]{1,3}\.){2,4}[0-9]{1,3}", fullmatch=True))
def test_a_dotted_quad_is_what_ipaddress_writes(text: str) -> None:
    try:
        written = str(ipaddress.IPv4Address(text))
    except ValueError:
        written = ""
    assert is_dotted_quad(text) == (written == text)


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 200), st.booleans()), max_size=200))
def test_it_never_holds_more_than_its_room(steps: list[tuple[int, int, bool]]) -> None:
    cache: Cache[int, int] = Cache(1000)
    for key, size, asked in steps:
        if asked:
            assert cache.get(key) in {None, key}
        else:
            cache.keep(key, key, size)
        assert cache.size <= 1000


def test_what_is_forgotten_takes_no_room() -> None:
    cache: Cache[str, int] = Cache(1000)
    for number in range(40):
        cache.keep(str(number), number, 20)
    cache.clear()
    assert cache.size == 0
    assert cache.get("39") is None


def test_what_is_asked_for_outlives_what_is_not() -> None:
    cache: Cache[int, int] = Cache(1000)
    for number in range(100):
        cache.keep(number, number, 50)
        cache.keep(-1, -1, 50)
        assert cache.get(-1) == -1
    assert cache.get(0) is None


def test_one_flood_pushes_nothing_out() -> None:
    cache: Cache[str, int] = Cache(1000)
    cache.keep("a", 1, 10)
    cache.keep("flood", 2, 900)
    assert cache.get("a") == 1
    assert cache.get("flood") is None


def test_sizes_are_those_of_memory() -> None:
    assert size_of_texts(["a" * 1000, "\u4e00" * 1000]) >= 3000


def test_a_device_that_floods_leaves_the_memory_bounded(database: Database) -> None:
    own = dataclasses.replace(database)
    for number in range(300):
        told = [("http.title", f"{number} " + "\U0001f4f7" * 6000), ("sadp.serial", f"{number}" * 500)]
        identify_box([Observation("192.0.2.1", 80, "http", key, value, NOON) for key, value in told], own)
    assert own.identified_cache.size <= 8 << 20
    assert own.judged_cache.size <= 2 << 20


FACTS = [
    ("sadp.model", ("DS-2CD2385G1-I", "DS-7608NI-K2", "IPC")),
    ("sadp.serial", ("DS-2CD2385G1-I20190701AAWRD12345678", "DS-7608NI-K20820190701CCWRD87654321WCVU", "N/A")),
    ("sadp.firmware", ("V5.6.2build 190701", "V5.6.2build 190702", "V4.1.1build 200102", "N/A")),
    ("sadp.mac", ("44:19:b6:00:00:01", "58:50:ed:00:00:02")),
    ("mac.address", ("44:19:b6:00:00:01", "9c:14:63:00:00:02")),
    ("dhip.serial", ("6J0DA6EPAJ00001", "907F3C6C7A1B2C3D")),
    ("dhip.device_type", ("IPC-HDW5421S", "NVR4108")),
    ("dhip.version", ("2.800.0000000.13.R", "2.800.0000001.13.R", "0")),
    ("dhip.vendor", ("Dahua", "Acme")),
    ("isapi.firmware_version", ("V5.6.2", "V5.6.3")),
    ("isapi.firmware_released", ("build 190701", "build 200102")),
    ("onvif.manufacturer", ("Dahua", "HIKVISION", "Acme Ltd", "General")),
    ("onvif.model", ("DS-2CD2385G1-I", "IPC-HFW1230S", "Model 1")),
    ("onvif.serial", ("1234567", "DS-2CD2385G1-I20190701AAWRD12345678")),
    ("onvif.firmware", ("V5.6.2 build 190701", "2.800.0000000.13.R, Build Date: 2021-08-18")),
    ("wsd.name", ("IPCAM", "HIKVISION DS-2CD2385G1-I", "Dahua")),
    ("http.server", ("App-webs/", "webserver", "nginx")),
    ("http.title", ("WEB SERVICE", "Axis", "Front door")),
    ("http.realm", ("Login to 6J0DA6EPAJ00001", "44:19:b6:00:00:01")),
    ("rtsp.server", ("Hipcam RealServer/V1.0", "Rtsp Server/3.0")),
]


@given(st.integers(0, 2**32))
def test_what_others_said_before_changes_nothing(database: Database, forgetful: Database, seed: int) -> None:
    """Units that differ in a number, a name or one fact more: each is what it would be if it were alone."""
    chance = random.Random(seed)
    told = [(key, chance.choice(values)) for key, values in chance.sample(FACTS, chance.randint(1, 9))]
    for _ in range(4):
        seen = [Observation("192.0.2.1", 80, key.partition(".")[0], key, value, NOON) for key, value in told]
        assert identify_box(seen, database) == identify_box(seen, forgetful)
        place = chance.randrange(len(told))
        key, values = chance.choice(FACTS)
        told[place] = (key, chance.choice(values))


def test_units_of_one_model_keep_their_own_numbers(database: Database, forgetful: Database) -> None:
    for number in range(20, 40):
        serial, mac = f"DS-2CD2385G1-I20190701AAWRD123456{number}", f"44:19:b6:00:00:{number}"
        told = [("sadp.model", "DS-2CD2385G1-I"), ("sadp.serial", serial), ("sadp.mac", mac), ("http.realm", mac)]
        seen = [Observation("192.0.2.1", 80, key.partition(".")[0], key, value, NOON) for key, value in told]
        found = identify_box(seen, database)
        assert found == identify_box(seen, forgetful)
        assert (found.serial, found.mac) == (serial, mac)
        assert any(serial in line for line in found.because)


def test_a_fact_that_nothing_heeds_makes_no_difference(database: Database) -> None:
    beside = [("dhip.field", "x=y"), ("wsd.xaddr", "http://192.0.2.1/"), ("sadp.ipv4", "192.0.2.1")]
    for place in range(2):
        told = [*beside, *((key, values[place]) for key, values in FACTS)]
        seen = [Observation("192.0.2.1", 80, key.partition(".")[0], key, value, NOON) for key, value in told]
        heeded = [each for each in seen if database.heeds(each.key)]
        assert heeded == seen[len(beside) :]
        assert identify_box(heeded, database) == identify_box(seen, database)


def test_one_text_in_another_place_is_another_device(database: Database) -> None:
    one = [Observation("192.0.2.1", 80, "http", "http.title", "a", NOON)]
    two = [*one, Observation("192.0.2.1", 0, "http", "http.server", "App-webs/", NOON)]
    both = [identify_box(one, database), identify_box(two, database), identify_box(one, database)]
    assert both[0] == both[2]
    assert both[0] != both[1]
