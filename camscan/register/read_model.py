"""The read model of an open register: the lines of its devices, and the counts that were made from them."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterator, Mapping, Sequence
from typing import Any

from camscan.asset import Asset
from camscan.register import _later, batches, listing
from camscan.register.transactions import Transactions
from camscan.register.types import ChangeMark, Lister, ListingQuery


class ReadModel(Transactions):
    """One open register, for a caller that lists and counts devices."""

    def is_listed(self) -> bool:
        """Whether the listing is up to date. Call ``list_by`` first."""
        with self._reading() as connection:
            return self._lister is not None and listing.is_current(connection, self._lister)

    def list_now(self) -> None:
        """Bring the listing up to date: another day, the settings or another program may have changed the lines."""
        with self._writing() as connection:
            listing.bring_up_to_date(connection, self._judges)

    @property
    def has_listing(self) -> bool:
        """Whether there is a listing, or may be one: a register of an earlier version has none until it is upgraded."""
        with self._reading() as connection:
            return listing.is_possible(connection)

    @property
    def is_free(self) -> bool:
        """Whether nobody is writing at this moment: a reader that wants to write a little then need not wait."""
        with self._database.explain_errors():
            return self._database.is_free

    def counting_basis(self) -> Sequence[Any]:
        """What counts that are made from now on depend on; empty if the listing is out of date."""
        with self._reading() as connection:
            return listing.counting_basis(connection, self._judges)

    def read_counted(self, name: str, basis: Sequence[Any]) -> Any | None:
        """The counts that are stored under this name, if they depend on the same state; None otherwise."""
        with self._reading() as connection:
            return listing.read_counted(connection, name, basis)

    def keep_counted(self, name: str, told: Any, basis: Sequence[Any]) -> None:
        """Store counts from the listing and the scans under a name, for as long as they are valid."""
        with self._writing() as connection:
            if basis and basis == listing.counting_basis(connection, self._judges):
                listing.keep_counted(connection, name, told, basis)

    def lines(self, *order: str, only: Sequence[str] = ()) -> Iterator[Mapping[str, Any]]:
        """The lines of the listing, sorted by these columns and then in the order in which devices were first found.

        All lines are of one state; ``is_listed`` says whether it is up to date. Some thousand lines at a time are in
        memory. ``only`` are the columns that are wanted, if not all are.
        """
        with self._reading() as connection:
            yield from listing.read_lines(connection, order, only)

    def lines_of(self, asset_ids: Collection[str]) -> Iterator[Mapping[str, Any]]:
        """The lines of the devices with these asset numbers, in no order; as ``lines`` otherwise."""
        with self._reading() as connection:
            yield from listing.read_lines_of(connection, asset_ids)

    def lines_of_others(self) -> Iterator[Mapping[str, Any]]:
        """The lines that may say something of another device: behind a recorder, or of an address and nothing else.

        In the order in which devices were first found.
        """
        with self._reading() as connection:
            yield from listing.lines_of_others(connection)

    def by_site(self, only: Container[int] | None = None) -> Iterator[list[Asset]]:
        """Every device by site and address, those of no site last, some hundreds at a time; in one state.

        ``only`` those of these numbers (``device_id`` in ``lines``). The listing must be up to date (``is_listed``).
        Raises RegisterError for a row that cannot be read.
        """
        with self._reading() as connection:
            yield from batches.by_site(connection, only)

    def in_batches(self, scans: Collection[str] | None = None) -> Iterator[list[Asset]]:
        """Every device in the order in which they were first found, some hundreds at a time; in one state.

        With ``scans`` (ids), those that one of these scans was the last to see. Raises RegisterError for a row that
        cannot be read.
        """
        with self._reading() as connection:
            yield from batches.in_batches(connection, scans)

    def page(self, sought: ListingQuery) -> tuple[list[Mapping[str, Any]], int]:
        """One page of the listing, and how many lines match in all.

        ``is_listed`` says whether the listing is up to date.
        """
        with self._reading_built() as connection:
            return _later.paging.read_page(connection, sought)

    def size(self) -> int:
        """How many rows of devices there are, with merged ones: whether it is a large register."""
        with self._reading_built() as connection:
            return _later.paging.size(connection)

    def mark(self) -> ChangeMark:
        """How far the register has got: while the mark stays the same, nothing that is counted or shown has changed."""
        with self._reading_built() as connection:
            return _later.paging.change_mark(connection)

    @property
    def _judges(self) -> Lister:
        if self._lister is None:
            raise ValueError("who is to judge the devices? Call list_by first")
        return self._lister
