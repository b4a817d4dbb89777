"""ARP and MAC tables as routers and switches write them, and as people paste them; details are made up."""

from __future__ import annotations

import io
import re
import time
import tracemalloc
from datetime import UTC, datetime, timedelta

import pytest

from camscan.ingest import sources
from camscan.ingest.source import Entry, Host, Item, LeftOut, Problem, open_document

NOON = datetime(2026, 5, 12, 12, 0, tzinfo=UTC)
A, B = "00:00:5e:00:53:01", "00:00:5e:00:53:02"


def read(name: str, payload: bytes | str, form: str = "") -> tuple[str, list[Item]]:
    """The form that was recognised, and everything that the file says."""
    content = payload.encode() if isinstance(payload, str) else payload
    document = open_document(sources.load_source(name), "x.txt", io.BytesIO(content), NOON, form=form)
    assert document.form is not None
    return document.form.name, list(document.form.read(document))


def entries(items: list[Item]) -> list[tuple[str, str, dict[str, str]]]:
    return [
        (each.ip, each.mac, {fact.key.removeprefix("listed."): fact.value for fact in each.facts})
        for each in items
        if isinstance(each, Entry)
    ]


ARP = {
    "linux": f"""root@core-1:~# ip neigh
192.0.2.7 dev eth1.20 lladdr {A} REACHABLE
2001:db8::7 dev eth1.20 lladdr {A} router STALE
192.0.2.9 dev eth1.20 FAILED
""",
    "arp-a": f"""cam-7.example (192.0.2.7) at {A} [ether] on eth1.20
? (192.0.2.9) at <incomplete> on eth1.20
""",
    "arp-n": f"""Address                  HWtype  HWaddress           Flags Mask            Iface
192.0.2.7                ether   {A}   C                     eth1.20
192.0.2.9                        (incomplete)                              eth1.20
""",
    "windows": f"""
Interface: 192.0.2.1 --- 0x4
  Internet Address      Physical Address      Type
  192.0.2.7             {A.replace(":", "-")}     dynamic
  192.0.2.255           ff-ff-ff-ff-ff-ff     static
""",
    "cisco": """core-1#sh ip arp
Protocol  Address          Age (min)  Hardware Addr   Type   Interface
Internet  192.0.2.1               -   0000.5e00.53ff  ARPA   Vlan20
Internet  192.0.2.7              15   0000.5e00.5301  ARPA   Vlan20
Internet  192.0.2.9               0   Incomplete      ARPA
core-1#
""",
    "cisco-nxos": """core-1# show ip arp
Flags: * - Adjacencies learnt on non-active FHRP router
IP ARP Table for all contexts
Total number of entries: 1
Address         Age       MAC Address     Interface
192.0.2.7       00:15:00  0000.5e00.5301  Vlan20
""",
    "fortigate": f"""fw-1 # get system arp
Address           Age(min)   Hardware Addr      Interface
192.0.2.7         15         {A} cctv
""",
    "aruba-cx": f"""core-1# show arp
IPv4 Address     MAC                Port         Physical Port              State
--------------------------------------------------------------------------------
192.0.2.7        {A}  vlan20       1/1/14                     reachable  default
""",
    "procurve": """core-1# show arp

 IP ARP table

  IP Address      MAC Address       Type    Port
  --------------- ----------------- ------- ----
  192.0.2.7       00005e-005301     dynamic 14
""",
    "comware": """<core-1>display arp
  Type: S-Static   D-Dynamic   O-Openflow   R-Rule   M-Multiport  I-Invalid
IP address      MAC address    VLAN     Interface                Aging Type
192.0.2.7       0000-5e00-5301 20       GE1/0/14                 16    D
""",
    "huawei": """<core-1>display arp all
IP ADDRESS      MAC ADDRESS     EXPIRE(M) TYPE        INTERFACE   VPN-INSTANCE
                                          VLAN/CEVLAN PVC
------------------------------------------------------------------------------
192.0.2.1       0000-5e00-53ff            I -         Vlanif20
192.0.2.7       0000-5e00-5301  17        D-0         GE0/0/14
                                           20/-
------------------------------------------------------------------------------
Total:2         Dynamic:1       Static:0     Interface:1
""",
    "juniper": f"""admin@core-1> show arp no-resolve
MAC Address       Address         Interface         Flags
{A} 192.0.2.7       irb.20 [ge-0/0/14.0] none
Total entries: 1
""",
    "mikrotik": f"""[admin@core-1] > /ip arp print
Flags: X - disabled, I - invalid, H - DHCP, D - dynamic, P - published, C - complete
 #    ADDRESS         MAC-ADDRESS       INTERFACE
 0 DC 192.0.2.7       {A} bridge20
 1 D  192.0.2.9                         bridge20
""",
    "paloalto": f"""interface         ip address      hw address        port              status   ttl
--------------------------------------------------------------------------------
ethernet1/1       192.0.2.7       {A} ethernet1/1         c      627
""",
    "any": f"""7   192.0.2.7    {A}   Dynamic 4 14 Valid
""",
}

