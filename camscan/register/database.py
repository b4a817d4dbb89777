"""What a register asks of the database that it lives in, whichever that is."""

from __future__ import annotations

import enum
import re
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")
"""``postgresql://…``, also as a Path writes it, with one slash; a Windows drive has one letter."""


class Mode(enum.Enum):
    """What a register is opened for."""

    READ = "read"
    """Changes nothing, needs no lock."""
    EDIT = "edit"
    """People's edits and the like: short transactions, also while a run holds the register."""
    RUN = "run"
    """A scan or an import: no other run meanwhile."""


class Database(Protocol):
    """An open database with a register's tables of today's version in it."""

    mode: Mode
    connection: Connection

    @property
    def where(self) -> str:
        """Its file or address, as messages name it: without a password."""

    def explained(self) -> AbstractContextManager[None]:
        """Turn what the database says into one line for a person: RegisterError or BusyError."""

    def reading(self) -> AbstractContextManager[Connection]:
        """A transaction that sees one state and waits for nobody."""

    def writing(self) -> AbstractContextManager[Connection]:
        """A transaction that waits until it is the only one that writes; whole or not at all."""

    def close(self) -> None:
        """Close it and let others run. Harmless when repeated."""


def address_of(where: str | Path) -> str | None:
    """The address of a register on a server; None for a file."""
    return str(where) if _ADDRESS.match(str(where)) else None
