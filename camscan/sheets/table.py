"""The register as a table: its columns, their order, and the notes for the reader. Pure."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from operator import itemgetter

from camscan.addresses import sort_key
from camscan.asset import Asset, Judgement
from camscan.asset.columns import BY_NAME, COLUMNS, VERSION, Column, Kind
from camscan.asset.spelling import Spellings, choice_in_words
from camscan.cells import all_harmless
from camscan.sheets import Extra, Rows, Table
from camscan.sheets.row import SUMS, Setting, device_row
from camscan.words import count_text

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
COSTS = (
    "asset_id",
    "council_asset_tag",
    "site_name",
    "location_detail",
    "device_type",
    "manufacturer",
    "model",
    "lifecycle_status",
    "removal_phase",
    "planned_removal_date",
    "estimated_cost",
    "budget_code",
    "funding_source",
    "purchase_date",
    "purchase_cost",
    "supplier",
    "contract_ref",
    "warranty_or_support_end",
    "actual_removal_date",
    "revision",
    "inherited",
)
"""The columns for those who keep the accounts: no address, no serial number."""
SHORT = {
    "asset_id": 21,
    "council_asset_tag": 13,
    "site_name": 16,
    "location_detail": 19,
    "ip_addresses": 14,
    "device_type": 15,
    "manufacturer": 11,
    "brand_on_badge": 11,
    "model": 19,
    "serial_number": 24,
    "lifecycle_status": 12,
    "planned_removal_date": 15,
    "estimated_cost": 12,
    "budget_code": 12,
    "actual_removal_date": 12,
}
"""The columns of the printed register -> their width in characters: together they fit a landscape page of A4."""
_FOR_CAMSCAN = ("revision", "inherited")
"""Columns without which an import could not distinguish an edit from a cell that shows the site map's word."""
VIEWS: Mapping[str, tuple[Column, ...]] = {
    "short": tuple(BY_NAME[name] for name in (*SHORT, *_FOR_CAMSCAN)),
    "full": COLUMNS,
    "timeline": tuple(BY_NAME[name] for name in TIMELINE),
    "costs": tuple(BY_NAME[name] for name in COSTS),
}
"""Name of a view -> its columns."""


def make_table(
    assets: Iterable[Asset],
    judgements: Mapping[str, Judgement],
    around: Setting,
    *,
    view: str,
    organisation: str,
    now: datetime,
    extras: Sequence[Extra] = (),
    bom: bool = False,
    without: Collection[str] = (),
) -> Table:
    """The devices as a table, in their order (that of :func:`sort_devices`). ``without`` are columns to leave out."""
    listed = list(assets)
    rows = list(table_rows(listed, judgements, around, view=view, without=without))
    scope = scope_sentence(listed, judgements) if view == "short" else ""
    return lay_out(
        *(rows, around, scope),
        view=view,
        organisation=organisation,
        now=now,
        extras=extras,
        bom=bom,
        without=without,
    )


def table_rows(
    assets: Iterable[Asset],
    judgements: Mapping[str, Judgement],
    around: Setting,
    *,
    view: str,
    without: Collection[str] = (),
) -> Iterator[Sequence[str]]:
    """The cells of each device."""
    pick = itemgetter(*(column.name for column in VIEWS[view] if column.name not in without))
    for asset in assets:
        texts = without_traces(device_row(asset, judgements.get(asset.asset_id), around), without)
        yield all_harmless(pick(_for_people(texts) if view == "short" else texts))


def lay_out(
    rows: Rows,
    around: Setting,
    scope: str,
    *,
    view: str,
    organisation: str,
    now: datetime,
    extras: Sequence[Extra] = (),
    bom: bool = False,
    without: Collection[str] = (),
) -> Table:
    """The table of these rows (:func:`table_rows`). ``scope`` is :func:`describe_scope`, for a short one."""
    columns = tuple(column for column in VIEWS[view] if column.name not in without)
    about = _about_lines(columns, len(rows), around, organisation, now, view=view)
    if view == "short":
        return Table(
            f"Camera register, {now.day} {now:%B %Y}: {scope}",
            about,
            columns,
            rows,
            totals=_totals_row(columns, rows),
            hidden=frozenset(_FOR_CAMSCAN),
            widths=SHORT,
            extras=tuple(extras),
            is_plain=True,
            bom=bom,
        )
    title = f"Camera register: {view} view, {count_text(len(rows))}"
    return Table(title, about, columns, rows, extras=tuple(extras), bom=bom)