MAC = {
    "cisco": """CT-2#sh mac address-table
          Mac Address Table
-------------------------------------------

Vlan    Mac Address       Type        Ports
----    -----------       --------    -----
 All    0100.0ccc.cccc    STATIC      CPU
  20    0000.5e00.5301    DYNAMIC     Gi1/0/14
Total Mac Addresses for this criterion: 2
CT-2#
""",
    "cisco (NX-OS)": """CT-2# show mac address-table
Legend:
        * - primary entry, G - Gateway MAC, (R) - Routed MAC, O - Overlay MAC
   VLAN     MAC Address      Type      age     Secure NTFY Ports
---------+-----------------+--------+---------+------+----+------------------
*   20     0000.5e00.5301   dynamic  0         F      F    Eth1/14
G   20     0000.5e00.53ff   static   -         F      F    sup-eth1(R)
""",
    "cisco (4500)": """CT-2#show mac address-table
Unicast Entries
 vlan     mac address     type        protocols               port
---------+---------------+--------+---------------------+-------------------------
  20      0000.5e00.5301   dynamic ip,ipx,assigned,other GigabitEthernet1/14
""",
    "aruba-cx": f"""MAC age-time            : 300 seconds
Number of MAC addresses : 1

MAC Address          VLAN     Type                      Port
--------------------------------------------------------------
{A}    20       dynamic                   1/1/14
""",
    "procurve": """CT-2# show mac-address

 Status and Counters - Port Address Table

  MAC Address   Port  VLAN
  ------------- ----- ----
  00005e-005301 14    20
""",
    "comware": """<CT-2>display mac-address
MAC ADDR       VLAN ID  STATE          PORT INDEX               AGING TIME(s)
0000-5e00-5301 20       Learned        GigabitEthernet1/0/14    AGING
""",
    "huawei": """<CT-2>display mac-address
-------------------------------------------------------------------------------
MAC Address    VLAN/VSI/BD                       Learned-From        Type
-------------------------------------------------------------------------------
0000-5e00-5301 20/-/-                            GE0/0/14            dynamic
""",
    "juniper": f"""admin@CT-2> show ethernet-switching table
MAC flags (S - static MAC, D - dynamic MAC, L - locally learned, P - Persistent static
           SE - statistics enabled, NM - non configured MAC, R - remote PE MAC, O - ovsdb MAC)
Ethernet switching table : 1 entries, 1 learned
Routing instance : default-switch
    Vlan                MAC                 MAC         Age    Logical                NH        RTR
    name                address             flags              interface              Index     ID
    cctv                {A}   D             -   ge-0/0/14.0            0         0
""",
    "mikrotik": f"""[admin@CT-2] > /interface bridge host print terse
0 D E  mac-address={A} vid=20 interface=ether14 bridge=lan on-interface=ether14
1 DL   mac-address=00:00:5e:00:53:ff interface=lan bridge=lan on-interface=lan
""",
    "linux": f"""{A} dev swp14 vlan 20 master br0
33:33:00:00:00:01 dev swp14 self permanent
""",
    "brocade": """MAC Address     Port      Age      VLAN    Type
0000.5e00.5301   1/14       0      20
""",
}


@pytest.mark.parametrize("form", ARP)
def test_arp_tables(form: str) -> None:
    found, items = read("arp", ARP[form])
    assert found == form
    assert next((ip, mac) for ip, mac, _ in entries(items)) == ("192.0.2.7", A)
    assert len({mac for _, mac, _ in entries(items)}) == 1
    assert not [each for each in items if isinstance(each, Problem)]
    named = [each.name for each in items if isinstance(each, Host)]
    assert named == (
        ["core-1" if form != "fortigate" else "fw-1"] if re.match(r"[\[<\w]*(core|fw|admin|root)", ARP[form]) else []
    )


