"""The files of the IEEE registry, and the names under which camera makers own blocks (``organisations.yaml``)."""

from __future__ import annotations

import csv
import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import re2

from camscan.errors import ConfigError, UsageError
from camscan.fingerprints.conditions import read_condition
from camscan.fingerprints.database import Database
from camscan.fingerprints.entry import Problem
from camscan.fingerprints.place import built_in_folder
from camscan.strict_yaml import Node, load_yaml, require_member

FILE = "organisations.yaml"
HEADING = ("Registry", "Assignment", "Organization Name", "Organization Address")
LENGTHS = {"MA-L": 6, "MA-M": 7, "MA-S": 9, "IAB": 9}
"""Registry -> hexadecimal digits of its assignments."""
COMPANY_IDS = "CID"
"""The registry of identifiers with which no address of a unit begins."""
DAY = "oui.day"
"""File beside ``oui.yaml`` with the day of the registry with which the table was last compared."""
STALE_DAYS = 180
"""Age in days from which the table should be compared again: the two groups got four new blocks in half a year."""

_MANUF = re.compile(r"([0-9A-F]{2}(?:[:-][0-9A-F]{2}){2,5})(?:/(24|28|36))?\s+\S.*?(?:\t\s*(\S.*))?")
"""A line of Wireshark's ``manuf``: prefix, short name, full name as registered."""

_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Block:
    """One assignment of the registry."""

    prefix: str
    """6, 7 or 9 lower-case hexadecimal digits."""
    name: str


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that is not an assignment."""

    line: int
    why: str


@dataclass(frozen=True, slots=True)
class Organisation:
    """Names of organisations whose blocks belong to one section of ``oui.yaml``."""

    section: str
    name: str
    """RE2 pattern."""
    examples: tuple[str, ...]
    counterexamples: tuple[str, ...]
    file: str
    line: int
    take: bool = True
    """Whether its new blocks are added; otherwise only the known ones belong to its section."""

    def fits_name(self, name: str) -> bool:
        """Whether the pattern matches the name of an organisation."""
        return re2.search(self.name, _plain_name(name)) is not None


@dataclass(slots=True)
class SortedBlocks:
    """The blocks of a registry, sorted by what they mean for a database."""

    fresh: dict[str, list[str]] = field(default_factory=dict)
    """Section -> prefixes that the database does not know yet."""
    known: int = 0
    """How many blocks of camera makers it knows."""
    different: list[tuple[str, str, str]] = field(default_factory=list)
    """Prefix, the database's section and the registry's name, if the two disagree."""
    others: int = 0
    """How many blocks belong to organisations that no rule names."""


def read_blocks(lines: Iterable[str], file: str) -> Iterator[Block | BadRow]:
    """The assignments in a file of the registry, or in Wireshark's (``manuf``).

    Raises UsageError if it is another kind of file.
    """
    given = iter(lines)
    first = next(given, "")
    lines = itertools.chain([first], given)
    return _read_wireshark(lines) if first.startswith("#") or _MANUF.match(first) else _read_published(lines, file)


def _read_wireshark(lines: Iterable[str]) -> Iterator[Block | BadRow]:
    """Blocks of the three lengths of the registry; well-known single addresses are skipped."""
    for number, line in enumerate(lines, start=1):
        text = line.partition("#")[0].strip()
        found = _MANUF.fullmatch(text)
        if found:
            digits = re.sub("[:-]", "", found[1]).lower()[: int(found[2] or 24) // 4]
            yield Block(digits, found[3] or text.split()[-1])
        elif text and "/" not in text.split()[0]:
            yield BadRow(number, f"'{text[:_SHOWN]}' is not a block of Wireshark's manuf")


def _read_published(lines: Iterable[str], file: str) -> Iterator[Block | BadRow]:
    rows = csv.reader(lines)
    try:
        heading = next(rows, [])
    except csv.Error as error:
        raise UsageError(f"{file}:1: not a file of the IEEE registry: {error}") from error
    if tuple(text.strip().lstrip("\ufeff") for text in heading) != HEADING:
        raise UsageError(f"{file}:1: not a file of the IEEE registry: its first line is {','.join(HEADING)}")
    while True:
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            yield BadRow(rows.line_num, str(error))
            continue
        if row and row[0].strip() != COMPANY_IDS:
            yield _read_block(row, rows.line_num)


def _read_block(row: Sequence[str], line: int) -> Block | BadRow:
    if len(row) < len(HEADING) - 1:
        return BadRow(line, f"{len(row)} columns, expected {len(HEADING)}")
    registry, assignment, name = (text.strip() for text in row[:3])
    length = LENGTHS.get(registry)
    if length is None:
        return BadRow(
            line, f"unknown registry '{registry[:_SHOWN]}'; the registries are {', '.join(LENGTHS)} and {COMPANY_IDS}"
        )
    if not re.fullmatch(rf"[0-9A-Fa-f]{{{length}}}", assignment):
        return BadRow(line, f"'{assignment[:_SHOWN]}' is not an assignment of {registry}: {length} hexadecimal digits")
    if not name:
        return BadRow(line, f"{assignment} has no organisation")
    return Block(assignment.lower(), name)


def sort_blocks(blocks: Iterable[Block], organisations: Sequence[Organisation], database: Database) -> SortedBlocks:
    """Sort the blocks: which are new to the database, which it knows, and on which it and the registry disagree."""
    found = SortedBlocks()
    # One pattern of all names rejects nearly all others at once: the registry has 57,000 blocks.
    anyone = re2.compile("|".join(f"(?:{each.name})" for each in organisations) or "$.")
    for block in dict.fromkeys(blocks):
        meant = _find_organisation(block.name, organisations) if anyone.search(_plain_name(block.name)) else None
        own = database.prefixes.get(block.prefix, "")
        if own and meant and meant.section == own:
            found.known += 1
        elif own:
            found.different.append((block.prefix, own, block.name))
        elif meant and meant.take:
            found.fresh.setdefault(meant.section, []).append(block.prefix)
        else:
            found.others += 1
    return found


def _find_organisation(name: str, organisations: Sequence[Organisation]) -> Organisation | None:
    return next((each for each in organisations if each.fits_name(name)), None)


def _plain_name(name: str) -> str:
    return " ".join(name.split()).encode(errors="replace").decode()


def write_overlay(found: SortedBlocks, database: Database, remark: str) -> Iterator[str]:
    """The lines of an ``oui.yaml`` with the new prefixes; each section claims the same as in the database."""
    yield remark
    for name in sorted(found.fresh):
        section = database.sections[name]
        claims = ", ".join(f"{key}: {_quote_text(text)}" for key, text in section.then)
        yield ""
        yield f"- id: oui.imported.{name.removeprefix('oui.')}"
        yield f"  then: {{{claims}}}"
        yield f"  certainty: {section.certainty}"
        yield "  source: IEEE registry"
        yield "  prefixes:"
        yield from (f"    - '{prefix_with_colons(prefix)}'" for prefix in sorted(found.fresh[name]))


def _quote_text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def prefix_with_colons(digits: str) -> str:
    """A prefix as it is written: ``aa:bb:cc``, ``aa:bb:cc:d``, ``aa:bb:cc:dd:e``."""
    return ":".join(digits[at : at + 2] for at in range(0, len(digits), 2))


def registry_day(directory: Path | None = None) -> date | None:
    """The day of the registry with which the built-in table was last compared; None if the database has none."""
    path = (directory or built_in_folder()) / DAY
    try:
        return date.fromisoformat(path.read_text(encoding="ascii").strip())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise ConfigError("expected one date, such as 2026-03-31", str(path), 1) from error


def describe_freshness(today: date, directory: Path | None = None) -> str:
    """One line with the age of the built-in table of MAC address blocks, and with advice if it is old."""
    day = registry_day(directory)
    if day is None:
        return "MAC address blocks: nothing says how old the table is"
    days = (today - day).days
    line = f"MAC address blocks: as registered on {day}, {days} day{'s' * (days != 1)} ago"
    return line if days <= STALE_DAYS else f"{line}; take newer ones with 'camscan oui import'"


def load_organisations(overlays: Sequence[Path] = (), *, base: Path | None = None) -> tuple[Organisation, ...]:
    """Every rule, the user's own before the built-in ones. Raises ConfigError with file and line."""
    found: list[Organisation] = []
    for directory in (*reversed(overlays), base or built_in_folder()):
        if (directory / FILE).is_file():
            found += [_read_organisation(node) for node in load_yaml(directory / FILE).items()]
    return tuple(found)


