"""How many addresses of each site scans have asked: a chart with its table. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from camscan.briefing.nouns import Exhibit, Facts
from camscan.page import Head, Kind, Table
from camscan.page.charts import Bar, Bars
from camscan.plan.scan_coverage import NetworkAsked
from camscan.words import count_text

MOST_BARS = 12
"""Maximum sites of the chart; the table has all."""


def coverage_by_site(facts: Facts) -> Exhibit | None:
    """Addresses of each site, and how many of them were ever asked, the least asked first; None without networks."""
    sites: dict[str, list[NetworkAsked]] = {}
    for network in facts.looked.networks:
        sites.setdefault(network.site, []).append(network)
    if not sites:
        return None
    rows = sorted((_coverage_row(name, networks) for name, networks in sites.items()), key=_least_asked)
    numbers = [Head(name, Kind.NUMBER) for name in ("Addresses", "Asked", "Never asked")]
    table = Table(
        "Addresses that scans have asked, by site",
        (Head("Site"), *numbers, Head("All asked on", Kind.DAY)),
        rows,
        total=(
            "All sites",
            sum(row[1] for row in rows),
            sum(row[2] for row in rows),
            sum(row[3] for row in rows),
            None,
        ),
    )
    shown = rows[:MOST_BARS]
    of = f"the {len(shown)} sites with the lowest share" if len(rows) > len(shown) else "all sites"
    whole = sum(row[1] == row[2] for row in rows)
    says = f"Of {count_text(len(rows), 'site')}, {whole:,} were asked completely. The lowest share is at {rows[0][0]}: "
    chart = Bars(
        f"Addresses asked, {of}",
        f"{says}{rows[0][2]:,} of {count_text(rows[0][1], 'address', 'addresses')}.",
        tuple(Bar(name, asked, never, _share_text(asked, addresses)) for name, addresses, asked, never, _ in shown),
        ("asked by a scan", "never asked" if any(row[3] for row in shown) else ""),
    )
    return Exhibit("Coverage by site", table, chart if len(rows) > 1 else None, is_folded=True)


_Row = tuple[str, int, int, int, date | str]


def _coverage_row(name: str, networks: Sequence[NetworkAsked]) -> _Row:
    addresses, asked = sum(network.addresses for network in networks), sum(network.asked for network in networks)
    days = [network.last_asked for network in networks if network.last_asked is not None]
    whole = min(days) if len(days) == len(networks) else "never"
    return name, addresses, asked, addresses - asked, whole


def _share_text(asked: int, addresses: int) -> str:
    """The share in percent. It is never rounded to ``all`` for an estate that was not asked completely."""
    if not asked:
        return "none"
    return "all" if asked == addresses else f"{max(100 * asked // addresses, 1)} %"


def _least_asked(row: _Row) -> tuple[float, str, str]:
    name, addresses, asked, *_ = row
    return asked / addresses if addresses else 1.0, name.casefold(), name
