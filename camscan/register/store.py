"""An open register: everything that a caller can read from it and write to it."""

from __future__ import annotations

import functools
from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from camscan.asset import Asset, Change, Happening, Place
from camscan.fingerprints import Database as Fingerprints
from camscan.model import Attempt, Report
from camscan.register import _later, batches, conflicts, events, listing, log, one_device, read
from camscan.register.backends import Mode
from camscan.register.opening import open_database
from camscan.register.plain_sql import AnyConnection, driver_errors, is_undecodable
from camscan.register.read_model import ReadModel
from camscan.register.sites import are_remembered, known_places, remember_places
from camscan.register.stored import FAULTS
from camscan.register.transactions import WHAT_HELPS
from camscan.register.types import (
    OFFLINE_AFTER,
    REVIEWED_BY,
    Bounds,
    Conflict,
    Edit,
    LogQuery,
    NewRow,
    Recorded,
    RecordedList,
    Reidentified,
    Review,
    SeenQuestion,
    SettledConflict,
    Sighting,
    StoredObservation,
    StoredScan,
    TallyOf,
    UndoneImport,
)
from camscan.register.upkeep import Upkeep


def open_any(where: str | Path, mode: Mode, *, create: bool = True) -> Register:
    """Open a register in a file or on a server; see :func:`camscan.register.open_register`."""
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

        ``tally`` counts the register afterwards, for the burn-down. With ``counted``, the counts come from the listing
        (``list_by``), and only what the scan changed costs time. A device that ``offline_after`` complete scans in a
        row looked for and did not see is called offline. ``dry_run`` only returns what would happen.

        A ``late`` scan (see ``is_late``) is evidence and history: it does not change any device's presence, and changes
        what is known about a device only if no scan had seen it. The report may not change devices outside ``bounds``,
        because it may be false.
        """
        count = self._count_tally if counted else None
        with self._writing(keep=not dry_run) as connection:
            return _later.record.record_scan(
                connection, report, tally=tally, count=count, offline_after=offline_after, late=late, bounds=bounds
            )

    def is_late(self, report: Report) -> bool:
        """Whether the register has a newer scan of addresses that this one asked, at the same site."""
        with self._reading() as connection:
            return _later.late.is_late(connection, report)

    def record_listed(
        self, report: Report, database: Fingerprints, *, everything: bool = False, dry_run: bool = False
    ) -> RecordedList:
        """Add what another system lists, in one transaction. It never makes a device seen or missed.

        Devices that the register does not know are entered if something hints at a camera or recorder; with
        ``everything``, all of them. ``dry_run`` only returns what would happen.
        """
        with self._writing_built(keep=not dry_run) as connection:
            return _later.lists.record_list(connection, report, database, everything=everything)

    def _count_tally(self, connection: AnyConnection) -> Mapping[str, float]:
        """The counts of a scan for the burn-down. Everything else about the scan was written before."""
        if self._lister is None:
            raise ValueError("who is to judge the devices? Call list_by first")
        listing.bring_up_to_date(connection, self._lister)
        apart = listing.lines_apart(connection, self._lister)
        distinct = functools.partial(listing.count_distinct, connection, apart)
        return self._lister.count(listing.count_groups(connection, apart), distinct)

    def happenings(self, since: str | datetime | None = None) -> list[Happening]:
        """The net changes after a scan (by its id), from a time on, or ever; a change that was reversed is left out.

        Raises UsageError if there is no such scan.
        """
        with self._reading() as connection:
            return events.list_happenings(connection, since)

    def coverage_happenings(self) -> list[Happening]:
        """The net changes ever of subnets: those that answered once and are silent."""
        with self._reading() as connection:
            return events.list_coverage(connection)

    def device_happenings(self, asset_id: str, most: int = 200) -> list[Happening]:
        """Every event of one device, also changes that were reversed, newest first; at most ``most``."""
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
        """Make people's entries, all or none.

        Returns the changes that were really made, each also a line of the audit log.

        ``how`` is the command or the file from which they come. Raises UsageError for an unknown device or column, a
        value that the column cannot hold, a council tag that another device has, and entries that contradict each
        other. ``dry_run`` only returns what would change. ``revisions`` holds, by asset number, the ``Asset.revision``
        that somebody read: raises StaleError if a person has changed one of them since.
        """
        with self._writing_built(keep=not dry_run) as connection:
            who = _later.entries.ChangeContext(role, how, because, at or datetime.now(UTC))
            return _later.entries.edit_entries(connection, edits, who, revisions)

    def append_line(
        self, asset_id: str, column: str, line: str, *, role: str, how: str, at: datetime | None = None
    ) -> list[Change]:
        """Add a line to the text in a people's column; otherwise like ``edit_entries``."""
        with self._writing_built() as connection:
            return _later.entries.append_line(
                connection, asset_id, column, line, _later.entries.ChangeContext(role, how, "", at or datetime.now(UTC))
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
        """Add devices that no scan has seen, all or none. Returns their asset numbers.

        UsageError as in ``edit_entries``.
        """
        with self._writing_built(keep=not dry_run) as connection:
            return _later.entries.add_devices(
                connection, rows, _later.entries.ChangeContext(role, how, because, at or datetime.now(UTC))
            )

    def take_import(
        self, edits: Sequence[Edit], rows: Sequence[NewRow], *, seen: int, role: str, how: str, because: str = ""
    ) -> tuple[list[Change], list[str]]:
        """``edit_entries`` and ``add_devices`` together. Returns the changes and the new asset numbers.

        Raises BusyError if anybody made entries after change number ``seen``, on which these edits are based.
        """
        with self._writing_built() as connection:
            who = _later.entries.ChangeContext(role, how, because, datetime.now(UTC))
            return _later.entries.take_import(connection, edits, rows, who, seen)

    def undo_import(
        self, *, role: str, because: str = "", at: datetime | None = None, dry_run: bool = False
    ) -> UndoneImport:
        """Undo the last import of a spreadsheet. What people have entered since is kept, and is named in the result.

        ``dry_run`` only returns what would happen. Raises UsageError if the log does not have an import.
        """
        with self._writing_built(keep=not dry_run) as connection:
            return _later.undo.undo_last_import(
                connection, _later.entries.ChangeContext(role, "", because, at or datetime.now(UTC))
            )

    def changes(self, asset_id: str | None = None, since: int = 0) -> list[Change]:
        """The audit log of one device or of all, oldest first; only lines after change number ``since``."""
        with self._reading() as connection:
            return log.list_changes(connection, asset_id, since)

    def read_log(self, wanted: LogQuery) -> tuple[list[Change], int]:
        """One page of the audit log, newest first, and how many lines match in all."""
        with self._reading() as connection:
            return log.read_log(connection, wanted)

    def log_values(self) -> tuple[Sequence[str], Sequence[str]]:
        """The roles and the columns in the audit log."""
        with self._reading() as connection:
            return log.log_values(connection)

    def remember_sites(self, places: Iterable[Place]) -> None:
        """Store the site map of the configuration: for each site a Place without a subnet, and one for each subnet."""
        given = tuple(places)
        with self._reading() as connection:
            if are_remembered(connection, given):
                return
        with self._writing() as connection:
            remember_places(connection, given)

    def sites(self) -> list[Place]:
        """The site map: for each site, by name, one Place without a subnet, then one for each subnet, by address."""
        with self._reading() as connection:
            return known_places(connection)

    def find_devices(self, text: str) -> list[Asset]:
        """Devices by address (also a past one), serial number (or its end), MAC address, asset number or council tag.

        A MAC address may have any spelling, and the second half of an asset number is enough. Devices that hold the
        value now come first.
        """
        with self._reading() as connection:
            return one_device.find_devices(connection, text)

    def devices(self, *, maker: str | None = None, site: str | None = None) -> list[Asset]:
        """Every device, or those of one maker or site, in the order in which they were first found."""
        with self._reading() as connection:
            return read.list_devices(connection, maker=maker, site=site)

    def legible_devices(self) -> tuple[list[Asset], str]:
        """Every device that can be read, and one line about those that cannot; empty if all can.

        Callers that count or export devices use ``devices``, which fails if one is missing.
        """
        with self._reading() as connection:
            try:
                return read.list_devices(connection, maker=None, site=None), ""
            except FAULTS + driver_errors() as error:
                if not (isinstance(error, FAULTS) or is_undecodable(error)):
                    raise
                found, lost = read.list_legible(connection)
        return found, self.describe_damage(lost)

    def devices_by_address(self, only: Container[int] | None = None) -> Iterator[tuple[list[Asset], int]]:
        """Every device by address, some hundreds at a time, with how many of them cannot be read; all in one state.

        With ``only``, just the devices with these numbers (``device_id`` in ``lines``). The order is that of the
        listing, which must be up to date (``is_listed``).
        """
        with self._reading() as connection:
            yield from batches.devices_by_address(connection, only)

    def describe_damage(self, lost: int) -> str:
        """One line about rows that cannot be read; empty if ``lost`` is 0."""
        if not lost:
            return ""
        rows = "1 row is" if lost == 1 else f"{lost:,} rows are"
        return f"{self.where}: {rows} damaged and not listed: {self._first_damage()}; {WHAT_HELPS}"

    def devices_by_number(self, asset_ids: Collection[str]) -> list[Asset]:
        """The devices with these asset numbers. Devices that do not exist, or were merged, are left out."""
        with self._reading() as connection:
            return one_device.devices_by_number(connection, asset_ids)

    def merged_rows(self) -> Mapping[str, str]:
        """Asset number of each merged row -> asset number of the row that was kept."""
        with self._reading() as connection:
            return read.merged_rows(connection)

    def evidence(self, asset_id: str) -> list[StoredObservation]:
        """Every observation that was ever made of a device, current ones first; empty if there is no such device."""
        with self._reading() as connection:
            return one_device.list_evidence(connection, asset_id)

    def history(self, asset_id: str) -> list[Sighting]:
        """Every sighting of a device, oldest first."""
        with self._reading() as connection:
            return read.list_sightings(connection, asset_id)

    def conflicts(self, asset_id: str | None = None) -> list[Conflict]:
        """Open conflicts of one device or of all, oldest first."""
        with self._reading() as connection:
            return conflicts.list_conflicts(connection, asset_id)

    def reviews(self) -> list[Review]:
        """Open questions to a person: all conflicts about one device, or the same two devices, are one question."""
        with self._reading() as connection:
            return conflicts.list_reviews(connection)

    def find_settled(self, number: int) -> SettledConflict | None:
        """The decision about a conflict; None if the number does not exist, or the conflict is open."""
        with self._reading() as connection:
            return conflicts.settled(connection, number)

    def close_conflicts(
        self,
        numbers: Sequence[int],
        *,
        role: str,
        because: str = "",
        how: str = REVIEWED_BY,
        seen: SeenQuestion | None = None,
    ) -> list[Change]:
        """Close conflicts, by number, because nothing needs to change. They are not reported again.

        This and the next two methods log the decision and return the lines of the log. They raise UsageError for what
        does not exist, and StaleError if what somebody has ``seen`` is not true any more.
        """
        with self._writing_built() as connection:
            return _later.review.close_conflicts(connection, numbers, _later.review.make_who(role, because, how), seen)

    def keep_separate(
        self,
        one: str,
        other: str,
        *,
        role: str,
        because: str = "",
        how: str = REVIEWED_BY,
        seen: SeenQuestion | None = None,
    ) -> list[Change]:
        """Settle that two rows (asset numbers) are two devices: nothing between them is reported again."""
        with self._writing_built() as connection:
            return _later.review.keep_separate(connection, one, other, _later.review.make_who(role, because, how), seen)

    def merge_devices(
        self,
        keep: str,
        gone: str,
        *,
        role: str,
        because: str = "",
        how: str = REVIEWED_BY,
        seen: SeenQuestion | None = None,
        dry_run: bool = False,
    ) -> list[Change]:
        """Settle that two rows (asset numbers) are one device. Everything that was seen moves to the row that is kept.

        Its own people's entries stay, and those of the other row fill its gaps; differences are in the log. ``dry_run``
        only returns what would be logged.
        """
        with self._writing_built(keep=not dry_run) as connection:
            return _later.review.merge_devices(connection, keep, gone, _later.review.make_who(role, because, how), seen)

    def has_scan(self, scan_id: str) -> bool:
        """Whether a scan was recorded, without reading the others."""
        with self._reading() as connection:
            return read.has_scan(connection, scan_id)

    def scans(self) -> list[StoredScan]:
        """Every recorded scan, oldest first."""
        with self._reading() as connection:
            return read.list_scans(connection)

    def tallies(self) -> list[tuple[StoredScan, Mapping[str, float]]]:
        """The counts that were made when each scan was recorded, oldest first; scans without counts are left out."""
        with self._reading() as connection:
            return read.list_tallies(connection)

    def reidentify(
        self, database: Fingerprints, *, apply: bool = False, at: datetime | None = None
    ) -> list[Reidentified]:
        """Devices that are something else by the evidence of their last sighting and this fingerprint database.

        With ``apply``, the new identifications are written in one transaction, and nothing else; otherwise nothing is
        written.
        """
        with self._writing() if apply else self._reading() as connection:
            place = self._database.place
            return _later.reidentify.reidentify_devices(
                connection, place, database, apply=apply, at=at or datetime.now(UTC)
            )

    def attempts(self, scan_id: str, ip: str | None = None) -> list[Attempt]:
        """The attempts of one scan (at one address), with the replies as they arrived; without observations."""
        with self._reading() as connection:
            return read.list_attempts(connection, scan_id, ip)

    def report(self, scan_id: str | None = None) -> Report:
        """The report of a recorded scan, by default the newest, with the evidence that held then.

        Raises UsageError if there is none of that id.
        """
        with self._reading_built() as connection:
            return _later.past_report.past_report(connection, scan_id)
