"""A pack of answers: it says what every other place says, and nothing that must not leave the council."""

from __future__ import annotations

import csv
import html
import io
import itertools
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

import pytest
from browser import run_axe
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from planned import TODAY, asset

from camscan import plan, vulnerabilities
from camscan.app import assess
from camscan.app.foi_estate import make_estate
from camscan.app.foi_files import KEPT_BACK, NAMES, files_kept_back, files_to_send
from camscan.asset import Asset, Lifecycle, Place, Presence, RecordType
from camscan.asset.columns import CONTROLLERS, DEVICE_TYPES, EDITABLE, SENSITIVITIES, SITE_TYPES, Kind
from camscan.asset.kinds import CAPABILITY_COLUMNS, KINDS
from camscan.config import Config
from camscan.config.planning import LocalDecision, Planning
from camscan.foi.estate import Estate, Numbers, Policy, Unit
from camscan.foi.pack import DRAFT, Pack, Release, Terms, make_draft
from camscan.foi.questions import CAPABILITIES, CONTROLLED, PLACES, TYPES
from camscan.foi.refusal import Act
from camscan.model import Capability, Confidence, Identification
from camscan.plan.estate_count import count_headline
from camscan.policies import companies
from camscan.register import Register

GOLDEN = Path(__file__).parent / "golden" / "foi"
KNOWN = companies.load_ownership()
DECIDED = Config(
    organisation="Example Council",
    planning=Planning(local_decision=LocalDecision("Cabinet 2026/114", date(2026, 9, 14), makers=("hikvision",))),
)
NOTHING = Config()


@pytest.fixture(scope="module", autouse=True)
def rules_are_read_once() -> Iterator[None]:
    """They are the same for every register of these tests."""
    with pytest.MonkeyPatch.context() as patch:
        known = vulnerabilities.load_weaknesses()
        rules = {id(settings): assess.load_rules(settings) for settings in (DECIDED, NOTHING)}
        patch.setattr(companies, "load_ownership", lambda _overlays: KNOWN)
        patch.setattr(vulnerabilities, "load_weaknesses", lambda _overlays: known)
        patch.setattr(assess, "load_rules", lambda settings: rules[id(settings)])
        yield


class Book:
    """As much of a register as answers are made of."""

    has_listing = False

    def __init__(self, rows: Sequence[Asset], places: Sequence[Place] = ()) -> None:
        self._rows, self._places = rows, places

    def devices(self) -> Sequence[Asset]:
        return self._rows

    def sites(self) -> Sequence[Place]:
        return self._places

    def scans(self) -> Sequence[object]:
        return ()


def estate(rows: Sequence[Asset], settings: Config = DECIDED) -> Estate:
    return make_estate(cast("Register", Book(rows)), settings, TODAY)


def texts(pack: Pack) -> str:
    """Everything that is sent, unpacked: also the names of files and what an archive says beside them."""
    found = []
    for name, content in files_to_send(pack).items():
        found.append(name)
        if not zipfile.is_zipfile(io.BytesIO(content)):
            found.append(content.decode())
            continue
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            found.append(archive.comment.decode())
            for each in archive.infolist():
                found += [each.filename, each.comment.decode(), each.extra.hex(), archive.read(each).decode()]
    return "\n".join(found)


# ── nothing that must not leave ──────────────────────────────────────────────────────────────────────────────────

Draw = tuple[str | None, str | None, str, str, str, str, tuple[str, ...], int]
DEVICES = st.lists(
    st.tuples(
        st.sampled_from(["hikvision", "dahua", "hikvision", "axis", None]),
        st.sampled_from([*KINDS, "camera", "camera", "nvr", None]),
        st.sampled_from([*Lifecycle]),
        st.sampled_from(["", *SITE_TYPES]),
        st.sampled_from(["", *CONTROLLERS]),
        st.sampled_from(["", *DEVICE_TYPES]),
        st.lists(st.sampled_from(["ptz", "audio", "face", "thermal", "anpr"]), max_size=2).map(tuple),
        st.integers(0, 4000),
    ),
    max_size=14,
)
FREE = [column.name for column in EDITABLE if column.kind is Kind.TEXT]
"""Every column into which people may write what they like."""


class Planted:
    """Texts that stand nowhere else, 16 characters each."""

    def __init__(self) -> None:
        self._numbers = itertools.count()

    def __call__(self) -> str:
        return f"CANARY{next(self._numbers):010d}"


def planted(drawn: Sequence[Draw]) -> list[Asset]:
    """A register with such a text wherever one can stand that must not be in a pack, and days that nobody may see."""
    canary = Planted()
    return [_device(canary, each) for each in drawn]


