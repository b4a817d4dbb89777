"""Observations to devices: which replies are of one box.

What answers on one address is one box, unless it proves to be two. Boxes on several addresses are one only on a strong
key: a serial number of one maker, an ONVIF endpoint, a MAC address that a maker assigned. Never an address over time,
never a TLS certificate: vendors bake one certificate into every unit.
"""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from camscan import decode
from camscan.fingerprints import Database
from camscan.identify.box import identify
from camscan.identify.decide import PROBABLE
from camscan.identify.field import is_global_mac
from camscan.model import Attempt, Device, Identification, Observation, Outcome
from camscan.protocols import protocol_of

_ALIVE = frozenset({Outcome.ANSWERED, Outcome.MALFORMED, Outcome.NOT_SPOKEN, Outcome.BUG})
_SHARED = 8
"""A key seen on more addresses than this belongs to no one box: a router's MAC address, a constant UUID."""
_EUI64 = re.compile(r"([0-9a-f]{2})([0-9a-f]{2}):?([0-9a-f]{2})ff:?fe([0-9a-f]{2}):?([0-9a-f]{2})([0-9a-f]{2})")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Key(NamedTuple):
    """A strong key: ``serial``, ``endpoint`` or ``mac``, and its value (a serial with its maker)."""

    kind: str
    value: str


@dataclass(slots=True)
class Cluster:
    """Replies of one box, by their place in the input."""

    members: list[int]
    keys: set[Key] = field(default_factory=set)
    maker: str | None = None
    """Where named at "probable" or better."""
    notes: list[str] = field(default_factory=list)
    disputed: bool = False
    """Whether makers compete for it."""
    found: Identification | None = None
    """What its members are together; None where that has to be found again."""


def merge(attempts: Iterable[Attempt], database: Database) -> list[Device]:
    """The devices behind the attempts of a live scan, in the order in which they were first seen."""
    listed = list(attempts)
    return [
        device([listed[number] for number in cluster.members], database, cluster=cluster)
        for cluster in clusters(listed, database)
    ]


def device(
    attempts: Sequence[Attempt], database: Database, *, ids: Sequence[str] = (), cluster: Cluster | None = None
) -> Device:
    """One device of attempts known to be of one box; the notes of the cluster behind it join its conflicts."""
    seen = tuple(observation for attempt in attempts for observation in attempt.observations)
    found = (cluster and cluster.found) or identify(seen, database)
    if cluster and cluster.notes:
        found = replace(found, conflicts=(*found.conflicts, *cluster.notes))
    times = [attempt.seen_at for attempt in attempts]
    macs = dict.fromkeys(observation.value for observation in seen if _names_mac(observation.key))
    if found.mac and found.mac in macs:
        macs = {found.mac: None} | macs
    return Device(
        identification=found,
        ip_addresses=_addresses(attempts),
        mac_addresses=tuple(macs),
        open_ports=_ports(attempts),
        first_seen=min(times),
        last_seen=max(times),
        observations=seen,
        ids=tuple(ids),
    )


def _names_mac(key: str) -> bool:
    return key == "mac.address" or key.endswith(".mac")


def _addresses(attempts: Iterable[Attempt]) -> tuple[str, ...]:
    """First seen first, but a routable address before a link-local one."""
    found = dict.fromkeys(attempt.ip for attempt in attempts if attempt.ip)
    return tuple(sorted(found, key=lambda ip: _parsed(ip) is not None and _is_link_local(ip)))


