"""Lists that are read by the headings of their columns, as real systems write them; details are made up."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest

from camscan import fingerprints
from camscan.errors import UsageError
from camscan.ingest import headings, sources
from camscan.ingest.columns import HINT
from camscan.ingest.gather import Findings
from camscan.ingest.source import Entry, Item, LeftOut, Problem, open_document

NOON = datetime(2026, 5, 12, 12, 0, tzinfo=UTC)
A, B = "00:00:5e:00:53:01", "00:00:5e:00:53:02"
DASHED_A = A.replace(":", "-").upper()


def read(name: str, payload: bytes | str, form: str = "") -> tuple[str, list[Item]]:
    """The form that was recognised, and everything that the file says."""
    content = payload.encode() if isinstance(payload, str) else payload
    document = open_document(sources.load_source(name), "x.txt", io.BytesIO(content), NOON, form=form)
    assert document.form is not None
    return document.form.name, list(document.form.read(document))


def facts_of(items: list[Item]) -> list[tuple[str, str, set[str]]]:
    return [
        (each.ip, each.mac, {fact.value for fact in each.facts if fact.key != "listed.interface"})
        for each in items
        if isinstance(each, Entry)
    ]


PORTS: dict[str, bytes | str] = {
    "TP-Link": f"""T2600G#show mac address-table all
MAC                  VLAN    Port          Type            Aging
---                  ----    ----          ----            -----
{A}    20      Gi1/0/14      dynamic         aging
{B}    1       Gi1/0/2       config static   no-aging
""",
    "Extreme EXOS": f"""* X440G2-CT2.4 # show fdb
MAC                 VLAN Name( Tag)  Age  Flags         Port / Virtual Port List
--------------------------------------------------------------------------------
{A}         CCTV(0020) 0034 d m           Gi1/0/14
00:00:5e:00:53:09      Default(0001) 0000 s m        CPU
""",
    "Huawei, older": """<CT-2>display mac-address
MAC Address    VLAN/       PEVLAN CEVLAN Port            Type      LSP/LSR-ID
               VSI/SI                                              MAC-Tunnel
-------------------------------------------------------------------------------
0000-5e00-5301 20          -      -      Gi1/0/14        dynamic   0/-
""",
    "Dell OS9": f"""VlanId     Mac Address           Type          Interface        State
 20     {A}      Dynamic         Gi1/0/14         Active
""",
    "D-Link": f"""DGS-1210:admin#show fdb
VID  VLAN Name                        MAC Address       Port      Type
---- -------------------------------- ----------------- --------- ----------
20   CCTV                             {DASHED_A} Gi1/0/14  Dynamic
1    default                          00-00-5E-00-53-09 CPU       Self
""",
    "Extreme VOSS": f"""CT-2:1#show vlan mac-address-entry
VLAN            MAC                                  SMLT
ID   STATUS     ADDRESS            INTERFACE         REMOTE   TUNNEL
--------------------------------------------------------------------------------
20   learned    {A}  Gi1/0/14          false    -
""",
    "port security": """Vlan    Mac Address       Type                          Ports   Remaining Age
                                                                   (mins)
----    -----------       ----                          -----   -------------
  20    0000.5e00.5301    SecureSticky                  Gi1/0/14     -
""",
    "FortiSwitch": f"""S124F # diagnose switch mac-address list
MAC: {A}  VLAN: 20 Port: Gi1/0/14(port-id 14)
  Flags: 0x00010441 [ hit dynamic src-hit native ]
""",
    "German": f"Switch;Anschluss;VLAN;MAC-Adresse;Bemerkung\r\nCT-2;Gi1/0/14;20;{A.replace(':', '')};Halle\r\n".encode(
        "utf-16"
    ),
    "French": f"Adresse MAC\tVLAN\tPort\n{A}\t20\tGi1/0/14\n".encode("cp1252"),
    "LibreNMS": f'Device,Port,Description,VLAN,"MAC Address"\nCT-2,Gi1/0/14,"Hall, camera",20,{A}\n',
    "Ruijie": """Vlan        MAC Address          Type     Interface
