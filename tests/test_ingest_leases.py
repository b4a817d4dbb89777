"""DHCP leases and DNS zones as real servers write them; details are made up."""

from __future__ import annotations

import io
import json
import re
from datetime import UTC, datetime

import pytest

from camscan.ingest import sources
from camscan.ingest.source import Entry, Item, LeftOut, Problem, open_document

NOON = datetime(2026, 5, 12, 12, 0, tzinfo=UTC)
TEN = datetime(2026, 5, 12, 10, 0, tzinfo=UTC)
A, B = "00:00:5e:00:53:01", "00:00:5e:00:53:02"
DASHED = A.replace(":", "-")


def read(name: str, payload: bytes | str, form: str = "") -> tuple[str, list[Item]]:
    content = payload.encode() if isinstance(payload, str) else payload
    document = open_document(sources.load_source(name), "x", io.BytesIO(content), NOON, form=form)
    assert document.form is not None
    return document.form.name, list(document.form.read(document))


def entries(items: list[Item]) -> list[tuple[str, str, str]]:
    """IP address, MAC address, name."""
    return [(each.ip, each.mac, each.facts[0].value if each.facts else "") for each in items if isinstance(each, Entry)]


def problems(items: list[Item]) -> list[str]:
    return [f"{each.place}: {each.why}" for each in items if isinstance(each, Problem)]


ISC = f"""# The format of this file is documented in the dhcpd.leases(5) manual page.
authoring-byte-order little-endian;

lease 192.0.2.7 {{
  starts 2 2026/05/12 10:00:00;
  ends 2 2026/05/12 22:00:00;
  cltt 2 2026/05/12 10:00:00;
  binding state active;
  next binding state free;
  hardware ethernet {A};
  uid "\\001\\000\\000^\\000S\\001";
  set vendor-class-identifier = "udhcp 1.20.2";
  client-hostname "IPC-7";
}}
lease 192.0.2.9 {{
  starts 2 2026/05/05 10:00:00;
  binding state free;
}}
"""
KEA = f"""address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context,pool_id
192.0.2.7,{A},01:{A},43200,{int(TEN.timestamp()) + 43200},1,0,0,ipc-7.example.,0,,0
"""
LEASE = {
    "client-id": f"01:{A}",
    "cltt": int(TEN.timestamp()),
    "fqdn-fwd": False,
    "hostname": "ipc-7.example.",
    "hw-address": A,
    "ip-address": "192.0.2.7",
    "state": 0,
    "subnet-id": 1,
    "user-context": {"comment": "north {stair}"},
    "valid-lft": 43200,
}
KEA_JSON = json.dumps([{"arguments": {"leases": [LEASE]}, "result": 0, "text": "1 IPv4 lease(s) found."}], indent=1)
POWERSHELL = f"""#TYPE Microsoft.Management.Infrastructure.CimInstance#root/Microsoft/Windows/DHCP/DhcpServerv4Lease
"IPAddress","ScopeId","AddressState","ClientId","ClientType","Description","DnsRegistration","DnsRR","HostName","LeaseExpiryTime"
"192.0.2.7","192.0.2.0","Active","{DASHED}","Dhcp",,"Complete","AandPTR","IPC-7.example","12/05/2026 22:00:00"
"192.0.2.9","192.0.2.0","Expired","00-00-5e-00-53-09","Dhcp",,"Complete","AandPTR","gone.example","01/05/2026 22:00:00"
"""
CONSOLE = f"""Client IP Address\tName\tLease Expiration\tType\tUnique ID\tDescription
192.0.2.7\tIPC-7.example\t12/05/2026 22:00:00\tDHCP\t{A.replace(":", "")}\t
"""
TABLE = f"""
IPAddress       ScopeId         ClientId             HostName             AddressState         LeaseExpiryTime
---------       -------         --------             --------             ------------         ---------------
192.0.2.7       192.0.2.0       {DASHED}    IPC-7.example        Active               12/05/2026 22:00:00
192.0.2.8       192.0.2.0       00-00-5e-00-53-02                         ActiveReservation
"""
NETSH = f"""
Changed the current scope context to 192.0.2.0 scope.

Type : N - NONE, D - DHCP B - BOOTP, U - UNSPECIFIED, R - RESERVATION IP
============================================================================================
IP Address      - Subnet Mask    - Unique ID           - Lease Expires        -Type -Name
============================================================================================

192.0.2.7       - 255.255.255.0  - {DASHED}   -12/05/2026 22:00:00    -D-  IPC-7.example
"""
DNSMASQ = f"""1778623200 {A} 192.0.2.7 IPC-7 01:{A}
1778623200 {B} 192.0.2.8 * *
duid 00:01:00:01:2a:00:00:00:00:00:5e:00:53:ff
"""
INFOBLOX = f"""HEADER-FixedAddress,ip_address*,_new_ip_address,disabled,mac_address,name,network_view
FixedAddress,192.0.2.7,,False,{A},IPC-7,default
HEADER-HostAddress,address*,_new_address,parent*,mac_address,network_view
HostAddress,192.0.2.8,,nvr-1.example,{B},default
"""

