"""Questions to the register. Each runs inside the caller's transaction, so that it sees one state."""

from __future__ import annotations

import ipaddress
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, RowMapping, func, or_, select

from camscan.asset import NOTHING, Asset, Place, Presence, RecordType
from camscan.model import Attempt, Completion, Observation, Outcome
from camscan.net.text import mac_address
from camscan.register import people, schema, stated
from camscan.register.codec import coverage_from_json, identification_from_json
from camscan.register.matching import rows_in
from camscan.register.sitemap import within
from camscan.register.stored import Conflict, Sighting, StoredObservation, StoredScan

_SHORTEST_END = 4
"""The end of a serial number, as read off a label, must have at least so many characters to be looked up."""


def find(connection: Connection, text: str) -> list[Asset]:
    """See ``Register.find``."""
    text = text.strip()
    address = _normal_address(text)
    table, holders = schema.device, schema.device_address
    wanted = [func.upper(table.c.asset_id, type_=schema.DeviceText) == text.upper()]
    if address:
        wanted.append(table.c.id.in_(select(holders.c.device_id).where(holders.c.value == address)))
        key = schema.device_key  # also a MAC that a person stated and no scan has seen
        wanted.append(table.c.id.in_(select(key.c.device_id).where(key.c.kind == "mac", key.c.value == address)))
    else:
        wanted.append(table.c.id.in_(people.by_tag(connection, text)))
        wanted.append(func.upper(table.c.serial, type_=schema.DeviceText) == text.upper())
        key = schema.device_key
        if len(text) >= _SHORTEST_END:
            ending = key.c.value.endswith(text.upper(), autoescape=True)
            wanted.append(table.c.id.in_(select(key.c.device_id).where(key.c.kind == "serial", ending)))
    rows = connection.execute(select(table).where(or_(*wanted)).order_by(table.c.id)).mappings().all()
    found = _devices(connection, rows)
    return sorted(found, key=lambda each: address not in {*each.ip_addresses, *each.mac_addresses, None})


def devices(connection: Connection, *, maker: str | None, site: str | None) -> list[Asset]:
    """See ``Register.devices``."""
    table = schema.device
    query = select(table).order_by(table.c.id)
    if maker is not None:
        query = query.where(table.c.maker == maker)
    if site is not None:
        query = query.where(table.c.site == site)
    return _devices(connection, connection.execute(query).mappings().all())


def evidence(connection: Connection, asset_id: str) -> list[StoredObservation]:
    """See ``Register.evidence``."""
    seen, fact, device, scan = schema.observation, schema.fact, schema.device, schema.scan
    until = func.coalesce(seen.c.last_scan, device.c.last_scan)
    first, last = scan.alias("first"), scan.alias("last")
    query = (
        select(*seen.c["ip", "port", "probe", "seen_at", "last_scan"], *fact.c["key", "value"])
        .add_columns(first.c.scan_id.label("first_id"), last.c.scan_id.label("last_id"))
        .join(device, device.c.id == seen.c.device_id)
        .join(fact, fact.c.id == seen.c.fact_id)
        .join(first, first.c.id == seen.c.first_scan)
        .join(last, last.c.id == until)
        .where(device.c.asset_id == asset_id)
        .order_by(until.desc(), seen.c.id)
    )
    return [
        StoredObservation(
            Observation(row["ip"], row["port"], row["probe"], row["key"], row["value"], row["seen_at"]),
            first_scan=row["first_id"],
            last_scan=row["last_id"],
            current=row["last_scan"] is None,
        )
        for row in connection.execute(query).mappings()
    ]


