"""A collector that was stolen: whatever it sends, it reads nothing, and harms no other site's rows."""

from __future__ import annotations

import gc
import gzip
import json
import os
import time
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from centre_place import place
from command_line import Camscan
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from parcels import KEY, OAK, OTHER_KEY, make_attempt, rows, sadp, scan, some
from starlette.testclient import TestClient
from test_centre import BASE, HOST, Site

from camscan import app
from camscan.app.arrivals import record_arrivals
from camscan.app.centre import Call, Centre
from camscan.app.parcel import OfferedParcel
from camscan.app.record import record_report
from camscan.app.uploads import folder_of
from camscan.app.workspace import find_workspace
from camscan.parcel.keys import key_words, public_key_of
from camscan.parcel.seal import seal
from camscan.parcel.signature import sign
from camscan.parcel.write import pack_report
from camscan.register import open_register
from camscan.scan.journal.read import read_attempt
from camscan.store.collectors import Collectors, State
from camscan.store.parcels import Parcels
from camscan.web.application import make_application
from camscan.web.desk import Desk, Setting

ELM = "10.13.0.0/24"
SITES = f"""\
role: ICT
centre:
  parts_per_second: 1000
sites:
- name: Oak School
  cidrs: [{OAK}]
- name: Elm School
  cidrs: [{ELM}]
"""
NOW = datetime.now(UTC) - timedelta(minutes=5)
MINE, OTHERS = "01990000-0000-7000-8000-00000000000a", "01990000-0000-7000-8000-00000000000b"
SECRET = "E33700007"
"""Within the serial number of a camera of the other site, which no answer may hold."""