DHCP = {
    "isc": ISC,
    "kea-csv": KEA,
    "kea-json": KEA_JSON,
    "windows-csv": POWERSHELL,
    "windows-csv (console)": CONSOLE,
    "windows": TABLE,
    "windows (netsh)": NETSH,
    "dnsmasq": DNSMASQ,
    "infoblox": INFOBLOX,
}


@pytest.mark.parametrize("form", DHCP)
def test_leases(form: str) -> None:
    found, items = read("dhcp", DHCP[form])
    assert found == form.partition(" ")[0]
    ip, mac, name = entries(items)[0]
    assert (ip, mac) == ("192.0.2.7", A)
    assert name.casefold().startswith("ipc-7")
    assert problems(items) == []


@pytest.mark.parametrize("form", ["isc", "kea-csv", "kea-json"])
def test_a_lease_is_as_old_as_its_last_transaction(form: str) -> None:
    entry = next(each for each in read("dhcp", DHCP[form])[1] if isinstance(each, Entry))
    assert entry.seen_at == TEN


def test_the_vendor_class_is_evidence() -> None:
    (entry,) = (each for each in read("dhcp", ISC)[1] if isinstance(each, Entry))
    assert [tuple(fact) for fact in entry.facts] == [("dhcp.host_name", "IPC-7"), ("dhcp.vendor_class", "udhcp 1.20.2")]


def test_reservations_of_dhcpd_conf() -> None:
    text = f"host cam-7 {{ hardware ethernet {A}; fixed-address 192.0.2.7; }}\nhost cam-8 {{\n hardware ethernet {B};\n"
    _, items = read("dhcp", f"{text}  fixed-address 192.0.2.8;\n}}\n")
    assert entries(items) == [("192.0.2.7", A, "cam-7"), ("192.0.2.8", B, "cam-8")]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("text", [POWERSHELL, CONSOLE, TABLE, NETSH])
def test_windows_writes_in_its_own_ways(text: str, encoding: str) -> None:
    named = text.replace("IPC-7.example", "Küche.example").replace("\n", "\r\n")
    _, items = read("dhcp", named.encode(encoding))
    assert entries(items)[0] == ("192.0.2.7", A, "Küche.example")


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        (ISC.replace("}\nlease 192.0.2.9", "lease 192.0.2.9"), r"line 4: the lease 192\.0\.2\.7 is not closed"),
        (ISC + "lease 192.0.2.10 {\n  starts", r"line 19: the lease .* the file ends before"),
        (KEA + f"192.0.2.999,{A},,1,1,1,0,0,x,0,,0\n", r"line 3: not an IP address: 192\.0\.2\.999"),
        (KEA_JSON.replace('"leases": [', '"leases": [{"ip-address": oops}, '), r"lease 1: not JSON"),
        (KEA_JSON[:-200], r"lease 1: not JSON"),
        (POWERSHELL + '"192.0.2.10","192.0.2.0","Active', r"line 5: the quotes of this row never close"),
        (TABLE + "192.0.2.10   what\n", r"line 6: not a lease of this table"),
        (DNSMASQ + "half a li", r"line 4: not a lease of dnsmasq"),
    ],
)
def test_a_broken_lease_is_named_and_the_others_are_kept(broken: str, told: str) -> None:
    _, items = read("dhcp", broken)
    (problem,) = problems(items)
    assert re.match(told, problem)


