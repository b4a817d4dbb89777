"""Turns observations into devices: which replies are of one box.

Replies from one address are of one box, unless they prove to be of two. Boxes on several addresses are one only by a
strong key (``keys.py``) that nothing contradicts: a serial number of one maker, a MAC address that a maker assigned. An
IPv4 and an IPv6 address are one box only if the wire shows the same MAC address behind both. An address over time, a
TLS certificate or an ONVIF endpoint alone never joins boxes: vendors build one into every unit.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field, replace
from itertools import combinations, islice

from camscan import decode
from camscan.dataclass import dataclass
from camscan.fingerprints import Database
from camscan.identify.box import identify_box, own_words, rests_on_unasked
from camscan.identify.decide import PROBABLE
from camscan.identify.field import is_global_mac
from camscan.identify.keys import (
    Key,
    Marks,
    claimed_macs,
    describe_contradiction,
    endpoint_key,
    join_marks,
    mac_keys,
    serial_keys,
    serials_contradict,
    wire_macs,
)
from camscan.model import Attempt, Device, Identification, Observation, Outcome
from camscan.protocols import protocol_of

_ALIVE = frozenset({Outcome.ANSWERED, Outcome.MALFORMED, Outcome.NOT_SPOKEN, Outcome.BUG})
_SHARED = 8
"""A key seen on more addresses than this belongs to no single box: a router's MAC address, a constant number."""
_MOST_BOXES = 8
"""The most boxes that one address can become: inventing serial numbers does not make a crowd."""
_NAMED = 3
"""Addresses that a note names."""
_ONLY_ON_WIRE = "only the same MAC address on the wire proves an IPv4 and an IPv6 address to be one box"
_JOINING = ("serial", "unit", "mac")
"""Kinds of key that join several addresses into one box, in this order; the MAC address on the wire comes first."""


@dataclass(slots=True)
class Cluster:
    """Replies of one box, by their positions in the input."""

    members: list[int]
    marks: Marks = field(default_factory=Marks)
    """The maker only if it is "probable" or better; the model only with a maker."""
    ips: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)
    disputed: bool = False
    """Whether several makers are claimed for it."""
    is_unasked: bool = False
    """Whether only replies to no question of ours name it."""
    is_guest: bool = False
    """Whether it only shares the address of a box that is behind it on the wire."""
    found: Identification | None = None
    """The identification of its members together; None if it must be computed again."""


def merge_attempts(attempts: Iterable[Attempt], database: Database) -> list[Device]:
    """The devices behind the attempts of a live scan, in the order in which they were first seen."""
    listed = list(attempts)
    return [
        make_device([listed[number] for number in cluster.members], database, cluster=cluster)
        for cluster in group_by_box(listed, database)
    ]


def make_device(
    attempts: Sequence[Attempt], database: Database, *, ids: Sequence[str] = (), cluster: Cluster | None = None
) -> Device:
    """One device of attempts that are known to be of one box; the notes of its cluster join its conflicts."""
    seen = tuple(observation for attempt in attempts for observation in attempt.observations)
    found = (cluster and cluster.found) or identify_box(seen, database)
    own = own_words(seen, found)
    if cluster and cluster.notes:
        found = replace(found, conflicts=(*found.conflicts, *cluster.notes))
    times = [attempt.seen_at for attempt in attempts]
    macs = dict.fromkeys(observation.value for observation in own if _names_mac(observation.key))
    if found.mac and found.mac in macs:
        macs = {found.mac: None} | macs
    return Device(
        identification=found,
        ip_addresses=_list_addresses(attempts),
        mac_addresses=tuple(macs),
        open_ports=_list_ports(attempts),
        first_seen=min(times),
        last_seen=max(times),
        observations=seen,
        ids=tuple(ids),
    )


def _names_mac(key: str) -> bool:
    return key == "mac.address" or key.endswith(".mac")


