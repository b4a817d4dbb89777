"""``camscan fingerprints test`` and ``new``: what nearly fits, and the way from a captured reply to a passing check."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from command_line import Camscan

from camscan import captures, fingerprints
from camscan.fingerprints.entry import Condition, Rule
from camscan.fingerprints.near import NearMiss, condition_text, find_near_misses
from camscan.fingerprints.values import seen_values
from camscan.identify import identify_box
from camscan.identify.skeleton import write_skeleton
from camscan.model import Observation

SEEN = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
PARKEYE = 'HTTP/1.1 401 Unauthorized\r\nServer: ParkEye/2.1\r\nWWW-Authenticate: Basic realm="Park\'Eye P200"\r\n\r\n'
LOWER = "HTTP/1.1 200 OK\r\nServer: dnvrs-webs\r\n\r\n"


def replies(directory: Path, **payloads: str) -> str:
    path = directory / "replies.jsonl"
    rows = ({"id": name, "protocol": "http", "port": 80, "payload": text} for name, text in payloads.items())
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return str(path)


def rule(*when: tuple[str, str, str]) -> Rule:
    conditions = tuple((key, (Condition(operator, text),)) for key, operator, text in when)
    return Rule("x.y", conditions, (("brand", "X"),), 0.9, "http")


def near(one: Rule, *facts: tuple[str, str]) -> NearMiss | None:
    found = find_near_misses([one], seen_values(facts))
    return found[0] if found else None


@pytest.mark.parametrize(
    ("operator", "text", "value", "why"),
    [
        ("pattern", "^DNVRS-Webs$", "dnvrs-webs", "would fit but for upper and lower case"),
        ("pattern", "^Webs$", "DNVRS-Webs 2", "would fit elsewhere in the text: see ^ and $"),
        ("pattern", r"(?i)^webs$", "DNVRS-Webs", "would fit elsewhere in the text: see ^ and $"),
        ("equals", "Webs", "webs", "would fit but for upper and lower case"),
        ("equals", "Webs", "DNVRS-Webs", "would fit as {contains: …}"),
        ("contains", "dahua", "Dahua Technology", "would fit but for upper and lower case"),
    ],
)
def test_why_a_mark_just_misses(operator: str, text: str, value: str, why: str) -> None:
    found = near(rule(("http.server", operator, text)), ("http.server", value))
    assert found is not None
    (miss,) = found.misses
    assert (miss.why, miss.seen, miss.key) == (why, (value,), "http.server")


@pytest.mark.parametrize(
    ("pattern", "value"), [("^$", "nginx"), ("^x?$", "nginx"), ("^Webs$", "nginx"), ("^Webs$", "")]
)
def test_what_is_far_off_is_not_near(pattern: str, value: str) -> None:
    assert near(rule(("http.server", "pattern", pattern)), ("http.server", value)) is None


def test_what_fits_is_not_near() -> None:
    assert near(rule(("http.server", "pattern", "^nginx$")), ("http.server", "nginx")) is None


def test_a_part_that_fits_makes_it_near() -> None:
    two = rule(("http.server", "pattern", "^nginx$"), ("http.title", "pattern", "^Login$"))
    found = near(two, ("http.server", "nginx"), ("http.title", "Welcome"))
    assert found is not None
    assert found.fits == ("http.server",)
    assert found.nearness == 0.5
    assert found.misses[0].why == "does not fit"
    absent = near(two, ("http.server", "nginx"))
    assert absent is not None
    assert absent.misses[0].why == "was not seen"


def test_what_must_be_absent_and_is_there() -> None:
    found = near(
        rule(("http.server", "pattern", "^nginx$"), ("http.title", "absent", "true")),
        ("http.server", "nginx"),
        ("http.title", "Login"),
    )
    assert found is not None
    assert found.misses[0][1:] == ("not to be seen", ("Login",), "was seen")


def test_that_something_is_absent_makes_nothing_near() -> None:
    one = rule(("http.server", "pattern", "^nginx$"), ("http.title", "absent", "true"))
    assert near(one, ("http.server", "Apache")) is None


def test_conditions_are_shown_as_they_are_written() -> None:
    assert condition_text(Condition("pattern", "^x$")) == "^x$"
    assert condition_text(Condition("contains", "x")) == "{contains: x}"


def test_the_command_names_fit_near_and_verdict(tmp_path: Path, camscan: Camscan) -> None:
    file = replies(tmp_path, good=LOWER.replace("dnvrs-webs", "DNVRS-Webs"), lower=LOWER)
    code, out, _ = camscan("fingerprints", "test", file)
    good, lower = out.split("lower (http)")
    assert code == 0
    assert "  fits    hikvision.http.server " in good
    assert "so      hikvision" in good
    assert "  nearly  hikvision.http.server\n" in lower
    assert "would fit but for upper and lower case" in lower
    assert "seen: dnvrs-webs" in lower


def test_the_command_names_bad_lines(tmp_path: Path, camscan: Camscan) -> None:
    file = tmp_path / "bad.jsonl"
    file.write_text("{}\n")
    code, _, err = camscan("fingerprints", "test", str(file))
    assert (code, err.startswith(f"camscan: {file}:1: ")) == (3, True)


def test_hostile_text_cannot_reach_the_terminal(tmp_path: Path, camscan: Camscan) -> None:
    _, out, _ = camscan("fingerprints", "test", replies(tmp_path, x="HTTP/1.1 200 OK\r\nServer: \x1b[2Jx\r\n\r\n"))
    assert "\x1b" not in out


@pytest.mark.slow
def test_from_a_captured_reply_to_a_passing_check(tmp_path: Path, camscan: Camscan) -> None:
    """As a new user does it: capture, new, fill in, check, identify."""
    file = replies(tmp_path, parkeye=PARKEYE)
    code, text, _ = camscan("fingerprints", "new", file)
    assert code == 0
    own = tmp_path / "own"
    own.mkdir()
    (own / "parkeye.yaml").write_text(text, encoding="utf-8")
    unfilled, _, err = camscan("fingerprints", "check", "--overlay", str(own))
    assert unfilled == 1
    assert "parkeye.yaml:10: " in err
    assert "'brand' claims an empty text" in err
    filled = text.replace("brand: ''", "brand: ParkEye\n    camera: 'true'")
    (own / "parkeye.yaml").write_text(filled, encoding="utf-8")
    code, out, err = camscan("fingerprints", "check", "--overlay", str(own))
    assert (code, err) == (0, "")
    assert "all is well" in out
    (reply,) = captures.read_captures([Path(file).read_text()])
    assert not isinstance(reply, captures.BadLine)
    found = identify_box(captures.observe_reply(reply).observations, fingerprints.load_database([own], cache=tmp_path))
    assert found.brand == "ParkEye"


def test_another_reply_of_the_file_can_be_named(tmp_path: Path, camscan: Camscan) -> None:
    file = replies(tmp_path, first=LOWER, second=PARKEYE)
    assert "ParkEye" in camscan("fingerprints", "new", file, "--reply", "second")[1]
    code, _, err = camscan("fingerprints", "new", file, "--reply", "third")
    assert (code, "has no reply third" in err) == (2, True)


def test_a_reply_without_a_mark_says_so(tmp_path: Path, camscan: Camscan) -> None:
    code, out, err = camscan("fingerprints", "new", replies(tmp_path, x="HTTP/1.1 200 OK\r\n\r\n"))
    assert (code, out) == (1, "")
    assert "says nothing that distinguishes one make from another" in err


def seen(key: str, value: str) -> Observation:
    return Observation("192.0.2.1", 80, key.partition(".")[0], key, value, SEEN)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("http.realm", "Login to 4M0747EPAB90002"),
        ("onvif.realm", "907F3C6C00000001"),
        ("onvif.model", "DS-2CD2385G1-I20190701AAWRD00000001"),
        ("http.title", "44:19:b6:00:00:01"),
        ("http.title", "192.0.2.77"),
        ("http.title", "two\nlines"),
        ("http.title", "x" * 200),
        ("http.title", " "),
        ("http.status", "401"),
        ("sadp.serial", "anything"),
    ],
)
def test_what_belongs_to_one_unit_does_not_get_into_a_fingerprint(key: str, value: str) -> None:
    assert write_skeleton([seen(key, value)], "http") == ""


def test_a_model_becomes_a_claim() -> None:
    text = write_skeleton([seen("onvif.model", "PE-200 (outdoor)")], "onvif")
    assert r"onvif.model: '^(?P<model>PE-200 \(outdoor\))$'" in text
    assert "    model: '{model}'\n" in text
    assert "    - see: {onvif.model: 'PE-200 (outdoor)'}\n" in text
    assert "    - see: {onvif.model: 'PE-200 (outdoor) of another make'}\n" in text
