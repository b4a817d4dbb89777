"""The folder of a collector: its key, its state, its own register, and its parcels."""

from __future__ import annotations

import contextlib
import errno
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from camscan.config.collector import CollectorFile, read_collector
from camscan.errors import OutputError
from camscan.output import explain_errors, make_folder, open_existing, write_bytes_atomically
from camscan.parcel.client import Centre
from camscan.parcel.keys import key_words, own_key, public_key_of

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_RESERVE = 64 << 10
"""Bytes that are reserved for a full disk: no request leaves before its number is on the disk."""
_LARGEST_STATE = 16 << 20
"""Bytes that are read of the state: a thousand scans a day of a thousand sites take 12 MB."""


@dataclass(frozen=True, slots=True)
class Place:
    """The folder of a collector: that of its collector.yaml."""

    file: CollectorFile

    @property
    def folder(self) -> Path:
        """The folder with the collector's key, state, register and spool."""
        return self.file.path.parent / "collector"

    @property
    def register(self) -> Path:
        """The collector's own register, which remains useful at the site."""
        return self.folder / "camscan.db"

    @property
    def spool(self) -> Path:
        """The folder of parcels that the centre does not have yet."""
        return self.folder / "spool"

    @property
    def sent(self) -> Path:
        """The folder of parcels that the centre has."""
        return self.folder / "sent"

    @property
    def refused(self) -> Path:
        """The folder of parcels that the centre refused."""
        return self.folder / "refused"

    @property
    def reserve(self) -> Path:
        """A file of zeros, which is deleted when the disk is full."""
        return self.folder / "reserve"

    def key(self) -> Any:
        """Its private key, made when it is first needed."""
        return own_key(self.folder / "key.pem")[0]

    def words(self) -> str:
        """Its public key as six words."""
        return key_words(public_key_of(self.key()))

    def state(self) -> dict[str, Any]:
        """Read the stored state. Raises OutputError if it cannot be read."""
        path = self.folder / "state.json"
        try:
            with open_existing(path) as stream:
                found = json.loads(stream.read(_LARGEST_STATE))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise OutputError(f"{path}: cannot be read; remove it, and enrol this collector again") from error
        return found if isinstance(found, dict) else {}

    def remember(self, **members: Any) -> None:
        """Store these members in the state. They are on the disk when this returns.

        On a full disk, files that are not needed are deleted first.
        """
        with explain_errors(self.folder):
            make_folder(self.folder)
        content = json.dumps(self.state() | members).encode()
        try:
            self._write("state.json", content)
        except OutputError as error:
            if not (is_full(error) and self.make_room()):
                raise
            self._write("state.json", content)

    def next_counter(self) -> int:
        """The number of the next request: higher than any before, and stored before it is used."""
        number = int(self.state().get("counter", 0)) + 1
        self.remember(counter=number)
        return number

    def centre(self) -> Centre:
        """The centre of this collector."""
        return Centre(self.file.centre, self.key(), self.next_counter, self.file.ca_file)

    def keep_reserve(self) -> None:
        """Reserve some room for the day on which the disk is full, if there is room now."""
        if not self.reserve.exists():
            with contextlib.suppress(OutputError):
                self._write("reserve", bytes(_RESERVE))

    def make_room(self) -> bool:
        """Delete the reserve, and parcels that the centre has. Returns whether there was anything to delete."""
        found = [path for path in (self.reserve, *self.sent.glob("*.camparcel")) if path.exists()]
        for path in found:
            path.unlink(missing_ok=True)
        return bool(found)

    def _write(self, name: str, content: bytes) -> None:
        write_bytes_atomically(self.folder / name, lambda stream: stream.writelines([content]))


def read_place(path: Path) -> Place:
    """The collector of this collector.yaml. Raises ConfigError."""
    return Place(read_collector(path))


def is_full(error: OutputError) -> bool:
    """Whether an error was raised because a disk is full."""
    return isinstance(error.__cause__, OSError) and error.__cause__.errno in _FULL