def history(connection: Connection, asset_id: str) -> list[Sighting]:
    """See ``Register.history``."""
    sighting, state, device, scan = schema.sighting, schema.device_state, schema.device, schema.scan
    query = (
        select(scan.c.scan_id, state.c.state, *sighting.c["first_seen", "last_seen"])
        .select_from(sighting)
        .join(state, state.c.id == sighting.c.state_id)
        .join(device, device.c.id == sighting.c.device_id)
        .join(scan, scan.c.id == sighting.c.scan)
        .where(device.c.asset_id == asset_id)
        .order_by(sighting.c.scan)
    )
    return [
        Sighting(
            scan_id=row["scan_id"],
            identification=identification_from_json(row["state"]["identification"]),
            ip_addresses=tuple(row["state"]["ip_addresses"]),
            mac_addresses=tuple(row["state"]["mac_addresses"]),
            open_ports=tuple(row["state"]["open_ports"]),
            first_seen=row["first_seen"],
            last_seen=row["last_seen"],
        )
        for row in connection.execute(query).mappings()
    ]


def conflicts(connection: Connection, asset_id: str | None) -> list[Conflict]:
    """See ``Register.conflicts``."""
    table, device, scan = schema.conflict, schema.device, schema.scan
    query = (
        select(device.c.asset_id, *table.c["kind", "detail"], scan.c.scan_id)
        .select_from(table)
        .join(device, device.c.id == table.c.device_id)
        .join(scan, scan.c.id == table.c.scan)
        .order_by(table.c.id)
    )
    if asset_id is not None:
        query = query.where(device.c.asset_id == asset_id)
    return [Conflict(**row) for row in connection.execute(query).mappings()]


def scans(connection: Connection) -> list[StoredScan]:
    """See ``Register.scans``."""
    rows = connection.execute(select(schema.scan).order_by(schema.scan.c.id)).mappings()
    return [
        StoredScan(
            scan_id=row["scan_id"],
            started_at=row["started_at"],
            finished_at=row["finished_at"],
            completion=Completion(row["completion"]),
            site=row["site"],
            targets=tuple(row["targets"]),
            pace=row["pace"],
            version=row["version"],
            database=row["database"],
            coverage=coverage_from_json(row["coverage"]),
            devices=row["devices"],
        )
        for row in rows
    ]


def attempts(connection: Connection, scan_id: str, ip: str | None) -> list[Attempt]:
    """See ``Register.attempts``."""
    asked, payload, scan = schema.attempt, schema.payload, schema.scan
    query = (
        select(asked, payload.c.content)
        .join(scan, scan.c.id == asked.c.scan)
        .outerjoin(payload, payload.c.id == asked.c.payload_id)
        .where(scan.c.scan_id == scan_id)
        .order_by(asked.c.id)
    )
    if ip is not None:
        query = query.where(asked.c.ip == ip)
    return [
        Attempt(
            probe=row["probe"],
            ip=row["ip"],
            port=row["port"],
            outcome=Outcome(row["outcome"]),
            detail=row["detail"],
            payload=zlib.decompress(row["content"]) if row["content"] else b"",
            seen_at=row["seen_at"],
        )
        for row in connection.execute(query).mappings()
    ]


def sizes(connection: Connection) -> Mapping[str, int]:
    """See ``Register.sizes``."""
    counted = {}
    for name, table in schema.METADATA.tables.items():
        counted[name] = int(connection.execute(select(func.count()).select_from(table)).scalar_one())
    return counted


def _normal_address(text: str) -> str | None:
    """An IP or MAC address as it is stored; None for other text."""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return mac_address(text)


def _devices(connection: Connection, rows: Iterable[RowMapping]) -> list[Asset]:
    rows = [row for row in rows if row["merged_into"] is None]
    numbers = [row["id"] for row in rows]
    holders, scan, people = schema.device_address, schema.scan, schema.people
    held: defaultdict[int, list[RowMapping]] = defaultdict(list)
    for row in rows_in(connection, holders, holders.c.device_id, numbers):
        held[row["device_id"]].append(row)
    wanted = {row["last_scan"] for row in rows} - {None}
    scan_ids = {row["id"]: row["scan_id"] for row in rows_in(connection, scan, scan.c.id, wanted)}
    entered = {row["device_id"]: row for row in rows_in(connection, people, people.c.device_id, numbers)}
    recorders = {row["recorder_id"] for row in rows} - {None}
    table = schema.device
    names = {row["id"]: row["asset_id"] for row in rows_in(connection, table, table.c.id, recorders)}
    beside = _Beside(held, scan_ids, entered, names, places(connection))
    return [_device(row, beside) for row in rows]


