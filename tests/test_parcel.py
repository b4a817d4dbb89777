"""Parcels: what goes in comes out; one changed byte is refused; what is hostile costs only itself."""

from __future__ import annotations

import gzip
import json
import os
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from parcels import KEY, OAK, OTHER_KEY, make_attempt, parcel, sadp, scan, some
from sample_report import DAY, NOON

from camscan import captures
from camscan.errors import UsageError
from camscan.model import Attempt, Completion, Reply
from camscan.net.target import parse_targets
from camscan.parcel import FREE_RATIO, MOST_DEPTH, MOST_SILENT
from camscan.parcel.confine import KeyLimits, confine
from camscan.parcel.keys import key_words, own_key, public_key_of
from camscan.parcel.seal import open_sealed, seal, unseal
from camscan.parcel.unpack import Content, measure, peek, unpack
from camscan.parcel.write import pack_report
from camscan.report import scan_id_at

LATER = NOON + DAY


def allowing(*networks: str, sites: tuple[str, ...] = ("Oak School",)) -> KeyLimits:
    return KeyLimits(sites, tuple(parse_targets(networks).covering))


def content(report: Any = None) -> Content:
    return unpack(pack_report(report or scan(*some())), "a.camparcel", LATER)


def lines() -> list[bytes]:
    return gzip.decompress(pack_report(scan(*some()))).splitlines(keepends=True)


def packed(found: list[bytes]) -> bytes:
    return gzip.compress(b"".join(found), mtime=0)


class TestFile:
    def test_what_goes_in_comes_out(self) -> None:
        report = scan(*some())
        read = content(report)
        assert read.attempts == report.attempts
        assert (read.unread, read.mistimed) == (0, 0)
        tail = read.tail
        assert (tail.scan_id, tail.started_at, tail.finished_at) == (
            report.scan_id,
            report.started_at,
            report.finished_at,
        )
        assert (tail.coverage, tail.completion, tail.site, tail.targets) == (
            report.coverage,
            report.completion,
            report.site,
            report.targets,
        )
        assert read.head.asked == (OAK,)

    def test_facts_that_were_set_aside_stay_so(self) -> None:
        aside = replace(make_attempt("10.12.0.4", sadp(4)), observations=(), is_solicited=False)
        assert content(scan(aside)).attempts == (aside,)

    def test_one_scan_and_key_give_the_same_bytes(self) -> None:
        report = scan(*some())
        assert seal(pack_report(report), KEY) == seal(pack_report(report), KEY)

    def test_the_head_says_nothing_of_how_it_was_called(self) -> None:
        head = json.loads(lines()[0])["camscan"]
        assert (head["options"], head["key"], head["round"]) == ({}, "", "")

    @given(st.data())
    @examples(100)
    def test_one_changed_byte_is_refused(self, data: st.DataObject) -> None:
        whole = seal(pack_report(scan(*some())), KEY)
        place = data.draw(st.integers(0, 1 << 16)) % len(whole)
        bits = data.draw(st.integers(1, 255))
        changed = whole[:place] + bytes([whole[place] ^ bits]) + whole[place + 1 :]
        with pytest.raises(UsageError, match=r"\Aa: [^\n]*(changed|not a parcel|newer)[^\n]*\Z"):
            unseal(changed, "a")

    @pytest.mark.parametrize("cut", [0, 10, 200, 300, -1])
    def test_one_that_is_cut_off_is_refused(self, cut: int) -> None:
        with pytest.raises(UsageError, match=r"\Aa: "):
            unseal(seal(pack_report(scan(*some())), KEY)[:cut], "a")

    def test_a_later_form_says_upgrade(self) -> None:
        with pytest.raises(UsageError, match="upgrade camscan"):
            unseal(b"camscan-parcel 2 something else\n", "a")

    def test_a_file_that_is_not_there_is_one_line(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match=r"no.camparcel: there is no such file\Z"):
            open_sealed(tmp_path / "no.camparcel")

    @given(st.binary(max_size=300))
    @examples(100)
    def test_any_bytes_are_refused_in_one_line(self, body: bytes) -> None:
        with pytest.raises(UsageError, match=r"\Aa: [^\n]+\Z"):
            unseal(body, "a")
        with pytest.raises(UsageError, match=r"\Aa: [^\n]+\Z"):
            unpack(body, "a", LATER)


