"""Who was looked for and not seen, which subnets are silent, and what a removal that people recorded turns into.

Presence says whether scans see a device. It never touches its lifecycle: "not seen" is not "removed".
"""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, Text, bindparam, func, or_, select, type_coerce

from camscan.asset import GONE, Event, Presence
from camscan.errors import TargetError
from camscan.model import Completion, Coverage, Outcome, Report
from camscan.net.span import Network, SpanSet, common, spans, without
from camscan.net.target import Targets, parse_targets
from camscan.register import schema
from camscan.register.codec import coverage_from_json
from camscan.register.events import COVERAGE, Draft
from camscan.register.rows import rows_in
from camscan.register.site_lookup import FindPlace

OFFLINE_AFTER = 3
"""Misses in a row after which a device is called offline."""
_PART = 5
"""Addresses that must have been asked of a subnet, where not all were, for their silence to be that of a subnet."""
_ANY = 1 << 128
_AT = " at "


@dataclass(frozen=True, slots=True)
class Removal:
    """A person's word that a device is gone."""

    change: int
    """Number of the line in the audit log; 0 where the log has none."""
    at: datetime | None
    status: str

    def is_during(self, report: Report) -> bool:
        """Whether it was recorded while this scan ran: what the scan saw may have been before."""
        return self.at is not None and report.started_at <= self.at <= report.finished_at


@dataclass(slots=True)
class _Row:
    """A device as far as its presence is concerned."""

    id: int
    asset_id: str
    site: str
    presence: Presence
    missed: int
    last_scan: int
    addresses: list[str] = field(default_factory=list)


def removals(connection: Connection) -> dict[int, Removal]:
    """Device -> the removal that a person recorded and that still stands."""
    people, change = schema.people, schema.change
    text = type_coerce(people.c.entries, Text)
    words = (text.contains(f'"lifecycle_status":"{status}"') for status in sorted(GONE))
    gone = {row.device_id: row.entries for row in connection.execute(select(people).where(or_(*words)))}
    if not gone:
        return {}
    last = select(func.max(change.c.id)).where(change.c.column_name == "lifecycle_status").group_by(change.c.device_id)
    logged = connection.execute(select(*change.c["id", "at", "device_id"]).where(change.c.id.in_(last)))
    lines = {row.device_id: (row.id, row.at) for row in logged}
    return {
        device: Removal(*lines.get(device, (0, None)), entries["lifecycle_status"])
        for device, entries in gone.items()
        if entries.get("lifecycle_status") in GONE
    }


def look(
    connection: Connection,
    scan: int,
    report: Report,
    *,
    seen: Iterable[int],
    find_place: FindPlace,
    gone: Mapping[int, Removal],
    offline_after: int,
) -> list[Draft]:
    """Count who was missed, freeze who is in a silent subnet; the events of both. Writes presence only."""
    rows = _standing(connection)
    ground = _Ground(connection, scan, report, find_place, rows)
    drafts = [*ground.restored()]
    if not ground.is_search:
        return drafts
    met = set(seen)
    absent = [row for row in rows if row.id not in met and ground.is_expected(row)]
    frozen = [row for row in absent if ground.is_silent(row)]
    drafts += ground.lost(gone)
    missed = [row for row in absent if ground.is_conclusive(row) and not ground.is_silent(row)]
    updates = [_update(row, Presence.UNREACHABLE_SCOPE, row.missed) for row in frozen]
    for row in missed:
        now = Presence.OFFLINE if row.missed + 1 >= offline_after else Presence.MISSED
        updates.append(_update(row, now, row.missed + 1))
        if row.id not in gone:
            drafts += _missed(row, now)
    if updates:
        table = schema.device
        values: dict[str, Any] = {"presence": bindparam("the_presence"), "scans_missed": bindparam("the_missed")}
        connection.execute(table.update().where(table.c.id == bindparam("the_id")).values(values), updates)
    confirmed = {row.id: gone[row.id] for row in missed if row.id in gone and not gone[row.id].is_during(report)}
    return [*drafts, *_confirm(connection, confirmed)]


def _missed(row: _Row, now: Presence) -> Iterator[Draft]:
    before = row.presence if row.presence in {Presence.MISSED, Presence.OFFLINE} else Presence.SEEN
    if row.missed and before is Presence.SEEN:  # frozen in between
        before = Presence.MISSED
    if now is before or (before is Presence.OFFLINE):
        return
    event = Event.OFFLINE if now is Presence.OFFLINE else Event.MISSED
    times = "once" if row.missed == 0 else f"{row.missed + 1} times in a row"
    yield Draft(event, row.id, row.asset_id, before.value, now.value, f"was looked for and not seen, {times}")


def _update(row: _Row, presence: Presence, missed: int) -> dict[str, Any]:
    return {"the_id": row.id, "the_presence": presence.value, "the_missed": missed}