----------  -------------------- -------- -------------------
20          0000.5e00.5301       DYNAMIC  Gi1/0/14
""",
    "SolarWinds": "Endpoint IP Address,Endpoint MAC Address,Device Name,Port Name,VLAN\n"
    "192.0.2.7,00005E005301,CT-2,Gi1/0/14,20\n",
    "JSON": f'[{{"vlan": 20, "port": "Gi1/0/14", "mac": "{A}", "stats": {{"rx": 1}}}}]',
}


@pytest.mark.parametrize("system", PORTS)
def test_a_table_of_ports_is_read_by_its_headings(system: str) -> None:
    _form, items = read("mac", PORTS[system])
    first, *others = facts_of(items)
    assert first[1] == A
    assert {"20", "Gi1/0/14"} <= first[2]
    assert "00:00:5e:00:53:09" not in {mac for _ip, mac, _facts in others}, "the switch itself"
    assert not [each for each in items if isinstance(each, Problem)]


ADDRESSES: dict[str, bytes | str] = {
    "Extreme EXOS": f"""VR            Destination      Mac                Age  Static  VLAN          VID   Port
VR-Default    192.0.2.7        {A}    5      NO  CCTV          20    14
""",
    "Ruckus": """No.   IP              MAC            Type       Age Port              Status
1     192.0.2.7       0000.5e00.5301 Dynamic    5   14                Valid
""",
    "Meraki": f"""Status,Description,Last seen,IPv4 address,MAC address,VLAN,Port,Recent device
online,hall,2026-05-12T09:11:00Z,192.0.2.7,{A},20,14,CT-2
""",
    "PowerShell": f"""PS C:\\> Get-NetNeighbor | Format-List

IPAddress          : 192.0.2.7
InterfaceAlias     : Ethernet
LinkLayerAddress   : {DASHED_A}
State              : Reachable

IPAddress          : 192.0.2.9
LinkLayerAddress   : 00-00-00-00-00-00
State              : Unreachable
""".encode("utf-16"),
    "frames": f"+------+------+\n| IP   | MAC  |\n+------+------+\n| 192.0.2.7 | {A} |\n",
    "Angry IP": f"IP,Ping,MAC Address\n192.0.2.7,1 ms,{A}\n192.0.2.8,[n/a],[n/s]\n",
    "UniFi": f"Name,IP Address,MAC Address,AP MAC\nhall,192.0.2.7,{A},{B}\n",
    "ip -j -p": f'[ {{\n  "dst": "192.0.2.7",\n  "lladdr": "{A}",\n  "state": [ "REACHABLE" ]\n}} ]\n',
    "Huawei IPv6": """<r1>display ipv6 neighbors
IPv6 Address : 2001:DB8::7
Link-layer   : 0000-5e00-5301          State : REACH
VLAN         : 20                      CEVLAN: -
""",
    "netsh": f"""Internet Address                              Physical Address   Type
--------------------------------------------  -----------------  -----------
192.0.2.7                                     {DASHED_A}  Stale (Router)
192.0.2.9                                     00-00-00-00-00-00  Unreachable
""",
}


@pytest.mark.parametrize("system", ADDRESSES)
def test_an_arp_table_is_read_by_its_headings(system: str) -> None:
    _form, items = read("arp", ADDRESSES[system])
    [(ip, mac, facts)] = facts_of(items)
    assert (ip, mac) == ("2001:db8::7" if "IPv6" in system else "192.0.2.7", A)
    if system in {"Extreme EXOS", "Meraki"}:
        assert {"20", "14"} <= facts
    assert not [each for each in items if isinstance(each, Problem)]


LEASES: dict[str, bytes | str] = {
    "FortiGate": f"""FGT # execute dhcp lease-list
cctv
  IP            MAC-Address             Hostname            VCI                 Expiry
  192.0.2.7     {A}       hall                                    Wed May 13 10:00:00 2026
""",
    "MikroTik": f"""[admin@r1] > /ip/dhcp-server/lease print
