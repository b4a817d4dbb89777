"""``camscan export walk`` and ``letters``: what a browser reads of them, and who learns what."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from browser import print_to_pdf, run_axe
from export_samples import HOSTILE, SCHOOL, SETTINGS, TOWN_HALL, estate, hostile, ordinary, texts_of
from planned import TODAY, asset
from test_page import Reader

from camscan.app.inventory import inventory_of
from camscan.asset import Asset, Place
from camscan.exports import count_reasons, letters, walk
from camscan.page.qr import draw_qr_code
from camscan.version import __version__

LANDLORD = Place("Corn Exchange", "77", "office", "2", "landlord", "Estates")


def sheets(*rows: Asset) -> Reader:
    return Reader(texts_of(walk.make_walk(inventory_of(rows, SETTINGS, TODAY), {}))[""])


class TestWalk:
    def test_every_device_to_look_at_has_its_place_and_its_code(self) -> None:
        made = walk.make_walk(ordinary(), {})
        page = Reader(texts_of(made)[""])
        devices = [attributes for tag, attributes in page.elements if tag == "article"]
        codes = [attributes["aria-label"] for tag, attributes in page.elements if attributes.get("class") == "qr"]
        assert len(devices) == len(codes) == made.devices == 8
        assert made.devices + len(made.left_out) == len(estate())
        assert "QR code: CAM-0012" in codes
        assert [text for text in ("St Mary's School", "Town Hall", "No site known") if text not in page.text] == []
        assert count_reasons(made.left_out) == (
            "1 already removed, 1 entered as a false alarm, 1 not in scope, 1 not part of video surveillance, 1 not "
            "the council's"
        )

    def test_the_council_tag_is_the_name_and_the_code_is_the_number(self) -> None:
        page = sheets(asset(12, council_asset_tag="CCTV-0012"))
        assert ("h3", {"id": "device-CAM-0012"}) in page.elements
        assert re.search(r"CCTV-0012.*Number\s*CAM-0012", page.text, re.DOTALL)

    def test_a_guess_is_called_one(self) -> None:
        possible = next(item for item in ordinary().items if item.asset.asset_id == "CAM-0008")
        text = Reader(texts_of(walk.make_walk(replace(ordinary(), items=[possible]), {}))[""]).text
        assert "Possibly Hikvision" in text

    def test_the_same_register_gives_the_same_bytes(self) -> None:
        assert texts_of(walk.make_walk(ordinary(), {})) == texts_of(walk.make_walk(ordinary(), {}))

    def test_hostile_texts_are_text(self) -> None:
        page = Reader(texts_of(walk.make_walk(hostile(), {}))[""])
        assert not {"script", "img"} & {tag for tag, _ in page.elements}
        assert sum(tag == "article" for tag, _ in page.elements) == len(HOSTILE)
        assert "{{ 7 * 7 }}" in page.text
        assert not set(page.text) & set("\x00\x1b\x07\u202e\u2066\ud800")

    def test_a_code_is_one_of_its_text(self) -> None:
        assert draw_qr_code("CAM-0001") == draw_qr_code("CAM-0001") != draw_qr_code("CAM-0002")
        assert 'aria-label="QR code: &lt;b&gt;"' in draw_qr_code("<b>")
        assert 'stroke="#000"' in draw_qr_code("CAM-0001")
        assert 'fill="#fff"' in draw_qr_code("CAM-0001")


class TestLetters:
    def test_one_for_each_site_under_somebody_else(self) -> None:
        rows = [asset(1, place=SCHOOL), asset(2, place=LANDLORD), asset(3, place=LANDLORD), asset(4, place=TOWN_HALL)]
        made = letters.make_letters(inventory_of(rows, SETTINGS, TODAY), {})
        assert set(texts_of(made)) == {"school-st-mary-s-school.html", "landlord-corn-exchange.html", "README.txt"}
        assert count_reasons(made.left_out) == "1 under the council's own control"
        assert "landlord-corn-exchange.html: the landlord, Corn Exchange: 2 devices\n" in texts_of(made)["README.txt"]

    def test_nobody_learns_of_another_site_or_of_the_network(self) -> None:
        rows = [
            replace(
                asset(number, place=place, serial=f"SERIAL-{number}", firmware="V5.4.5", model=f"MODEL-{number}"),
                ip_addresses=(f"192.0.2.{number}",),
                mac_addresses=("44:19:b6:00:00:01",),
            )
            for number, place in enumerate((SCHOOL, LANDLORD), 1)
        ]
        made = letters.make_letters(inventory_of(rows, SETTINGS, TODAY), {})
        for file, own, other in (
            ("school-st-mary-s-school.html", 1, 2),
            ("landlord-corn-exchange.html", 2, 1),
        ):
            text = Reader(texts_of(made)[file]).text
            assert f"SERIAL-{own}" in text
            assert f"MODEL-{own}" in text
            forbidden = (
                f"SERIAL-{other}",
                f"MODEL-{other}",
                f"CAM-000{other}",
                "192.0.2",
                "44:19:b6",
                "V5.4.5",
                "CVE-",
            )
            assert [word for word in forbidden if word in text] == []

    def test_a_site_in_two_spellings_gets_one_letter(self) -> None:
        rows = [asset(1, place=SCHOOL)]
        rows += [
            replace(asset(number), entries={"site_name": "ST MARY'S SCHOOL", "controller": "school"})
            for number in (2, 3)
        ]
        made = letters.make_letters(inventory_of(rows, SETTINGS, TODAY), {})
        assert "the school, St Mary's School: 3 devices\n" in texts_of(made)["README.txt"]
        assert len(texts_of(made)) == 2
        sheet = Reader(texts_of(walk.make_walk(inventory_of(rows, SETTINGS, TODAY), {}))[""]).text
        assert "ST MARY'S SCHOOL" not in sheet

    def test_it_says_which_decision_and_when(self) -> None:
        rows = [replace(asset(1, place=LANDLORD), entries={"planned_removal_date": "2027-03-31"})]
        text = Reader(
            texts_of(letters.make_letters(inventory_of(rows, SETTINGS, TODAY), {}))["landlord-corn-exchange.html"]
        ).text
        assert "The decision is: local decision of 12 May 2026, minute Cabinet 4." in text
        assert "31 Mar 2027" in text
        assert "This device is at Corn Exchange" in text

    def test_without_an_organisation_its_name_is_to_be_filled_in(self) -> None:
        settings = replace(SETTINGS, organisation="")
        text = texts_of(letters.make_letters(inventory_of([asset(1, place=SCHOOL)], settings, TODAY), {}))[
            "school-st-mary-s-school.html"
        ]
        assert "[name of the council] is removing" in text

    def test_names_of_files_are_plain_and_differ(self) -> None:
        places = [replace(LANDLORD, name=name, ref=name) for name in ("../../etc", "..", "Café 1", "cafe-1", "海", "")]
        rows = [asset(number, place=place) for number, place in enumerate(places, 1)]
        made = letters.make_letters(inventory_of(rows, SETTINGS, TODAY), {})
        assert set(texts_of(made)) == {
            *("landlord-etc.html", "landlord.html", "landlord-2.html", "landlord-cafe-1.html"),
            *("landlord-cafe-1-2.html", "README.txt"),
        }
        assert count_reasons(made.left_out) == "1 without a known site"

    def test_hostile_texts_are_text(self) -> None:
        made = letters.make_letters(hostile(), {})
        assert made.devices + len(made.left_out) == len(HOSTILE)
        for name, text in texts_of(made).items():
            assert re.fullmatch(r"[a-z0-9-]+\.html|README\.txt", name)
            if name.endswith(".html"):
                page = Reader(text)
                assert not {"script", "img"} & {tag for tag, _ in page.elements}
                assert not set(page.text) & set("\x00\x1b\x07\u202e\u2066\ud800")


def a_letter() -> str:
    rows = [asset(number, place=LANDLORD, planned_removal_date="2027-03-31") for number in range(1, 9)]
    return texts_of(letters.make_letters(inventory_of(rows, SETTINGS, TODAY), {}))["landlord-corn-exchange.html"]


def a_sheet() -> str:
    return texts_of(walk.make_walk(ordinary(), {}))[""]


@pytest.mark.timeout(240)
@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("page", [a_sheet, a_letter])
def test_axe_finds_nothing_wrong(page: Callable[[], str], width: int, tmp_path: Path) -> None:
    found = run_axe(page(), tmp_path, width)
    assert found["width"] == width
    assert found["violations"] == []
    assert found["overflow"] <= 0


@pytest.mark.timeout(240)
def test_a_sheet_prints_on_a4_a_place_on_each_page(tmp_path: Path) -> None:
    pdf = print_to_pdf(a_sheet(), tmp_path)
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 3
    assert re.search(rb"/MediaBox\s*\[0 0 59[45](\.\d+)? 84[12](\.\d+)?\]", pdf)
    assert b"/StructTreeRoot" in pdf


GOLDEN = Path(__file__).parent / "golden" / "exports"


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("walk", lambda: texts_of(walk.make_walk(ordinary(), {}))),
        ("letters", lambda: texts_of(letters.make_letters(ordinary(), {}))),
    ],
)
def test_what_people_read_is_what_it_was(name: str, files: Callable[[], Mapping[str, str]]) -> None:
    """Of a page, its text: how it looks may change."""
    said = [f"== {file}\n{Reader(text).text if '<html' in text else text}" for file, text in files().items()]
    lines = (line.strip() for line in "\n".join(said).replace(__version__, "VERSION").splitlines())
    assert "\n".join(filter(None, lines)) + "\n" == (GOLDEN / f"{name}.txt").read_text(encoding="utf-8")
