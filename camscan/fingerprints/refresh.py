"""``python -m camscan.fingerprints.refresh FILE``: updates the built-in ``oui.yaml``, for maintainers.

FILE is Wireshark's ``manuf``, or a Python package (``.whl``) that contains it. Only that file of a package is read.
"""

from __future__ import annotations

import re
import sys
import textwrap
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from camscan.errors import ConfigError, UsageError
from camscan.fingerprints import registry
from camscan.fingerprints.database import Database, load_database
from camscan.fingerprints.place import built_in_folder

_TABLE = "manuf"
_WIDTH = 118


def read_table(path: Path) -> tuple[list[str], date]:
    """The lines of the table, and its day. Raises UsageError if there is none."""
    try:
        if not zipfile.is_zipfile(path):
            day = datetime.fromtimestamp(path.stat().st_mtime, UTC).date()
            return path.read_text(encoding="utf-8", errors="replace").splitlines(), day
        with zipfile.ZipFile(path) as package:
            found = next((one for one in package.infolist() if one.filename.rpartition("/")[2] == _TABLE), None)
            if found is None:
                raise UsageError(f"{path}: the package holds no file called {_TABLE}")
            lines = package.read(found).decode(errors="replace").splitlines()
            return lines, date(*found.date_time[:3])
    except (OSError, zipfile.BadZipFile) as error:
        raise UsageError(f"{path}: cannot be read: {error}") from error


def renew_table(text: str, fresh: Mapping[str, Sequence[str]]) -> str:
    """``oui.yaml`` with the new prefixes (section -> hexadecimal digits) in their sections, in order."""
    for section, digits in fresh.items():
        place = re.compile(rf"(?ms)^- id: {re.escape(section)}\n(?:(?!^- id:).)*?^  prefixes:\n    (\[.*?\])\n")
        found = place.search(text)
        if found is None:
            raise ConfigError(f"oui.yaml: no list of prefixes in section {section}")
        known = re.findall(r"'([0-9a-f:]+)'", found[1])
        words = ", ".join(f"'{prefix}'" for prefix in sorted({*known, *map(registry.prefix_with_colons, digits)}))
        lines = textwrap.wrap(f"[{words}]", _WIDTH - 4, subsequent_indent=" ", break_on_hyphens=False)
        text = text[: found.start(1)] + "\n    ".join(lines) + text[found.end(1) :]
    return text


def vanished_prefixes(blocks: Iterable[registry.Block], database: Database) -> list[str]:
    """Prefixes of the table that the registry does not have: a block was given back, or there is a mistake."""
    return sorted({*database.prefixes} - {block.prefix for block in blocks})


def main(arguments: Sequence[str]) -> int:
    """Write the new prefixes, and print the differences. Returns 0 whenever the files could be compared."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m camscan.fingerprints.refresh FILE\n")
        return 2
    lines, day = read_table(Path(arguments[0]))
    blocks = [one for one in registry.read_blocks(lines, arguments[0]) if isinstance(one, registry.Block)]
    directory, database = built_in_folder(), load_database()
    found = registry.sort_blocks(blocks, registry.load_organisations(), database)
    path = directory / "oui.yaml"
    path.write_text(renew_table(path.read_text(encoding="utf-8"), found.fresh), encoding="utf-8")
    (directory / registry.DAY).write_text(f"{day}\n", encoding="ascii")
    sys.stdout.write(f"{len(blocks)} blocks as registered on {day}: {found.known} are in oui.yaml\n")
    for section, prefixes in sorted(found.fresh.items()):
        sys.stdout.write(f"new in {section}: {', '.join(map(registry.prefix_with_colons, sorted(prefixes)))}\n")
    for prefix, section, name in found.different:
        sys.stdout.write(
            f"differs, left to you: {registry.prefix_with_colons(prefix)} is {section}, registered to '{name}'\n"
        )
    for prefix in vanished_prefixes(blocks, database):
        sys.stdout.write(f"not registered: {registry.prefix_with_colons(prefix)} of {database.prefixes[prefix]}\n")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (UsageError, ConfigError) as problem:
        sys.exit(f"camscan: {problem}")