def _confirm(connection: Connection, gone: Mapping[int, Removal]) -> Iterator[Draft]:
    """Once for every removal: a scan looked where the device was, after a person had said that it is gone."""
    table = schema.device
    for row in list(rows_in(connection, table, table.c.id, gone)):
        removal, known = gone[row["id"]], row["known"]
        told = known.get("told", {})
        if told.get(Event.CONFIRMED_REMOVED) == removal.change:
            continue
        told = {**told, Event.CONFIRMED_REMOVED.value: removal.change}
        connection.execute(table.update().where(table.c.id == row["id"]).values(known={**known, "told": told}))
        detail = f"recorded as {removal.status}, and a scan that looked for it did not see it"
        yield Draft(Event.CONFIRMED_REMOVED, row["id"], row["asset_id"], removal.status, "", detail)


def _standing(connection: Connection) -> list[_Row]:
    """Every device that a scan has seen, with the addresses of its last sighting."""
    device, address = schema.device, schema.device_address
    query = (
        select(*device.c["id", "asset_id", "site", "presence", "scans_missed", "last_scan"], address.c.value)
        .join(address, (address.c.device_id == device.c.id) & (address.c.last_scan == device.c.last_scan))
        .where(device.c.merged_into.is_(None), address.c.kind == "ip")
        .order_by(device.c.id, address.c.position)
    )
    found: dict[int, _Row] = {}
    for number, *told, value in connection.execute(query):
        row = found.get(number)
        if row is None:
            name, site, presence, missed, last_scan = told
            row = found[number] = _Row(number, name, site, Presence(presence), missed, last_scan)
        row.addresses.append(value)
    return list(found.values())


