"""Stage 5, presence: which devices were missed, which subnets are silent, which removals are verified. Pure.

Presence says whether scans see a device. It never changes its lifecycle: "not seen" is not "removed".
"""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from functools import cached_property
from typing import Any

from camscan.addresses import subnet_of
from camscan.asset import Event, Place, Presence
from camscan.dataclass import dataclass
from camscan.errors import TargetError
from camscan.model import Completion, Coverage, Outcome, Report
from camscan.net.span import Network, Span, SpanSet, common_spans, spans, subtract_spans
from camscan.net.target import Targets, parse_targets
from camscan.register.events import Draft
from camscan.register.record.entry import Entry
from camscan.register.site_lookup import FindPlace
from camscan.register.types import OFFLINE_AFTER

_PART = 5
"""If only a part of a subnet was asked: how many addresses must be silent for the subnet to count as silent."""
_FEW = 128
"""Up to how many addresses of a /24 are looked up one by one: more are seldom all in one smaller subnet."""
_ANY = 1 << 128
_AT = " at "


@dataclass(frozen=True, slots=True)
class Removal:
    """A person's record that a device was removed."""

    change: int
    """Number of the line in the audit log; 0 if the log has none."""
    at: datetime | None
    status: str

    def may_follow(self, report: Report) -> bool:
        """Whether the removal may be newer than what the report saw: it was entered during the scan or after it.

        If a scan of our own is recorded after the removal and yet ended before it, its clock was wrong.
        """
        if self.at is None or report.started_at > self.at:
            return False
        return self.at <= report.finished_at or not report.coverage.is_search


@dataclass(frozen=True, slots=True)
class SightedDevice:
    """A device that a scan has seen, with everything that its presence depends on."""

    id: int
    asset_id: str
    site: str
    presence: Presence
    missed: int
    """Scans in a row that looked for it and did not see it."""
    last_scan: int
    addresses: tuple[str, ...]
    """The addresses of its last sighting."""


@dataclass(frozen=True, slots=True)
class StoredPresence:
    """What was read from the register before a report is recorded."""

    rows: Sequence[SightedDevice]
    """The devices that a scan has seen and that this one may miss; others may be among them."""
    removals: Mapping[int, Removal]
    """Device -> the removal that a person recorded and that still applies; also for devices in the report."""
    known: Mapping[int, Mapping[str, Any]]
    """For removed devices that are not in the report: what is known about them."""
    same_scans: frozenset[int]
    """Numbers of the earlier scans of the same site and targets."""
    last_complete: tuple[int, Coverage] | None
    """The last of these scans that asked all its targets: its number and coverage."""
    silent_subnets: frozenset[str]
    """Subnets whose last event is that they are silent."""


@dataclass(frozen=True, slots=True)
class Missing:
    """A device that was looked for and not seen: its presence from now on."""

    id: int
    presence: Presence
    missed: int


@dataclass(frozen=True, slots=True)
class PresenceChanges:
    """What a report says about devices that it did not see."""

    missing: Sequence[Missing] = ()
    verified_removals: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    """Device whose removal this scan verifies -> what is known about it from now on."""
    drafts: Sequence[Draft] = ()


def count_missed(
    report: Report,
    scan: int,
    entries: Sequence[Entry],
    stored: StoredPresence,
    find_place: FindPlace,
    *,
    offline_after: int = OFFLINE_AFTER,
) -> PresenceChanges:
    """Count the devices that were missed, and freeze those in a silent subnet. Returns the events of both."""
    gone = stored.removals
    met = {each.id: _make_sighted_device(each, scan) for each in entries}
    rows = [*(row for row in stored.rows if row.id not in met), *met.values()]
    ground = _Ground(report, stored, find_place, rows)
    drafts = [*ground.restored_subnets()]
    if not ground.is_search:
        return PresenceChanges(drafts=drafts)
    absent = [row for row in rows if row.id not in met and ground.is_expected(row)]
    frozen = [row for row in absent if ground.is_silent(row)]
    drafts += ground.lost_subnets(gone)
    missed = [row for row in absent if ground.is_conclusive(row) and not ground.is_silent(row)]
    missing = [Missing(row.id, Presence.UNREACHABLE_SCOPE, row.missed) for row in frozen]
    for row in missed:
        now = Presence.OFFLINE if row.missed + 1 >= offline_after else Presence.MISSED
        missing.append(Missing(row.id, now, row.missed + 1))
        if row.id not in gone:
            drafts += _count_one_missed(row, now)
    confirmed = {}
    for row in (row for row in missed if row.id in gone and not gone[row.id].may_follow(report)):
        removal, known = gone[row.id], stored.known[row.id]
        told = known.get("told", {})
        if told.get(Event.CONFIRMED_REMOVED) != removal.change:  # once for each removal
            confirmed[row.id] = {**known, "told": {**told, Event.CONFIRMED_REMOVED.value: removal.change}}
            drafts.append(_verify_removal(row, removal))
    return PresenceChanges(missing, confirmed, drafts)


