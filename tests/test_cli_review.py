"""``camscan review`` as whoever settles it meets it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from command_line import Camscan, contents
from sample_report import camera, nameless, record

from camscan.app.devices import reasons_for_two
from camscan.model import Confidence, Device
from camscan.policies import companies
from camscan.register import Edit, open_register

ROLE = ("--role", "CCTV manager")


@pytest.fixture(autouse=True)
def home(workplace: Path) -> Path:
    return workplace


def scan(*devices: Device) -> tuple[str, ...]:
    with open_register("camscan.db") as book:
        return record(book, *devices).new


@pytest.fixture
def pair() -> tuple[str, str]:
    """A camera, and what answers at its address without a name."""
    (one,) = scan(camera(1, ip="192.0.2.9"))
    (other,) = scan(nameless("192.0.2.9"))
    return one, other


def test_where_nothing_is_to_be_settled_it_says_so(camscan: Camscan) -> None:
    scan(camera(1))
    assert camscan("review") == (0, "Nothing to settle\n", "")


def test_both_rows_stand_side_by_side_with_what_can_be_done(camscan: Camscan, pair: tuple[str, str]) -> None:
    one, other = pair
    code, out, err = camscan("review")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == f"[1] {other} possible-duplicate: 192.0.2.9 was last held by {one}: the same device?"
    assert lines[1].split() == ["number:", other, one]
    assert any(line.split()[:2] == ["serial:", camera(1).identification.serial] for line in lines)
    assert f"  one device:   camscan review merge {other} {one}" in lines
    assert f"  two devices:  camscan review separate {other} {one}" in lines
    assert "  unchanged:  camscan review keep 1" in lines
    assert lines[-1] == "1 to settle"


def test_what_it_proposes_can_be_typed(camscan: Camscan, pair: tuple[str, str]) -> None:
    proposed = [
        line.split(":", 1)[1] for line in camscan("review")[1].splitlines() if ": " in line and "camscan review" in line
    ]
    assert len(proposed) == 3
    words = proposed[1].split("(")[0].split()[1:]
    assert camscan(*words, *ROLE) == (0, f"{words[2]} and {words[3]} are two devices; this question is settled\n", "")
    assert pair[0] in words
    assert camscan("review")[1] == "Nothing to settle\n"


def test_merge_says_what_it_took_over_and_what_it_dropped(camscan: Camscan, pair: tuple[str, str]) -> None:
    one, other = pair
    entries = [
        Edit(one, "notes", "by the stair"),
        Edit(other, "notes", "in the hall"),
        Edit(other, "blocked_by", "lease"),
    ]
    with open_register("camscan.db", editing=True) as book:
        book.edit_entries(entries, role="CCTV manager", how="test")
    code, out, _ = camscan("review", "merge", one, other, "--because", "looked at it", *ROLE)
    assert code == 0
    assert out == (
        f"{other} is now part of {one}\n"
        "  blocked_by: copied: lease\n"
        "  notes: in the hall is dropped, by the stair is kept\n"
    )
    assert camscan("review")[1] == "Nothing to settle\n"
    log = camscan("register", "log", one)[1]
    assert "[CCTV manager, review] (because: looked at it)" in log
    assert one in camscan("show", other)[1], "the number of the row that went leads to the one that stayed"


def test_devices_may_be_named_as_anywhere(camscan: Camscan, pair: tuple[str, str]) -> None:
    serial = camera(1).identification.serial or ""
    assert camscan("review", "separate", serial, pair[1].lower(), *ROLE)[0] == 0


def test_keep_closes_by_number(camscan: Camscan) -> None:
    (one,) = scan(camera(1))
    scan(camera(1, maker="dahua", certainty=0.4))
    out = camscan("review")[1]
    assert "maker-changed: was Hikvision, now Dahua" in out
    assert "merge" not in out
    assert camscan("review", "keep", "1", *ROLE) == (0, f"{one} is unchanged; this question is settled\n", "")
    assert camscan("review")[1] == "Nothing to settle\n"


def test_the_role_may_come_from_the_environment(
    camscan: Camscan, pair: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAMSCAN_ROLE", "CCTV manager")
    assert camscan("review", "separate", *pair)[0] == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("merge", "000000001", "192.0.2.200", *ROLE), "there is no device 192.0.2.200"),
        (("keep", "99", *ROLE), "there is no conflict 99"),
        (("keep", "many", *ROLE), "many"),
        (("keep", *ROLE), "NUMBER"),
        (("keep", "1"), "which role do you act in?"),
        (("merge", "1", *ROLE), "GONE"),
        (("--register", "nowhere.db"), "there is no register"),
        (("keep", "1", "--register", "nowhere.db", *ROLE), "there is no register"),
    ],
)
def test_every_mistake_is_one_line_and_changes_nothing(
    camscan: Camscan, home: Path, words: tuple[str, ...], said: str
) -> None:
    scan(camera(1, ip="192.0.2.9"))
    scan(nameless("192.0.2.9", maker="axis"))
    before = contents(home)
    code, out, err = camscan("review", *words)
    assert (code in {1, 2}, out, err.count("\n")) == (True, "", 1)
    assert said in err
    assert contents(home) == before


def test_the_same_two_cannot_be_merged_twice(camscan: Camscan, pair: tuple[str, str]) -> None:
    one, other = pair
    assert camscan("review", "merge", one, other, *ROLE)[0] == 0
    assert camscan("review", "merge", one, other, *ROLE)[2] == (
        f"camscan: {one} and {one} are the same row; name two rows\n"
    )


def test_what_a_device_says_cannot_write_on_the_terminal(camscan: Camscan) -> None:
    scan(camera(1, ip="192.0.2.9", model="\x1b[2J"))
    scan(nameless("192.0.2.9"))
    assert "\x1b" not in camscan("review")[1]


class TestMerge:
    def test_two_makers_are_not_merged_without_force(self, camscan: Camscan) -> None:
        one, other = scan(camera(1), camera(2, maker="dahua", brand="Dahua", serial="6C1AD3DPAGD256F"))
        code, out, err = camscan("review", "merge", one, other, *ROLE)
        assert (code, out) == (2, "")
        assert err == (
            f"camscan: {one} and {other} are not merged: Hikvision built one and Dahua the other and their serial "
            f"numbers differ ({camera(1).identification.serial} and 6C1AD3DPAGD256F); a merge cannot be undone. "
            "If they are the same device, add --force\n"
        )
        with open_register("camscan.db", readonly=True) as book:
            assert len(book.devices()) == 2
        assert camscan("review", "merge", one, other, "--force", *ROLE)[0] == 0
        with open_register("camscan.db", readonly=True) as book:
            assert [row.asset_id for row in book.devices()] == [one]

    def test_a_short_serial_number_is_the_end_of_a_full_one(self) -> None:
        scan(camera(1))
        with open_register("camscan.db", readonly=True) as book:
            (row,) = book.devices()
        known = companies.load_ownership()
        full = row.identification.serial or ""
        short = dataclasses.replace(row, identification=dataclasses.replace(row.identification, serial=full[-9:]))
        other = dataclasses.replace(row, identification=dataclasses.replace(row.identification, serial="F12345678"))
        assert reasons_for_two(row, short, known) == []
        assert reasons_for_two(row, other, known) == [f"their serial numbers differ ({full} and F12345678)"]

    def test_a_maker_that_is_only_possible_is_not_compared_with_them(self) -> None:
        scan(camera(1))
        with open_register("camscan.db", readonly=True) as book:
            (row,) = book.devices()
        guess = dataclasses.replace(row.identification, maker="axis", confidence=Confidence.POSSIBLE)
        assert reasons_for_two(row, dataclasses.replace(row, identification=guess), companies.load_ownership()) == []
