"""The read model of an open register: the lines of its devices, and what was counted from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from camscan.register import listing, paging
from camscan.register.transactions import Transactions
from camscan.register.types import Lister, Mark, Sought


class ReadModel(Transactions):
    """One open register, as whoever lists and counts sees it."""

    def is_listed(self) -> bool:
        """Whether the listing is as it would be if it were made now. Call list_by first."""
        with self._reading() as connection:
            return self._lister is not None and listing.is_current(connection, self._lister)

    def list_now(self) -> None:
        """Bring the listing up to date: a day, the settings or another program may have changed what lines say."""
        with self._writing() as connection:
            listing.bring_up_to_date(connection, self._judges)

    @property
    def has_listing(self) -> bool:
        """Whether there is one, or may be made: what an earlier version wrote has none until it is upgraded."""
        with self._reading() as connection:
            return listing.is_possible(connection)

    @property
    def is_free(self) -> bool:
        """Whether nobody is writing at this moment, so that a reader who wants to write a little need not wait."""
        with self._database.explain_errors():
            return self._database.is_free

    def counting_basis(self) -> Sequence[Any]:
        """What is counted from now on rests on; empty if the listing is out of date."""
        with self._reading() as connection:
            return listing.counting_basis(connection, self._judges)

    def counted(self, name: str, basis: Sequence[Any]) -> Any | None:
        """What was kept under this name, if it rests on the same; else None."""
        with self._reading() as connection:
            return listing.counted(connection, name, basis)

    def keep_counted(self, name: str, told: Any, basis: Sequence[Any]) -> None:
        """Keep what was counted from the listing and the scans, for as long as it holds; else nothing."""
        with self._writing() as connection:
            if basis and basis == listing.counting_basis(connection, self._judges):
                listing.keep_counted(connection, name, told, basis)

    def lines(self, *order: str) -> Iterator[Mapping[str, Any]]:
        """The listing, by these of its columns and then in the order in which devices were first found, in one state.

        Whether it is up to date, ``is_listed`` says. Some thousand lines at a time are in memory.
        """
        with self._reading() as connection:
            yield from listing.read_lines(connection, order)

    def page(self, sought: Sought) -> tuple[list[Mapping[str, Any]], int]:
        """Some lines of the listing, and how many fit in all. Whether it is up to date, ``is_listed`` says."""
        with self._reading() as connection:
            return paging.read_page(connection, sought)

    def size(self) -> int:
        """How many rows of devices there are, merged ones too: whether it is a large register."""
        with self._reading() as connection:
            return paging.size(connection)

    def mark(self) -> Mark:
        """How far it has got: while this stays the same, nothing that is counted or shown has changed."""
        with self._reading() as connection:
            return paging.change_mark(connection)

    @property
    def _judges(self) -> Lister:
        if self._lister is None:
            raise ValueError("who is to judge the devices? Call list_by first")
        return self._lister
