"""The transactions of an open register: made completely or not at all, with database errors explained in one line."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from camscan.errors import ConfigError, RegisterError
from camscan.output import visible
from camscan.register import listing, schema
from camscan.register.backends import Database, Mode
from camscan.register.checks import check_readable
from camscan.register.heard import current_listener
from camscan.register.rows import next_free_id
from camscan.register.stored import FAULTS
from camscan.register.types import (
    Lister,
)

WHAT_HELPS = "`camscan register check` says what else, and `camscan register restore` brings a backup back"
"""What a person can do about damage."""


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
    def _reading(self) -> Iterator[Connection]:
        """A transaction that sees one state throughout and does not wait; database errors become one line."""
        with self._explain_damage(), self._database.explain_errors(), self._database.begin_reading() as connection:
            yield connection

    @contextlib.contextmanager
    def _writing(self) -> Iterator[Connection]:
        """A transaction that is made completely or not at all, one at a time; database errors become one line."""
        if self._database.mode is Mode.READ:
            raise RegisterError(f"{self.where}: was opened for reading only")
        with self._explain_damage(), self._database.explain_errors(), self._database.begin_writing() as connection:
            first = self._next_change(connection)
            yield connection
            self._list_changes(connection)
            last = self._next_change(connection) - 1
        if (heard := current_listener()) is not None and last >= first:
            heard += [first, last]

    @contextlib.contextmanager
    def _writing_or_trying(self, *, keep: bool) -> Iterator[Connection]:
        """A transaction that is undone at its end unless ``keep`` is set."""
        with contextlib.suppress(_RollBack), self._writing() as connection:
            yield connection
            if not keep:
                raise _RollBack

    def _next_change(self, connection: Connection) -> int:
        """The number of the next line of the log, if somebody listens. Nobody else can write meanwhile."""
        return next_free_id(connection, schema.change) if current_listener() is not None else 0

    def _list_changes(self, connection: Connection) -> None:
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
        with (
            self._database.explain_errors(),
            self._database.begin_reading() as connection,
            contextlib.closing(check_readable(connection)) as found,
        ):
            try:
                return next(found, "")
            except OperationalError as error:
                return visible(str(error.orig))