def test_quotes_that_never_close_cost_their_row_only() -> None:
    _, items = read("dhcp", POWERSHELL.replace('"Active","', '"Active",""x', 1) + POWERSHELL.splitlines()[2])
    assert len(entries(items)) == 1
    assert len(problems(items)) == 1


HOSTILE: dict[str, bytes] = {
    "a formula": KEA.replace("ipc-7.example.", "=cmd|'/C calc'!A0").encode(),
    "control characters": ISC.replace("IPC-7", "IPC\x1b[2J-7\x07").encode(),
    "half a character": DNSMASQ.encode().replace(b"IPC-7", b"IPC\xc3"),
    "octal bytes": ISC.replace("IPC-7", "\\033[31m\\000\\377").encode(),
    "a line without an end": ISC.encode() + b"lease 192.0.2.11 {" + b"a " * 500_000,
    "braces": b'{"leases": [' + b'{"ip-address": ' * 60_000,
    "quotes": POWERSHELL.encode() + b'"a""' * 100_000,
    "blocks": b"lease 192.0.2.7 {\n" * 20_000 + b"hardware ethernet x;",
}


@pytest.mark.parametrize("what", HOSTILE)
@pytest.mark.parametrize("form", [form.name for form in sources.load_source("dhcp").forms])
def test_hostile_leases_end_in_harmless_texts(what: str, form: str) -> None:
    _, items = read("dhcp", HOSTILE[what], form=form)
    texts = [fact.value for each in items if isinstance(each, Entry) for fact in each.facts]
    assert all("\x00" not in each and len(each) < 300 for each in texts)
    assert all(len(each) < 300 for each in problems(items))


ZONE = """$ORIGIN example.
$TTL 1h
@       IN SOA ns hostmaster (
                2026051201 ; serial
                3600 900 604800 86400 )
        IN NS  ns
ns      IN A   192.0.2.1
cam-7   3600 IN A 192.0.2.7 ; north stair
        IN TXT "not an address; really"
cam-8   IN AAAA 2001:db8::8
www     IN CNAME cam-7
"""
AXFR = """; <<>> DiG 9.18.24 <<>> @192.0.2.1 axfr 2.0.192.in-addr.arpa
;; global options: +cmd
2.0.192.in-addr.arpa.   3600 IN SOA ns.example. hostmaster.example. 1 3600 900 604800 86400
7.2.0.192.in-addr.arpa. 3600 IN PTR cam-7.example.
;; Query time: 1 msec
"""
WINDOWS = """;
;  Database file example.dns for example zone.
@                       IN  SOA ns.example. hostmaster.example. (
                        \t4            ; serial number
                        \t86400      ) ; default TTL
cam-7                   [AGE:3631234] 1200\tA\t192.0.2.7
"""


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (ZONE, [("192.0.2.1", "ns.example"), ("192.0.2.7", "cam-7.example"), ("2001:db8::8", "cam-8.example")]),
        (AXFR, [("192.0.2.7", "cam-7.example")]),
        (WINDOWS, [("192.0.2.7", "cam-7.example")]),
    ],
)
def test_zones(text: str, found: list[tuple[str, str]]) -> None:
    _, items = read("dns", text)
    assert [(ip, name) for ip, _, name in entries(items)] == found
    assert problems(items) == []


def test_a_zone_of_ipv6_names() -> None:
    owner = ".".join(reversed("20010db8000000000000000000000008")) + ".ip6.arpa."
    assert entries(read("dns", f"{owner} 3600 IN PTR cam-8.example.\n")[1]) == [("2001:db8::8", "", "cam-8.example")]


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("cam-9 IN A 192.0.2.999\n", "line 12: not an address: 192.0.2.999"),
        ("cam-9 = 192.0.2.9\n", "line 12: not a record: cam-9 = 192.0.2.9"),
        ("@ IN SOA ns a (\n", "line 12: the parentheses are not closed; the file ends before"),
        ("cam-9 IN A " + "1" * 20_000 + "\n", "line 12: too long to be a record"),
    ],
)
def test_a_broken_record_is_named_and_the_others_are_kept(more: str, told: str) -> None:
    _, items = read("dns", ZONE + more)
    assert problems(items) == [told]
    assert len(entries(items)) == 3