@pytest.mark.parametrize("form", MAC)
def test_mac_tables(form: str) -> None:
    found, items = read("mac", MAC[form])
    assert found == form.partition(" ")[0]
    ((ip, mac, facts),) = entries(items)
    assert (ip, mac) == ("", A)
    assert facts["vlan"] == ("cctv" if form == "juniper" else "20")
    assert facts["port"].rpartition("/")[2].removesuffix(".0").endswith("14")
    assert not [each for each in items if isinstance(each, Problem)]


@pytest.mark.parametrize(("form", "age"), [("cisco", 15), ("cisco-nxos", 15), ("fortigate", 15), ("linux", 0)])
def test_an_entry_is_as_old_as_the_table_says(form: str, age: int) -> None:
    entry = next(each for each in read("arp", ARP[form])[1] if isinstance(each, Entry))
    assert entry.seen_at == NOON - timedelta(minutes=age)


def test_what_a_terminal_adds_does_no_harm() -> None:
    head, row = MAC["cisco"].split("  20 ")
    paged = (
        head + " --More-- \x08\x08\x08\x08\x08\x08\x08\x08\x08          \x08\x08\x08\x08\x08\x08\x08\x08\x08  20 " + row
    )
    banner = "*** Authorised use only. Call 00:00 to 23:59. ***\r\n192.0.2.1 is this switch\r\n"
    for text in (paged, banner + MAC["cisco"], f"\x1b[1m{MAC['cisco']}\x1b[0m", MAC["cisco"].replace("\n", "\r\n")):
        found, items = read("mac", text)
        assert found == "cisco"
        assert len(entries(items)) == 1
        assert not [each for each in items if isinstance(each, Problem)]


@pytest.mark.parametrize(
    "cut", ["    DYNAMIC\n     Gi1/0/14", "    DYNAMI\nC     Gi1/0/14", "\n    DYNAMIC     Gi1/0/14"]
)
def test_a_row_that_a_narrow_terminal_wrapped_is_one_row(cut: str) -> None:
    _, items = read("mac", MAC["cisco"].replace("    DYNAMIC     Gi1/0/14", cut))
    assert entries(items) == [("", A, {"vlan": "20", "port": "Gi1/0/14"})]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "cp1252", "cp850"])
def test_windows_writes_in_its_own_ways(encoding: str) -> None:
    text = ARP["windows"].replace("Interface", "Schnittstelle").replace("dynamic", "dynamisch").replace("Type", "Größe")
    found, items = read("arp", text.encode(encoding))
    assert found == "windows"
    assert entries(items) == [("192.0.2.7", A, {})]


def test_powershell_writes_a_table_or_csv() -> None:
    table = f"""
ifIndex IPAddress                                          LinkLayerAddress      State       PolicyStore
------- ---------                                          ----------------      -----       -----------
12      192.0.2.7                                          {A.replace(":", "-").upper()}     Reachable   ActiveStore
12      192.0.2.9                                          00-00-00-00-00-00     Unreachable ActiveStore
"""
    csv = f'"IPAddress","LinkLayerAddress","State"\r\n"192.0.2.7","{A.replace(":", "-").upper()}","Stale"\r\n'
    for text in (table, csv):
        found, items = read("arp", text.encode("utf-16"))
        assert found == "windows"
        assert [(ip, mac) for ip, mac, _ in entries(items)] == [("192.0.2.7", A)]


@pytest.mark.parametrize(
    ("name", "broken"),
    [
        (
            "arp",
            ARP["cisco"].replace(
                "Internet  192.0.2.9", "Internet  192.0.2.999   4  0000.5e00.5309  ARPA   Vlan20\nInternet  192.0.2.9"
            ),
        ),
        ("arp", ARP["cisco"] + "0000.5e00.5302 fell out of its row\n"),
        ("mac", MAC["cisco"] + "  20    0000.5e00.5302\n"),
        ("mac", MAC["juniper"] + f"    cctv    {B} what is this\n"),
    ],
)
def test_a_broken_row_is_named_and_the_others_are_kept(name: str, broken: str) -> None:
    _, items = read(name, broken)
    (problem,) = (each for each in items if isinstance(each, Problem))
    assert re.fullmatch(r"line \d+", problem.place)
    assert len(entries(items)) == 1


