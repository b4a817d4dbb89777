"""ARP tables and neighbour caches: the MAC address at each IP address, as a router or firewall knows it.

Formats as in the samples of ntc-templates 9.3 (Apache-2.0), ip-neighbour(8) of iproute2 6.1, arp(8) of FreeBSD 14 and
net-tools 2.10, ``arp -a`` and ``Get-NetNeighbor`` of Windows 10.
"""

from __future__ import annotations

import functools

from camscan.ingest import headings
from camscan.ingest.headed import ListReader, make_headed_form
from camscan.ingest.source import Form, Source
from camscan.ingest.tables import ANY_IP, IP, MAC, Layout, fits_any, make_forms, read_any

_STATES = "REACHABLE|STALE|DELAY|PROBE|PERMANENT|NOARP"
_USED = r"(?: +used [\d/]+)?(?: ?probes \d+)?"
_BETWEEN = rf"(?: ref \d+)?{_USED}(?: router| proxy| extern_\w+)*"
_HUAWEI_VLAN = r"(?: +[^\s/]+)?(?: +(?P<vlan>\d+)/\S*)?"
"""Perhaps a VPN instance, then the VLAN."""
_ARPA = r"(?!Te |Gi |Fa |Fo |Ma |Po |Vl )\w[\w-]*"
"""The type of an entry of Cisco, which is not the port that Dell has there."""
_LAYOUTS = (
    Layout(
        "linux",
        "Linux: ip neigh",
        (
            rf"{ANY_IP}(?: dev (?P<interface>\S+))? lladdr {MAC}{_BETWEEN} (?:{_STATES})(?: proto \w+)?",
            rf"{ANY_IP}(?: dev \S+)?{_USED}(?: +router)* +(?P<none>FAILED|INCOMPLETE|NONE)",
        ),
    ),
    Layout(
        "arp-a",
        "Linux, FreeBSD, macOS, pfSense and OPNsense: arp -a",
        (
            rf"\S+ \({IP}\) at {MAC}(?: \[\w+\])*(?: on (?P<interface>\S+))?(?: \S.*)?",
            rf"\S+ \({IP}\) at (?P<none><incomplete>|\(incomplete\)).*",
        ),
    ),
    Layout(
        "arp-n",
        "Linux, VyOS and EdgeOS: arp -n, show arp, /proc/net/arp",
        (
            rf"{IP} +ether +{MAC} +[A-Z]+ +(?:\S+ +)?(?P<interface>\S+)",
            rf"{IP} +0x1 +0x[2-6] +{MAC} +\* +(?P<interface>\S+)",
            rf"{IP} +(?P<none>\(incomplete\)) +\S+",
            rf"{IP} +0x1 +(?P<none>0x0) +\S+ +\* +\S+",
        ),
    ),
    Layout(
        "windows",
        "Windows: arp -a, netsh interface ipv4 show neighbors and Get-NetNeighbor",
        (
            # Windows writes this word in its own language.
            rf"{IP} +{MAC} +[^\W\d]+(?: \([^\W\d]+\))?",
            rf"\d+ +{ANY_IP} +{MAC} +(?:Reachable|Stale|Delay|Probe|Permanent) +\w+",
            rf'"?{ANY_IP}"?,"?{MAC}"?(?:,.*)?',
            rf"\d+ +{ANY_IP} +(?P<none>(?:00-){{5}}00|)\s*(?:Unreachable|Incomplete) +\w+",
        ),
        heading=r"--- 0x[0-9a-f]+|^-{30,} +-{12,} +-{5,}|ifIndex +IPAddress|IPAddress",
    ),
    Layout(
        "cisco",
        "Cisco IOS and ASA, Brocade FastIron: show ip arp, show arp",
        (
            rf"Internet +{IP} +(?:(?P<own>-)|(?P<age>\d+)) +{MAC} +{_ARPA}(?: +(?P<interface>\S+(?: \d\S*)?)(?: .*)?)?",
            rf"Internet +{IP} +\S+ +(?P<none>Incomplete) +\S+.*",
            rf"(?P<interface>[a-z][\w-]*) +{IP} +{MAC}(?: +alias)?(?: +(?:(?P<seconds>\d+)|-))?(?: \w+)?",
            rf"{ANY_IP} +\d+ +(?P<none>-) +INCMP\w* +\S+",
            rf"{ANY_IP} +(?:-|\d+) +{MAC} +(?:REACH|STALE|DELAY|PROBE)\w* +(?P<interface>\S+)",
        ),
    ),
    Layout(
        "cisco-nxos",
        "Cisco NX-OS: show ip arp",
        (
            rf"{IP} +(?:(?P<own>-)|(?P<age>\d[\d:.dhm]*)) +{MAC} +(?P<interface>\S+)(?: +\S+)*",
            rf"{IP} +\S+ +(?P<none>INCOMPLETE) +\S+(?: +\S+)*",
        ),
        heading=r"IP ARP Table|Adjacencies learnt|Address +Age +MAC Address +Interface",
    ),
    Layout(
        "fortigate",
        "FortiGate: get system arp",
        (rf"{IP} +(?:(?P<age>\d+)|-) +{MAC} +(?P<interface>\S+)",),
        heading=r"Age\(min\) +Hardware Addr|get system arp",
    ),
    Layout(
        "aruba",
        "Aruba controllers: show arp",
        (rf"\*?Internet +{IP} +{MAC} +(?P<interface>\S+) +(?P<age>\d+|\S+)?",),
    ),
    Layout(
        "aruba-cx",
        "Aruba CX: show arp",
        (
            rf"{ANY_IP} +{MAC} +(?P<interface>\S+) +(?P<port>\S+) +(?:reachable|stale|delay|probe|permanent) +\S+",
            rf"{ANY_IP}(?P<none>(?: +\S+){{1,3}}) +(?:failed|incomplete) +\S+",
        ),
    ),
    Layout(
        "procurve", "HPE and Aruba ProCurve: show arp", (rf"{IP} +{MAC} +(?:dynamic|static|local)(?: +(?P<port>\S+))?",)
    ),
    Layout(
        "comware",
        "HPE Comware and H3C: display arp",
        (rf"{IP} +{MAC} +(?:(?P<vlan>\d+)|N/A|-+) +(?P<port>\S+) +(?:(?P<age>\d+)|N/A|-+) +[SDORMI]+(?: .*)?",),
        beside=r"^\d+/",
    ),
    Layout(
        "huawei",
        "Huawei: display arp",
        (
            rf"{IP} +{MAC} +(?:(?P<age>\d+) +)?[DS] ?-? ?\d* +(?P<port>\S+){_HUAWEI_VLAN}(?: +\S+)*",
            rf"{IP} +{MAC} +(?P<own>I) - +\S+.*",
            rf"{IP} +(?P<none>Incomplete) +.*",
        ),
    ),
    Layout(
        "juniper",
        "Juniper Junos: show arp",
        (rf"{MAC} +{IP} +(?:\S+ +)?(?P<interface>[a-z][\w/-]*\.\d+)(?: \[(?P<port>[^\]]+)\])? +\S+(?: +\S+)*",),
    ),
    Layout(
        "mikrotik",
        "MikroTik RouterOS: /ip arp print",
        (
            rf"\d+ +(?:;;; .*|[A-Z]{{1,6}} +)?{IP} +{MAC}(?: +(?P<interface>\S+)(?: +\S+)?)?",
            rf"\d+ +(?:[A-Z]{{1,6}} +)?(?:comment=.*)?address={IP} mac-address={MAC}(?: .*)?",
            rf"\d+ +(?:[A-Z]{{1,6}} +)?{IP}(?P<none> *)[\w-]*(?: +[a-z]+)?",
            rf"{IP} +{MAC} +(?P<interface>\S+)",  # below a separate line with number and comment
        ),
        heading=r"MAC-ADDRESS|mac-address=",
    ),
    Layout(
        "paloalto",
        "Palo Alto: show arp all",
        (
            rf"(?P<interface>\S+) +{IP} +{MAC} +\S+ +[sce] +\d+",
            rf"\S+ +{IP} +(?P<none>\(incomplete\)) +.*",
        ),
    ),
)

SOURCE = Source(
    name="arp",
    title="ARP tables and neighbour caches of routers, firewalls and servers",
    noun="ARP table",
    hears=True,
    forms=(
        *make_forms(_LAYOUTS, needs_ip=True, below=functools.partial(ListReader, headings.ARP)),
        make_headed_form(headings.ARP, "any other list with headings (tables, CSV, JSON)"),
        Form("any", "any other list with an IP address and a MAC address in each row", fits_any, read_any),
    ),
)