def without_traces(texts: Mapping[str, str], hidden: Collection[str]) -> Mapping[str, str]:
    """The texts of a row for a person who may not see some columns: ``inherited`` holds nothing about these.

    With a sum over a hidden text, somebody could try texts until one fits, so there are no sums.
    """
    if not hidden:
        return texts
    shown = json.loads(texts["inherited"])
    kept = {name: text for name, text in shown.items() if name not in hidden and name != SUMS}
    return {**texts, "inherited": json.dumps(kept, separators=(",", ":"), ensure_ascii=False)}


def _for_people(texts: Mapping[str, str]) -> Mapping[str, str]:
    """The texts with choices in words, and with only those hidden values that these columns need."""
    shown = json.loads(texts["inherited"])
    kept = {name: text for name, text in shown.items() if name in SHORT or name == SUMS}
    own = {name: choice_in_words(name, text) for name, text in texts.items() if name in SHORT and BY_NAME[name].choices}
    return {**texts, **own, "inherited": json.dumps(kept, separators=(",", ":"), ensure_ascii=False)}


def is_printed(judgement: Judgement | None) -> bool:
    """Whether the short register has the device: it is in scope, or a policy matches it and nobody has decided yet."""
    return judgement is not None and (judgement.in_scope == "yes" or bool(judgement.would_match))


def scope_sentence(assets: Iterable[Asset], judgements: Mapping[str, Judgement]) -> str:
    """How many of the printed devices are in scope; before anybody has decided, the sentence does not say so."""
    verdicts = [judgements[asset.asset_id].in_scope == "yes" for asset in assets]
    return describe_scope(verdicts.count(True), verdicts.count(False))


def describe_scope(decided: int, others: int) -> str:
    """The same, where somebody has counted those in scope, and the others that are printed."""
    if not others:
        return f"{count_text(decided)} in scope"
    begin = f"{count_text(decided)} in scope, {others:,} more" if decided else count_text(others)
    return f"{begin} that would match; no decision is recorded"


def _totals_row(columns: Sequence[Column], rows: Rows) -> tuple[str, ...]:
    """The last row: the number of devices, how many have a date or are removed, and what all of them cost."""
    place = {column.name: at for at, column in enumerate(columns)}

    def count_filled(name: str) -> int:
        return sum(bool(row[place[name]]) for row in rows)

    cost = sum((Decimal(row[place["estimated_cost"]] or 0) for row in rows), Decimal(0))
    sums = {
        "asset_id": f"Total: {count_text(len(rows))}",
        "planned_removal_date": f"{count_filled('planned_removal_date'):,} with a date",
        "estimated_cost": f"{cost:.2f}",
        "budget_code": f"{len(rows) - count_filled('estimated_cost'):,} without a cost",
        "actual_removal_date": f"{count_filled('actual_removal_date'):,} removed",
    }
    return tuple(sums.get(column.name, "") for column in columns)


@dataclass(frozen=True, slots=True)
class Cost:
    """What one device costs, and where the cost is booked."""

    year: str
    """The financial year, April to March: ``2026/27``; empty if it has no date."""
    budget_code: str
    site: str
    pounds: Decimal | None
    """The price; None if it is not recorded."""