@dataclass(frozen=True, slots=True)
class _Beside:
    """What stands in other tables about a number of devices."""

    held: Mapping[int, list[RowMapping]]
    """Device -> its addresses."""
    scan_ids: Mapping[int, str]
    entered: Mapping[int, RowMapping]
    """Device -> people's entries."""
    names: Mapping[int, str]
    """Recorder -> its asset id."""
    find_place: Callable[[str, Iterable[str]], Place | None]


def places(connection: Connection) -> Callable[[str, Iterable[str]], Place | None]:
    """The site map as a question: the place of a device, given its site's name and its addresses.

    The longest prefix that holds one of the addresses decides; without one, the site of that name.
    """
    sites = {row["name"]: Place(**row) for row in connection.execute(select(schema.site)).mappings()}
    subnets = [(ipaddress.ip_network(row["cidr"]), row) for row in connection.execute(select(schema.subnet)).mappings()]
    by_prefix: defaultdict[tuple[int, int], dict[int, RowMapping]] = defaultdict(dict)
    for network, row in subnets:
        shift = network.max_prefixlen - network.prefixlen
        by_prefix[network.version, shift][int(network.network_address) >> shift] = row
    shifts = sorted(by_prefix, key=lambda each: each[1])

    def find(site: str, addresses: Iterable[str]) -> Place | None:
        for text in addresses:
            address = ipaddress.ip_address(text.partition("%")[0])
            for version, shift in shifts:
                row = by_prefix[version, shift].get(int(address) >> shift) if version == address.version else None
                if row is not None:
                    return within(sites[row["site"]], row)
        return sites.get(site)

    return find


def _placed(
    site: str,
    addresses: Sequence[str],
    entries: Mapping[str, str],
    find_place: Callable[[str, Iterable[str]], Place | None],
) -> Place | None:
    """Where a device is. The building is the one that a person named, the network that of its address."""
    stated_address = entries.get("stated_ip_address")
    place = find_place(site, addresses or ([stated_address] if stated_address else []))
    name = entries.get("site_name")
    if not name or (place and place.name == name):
        return place
    building = find_place(name, []) or Place(name)
    if place is None:
        return building
    zone = building.network_zone or place.network_zone
    return replace(building, vlan=place.vlan, subnet=place.subnet, network_zone=zone)


def _device(row: RowMapping, beside: _Beside) -> Asset:
    entered = beside.entered.get(row["id"])
    entries: Mapping[str, str] = entered["entries"] if entered else NOTHING
    current: dict[str, list[str]] = {"ip": [], "mac": []}
    past: dict[str, list[str]] = {"ip": [], "mac": []}
    for address in sorted(beside.held[row["id"]], key=lambda each: (each["position"], -each["last_scan"])):
        (current if address["last_scan"] == row["last_scan"] else past)[address["kind"]].append(address["value"])
    return Asset(
        asset_id=row["asset_id"],
        record_type=RecordType(row["record_type"]),
        identification=stated.overlaid(identification_from_json(row["known"]["identification"]), entries),
        ip_addresses=tuple(current["ip"]),
        mac_addresses=tuple(current["mac"]),
        open_ports=tuple(row["known"]["open_ports"]),
        past_ip_addresses=tuple(past["ip"]),
        past_mac_addresses=tuple(past["mac"]),
        site=row["site"],
        provisional=row["provisional"],
        presence=Presence(row["presence"]),
        scans_missed=row["scans_missed"],
        first_seen=row["first_seen"],
        last_seen=row["last_seen"],
        last_scan=beside.scan_ids.get(row["last_scan"], ""),
        sightings=row["sightings"],
        hints=row["known"].get("hints", NOTHING),
        channels=row["channels"],
        recorder_asset_id=beside.names.get(row["recorder_id"], ""),
        channel=row["channel"],
        place=_placed(row["site"], current["ip"], entries, beside.find_place),
        entries=entries,
        revision=entered["revision"] if entered else 0,
    )