Columns: ADDRESS, MAC-ADDRESS, HOST-NAME, SERVER, STATUS
#   ADDRESS      MAC-ADDRESS        HOST-NAME  SERVER  STATUS
0 D 192.0.2.7    {A}  hall       dhcp1   bound
""",
    "MikroTik terse": f' 0 D address=192.0.2.7 mac-address={A} address-lists="" status=bound host-name="hall"\n',
    "Windows in German": f"Client-IP-Adresse\tName\tEindeutige Kennung\n192.0.2.7\thall\t{A.replace(':', '')}\n".encode(
        "utf-16"
    ),
    "Windows list": f"IPAddress    : 192.0.2.7\nClientId     : {DASHED_A}\nHostName     : hall\n",
    "Windows XML": f"""<?xml version="1.0"?><DHCPServer><Leases>
<Lease><IPAddress>192.0.2.7</IPAddress><ClientId>{DASHED_A}</ClientId>
  <HostName>hall</HostName><AddressState>Active</AddressState></Lease></Leases></DHCPServer>""",
    "netsh dump": 'Dhcp Server \\\\DC1 Scope 192.0.2.0 Add reservedip 192.0.2.7 00005e005301 "hall" "" "BOTH"\n',
    "Pi-hole": f"# static\ndhcp-host={A},192.0.2.7,hall,24h\ndhcp-host={B},ignore\n",
    "pfSense": f"IP Address\tMAC Address\tClient Id\tHostname\tOnline\n192.0.2.7\t{A}\t\thall\tonline\n",
    "Infoblox": f"IP Address,MAC/DUID,Host Name,State\n192.0.2.7,{A},hall,Active\n192.0.2.9,{B},old,Free\n",
    "Kea reservations": f'{{"Dhcp4": {{"subnet4": [{{"reservations": [{{"hw-address": "{A}", "ip-address": "192.0.2.7",'
    ' "hostname": "hall"}]}]}}',
}


@pytest.mark.parametrize("system", LEASES)
def test_leases_are_read_by_their_headings(system: str) -> None:
    _form, items = read("dhcp", LEASES[system])
    assert facts_of(items) == [("192.0.2.7", A, {"hall"})]
    assert not [each for each in items if isinstance(each, Problem)]


@pytest.mark.parametrize("identifier", ["0100.005e.0053.01", "0100-005e-0053-01"])
def test_a_client_identifier_has_the_hardware_type_before_the_mac_address(identifier: str) -> None:
    table = f"""IP address          Client-ID/              Lease expiration        Type
                    Hardware address/
                    User name
