"""``camscan export snipe-it``, against the rules of Snipe-IT's importer, replayed as a table.

The rules were read in ``app/Importer/{Importer,ItemImporter,AssetImporter}.php`` at 77e2972. Snipe-IT itself was not
run.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from export_samples import HOSTILE, SETTINGS, estate, hostile, ordinary, texts_of
from planned import TODAY, asset

from camscan.app.inventory import inventory_of
from camscan.errors import UsageError
from camscan.exports import ExportResult, count_reasons, snipe_it
from camscan.exports.snipe_it import CREATE, CUSTOM, STATUS, UPDATE

GOLDEN = Path(__file__).parent / "golden" / "exports" / "snipe-it"

FIELDS = {
    "asset tag": "asset_tag",
    "item name": "name",
    "category": "category",
    "manufacturer": "manufacturer",
    "model name": "model",
    "serial number": "serial",
    "status": "status",
    "location": "location",
    "supplier": "supplier",
    "purchase date": "purchase_date",
    "purchase cost": "purchase_cost",
    "warranty": "warranty_months",
}
"""Header, in small letters -> field: the importer's default map, as far as it is used here."""
MAKES_A_USER = {"full name", "username", "email", "display name", "first name"}
LABELS = {"In use", "Removal planned", "Removed"}
"""What README.txt asks to make first. Any other would be made as deployable."""
MAC = re.compile(r"([0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}")


@dataclass
class SnipeIt:
    """Its assets by tag, as its importer would leave them."""

    assets: dict[str, dict[str, str]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)

    def take(self, text: str, *, update: bool) -> None:
        """One file, row by row."""
        header, *rows = csv.reader(io.StringIO(text, newline=""))
        names = [name.lower() for name in header]
        assert not MAKES_A_USER & set(names)
        assert "id" not in names  # it would override the tag
        for cells in rows:
            assert len(cells) == len(header)
            self._row(dict(zip(names, map(str.strip, cells), strict=True)), update=update)

    def _row(self, row: Mapping[str, str], *, update: bool) -> None:
        tag = row["asset tag"]
        found = self.assets.get(tag)
        if found is not None and not update:
            self.errors.append(f"{tag} already exists")
            return
        assert tag, "a blank tag is numbered anew at every import"
        assert row["model name"] not in {"", "0"}, "no model: the asset is refused"
        assert row["category"], "a model that is new needs a category"
        assert row["status"] in LABELS
        assert all(len(cell) <= 255 for cell in row.values())
        serials = {each["serial"] for other, each in self.assets.items() if other != tag and each.get("serial")}
        assert row.get("serial number", "") not in serials, "a serial number is unique"
        asset_ = self.assets.setdefault(tag, {})
        for name, cell in row.items():
            if name in FIELDS and (cell or found is None):  # a blank standard column is passed over in an update
                asset_[FIELDS[name]] = cell
            elif name in {each.lower() for each in CUSTOM}:  # a blank custom field clears what stands there
                assert cell or found is None
                assert name != "mac address" or not cell or MAC.fullmatch(cell)
                asset_[name] = cell


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def imported(made: ExportResult, into: SnipeIt | None = None) -> SnipeIt:
    snipe = into or SnipeIt()
    snipe.take(texts_of(made)["create.csv"], update=False)
    snipe.take(texts_of(made)["update.csv"], update=True)
    snipe.take(texts_of(made)["update-status.csv"], update=True)
    return snipe


def test_headers_are_those_that_the_importer_knows() -> None:
    assert {name.lower() for name in CREATE} == set(FIELDS)
    assert set(STATUS) < set(CREATE)
    assert set(UPDATE) == {*STATUS, *CUSTOM}


@pytest.mark.parametrize("name", ["create.csv", "update.csv", "update-status.csv"])
def test_the_whole_files(name: str) -> None:
    assert texts_of(snipe_it.make_snipe_it(ordinary(), {}))[name] == (GOLDEN / name).read_bytes().decode()


def test_every_device_is_an_asset_or_left_out() -> None:
    made = snipe_it.make_snipe_it(ordinary(), {})
    assert len(imported(made).assets) == made.devices
    assert made.devices + len(made.left_out) == len(estate())
    assert count_reasons(made.left_out) == (
        "2 with an unknown or only possible maker, 1 entered as a false alarm, 1 not part of video surveillance, 1 "
        "not the "
        "council's"
    )


