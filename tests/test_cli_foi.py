"""``camscan foi``: a draft, its comparison with earlier packs, and its release."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import stat
from datetime import date
from pathlib import Path

import made_once
import pytest
from command_line import Camscan, contents
from sample_report import camera, enter, record

from camscan.register import open_register
from camscan.store import open_store
from camscan.store.packs import released_packs

FILES = {"answers.html", "answers.ods", "answers.csv", "README.txt"}
KEPT = {"not-for-release/suppression.csv", "not-for-release/comparison.txt"}
RELEASE = ("--released-by", "FOI officer", "--reference", "FOI-7")
ON = ("--on", "2026-11-23")


@pytest.fixture
def estate(workplace: Path) -> Path:
    """Sixteen cameras: ten in the street, six in offices."""
    made_once.put(sixteen, workplace)
    return workplace


def sixteen(folder: Path) -> None:
    with open_register(folder / "camscan.db") as book:
        record(book, *[camera(number) for number in range(1, 17)])
        for place, row in enumerate(book.devices()):
            enter(book, row.asset_id, site_type="street" if place < 10 else "office", site_name=f"Secret {place}")


def move(number: int, **entries: str) -> None:
    with open_register("camscan.db") as book:
        enter(book, book.devices()[number].asset_id, **entries)


def answers(folder: str) -> dict[tuple[str, str, str], str]:
    with Path(folder, "answers.csv").open(encoding="utf-8", newline="") as stream:
        return {(row["table"], row["row"], row["measure"]): row["value"] for row in csv.DictReader(stream)}


PLACES = "Devices by kind of place"


@pytest.mark.usefixtures("estate")
class TestDraft:
    def test_it_writes_the_files_for_their_owner_alone_and_says_what_to_do(
        self, estate: Path, camscan: Camscan
    ) -> None:
        code, out, _ = camscan("foi", "pack", *ON)
        assert code == 0
        assert set(contents(estate / "pack")) == FILES | KEPT
        for path in (estate / "pack").rglob("*"):
            assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)
        assert out == (
            "pack: DRAFT, not released\n"
            "Hikvision or Dahua: 16 devices (16 cameras) at 16 sites.\n"
            "Nothing is released yet. Your information governance team decides. To release the pack, add "
            "--released-by ROLE and --reference FOI-123."
            "\n"
        )
        assert not (estate / "camscan-service.db").exists()

    def test_the_headline_is_the_same_as_everywhere(self, camscan: Camscan) -> None:
        camscan("foi", "pack", *ON)
        headline = json.loads(camscan("show", "--json")[1])["headline"]
        status = json.loads(camscan("plan", "status", "--json", *ON)[1])
        found = answers("pack")
        assert found["About", "In one sentence", ""] == headline == status["headline"]
        assert found["The totals", "Devices of Hikvision or Dahua", "Number"] == "16"
        assert found[PLACES, "All", "Devices"] == "16"
        assert headline in Path("pack/answers.html").read_text(encoding="utf-8")

    def test_small_numbers_are_given_until_the_officer_accepts_what_is_proposed(self, camscan: Camscan) -> None:
        for number in (14, 15):
            move(number, site_type="school")
        code, out, _ = camscan("foi", "pack", *ON)
        assert code == 3
        assert f"1 table with small numbers (below 5): read {Path('pack/not-for-release/suppression.csv')}" in out
        assert answers("pack")[PLACES, "Schools", "Devices"] == "2"
        code, out, _ = camscan("foi", "pack", *ON, "--force", "--accept-suppression")
        assert code == 0
        assert "2 numbers withheld: draft words are in pack/not-for-release" in out
        assert answers("pack")[PLACES, "Schools", "Devices"] == "[c]"
        assert answers("pack")[PLACES, "Offices", "Devices"] == "[c]"

    def test_the_threshold_and_the_act_are_those_of_the_configuration(self, camscan: Camscan) -> None:
        Path("camscan.yaml").write_text("foi: {threshold: 7, nation: scotland}\n", encoding="utf-8")
        assert camscan("foi", "pack", *ON, "--accept-suppression")[0] == 0
        kept = Path("pack/not-for-release/suppression.csv").read_text(encoding="utf-8")
        rows = list(csv.DictReader(io.StringIO(kept)))
        assert {row["why"] for row in rows} == {"below 7", "so that the total does not give another number away"}
        assert all("Freedom of Information (Scotland) Act 2002" in row["draft_refusal"] for row in rows)

    def test_the_same_register_and_day_give_the_same_files(self, estate: Path, camscan: Camscan) -> None:
        camscan("foi", "one", *ON)
        camscan("foi", "two", "--on", "23 November 2026")
        assert contents(estate / "one") == contents(estate / "two")


@pytest.mark.usefixtures("estate")
class TestRelease:
    def test_it_is_remembered_with_role_reference_tables_and_hash(self, camscan: Camscan) -> None:
        code, out, _ = camscan("foi", "pack", *ON, *RELEASE)
        assert (code, out) == (
            0,
            (
                "pack: Released by FOI officer, reference FOI-7\n"
                "Hikvision or Dahua: 16 devices (16 cameras) at 16 sites.\n"
            ),
        )
        with open_store("camscan.db") as store:
            (kept,) = released_packs(store)
        assert (kept.reference, kept.role, kept.day) == ("FOI-7", "FOI officer", date(2026, 11, 23))
        whole = hashlib.sha256()
        for name in ("answers.html", "answers.ods", "answers.csv", "README.txt"):
            whole.update(hashlib.sha256(Path("pack", name).read_bytes()).digest())
        assert kept.digest == whole.hexdigest()
        tables = {table["id"]: table for table in json.loads(kept.content)["tables"]}
        assert tables["places"]["total"] == 16
        assert "Secret" not in kept.content

    def test_the_same_pack_may_be_written_again_under_its_reference_and_no_other(
        self, estate: Path, camscan: Camscan
    ) -> None:
        camscan("foi", "pack", *ON, *RELEASE)
        before = contents(estate / "pack")
        assert camscan("foi", "pack", *ON, *RELEASE, "--force")[0] == 0
        assert contents(estate / "pack") == before
        with open_store("camscan.db") as store:
            assert len(released_packs(store)) == 1
        move(0, site_type="office")
        code, _, err = camscan("foi", "other", *ON, *RELEASE)
        assert code == 2
        assert err == (
            "camscan: FOI-7 was already released with other answers, as of 23 November 2026; give this pack its own "
            "reference"
            "\n"
        )
        assert not (estate / "other").exists()

    def test_the_officer_is_warned_before_a_difference_tells(self, estate: Path, camscan: Camscan) -> None:
        camscan("foi", "first", *ON, *RELEASE)
        move(0, site_type="office")
        code, out, _ = camscan("foi", "second", *ON)
        assert code == 3
        assert "Compared with 1 released pack, more can be worked out than from either alone:" in out
        told = "'Offices': 7 here and 6 in FOI-7 (23 November 2026); the difference is 1 device"
        assert told in out
        compared = Path("second/not-for-release/comparison.txt").read_text(encoding="utf-8")
        assert "\n- FOI-7 (23 November 2026), by FOI officer\n" in compared
        assert told in compared
        again = ("--force", "--released-by", "FOI officer", "--reference", "FOI-8")
        before = contents(estate / "second")
        code, _, err = camscan("foi", "second", *ON, *again)
        assert code == 2
        assert err.startswith(
            "camscan: nothing was released: together with earlier packs this one lets readers work out 2 things"
        )
        assert contents(estate / "second") == before
        assert camscan("foi", "second", *ON, *again, "--accept-differences")[0] == 0
        with open_store("camscan.db") as store:
            assert [each.reference for each in released_packs(store)] == ["FOI-7", "FOI-8"]

    def test_a_pack_that_tells_nothing_new_is_released_without_more(self, camscan: Camscan) -> None:
        camscan("foi", "first", *ON, *RELEASE)
        code, out, _ = camscan("foi", "second", *ON, "--released-by", "FOI officer", "--reference", "FOI-8")
        assert code == 0
        assert "Compared with 1 released pack: nothing more can be worked out." in out

    def test_nothing_is_remembered_where_a_file_cannot_be_written(self, estate: Path, camscan: Camscan) -> None:
        (estate / "pack").mkdir()
        (estate / "pack/answers.csv").mkdir()
        code, _, err = camscan("foi", "pack", *ON, *RELEASE, "--force")
        assert code == 1
        assert "pack/answers.csv: cannot be written: it is a folder" in err
        assert set(contents(estate / "pack")) == set()
        with open_store("camscan.db") as store:
            assert released_packs(store) == []


@pytest.mark.usefixtures("estate")
class TestWrongArguments:
    @pytest.mark.parametrize(
        ("arguments", "told"),
        [
            (("--released-by", "FOI officer"), "add --reference FOI-123"),
            (("--reference", "FOI-1"), "add --released-by ROLE"),
            (("--released-by", "ann@example.org", "--reference", "FOI-1"), "is not a role"),
            (("--released-by", " ", "--reference", "FOI-1"), "add --released-by ROLE"),
            (("--released-by", "FOI officer", "--reference", "  "), "is not a reference; write it as FOI-123"),
            (("--released-by", "FOI officer", "--reference", "FOI\x1b[2J"), "is not a reference; write it as FOI-123"),
            (("--on", "tomorrow"), "'tomorrow' is not a date"),
        ],
    )
    def test_one_line_and_nothing_written(
        self, estate: Path, camscan: Camscan, arguments: tuple[str, ...], told: str
    ) -> None:
        code, _, err = camscan("foi", "pack", *arguments)
        assert code == 2
        assert told in err
        assert err.count("\n") == 1
        assert "\x1b" not in err
        assert not (estate / "pack").exists()

    def test_a_pack_that_is_there_is_not_replaced(self, camscan: Camscan) -> None:
        camscan("foi", "pack", *ON)
        code, _, err = camscan("foi", "pack", *ON)
        assert code == 2
        assert err == ("camscan: pack: holds a pack already; name another folder, or add --force to replace it\n")

    @pytest.mark.parametrize("force", [(), ("--force",)])
    def test_a_pack_is_not_laid_among_other_files(self, estate: Path, camscan: Camscan, force: tuple[str, ...]) -> None:
        (estate / "letters").mkdir()
        for name in ("README.txt", "landlord-depot.html"):
            (estate / "letters" / name).write_text("mine", encoding="utf-8")
        before = contents(estate / "letters")
        code, out, err = camscan("foi", "letters", *ON, *force)
        assert (code, out) == (2, "")
        assert err == (
            "camscan: letters: holds other files too, such as landlord-depot.html; name a new folder for the pack\n"
        )
        assert contents(estate / "letters") == before

    def test_what_an_office_program_leaves_is_no_other_file(self, estate: Path, camscan: Camscan) -> None:
        camscan("foi", "pack", *ON)
        for name in (".~lock.answers.ods#", "~$answers.ods", "Thumbs.db"):
            (estate / "pack" / name).write_text("", encoding="utf-8")
        assert camscan("foi", "pack", "--force", *ON)[0] == 0

    def test_a_file_or_a_link_is_not_a_folder(self, estate: Path, camscan: Camscan) -> None:
        Path("file").write_text("", encoding="utf-8")
        assert "is a file; name a folder" in camscan("foi", "file")[2]
        Path("link").symlink_to(estate)
        assert "is a symbolic link, which is not followed" in camscan("foi", "link")[2]


def test_of_an_empty_register(camscan: Camscan, workplace: Path) -> None:
    assert not [*workplace.iterdir()]
    with open_register("camscan.db"):
        pass
    code, out, _ = camscan("foi", "pack", "--accept-suppression", *RELEASE)
    assert code == 0
    assert "Hikvision or Dahua: none found; nothing was scanned yet." in out


def test_without_a_register(workplace: Path, camscan: Camscan) -> None:
    code, _, err = camscan("foi", "pack")
    assert code == 1
    assert "camscan.db" in err
    assert not (workplace / "pack").exists()
