"""What a run has found so far, on disk while it runs: after a kill or a power cut the next run continues from it.

There is one file per run beside the register, in JSON Lines, and it is only ever appended to. It holds a head that says
what the run was asked for; captured replies as ``docs/captured-replies.md`` describes them; attempts without a reply;
and now and then a mark: the addresses that were finished since the last one. Anything after the last complete line is
ignored. Nothing in the file is trusted: replies go through the parsers again, and addresses count only if they are
targets.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, field
from datetime import UTC, datetime, timedelta
from glob import escape
from pathlib import Path
from typing import Any

from camscan import system
from camscan.dataclass import dataclass
from camscan.output import explain_errors, make_folder, open_existing, write_bytes_atomically

VERSION = 2
"""Version 1 had no id, no words of the targets and no site; it can still be read."""
_READ = frozenset({1, VERSION})
STALE = timedelta(days=7)
"""A run that wrote nothing for this long is not continued: half of its report would be old."""
LONGEST_LINE = 64 * 1024 * 1024
_INFIX = ".unfinished-"
_KEPT = ".finished-"


@dataclass(frozen=True, slots=True)
class Head:
    """What the run was asked for."""

    key: str
    """Shows whether two runs ask the same: targets, exclusions, ports and site."""
    begun: datetime
    targets: tuple[str, ...] = ()
    """As typed; empty if a site or all sites were named."""
    sites: tuple[str, ...] = ()
    everything: bool = False
    """``--all``."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """The other options of the command line."""
    round: str = ""
    """For one site among several: the key of their common run."""
    recorded: tuple[str, ...] = ()
    """For several sites: the ones that are recorded already."""
    scan: str = ""
    """The id of the scan, made before its first packet; empty in version 1, and for a common run."""
    asked: tuple[str, ...] = ()
    """The targets as they were read: for a site, its networks."""
    site: str = ""
    """The site of the scan; empty if it has none."""
    version: int = VERSION

    @property
    def target_words(self) -> str:
        """What was asked for, in words."""
        if self.everything:
            return "all sites"
        return ", ".join(self.targets or self.sites)


@dataclass(frozen=True, slots=True)
class InterruptedRun:
    """A run that was interrupted."""

    path: Path
    head: Head
    touched: datetime

    def is_stale(self, now: datetime) -> bool:
        """Whether it is too old to be continued."""
        return now - self.touched > STALE


def key_of_run(*parts: object) -> str:
    """A short name for what a run asks."""
    return hashlib.sha256(json.dumps(parts, default=str, sort_keys=True).encode()).hexdigest()[:8]


def journal_place(register: str) -> Path:
    """The paths of a register's journals without their ends: beside the register, or in the user's state directory."""
    if "://" not in register:
        return Path(register)
    plain = register.rpartition("@")[2]
    return system.state_home() / "camscan" / f"register-{key_of_run(plain)}"


def path_of(place: Path, run: str) -> Path:
    """The file of one run."""
    return place.with_name(f"{place.name}{_INFIX}{run}")


def kept_path(place: Path, scan_id: str) -> Path:
    """The file in which a finished scan is kept (``--keep-journal``): the lines of a parcel, packed."""
    return place.with_name(f"{place.name}{_KEPT}{scan_id}")


def kept_scans(place: Path) -> list[Path]:
    """The files of all finished scans that are kept, oldest first: their names sort by time."""
    return sorted(place.parent.glob(f"{escape(place.name)}{_KEPT}????????-*"))


def interrupted_runs(place: Path) -> list[InterruptedRun]:
    """Every interrupted run, oldest first. A file that is not a journal is skipped."""
    found = []
    for path in place.parent.glob(f"{escape(place.name)}{_INFIX}????????"):
        with suppress(OSError, ValueError, KeyError, TypeError, RecursionError):
            with open_existing(path) as stream:
                line = stream.readline(LONGEST_LINE)
                touched = datetime.fromtimestamp(os.fstat(stream.fileno()).st_mtime, UTC)
            found.append(InterruptedRun(path, read_head(line), touched))
    return sorted(found, key=lambda each: each.head.begun)


def remember_round(place: Path, head: Head) -> None:
    """Write down which sites of a common run are recorded. A reader finds either the old list or the new one."""
    path = path_of(place, head.key)
    with explain_errors(path):
        make_folder(path.parent)
    write_bytes_atomically(path, lambda stream: stream.writelines([write_head(head)]))


def write_head(head: Head) -> bytes:
    """The first line of a journal."""
    return json.dumps({"camscan": asdict(head) | {"begun": head.begun.isoformat()}}).encode() + b"\n"


def read_head(line: bytes) -> Head:
    """What ``write_head`` wrote. Raises ValueError, KeyError or TypeError for anything else."""
    members = json.loads(line)["camscan"]
    if members["version"] not in _READ:
        raise ValueError("of another version")
    return Head(
        key=str(members["key"]),
        begun=datetime.fromisoformat(members["begun"]),
        targets=tuple(map(str, members["targets"])),
        sites=tuple(map(str, members["sites"])),
        everything=bool(members["everything"]),
        options=dict(members["options"]),
        round=str(members["round"]),
        recorded=tuple(map(str, members["recorded"])),
        scan=str(members.get("scan", "")),
        asked=tuple(map(str, members.get("asked", ()))),
        site=str(members.get("site", "")),
        version=int(members["version"]),
    )