class _Ground:
    """What one scan looked at: its targets, subnet by subnet, and where there was life.

    A subnet is named by its CIDR: that of the site map, else the /24 or /64, with the site's name where one was given.
    """

    def __init__(
        self, connection: Connection, scan: int, report: Report, find_place: FindPlace, rows: Sequence[_Row]
    ) -> None:
        self._connection = connection
        self._scan = scan
        self._report = report
        self._find_place = find_place
        self._rows = rows
        self._targets = _targets(report)
        left_out = spans(map(ipaddress.ip_network, report.coverage.left_out))
        self._asked = SpanSet(without(self._targets.spans, left_out) if self._targets else ())
        self._covered = SpanSet(self._targets.covering) if self._targets else SpanSet(())
        self._unasked = _unasked(report)
        self._silent: dict[str, bool] = {}

    @property
    def is_search(self) -> bool:
        """Whether silence says something: every address was asked."""
        return self._targets is not None and _is_whole(self._report.completion, self._report.coverage)

    def is_expected(self, row: _Row) -> bool:
        """Whether the scan would have seen it if it were where it was."""
        outside = not any(ip in self._covered for ip in row.addresses)
        return self._is_asked(row) or (outside and row.last_scan in self._same)

    def is_silent(self, row: _Row) -> bool:
        """Whether nothing at all can be said of where it is, since nothing there gave a sign of life."""
        if not self._is_asked(row):  # it had answered a question to everybody
            return not self._life
        return all(self._is_lost(self._unit(ip)) for ip in self._asked_of(row))

    def is_conclusive(self, row: _Row) -> bool:
        """Whether something answered where it was looked for: a silent part of a subnet says nothing."""
        return not self._is_asked(row) or any(self._unit(ip) in self._life for ip in self._asked_of(row))

    def lost(self, gone: Container[int]) -> Iterator[Draft]:
        """A subnet that gave signs of life, and gives none any more; no alarm where all that hung there was removed."""
        hung: defaultdict[str, set[int]] = defaultdict(set)
        for row in self._rows:
            for ip in self._asked_of(row):
                hung[self._unit(ip)].add(row.id)
        empty = {unit for unit, ids in hung.items() if all(each in gone for each in ids)}
        for unit in sorted((self._before | hung.keys()) - empty):
            if self._is_lost(unit) and unit not in self._known_lost:
                detail = f"nothing in {self._in_words(unit)} answers any more; its devices are not missed until it does"
                yield Draft(Event.COVERAGE_LOST, None, "", unit, "", detail)

    def restored(self) -> Iterator[Draft]:
        """A silent subnet that answers again."""
        for unit in sorted(self._known_lost):
            if any(_is_same_ground(unit, alive) for alive in self._life):
                yield Draft(Event.COVERAGE_RESTORED, None, "", "", unit, f"{self._in_words(unit)} answers again")

    def _in_words(self, unit: str) -> str:
        """With the name that the site map gives it."""
        place = self._find_place("", [unit.partition("/")[0]])
        return f"{unit} ({place.name})" if place and place.subnet == unit else unit

    def _asked_of(self, row: _Row) -> list[str]:
        if not self._is_same_network(row):
            return []
        return [ip for ip in row.addresses if ip in self._asked and ip not in self._unasked]

    def _is_asked(self, row: _Row) -> bool:
        return bool(self._asked_of(row))

    def _is_same_network(self, row: _Row) -> bool:
        """The same private address may exist at every site, unless the site map says whose it is."""
        site = self._report.site
        return not site or row.site in {"", site} or self._find_place("", row.addresses[:1]) is not None

    def _is_lost(self, unit: str) -> bool:
        if unit not in self._silent:
            network = ipaddress.ip_network(unit.partition(_AT)[0])
            known = self._covered.covers(network) or (unit in self._before and self._is_part(network))
            self._silent[unit] = unit not in self._life and known
        return self._silent[unit]

    def _is_part(self, network: Network) -> bool:
        """Whether so much of it was asked that silence is not just that of a device or two."""
        asked = common(self._targets.spans if self._targets else (), spans([network]))
        return sum(span.last - span.first + 1 for span in asked) >= _PART

    def _unit(self, ip: str) -> str:
        place = self._find_place("", [ip])
        if place and place.subnet:
            return place.subnet
        plain = ip.partition("%")[0]
        return self._named(str(ipaddress.ip_network((plain, 64 if ":" in plain else 24), strict=False)))

    def _named(self, cidr: str) -> str:
        return f"{cidr}{_AT}{self._report.site}" if self._report.site else cidr

    @cached_property
    def _life(self) -> frozenset[str]:
        """Subnets in which something gave a sign of life."""
        answered = {self._unit(ip) for device in self._report.devices for ip in device.ip_addresses}
        return frozenset(answered | self._living(self._report.coverage))

    @cached_property
    def _same(self) -> frozenset[int]:
        """Numbers of the earlier scans of the same site and targets."""
        table = schema.scan
        same = (table.c.id < self._scan, table.c.site == self._report.site)
        query = select(table.c.id).where(*same, table.c.targets == list(self._report.targets))
        return frozenset(row.id for row in self._connection.execute(query))

    @cached_property
    def _before(self) -> frozenset[str]:
        """Subnets in which the last complete scan of the same site and targets found life."""
        table = schema.scan
        columns = table.c["id", "completion", "coverage"]
        for number in sorted(self._same, reverse=True):
            row = self._connection.execute(select(*columns).where(table.c.id == number)).one()
            coverage = coverage_from_json(row.coverage)
            if _is_whole(Completion(row.completion), coverage):
                seen = {
                    self._unit(ip) for each in self._rows if each.last_scan >= number for ip in self._asked_of(each)
                }
                return frozenset(seen | self._living(coverage))
        return frozenset()

    @cached_property
    def _known_lost(self) -> frozenset[str]:
        table = schema.event
        query = select(*table.c["old", "new"]).where(table.c.kind.in_([*COVERAGE])).order_by(table.c.id)
        silent: dict[str, bool] = {}
        for row in self._connection.execute(query):
            silent[row.old or row.new] = bool(row.old)
        return frozenset(unit for unit, is_lost in silent.items() if is_lost)

    def _living(self, coverage: Coverage) -> set[str]:
        """A coverage counts in a /24 or /64: that says nothing of smaller subnets of the site map in it."""
        found = set()
        for cidr in (cidr for cidr, count in coverage.living.items() if count):
            network = ipaddress.ip_network(cidr)
            place = self._find_place("", [str(network.network_address)])
            wide = place and place.subnet and ipaddress.ip_network(place.subnet).prefixlen <= network.prefixlen
            found.add(place.subnet if place and wide else self._named(cidr))
        return found


def _targets(report: Report) -> Targets | None:
    """What was asked; None where the targets are no addresses, as those of an import."""
    try:
        return parse_targets(report.targets, limit=_ANY)
    except TargetError:
        return None


def _unasked(report: Report) -> frozenset[str]:
    """Addresses that were left out, as those are that the configuration excludes."""
    outcomes: defaultdict[str, set[Outcome]] = defaultdict(set)
    for attempt in report.attempts:
        outcomes[attempt.ip].add(attempt.outcome)
    return frozenset(ip for ip, found in outcomes.items() if found == {Outcome.OUT_OF_SCOPE})


def _is_whole(completion: Completion, coverage: Coverage) -> bool:
    """Whether a scan asked all its targets. Unreachable subnets do not make it less: they are silent ones."""
    if completion is Completion.PARTIAL and not coverage.unreachable:  # it was ended before its end
        return False
    return coverage.is_search and completion is not Completion.INTERRUPTED and not coverage.not_tried


def _is_same_ground(lost: str, alive: str) -> bool:
    """Whether life in one subnet is life in the other: the site map may have been drawn anew since."""
    ours, _, our_site = lost.partition(_AT)
    theirs, _, their_site = alive.partition(_AT)
    one, other = ipaddress.ip_network(ours), ipaddress.ip_network(theirs)
    overlap = one.version == other.version and one.overlaps(other)
    return overlap and (not our_site or not their_site or our_site == their_site)
