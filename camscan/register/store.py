"""An open register: what can be asked of it and told to it."""

from __future__ import annotations

import functools
from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from camscan.asset import Asset, Change, Happening, Place
from camscan.fingerprints import Database as Fingerprints
from camscan.model import Attempt, Report
from camscan.register import batches, entries, events, listing, paging, read, reidentify, review
from camscan.register.backends import Mode
from camscan.register.checks import FAULTS
from camscan.register.opening import open_database
from camscan.register.past_report import past_report
from camscan.register.read_model import ReadModel
from camscan.register.record import OFFLINE_AFTER, TallyOf, late, lists, record_scan
from camscan.register.sites import are_remembered, known_places, remember_places
from camscan.register.transactions import WHAT_HELPS
from camscan.register.types import (
    Bounds,
    Conflict,
    Edit,
    Entered,
    LogWanted,
    NewRow,
    Recorded,
    Reidentified,
    Review,
    Seen,
    Settled,
    Sighting,
    StoredObservation,
    StoredScan,
    Undone,
)
from camscan.register.undo import undo_last_import
from camscan.register.upkeep import Upkeep


def open_either(where: str | Path, mode: Mode, *, create: bool = True) -> Register:
    """See :func:`camscan.register.open_register`."""
    return Register(open_database(where, mode, create=create))