192.0.2.7           {identifier}       May 13 2026 10:12 AM    Automatic
"""
    assert facts_of(read("dhcp", table)[1]) == [("192.0.2.7", A, set())]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("CT-2,14,20,44:19:zz", "line 3: not a MAC address: 44:19:zz"),
        ('CT-2,"14,20,' + B, "line 3: the quotes of this row never close: CT-2,"),
        (f"CT-2,14,20,{B}" + "x" * 20_000, "line 3: too long to be a row: CT-2,14,20"),
    ],
)
def test_a_broken_row_is_named_and_the_others_are_kept(row: str, problem: str) -> None:
    form, items = read("mac", f"Switch,Port,VLAN,MAC\nCT-2,14,20,{A}\n{row}\nCT-2,15,20,00:00:5e:00:53:03\n")
    assert form == "table"
    assert [mac for _ip, mac, _facts in facts_of(items)] == [A, "00:00:5e:00:53:03"]
    [found] = [each for each in items if isinstance(each, Problem)]
    assert f"{found.place}: {found.why}".startswith(problem)


def test_what_a_row_lacks_is_counted() -> None:
    items = read(
        "arp", f"IP,MAC,Last seen\n192.0.2.7,{A},yesterday\n192.0.2.8,,\n,{B},\n192.0.2.9,ff:ff:ff:ff:ff:ff,\n"
    )[1]
    left = [each.why for each in items if isinstance(each, LeftOut)]
    assert left == ["without a MAC address", "without an IP address", "without the address of one unit"]
    [kept] = [each for each in items if isinstance(each, Entry)]
    assert kept.was_heard is False, "nobody knows when"


def test_a_table_of_another_vendor_is_not_taken_for_one_that_reads_nothing() -> None:
    form, _items = read("mac", PORTS["Extreme VOSS"])
    assert form == "table"


def test_a_list_without_headings_says_so() -> None:
    [found] = read("mac", "hello\nworld\n", form="table")[1]
    assert isinstance(found, Problem)
    assert found.why == "it has no line of headings that names a MAC address and a port"
    with pytest.raises(UsageError, match=r"camscan does not recognise the format \(MAC table\)"):
        read("mac", f"{A} somewhere\n")


def test_ports_of_two_switches_in_one_list_are_counted_apart() -> None:
    found = Findings(sources.load_source("mac"))
    others = "".join(f"CT-1,24,00:00:5e:00:53:{number:02x}\n" for number in range(3, 9))
    table = f"Switch,Port,MAC\n{others}CT-1,24,{A}\nCT-2,24,{A}\n"
    found.read_document(open_document(found.source, "x.csv", io.BytesIO(table.encode()), NOON))
    (device,) = (each for each, _ in found.devices(fingerprints.load_database()) if A in each.mac_addresses)
    assert [seen.value for seen in device.observations if seen.key == "listed.switch"] == ["CT-2"]


def test_a_port_whose_kind_stands_apart_keeps_it() -> None:
    table = "Vlan  MAC Address     Type     Interface\n20    0000.5e00.5301  DYNAMIC  GigabitEthernet 0/14\n"
    assert facts_of(read("mac", table)[1]) == [("", A, {"20", "GigabitEthernet 0/14"})]


@pytest.mark.parametrize(
    "table",
    [
        f"AssetName,AssetType,IPAddress,Mac,Manufacturer,Model\nhall,IP camera,192.0.2.7,{A},Hikvision,DS-2CD1\n",
        f"id,addresses,names,hw_vendor,hw_product,macs\nx,192.0.2.7,hall,Hikvision,DS-2CD1,{A} {B}\n",
        f"Name;Hersteller;Modell;IP-Adresse;MAC-Adresse\nhall;Hikvision;DS-2CD1;192.0.2.7/24;{DASHED_A}\n",
    ],
)
def test_an_inventory_with_usual_headings_gives_hints(table: str) -> None:
    form, items = read("inventory", table + "x,x,192.0.2.400,x,x,x,x\n".replace(",", ";" if ";" in table else ","))
    assert form == "table"
    [entry] = [each for each in items if isinstance(each, Entry)]
    assert (entry.ip, entry.mac) == ("192.0.2.7", A)
    assert {(fact.key, fact.value) for fact in entry.facts} == {
        ("listed.host_name", "hall"),
        ("listed.maker", "Hikvision"),
        ("listed.product", "DS-2CD1"),
    }


def test_the_port_of_a_service_is_not_taken_for_the_port_of_a_switch() -> None:
    table = f"Device Type,IPv4 Address,Port,Software Version,MAC Address\nDS-2CD1,192.0.2.7,8000,V5.5.0,{A}\n"
    assert facts_of(read("arp", table)[1]) == [("192.0.2.7", A, set())]
    with pytest.raises(UsageError):
        read("mac", table)


def test_a_cell_may_have_several_lines() -> None:
    table = f'MAC,Port,Note\n{A},14,"over\nthe door, left"\n{B},15,\n'
    items = read("mac", table)[1]
    assert [(each.place, each.mac) for each in items if isinstance(each, Entry)] == [("lines 2 to 3", A), ("line 4", B)]
    assert not [each for each in items if isinstance(each, Problem)]


def test_every_heading_of_an_address_is_seen_by_the_quick_look() -> None:
    for each in (headings.ARP, headings.DHCP, headings.INVENTORY):
        words = [*each.words["ip"], *(each.words["mac"] if "mac" in each.needed else ())]
        assert [word for word in words if not HINT.search(word) and word not in {"destination", "dst"}] == []
    _form, items = read("inventory", "IP,Model\n192.0.2.7,DS-2CD1\n")
    assert facts_of(items) == [("192.0.2.7", "", {"DS-2CD1"})]