def _list_addresses(attempts: Iterable[Attempt]) -> tuple[str, ...]:
    """In the order in which they were seen, but a routable address before a link-local one."""
    found = dict.fromkeys(attempt.ip for attempt in attempts if attempt.ip)
    return tuple(sorted(found, key=lambda ip: _parse_address(ip) is not None and _is_link_local(ip)))


def _parse_address(ip: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(ip)
    except ValueError:
        return None


def _is_link_local(ip: str) -> bool:
    address = _parse_address(ip)
    return address is not None and address.is_link_local


def _list_ports(attempts: Iterable[Attempt]) -> tuple[str, ...]:
    found: set[tuple[int, str]] = set()
    for attempt in attempts:
        if attempt.port and attempt.outcome in _ALIVE | {Outcome.CLOSED}:
            found.add((attempt.port, protocol_of(attempt.probe).transport))
        for seen in attempt.observations:
            transport, _, number = seen.value.partition("/")
            if seen.key == "port.open" and number.isdecimal():
                found.add((int(number), transport))
    return tuple(f"{transport}/{number}" for number, transport in sorted(found))


def group_by_box(attempts: Sequence[Attempt], database: Database) -> list[Cluster]:
    """Which attempts are of one box. Attempts without an answer belong to none.

    The attempt that showed a MAC address on the wire is a member of every box on that address.
    """
    addresses: dict[str, list[int]] = {}
    for number, attempt in enumerate(attempts):
        if attempt.outcome is Outcome.ANSWERED or (attempt.payload and attempt.outcome in _ALIVE):
            addresses.setdefault(attempt.ip or f"#{number}", []).append(number)
    boxes = [part for members in addresses.values() for part in _split_address(members, attempts, database)]
    _withdraw_unasked_keys(boxes)
    return sorted(_join_boxes(boxes), key=lambda cluster: (cluster.members[0], cluster.is_guest))


def _withdraw_unasked_keys(boxes: Iterable[Cluster]) -> None:
    """Take from boxes that only unasked replies name the keys of boxes that answered: those replies may be forged."""
    proven: set[Key] = set()
    unasked: list[Cluster] = []
    for box in boxes:
        if box.is_unasked:
            unasked.append(box)
        else:
            proven |= box.marks.keys
    for box in unasked:
        box.marks = replace(box.marks, keys=box.marks.keys - proven)


def _split_address(members: Sequence[int], attempts: Sequence[Attempt], database: Database) -> list[Cluster]:
    """One address: one box, or several if its replies cannot all be of one."""
    whole = _make_cluster(members, attempts, database)
    if not _has_several_serials(whole.marks.keys) and not whole.disputed:
        return [whole]
    replies: dict[tuple[str, int], list[int]] = {}
    on_wire = [number for number in members if attempts[number].probe == "mac"]
    for number in (number for number in members if number not in on_wire):
        attempt = attempts[number]
        # A conversation is with one box. A datagram may be of any: its sender is not proven.
        by_datagram = not attempt.port or protocol_of(attempt.probe).transport == "udp"
        replies.setdefault((attempt.probe, number) if by_datagram else ("tcp", attempt.port), []).append(number)
    parts = [_make_cluster(numbers, attempts, database) for numbers in replies.values()]
    boxes = _split_boxes(parts, whole.marks.wire)
    if len(boxes) < 2 or not _are_several(boxes):  # noqa: PLR2004 - one box is no several
        return [whole]
    serials = sorted({_key_text(key) for box in boxes for key in box.marks.keys if key.kind == "serial"})
    names = ", ".join([*serials[:_MOST_BOXES], *(["…"] if len(serials) > _MOST_BOXES else [])])
    for box in boxes:
        box.members = sorted({*box.members, *on_wire})
        box.marks = replace(
            box.marks, wire=whole.marks.wire, keys=box.marks.keys - _macs_of_cluster(box) | _own_macs(whole, box)
        )
        box.found = None if on_wire else box.found
        box.notes.append(f"address {attempts[members[0]].ip}: several boxes answer on it ({names or 'two makers'})")
    return boxes


def _split_boxes(parts: Sequence[Cluster], wire: frozenset[str]) -> list[Cluster]:
    """The boxes behind the replies of one address; the box whose MAC address the wire shows comes first."""
    ranked = sorted(parts, key=lambda part: (not part.marks.claims & wire, not part.marks.keys, part.members))
    boxes: list[Cluster] = []
    for part in ranked:
        home = next((box for box in boxes if not _are_rivals(box.marks, part.marks)), None)
        if home is None and len(boxes) >= _MOST_BOXES:
            home = boxes[-1]
            home.notes = [f"more than {_MOST_BOXES} boxes are claimed on this address; this is the rest of them"]
        if home is None:
            part.is_guest = bool(boxes)
            boxes.append(part)
        else:
            _absorb_part(home, part)
    return boxes


def _own_macs(whole: Cluster, box: Cluster) -> frozenset[Key]:
    """The MAC addresses that identify a box. A guest has none: the one on the wire is its host's."""
    return frozenset() if box.is_guest else mac_keys(whole.marks.wire, box.marks.claims)


def _macs_of_cluster(cluster: Cluster) -> frozenset[Key]:
    return frozenset(key for key in cluster.marks.keys if key.kind == "mac")


def _are_rivals(one: Marks, other: Marks) -> bool:
    """Whether two replies from one address are of two boxes.

    Models are not compared: their spelling varies too much.
    """
    return serials_contradict(one.keys, other.keys) or bool(one.maker and other.maker and one.maker != other.maker)


def _are_several(parts: Sequence[Cluster]) -> bool:
    """Whether the parts of one address cannot be one box: two serial numbers, or two makers."""
    makers = {part.marks.maker for part in parts if part.marks.maker}
    return len(makers) > 1 or _has_several_serials(key for part in parts for key in part.marks.keys)


def _make_cluster(members: Sequence[int], attempts: Sequence[Attempt], database: Database) -> Cluster:
    seen = [observation for number in members for observation in attempts[number].observations]
    found = identify_box(seen, database)
    own = own_words(seen, found)
    wire, claims = wire_macs(seen), claimed_macs(own)
    keys = mac_keys(wire, claims)
    keys |= {key for value in own if value.key == "wsd.endpoint" if (key := endpoint_key(value.value))}
    maker = found.maker if found.certainty >= PROBABLE else None
    if maker:
        keys |= {key for serial in _serials_told(own, found.serial) for key in serial_keys(maker, serial)}
    disputed = found.maker is None and any(line.startswith("maker:") for line in found.conflicts)
    ips = tuple(dict.fromkeys(attempts[number].ip for number in members if attempts[number].ip))
    marks = Marks(keys, wire, claims, maker, found.model if maker else None)
    return Cluster(list(members), marks, ips, disputed=disputed, is_unasked=rests_on_unasked(found), found=found)


def _serials_told(seen: Sequence[Observation], chosen: str | None) -> set[str]:
    """The serial numbers in a maker's own form, each once: a short form is not another number."""
    # Other texts in serial fields (of a UPnP description, say) may be anything: they must not split a box.
    told = {value.value for value in seen if value.key.endswith(".serial") and decode.is_serial(value.value)}
    told |= {chosen} if chosen else set()
    return {one for one in told if not any(one != other and other.endswith(one) for other in told)}


def _has_several_serials(keys: Iterable[Key]) -> bool:
    return len({key for key in keys if key.kind == "serial"}) > 1


def _key_text(key: Key) -> str:
    """The value of a key, for a person: a serial number with its maker."""
    return key.value.replace("|", " ")


def _absorb_part(home: Cluster, part: Cluster) -> None:
    home.members = sorted({*home.members, *part.members})
    home.marks = join_marks(home.marks, part.marks)
    home.ips = tuple(dict.fromkeys((*home.ips, *part.ips)))
    home.found = None
    home.is_unasked &= part.is_unasked
    home.notes += [note for note in part.notes if note not in home.notes]


def _join_boxes(boxes: Sequence[Cluster]) -> list[Cluster]:
    """Join boxes that share a strong key. If anything contradicts, they stay separate and a note says so."""
    kept = _join_holders(boxes, {id(box): _wire_keys(box) for box in boxes}, on_wire=True)
    for kind in _JOINING:
        keys = {id(box): sorted(key for key in box.marks.keys if key.kind == kind) for box in kept}
        kept = _join_holders(kept, keys, on_wire=False)
    _note_claims(kept)
    return kept


def _wire_keys(box: Cluster) -> list[Key]:
    return [] if box.is_guest else [Key("mac", mac) for mac in sorted(box.marks.wire)]


def _join_holders(boxes: Sequence[Cluster], keys: Mapping[int, Sequence[Key]], *, on_wire: bool) -> list[Cluster]:
    """Join the holders of each key. A key whose holders contradict each other joins none of them."""
    holders: dict[Key, list[Cluster]] = {}
    for box in boxes:
        for key in keys[id(box)]:
            holders.setdefault(key, []).append(box)
    into: dict[int, Cluster] = {}
    for key, found in holders.items():
        several = list({id(home): home for box in found if (home := _box_joined_into(box, into))}.values())
        if len(several) > _SHARED and key.kind in {"serial", "unit"}:
            _note_shared_key(key, several, f"more than {_SHARED} claim it: it identifies none of them")
        if not 1 < len(several) <= _SHARED or (on_wire and not _joins_on_wire(key.value, several)):
            continue
        if reason := next(
            filter(None, (describe_contradiction(*map(_box_marks, pair)) for pair in combinations(several, 2))), ""
        ):
            _note_shared_key(key, several, reason)
            continue
        homes: list[Cluster] = []
        for box in several:
            near = [home for home in homes if on_wire or not _crosses_families(home, box)]
            if near:
                _absorb_part(near[0], box)
                into[id(box)] = near[0]
            else:
                homes.append(box)
        if len(homes) > 1:
            _note_shared_key(
                key, homes, "only the same MAC address on the wire proves an IPv4 and an IPv6 address to be one box"
            )
    return [box for box in boxes if id(box) not in into]


def _box_joined_into(box: Cluster, into: Mapping[int, Cluster]) -> Cluster:
    """The box that it has become part of."""
    while id(box) in into:
        box = into[id(box)]
    return box


def _box_marks(box: Cluster) -> Marks:
    return box.marks


def _joins_on_wire(mac: str, holders: Sequence[Cluster]) -> bool:
    """A MAC address made up by software joins IPv6 addresses to one IPv4 address: repeaters show theirs for many."""
    return is_global_mac(mac) or sum(any(":" not in ip for ip in box.ips) for box in holders) <= 1


def _crosses_families(one: Cluster, other: Cluster) -> bool:
    """Whether one is known by IPv4 addresses only and the other by IPv6: only the wire proves that they are one."""
    return not {":" in ip for ip in one.ips} & {":" in ip for ip in other.ips}


def _note_claims(boxes: Sequence[Cluster]) -> None:
    """Note on a box that it reports a MAC address which the wire shows behind another box."""
    owners: dict[str, Cluster] = {}
    for box in boxes:
        if not box.is_guest:
            for mac in box.marks.wire:
                owners.setdefault(mac, box)
    for box in boxes:
        for mac in sorted(box.marks.denied_macs & owners.keys()):
            _note_shared_key(Key("mac", mac), [owners[mac], box], "the wire shows it behind one of them only")


def _note_shared_key(key: Key, boxes: Sequence[Cluster], reason: str) -> None:
    for box in boxes:
        # One more than are named: thousands of boxes may claim one number.
        others = list(islice((ip for other in boxes if other is not box for ip in other.ips[:1]), _NAMED + 1))
        where = ", ".join([*others[:_NAMED], *(["…"] if len(others) > _NAMED else [])])
        note = f"shares {key.kind} {_key_text(key)} with another box{f' ({where})' if where else ''}, but {reason}"
        if key.kind == "unit" and any(line.startswith("shares serial ") for line in box.notes):
            continue  # named with its maker
        if note not in box.notes:
            box.notes.append(note)