def _make_sighted_device(entry: Entry, scan: int) -> SightedDevice:
    """The standing of a device that this scan saw."""
    ips = tuple(dict.fromkeys(entry.device.ip_addresses))
    return SightedDevice(entry.id, entry.asset_id, entry.site, Presence.SEEN, 0, scan, ips)


def _count_one_missed(row: SightedDevice, now: Presence) -> Iterator[Draft]:
    before = row.presence if row.presence in {Presence.MISSED, Presence.OFFLINE} else Presence.SEEN
    if row.missed and before is Presence.SEEN:  # frozen in between
        before = Presence.MISSED
    if now is before or (before is Presence.OFFLINE):
        return
    event = Event.OFFLINE if now is Presence.OFFLINE else Event.MISSED
    times = "once" if row.missed == 0 else f"{row.missed + 1} times in a row"
    yield Draft(event, row.id, row.asset_id, before.value, now.value, f"was looked for but not seen, {times}")


def _verify_removal(row: SightedDevice, removal: Removal) -> Draft:
    """The event that a scan looked for a device after its removal was recorded, and did not see it."""
    detail = f"recorded as {removal.status}, and a scan that looked for it did not see it"
    return Draft(Event.CONFIRMED_REMOVED, row.id, row.asset_id, removal.status, "", detail)


class _Ground:
    """What one scan looked at: its targets, subnet by subnet, and where there were signs of life.

    A subnet is named by its CIDR: that of the site map, otherwise the /24 or /64, with the site's name if one was
    given.
    """

    def __init__(
        self, report: Report, stored: StoredPresence, find_place: FindPlace, rows: Sequence[SightedDevice]
    ) -> None:
        self._report = report
        self._stored = stored
        self._find_place = find_place
        self._rows = rows
        self._targets = _parse_targets(report)
        left_out = spans(map(ipaddress.ip_network, report.coverage.left_out))
        self._asked_spans = tuple(subtract_spans(self._targets.spans, left_out)) if self._targets else ()
        self._asked = SpanSet(self._asked_spans)
        self._covered = SpanSet(self._targets.covering) if self._targets else SpanSet(())
        self._unasked = _addresses_left_out(report)
        self._silent: dict[str, bool] = {}

    @property
    def is_search(self) -> bool:
        """Whether silence means something: every address was asked."""
        return self._targets is not None and asked_everything(self._report.completion, self._report.coverage)

    def is_expected(self, row: SightedDevice) -> bool:
        """Whether the scan would have seen the device if it were still at its address."""
        outside = not any(ip in self._covered for ip in row.addresses)
        return self._is_asked(row) or (outside and row.last_scan in self._stored.same_scans)

    def is_silent(self, row: SightedDevice) -> bool:
        """Whether nothing is known about its addresses, because nothing in their subnets gave a sign of life."""
        if not self._is_asked(row):  # it had answered a question to everybody
            return not self._units_alive
        return all(self._is_lost(self._unit_of(ip)) for ip in self._asked_addresses(row))

    def is_conclusive(self, row: SightedDevice) -> bool:
        """Whether something answered in the device's subnet: a silent part of a subnet proves nothing."""
        return not self._is_asked(row) or any(
            self._unit_of(ip) in self._units_alive for ip in self._asked_addresses(row)
        )

    def lost_subnets(self, gone: Container[int]) -> Iterator[Draft]:
        """Events for subnets that gave signs of life before and give none now.

        There is no alarm if all devices of the subnet were removed.
        """
        hung: defaultdict[str, set[int]] = defaultdict(set)
        for row in self._rows:
            for ip in self._asked_addresses(row):
                hung[self._unit_of(ip)].add(row.id)
        empty = {unit for unit, ids in hung.items() if all(each in gone for each in ids)}
        for unit in sorted((self._units_alive_before | hung.keys()) - empty):
            if self._is_lost(unit) and unit not in self._stored.silent_subnets:
                detail = (
                    f"nothing in {self._describe_unit(unit)} answers any more; its devices do not count as missed "
                    f"until something answers again"
                )
                yield Draft(Event.COVERAGE_LOST, None, "", unit, "", detail)

    def restored_subnets(self) -> Iterator[Draft]:
        """Events for silent subnets that answer again."""
        for unit in sorted(self._stored.silent_subnets):
            if unit in self._units_alive or any(self._is_same_ground(unit, alive) for alive in self._units_alive):
                yield Draft(Event.COVERAGE_RESTORED, None, "", "", unit, f"{self._describe_unit(unit)} answers again")

    def _is_same_ground(self, lost: str, alive: str) -> bool:
        """Whether signs of life in one subnet count for the other: the site map may have changed since.

        Of two subnets that the site map has now, each address is in one of them.
        """
        if self._map_place(lost) and self._map_place(alive):
            return False
        network = ipaddress.ip_network(lost.partition(_AT)[0])
        return _may_be_same_ground(lost, alive) and any(common_spans(self._asked_spans, spans([network])))

    def _map_place(self, unit: str) -> Place | None:
        """The place of the site map that has exactly this subnet."""
        place = self._find_place("", [unit.partition("/")[0]])
        return place if place and place.subnet == unit else None

    def _describe_unit(self, unit: str) -> str:
        """The subnet with the name that the site map gives it."""
        place = self._map_place(unit)
        return f"{unit} ({place.name})" if place else unit

    def _asked_addresses(self, row: SightedDevice) -> list[str]:
        if not self._is_same_network(row):
            return []
        return [ip for ip in row.addresses if ip in self._asked and ip not in self._unasked]

    def _is_asked(self, row: SightedDevice) -> bool:
        return bool(self._asked_addresses(row))

    def _is_same_network(self, row: SightedDevice) -> bool:
        """Whether the address is in the same network.

        A private address may exist at every site, unless the site map has it.
        """
        site = self._report.site
        return not site or row.site in {"", site} or self._find_place("", row.addresses[:1]) is not None

    def _is_lost(self, unit: str) -> bool:
        if unit not in self._silent:
            network = ipaddress.ip_network(unit.partition(_AT)[0])
            known = self._covered.covers(network) or (unit in self._units_alive_before and self._is_part(network))
            self._silent[unit] = unit not in self._units_alive and known
        return self._silent[unit]

    def _is_part(self, network: Network) -> bool:
        """Whether so many of its addresses were asked that silence is not only that of one or two devices."""
        asked = common_spans(self._targets.spans if self._targets else (), spans([network]))
        return sum(span.last - span.first + 1 for span in asked) >= _PART

    def _unit_of(self, ip: str) -> str:
        place = self._find_place("", [ip])
        if place and place.subnet:
            return place.subnet
        return self._map_name(subnet_of(ip))

    def _map_name(self, cidr: str) -> str:
        return f"{cidr}{_AT}{self._report.site}" if self._report.site else cidr

    @cached_property
    def _units_alive(self) -> frozenset[str]:
        """Subnets in which something gave a sign of life."""
        answered = {self._unit_of(ip) for device in self._report.devices for ip in device.ip_addresses}
        return frozenset(answered | self._units_answering(self._report.coverage))

    @cached_property
    def _units_alive_before(self) -> frozenset[str]:
        """Subnets in which the last complete scan of the same site and targets found signs of life."""
        if self._stored.last_complete is None:
            return frozenset()
        number, coverage = self._stored.last_complete
        seen = {
            self._unit_of(ip) for each in self._rows if each.last_scan >= number for ip in self._asked_addresses(each)
        }
        return frozenset(seen | self._units_answering(coverage))

    def _units_answering(self, coverage: Coverage) -> set[str]:
        """The subnets of the site map that answered.

        A coverage counts by /24 or /64. That says something about a smaller subnet of the site map only if the scan
        asked nothing else there.
        """
        found = set()
        for cidr in (cidr for cidr, count in coverage.living.items() if count):
            network = ipaddress.ip_network(cidr)
            place = self._find_place("", [str(network.network_address)])
            wide = place and place.subnet and ipaddress.ip_network(place.subnet).prefixlen <= network.prefixlen
            only = None if wide else self._only_unit_asked(network)
            found.add(place.subnet if place and wide else only or self._map_name(cidr))
        return found

    def _only_unit_asked(self, network: Network) -> str | None:
        """The one subnet to which every address belongs that was asked in a network; None if there are several."""
        asked = list(common_spans(self._asked_spans, spans([network])))
        if sum(span.last - span.first + 1 for span in asked) > _FEW:
            return None
        units = {self._unit_of(str(ip)) for span in asked for part in span.networks() for ip in part}
        return units.pop() if len(units) == 1 else None


