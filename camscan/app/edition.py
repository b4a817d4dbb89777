"""By what devices are judged, as one hash: with another, whatever was judged before is judged anew."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from camscan.config import Config
from camscan.fingerprints.place import built_in_folder
from camscan.version import __version__
from camscan.vulnerabilities.kev import catalogue_file

__all__ = ["files_mark", "settings_hash"]

EDITION = 10
"""To be raised with every change to what a line says, or to how devices are judged: registers then make lines anew."""
TABLES = ("makers.yaml", "ownership.yaml", "weaknesses.yaml", "vocabulary.yaml", "policies/*.yaml")
"""The files of the fingerprint database by which devices are judged."""


def settings_hash(settings: Config) -> str:
    """A hash of everything but the register and the day that decides what a line says and what is counted."""
    known = f"{EDITION} {__version__} {settings.planning!r} {settings.sites!r}"
    found = hashlib.blake2b(known.encode("utf-8", "surrogatepass"), digest_size=16)
    for path in _settings_files(settings):
        content = path.read_bytes() if path.is_file() else b""
        found.update(f"{path.name} {len(content)} ".encode("utf-8", "surrogateescape"))
        found.update(content)
    return found.hexdigest()


def files_mark(settings: Config) -> tuple[tuple[str, int, int], ...]:
    """What these files look like, without reading them: while it stays the same, so does ``settings_hash``."""
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
