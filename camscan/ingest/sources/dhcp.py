"""DHCP leases and reservations: which device asked for an address, and the name and class that it sent.

Sources: dhcpd.leases(5) of ISC DHCP 4.4, the memfile and ``lease4-get-all`` of Kea 2.6, ``Get-DhcpServerv4Lease``,
``netsh dhcp`` and the list export of Windows Server, dnsmasq 2.90, CSV export of Infoblox NIOS 9.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime

from camscan.ingest import headings
from camscan.ingest.headed import mac_of_cell, make_headed_form
from camscan.ingest.records import Row, read_elements, read_objects, read_rows
from camscan.ingest.source import Document, Entry, Form, Head, Item, LeftOut, Problem, Source
from camscan.ingest.tables import address_of
from camscan.model import Fact
from camscan.net.text import clean_text

_LONGEST = 255
"""The most characters of a name or class, as in DHCP options."""
_SHOWN = 60
_NO_MAC = "without a MAC address"
_IDLE = "of leases that nobody holds"


def _lease_item(
    place: str,
    ip: str,
    mac: str,
    names: Mapping[str, str],
    *,
    text: str,
    seen_at: datetime | None = None,
    was_heard: bool = True,
) -> Item:
    """One lease; ``names`` is fact key -> text of the device.

    ``was_heard``: whether the device asked at ``seen_at``.
    """
    found, unit = address_of(ip), mac_of_cell(mac)
    if not found:
        return Problem(place, f"not an IP address: {clean_text(ip)[:_SHOWN] or 'there is none'}")
    if not unit:
        return LeftOut(place, _NO_MAC)
    facts = [Fact(key, told) for key, value in names.items() if (told := clean_text(value)[:_LONGEST])]
    return Entry(place, found, unit, tuple(facts), seen_at, text, was_heard=was_heard and seen_at is not None)


def _time_of(seconds: float, otherwise: datetime) -> datetime:
    try:
        return min(datetime.fromtimestamp(seconds, UTC), otherwise)
    except (ValueError, OverflowError, OSError):
        return otherwise


# ── ISC ──────────────────────────────────────────────────────────────────────────────────────────────────────────

_BEGINS = re.compile(r"\s*(?P<kind>lease|host)\s+(?P<name>\S+)\s*\{\s*(?P<rest>.*)")
_STATEMENT = re.compile(
    r"\b(?P<name>(?:next )?binding state|hardware ethernet|starts|cltt|client-hostname|fixed-address"
    r"|set vendor-class-identifier =|option vendor-class-identifier|option host-name)"
    r"\s+(?P<value>\"(?:[^\"\\]|\\.){0,1000}\"|[^;\"]{1,200});"
)
_BLOCK_LINES = 200
_WHEN = re.compile(r"(?:[0-6] )?(\d{4})/(\d\d?)/(\d\d?) (\d\d?):(\d\d?):(\d\d?)")
_EPOCH = re.compile(r"epoch (\d{1,12})")
_OCTAL = re.compile(r"\\([0-7]{3})")


def _fits_isc(head: Head) -> bool:
    is_begun = any(re.match(r"\s*(?:lease\s+[\d.]+|host\s+\S+)\s*\{", line) for line in head.lines)
    return is_begun and any("hardware ethernet" in line for line in head.lines)


def _read_isc(document: Document) -> Iterator[Item]:
    """Yield one block after the other.

    A block that is not closed before the next begins is broken; the next is still read.
    """
    begun, kind, name, told, size = 0, "", "", {}, 0  # type: tuple[int, str, str, dict[str, str], int]
    for line in document.lines():
        match = _BEGINS.match(line.text)
        if match:
            if begun:
                yield Problem(f"line {begun}", f"the {kind} {name[:_SHOWN]} is not closed")
            begun, kind, name, told, size = line.number, match["kind"], match["name"], {}, 0
        if not begun:
            continue
        size += 1
        if size > _BLOCK_LINES or line.is_cut:
            yield Problem(f"line {begun}", f"the {kind} {name[:_SHOWN]} is too long")
            begun = 0
            continue
        text = match["rest"] if match else line.text
        told |= {found["name"]: found["value"].strip() for found in _STATEMENT.finditer(text)}
        if text.strip().endswith("}"):
            yield _isc_item(f"lines {begun} to {line.number}", kind, name, told, document.as_of)
            begun = 0
    if begun:
        yield Problem(f"line {begun}", f"the {kind} {name[:_SHOWN]} is not closed; the file ends before")


def _isc_item(place: str, kind: str, name: str, told: Mapping[str, str], as_of: datetime) -> Item:
    hardware = told.get("hardware ethernet", "")
    vendor = told.get("set vendor-class-identifier =", "") or told.get("option vendor-class-identifier", "")
    client = told.get("client-hostname", "") or told.get("option host-name", "")
    names = {"dhcp.host_name": _unquote(client), "dhcp.vendor_class": _unquote(vendor)}
    if kind == "host" and (not hardware or not told.get("fixed-address", "")):
        return LeftOut(place, "of reservations without an address, or deleted")
    if kind == "host":
        names["dhcp.host_name"] = names["dhcp.host_name"] or name
        ip = told.get("fixed-address", "").partition(",")[0]
        return _lease_item(place, ip, hardware, names, text=f"host {name} {ip} {hardware}")
    heard = _isc_time(told.get("cltt", "")) or _isc_time(told.get("starts", ""))
    if not hardware:
        return LeftOut(place, _IDLE if told.get("binding state") in {"free", "backup", "abandoned"} else _NO_MAC)
    text = f"lease {name} {told.get('binding state', '')} {hardware} {client} {vendor}"
    return _lease_item(place, name, hardware, names, text=text, seen_at=min(heard, as_of) if heard else None)


def _unquote(text: str) -> str:
    """A string of dhcpd, without its quotes; some bytes are written as three octal digits."""
    plain = text.strip()
    plain = plain[1:-1] if len(plain) > 1 and plain[0] == plain[-1] == '"' else plain
    return _OCTAL.sub(lambda found: chr(int(found[1], 8) & 0xFF), plain).replace('\\"', '"')


def _isc_time(text: str) -> datetime | None:
    if epoch := _EPOCH.search(text):
        return _time_of(int(epoch[1]), datetime.now(UTC))
    match = _WHEN.search(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = map(int, match.groups())
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None


# ── Kea ──────────────────────────────────────────────────────────────────────────────────────────────────────────

_KEA_HEADINGS = re.compile(r"^address,(?:hwaddr|duid),")
_KEA_COMMA = "&#x2c"


def _read_kea_csv(document: Document) -> Iterator[Item]:
    for row in read_rows(document.lines(), ",", _KEA_HEADINGS):
        if isinstance(row, Problem):
            yield row
            continue
        told = {name: value.replace(_KEA_COMMA, ",") for name, value in row.values.items()}
        lifetime = _number_of(told.get("valid_lifetime", ""))
        heard = _number_of(told.get("expire", "")) - lifetime
        # Without a lifetime, nothing says when the device asked: the lease was given back, or OPNsense wrote the list.
        seen_at = _time_of(heard, document.as_of) if heard > 0 and lifetime else None
        names = {"dhcp.host_name": told.get("hostname", "").rstrip(".")}
        yield _lease_item(
            row.place, told.get("address", ""), told.get("hwaddr", ""), names, text=row.text, seen_at=seen_at
        )


def _number_of(text: object) -> int:
    plain = str(text)
    return int(plain) if plain.isascii() and plain.isdecimal() and len(plain) < 12 else 0  # noqa: PLR2004 - seconds


def _fits_kea_json(head: Head) -> bool:
    return head.raw.lstrip()[:1] in {b"[", b"{"} and b'"leases"' in head.raw and b'"ip-address"' in head.raw


def _read_kea_json(document: Document) -> Iterator[Item]:
    """Yield lease by lease, whatever is around the list."""
    for number, (text, lease) in enumerate(read_objects(document, after='"leases"', is_flat=True), 1):
        place = f"lease {number}"
        if lease is None:
            yield Problem(place, f"not JSON: {' '.join(text.split())[:_SHOWN]}")
            continue
        heard = _number_of(lease.get("cltt", ""))
        seen_at = _time_of(heard, document.as_of) if heard else None
        told = {key: value for key, value in lease.items() if isinstance(value, str)}
        names = {"dhcp.host_name": told.get("hostname", "").rstrip(".")}
        ip, mac = told.get("ip-address", ""), told.get("hw-address", "")
        yield _lease_item(place, ip, mac, names, text=text, seen_at=seen_at)


# ── Windows ──────────────────────────────────────────────────────────────────────────────────────────────────────

_WINDOWS_HEADINGS = re.compile(
    r'^"?(?:IPAddress"?,|.*"?(?:ScopeId|AddressState)"?,)|^Client IP Address[\t,]', re.IGNORECASE
)
_WINDOWS_STATES = r"Active|ActiveReservation|InactiveReservation|Declined|Expired|Offered"
_WINDOWS_TABLE = re.compile(
    rf"\s*(?P<ip>[\d.]+) +[\d.]+ +(?P<mac>[0-9a-f-]{{11,40}}) *(?P<name>\S.*?)? +(?P<state>{_WINDOWS_STATES})(?: .*)?",
    re.IGNORECASE,
)
_NETSH = re.compile(
    r"\s*(?P<ip>\d[\d.]+) +- +[\d.]+ +- *(?P<mac>[0-9a-f-]{11,40}) +-(?P<expires>[^-].*?) *-(?P<type>[DBURN])"
    r" *-? *(?P<name>.*)",
    re.IGNORECASE,
)
_NETSH_DUMP = re.compile(
    r".{0,300}\bAdd reservedip (?P<ip>[\d.]+) (?P<mac>[0-9a-f]{12,40})(?: \"(?P<name>[^\"]*)\".*)?", re.IGNORECASE
)
_WINDOWS_ELEMENTS = ("Lease", "Reservation")
_GONE = frozenset({"declined", "expired", "offered"})


def _fits_windows_csv(head: Head) -> bool:
    return any(_WINDOWS_HEADINGS.search(line) and re.search(r"ClientId|Unique ID", line) for line in head.lines)


def _read_windows_csv(document: Document) -> Iterator[Item]:
    heading = next((line for line in document.head.lines if _WINDOWS_HEADINGS.search(line)), "")
    for row in read_rows(document.lines(), "\t" if "\t" in heading else ",", _WINDOWS_HEADINGS):
        yield row if isinstance(row, Problem) else _windows_item(row)


def _windows_item(row: Row) -> Item:
    told = row.values
    if told.get("addressstate", "").casefold() in _GONE:
        return LeftOut(row.place, _IDLE)
    ip = told.get("ipaddress", "") or told.get("client ip address", "")
    names = {"dhcp.host_name": told.get("hostname", "") or told.get("name", "")}
    return _lease_item(row.place, ip, told.get("clientid", "") or told.get("unique id", ""), names, text=row.text)


def _fits_windows_xml(head: Head) -> bool:
    begun = "".join(head.lines).lstrip()
    return begun.startswith("<") and "<DHCPServer" in begun


def _read_windows_xml(document: Document) -> Iterator[Item]:
    for row in read_elements(document, _WINDOWS_ELEMENTS):
        yield row if isinstance(row, Problem) else _windows_item(row)


def _match_windows_line(line: str) -> re.Match[str] | None:
    return _WINDOWS_TABLE.fullmatch(line) or _NETSH.fullmatch(line) or _NETSH_DUMP.fullmatch(line)


def _fits_windows_table(head: Head) -> bool:
    return any(len(line) < _LINE and _match_windows_line(line) for line in head.lines)


_LINE = 400
"""The most characters of a line of a table."""
_LEASE = re.compile(r"\s*\d{1,3}(?:\.\d{1,3}){3}\s")


def _read_windows_table(document: Document) -> Iterator[Item]:
    for line in document.lines():
        place, short = f"line {line.number}", line.text[:_LINE]
        match = _match_windows_line(short)
        if match is None or line.text != short:
            if _LEASE.match(short):
                yield Problem(place, f"not a lease of this table: {' '.join(short.split())[:_SHOWN]}")
            continue
        told = match.groupdict()
        if (told.get("state") or "").casefold() in _GONE:
            yield LeftOut(place, _IDLE)
            continue
        name = _without_cut_label(told["name"] or "")
        yield _lease_item(place, told["ip"], told["mac"], {"dhcp.host_name": name}, text=line.text)


def _without_cut_label(name: str) -> str:
    """A name that PowerShell cut to the width of its column, without the incomplete label; other names unchanged."""
    begun = name.removesuffix("...").removesuffix("\u2026")
    return begun.rpartition(".")[0] or begun if begun != name else name


# ── dnsmasq ──────────────────────────────────────────────────────────────────────────────────────────────────────

_DNSMASQ = re.compile(
    r"(?P<expires>\d{1,11}) (?P<mac>(?:[0-9a-f]{1,2}-)?\S{11,30}) (?P<ip>[0-9a-f.:]+) (?P<name>\S+)(?: \S+)?",
    re.IGNORECASE,
)


_DNSMASQ_6 = re.compile(r"\d{1,11} T?\d{1,10} [0-9a-f:.]*:[0-9a-f:.]* \S+ (?:[0-9a-f]{2}:)+[0-9a-f]{2}", re.IGNORECASE)
"""A lease of DHCPv6: an identity association and a DUID, and no MAC address."""


def _fits_dnsmasq(head: Head) -> bool:
    return any(len(line) < _LINE and _DNSMASQ.fullmatch(line) for line in head.lines)


def _read_dnsmasq(document: Document) -> Iterator[Item]:
    for line in document.lines():
        place = f"line {line.number}"
        if not line.text.strip() or line.text.startswith("duid "):
            continue
        if len(line.text) < _LINE and _DNSMASQ_6.fullmatch(line.text):
            yield LeftOut(place, _NO_MAC)
            continue
        match = _DNSMASQ.fullmatch(line.text) if len(line.text) < _LINE else None
        if match is None:
            yield Problem(place, f"not a lease of dnsmasq: {' '.join(line.text.split())[:_SHOWN]}")
            continue
        expires = int(match["expires"])
        ended = _time_of(expires, document.as_of) if expires else document.as_of
        name = "" if match["name"] == "*" else match["name"]
        # The file does not say when the device asked, only until when it may keep the address.
        names = {"dhcp.host_name": name}
        yield _lease_item(place, match["ip"], match["mac"][-17:], names, text=line.text, seen_at=ended, was_heard=False)


_DHCP_HOST = re.compile(r"\s*dhcp-host=(?P<rest>[^#]{1,300}?)\s*(?:#.*)?")
_NOT_A_NAME = re.compile(r"(?:set|net|tag|id|\*):.*|ignore|infinite|\d+[smhdw]?|\[.*\]|.*[:.].*", re.IGNORECASE)


def _fits_dnsmasq_hosts(head: Head) -> bool:
    return any(len(line) < _LINE and _DHCP_HOST.fullmatch(line) for line in head.lines)


def _read_dnsmasq_hosts(document: Document) -> Iterator[Item]:
    for line in document.lines():
        match = _DHCP_HOST.fullmatch(line.text) if len(line.text) < _LINE else None
        if match is None:
            continue
        parts = [part.strip() for part in match["rest"].split(",")]
        mac = next((part for part in parts if mac_of_cell(part)), "")
        ip = next(filter(None, (address_of(part.strip("[]")) for part in parts)), "")
        name = next((part for part in parts if part and not _NOT_A_NAME.fullmatch(part)), "")
        place = f"line {line.number}"
        if ip:
            yield _lease_item(place, ip, mac, {"dhcp.host_name": name}, text=line.text)
        else:
            yield LeftOut(place, "of reservations without an address")


# ── Infoblox ─────────────────────────────────────────────────────────────────────────────────────────────────────

_INFOBLOX_HEADINGS = re.compile(r'^"?header-\w+"?,|^"?(?:IP )?Address"?,.*MAC', re.IGNORECASE)
_IP_NAMES = ("ip_address", "address", "ip address")
_NAME_NAMES = ("name", "fqdn", "host name", "hostname", "parent")


def _fits_infoblox(head: Head) -> bool:
    lines = (line.casefold() for line in head.lines if _INFOBLOX_HEADINGS.search(line))
    cells = (cell.strip(' "*') for line in lines for cell in line.split(","))
    return any(cell in {"mac_address", "mac address"} for cell in cells)


def _read_infoblox(document: Document) -> Iterator[Item]:
    for row in read_rows(document.lines(), ",", _INFOBLOX_HEADINGS):
        if isinstance(row, Problem):
            yield row
            continue
        told = row.values
        ip = next((told[name] for name in _IP_NAMES if told.get(name)), "")
        if not ip:
            yield LeftOut(row.place, "without an IP address")
            continue
        mac = told.get("mac_address", "") or told.get("mac address", "")
        name = next((told[each] for each in _NAME_NAMES if told.get(each)), "")
        yield _lease_item(row.place, ip, mac, {"dhcp.host_name": name}, text=row.text)


def _has_heading(pattern: re.Pattern[str]) -> Callable[[Head], bool]:
    return lambda head: any(pattern.search(line) for line in head.lines)


SOURCE = Source(
    name="dhcp",
    title="DHCP leases and reservations",
    noun="DHCP table",
    forms=(
        Form("isc", "ISC DHCP: dhcpd.leases, and host entries of dhcpd.conf", _fits_isc, _read_isc),
        Form("kea-csv", "Kea: kea-leases4.csv", _has_heading(_KEA_HEADINGS), _read_kea_csv),
        Form("kea-json", "Kea: lease4-get-all as JSON", _fits_kea_json, _read_kea_json),
        Form("windows-csv", "Windows Server: Get-DhcpServerv4Lease as CSV", _fits_windows_csv, _read_windows_csv),
        Form("windows-xml", "Windows Server: Export-DhcpServer -Leases (XML)", _fits_windows_xml, _read_windows_xml),
        Form("windows", "Windows Server: Get-DhcpServerv4Lease, netsh", _fits_windows_table, _read_windows_table),
        Form("dnsmasq", "dnsmasq: dnsmasq.leases", _fits_dnsmasq, _read_dnsmasq),
        Form("dnsmasq-hosts", "dnsmasq and Pi-hole: dhcp-host=…", _fits_dnsmasq_hosts, _read_dnsmasq_hosts),
        Form("infoblox", "Infoblox: CSV export", _fits_infoblox, _read_infoblox),
        make_headed_form(headings.DHCP, "any other list with headings (tables, CSV, JSON)"),
    ),
)