def asked_spans(report: Report) -> Sequence[Span]:
    """The addresses that the report looked for one by one; empty if its silence proves nothing."""
    targets = _parse_targets(report)
    if targets is None or not asked_everything(report.completion, report.coverage):
        return ()
    return targets.spans


def _parse_targets(report: Report) -> Targets | None:
    """The targets of a report; None if they are not addresses, as those of an import."""
    try:
        return parse_targets(report.targets, limit=_ANY)
    except TargetError:
        return None


def _addresses_left_out(report: Report) -> frozenset[str]:
    """Addresses that were left out, for example because the configuration excludes them."""
    outcomes: defaultdict[str, set[Outcome]] = defaultdict(set)
    for attempt in report.attempts:
        outcomes[attempt.ip].add(attempt.outcome)
    return frozenset(ip for ip, found in outcomes.items() if found == {Outcome.OUT_OF_SCOPE})


def asked_everything(completion: Completion, coverage: Coverage) -> bool:
    """Whether a scan asked all its targets. Unreachable subnets count as asked and silent."""
    if completion is Completion.PARTIAL and not coverage.unreachable:  # it was ended early
        return False
    return coverage.is_search and completion is not Completion.INTERRUPTED and not coverage.not_tried


def _may_be_same_ground(lost: str, alive: str) -> bool:
    """Whether two subnets overlap, at one site."""
    ours, _, our_site = lost.partition(_AT)
    theirs, _, their_site = alive.partition(_AT)
    one, other = ipaddress.ip_network(ours), ipaddress.ip_network(theirs)
    overlap = one.version == other.version and one.overlaps(other)
    return overlap and (not our_site or not their_site or our_site == their_site)
