"""The catalogue of known exploited vulnerabilities (CISA KEV), imported from a file: nothing is fetched."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from camscan import system
from camscan.dataclass import dataclass
from camscan.errors import UsageError
from camscan.output import explain_errors, make_folder, write_atomically

LARGEST = 64 * 1024 * 1024
"""Bytes of a KEV catalogue that are read; the published one has about 2 MB."""


CVE = re.compile(r"CVE-\d{4}-\d{4,}")


@dataclass(frozen=True, slots=True)
class Flag:
    """An entry of the catalogue of known exploited vulnerabilities."""

    added: date
    due: date | None = None
    """Until when United States agencies had to mend it."""


def data_directory() -> Path:
    """Where camscan keeps what a user imported: ``$XDG_DATA_HOME/camscan``, or ``camscan`` in ``%LOCALAPPDATA%``."""
    return system.data_home() / "camscan"


def catalogue_file() -> Path:
    """Where imported flags are kept."""
    return data_directory() / "kev.json"


def read_catalogue(path: Path) -> tuple[str, dict[str, Flag]]:
    """Version and flags of a KEV catalogue as CISA publishes it (JSON). Raises UsageError, one line."""
    try:
        with path.open("rb") as stream:
            content = stream.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise UsageError(f"{path}: larger than {LARGEST >> 20} MB; is this the KEV catalogue?")
        root = json.loads(content)
        version = root["catalogVersion"]
        if not isinstance(version, str) or not version.isprintable():
            raise UsageError(f"{path}: not a KEV catalogue: 'catalogVersion' is not text")
        return version, dict(_read_published(entry) for entry in root["vulnerabilities"])
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {system.why_not_read(error, path)}") from error
    except RecursionError as error:
        raise UsageError(f"{path}: not a KEV catalogue: nested too deep") from error
    except KeyError as error:
        raise UsageError(f"{path}: not a KEV catalogue: {error} is missing") from error
    except (TypeError, ValueError) as error:
        raise UsageError(f"{path}: not a KEV catalogue; name the JSON file that CISA publishes ({error})") from error


def _read_published(entry: Mapping[str, Any]) -> tuple[str, Flag]:
    name, added, due = entry["cveID"], entry["dateAdded"], entry.get("dueDate")
    if not isinstance(name, str) or not CVE.fullmatch(name):
        raise ValueError(f"'{str(name)[:40]}' is not a CVE number")
    return name, Flag(date.fromisoformat(added), date.fromisoformat(due) if due else None)


def store_catalogue(version: str, flags: Mapping[str, Flag], path: Path) -> None:
    """Keep the flags, whole or not at all. Raises OutputError."""
    kept = {name: [flag.added.isoformat(), flag.due.isoformat() if flag.due else ""] for name, flag in flags.items()}
    with explain_errors(path):
        make_folder(path.parent)
    write_atomically(path, lambda stream: json.dump({"version": version, "flags": kept}, stream))


def stored_flags(path: Path) -> dict[str, Flag]:
    """The flags that were kept; none where no catalogue was imported. Raises UsageError if the file is damaged."""
    try:
        root = json.loads(path.read_bytes())
        return {
            name: Flag(date.fromisoformat(added), date.fromisoformat(due) if due else None)
            for name, (added, due) in root["flags"].items()
        }
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise UsageError(f"{path}: damaged; import the catalogue again: camscan kev import FILE") from error
