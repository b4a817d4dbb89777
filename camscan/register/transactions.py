"""The transactions of an open register: made completely or not at all, with database errors explained in one line."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

from camscan.errors import ConfigError, RegisterError
from camscan.output import visible
from camscan.register import _later, listing
from camscan.register.backends import Database, Mode
from camscan.register.heard import current_listener
from camscan.register.plain_sql import AnyConnection
from camscan.register.rows import next_free_id
from camscan.register.stored import FAULTS
from camscan.register.types import Lister

if TYPE_CHECKING:
    from sqlalchemy import Connection

WHAT_HELPS = "`camscan register check` says what else, and `camscan register restore` brings a backup back"
"""What a person can do about damage."""


_C = TypeVar("_C", bound=AnyConnection)


class _RollBack(Exception):  # noqa: N818 - no error: it ends a transaction that was a trial
    """Leaves a transaction so that it is undone."""


class Transactions:
    """One open register, with its transactions; a context manager. Not for several threads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lister: Lister | None = None

    @property
    def where(self) -> str:
        """Its file or address as messages show it, without a password."""
        return self._database.where

    @property
    def _connection(self) -> Connection:
        return self._database.connection

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the register and let others write. Harmless when repeated."""
        self._database.close()

    def list_by(self, lister: Lister) -> None:
        """Set the judge of the listing: from now on, each transaction that writes brings the lines up to date."""
        self._lister = lister

    @contextlib.contextmanager
    def _reading(self) -> Iterator[AnyConnection]:
        """A transaction that sees one state throughout and does not wait; database errors become one line."""
        with self._explain_damage(), self._database.explain_errors(), self._database.read_plainly() as connection:
            yield connection

    @contextlib.contextmanager
    def _reading_built(self) -> Iterator[Connection]:
        """As ``_reading``, for a module whose statements are built with SQLAlchemy."""
        with self._explain_damage(), self._database.explain_errors(), self._database.begin_reading() as connection:
            yield connection

    @contextlib.contextmanager
    def _writing(self, *, keep: bool = True) -> Iterator[AnyConnection]:
        """A transaction that is made completely or not at all, one at a time; database errors become one line.

        It is undone at its end unless ``keep`` is set.
        """
        self._require_writable()
        with (
            contextlib.suppress(_RollBack),
            self._explain_damage(),
            self._database.explain_errors(),
            self._heard(self._database.write_plainly(), keep=keep) as connection,
        ):
            yield connection

    @contextlib.contextmanager
    def _writing_built(self, *, keep: bool = True) -> Iterator[Connection]:
        """As ``_writing``, for a module whose statements are built with SQLAlchemy."""
        self._require_writable()
        with (
            contextlib.suppress(_RollBack),
            self._explain_damage(),
            self._database.explain_errors(),
            self._heard(self._database.begin_writing(), keep=keep) as connection,
        ):
            yield connection

    def _require_writable(self) -> None:
        if self._database.mode is Mode.READ:
            raise RegisterError(f"{self.where}: was opened for reading only")

    @contextlib.contextmanager
    def _heard(self, transaction: contextlib.AbstractContextManager[_C], *, keep: bool) -> Iterator[_C]:
        """The transaction, with the listing brought up to date; whoever listens is told the lines of the log."""
        with transaction as connection:
            first = self._next_change(connection)
            yield connection
            if not keep:
                raise _RollBack
            self._list_changes(connection)
            last = self._next_change(connection) - 1
        if (heard := current_listener()) is not None and last >= first:
            heard += [first, last]

    def _next_change(self, connection: AnyConnection) -> int:
        """The number of the next line of the log, if somebody listens. Nobody else can write meanwhile."""
        return next_free_id(connection, "change") if current_listener() is not None else 0

    def _list_changes(self, connection: AnyConnection) -> None:
        """Bring the lines of changed devices up to date at the end of a transaction.

        If all lines would change, the next reader makes them.
        """
        if self._lister is None:
            return
        # Neither a mistake in the policies nor a damaged row may stop an edit elsewhere: the lines stay marked.
        with contextlib.suppress(ConfigError, *FAULTS):
            listing.bring_up_to_date(connection, self._lister, rebuild=False)

    @contextlib.contextmanager
    def _explain_damage(self) -> Iterator[None]:
        """Say where the damage is if a stored value cannot be read; any other error passes."""
        try:
            yield
        except FAULTS as error:
            damage = self._first_damage()
            if not damage:
                raise
            raise RegisterError(f"{self.where}: it is damaged: {damage}; {WHAT_HELPS}") from error

    def _first_damage(self) -> str:
        """Table, row and column of the first stored value that cannot be read; empty if all can."""
        from sqlalchemy.exc import OperationalError  # noqa: PLC0415 - the check loads it in any case

        with (
            self._database.explain_errors(),
            self._database.begin_reading() as connection,
            contextlib.closing(_later.checks.check_readable(connection)) as found,
        ):
            try:
                return next(found, "")
            except OperationalError as error:
                return visible(str(error.orig))
