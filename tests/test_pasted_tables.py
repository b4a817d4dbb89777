"""What people paste: prompts, page breaks, other tables in the same file, lines that a terminal broke."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest

from camscan import fingerprints
from camscan.ingest import sources
from camscan.ingest.gather import Findings
from camscan.ingest.source import Entry, Host, Item, LeftOut, Problem, open_document
from camscan.register.knowledge import listed_elsewhere

NOON = datetime(2026, 5, 12, 12, 0, tzinfo=UTC)
A, B, C, D = (f"00:00:5e:00:53:0{number}" for number in (1, 2, 3, 4))

PAGED = """CT-2#show mac address-table
          Mac Address Table
-------------------------------------------

Vlan    Mac Address       Type        Ports
----    -----------       --------    -----
 All    0100.0ccc.cccc    STATIC      CPU
  20    0000.5e00.5301    DYNAMIC     Gi1/0/1
 --More-- \b\b\b\b\b\b\b\b\b        \b\b\b\b\b\b\b\b\b  20    0000.5e00.5302    DYNAMIC     Gi1/0/2
--More--   20    0000.5e00.5303    DYNAMIC     Gi1/0/3
  20    0000.5e00.5304    DYNAMIC     Po1
Total Mac Addresses for this criterion: 5
CT-2#
CT-2#exit
"""
TWO_SWITCHES = """CT-2#show mac address-table
  20    0000.5e00.5301    DYNAMIC     Gi1/0/24
  20    0000.5e00.5302    DYNAMIC     Gi1/0/24
CT-2#
CT-3#sh mac add dyn
  20    0000.5e00.5301    DYNAMIC     Gi1/0/1
  20    0000.5e00.5302    DYNAMIC     Gi1/0/2
CT-3#
"""
BROKEN_LINES = """core-1>show ip arp
Protocol  Address          Age (min)  H
ardware Addr   Type   Interface
Internet  192.0.2.7              12   0
000.5e00.5301  ARPA   Vlan20
Internet  192.0.2.8               0   0
000.5e00.5302  ARPA   Vlan20
"""
MIXED = """SW1# show arp
Protocol  Address          Age (min)  Hardware Addr   Type   Interface
Internet  192.0.2.7              12   0000.5e00.5301  ARPA   Vlan20
SW1# show mac address-table
Vlan    Mac Address       Type        Ports
  20    0000.5e00.5301    DYNAMIC     Gi1/0/1
SW1#
"""
QUOTED = """Hi Dave,
here is the table you wanted.

> Internet  192.0.2.7              12   0000.5e00.5301  ARPA   Vlan20
> Internet  192.0.2.8               0   0000.5e00.5302  ARPA   Vlan20
"""
PUTTY = """=~=~=~=~=~=~=~=~=~=~=~= PuTTY log 2026.05.12 10:11:12 =~=~=~=~=~=~=~=~=~=~=~=
login as: admin
ProCurve J9772A 2530-48G-PoEP Switch
CT-4# show mac-address

 Status and Counters - Port Address Table

  MAC Address   Port  VLAN
  ------------- ----- ----
  00005e-005301 1     20
  00005e-005302 2     20
-- MORE --, next page: Space, next line: Enter, quit: Control-C\r             \r  00005e-005303 3     20
CT-4#
"""
COMMENTED = """[admin@CT-5] > /ip arp print
Flags: X - disabled, I - invalid, H - DHCP, D - dynamic, P - published, C - complete
 #    ADDRESS         MAC-ADDRESS       INTERFACE
 0 DC 192.0.2.7       00:00:5E:00:53:01 bridge
 1  C ;;; camera gate
      192.0.2.8       00:00:5E:00:53:02 bridge
 2 D  192.0.2.9                         bridge
[admin@CT-5] > quit
"""
JUNOS = """{master:0}
root@CT-6> show ethernet-switching table | no-more

MAC flags (S - static MAC, D - dynamic MAC, L - locally learned, P - Persistent static)

Ethernet switching table : 3 entries, 3 learned
Routing instance : default-switch
   Vlan                MAC                 MAC      Logical                SVLBNH/      Active
   name                address             flags    interface              VENH Index   source
   cctv                00:00:5e:00:53:01   D        ge-0/0/1.0
   cctv                00:00:5e:00:53:02   D        ge-0/0/2.0
---(more 45%)---                                  cctv                00:00:5e:00:53:03   D        ge-0/0/3.0

{master:0}
root@CT-6>
"""
PASTED = {
    "a page break, and prompts behind": ("mac", PAGED, "CT-2", [A, B, C, D], 1),
    "two switches": ("mac", TWO_SWITCHES, "CT-3", [A, B, A, B], 0),
    "lines broken at 40 columns": ("arp", BROKEN_LINES, "core-1", [A, B], 0),
    "an ARP table with a MAC table behind": ("arp", MIXED, "SW1", [A], 1),
    "a MAC table with an ARP table before": ("mac", MIXED, "SW1", [A], 1),
    "quoted in a mail": ("arp", QUOTED, "", [A, B], 0),
    "a log of PuTTY": ("mac", PUTTY, "CT-4", [A, B, C], 0),
    "a comment before the row": ("arp", COMMENTED, "CT-5", [A, B], 1),
    "Junos with empty columns": ("mac", JUNOS, "CT-6", [A, B, C], 0),
}


def read(source: str, text: str | bytes) -> list[Item]:
    content = text.encode() if isinstance(text, str) else text
    document = open_document(sources.load_source(source), "x", io.BytesIO(content), NOON)
    assert document.form is not None
    return list(document.form.read(document))


@pytest.mark.parametrize("ending", ["\n", "\r\n"], ids=["", "Windows"])
@pytest.mark.parametrize("name", PASTED)
def test_every_row_is_read_and_nothing_is_called_broken(name: str, ending: str) -> None:
    source, text, host, macs, left_out = PASTED[name]
    items = read(source, text.replace("\n", ending))
    assert [each.mac for each in items if isinstance(each, Entry)] == macs
    assert [each for each in items if isinstance(each, Problem)] == []
    assert sum(each.count for each in items if isinstance(each, LeftOut)) == left_out
    assert [each.name for each in items if isinstance(each, Host)][-1:] == ([host] if host else [])


def test_a_port_is_said_by_the_switch_that_has_it() -> None:
    """Two switches in one file: behind the uplink of one stands everybody."""
    found = Findings(sources.load_source("mac"))
    found.read_document(open_document(found.source, "both.txt", io.BytesIO(TWO_SWITCHES.encode()), NOON))
    for device, _ in found.devices(fingerprints.load_database()):
        told = listed_elsewhere(device)["switch_port"]
        assert told["value"].startswith("CT-3, port Gi1/0/")
        assert told["basis"] == "MAC table of CT-3 (both.txt)"