def _device(canary: Planted, drawn: Draw) -> Asset:
    maker, kind, lifecycle, place, controller, stated, can, day = drawn
    secret = date(2011, 1, 1) + timedelta(days=day)
    entries = {name: canary() for name in FREE}
    entries |= {name: secret.isoformat() for name in ("planned_removal_date", "purchase_date", "accepted_until")}
    entries |= {"lifecycle_status": lifecycle, "stated_device_type": stated, "purchase_cost": f"{day}.10"}
    entries |= {"recorder_channel": str(day), "estimated_cost": "77.77", "site_sensitivity": SENSITIVITIES[day % 4]}
    if lifecycle in {"removed", "disposed"}:
        entries["actual_removal_date"] = secret.isoformat()
    if maker:
        entries.pop("stated_manufacturer")
    found = Identification(
        maker=maker,
        brand=canary(),
        model=canary(),
        firmware=canary(),
        serial=canary(),
        mac=canary(),
        kind=kind,
        is_camera_system=True,
        capabilities={name: Capability("solid", canary()) for name in can},
        confidence=Confidence.CONFIRMED,
        because=(canary(),),
        conflicts=(canary(),),
        build=canary(),
    )
    where = Place(canary(), canary(), place, "1", controller, canary(), canary(), canary(), canary())
    return Asset(
        asset_id=canary(),
        record_type=RecordType.NETWORK,
        identification=found,
        ip_addresses=(canary(),),
        mac_addresses=(canary(),),
        open_ports=(canary(),),
        past_ip_addresses=(canary(),),
        past_mac_addresses=(canary(),),
        site=canary(),
        presence=Presence.SEEN,
        last_seen=datetime(2026, 11, 20, tzinfo=UTC),
        last_scan=canary(),
        hints=MappingProxyType({"hostname": canary(), "location_hint": canary()}),
        recorder_asset_id=canary(),
        place=where,
        entries=MappingProxyType({name: text for name, text in entries.items() if text}),
    )


@given(DEVICES, st.booleans(), st.booleans())
@examples(1000)
def test_nothing_that_must_not_leave_the_council_is_in_a_pack(
    drawn: list[Draw], is_accepted: bool, is_released: bool
) -> None:
    rows = planted(drawn)
    found = make_draft(estate(rows), Terms(5, is_accepted))
    found = replace(found, release=Release("FOI officer", "FOI-7") if is_released else None)
    told = texts(found)
    assert "CANARY" not in told
    days = {row.entries["planned_removal_date"] for row in rows}
    assert not {day for day in days if day in told}
    assert "CANARY" not in b"".join(files_kept_back(found).values()).decode()
    assert_the_same_everywhere(rows, found)


def assert_the_same_everywhere(rows: Sequence[Asset], found: Pack) -> None:
    """Its totals are those of the headline and of the programme, and every table comes to them."""
    counts = count_headline(rows, [], KNOWN)
    numbers = found.estate.numbers
    assert numbers.headline == counts.text
    assert (numbers.devices, numbers.sites, numbers.without_site) == (
        *(counts.devices, counts.sites, counts.without_site),
    )
    sums = {table.id: sum(row.devices for row in table.rows) for table in found.tables if table.is_partition}
    gone = sums.pop("gone")
    assert [sums.pop(sort) for sort in TYPES] == [counts.cameras, counts.recorders, counts.other]
    assert set(sums.values()) == {counts.devices}
    of_two = [row for row in rows if row.identification.maker in {"hikvision", "dahua"}]
    assert gone == sum(row.lifecycle in {"removed", "disposed"} for row in of_two) - sum(
        row.lifecycle in {"removed", "disposed"} for row in _there(of_two)
    )
    status = plan.programme_status(rows, assess.judge_assets(rows, DECIDED, TODAY), TODAY)
    assert (numbers.in_scope, numbers.remaining, numbers.removed) == (
        *(status.in_scope.devices, status.remaining.devices, status.removed.devices),
    )


def _there(rows: Sequence[Asset]) -> Iterator[Asset]:
    return (row for row in rows if count_headline([row], [], KNOWN).devices)


def test_the_planted_texts_would_be_found() -> None:
    (row,) = planted([("hikvision", "camera", "found", "", "", "", (), 5)])
    told = texts(make_draft(replace(estate([row]), organisation=f"Council {row.asset_id}"), Terms()))
    assert told.count(row.asset_id) >= len(NAMES)


# ── what the files are ───────────────────────────────────────────────────────────────────────────────────────────