class TestKeys:
    def test_a_key_is_six_words_that_do_not_change(self) -> None:
        words = key_words(public_key_of(KEY))
        assert len(words.split()) == 6
        assert words == key_words(public_key_of(KEY)) != key_words(public_key_of(OTHER_KEY))

    def test_a_new_one_is_for_its_owner_alone_and_found_again(self, tmp_path: Path) -> None:
        place = tmp_path / "deep" / "key.pem"
        made, is_new = own_key(place)
        again, is_again_new = own_key(place)
        assert (is_new, is_again_new) == (True, False)
        assert public_key_of(made) == public_key_of(again)
        assert place.stat().st_mode & 0o077 == 0

    def test_many_who_ask_at_the_same_time_have_the_same(self, tmp_path: Path) -> None:
        """On a new centre, collectors poll in several threads."""
        place, together = tmp_path / "key.pem", threading.Barrier(8)

        def ask(_number: int) -> tuple[bytes, bool]:
            together.wait(10)
            key, is_new = own_key(place)
            return public_key_of(key), is_new

        with ThreadPoolExecutor(8) as threads:
            found = list(threads.map(ask, range(8)))
        assert len({key for key, _ in found}) == 1
        assert sum(is_new for _, is_new in found) == 1
        assert [path.name for path in tmp_path.iterdir()] == ["key.pem"]

    def test_it_is_made_where_a_file_has_one_name(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(os, "link", lambda *_: (_ for _ in ()).throw(PermissionError("no links here")))
        made, is_new = own_key(tmp_path / "key.pem")
        assert (public_key_of(made), is_new) == (public_key_of(own_key(tmp_path / "key.pem")[0]), True)

    def test_what_is_not_a_key_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "key.pem").write_text("hello")
        with pytest.raises(UsageError, match="is not a key that camscan made"):
            own_key(tmp_path / "key.pem")

    def test_ids_sort_by_time(self) -> None:
        first, second = scan_id_at(NOON), scan_id_at(NOON + timedelta(milliseconds=1))
        assert first < second
        assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", first)


def _deep(found: list[bytes]) -> Iterator[bytes]:
    yield from found[:1]
    yield b'{"id": "1", "x": ' + b"[" * (MOST_DEPTH + 1) + b"]" * (MOST_DEPTH + 1) + b"}\n"
    yield from found[1:]


def _changed_tail(**members: Any) -> Callable[[list[bytes]], list[bytes]]:
    def change(found: list[bytes]) -> list[bytes]:
        tail = json.loads(found[-1])["tail"]
        return [*found[:-1], json.dumps({"tail": tail | members}).encode() + b"\n"]

    return change