class Register(ReadModel, Upkeep):
    """One open register; a context manager. Not for several threads."""

    def record(
        self,
        report: Report,
        *,
        tally: TallyOf | None = None,
        counted: bool = False,
        offline_after: int = OFFLINE_AFTER,
        dry_run: bool = False,
        late: bool = False,
        bounds: Bounds | None = None,
    ) -> Recorded:
        """Add one scan with every observation, in one transaction: all of it, or RegisterError and nothing.

        ``tally`` counts the register as it is afterwards, for the burn-down. With ``counted`` it is counted from the
        listing (``list_by``), which costs what the scan changed. A device that so many complete scans in a row looked
        for and did not see is called offline. ``dry_run`` only says what would become of it.

        A ``late`` one (see ``is_late``) is evidence and history: it changes no device's presence, and what is known of
        a device only where no scan had seen it. Of devices outside ``bounds`` a report says nothing: it may be false.
        """
        count = self._count_tally if counted else None
        with self._writing_or_trying(keep=not dry_run) as connection:
            return record_scan(
                connection, report, tally=tally, count=count, offline_after=offline_after, late=late, bounds=bounds
            )

    def is_late(self, report: Report) -> bool:
        """Whether the register has a newer scan of addresses that this one asked, at the same site."""
        with self._reading() as connection:
            return late.is_late(connection, report)

    def record_listed(
        self, report: Report, database: Fingerprints, *, everything: bool = False, dry_run: bool = False
    ) -> Entered:
        """Add what another system lists, in one transaction. It says of no device that a scan saw or missed it.

        Devices that the register does not know are entered where something hints at a camera or recorder; with
        ``everything``, all. ``dry_run`` only says what would become of it.
        """
        with self._writing_or_trying(keep=not dry_run) as connection:
            return lists.record_list(connection, report, database, everything=everything)

    def _count_tally(self, connection: Connection) -> Mapping[str, float]:
        """The counts of a scan for the burn-down; everything about the scan is written before."""
        if self._lister is None:
            raise ValueError("who is to judge the devices? Call list_by first")
        listing.bring_up_to_date(connection, self._lister)
        apart = listing.lines_apart(connection, self._lister)
        distinct = functools.partial(listing.count_distinct, connection, apart)
        return self._lister.count(listing.count_groups(connection, apart), distinct)

    def happenings(self, since: str | datetime | None = None) -> list[Happening]:
        """Net changes after a scan (by its id), from a time on, or ever; a change that was reversed is left out.

        Raises UsageError if there is no such scan.
        """
        with self._reading() as connection:
            return events.list_happenings(connection, since)

    def happened_to(self, asset_id: str, most: int = 200) -> list[Happening]:
        """Every change event of one device, also changes that were reversed, the newest first."""
        with self._reading() as connection:
            return events.list_device_happenings(connection, asset_id, most)

    def edit_entries(
        self,
        edits: Sequence[Edit],
        *,
        role: str,
        how: str,
        because: str = "",
        at: datetime | None = None,
        dry_run: bool = False,
        revisions: Mapping[str, int] | None = None,
    ) -> list[Change]:
        """Make people's entries, all or none; the changes that were really made, each also a line of the audit log.

        ``how`` is the command or the file that they come from. Raises UsageError for an unknown device or column, a
        value that the column cannot hold, a council tag that another device has, and what contradicts itself.
        ``dry_run`` only says what would change. ``revisions`` holds, by asset id, the ``Asset.revision`` that somebody
        read: raises StaleError if a person has changed one of them since.
        """
        with self._writing_or_trying(keep=not dry_run) as connection:
            who = entries.Who(role, how, because, at or datetime.now(UTC))
            return entries.edit_entries(connection, edits, who, revisions)

    def append_line(
        self, asset_id: str, column: str, line: str, *, role: str, how: str, at: datetime | None = None
    ) -> list[Change]:
        """Add a line to what stands in a people's column; otherwise as ``edit_entries``."""
        with self._writing() as connection:
            return entries.append_line(
                connection, asset_id, column, line, entries.Who(role, how, "", at or datetime.now(UTC))
            )

    def add_devices(
        self,
        rows: Sequence[NewRow],
        *,
        role: str,
        how: str,
        because: str = "",
        at: datetime | None = None,
        dry_run: bool = False,
    ) -> list[str]:
        """Add devices that no scan has seen, all or none; their asset ids. UsageError as in ``edit_entries``."""
        with self._writing_or_trying(keep=not dry_run) as connection:
            return entries.add_devices(connection, rows, entries.Who(role, how, because, at or datetime.now(UTC)))

    def take_import(
        self, edits: Sequence[Edit], rows: Sequence[NewRow], *, seen: int, role: str, how: str, because: str = ""
    ) -> tuple[list[Change], list[str]]:
        """``edit_entries`` and ``add_devices`` as one; the changes and the new asset ids.

        Raises BusyError if anybody made entries after change number ``seen``, on which these edits rest.
        """
        with self._writing() as connection:
            who = entries.Who(role, how, because, datetime.now(UTC))
            return entries.take_import(connection, edits, rows, who, seen)

    def undo_import(self, *, role: str, because: str = "", at: datetime | None = None, dry_run: bool = False) -> Undone:
        """Take back the last import of a spreadsheet. What people entered since stays, and is named.

        ``dry_run`` only says what would come of it. Raises UsageError if the log has no import.
        """
        with self._writing_or_trying(keep=not dry_run) as connection:
            return undo_last_import(connection, entries.Who(role, "", because, at or datetime.now(UTC)))

    def changes(self, asset_id: str | None = None, since: int = 0) -> list[Change]:
        """The audit log, of one device or of all, oldest first; only what came after change number ``since``."""
        with self._reading() as connection:
            return entries.list_changes(connection, asset_id, since)

    def read_log(self, wanted: LogWanted) -> tuple[list[Change], int]:
        """Some lines of the audit log, newest first, and how many fit in all."""
        with self._reading() as connection:
            return paging.read_log(connection, wanted)

    def log_values(self) -> tuple[Sequence[str], Sequence[str]]:
        """The roles and the columns in the audit log."""
        with self._reading() as connection:
            return paging.log_values(connection)

    def remember_sites(self, places: Iterable[Place]) -> None:
        """Make the site map that of the configuration: of each site one Place without a subnet, and one per subnet."""
        given = tuple(places)
        with self._reading() as connection:
            if are_remembered(connection, given):
                return
        with self._writing() as connection:
            remember_places(connection, given)

    def sites(self) -> list[Place]:
        """The site map: of each site, by name, one Place without a subnet, then one per subnet, by address."""
        with self._reading() as connection:
            return known_places(connection)

    def find_devices(self, text: str) -> list[Asset]:
        """Devices by address (also a past one), serial number (or its end), MAC in any spelling, asset id, council tag.

        The second half of an asset id is enough. Those that hold it now come first.
        """
        with self._reading() as connection:
            return read.find_devices(connection, text)

    def devices(self, *, maker: str | None = None, site: str | None = None) -> list[Asset]:
        """Every device, or those of one maker or site, in the order in which they were first found."""
        with self._reading() as connection:
            return read.list_devices(connection, maker=maker, site=site)

    def legible_devices(self) -> tuple[list[Asset], str]:
        """Every device that can be read, and one line on those that cannot; empty if all can.

        Whoever counts or exports devices asks for ``devices``, which fails where one is missing.
        """
        with self._reading() as connection:
            try:
                return read.list_devices(connection, maker=None, site=None), ""
            except (*FAULTS, OperationalError):
                found, lost = read.list_legible(connection)
        return found, self.damage_of(lost)

    def by_address(self, only: Container[int] | None = None) -> Iterator[tuple[list[Asset], int]]:
        """Every device by address, some hundreds at a time, and how many of them cannot be read; in one state.

        ``only`` those of these numbers (``device_id`` in ``lines``).

        In the order of the listing, which must be up to date (``is_listed``).
        """
        with self._reading() as connection:
            yield from batches.by_address(connection, only)

    def damage_of(self, lost: int) -> str:
        """One line on rows that cannot be read; empty if all can."""
        if not lost:
            return ""
        rows = "1 row is" if lost == 1 else f"{lost:,} rows are"
        return f"{self.where}: {rows} damaged and not listed: {self._first_damage()}; {WHAT_HELPS}"

    def devices_by_number(self, asset_ids: Collection[str]) -> list[Asset]:
        """The devices with these asset ids; those that do not exist, or were merged, are left out."""
        with self._reading() as connection:
            return read.devices_by_number(connection, asset_ids)

    def merged_rows(self) -> Mapping[str, str]:
        """For rows that were found to be the same device as another: asset id -> asset id of the row that was kept."""
        with self._reading() as connection:
            return read.merged_rows(connection)

    def evidence(self, asset_id: str) -> list[StoredObservation]:
        """Every observation ever made of a device, current ones first; empty if there is no such device."""
        with self._reading() as connection:
            return read.list_evidence(connection, asset_id)

    def history(self, asset_id: str) -> list[Sighting]:
        """Every sighting of a device, oldest first."""
        with self._reading() as connection:
            return read.list_sightings(connection, asset_id)

    def conflicts(self, asset_id: str | None = None) -> list[Conflict]:
        """What a person should settle, of one device or of all, oldest first."""
        with self._reading() as connection:
            return review.list_conflicts(connection, asset_id)

    def reviews(self) -> list[Review]:
        """The same as questions: what was brought up about one device, or about the same two, is one."""
        with self._reading() as connection:
            return review.list_reviews(connection)

    def settled(self, number: int) -> Settled | None:
        """The result of a conflict; None if there is none of that number, or it is open."""
        with self._reading() as connection:
            return review.settled(connection, number)

    def close_conflicts(
        self, numbers: Sequence[int], *, role: str, because: str = "", how: str = review.HOW, seen: Seen | None = None
    ) -> list[Change]:
        """Close conflicts, by number, since all is well as it is. They are not brought up again.

        This and the next two log what was decided and return the lines of the log. UsageError for what does not exist,
        StaleError where what somebody has ``seen`` holds no longer.
        """
        with self._writing() as connection:
            return review.close_conflicts(connection, numbers, review.who(role, because, how), seen)

    def keep_separate(
        self, one: str, other: str, *, role: str, because: str = "", how: str = review.HOW, seen: Seen | None = None
    ) -> list[Change]:
        """Settle that two rows (asset ids) are two devices: nothing between them is brought up again."""
        with self._writing() as connection:
            return review.keep_separate(connection, one, other, review.who(role, because, how), seen)

    def merge_devices(
        self,
        keep: str,
        gone: str,
        *,
        role: str,
        because: str = "",
        how: str = review.HOW,
        seen: Seen | None = None,
        dry_run: bool = False,
    ) -> list[Change]:
        """Settle that two rows (asset ids) are one device. Everything that was seen follows to the row that is kept.

        Its people's entries stand, and those of the other fill its gaps; what differs is in the log. ``dry_run`` only
        says what would be logged.
        """
        with self._writing_or_trying(keep=not dry_run) as connection:
            return review.merge_devices(connection, keep, gone, review.who(role, because, how), seen)

    def has_scan(self, scan_id: str) -> bool:
        """Whether a scan was recorded, without reading the others."""
        with self._reading() as connection:
            return read.has_scan(connection, scan_id)

    def scans(self) -> list[StoredScan]:
        """Every recorded scan, oldest first."""
        with self._reading() as connection:
            return read.list_scans(connection)

    def tallies(self) -> list[tuple[StoredScan, Mapping[str, float]]]:
        """What was counted when each scan was recorded, oldest first; scans without a count are left out."""
        with self._reading() as connection:
            return read.list_tallies(connection)

    def reidentify(
        self, database: Fingerprints, *, apply: bool = False, at: datetime | None = None
    ) -> list[Reidentified]:
        """Which devices are something else, by the evidence of their last sighting and this fingerprint database.

        ``apply`` writes it, in one transaction: what devices are, and nothing else. Without it, nothing is written.
        """
        with self._writing() if apply else self._reading() as connection:
            place = self._database.place
            return reidentify.reidentify_devices(connection, place, database, apply=apply, at=at or datetime.now(UTC))

    def attempts(self, scan_id: str, ip: str | None = None) -> list[Attempt]:
        """What one scan asked (of one address), with the replies as they came off the wire; without observations."""
        with self._reading() as connection:
            return read.list_attempts(connection, scan_id, ip)

    def report(self, scan_id: str | None = None) -> Report:
        """The report of a recorded scan, the newest by default, with the evidence that held then.

        Raises UsageError if there is none of that id.
        """
        with self._reading() as connection:
            return past_report(connection, scan_id)