HOSTILE: dict[str, bytes | str] = {
    "control characters": MAC["cisco"].replace("Gi1/0/14", "Gi1/0/14\x07\x1b]0;owned\x07\x00"),
    "a formula": MAC["cisco"].replace("Gi1/0/14", "=cmd|'/C calc'!A14"),
    "half a character": MAC["cisco"].encode().replace(b"CT-2#sh", b"\xc3CT-2\xff#sh"),
    "a row without an end": MAC["cisco"] + f"20 {A} " + "A " * 500_000,
    "only digits": "1 " * 200_000,
    "MAC after MAC": f"{A} " * 100_000,
}


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_tables_end_and_keep_the_good_part(what: str) -> None:
    begun = time.process_time()
    for form in sources.load_source("mac").forms:
        _, items = read("mac", HOSTILE[what], form=form.name)
        assert all("\x1b" not in str(each) and "\x07" not in str(each) for each in items)
        assert all(len(each.why) < 200 for each in items if isinstance(each, Problem))
    assert time.process_time() - begun < 20


def test_many_rows_need_no_more_memory_than_few() -> None:
    row = b"  20    0000.5e00.5301    DYNAMIC     Gi1/0/14\n"

    class Rows(io.RawIOBase):
        left = 12

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # as io has it
            if not self.left:
                return 0
            self.left -= 1
            block = (row * (len(buffer) // len(row) + 1))[: len(buffer) // len(row) * len(row)]
            buffer[: len(block)] = block
            return len(block)

    mac = sources.load_source("mac")
    document = open_document(mac, "x.txt", io.BufferedReader(Rows()), NOON)
    assert document.form is not None
    tracemalloc.start()
    count = sum(1 for _ in document.form.read(document))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count > 5_000
    assert peak < 1_500_000


def test_passed_entries_say_why() -> None:
    _, items = read("arp", ARP["cisco"])
    assert [each.why for each in items if isinstance(each, LeftOut)] == [
        "of the equipment itself",
        "whose address did not answer",
    ]


@pytest.mark.parametrize(
    ("name", "table", "expected", "left_out"),
    [
        pytest.param(
            "mac",
            "CT-2# show mac-address 14\n\n Status and Counters - Port Address Table - 14\n\n"
            "  MAC Address   VLANs\n  ------------- ------------\n  00005e-005301 20\n",
            [("", A, {"vlan": "20"})],
            [],
            id="a VLAN of ProCurve is not taken for a port",
        ),
        pytest.param(
            "mac",
            f"CX# show mac-address-table\n{A}    20    dynamic   1/1/14\n{B}    20    dynamic   vxlan1(192.0.2.9)\n",
            [("", A, {"vlan": "20", "port": "1/1/14"})],
            ["behind a tunnel to another switch"],
            id="the far end of a tunnel is not a port",
        ),
        pytest.param(
            "mac",
            "*   20     0000.5e00.5301   dynamic  0         F      F    Eth1/14\n"
            "C   20     0000.5e00.5302   dynamic  0         F      F    nve1(192.0.2.9)\n",
            [("", A, {"vlan": "20", "port": "Eth1/14"})],
            ["behind a tunnel to another switch"],
            id="nor is it on NX-OS",
        ),
        pytest.param(
            "mac",
            "  20    0000.5e00.5301    DYNAMIC     Et14       1       0:00:10 ago\n"
            "  20    0000.5e00.5302    DYNAMIC     Vx1        1       0:00:10 ago\n",
            [("", A, {"vlan": "20", "port": "Et14"})],
            ["behind a tunnel to another switch"],
            id="nor on Arista EOS",
        ),
        pytest.param(
            "mac",
            "VLAN ID  MAC Address         Interface              IfIndex  Status\n"
            f"20       {A}   1/0/14                 14       Learned\n"
            f"50       {B}   vlan 50                420      Management\n",
            [("", A, {"vlan": "20", "port": "1/0/14"})],
            ["of the equipment itself"],
            id="Netgear and EdgeSwitch",
        ),
        pytest.param(
            "arp",
            "inside 192.0.2.7 0000.5e00.5301 alias -\n",
            [("192.0.2.7", A, {"interface": "inside"})],
            [],
            id="an alias of ASA",
        ),
        pytest.param(
            "arp",
            "2001:DB8::7          0 0000.5e00.5301  REACH Vl20\n2001:DB8::9          0 -               INCMP Vl20\n",
            [("2001:db8::7", A, {"interface": "Vl20"})],
            ["whose address did not answer"],
            id="a neighbour of IOS without an answer is counted",
        ),
        pytest.param(
            "arp",
            f"192.0.2.7    {A}   vlan20   1/1/14   reachable default\n"
            "192.0.2.9            vlan20            failed    default\n",
            [("192.0.2.7", A, {"interface": "vlan20", "port": "1/1/14"})],
            ["whose address did not answer"],
            id="an address of Aruba CX without an answer is counted",
        ),
        pytest.param(
            "arp",
            f"Columns: ADDRESS, MAC-ADDRESS, INTERFACE, STATUS\n0 DC 192.0.2.7  {A}  vlan20  reachable\n"
            "1 D  192.0.2.9                     vlan20  failed\n",
            [("192.0.2.7", A, {"interface": "vlan20"})],
            ["whose address did not answer"],
            id="and so is one of RouterOS 7",
        ),
        pytest.param(
            "arp",
            f'[{{"dst":"192.0.2.7","lladdr":"{A}","state":["STALE"]}},{{"dst":"192.0.2.8","lladdr":"{B}"}}]',
            [("192.0.2.7", A, {}), ("192.0.2.8", B, {})],
            [],
            id="JSON in one line has all its records",
        ),
    ],
)
def test_each_row_says_what_its_columns_say(name: str, table: str, expected: list[object], left_out: list[str]) -> None:
    _, items = read(name, table)
    assert entries(items) == expected
    assert [each.why for each in items if isinstance(each, LeftOut)] == left_out
    assert not [each for each in items if isinstance(each, Problem)]


def test_a_prompt_in_round_brackets_says_whose_table_it_is() -> None:
    _, items = read("mac", f"(CT-2) #show mac-addr-table\n20  {A}  1/0/14  14  Learned\n")
    assert items[0] == Host("CT-2")


def test_of_any_table_nothing_is_lost_silently_and_a_stale_entry_was_not_heard() -> None:
    _, items = read("arp", f"address,mac\n192.0.2.7,{A},{B}\n192.0.2.8,{B},Stale\n192.0.2.9,{A},Reachable\n", "any")
    assert [(each.place, each.why[:22]) for each in items if isinstance(each, Problem)] == [
        ("line 2", "several MAC addresses ")
    ]
    assert [(each.ip, each.was_heard) for each in items if isinstance(each, Entry)] == [
        ("192.0.2.8", False),
        ("192.0.2.9", None),
    ]


def test_the_address_of_everybody_is_of_no_device() -> None:
    _, items = read("arp", f"Internet  255.255.255.255  3  {A}  ARPA  Vlan20\n", "cisco")
    assert items == [Problem("line 1", "not an IP address: 255.255.255.255")]


def test_sessions_on_switches_of_two_makers_may_be_in_one_file() -> None:
    form, items = read(
        "mac",
        """CT-1#show mac address-table
Vlan    Mac Address       Type        Ports
  20    0000.5e00.5301    DYNAMIC     Gi1/0/14
CT-2# show mac-address
  MAC Address   Port  VLAN
  ------------- ----- ----
  00005e-005302 15    20
  00005e-005303 bad   row here
""",
    )
    assert form == "cisco"
    assert [each.name for each in items if isinstance(each, Host)] == ["CT-1", "CT-2"]
    assert entries(items) == [
        ("", A, {"vlan": "20", "port": "Gi1/0/14"}),
        ("", B, {"vlan": "20", "port": "15"}),
    ]
    assert [each.place for each in items if isinstance(each, Problem)] == ["line 8"]


def test_a_pager_that_moves_the_cursor_left_moves_no_column() -> None:
    more = "  ---- More ----\x1b[16D" + " " * 16 + "\x1b[16D"
    _form, items = read("mac", f"MAC Address     VLAN ID   Port\n{more}0000-5e00-5301  20        GE0/0/14\n", "table")
    assert entries(items) == [("", A, {"vlan": "20", "port": "GE0/0/14"})]


def test_huawei_writes_the_vlan_on_the_next_line() -> None:
    _form, items = read(
        "arp",
        """<CT-2>display arp
IP ADDRESS      MAC ADDRESS     EXPIRE(M) TYPE        INTERFACE   VPN-INSTANCE
                                          VLAN/CEVLAN
------------------------------------------------------------------------------
192.0.2.7       0000-5e00-5301  12        D-0         GE0/0/14
                                          20/-
192.0.2.8       0000-5e00-5302  12        D-0         Eth-Trunk1  cctv
                                          30/-
""",
    )
    assert entries(items) == [
        ("192.0.2.7", A, {"vlan": "20", "port": "GE0/0/14"}),
        ("192.0.2.8", B, {"vlan": "30", "port": "Eth-Trunk1"}),
    ]