def _read_organisation(node: Node) -> Organisation:
    members = node.only("section", "name", "take", "source", "examples", "counterexamples")
    section, name, _ = (require_member(node, members, key) for key in ("section", "name", "source"))
    condition = read_condition(name)
    if condition.operator != "pattern":
        raise name.error("expected a pattern that begins with '^'")
    take = members["take"].text() if "take" in members else "yes"
    if take not in {"yes", "no"}:
        raise members["take"].error(f"take is yes or no, found '{take}'")
    examples, counterexamples = (require_member(node, members, key) for key in ("examples", "counterexamples"))
    for each in (examples, counterexamples):
        if not each.items():
            raise each.error("at least one is needed")
    return Organisation(
        section=section.text(),
        name=condition.text,
        examples=tuple(item.text() for item in examples.items()),
        counterexamples=tuple(item.text() for item in counterexamples.items()),
        file=node.file,
        line=node.line,
        take=take == "yes",
    )


def check_organisations(
    database: Database, overlays: Sequence[Path] = (), *, base: Path | None = None
) -> list[Problem]:
    """Rules that cannot be read, sections that do not exist, and examples that are wrong."""
    try:
        organisations = load_organisations(overlays, base=base)
    except ConfigError as error:
        return [Problem.from_error(error)]
    return [problem for each in organisations for problem in _check_organisation(each, organisations, database)]


def _check_organisation(
    each: Organisation, organisations: Sequence[Organisation], database: Database
) -> Iterator[Problem]:
    if each.section not in database.sections:
        yield Problem(each.file, each.line, each.section, "there is no such section in oui.yaml")
    for name in each.examples:
        first = _find_organisation(name, organisations)
        if first is not each:
            told = f"is taken by {first.section}" if first else "does not fit"
            yield Problem(each.file, each.line, each.section, f"the example '{name}' {told}")
    for name in each.counterexamples:
        if each.fits_name(name):
            yield Problem(each.file, each.line, each.section, f"the counterexample '{name}' fits, and must not")