def example() -> Estate:
    """A council with everything that a pack can say."""
    units = [
        Unit(
            maker="hikvision" if number % 4 else "dahua",
            sort=("cameras", "cameras", "recorders", "other")[number % 4],
            type=("ptz", "camera", "nvr", "intercom")[number % 4],
            place=("street", "street", "office", "school", "library")[min(number // 12, 4)],
            controller=("own", "own", "landlord")[number // 25],
            capabilities=frozenset({"cap_audio"} if number < 20 else {"cap_face"} if number < 23 else ()),
            bought=("2015/16", "2015/16", "2018/19", "2021/22", "")[number // 13],
            pence=45050 if number % 3 else None,
            contract=1 + number // 13,
            site=1 + number % 7 if number < 39 else 3,
            planned=("2026/27", "2027/28", "")[number % 3],
        )
        for number in range(52)
    ]
    numbers = Numbers(
        headline="Hikvision or Dahua: 52 devices (26 cameras, 13 recorders, 13 other) at 7 sites.",
        cameras=26,
        recorders=13,
        other=13,
        systems=40,
        sites=7,
        possible=2,
        unknown=3,
        channels_not_read=16,
        in_scope=60,
        remaining=52,
        removed=8,
        with_dpia=30,
        dpias=2,
        with_contract=52,
        contracts=4,
        addresses=2540,
        addresses_asked=2480,
        sites_listed=9,
        sites_scanned=8,
        last_scan=date(2026, 11, 20),
    )
    return Estate(
        day=TODAY,
        numbers=numbers,
        units=units,
        gone=[replace(units[0], removed=year) for year in ("2024/25", *["2025/26"] * 7)],
        policies=[Policy("the council's own decision", "Cabinet 2026/114, 14 September 2026", "the council", True)],
        places=frozenset({"street", "office", "school", "library", "depot"}),
        controllers=frozenset({"own", "landlord", "school"}),
        organisation="Example Council",
        definitions=plan.DEFINITIONS,
        version="1.0",
    )


@pytest.mark.parametrize("accepted", [False, True], ids=["given", "accepted"])
@pytest.mark.parametrize("name", ["answers.csv", "README.txt", f"{KEPT_BACK}/suppression.csv"])
def test_the_files_are_those_that_were_read_and_approved(name: str, accepted: bool) -> None:
    assert approved(accepted)[name] == (golden(accepted) / Path(name).name).read_bytes()


@pytest.mark.parametrize("accepted", [False, True], ids=["given", "accepted"])
def test_what_the_page_says_is_what_was_read_and_approved(accepted: bool) -> None:
    told = words(approved(accepted)["answers.html"].decode())
    assert told == (golden(accepted) / "answers.html.txt").read_text(encoding="utf-8")


def golden(accepted: bool) -> Path:
    return GOLDEN / ("accepted" if accepted else "given")


def approved(accepted: bool) -> dict[str, bytes]:
    found = replace(make_draft(example(), Terms(5, accepted)), release=Release("FOI officer", "FOI-7"))
    return {**files_to_send(found), **files_kept_back(found)}


def words(page: str) -> str:
    """What a reader has of a page: the text of each element on a line, without style and frame."""
    content = page.partition("<main")[2].partition(">")[2].partition("</main>")[0]
    lines = (" ".join(html.unescape(line).split()) for line in re.split("<[^>]*>", content))
    return "\n".join([line for line in lines if line]) + "\n"


def pages(content: bytes) -> Mapping[str, str]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


class TestFiles:
    def test_a_draft_says_so_in_every_file_and_on_every_page(self) -> None:
        files = {**files_to_send(make_draft(example(), Terms())), **files_kept_back(make_draft(example(), Terms()))}
        workbook = pages(files.pop("answers.ods"))
        assert all(DRAFT in content.decode() for content in files.values())
        sheets = workbook["content.xml"].split("<table:table ")[1:]
        assert len(sheets) == 17
        assert all(DRAFT in sheet for sheet in sheets)
        assert DRAFT in workbook["styles.xml"].partition("<style:footer>")[2]
        assert f'content: "{DRAFT}"' in files["answers.html"].decode()

    def test_a_released_pack_says_who_released_it_and_nowhere_that_it_is_a_draft(self) -> None:
        found = replace(make_draft(example(), Terms()), release=Release("FOI officer", "FOI-7"))
        told = texts(found)
        assert DRAFT not in told
        assert "This is a draft" not in told
        assert "Released by FOI officer, reference FOI-7" in told

    def test_the_workbook_hides_nothing_and_names_nobody(self) -> None:
        workbook = pages(files_to_send(make_draft(example(), Terms()))["answers.ods"])
        told = "".join(workbook.values())
        for mark in ("visibility", "table:display=", "office:annotation", "creator", "dc:date", "creation-date"):
            assert mark not in told
        assert "number-columns-spanned" not in told
        assert set(workbook) == {
            *("mimetype", "META-INF/manifest.xml", "content.xml", "meta.xml", "settings.xml", "styles.xml"),
        }

    def test_no_spreadsheet_takes_a_cell_for_a_formula(self) -> None:
        hostile = replace(
            example(),
            organisation="=cmd|' /C calc'!A0",
            policies=[Policy("=1+1", "@SUM(1)", "+1", True)],
        )
        found = replace(make_draft(hostile, Terms(5, True)), release=Release("-2+3", "=2+3"))
        files = {**files_to_send(found), **files_kept_back(found)}
        for name in ("answers.csv", f"{KEPT_BACK}/suppression.csv"):
            table = csv.reader(io.StringIO(files[name].decode()))
            assert not [cell for row in table for cell in row if cell and cell[0] in "=+-@"]
        cells = re.findall(r"<text:p>(.*?)</text:p>", pages(files["answers.ods"])["content.xml"])
        assert not [cell for cell in cells if cell and cell[0] in "=+-@"]
        assert "table:formula" not in pages(files["answers.ods"])["content.xml"]

    def test_hostile_words_are_harmless_in_the_page(self) -> None:
        hostile = replace(example(), policies=[Policy("<script>alert(1)</script>", "\u202egpj", "&amp;", False)])
        page = files_to_send(make_draft(hostile, Terms()))["answers.html"].decode()
        assert "<script" not in page
        assert "\u202e" not in page

    def test_the_same_register_gives_the_same_bytes(self) -> None:
        assert files_to_send(make_draft(example(), Terms())) == files_to_send(make_draft(example(), Terms()))

    def test_every_withheld_number_has_draft_words_that_do_not_say_it(self) -> None:
        for act, notice in ((Act.FOIA, "section 17"), (Act.FOISA, "section 16")):
            kept = files_kept_back(make_draft(example(), Terms(5, True, act)))[f"{KEPT_BACK}/suppression.csv"].decode()
            rows = [row for row in csv.DictReader(io.StringIO(kept)) if row["in_this_pack"].startswith("withheld")]
            assert rows
            for row in rows:
                assert "may be engaged" in row["exemption"]
                assert notice in row["draft_refusal"]
                assert "information governance team decides" in row["draft_refusal"]
                assert not re.search(rf"\b{re.escape(row['number'])}\b", row["draft_refusal"].partition(". ")[2][:60])


@pytest.mark.slow
@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_nothing_wrong_with_the_page(width: int, tmp_path: Path) -> None:
    found = run_axe(approved(accepted=True)["answers.html"].decode(), tmp_path, width)
    assert found["violations"] == []
    assert found["passes"] > 30
    assert found["overflow"] <= 0


class TestWords:
    def test_every_choice_of_the_register_has_a_word(self) -> None:
        assert {*PLACES} == {*SITE_TYPES}
        assert {*CONTROLLED} == {*CONTROLLERS}
        assert {*CAPABILITIES} == CAPABILITY_COLUMNS.keys() - {"cap_ptz"}

    @pytest.mark.parametrize(
        ("members", "sort", "type_"),
        [
            ({}, "cameras", "camera"),
            ({"capabilities": ("ptz",)}, "cameras", "ptz"),
            ({"stated_device_type": "ptz"}, "cameras", "ptz"),
            ({"kind": "analogue_camera"}, "cameras", "analogue"),
            ({"kind": "dvr"}, "recorders", "dvr"),
            ({"kind": "mobile_recorder"}, "recorders", "mobile"),
            ({"kind": "turnstile"}, "other", "access"),
            ({"kind": "vms"}, "other", "vms"),
            ({"kind": None}, "other", "not recorded"),
            ({"kind": "printer"}, "other", "not recorded"),
        ],
    )
    def test_types(self, members: dict[str, Any], sort: str, type_: str) -> None:
        (unit,) = estate([asset(**members)]).units
        assert (unit.sort, unit.type) == (sort, type_)

    def test_what_a_device_can_do_is_never_a_guess(self) -> None:
        weak = asset(capabilities=("face",))
        weak = replace(
            weak, identification=replace(weak.identification, capabilities={"face": Capability("weak", "a hint")})
        )
        strong = asset(2, capabilities=("face", "ptz"), stated_device_type="thermal")
        assert [unit.capabilities for unit in estate([weak, strong]).units] == [
            frozenset(),
            {"cap_face", "cap_thermal"},
        ]

    def test_an_empty_register_is_answered_too(self) -> None:
        told = texts(make_draft(estate([], NOTHING), Terms(5, True)))
        assert "Hikvision or Dahua: none found; nothing was scanned yet." in told
        assert "[c]" not in told


@pytest.mark.parametrize("pence", [None, 0, 12_345])
def test_a_missing_price_is_not_zero(pence: int | None) -> None:
    units = [Unit(maker="dahua", sort="cameras", type="camera", bought="2019/20", pence=pence)] * 9
    pack = make_draft(Estate(date(2026, 11, 30), Numbers(cameras=9), units), Terms())
    page = words(files_to_send(pack)["answers.html"].decode())
    assert ("not known" in page.split("When were they bought")[-1].split("When are they")[0]) is (pence is None)
