"""Files of other systems about devices: they are read, and entered into the register or only shown."""

from __future__ import annotations

import io
import os
import re
import stat
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from camscan import system
from camscan.app.listing_lines import make_lister
from camscan.app.workspace import Workspace
from camscan.config import Config
from camscan.dates import moment_text, read_day
from camscan.errors import OptionError, UsageError
from camscan.fingerprints import Database
from camscan.identify import merge_attempts
from camscan.ingest import sources
from camscan.ingest.gather import STANDARD_INPUT, Findings
from camscan.ingest.source import Source, open_document
from camscan.model import Completion, Coverage, Device, Report
from camscan.probes import UNSOLICITED
from camscan.register import RecordedList, Register, open_register
from camscan.report import make_report

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_CLOCKS = timedelta(hours=1)
"""How far the clocks of two machines may differ."""
_ADDRESS_ONLY = frozenset({"mac", "dhcp"})
"""Protocols that show that a device is at an address, and hardly which."""
_TIME = re.compile(r"(?P<day>\S.*?)[ T]+(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::\d\d)?")


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file of another system, opened."""

    name: str
    """The name that the person gave it; ``standard input`` for ``-``."""
    stream: BinaryIO
    as_of: datetime
    """When it was written, as far as that is known; UTC."""
    says_when: str
    """Where that date comes from, in words that end a sentence: ``the file's own date``."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """The contents of the files of one source."""

    source: Source
    report: Report
    entries: int
    left_out: dict[str, int]
    """Reason -> how many entries were left out."""
    problems: tuple[str, ...]
    """Broken parts, one line each."""
    files: tuple[str, ...]
    """A line for each file: its format, and its date."""


def parse_moment(text: str, now: datetime) -> datetime:
    """Read a time as people write it, by the clock of this machine if it names no zone. Raises OptionError.

    A day alone means its noon.
    """
    words = text.strip()
    try:
        found = _parse_moment(words)
    except (ValueError, OverflowError):
        raise OptionError(f"'{text}' is not a time; write it as 2026-05-12 or '2026-05-12 14:30'") from None
    if found > now + _CLOCKS:
        raise OptionError(f"'{text}' is in the future; name the date on which the file was written")
    return found


def _parse_moment(words: str) -> datetime:
    try:
        return datetime.fromisoformat(words).astimezone(UTC) if "T" in words or ":" in words else _noon_of(words)
    except ValueError:
        match = _TIME.fullmatch(words)
        if match is None:
            return _noon_of(words)
        day = read_day(match["day"])
        return datetime(day.year, day.month, day.day, int(match["hour"]), int(match["minute"])).astimezone(UTC)


def _noon_of(words: str) -> datetime:
    day = read_day(words)
    return datetime(day.year, day.month, day.day, 12).astimezone(UTC)


class _Raw(io.FileIO):
    """A file whose read errors name it: a network share or a stick may disappear while it is read."""

    def readinto(self, buffer: WriteableBuffer, /) -> int | None:
        """Read as many bytes as there are. Raises UsageError if there is an error."""
        try:
            return super().readinto(buffer)
        except OSError as error:
            raise UsageError(f"{self.name}: cannot be read to its end: {error.strerror}") from error


def open_files(names: Sequence[str], as_of: datetime | None, now: datetime, piped: BinaryIO) -> Iterator[SourceFile]:
    """Open each file with its date: the one that a person gave, or the file's own, or now.

    ``-`` is ``piped``. Raises UsageError for a file that cannot be read, or that has no end.
    """
    if names.count("-") > 1:
        raise UsageError("'-' may be given only once: standard input can be read only once")
    for name in names:
        if name == "-":
            when, says = (as_of, "as you say") if as_of else (now, "now; --as-of says another time")
            yield SourceFile(STANDARD_INPUT, piped, when, says)
            continue
        try:
            stream = io.BufferedReader(_Raw(name))  # the reader closes it
            status = os.fstat(stream.fileno())
        except FileNotFoundError:
            raise UsageError(f"{name}: there is no such file; check the name and the folder") from None
        except OSError as error:
            raise UsageError(f"{name}: cannot be read: {system.why_not_read(error, Path(name))}") from error
        if stat.S_ISCHR(status.st_mode) or stat.S_ISBLK(status.st_mode):
            stream.close()
            raise UsageError(f"{name}: cannot be read: it is a device of this computer, not a file")
        changed = datetime.fromtimestamp(status.st_mtime, UTC)
        own = (min(changed, now), "the date of the file; --as-of says another")
        yield SourceFile(name, stream, *((as_of, "as you say") if as_of else own))


def read_content(
    source: Source,
    name: str,
    content: bytes,
    space: Workspace,
    database: Database,
    *,
    site: str = "",
    as_of: datetime | None = None,
    everything: bool = False,
) -> Evidence:
    """Read one file that somebody sent, given as bytes; otherwise like :func:`read_evidence`."""
    now = datetime.now(UTC)
    when, says = (as_of, "as you say") if as_of else (now, "when it was sent")
    return read_evidence(
        *(source, [SourceFile(name, io.BytesIO(content), when, says)]),
        form="",
        site=space.settings.site(site).name if site else "",
        database=database,
        started_at=now,
        config=space.settings,
        everything=everything,
    )