HOSTILE: dict[str, tuple[Callable[[list[bytes]], Any], str]] = {
    "nested deeply": (_deep, "line 2 cannot be read"),
    "very deeply": (lambda found: [found[0], b"[" * 100_000 + b"\n", *found[1:]], "line 2 cannot be read"),
    "a line that is too long": (lambda found: [found[0], b'"' + b"a" * (9 << 20)], "too long"),
    "no tail": (lambda found: found[:-1], "the scan had not ended"),
    "two tails": (lambda found: [*found, found[-1]], "after its end"),
    "a reply twice": (lambda found: [found[0], found[1], *found[1:]], "line 3 cannot be read"),
    "a reply less": (lambda found: [found[0], *found[2:]], "more or fewer lines"),
    "half a line at its end": (lambda found: [*found, b"more"], "no end"),
    "another id": (_changed_tail(scan="0"), "two ids"),
    "years ahead": (_changed_tail(finished_at="2071-01-01T00:00:00+00:00"), "01 January 2071, which is not yet"),
    "ended before it began": (_changed_tail(started_at="2026-03-03T11:00:00+00:00"), "before it began"),
    "no time zone": (_changed_tail(started_at="2026-03-02T11:00:00"), "cannot be read"),
    "a count below zero": (_changed_tail(replies=-1), "cannot be read"),
    "a count that is no number": (_changed_tail(coverage={"addresses": True}), "cannot be read"),
    "no number": (lambda found: [found[0], b'{"attempt": NaN}\n', *found[1:]], "line 2 cannot be read"),
    "nothing": (lambda _found: [], "does not begin like a parcel"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_hostile_is_refused_in_one_line(name: str) -> None:
    change, why = HOSTILE[name]
    body = packed([*change(lines())])
    if name == "a line that is too long":
        body = gzip.compress(lines()[0] + bytes(range(33, 127)) * 100_000, compresslevel=0)
    with pytest.raises(UsageError, match=rf"\Aa: [^\n]*{why}[^\n]*; nothing was recorded\Z"):
        unpack(body, "a", LATER)


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    first, *_, silent, _ = lines()
    long = silent.replace(b"out of scope", b"a" * 1900)
    assert long != silent
    bomb = gzip.compress(first + long * 4_000)
    with pytest.raises(UsageError, match="is larger than any scan when it is unpacked"):
        unpack(bomb, "a", LATER)


def test_only_the_first_line_is_read_before_somebody_is_asked() -> None:
    assert peek(packed([lines()[0], b"rubbish\n"]), "a").site == "Oak School"


def test_replies_of_another_time_are_left_out() -> None:
    found = scan(
        make_attempt("10.12.0.4", sadp(4)), make_attempt("10.12.0.5", sadp(5), when=NOON - timedelta(days=900))
    )
    read = content(found)
    assert [each.ip for each in read.attempts] == ["10.12.0.4"]
    assert read.mistimed == 1


def test_other_addresses_than_its_key_may_speak_for_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    observe = captures.observe_reply

    def note(reply: Reply) -> Attempt:
        read.append(reply.ip)
        return observe(reply)

    monkeypatch.setattr(captures, "observe_reply", note)
    attempts = [make_attempt(f"10.12.0.{number}", sadp(number)) for number in range(1, 9)]
    silent = [replace(some()[-1], ip=f"10.12.0.{number}") for number in range(1, 9)]
    found = unpack(pack_report(scan(*attempts, *silent)), "a", LATER, {"10.12.0.4", "10.12.0.5"})
    assert read == ["10.12.0.4", "10.12.0.5"]
    assert (len(found.attempts), found.foreign, found.excess) == (4, 12, 0)


def test_no_more_questions_are_kept_of_one_address_than_a_scan_asks() -> None:
    silent = [replace(some()[-1], port=number) for number in range(1, MOST_SILENT + 45)]
    found = content(scan(*some(), *silent))
    assert (len(found.attempts), found.excess) == (MOST_SILENT + 3, 45)


def test_what_an_address_answers_is_kept_however_many_questions_it_left() -> None:
    silent = [replace(some()[-1], ip="10.12.0.4", port=number) for number in range(MOST_SILENT)]
    found = content(scan(*silent, *some()))
    assert (len(found.attempts), found.excess) == (MOST_SILENT + 4, 0)


@pytest.mark.parametrize(
    ("network", "spelling", "kept"),
    [
        ("fd00::/112", "fd00::{}a", MOST_SILENT),
        ("fe80::/112", "fe80::a%{}", MOST_SILENT),
        ("fd00::/112", "fd00::a%{}", 0),
        (OAK, "::ffff:10.12.0.4%{}", 0),
    ],
)
def test_one_address_with_many_spellings_has_one_share(network: str, spelling: str, kept: int) -> None:
    first, *_, silent, last = lines()
    attempt, tail = json.loads(silent)["attempt"], json.loads(last)["tail"]
    count = MOST_SILENT + 44
    told = [
        attempt | {"ip": spelling.format(number if "%" in spelling else "0" * (number % 4))} for number in range(count)
    ]
    written = [json.dumps({"attempt": each}).encode() + b"\n" for each in told]
    end = json.dumps({"tail": tail | {"replies": 0, "attempts": count}}).encode() + b"\n"
    found = unpack(packed([first, *written, end]), "a", LATER, allowing(network).holds)
    assert (len(found.attempts), found.foreign + found.excess) == (kept, count - kept)


def test_an_address_that_says_too_much_is_read_no_further(monkeypatch: pytest.MonkeyPatch) -> None:
    """While there is room for all, the one that says much has it; then each has its own share."""
    monkeypatch.setattr("camscan.parcel.share._OWN", 5_000)
    monkeypatch.setattr("camscan.parcel.share._COMMON", 60_000)
    much = [make_attempt("10.12.0.4", sadp(number)) for number in range(20)]
    found = content(scan(*much, make_attempt("10.12.0.5", sadp(21)), make_attempt("10.12.0.6", sadp(22))))
    kept = Counter(each.ip for each in found.attempts)
    assert 3 < kept["10.12.0.4"] < 7
    assert (kept["10.12.0.5"], kept["10.12.0.6"]) == (1, 1)
    assert found.excess == 20 - kept["10.12.0.4"]


def test_all_addresses_together_have_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("camscan.parcel.share.MOST_KEPT", 40_000)
    found = content(scan(*(make_attempt(f"10.12.0.{number}", sadp(number)) for number in range(1, 9))))
    assert 2 <= len(found.attempts) == 8 - found.excess < 6


class TestTooLarge:
    """A box that answers for every address, as often as it is asked, and one camera."""

    BOX = tuple(make_attempt(f"10.12.0.{number}", sadp(port), port=port) for port in range(9) for number in (1, 2, 3))

    def test_each_address_keeps_the_same_share(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("camscan.parcel.write.MOST_LINES", 12)
        found = content(scan(*self.BOX, *some()))
        kept = Counter(each.ip for each in found.attempts)
        assert len(found.attempts) == 10
        assert {kept[f"10.12.0.{number}"] for number in (1, 2, 3)} <= {2, 3}
        assert (kept["10.12.0.4"], kept["10.12.0.5"]) == (2, 1)
        assert "21 replies and attempts were left out" in found.tail.coverage.notes[-1]
        assert (found.tail.completion, found.tail.coverage.unfinished) == (Completion.COMPLETE, ())

    def test_an_address_of_which_nothing_is_kept_was_not_asked(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("camscan.parcel.write.MOST_LINES", 6)
        found = content(scan(*self.BOX, *some()))
        gone = {f"10.12.0.{number}" for number in range(1, 6)} - {each.ip for each in found.attempts}
        assert len(gone) == 1
        assert found.tail.completion is Completion.PARTIAL
        assert found.tail.coverage.unfinished == (f"{gone.pop()}/32",)

    @pytest.mark.parametrize("limit", ["MOST_UNPACKED", "MOST_BYTES"])
    def test_neither_file_nor_lines_are_larger_than_may_be_read(
        self, limit: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        most = {"MOST_UNPACKED": 12_000, "MOST_BYTES": 2_600}[limit]
        monkeypatch.setattr(f"camscan.parcel.write.{limit}", most)
        monkeypatch.setattr("camscan.parcel.write._ROOM", 2_000)
        body = pack_report(scan(*self.BOX, *some()))
        assert len(gzip.decompress(body) if limit == "MOST_UNPACKED" else body) <= most
        assert {each.ip for each in unpack(body, "a", LATER).attempts} >= {"10.12.0.4", "10.12.0.5"}


def test_what_is_packed_is_measured_up_to_its_first_fault() -> None:
    body = pack_report(scan(*some()))
    assert measure(body) == len(gzip.decompress(body))
    assert measure(b"BZh91AY&SY") == 0
    assert 0 < measure(gzip.compress(lines()[0] + bytes(64 << 20))) < FREE_RATIO


def test_a_protocol_that_is_not_known_is_counted() -> None:
    first, *rest, last = lines()
    tail = json.loads(last)["tail"]
    strange = b'{"id": "99", "protocol": "of-tomorrow", "ip": "10.12.0.4", "payload": "x"}\n'
    changed = tail | {"replies": tail["replies"] + 1, "attempts": tail["attempts"] + 1}
    body = packed([first, *rest, strange, json.dumps({"tail": changed}).encode() + b"\n"])
    assert unpack(body, "a", LATER).unread == 1


class TestConfined:
    def test_what_lies_inside_is_as_it_was(self) -> None:
        report = scan(*some())
        left = confine(content(report), allowing(OAK), "a")
        assert (left.attempts, left.targets, left.coverage, left.completion) == (
            report.attempts,
            report.targets,
            report.coverage,
            Completion.COMPLETE,
        )
        assert (left.dropped, left.outside) == (0, 0)

    def test_replies_from_elsewhere_are_left_out_and_counted(self) -> None:
        left = confine(content(scan(*some(), make_attempt("10.99.0.1", sadp(9)))), allowing(OAK), "a")
        assert left.dropped == 1
        assert {each.ip for each in left.attempts} == {"10.12.0.4", "10.12.0.5", "10.12.0.9"}

    def test_of_a_wider_scan_silence_says_nothing(self) -> None:
        wide = scan(*some(), targets=["10.12.0.0/23"])
        left = confine(content(wide), allowing(OAK), "a")
        assert left.outside == 255
        assert left.completion is Completion.PARTIAL
        assert left.coverage.not_tried > 0
        assert left.targets == ("10.12.0.1-10.12.0.255",)

    def test_one_about_other_networks_is_refused(self) -> None:
        with pytest.raises(UsageError, match="other networks than its key may speak for"):
            confine(content(), allowing("10.99.0.0/24"), "a")

    def test_one_about_another_site_is_refused(self) -> None:
        with pytest.raises(UsageError, match="the site 'Oak School', for which its key may not speak"):
            confine(content(), allowing(OAK, sites=("Elm School",)), "a")

    def test_one_without_a_site_gets_the_only_one_of_its_key(self) -> None:
        assert confine(content(scan(*some(), site="")), allowing(OAK), "a").site == "Oak School"

    def test_life_elsewhere_is_not_believed(self) -> None:
        report = scan(*some())
        told = replace(report, coverage=replace(report.coverage, living={OAK: 2, "10.99.0.0/24": 7}))
        assert confine(content(told), allowing(OAK), "a").coverage.living == {OAK: 2}


def test_a_parcel_is_written_for_its_reader(tmp_path: Path) -> None:
    sealed = open_sealed(parcel(tmp_path / "a.camparcel", scan(*some())))
    assert sealed.key == public_key_of(KEY)
    assert isinstance(KEY, Ed25519PrivateKey)
    assert datetime.fromisoformat(json.loads(lines()[-1])["tail"]["finished_at"]) == NOON + timedelta(minutes=1)
