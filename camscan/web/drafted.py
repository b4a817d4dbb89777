"""A draft of the programme for a page: in words, as a table and as a chart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal

from camscan import app
from camscan.app.plan import LEFT, WHY_LEFT, Draft
from camscan.asset import Asset
from camscan.dates import day_text, month_and_year, short_month
from camscan.page import Head, Kind, Table
from camscan.page.charts import Column, Columns
from camscan.page.render import pounds_text
from camscan.plan.proposal import Phase
from camscan.plan.standing import removal_cost
from camscan.words import count_text, verb

_SITES = 4
"""The most sites that one line names."""
_NAMED = 10
"""The most devices that are named one by one."""


def draft_sentences(draft: Draft) -> Iterator[str]:
    """Sentences: how many devices the draft plans, and which devices that were planned before need another day."""
    found = draft.proposal
    phases = sum(bool(phase.devices) for phase in found.phases)
    limit = f" (the last day allowed is {day_text(found.by)})" if found.last_day < found.by else ""
    yield (
        f"{count_text(len(found.planned))} in {count_text(phases, 'phase', 'phases')} from {day_text(found.begin)} to "
        f"{day_text(found.last_day)}{limit}. {count_text(len(found.kept))} already "
        f"{verb(len(found.kept), 'has a date and keeps', 'have a date and keep')} it."
    )
    if found.late:
        yield (
            f"{count_text(found.late)} of these are due before {day_text(found.begin)}: "
            "give them a new date, or record their removal."
        )


def month_table(draft: Draft) -> Table:
    """A table with a row for each month, as ``camscan plan propose`` prints them."""
    found = draft.proposal.phases
    heads = (
        Head("Month"),
        Head("By", Kind.DAY),
        Head("New", Kind.NUMBER),
        Head("Planned before", Kind.NUMBER),
        Head("Cost"),
        Head("Sites"),
    )
    rows = [
        (
            month_and_year(phase.month.first),
            phase.day,
            len(phase.devices),
            len(phase.kept),
            _cost_phrase(phase.cost, phase.without_cost, len(phase.devices) + len(phase.kept)),
            _first_names(phase.sites),
        )
        for phase in found
    ]
    new, kept = (sum(len(getattr(phase, name)) for phase in found) for name in ("devices", "kept"))
    cost = sum((phase.cost for phase in found), Decimal(0))
    whole = _cost_phrase(cost, sum(phase.without_cost for phase in found), new + kept)
    return Table("The draft, month by month", heads, rows, total=("Together", None, new, kept, whole, ""))


def month_chart(draft: Draft) -> Columns | None:
    """A chart of the devices in each month; None for a single month, because such a chart shows nothing."""
    found = draft.proposal.phases
    if len(found) < 2:  # noqa: PLR2004 - as it says
        return None
    most = max(found, key=lambda phase: len(phase.devices) + len(phase.kept))
    first, last = (month_and_year(phase.month.first) for phase in (found[0], found[-1]))
    description = (
        f"From {first} to {last}. Most devices fall into "
        f"{month_and_year(most.month.first)}: {len(most.devices) + len(most.kept):,}."
    )
    phases = {phase.month: phase for phase in found}
    columns, month = [], found[0].month
    while month <= found[-1].month:
        phase = phases.get(month)
        new, kept = (len(phase.devices), len(phase.kept)) if phase else (0, 0)
        columns.append(Column(short_month(month.first), new + kept, kept, None))
        month = month.next
    names = ("devices to be removed in the month", "of these, planned before", "")
    return Columns("The draft, month by month", description, tuple(columns), names)


def planned_entry(row: Asset, phase: Phase, draft: Draft) -> tuple[str, date, str, str]:
    """The entry that the draft makes for a device.

    Its label, the day, the phase, and the cost if the draft assumed one.
    """
    assumed = draft.proposal.limits.cost_each if removal_cost(row) is None else None
    return device_label(row), phase.day, phase.name, "" if assumed is None else pounds_text(assumed)


def groups_left_alone(draft: Draft) -> Iterator[tuple[str, int, list[tuple[str, str, str]], int]]:
    """Groups of devices that the draft leaves alone.

    Each has the reason, how many devices, the first ones (``first_devices``), and how many more there are.
    """
    for name, found in draft.proposal.left.items():
        first, more = first_devices(found, draft.named, WHY_LEFT.get(name, ""))
        yield LEFT[name], len(found), first, more


def _cost_phrase(cost: Decimal, without: int, devices: int) -> str:
    if without == devices:
        return "not known"
    return pounds_text(cost) + (f" and {without:,} not known" if without else "")


def _first_names(names: Sequence[str]) -> str:
    more = len(names) - _SITES
    return ", ".join(names[:_SITES]) + (f" and {more} more" if more > 0 else "")


def first_devices(
    asset_ids: Sequence[str], rows: Mapping[str, Asset], column: str = ""
) -> tuple[list[tuple[str, str, str]], int]:
    """Asset number, label and reason of the first devices, and how many more there are."""
    found = [
        (name, device_label(rows[name]), rows[name].entry(column)[:200] if column else "")
        for name in asset_ids[:_NAMED]
        if name in rows
    ]
    return found, max(len(asset_ids) - _NAMED, 0)


def device_label(row: Asset) -> str:
    """The council tag of a device, or its asset number; followed by its site."""
    site = app.devices.device_site(row)
    return ", ".join(filter(None, (row.entries.get("council_asset_tag") or row.asset_id, site)))


def capitalise(text: str) -> str:
    """A text with a capital at its beginning."""
    return f"{text[:1].upper()}{text[1:]}"