def test_what_people_keep_there_survives_every_later_import() -> None:
    snipe = imported(snipe_it.make_snipe_it(ordinary(), {}))
    snipe.assets["CCTV-0012"] |= {
        "name": "Lobby, left",
        "location": "Annexe",
        "supplier": "Acme",
        "mac address": "theirs",
    }
    snipe.assets["CAM-0011"]["mac address"] = "44:19:b6:00:00:ff"  # camscan knows none: it hangs behind a recorder
    imported(snipe_it.make_snipe_it(ordinary(), {}), snipe)
    after = snipe.assets["CCTV-0012"]
    assert (after["name"], after["location"], after["supplier"]) == ("Lobby, left", "Annexe", "Acme")
    assert after["mac address"] == "44:19:b6:00:00:0c"
    assert snipe.assets["CAM-0011"]["mac address"] == "44:19:b6:00:00:ff"


def test_what_is_removed_is_reported_and_not_made_anew() -> None:
    rows = [asset(1, lifecycle_status="planned", planned_removal_date="2027-03-31"), asset(2)]
    snipe = imported(snipe_it.make_snipe_it(inventory_of(rows, SETTINGS, TODAY), {}))
    assert snipe.assets["CAM-0001"]["status"] == "Removal planned"
    gone = {"lifecycle_status": "removed", "actual_removal_date": "2026-11-01"}
    rows = [replace(rows[0], entries=gone), rows[1], asset(3), replace(asset(4), entries=gone)]
    known = "Name,Asset Tag\r\n,CAM-0001\r\n,CAM-0002\r\n"
    made = snipe_it.make_snipe_it(inventory_of(rows, SETTINGS, TODAY), {"known": known})
    assert [row["Asset Tag"] for row in table(texts_of(made)["create.csv"])] == ["CAM-0003"]
    imported(made, snipe)
    assert {tag: each["status"] for tag, each in snipe.assets.items()} == {
        "CAM-0001": "Removed",
        "CAM-0002": "In use",
        "CAM-0003": "In use",
    }
    assert snipe.errors == []
    assert count_reasons(made.left_out) == "1 already removed, and not in Snipe-IT"


def test_a_value_that_is_not_a_list_is_refused() -> None:
    with pytest.raises(UsageError, match="the file has no column 'Asset Tag'; export the list of assets"):
        snipe_it.make_snipe_it(ordinary(), {"known": "Tag,Name\r\n"})
    with pytest.raises(UsageError, match="no column"):
        snipe_it.make_snipe_it(ordinary(), {"known": ""})


def test_two_devices_of_one_serial_number() -> None:
    rows = [asset(1, serial="0123456789"), asset(2, serial="0123456789"), asset(3)]
    made = snipe_it.make_snipe_it(inventory_of(rows, SETTINGS, TODAY), {})
    assert sorted(row["Serial Number"] for row in table(texts_of(made)["create.csv"])) == ["", "", "0123456789"]
    imported(made)


@pytest.mark.parametrize(
    ("bought", "ends", "months"),
    [
        ("2024-04-01", "2027-04-01", "36"),
        ("2024-04-15", "2027-04-14", "35"),
        ("2024-04-15", "", ""),
        ("", "2027-01-01", ""),
    ],
)
def test_warranty_is_in_months(bought: str, ends: str, months: str) -> None:
    row = replace(asset(1), entries={"purchase_date": bought, "warranty_or_support_end": ends})
    (found,) = table(texts_of(snipe_it.make_snipe_it(inventory_of([row], SETTINGS, TODAY), {}))["create.csv"])
    assert found["Warranty"] == months


def test_hostile_texts_are_text() -> None:
    made = snipe_it.make_snipe_it(hostile(), {})
    assert made.devices + len(made.left_out) == len(HOSTILE)
    assert len(imported(made).assets) == made.devices
    for name in ("create.csv", "update.csv", "update-status.csv"):
        texts_of(made)[name].encode("utf-8")
        for row in csv.reader(io.StringIO(texts_of(made)[name], newline="")):
            assert not [cell for cell in row if cell.lstrip()[:1] in {*"=+-@"} and cell.strip()]
            assert not [cell for cell in row if set(cell) & set("\x00\x1b\r\n\u202e")]


def test_readme_names_every_label_field_and_file() -> None:
    made = snipe_it.make_snipe_it(ordinary(), {})
    for word in (*LABELS, *CUSTOM, *(name for name in texts_of(made) if name.endswith(".csv")), "LEFT-OUT.csv"):
        assert word in texts_of(made)["README.txt"]
    assert len(estate()) == len(estate())
