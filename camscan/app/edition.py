"""A hash of everything by which devices are judged: if it changes, all devices are judged again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from camscan.config import Config
from camscan.fingerprints.place import built_in_folder
from camscan.version import __version__
from camscan.vulnerabilities.kev import catalogue_file

__all__ = ["files_mark", "settings_hash"]

EDITION = 13
"""To be raised with every change to a line of the listing, or to how devices are judged.

Registers then make lines again.
"""
TABLES = ("makers.yaml", "oem.yaml", "ownership.yaml", "weaknesses.yaml", "vocabulary.yaml", "policies/*.yaml")
"""The files of the fingerprint database by which devices are judged."""


def settings_hash(settings: Config) -> str:
    """A hash of everything that decides what a line says and what is counted, except the register and the day."""
    known = f"{EDITION} {__version__} {settings.planning!r} {settings.sites!r}"
    found = hashlib.blake2b(known.encode("utf-8", "surrogatepass"), digest_size=16)
    for path in _settings_files(settings):
        content = path.read_bytes() if path.is_file() else b""
        found.update(f"{path.name} {len(content)} ".encode("utf-8", "surrogateescape"))
        found.update(content)
    return found.hexdigest()


def files_mark(settings: Config) -> tuple[tuple[str, int, int], ...]:
    """Name, size and time of these files, without reading them: while they stay the same, so does ``settings_hash``."""
    found = []
    for path in _settings_files(settings):
        try:
            status = path.stat()
        except OSError:
            found.append((str(path), 0, 0))
        else:
            found.append((str(path), status.st_mtime_ns, status.st_size))
    return tuple(found)


def _settings_files(settings: Config) -> Iterator[Path]:
    for directory in (built_in_folder(), *settings.overlays):
        for name in TABLES:
            yield from sorted(directory.glob(name))
    yield catalogue_file()
