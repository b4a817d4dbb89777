"""Facts of a small council for the tests of the report: a few rows, all of it fixed, no register.

``python tests/briefed.py`` writes the golden pages again; look at the changes in them before you commit them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from planned import asset, judgement

from camscan.asset import Asset, Grouping, Judgement, Place
from camscan.briefing import Level, compose_report, render_report
from camscan.briefing.nouns import (
    STANDINGS,
    Device,
    Facts,
    PolicyInUse,
    Question,
    Recorder,
    ReturnedDevice,
    ScanAuthorisation,
)
from camscan.config.planning import Formula
from camscan.headline import Headline
from camscan.plan import describe_formula, group_table, make_burndown, make_plan, programme_status
from camscan.plan.scan_coverage import NetworkAsked, ScannedNetworks
from camscan.plan.standing import answers_after_removal, planned_day, recorded_site, removal_standing, removed_day

DAY = date(2026, 11, 30)
TOWN_HALL = Place("Town Hall", "100", controller="own", owner_service="Facilities")
SCHOOL = Place("St Mary's School", "200", controller="school", owner_service="Education")


def rows() -> list[Asset]:
    """One device for each standing, and one of unknown make."""
    planned: dict[str, Any] = {
        "planned_removal_date": "2027-03-31",
        "removal_phase": "Phase 1",
        "estimated_cost": "450.00",
    }
    late: dict[str, Any] = {"planned_removal_date": "2026-09-30", "estimated_cost": "1250.50"}
    gone: dict[str, Any] = {
        "lifecycle_status": "removed",
        "actual_removal_date": "2026-10-07",
        "removal_evidence_ref": "WO-1",
        "estimated_cost": "300.00",
    }
    return [
        asset(1, place=TOWN_HALL, council_asset_tag="CCTV-0001", **planned),
        asset(2, place=TOWN_HALL, maker="dahua", model="IPC-HFW2431S-S", capabilities=("face_detection",), **planned),
        asset(3, place=SCHOOL, **late),
        asset(4, place=SCHOOL, blocked_by="Landlord's consent"),
        asset(5, place=SCHOOL, lifecycle_status="accepted_risk", accepted_until="2027-12-31"),
        asset(6, kind="nvr", model="DS-7616NI-K2"),
        asset(7, place=TOWN_HALL, **gone),  # it answers: last seen on 20 November
        asset(8, place=TOWN_HALL, last_seen=None, **gone),
        asset(9, place=SCHOOL, maker=None, model=None),
    ]


def judged(assets: Sequence[Asset]) -> dict[str, Judgement]:
    """Judgements that put all devices in scope but the one of unknown make."""
    return {
        each.asset_id: judgement(priority=1 + number % 4)
        if each.identification.maker
        else judgement("unknown", priority=None)
        for number, each in enumerate(assets)
    }


def device(each: Asset, priority: int | None) -> Device:
    last = each.last_seen
    return Device(
        number=each.asset_id,
        tag=each.entries.get("council_asset_tag", ""),
        site=recorded_site(each),
        place=each.entries.get("location_detail", ""),
        maker=(each.identification.maker or "").capitalize(),
        model=each.identification.model or "",
        type="IP camera",
        priority=priority,
        standing=STANDINGS[removal_standing(each, DAY)],
        planned=planned_day(each),
        seen=last.date() if last else None,
    )


def facts(assets: Sequence[Asset] | None = None, **others: Any) -> Facts:
    """What is known of these devices; ``others`` replace members."""
    assets = rows() if assets is None else assets
    verdicts = judged(assets)
    tallies = [(date(2026, month, 20), {"remaining": 10 - month / 2, "unconfirmed": month % 3}) for month in (6, 8, 10)]
    meant = [each for each in assets if verdicts[each.asset_id].in_scope == "yes"]
    found = Facts(
        organisation="Exampleshire Council",
        role="CCTV programme officer",
        day=DAY,
        version="1.2.3",
        databases=("2026-11-01",),
        headline=Headline(devices=7, cameras=6, recorders=1, sites=2, unknown=1, channels_not_read=16),
        status=programme_status(assets, verdicts, DAY),
        points=make_burndown(tallies if meant else [], make_plan(assets, verdicts, DAY), DAY),
        looked=LOOKED,
        is_map_stale=False,
        groups={by: group_table(assets, verdicts, DAY, by) for by in Grouping},
        makers=frozenset({"hikvision", "dahua"}),
        devices=[device(each, verdicts[each.asset_id].priority) for each in meant],
        returned=[
            ReturnedDevice(
                each.asset_id, recorded_site(each), removed_day(each), each.last_seen.date() if each.last_seen else None
            )
            for each in meant
            if answers_after_removal(each)
        ],
        new_at={"Town Hall": 2, "": 1},
        corrected={"entered as not the council's": 1, "entered as a false alarm": 0},
        questions=[Question("CAM-0001", "CAM-0002", "both say they have the serial number 1")],
        recorders=[Recorder("CAM-0006", "", 16)],
        silent=[("192.0.2.64/26", "Town Hall")],
        by_hand=0,
        policies=[
            PolicyInUse(
                "local decision of 12 March 2026, minute Cabinet 14", True, "the council", "checked", "the minute"
            ),
            PolicyInUse("a statement of others", False, "departments", "second-hand", "a statement"),
        ],
        is_decided=True,
        formula=describe_formula(Formula()),
        authorisations=[ScanAuthorisation("Head of ICT", date(2026, 1, 1), date(2027, 12, 31), 3)],
        scans=5,
        first_scan=date(2026, 6, 19),
    )
    return replace(found, **others)


LOOKED = ScannedNetworks(
    sites=2,
    fresh_sites=1,
    never_asked=("St Mary's School",),
    stale_sites=(),
    addresses=508,
    unasked=127,
    last=date(2026, 11, 20),
    networks=(
        NetworkAsked("Town Hall", "192.0.2.0/25", date(2026, 11, 20), 126, 126),
        NetworkAsked("St Mary's School", "192.0.2.128/25", None, 126, 20),
    ),
)
NOTHING = ScannedNetworks(sites=0, fresh_sites=0, never_asked=(), stale_sites=(), addresses=0, unasked=0, last=None)


def empty() -> Facts:
    """The facts of an empty register."""
    return facts(
        [],
        headline=Headline(is_scanned=False),
        looked=NOTHING,
        new_at={},
        corrected={},
        questions=[],
        recorders=[],
        silent=[],
        authorisations=[],
        scans=0,
        first_scan=None,
        databases=(),
        role="",
        organisation="",
    )


GOLDEN = Path(__file__).parent / "golden" / "report"


def main() -> None:
    """Write the golden pages."""
    for level in Level:
        (GOLDEN / f"{level}.html").write_text(render_report(compose_report(facts(), level)), encoding="utf-8")


if __name__ == "__main__":
    main()
