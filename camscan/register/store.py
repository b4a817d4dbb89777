"""An open register: what can be asked of it and told to it."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import Connection

from camscan.asset import Asset
from camscan.errors import RegisterError
from camscan.model import Attempt, Report
from camscan.register import read, sqlite, write
from camscan.register.lock import Lock
from camscan.register.schema import VERSION
from camscan.register.stored import Conflict, Recorded, Sighting, StoredObservation, StoredScan

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")
"""``postgresql://…``, also as a Path writes it, with one slash; a Windows drive has one letter."""


def open_sqlite(path: str | Path, *, readonly: bool) -> Register:
    """See :func:`camscan.register.open_register`."""
    if _ADDRESS.match(str(path)):
        raise RegisterError(f"{path}: only registers in a file are supported; name a file, such as camscan.db")
    file = Path(path)
    exists = sqlite.check(file)
    if not readonly:
        return _open_to_write(file)
    if not exists:
        raise RegisterError(f"{file}: there is no register; run a scan first, or name another file with --register")
    return _open_to_read(file)


def _open_to_read(file: Path) -> Register:
    with sqlite.explained(file), _connection(file, readonly=True) as connection:
        if sqlite.version_of(connection, file) == VERSION:
            return Register(file, connection, None)
        raise RegisterError(f"{file}: an older camscan wrote it; the next scan upgrades it, then it can be read")


def _open_to_write(file: Path) -> Register:
    lock = Lock(file)
    fresh = not file.exists()
    try:
        with sqlite.explained(file), _connection(file, readonly=False) as connection:
            if sqlite.version_of(connection, file) != VERSION:
                sqlite.upgrade(connection)
            sqlite.write_ahead(connection)
            return Register(file, connection, lock)
    except BaseException:
        if fresh:
            file.unlink(missing_ok=True)
        lock.release()
        raise


@contextlib.contextmanager
def _connection(file: Path, *, readonly: bool) -> Iterator[Connection]:
    """A connection that stays open unless opening the register fails."""
    connection = sqlite.connect(file, readonly=readonly)
    try:
        yield connection
    except BaseException:
        _close(connection)
        raise


def _close(connection: Connection) -> None:
    connection.close()
    connection.engine.dispose()


class Register:
    """One open register; a context manager. Not for several threads."""

    def __init__(self, path: Path, connection: Connection, lock: Lock | None) -> None:
        self.path = path
        self._connection = connection
        self._lock = lock

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file and let others write. Harmless when repeated."""
        _close(self._connection)
        if self._lock:
            self._lock.release()

    def record(self, report: Report) -> Recorded:
        """Add one scan with every observation, in one transaction: all of it, or RegisterError and nothing."""
        if self._lock is None:
            raise RegisterError(f"{self.path}: was opened for reading only")
        with sqlite.explained(self.path), self._connection.begin():
            return write.record(self._connection, report)

    def find(self, text: str) -> list[Asset]:
        """Devices by address (also a past one), serial number (or its end), MAC in any spelling, or asset id.

        Those that hold it now come first.
        """
        with sqlite.explained(self.path), self._connection.begin():
            return read.find(self._connection, text)

    def devices(self, *, maker: str | None = None, site: str | None = None) -> list[Asset]:
        """Every device, or those of one maker or site, in the order in which they were first found."""
        with sqlite.explained(self.path), self._connection.begin():
            return read.devices(self._connection, maker=maker, site=site)

    def evidence(self, asset_id: str) -> list[StoredObservation]:
        """Every observation ever made of a device, current ones first; empty where there is no such device."""
        with sqlite.explained(self.path), self._connection.begin():
            return read.evidence(self._connection, asset_id)

    def history(self, asset_id: str) -> list[Sighting]:
        """Every sighting of a device, oldest first."""
        with sqlite.explained(self.path), self._connection.begin():
            return read.history(self._connection, asset_id)

    def conflicts(self, asset_id: str | None = None) -> list[Conflict]:
        """What a person should settle, of one device or of all, oldest first."""
        with sqlite.explained(self.path), self._connection.begin():
            return read.conflicts(self._connection, asset_id)

    def scans(self) -> list[StoredScan]:
        """Every recorded scan, oldest first."""
        with sqlite.explained(self.path), self._connection.begin():
            return read.scans(self._connection)

    def attempts(self, scan_id: str, ip: str | None = None) -> list[Attempt]:
        """What one scan asked (of one address), with the replies as they came off the wire; without observations."""
        with sqlite.explained(self.path), self._connection.begin():
            return read.attempts(self._connection, scan_id, ip)

    def sizes(self) -> Mapping[str, int]:
        """Number of rows of every table."""
        with sqlite.explained(self.path), self._connection.begin():
            return read.sizes(self._connection)
