"""The register as a table: which columns, in which order, and what the reader is told. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from operator import itemgetter

from camscan.addresses import sort_key
from camscan.asset import Asset, Judgement
from camscan.asset.columns import BY_NAME, COLUMNS, VERSION, Column
from camscan.cells import all_harmless
from camscan.sheets import Table
from camscan.sheets.row import Setting, row

TIMELINE = (
    "asset_id",
    "council_asset_tag",
    "lifecycle_status",
    "site_name",
    "site_type",
    "site_sensitivity",
    "controller",
    "device_type",
    "manufacturer",
    "model",
    "policy_matches",
    "removal_priority",
    "planned_removal_date",
    "removal_phase",
    "blocked_by",
    "replacement_asset_id",
    "replacement_make_model",
    "estimated_cost",
    "budget_code",
    "funding_source",
    "actual_removal_date",
    "removal_evidence_ref",
    "revision",
    "inherited",
)
VIEWS: Mapping[str, tuple[Column, ...]] = {
    "full": COLUMNS,
    "timeline": tuple(BY_NAME[name] for name in TIMELINE),
}
"""Name of a view -> its columns."""


def table(
    assets: Iterable[Asset],
    judgements: Mapping[str, Judgement],
    around: Setting,
    *,
    view: str,
    organisation: str,
    now: datetime,
    bom: bool = False,
) -> Table:
    """The devices as a table, in the order given: that of :func:`ordered`."""
    columns = VIEWS[view]
    pick = itemgetter(*(column.name for column in columns))
    rows = []
    for asset in assets:
        cells = pick(row(asset, judgements.get(asset.asset_id), around))
        rows.append(all_harmless(cells))
    title = f"Camera register: {view} view, {len(rows):,} devices"
    return Table(title, _about(columns, len(rows), around, organisation, now), columns, rows, bom)


def ordered(assets: Iterable[Asset]) -> list[Asset]:
    """The devices as a table has them: by site and address, those of no site last."""
    return sorted(assets, key=_order)


def _order(asset: Asset) -> tuple[bool, str, tuple[int, int, str], str]:
    said = asset.entries.get("site_name") or (asset.place.name if asset.place else "")  # as Asset.entry, and quicker
    site = (said or asset.site).casefold()
    return (not site, site, sort_key(asset.ip_addresses[0] if asset.ip_addresses else ""), asset.asset_id)


def _about(
    columns: Sequence[Column], count: int, around: Setting, organisation: str, now: datetime
) -> tuple[tuple[str, str], ...]:
    editable = [column.name for column in columns if column.is_editable]
    lines = (
        ("Marking", f"{around.handling}. It says where security equipment is and what is known about it."),
        ("Organisation", organisation),
        ("Written", f"{now:%d %B %Y, %H:%M} UTC, by camscan".lstrip("0")),
        ("Devices", f"{count:,}: one row is one device, or one channel of a recorder"),
        (
            "What you may edit",
            f"{len(editable)} columns, marked 'you may edit' above their name and shaded: {', '.join(editable)}",
        ),
        (
            "What you may not edit",
            "Every other column. camscan works them out; what is changed there is reported and not taken.",
        ),
        (
            "Empty cells",
            "Nobody has entered anything, or the scanner does not know. Unknown stays unknown.",
        ),
        (
            "Shown for you",
            "Site, network and some other cells show the site map's or the scanner's word until you enter another.",
        ),
        ("Dates", "As 2027-03-31 or 31/03/2027. Amounts are pounds."),
        (
            "Apostrophes",
            "Text that begins with = + - or @ has an apostrophe before it, so that no program takes it for a formula.",
        ),
        (
            "How to bring it back",
            "Save it like this or as CSV. `camscan register import FILE` says what it would change; --apply does it.",
        ),
        (
            "For programs",
            f"Version {VERSION} of the columns: read them by name, and pass over names that you do not know.",
        ),
        (
            "What to leave",
            "asset_id, revision and inherited. Other columns, and rows, may go: what is not here is not changed.",
        ),
    )
    return tuple(line for line in lines if line[1])
