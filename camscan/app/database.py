"""The fingerprint database: proved by its examples, and updated from files that somebody fetched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from camscan import system, vulnerabilities
from camscan.errors import OutputError, UsageError
from camscan.fingerprints import Database, Problem, load_database, naming, registry
from camscan.fingerprints import check_database as check_fingerprints
from camscan.fingerprints.registry import BadRow, Block, SortedBlocks, prefix_with_colons
from camscan.output import explain_errors, make_folder, open_existing, write_atomically
from camscan.policies import proof
from camscan.vulnerabilities import assess
from camscan.vulnerabilities.kev import catalogue_file, data_directory, read_catalogue, store_catalogue
from camscan.vulnerabilities.read import Weakness

__all__ = [
    "BlocksImport",
    "FlagsImport",
    "Proof",
    "check_database",
    "compare_blocks",
    "import_flags",
    "prefix_with_colons",
    "write_blocks",
]
MARK = "# Written by camscan oui import"
"""The first line of a file that an import may replace."""


# ── proof ────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Proof:
    """The result of trying the database on its examples."""

    problems: Sequence[Problem]
    database: Database | None
    """The database; None if there are problems."""

    @property
    def example_count(self) -> int:
        """How many examples and counterexamples there are."""
        entries = self.database.entries if self.database else ()
        return sum(len(entry.examples) + len(entry.counterexamples) for entry in entries)

    @property
    def describe_freshness(self) -> str:
        """A sentence about the age of the table of MAC address blocks."""
        return (
            registry.describe_freshness(datetime.now(UTC).date(), self.database.directories[0]) if self.database else ""
        )


def check_database(overlays: Sequence[Path] = ()) -> Proof:
    """Try every fingerprint, vulnerability, model number, name of an organisation and policy on its own examples."""
    problems = (
        check_fingerprints(overlays)
        + assess.check_weaknesses(overlays)
        + naming.check_grammars(overlays)
        + proof.check_policies(overlays)
    )
    problems += [] if problems else registry.check_organisations(load_database(overlays), overlays)
    return Proof(problems, None if problems else load_database(overlays))


# ── blocks of MAC addresses ──────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class BlocksImport:
    """The contents of the registry's files, compared with the database."""

    files: Sequence[Path]
    database: Database
    blocks: Sequence[Block]
    bad: Sequence[tuple[Path, BadRow]]
    """Rows that could not be read."""
    found: SortedBlocks

    @property
    def new_prefix_count(self) -> int:
        """How many prefixes are new."""
        return sum(map(len, self.found.fresh.values()))


def compare_blocks(files: Sequence[Path], overlays: Sequence[Path] = ()) -> BlocksImport:
    """Read the registry's files, all at once; nothing is written. Raises UsageError for one that cannot be read."""
    database = load_database(overlays)
    blocks: list[Block] = []
    bad: list[tuple[Path, BadRow]] = []
    for file in files:
        try:
            with file.open(encoding="utf-8", errors="replace", newline="") as stream:
                for item in registry.read_blocks(stream, str(file)):
                    if isinstance(item, BadRow):
                        bad.append((file, item))
                    else:
                        blocks.append(item)
        except OSError as error:
            raise UsageError(f"{file}: cannot be read: {system.why_not_read(error, Path(file))}") from error
    return BlocksImport(
        files, database, blocks, bad, registry.sort_blocks(blocks, registry.load_organisations(overlays), database)
    )


def write_blocks(work: BlocksImport, directory: Path | None = None) -> Path:
    """Write the new prefixes into oui.yaml, in a separate directory. Returns the file.

    Replaces an earlier import. Raises UsageError instead of replacing a file that a person wrote.
    """
    target = (directory or data_directory() / "fingerprints") / "oui.yaml"
    names = ", ".join(file.name for file in work.files)
    remark = f"{MARK} on {datetime.now(UTC):%Y-%m-%d} from {names}; the next import replaces it."
    text = "\n".join(registry.write_overlay(work.found, work.database, remark)) + "\n"
    try:
        with open_existing(target) as stream:
            is_import = stream.read(len(MARK.encode())) == MARK.encode()
    except FileNotFoundError:
        is_import = True
    except OSError as error:
        raise OutputError(f"{target}: cannot be written: {system.why_not_read(error, target)}") from error
    if not is_import:
        raise UsageError(f"{target}: was not written by an import; name another folder with --to")
    with explain_errors(target):
        make_folder(target.parent)
    write_atomically(target, lambda stream: stream.writelines([text]))
    return target


# ── exploited vulnerabilities ────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class FlagsImport:
    """The result of comparing a catalogue of exploited vulnerabilities with those that camscan knows."""

    version: str
    entries: int
    known: Sequence[Weakness]
    file: Path
    """The file in which the flags are kept."""


def import_flags(file: Path) -> FlagsImport:
    """Read the flags from a published catalogue, and replace those of the last import."""
    version, flags = read_catalogue(file)
    kept = catalogue_file()
    store_catalogue(version, flags, kept)
    return FlagsImport(version, len(flags), vulnerabilities.load_weaknesses(catalogue=kept).entries, kept)