@pytest.fixture
def desk(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A centre with a camera at Elm School."""
    (workplace / "camscan.yaml").write_text(SITES)
    monkeypatch.setenv("XDG_STATE_HOME", str(workplace / "state"))
    made = Desk(find_workspace(), Setting())
    elm = scan(make_attempt("10.13.0.7", sadp(7), when=NOW), when=NOW, site="Elm School", targets=(ELM,))
    with open_register("camscan.db") as book:
        record_report(replace(elm, coverage=replace(elm.coverage, living={ELM: 1})), book, made.space.settings)
    yield made
    made.close()


@pytest.fixture
def client(desk: Desk) -> TestClient:
    return TestClient(make_application(desk), base_url=f"http://{HOST}")


def known(camscan: Camscan, client: TestClient, name: str, key: Ed25519PrivateKey) -> Site:
    """An approved collector of this site."""
    code = camscan("collector", "add", name, "--site", name)[1].splitlines()[-1]
    made = Site(client, key)
    assert made.enrol(code).status_code == 200
    assert camscan("collector", "approve", name, "--words", key_words(public_key_of(key)))[0] == 0
    return made


@pytest.fixture
def oak(camscan: Camscan, client: TestClient) -> Site:
    """The stolen one."""
    return known(camscan, client, "Oak School", KEY)


ROUTES: Mapping[str, tuple[str, str, Any, str]] = {
    "enrol": ("POST", "/enrol", {"code": "00" * 16}, ""),
    "poll": ("POST", "/poll", {}, ""),
    "errand": ("POST", f"/errand/{OTHERS}", {"state": "done"}, ""),
    "held": ("HEAD", f"/parcel/{OTHERS}", b"", ""),
    "part": ("PUT", f"/parcel/{MINE}", b"x", "at=0"),
    "end": ("POST", f"/parcel/{MINE}/end", {"sha256": "00" * 32, "size": 1}, ""),
    "result": ("GET", f"/parcel/{OTHERS}/result", b"", ""),
    "devices": ("GET", "/devices", b"", ""),
}
BARRED = dict.fromkeys(ROUTES, 403)
EXPECTED: Mapping[str, Mapping[str, int]] = {
    "nobody": dict.fromkeys(ROUTES, 401),
    "unknown": BARRED,
    "waiting": BARRED | {"enrol": 200, "poll": 200, "devices": 404},
    "approved": {"enrol": 200, "poll": 200, "errand": 404, "held": 200, "part": 200, "end": 400}
    | {"result": 404, "devices": 404},
    "stopped": BARRED,
    "revoked": BARRED,
}
"""State of the key -> what each request is answered. Whoever is known may hear again how they stand."""


@pytest.mark.parametrize("state", EXPECTED)
def test_every_request_of_every_key(state: str, client: TestClient, desk: Desk, camscan: Camscan) -> None:
    site = Site(client, OTHER_KEY if state == "unknown" else KEY)
    if state not in {"nobody", "unknown"}:
        site.enrol(camscan("collector", "add", "Oak", "--site", "Oak School")[1].splitlines()[-1])
        (one,) = Collectors(desk.store).all()
        Collectors(desk.store).set_state(one.number, State(state), "ICT")
    found: dict[str, int] = {}
    for name, (method, path, body, query) in ROUTES.items():
        if state == "nobody":
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            answer = client.request(method, f"{BASE}{path}", content=content, params=query)
        else:
            answer = site.ask(method, path, body, query=query)
        found[name] = answer.status_code
        assert SECRET not in answer.text
        assert "10.13." not in answer.text
        if name != "part" and state != "approved":
            assert not list(folder_of(desk.space).glob("*"))
    assert found == EXPECTED[state]


def test_what_is_another_collectors_is_not_there(oak: Site, client: TestClient, camscan: Camscan, desk: Desk) -> None:
    elm = known(camscan, client, "Elm School", OTHER_KEY)
    report = scan(make_attempt("10.13.0.7", sadp(7), when=NOW), when=NOW, site="Elm School", targets=(ELM,))
    content = seal(pack_report(report), OTHER_KEY)
    elm.ask("PUT", f"/parcel/{report.scan_id}", content[:500], query="at=0")
    camscan("collector", "scan", "Elm School")
    (errand,) = elm.ask("POST", "/poll", {}).json()["errands"]
    errand_id = json.loads(errand["text"])["id"]
    assert oak.ask("POST", "/poll", {"sent": [report.scan_id]}).json()["errands"] == []
    assert oak.ask("POST", f"/errand/{errand_id}", {"state": "done"}).status_code == 404
    assert oak.ask("HEAD", f"/parcel/{report.scan_id}").headers["camscan-held"] == "0"
    assert oak.ask("PUT", f"/parcel/{report.scan_id}", content[500:], query="at=500").status_code == 409
    assert oak.ask("GET", f"/parcel/{report.scan_id}/result").status_code == 404
    # A parcel under the id of theirs: theirs arrives all the same.
    false = replace(scan(*some(NOW), when=NOW), scan_id=report.scan_id)
    assert oak.send(false).status_code == 202
    assert elm.ask("PUT", f"/parcel/{report.scan_id}", content[500:], query="at=500").status_code == 200
    assert elm.end(report, content).status_code == 409
    assert record_arrivals(desk.space, desk.store).recorded == 1


def test_it_speaks_for_its_own_networks_alone(oak: Site, desk: Desk) -> None:
    before = rows()
    theirs = next(each for each in before["device"] if SECRET in each)
    attempts = [*some(NOW), make_attempt("10.13.0.7", sadp(8), when=NOW), make_attempt("10.13.0.9", sadp(9), when=NOW)]
    report = scan(*attempts, when=NOW, targets=(OAK, ELM))
    assert oak.send(report).status_code == 202
    assert record_arrivals(desk.space, desk.store).recorded == 1
    assert theirs in rows()["device"]
    with open_register("camscan.db", readonly=True) as book:
        addresses = {ip for row in book.devices() for ip in row.ip_addresses}
        assert addresses == {"10.13.0.7", "10.12.0.4", "10.12.0.5"}
        coverage = book.report(report.scan_id).coverage
    assert any("2 replies of the parcel were left out" in note for note in coverage.notes)
    kept = Parcels(desk.store).of_scan(report.scan_id)
    assert kept
    assert kept.dropped == 2


def test_a_device_of_another_site_is_claimed_in_vain(oak: Site, desk: Desk) -> None:
    theirs = next(each for each in rows()["device"] if SECRET in each)
    assert oak.send(scan(make_attempt("10.12.0.9", sadp(7), when=NOW), when=NOW)).status_code == 202
    assert record_arrivals(desk.space, desk.store).recorded == 1
    assert theirs in rows()["device"]
    with open_register("camscan.db", readonly=True) as book:
        found = {row.ip_addresses[0]: row.site for row in book.devices()}
        (conflict,) = book.conflicts()
    assert found == {"10.13.0.7": "Elm School", "10.12.0.9": "Oak School"}
    assert "is at Elm School, which has not said that it moved" in conflict.detail


def test_silence_about_another_site_says_nothing(oak: Site, desk: Desk) -> None:
    """A scan of both networks in which nobody of Elm School answers, ten times."""
    for turn in range(10):
        at = NOW - timedelta(minutes=20 - turn)
        oak.send(scan(*some(at), when=at, targets=(OAK, ELM)))
    assert record_arrivals(desk.space, desk.store).recorded == 10
    with open_register("camscan.db", readonly=True) as book:
        (elm,) = (row for row in book.devices() if row.site == "Elm School")
    assert (elm.presence.value, elm.scans_missed) == ("seen", 0)


def packed(*lines: bytes, level: int = 1) -> bytes:
    return gzip.compress(b"\n".join(lines) + b"\n", level)


def first_line() -> bytes:
    return gzip.decompress(pack_report(scan(*some(NOW), when=NOW))).split(b"\n")[0]


BOMBS: Mapping[str, tuple[Callable[[], bytes], str]] = {
    "zeros": (lambda: gzip.compress(bytes(64 << 20), 1), "does not begin like a parcel"),
    "spaces": (lambda: packed(first_line(), b" " * (7 << 20), level=9), "is larger than any scan when it is unpacked"),
    "one line": (
        lambda: packed(first_line(), os.urandom((4 << 20) + 99).hex().encode()),
        "has a line that is too long",
    ),
    "many lines": (lambda: packed(first_line(), *[b"{}"] * 10), "line 2 cannot be read"),
    "depth": (lambda: packed(first_line(), b"[" * 100_000), "line 2 cannot be read"),
    "no gzip": (lambda: b"BZh91AY&SY" * 100, "does not begin like a parcel"),
    "gzip in gzip": (lambda: gzip.compress(gzip.compress(bytes(1 << 20))), "does not begin like a parcel"),
    "cut off": (lambda: pack_report(scan(*some(NOW), when=NOW))[:-20], "has no end, or something after its end"),
    "doubled": (lambda: pack_report(scan(*some(NOW), when=NOW)) * 2, "has no end, or something after its end"),
    "a number": (lambda: packed(first_line(), b'{"tail": %b}' % (b"9" * 100_000)), "line 2 cannot be read"),
    "half a character": (lambda: packed(first_line(), b'{"protocol": "\\ud800"}'), "has no last line"),
}


@pytest.mark.parametrize("kind", BOMBS)
def test_a_bomb_costs_itself_alone(oak: Site, desk: Desk, kind: str) -> None:
    make, why = BOMBS[kind]
    content = seal(make(), KEY)
    good = scan(*some(NOW), when=NOW)
    for start in range(0, len(content), 4 << 20):
        oak.ask("PUT", f"/parcel/{MINE}", content[start : start + (4 << 20)], query=f"at={start}")
    tracemalloc.start()
    try:
        assert oak.end(replace(good, scan_id=MINE), content).status_code == 202
        assert oak.send(good).status_code == 202
        done = record_arrivals(desk.space, desk.store)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (done.recorded, done.refused) == (1, 1)
    assert why in oak.ask("GET", f"/parcel/{MINE}/result").json()["why"]
    assert peak < 40 << 20


def test_three_that_flood_do_not_hold_up_a_fourth(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (workplace / "camscan.yaml").write_text(SITES)
    monkeypatch.setenv("XDG_STATE_HOME", str(workplace / "state"))
    with place("camscan.db") as centre:
        report = centre.flood()
        one_round = record_arrivals(centre.space, centre.store, 0)
        assert (one_round.recorded, one_round.left) == (4, 9)
        assert report.scan_id in centre.scans()
        assert record_arrivals(centre.space, centre.store).recorded == 9


def test_three_whose_parcels_break_a_parser_do_not_hold_up_a_fourth(
    workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What fails is of the parcel: three of the register's own failures in a row end the turn."""
    (workplace / "camscan.yaml").write_text(SITES)
    monkeypatch.setenv("XDG_STATE_HOME", str(workplace / "state"))
    with place("camscan.db") as centre:
        report = centre.flood()
        record = app.parcel.record_parcel

        def read(offered: OfferedParcel, *given: Any, **named: Any) -> Any:
            if offered.sent_as != report.scan_id:
                raise RecursionError
            return record(offered, *given, **named)

        monkeypatch.setattr(app.parcel, "record_parcel", read)
        assert record_arrivals(centre.space, centre.store, 0).recorded == 1
        assert centre.scans() == [report.scan_id]


def test_a_flood_about_other_addresses_is_not_read(oak: Site, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    one = some(NOW)[-1]
    foreign = [replace(one, ip=f"10.99.{number >> 8}.{number & 255}") for number in range(20_000)]
    report = scan(*some(NOW), when=NOW, targets=(OAK, "10.99.0.0/16"))
    report = replace(report, attempts=(*report.attempts, *foreign))
    assert oak.send(report, size=1 << 20).status_code == 202
    monkeypatch.setattr("camscan.parcel.unpack.read_attempt", once := Mock(wraps=read_attempt))
    assert record_arrivals(desk.space, desk.store).recorded == 1
    assert once.call_count == 1
    kept = Parcels(desk.store).of_scan(report.scan_id)
    assert kept
    assert kept.dropped == 20_000


def test_parts_out_of_their_order_or_of_another_content(oak: Site, desk: Desk) -> None:
    report = scan(*some(NOW), when=NOW)
    content, path = seal(pack_report(report), KEY), f"/parcel/{report.scan_id}"
    assert oak.ask("PUT", path, content[500:], query="at=500").status_code == 409
    assert oak.ask("PUT", path, content[:500], query="at=0").status_code == 200
    for query in ("at=0", "at=499", "at=501", "at=-1", "at=", "", "at=9" + "9" * 400, "at=\u0665"):
        assert oak.ask("PUT", path, b"x", query=query).status_code in {401, 409}, query
    assert oak.ask("PUT", path, b"", query="at=500").status_code == 409
    assert oak.ask("PUT", path, content[500:-1] + b"\1", query="at=500").status_code == 200
    assert oak.end(report, content).json() == {"error": "digest", "held": 0}
    false = content[:-1] + b"\1"
    oak.ask("PUT", path, false, query="at=0")
    assert oak.end(report, false).status_code == 422
    assert record_arrivals(desk.space, desk.store).recorded == 0
    assert oak.send(report).status_code == 202
    assert record_arrivals(desk.space, desk.store).recorded == 1


@pytest.mark.long
def test_a_hundred_thousand_requests_leave_nothing_behind(oak: Site, desk: Desk) -> None:
    """Of nobody, forged, repeated and good ones: neither memory nor disk grows with their number."""
    centre = Centre(desk.space, desk.store)
    now = time.time()
    oak.ask("POST", "/poll", {}, counter=oak.counter + 1, at=now)
    call = Call("POST", HOST, f"{BASE}/poll", "?", b"{}")
    signed = sign(call, KEY, oak.counter, int(now))
    forged = {**sign(call, KEY, oak.counter + 5, int(now)), "signature": signed["signature"]}

    def ask(times: int) -> None:
        for number in range(times):
            assert centre.answer(call, {"x": str(number)}, "/poll", None).status == 401
            if number % 50 == 0:
                assert centre.answer(call, forged, "/poll", None).status == 401
            if number % 500 == 0:
                assert centre.answer(call, signed, "/poll", None).status == 409
                assert oak.ask("POST", "/poll", {"spool": "x" * 5000, "sent": ["x"] * 1000}).status_code == 200

    ask(2000)
    size = sum(path.stat().st_size for path in Path().glob("camscan-service.db*"))
    gc.collect()
    tracemalloc.start()
    try:
        ask(100_000)
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert grown < 1 << 20
    (one,) = Collectors(desk.store).all()
    assert len(one.said["spool"]) == 200
    assert sum(path.stat().st_size for path in Path().glob("camscan-service.db*")) < size + (5 << 20)