def finance_page(costs: Iterable[Cost]) -> Extra:
    """The costs of the removal by financial year, budget code and site, with the sum of each year and of all years."""
    found: dict[tuple[str, str, str], list[Decimal | None]] = {}
    sites = Spellings()
    for each in costs:
        found.setdefault((each.year, each.budget_code, sites.add(each.site)), []).append(each.pounds)
    rows: list[tuple[str, ...]] = []
    bold: set[int] = set()
    for year in sorted({key[0] for key in found}, key=lambda each: (not each, each)):
        own = {key: prices for key, prices in found.items() if key[0] == year}
        name = year or "No date yet"
        for (_, code, site), prices in sorted(own.items(), key=lambda item: (not item[0][1], item[0][1:])):
            rows.append(_priced_row((name, code or "(none)", sites.shown(site) or "(no site)"), prices))
        bold.add(len(rows))
        rows.append(
            _priced_row(
                (f"Total {year or 'without a date'}", "", ""), [price for prices in own.values() for price in prices]
            )
        )
    bold.add(len(rows))
    rows.append(_priced_row(("Total", "", ""), [price for prices in found.values() for price in prices]))
    return Extra(
        name="Costs by year",
        title="Estimated costs by financial year (April to March), budget code and site",
        headings=("Financial year", "Budget code", "Site", "Devices", "Without a cost", "Estimated cost (£)"),
        kinds=(Kind.TEXT, Kind.TEXT, Kind.TEXT, Kind.NUMBER, Kind.NUMBER, Kind.MONEY),
        rows=tuple(tuple(all_harmless(row)) for row in rows),
        bold=frozenset(bold),
    )


def _priced_row(labels: tuple[str, str, str], prices: Sequence[Decimal | None]) -> tuple[str, ...]:
    known = [price for price in prices if price is not None]
    return (
        *labels,
        f"{len(prices)}",
        f"{len(prices) - len(known)}",
        f"{sum(known, Decimal(0)):.2f}" if known else "not known",
    )


def sort_devices(assets: Iterable[Asset]) -> list[Asset]:
    """The devices in the order of a table: by site and address, with those without a site last."""
    return sorted(assets, key=_device_order)


def _device_order(asset: Asset) -> tuple[bool, str, tuple[int, int, str], str]:
    said = asset.entries.get("site_name") or (asset.place.name if asset.place else "")  # Asset.entry, but quicker
    site = (said or asset.site).casefold()
    return (not site, site, sort_key(asset.ip_addresses[0] if asset.ip_addresses else ""), asset.asset_id)


_HINTS = (
    (
        "What you may not edit",
        "Every other column. camscan fills them; changes to them are reported and skipped.",
    ),
    (
        "Empty cells",
        "Nobody has entered anything, or the scanner does not know. Unknown stays unknown.",
    ),
    (
        "Shown for you",
        "Site, network and some other cells show the value from the site map or the scanner until you enter another.",
    ),
    ("Dates", "As 2027-03-31, 31/03/2027 or 31 March 2027. Amounts are pounds."),
    (
        "Apostrophes",
        "Text that begins with = + - or @ has an apostrophe before it, so that no program treats it as a formula.",
    ),
    (
        "How to bring it back",
        "Save it like this or as CSV. `camscan register import FILE` says what it would change; --apply does it.",
    ),
    (
        "For programs",
        f"Version {VERSION} of the columns: read them by name, and ignore names that you do not know.",
    ),
    (
        "What to keep",
        (
            "The columns asset_id, revision and inherited (the last two are hidden where they would be printed). "
            "You may delete other columns and rows: what is missing from the file is not changed."
        ),
    ),
)
"""The notes for people who edit the register; they are on its first sheet."""


def _about_lines(
    columns: Sequence[Column], count: int, around: Setting, organisation: str, now: datetime, *, view: str
) -> tuple[tuple[str, str], ...]:
    editable = [column.heading if view == "short" else column.name for column in columns if column.is_editable]
    lines = (
        ("Marking", f"{around.handling}. It says where security equipment is and what is known about it."),
        ("Organisation", organisation),
        ("Written", f"{now:%d %B %Y, %H:%M} UTC, by camscan".lstrip("0")),
        ("Devices", f"{count:,}: one row is one device, or one channel of a recorder"),
        (
            "Which devices",
            "Devices in scope by the council's decision, or, while none is recorded, those that a policy would match. "
            "Removed devices stay in the list. `camscan register export --full` writes every device and every column."
            if view == "short"
            else "",
        ),
        (
            "What you may edit",
            f"{len(editable)} columns, marked 'you may edit' below their heading and shaded: {', '.join(editable)}",
        ),
        *_HINTS,
    )
    return tuple(line for line in lines if line[1])
