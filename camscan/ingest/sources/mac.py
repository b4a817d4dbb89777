"""MAC address tables of switches: the switch, the port and the VLAN at which a MAC address was learnt.

Formats as in the samples of ntc-templates 9.3 (Apache-2.0), and bridge(8) of iproute2 6.1.
"""

from __future__ import annotations

import functools

from camscan.ingest import headings
from camscan.ingest.headed import ListReader, make_headed_form
from camscan.ingest.source import Source
from camscan.ingest.tables import MAC, Layout, make_forms

_ITSELF = r"(?P<own>CPU|Router|Switch|Drop|Self|self|sup-eth\S*|Vl(?:an)? ?\d+|vPC Peer-Link)"
"""Words in place of a port with which a table names its own switch."""
_KIND = r"(?:(?:\w{0,20}Ethernet|\w{0,20}GigE|AggregatePort|Port-channel|Fa|Gi|Te|Po) )?"
"""The kind of a port, which some write apart from its number: ``GigabitEthernet 0/14``."""
_NO_PORT = r"(?!(?:CPU|Router|Switch|Drop|Self|Vl(?:an)?\d+|sup-eth\S*)(?:\s|$))"
_PORT = rf"(?P<port>{_NO_PORT}{_KIND}[A-Za-z]*[\w./:-]*\d[\w./:-]*)"
_FAR = r"(?P<far>(?:nve|vxlan)\d*(?:\(\S+\))?|Vx\d+)(?: +\S+)*"
"""A tunnel (VXLAN) to another switch, in place of a port."""
_PROCURVE = r"(?P<mac>[0-9a-f]{6}-[0-9a-f]{6})"
_VLAN = r"(?P<vlan>\d{1,4})"
_BEFORE = rf"(?:VLAN |[*+#~A-Z()] ?){{0,4}} *(?:{_VLAN}|All|N/A|-+)"
_UNIT = r"(?P<port>[a-z]+-?[\d/:]+\.\d+)"
"""A unit of a Juniper port: ``ge-0/0/1.0``."""
_LAYOUTS = (
    Layout(
        "linux",
        "Linux: bridge fdb show",
        (
            rf"{MAC} dev (?P<own>\S+)(?: vlan \d+)?(?: .*)? (?:permanent|self)(?: .*)?",
            rf"{MAC} dev (?P<port>\S+)(?: vlan {_VLAN})?(?: .*)?",
        ),
    ),
    Layout(
        "juniper",
        "Juniper Junos: show ethernet-switching table",
        (
            rf"(?P<vlan>\S+) +{MAC} +[A-Z]{{1,8}}(?:,[A-Z]+)* +(?:(?:-|\d\S*) +)?{_UNIT}(?: +\S+)*",
            rf"(?P<vlan>\S+) +{MAC} +(?:Learn|Persistent)\w* +\S+ +(?P<port>\S+)",
            rf"\S+ +{MAC} +Static +\S+ +(?P<own>\S+)",
        ),
        heading=r"ethernet[ -]switching table",
    ),
    Layout(
        "cisco",
        "Cisco IOS and NX-OS, Dell OS10: show mac address-table",
        (
            rf"{_BEFORE} +{MAC} +[a-z]+ +(?:\S+ +)*?{_ITSELF}(?:\(R\))?",
            rf"{_BEFORE} +{MAC} +[a-z]+ +(?:\S+ +)*?{_FAR}",
            rf"{_BEFORE} +{MAC} +[a-z]+ +(?:\S+ +)*?{_PORT}(?:,\S+)*(?: +\d+ +\S.* ago)?",
            rf"{_BEFORE} +{MAC} +{_PORT} +(?:dynamic|static|secure|permanent)\w*",
            rf"{_BEFORE} +{MAC} +(?P<own>\S+) +self",
            rf"{MAC} +(?:Dynamic|Static|Self|Secure)\w* +{_VLAN} +(?:{_ITSELF}|{_PORT})",
        ),
    ),
    Layout(
        "fastpath",
        "Netgear and Ubiquiti EdgeSwitch: show mac-addr-table",
        (
            rf"{_VLAN} +{MAC} +(?P<port>[\w/.-]+) +\d+ +(?:MLAG )?(?:Learned|Static|Dynamic)",
            rf"{_VLAN} +{MAC} +(?P<own>\S.{{0,40}}?) +\d+ +(?:Management|Self)",
        ),
    ),
    Layout(
        "comware",
        "HPE Comware and H3C: display mac-address",
        (rf"{MAC} +{_VLAN} +(?:Learned|Config\w*|Security|Sticky|Mac-auth\w*)(?: \w+)? +(?P<port>\S+)(?: +\S+)?",),
    ),
    Layout(
        "brocade",
        "Brocade and Ruckus FastIron: show mac-address",
        (
            rf"{MAC} +(?P<port>\d+/\S+|lg\d+) +\d+ +{_VLAN}(?: +\S+)*",
            rf"{MAC} +(?P<port>\d+/\S+|lg\d+) +[a-z]+ +(?:\d+ +)??{_VLAN}(?: +\S+)*",
        ),
    ),
    Layout(
        "allied",
        "Allied Telesis: show mac address-table",
        (rf"{_VLAN} +(?P<port>[a-z]\S*\d) +{MAC} +forward +dynamic", rf"{_VLAN} +(?P<own>\S+) +{MAC} +\w+ +static"),
    ),
    Layout(
        "huawei",
        "Huawei: display mac-address",
        (rf"{MAC} +(?:{_VLAN}|-)/\S+ +(?P<port>[A-Za-z]\S+) +\w+(?: +\S+)*",),
    ),
    Layout(
        "procurve-port",
        "HPE and Aruba ProCurve: show mac-address PORT (read without the port)",
        (rf"{_PROCURVE} +(?P<port>\S+) +{_VLAN}", rf"{_PROCURVE} +{_VLAN}"),
        heading=r"Port Address Table - \S|MAC Address +VLANs?\s*$",
    ),
    Layout(
        "procurve",
        "HPE and Aruba ProCurve: show mac-address",
        (rf"{_PROCURVE} +(?P<port>\S+)(?: +{_VLAN})?",),
    ),
    Layout(
        "aruba-cx",
        "Aruba CX: show mac-address-table; Extreme and Avaya ERS: show mac-address-table",
        (
            rf"{MAC} +{_VLAN} +[a-z][\w-]* +{_FAR}",
            rf"{MAC} +{_VLAN} +[a-z][\w-]* +(?:Port: ?)?(?P<port>(?:Trunk: ?)?\S+)",
            rf"{MAC} +{_VLAN} +(?P<own>Self)",
        ),
    ),
    Layout(
        "mikrotik",
        "MikroTik RouterOS: /interface bridge host print",
        (
            rf"\d+ +(?-i:X?I|[A-Z]*L[A-Z]*)(?-i:[A-Z ]*) +(?:\S.* )?(?:mac-address=)?{MAC} *(?P<own>\S*).*",
            rf"\d+ +(?:\S.* )?mac-address={MAC}(?: vid={_VLAN})?(?: .*)? on-interface=(?P<port>\S+)(?: .*)?",
            rf"\d+ +(?:[A-Z]+ +)*{MAC} +(?:{_VLAN} +)?(?P<port>[a-z]\S*) +\S+",
        ),
        heading=r"mac-address=|MAC-ADDRESS.*(?:ON-INTERFACE|AGE)",
    ),
    Layout(
        "fortiswitch",
        "FortiSwitch: diagnose switch mac-address list",
        (rf"MAC: *{MAC}\s+VLAN: *{_VLAN}\s+(?:Port|Trunk): *(?P<port>[^\s(]+)(?:\(.*)?",),
    ),
    Layout(
        "paloalto",
        "Palo Alto: show mac all",
        (rf"(?P<vlan>\S+) +{MAC} +(?P<port>\S+) +[sc] +\d+",),
    ),
)

SOURCE = Source(
    name="mac",
    title="MAC address tables of switches",
    noun="MAC table",
    hears=True,
    forms=(
        *make_forms(_LAYOUTS, needs_ip=False, below=functools.partial(ListReader, headings.MAC)),
        make_headed_form(headings.MAC, "any other list with headings (tables, CSV, JSON)"),
    ),
)