def _parsed(ip: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(ip)
    except ValueError:
        return None


def _is_link_local(ip: str) -> bool:
    address = _parsed(ip)
    return address is not None and address.is_link_local


def _ports(attempts: Iterable[Attempt]) -> tuple[str, ...]:
    found: set[tuple[int, str]] = set()
    for attempt in attempts:
        if attempt.port and attempt.outcome in _ALIVE | {Outcome.CLOSED}:
            found.add((attempt.port, protocol_of(attempt.probe).transport))
        for seen in attempt.observations:
            transport, _, number = seen.value.partition("/")
            if seen.key == "port.open" and number.isdecimal():
                found.add((int(number), transport))
    return tuple(f"{transport}/{number}" for number, transport in sorted(found))


def clusters(attempts: Sequence[Attempt], database: Database) -> list[Cluster]:
    """Which attempts are of one box; attempts in which nothing answered are of none."""
    addresses: dict[str, list[int]] = {}
    for number, attempt in enumerate(attempts):
        if attempt.outcome is Outcome.ANSWERED or (attempt.payload and attempt.outcome in _ALIVE):
            addresses.setdefault(attempt.ip or f"#{number}", []).append(number)
    found = [part for members in addresses.values() for part in _split(members, attempts, database)]
    return sorted(_join(found), key=lambda cluster: cluster.members[0])


def _split(members: Sequence[int], attempts: Sequence[Attempt], database: Database) -> list[Cluster]:
    """One address: one box, or several where what its ports say of themselves cannot be of one."""
    whole = _cluster(members, attempts, database)
    if not _contradictory(whole.keys) and not whole.disputed:
        return [whole]
    ports: dict[tuple[str, int], list[int]] = {}
    for number in members:
        attempt = attempts[number]
        # Datagram protocols of one box share no port; a contradiction between them is told per protocol.
        by_datagram = protocol_of(attempt.probe).transport == "udp"
        place = (attempt.probe, attempt.port) if by_datagram or not attempt.port else ("tcp", attempt.port)
        ports.setdefault(place, []).append(number)
    parts: list[Cluster] = []
    for part in (_cluster(numbers, attempts, database) for numbers in ports.values()):
        home = next((other for other in parts if _same_box(other, part)), None)
        if home is None:
            parts.append(part)
        else:
            _absorb(home, part)
    if len(parts) == 1 or not _are_several(parts):
        return [whole]
    names = ", ".join(sorted({key.value for part in parts for key in part.keys if key.kind == "serial"}))
    for part in parts:
        part.notes.append(f"address {attempts[members[0]].ip}: several boxes answer on it ({names or 'two makers'})")
    return parts


def _are_several(parts: Sequence[Cluster]) -> bool:
    """Whether the parts of one address cannot be one box: two serial numbers, or two makers."""
    makers = {part.maker for part in parts if part.maker}
    return len(makers) > 1 or _contradictory(key for part in parts for key in part.keys)


def _cluster(members: Sequence[int], attempts: Sequence[Attempt], database: Database) -> Cluster:
    seen = [observation for number in members for observation in attempts[number].observations]
    keys = {Key("mac", value.value) for value in seen if _names_mac(value.key) and is_global_mac(value.value)} | {
        Key("endpoint", uuid) for value in seen if value.key == "wsd.endpoint" if (uuid := _uuid(value.value))
    }
    keys |= {Key("mac", mac) for number in members if (mac := _eui64(attempts[number].ip))}
    found = identify(seen, database)
    maker = found.maker if found.certainty >= PROBABLE else None
    if maker:
        keys |= {Key("serial", f"{maker} {serial}") for serial in _serials(seen, found.serial)}
    disputed = found.maker is None and any(line.startswith("maker:") for line in found.conflicts)
    return Cluster(list(members), keys, maker, disputed=disputed, found=found)


def _serials(seen: Sequence[Observation], chosen: str | None) -> set[str]:
    """The serial numbers told in a maker's own form, each once: a short form is not another number."""
    # Other texts in serial fields (a UPnP description's, say) may be anything: they must not tear a box apart.
    told = {value.value for value in seen if value.key.endswith(".serial") and decode.is_serial(value.value)}
    told |= {chosen} if chosen else set()
    return {one for one in told if not any(one != other and other.endswith(one) for other in told)}


def _contradictory(keys: Iterable[Key]) -> bool:
    return len({key for key in keys if key.kind == "serial"}) > 1


def _same_box(one: Cluster, other: Cluster) -> bool:
    """Whether a part of an address belongs to another part: a shared key, or nothing of its own to say."""
    if one.keys & other.keys:
        return True
    serials = {kind for kind, _ in one.keys} & {kind for kind, _ in other.keys} & {"serial"}
    return not serials and (other.maker is None or other.maker == one.maker)


def _absorb(home: Cluster, part: Cluster) -> None:
    home.members = sorted({*home.members, *part.members})
    home.keys |= part.keys
    home.found = None
    home.maker = home.maker or part.maker
    home.notes += [note for note in part.notes if note not in home.notes]


def _join(found: Sequence[Cluster]) -> list[Cluster]:
    """Boxes that share a strong key become one; where the other keys contradict, they stay apart and say so."""
    spread = Counter(key for cluster in found for key in cluster.keys)
    owners: dict[Key, Cluster] = {}
    kept: list[Cluster] = []
    for cluster in found:
        home = cluster
        for key in sorted(cluster.keys):
            owner = owners.get(key)
            if owner is None or owner is home or spread[key] > _SHARED:
                continue
            if key.kind == "endpoint" and _other_interfaces(owner, home):
                # Cheap cameras carry one identifier in every unit; a recorder's second interface shares its serial.
                continue
            if _contradictory(owner.keys | home.keys) or _rivals(owner, home):
                note = f"shares {key.kind} {key.value} with another box, but the serial numbers or makers differ"
                owner.notes.append(note)
                home.notes.append(note)
                continue
            _absorb(owner, home)
            kept = [one for one in kept if one is not home]
            home = owner
        if home is cluster:
            kept.append(cluster)
        owners |= dict.fromkeys(home.keys, home)
    return kept


def _other_interfaces(one: Cluster, other: Cluster) -> bool:
    """Whether the MAC addresses of both are known, and none is the same."""
    ours, theirs = ({key for key in cluster.keys if key.kind == "mac"} for cluster in (one, other))
    return bool(ours and theirs) and not ours & theirs


def _rivals(one: Cluster, other: Cluster) -> bool:
    return one.maker is not None and other.maker is not None and one.maker != other.maker


def _uuid(text: str) -> str:
    """The UUID of an endpoint; empty where it is none, or one digit over and over."""
    found = _UUID.search(text.lower())
    return found[0] if found and len(set(found[0]) - {"-"}) > 1 else ""


def _eui64(ip: str) -> str:
    """The MAC address inside an IPv6 address that was made from it; empty where it was not."""
    address = _parsed(ip.partition("%")[0])
    if not isinstance(address, ipaddress.IPv6Address):
        return ""
    octets = address.packed[8:]
    if octets[3:5] != b"\xff\xfe":
        return ""
    mac = bytes([octets[0] ^ 2, octets[1], octets[2], *octets[5:]]).hex(":")
    return mac if is_global_mac(mac) else ""