def read_evidence(
    source: Source,
    files: Iterable[SourceFile],
    *,
    form: str,
    site: str,
    database: Database,
    started_at: datetime,
    config: Config,
    everything: bool = False,
) -> Evidence:
    """Read the files, and close each. Raises UsageError for one of an unknown format.

    With ``everything``, a capture also gives devices that only have an address.
    """
    gathered = Findings(source, zones_of(config, site))
    networks = tuple(str(network) for network in config.scope_networks())
    names = []
    lines = []
    for file in files:
        with file.stream:
            document = open_document(
                *(source, file.name, file.stream, file.as_of), form=form, networks=networks, others=all_sources
            )
            title = document.form.title if document.form else ""
            lines.append(f"{file.name}: {title}; as of {moment_text(file.as_of)} ({file.says_when})")
            names.append(file.name)
            gathered.read_document(document)
    return evidence_of(
        gathered, names, lines, site=site, database=database, started_at=started_at, everything=everything
    )


def zones_of(config: Config, site: str) -> dict[str, str]:
    """VLAN -> the kind of its network, at a site of camscan.yaml; without VLANs whose subnets have different kinds."""
    subnets = config.site(site).subnets if site else ()
    kinds = {subnet.vlan: set[str]() for subnet in subnets if subnet.vlan}
    for subnet in subnets:
        if subnet.vlan:
            kinds[subnet.vlan].add(subnet.network_zone or config.site(site).place.network_zone)
    return {vlan: kind for vlan, found in kinds.items() if len(found) == 1 for kind in found if kind}


def evidence_of(
    gathered: Findings,
    names: Sequence[str],
    lines: Sequence[str],
    *,
    site: str,
    database: Database,
    started_at: datetime,
    everything: bool = False,
) -> Evidence:
    """Make a report of what was gathered.

    ``names`` are its files or the systems that were asked, ``lines`` one for each.
    """
    report = _make_report(gathered, names, site, database, started_at, everything=everything)
    return Evidence(
        gathered.source,
        report,
        gathered.entries,
        dict(gathered.left_out.most_common()),
        tuple(gathered.broken_part_lines()),
        tuple(lines),
    )


def _make_report(
    gathered: Findings, names: Sequence[str], site: str, database: Database, started_at: datetime, *, everything: bool
) -> Report:
    listing = gathered.source.is_listing
    if listing:
        found = list(gathered.devices(database))
        devices = [device for device, _ in found]
        attempts = [attempt for _, own in found for attempt in own]
    else:
        attempts = gathered.attempts
        devices = [each for each in merge_attempts(attempts, database) if everything or _has_spoken(each)]
        if silent := len({attempt.ip for attempt in attempts} - {ip for each in devices for ip in each.ip_addresses}):
            gathered.left_out["addresses of which nothing but ARP or DHCP could be read"] = silent
    addresses = {ip for device in devices for ip in device.ip_addresses}
    coverage = Coverage(
        addresses=len(addresses),
        answered=0 if listing else len(addresses),
        refused=0,
        silent=0,
        unreachable=0,
        not_tried=0,
        notes=gathered.notes,
        is_search=False,
        is_listing=listing,
    )
    # If devices describe themselves in a file, it is a sighting at the time of the file.
    oldest, newest = (started_at, started_at) if listing else (gathered.oldest, gathered.newest)
    return make_report(
        attempts,
        devices,
        database,
        coverage,
        started_at=oldest or started_at,
        finished_at=newest or started_at,
        completion=Completion.PARTIAL if gathered.broken_count else Completion.COMPLETE,
        targets=tuple(names),
        site=site,
    )


def _has_spoken(device: Device) -> bool:
    """Whether a device in a capture sent anything, or has the MAC address of a camera maker.

    An office has other devices.
    """
    spoke = any(
        observation.probe not in _ADDRESS_ONLY and observation.key != UNSOLICITED for observation in device.observations
    )
    found = device.identification
    return spoke or found.maker is not None or found.is_camera_system is True


def rehearse_import(evidence: Evidence, space: Workspace, database: Database, *, everything: bool) -> RecordedList:
    """What entering a list would change in the register; nothing is written, and no register is made."""
    if space.has_register:
        with space.open(create=False) as book:
            return book.record_listed(evidence.report, database, everything=everything, dry_run=True)
    with tempfile.TemporaryDirectory() as folder, open_register(Path(folder) / "empty.db") as book:
        if space.settings.sites:
            book.remember_sites(space.settings.places())
        return book.record_listed(evidence.report, database, everything=everything)


def enter_evidence(
    evidence: Evidence, book: Register, space: Workspace, database: Database, *, everything: bool
) -> RecordedList:
    """Enter a list into the register."""
    if space.settings.sites:  # a configuration without sites does not change the map
        book.remember_sites(space.settings.places())
    book.list_by(make_lister(space.settings))
    return book.record_listed(evidence.report, database, everything=everything)


def find_source(name: str) -> Source:
    """The source with the name of its command."""
    return sources.load_source(name)


def all_sources() -> list[Source]:
    """Every source, by name."""
    return [sources.load_source(name) for name in sources.source_names()]
