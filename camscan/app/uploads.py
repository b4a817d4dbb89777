"""Parcels that come in parts: kept by the SHA-256 of their file, and on the disk before the sender gets an answer."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from camscan import system
from camscan.app.resume import journal_folder
from camscan.app.workspace import Workspace
from camscan.errors import CamscanError, UsageError
from camscan.output import create_file, explain_errors, make_folder, open_existing, read_at_most
from camscan.parcel import MOST_BYTES
from camscan.parcel.seal import unseal
from camscan.store.database import Store
from camscan.store.parcels import RECORDED, REFUSED, WAITING, ArrivedParcel, Parcels

PART = 4 << 20
"""The most bytes of one part."""
_LINE = 300
MOST_BEGUN = 10
"""Parcels that one collector may have begun and not ended. Ours sends one after another."""
MOST_WAITING = 1000
"""Parcels of one collector that may wait to be recorded: more than one of three weeks without a line brings."""
ROOM, LEAST = 0.2, 0.05
"""Shares of a disk.

If less than the first is free, no new scans are asked for; less than the second, no part is taken.
"""


def folder_of(space: Workspace) -> Path:
    """The folder of a register's parcels: ``camscan.db.parcels`` beside it."""
    place = journal_folder(str(space.where))
    return place.with_name(f"{place.name}.parcels")


def has_room(folder: Path, share: float = ROOM) -> bool:
    """Whether this share of the disk is free."""
    free = free_share(folder)
    return free is not None and free >= share


def free_share(folder: Path) -> float | None:
    """The free share of the folder's disk, from 0 to 1; None if it cannot be read. The folder need not exist yet."""
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    try:
        usage = shutil.disk_usage(there)
    except OSError:
        return None
    return usage.free / usage.total if usage.total else None


def blob_path(folder: Path, digest: str) -> Path:
    """The file of a parcel with this SHA-256."""
    return folder / f"{digest}.camparcel"


@dataclass(frozen=True, slots=True)
class Upload:
    """A parcel of one collector while its parts come. It has no access to those of other collectors."""

    folder: Path
    store: Store
    key: bytes
    scan_id: str

    @property
    def _part_file(self) -> Path:
        return self.folder / f"{self.key.hex()[:16]}-{self.scan_id}.part"

    def held_bytes(self) -> int:
        """How many bytes have come."""
        try:
            return self._part_file.stat().st_size
        except OSError:
            return 0

    def why_not_begun(self) -> str:
        """Why this collector may not begin this parcel now; empty if it may, or has begun it before."""
        if self._part_file.exists():
            return ""
        if len(list(self.folder.glob(f"{self.key.hex()[:16]}-*.part"))) >= MOST_BEGUN:
            return f"this collector has begun {MOST_BEGUN} parcels and ended none of them: they go after two days"
        if Parcels(self.store).count_waiting(self.key) >= MOST_WAITING:
            return f"{MOST_WAITING:,} parcels of this collector wait to be recorded: send this one later"
        return ""

    def add(self, part: bytes, at: int | None) -> tuple[bool, int]:
        """Add a part. Returns whether it was added, and how many bytes have come: the next part begins there."""
        held = self.held_bytes()
        if at != held or not part or len(part) > PART or held + len(part) > MOST_BYTES + _LINE:
            return False, held
        with explain_errors(self._part_file):
            make_folder(self.folder)
            if not held:
                self._part_file.unlink(missing_ok=True)
                os.close(create_file(self._part_file))
            with open_existing(self._part_file, write=True) as stream:
                stream.write(part)
                os.fsync(stream.fileno())
        return True, held + len(part)

    def end(self, said: Mapping[str, Any], now: datetime) -> tuple[int, Mapping[str, Any]]:
        """Take the complete parcel.

        Returns HTTP status and answer; the status is 202 only if it is safely on the disk.
        """
        before = Parcels(self.store).of_scan(self.scan_id)
        is_here = before is not None and before.state in {RECORDED, WAITING, REFUSED}
        if before and is_here and before.key == self.key and before.blob and before.blob == said.get("sha256"):
            self._part_file.unlink(missing_ok=True)
            return 202, {"state": before.state, "why": before.why}
        try:
            with open_existing(self._part_file) as stream:
                content = read_at_most(stream, MOST_BYTES + _LINE)
        except OSError:
            return 409, {"held": 0}
        blob = hashlib.sha256(content).hexdigest()
        if blob != said.get("sha256") or len(content) != said.get("size"):
            self._part_file.unlink(missing_ok=True)
            return 400, {"error": "digest", "held": 0}
        try:
            sealed = unseal(content, "the parcel")
            if sealed.key != self.key:
                raise UsageError("the parcel: is signed by another key")
        except CamscanError as error:
            self._part_file.unlink(missing_ok=True)
            return 422, {"error": str(error)}
        if before and before.digest != sealed.digest:
            self._part_file.unlink(missing_ok=True)
            return 409, {"error": "another parcel has this id"}
        self._finish_file(blob)
        parcel = ArrivedParcel(
            scan_id=self.scan_id, digest=sealed.digest, key=self.key, arrived_at=now, state=WAITING, blob=blob
        )
        kept = Parcels(self.store).keep(parcel)
        return 202, {"state": kept.state, "why": kept.why}

    def _finish_file(self, blob: str) -> None:
        """Give the complete file its final name, and make sure that the folder is on the disk."""
        path = blob_path(self.folder, blob)
        with explain_errors(path):
            self._part_file.replace(path)
            system.flush_folder(self.folder)

    def result(self) -> Mapping[str, Any] | None:
        """The result of the parcel; None if this collector sent none with that id."""
        found = Parcels(self.store).of_scan(self.scan_id)
        if found is None or found.key != self.key:
            return None
        return {"state": found.state, "why": "" if found.state in {RECORDED, WAITING} else found.why}
