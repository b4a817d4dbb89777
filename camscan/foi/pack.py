"""A pack: the answers, what is withheld from them, and whether somebody has released it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from camscan.foi import refusal
from camscan.foi.comparing import GivenTable, PackWarning, ReleasedPack, given_table
from camscan.foi.estate import Estate
from camscan.foi.questions import make_tables as tables_of
from camscan.foi.refusal import Act, Harm, Refusal
from camscan.foi.tables import Row, Table
from camscan.foi.withholding import propose_withholding, without_single_prices

DRAFT = "DRAFT, not released"
"""Marks every page and every file until somebody has released the pack."""
THRESHOLD = 5
"""Numbers below it are small, unless camscan.yaml sets another threshold."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How small numbers are treated."""

    threshold: int = THRESHOLD
    is_accepted: bool = False
    """Whether the officer accepts the proposals."""
    act: Act = Act.FOIA


@dataclass(frozen=True, slots=True)
class Release:
    """Who released a pack, by role, and under which reference."""

    role: str
    reference: str


@dataclass(frozen=True, slots=True)
class KeptBack:
    """One number that is not given, or that camscan proposes not to give."""

    table: str
    row: str
    number: str
    """The true number: it never leaves the council."""
    treatment: str
    """What this pack does with the number."""
    why: str
    refusal: Refusal | None
    """Draft words for the refusal; None if the number is given as a part of a larger one."""


@dataclass(frozen=True, slots=True)
class Pack:
    """Everything that is written into a pack."""

    estate: Estate
    terms: Terms
    tables: tuple[Table, ...]
    """The tables as they are given."""
    proposed: tuple[Table, ...]
    """The tables as they would be if every proposal were accepted."""
    release: Release | None = None
    earlier: tuple[ReleasedPack, ...] = ()
    """The packs that it was compared with, in the order of their release."""
    warnings: tuple[PackWarning, ...] = ()
    """Warnings about what follows from these packs and this one together."""

    @property
    def marking(self) -> str:
        """The line that is on every page."""
        if self.release is None:
            return DRAFT
        return f"Released by {self.release.role}, reference {self.release.reference}"

    @property
    def given_tables(self) -> tuple[GivenTable, ...]:
        """The tables as a reader sees them, stored for later comparison."""
        return tuple(map(given_table, self.tables))

    @property
    def proposals(self) -> int:
        """How many tables give a small number."""
        return sum(now.rows != then.rows for now, then in zip(self.tables, self.proposed, strict=True))

    @property
    def withheld_count(self) -> int:
        """How many numbers are withheld; prices are counted separately."""
        return sum(row.is_withheld + row.is_price_withheld for table in self.tables for row in table.rows)

    @property
    def is_withholding(self) -> bool:
        """Whether anything is withheld."""
        return self.withheld_count > 0


def make_draft(estate: Estate, terms: Terms) -> Pack:
    """Make the draft of a pack."""
    found = tables_of(estate)
    proposed = tuple(without_single_prices(propose_withholding(table, terms.threshold)) for table in found)
    shown = proposed if terms.is_accepted else tuple(map(without_single_prices, found))
    return Pack(estate, terms, shown, proposed)


def list_kept_back(pack: Pack) -> Iterator[KeptBack]:
    """Every number that is withheld or merged, or that camscan proposes to withhold or merge."""
    for table, proposed in zip(tables_of(pack.estate), pack.proposed, strict=True):
        shown = next(each for each in pack.tables if each.id == table.id)
        for row in table.rows:
            yield from _kept_counts(pack, table, row, proposed)
        yield from _kept_prices(pack, shown)


def _kept_counts(pack: Pack, table: Table, row: Row, proposed: Table) -> Iterator[KeptBack]:
    after = next(other for other in proposed.rows if _still_shown(other, row, table))
    if after.keys == row.keys and not after.is_withheld:
        return
    done = f"merged into '{after.label}'" if after.keys != row.keys else "withheld"
    if after.keys != row.keys and after.is_withheld:
        done += ", which is withheld"
    now = done if pack.terms.is_accepted else f"given; proposed: {done}"
    small = row.devices < pack.terms.threshold
    why = f"below {pack.terms.threshold}" if small else "so that the total does not give another number away"
    words = None
    if after.is_withheld:
        words = refusal.draft_refusal(
            pack.terms.act, refusal.harm_of_row(table.id, row.keys), f"{_lower_first(table.title)}, row '{row.label}'"
        )
    yield KeptBack(table.title, row.label, str(row.devices), now, why, words)


def _still_shown(after: Row, row: Row, table: Table) -> bool:
    return row.keys <= after.keys if table.is_partition else bool(row.keys & after.keys)


def _kept_prices(pack: Pack, shown: Table) -> Iterator[KeptBack]:
    for row in shown.rows:
        if not row.is_price_withheld:
            continue
        why = (
            "the price of one contract for one site"
            if len(row.lots) == 1
            else "so that nobody can work it out from the total"
        )
        words = refusal.draft_refusal(
            pack.terms.act, Harm.TRADE, f"the cost of {_lower_first(shown.title)}, row '{row.label}'"
        )
        now = "withheld; the total is given"
        yield KeptBack(f"{shown.title}: cost", row.label, pounds_text(row.pence), now, why, words)


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]


def pounds_text(pence: int) -> str:
    """A sum as a plain number: ``1250.00``."""
    return f"{pence // 100}.{pence % 100:02}"