def test_names_make_no_device_and_are_hints_only() -> None:
    assert all(each.mac == "" for each in read("dns", ZONE)[1] if isinstance(each, Entry))
    assert any(isinstance(each, LeftOut) for each in read("dns", ZONE)[1])


def test_what_kea_leaves_empty_is_not_a_name() -> None:
    lease = f'{{"ip-address": "192.0.2.7", "hw-address": "{A}", "hostname": null}}'
    _, items = read("dhcp", f'{{"leases": [{lease}]}}')
    assert [(each.ip, each.facts) for each in items if isinstance(each, Entry)] == [("192.0.2.7", ())]


def test_leases_of_dhcpv6_beside_those_of_ipv4_are_counted_and_left_out() -> None:
    _, items = read(
        "dhcp",
        f"1796047200 {A} 192.0.2.7 cam-7 *\nduid 00:01:00:01:2a:bd:16:fd:00:00:5e:00:53:02\n"
        "1796047200 T12345 2001:db8::7 cam-7 00:03:00:01:00:00:5e:00:53:01\n",
    )
    assert [type(each).__name__ for each in items] == ["Entry", "LeftOut"]


def test_a_name_that_powershell_has_cut_keeps_its_whole_labels() -> None:
    _, items = read("dhcp", f"192.0.2.7  192.0.2.0  {A.replace(':', '-')}  front-door.counci...  Active\n")
    assert [fact.value for each in items if isinstance(each, Entry) for fact in each.facts] == ["front-door"]


def test_a_parenthesis_in_quotes_opens_nothing_and_an_address_in_parentheses_is_read() -> None:
    zone = (
        '$ORIGIN example.\na IN TXT "v=spf1 ( not"\nb IN A ( ; front\n 192.0.2.7 )\nc IN A 192.0.2.8\n'
        "*.w IN A 192.0.2.9\n$INCLUDE more.zone\n"
    )
    _, items = read("dns", zone)
    assert [(each.ip, each.facts[0].value) for each in items if isinstance(each, Entry)] == [
        ("192.0.2.7", "b.example"),
        ("192.0.2.8", "c.example"),
    ]
    assert [each.why.split(",")[0] for each in items if isinstance(each, LeftOut)] == [
        "of other kinds than A",
        "of names with *",
        "of $INCLUDE and $GENERATE",
    ]
    assert not [each for each in items if isinstance(each, Problem)]


@pytest.mark.parametrize(
    "text",
    [
        "example name server ns1.example.\ncam-7.example has address 192.0.2.7\n",
        "[dc1]\n example.   NS     server = dc1\n cam-7.example     A      192.0.2.7\n",
        "Name\tType\tData\tTimestamp\ncam-7.example\tHost (A)\t192.0.2.7\t12/05/2026 08:00:00\n",
        "HostName  RecordType  Timestamp   RecordData\ncam-7.example A 1 12/05/2026 08:00:00 00:10:00 192.0.2.7\n",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_lists_of_names_and_addresses_are_read(text: str, encoding: str) -> None:
    form, items = read("dns", text.encode(encoding))
    assert form == "list"
    assert [(each.ip, each.facts[0].value) for each in items if isinstance(each, Entry)] == [
        ("192.0.2.7", "cam-7.example")
    ]
    assert not problems(items)


def test_a_lease_of_kea_without_a_lifetime_says_nothing_about_when_it_was_asked_for() -> None:
    (item,) = read("dhcp", f"address,hwaddr,hostname,expire\n192.0.2.7,{A},cam-7,1778580000\n")[1]
    assert isinstance(item, Entry)
    assert (item.seen_at, item.was_heard) == (None, False)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_lease_of_windows_xml_that_is_not_closed_costs_itself_only(encoding: str) -> None:
    lease = "<Lease>\r\n<IPAddress>192.0.2.{}</IPAddress><ClientId>00-00-5e-00-53-0{}</ClientId>\r\n</Lease>\r\n"
    text = f"<DHCPServer>\r\n{lease.format(1, 1)}{lease.format(2, 2).replace('</Lease>', '')}{lease.format(3, 3)}"
    form, items = read("dhcp", text.encode(encoding))
    assert form == "windows-xml"
    assert [ip for ip, _mac, _name in entries(items)] == ["192.0.2.1", "192.0.2.3"]
    assert problems(items) == ["line 5: the Lease is not closed"]
