"""Lists in the shape of files that real systems wrote and somebody published; every detail is replaced.

docs/import.md says of each form where its shape was taken from. Here: right rows; and in the same shape broken and
hostile, one line with the position, and the good part kept.
"""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from camscan.ingest import sources
from camscan.ingest.source import Entry, Item, LeftOut, Problem, open_document

NOON = datetime(2026, 5, 12, 12, 0, tzinfo=UTC)
A, B, C = "00:00:5e:00:53:01", "00:00:5e:00:53:02", "00:00:5e:00:53:03"
NETWORKS = ("192.0.2.0/24", "2001:db8::/32")


def read(source: str, text: str | bytes) -> tuple[str, list[Item]]:
    content = text.encode() if isinstance(text, str) else text
    document = open_document(sources.load_source(source), "x", io.BytesIO(content), NOON, networks=NETWORKS)
    assert document.form is not None
    return document.form.name, list(document.form.read(document))


def rows(items: list[Item]) -> list[tuple[str, str, str]]:
    """IP address, MAC address, name."""
    name = {"dhcp.host_name", "listed.host_name"}
    return [
        (each.ip, each.mac, next((fact.value for fact in each.facts if fact.key in name), ""))
        for each in items
        if isinstance(each, Entry)
    ]


def problems(items: list[Item]) -> list[str]:
    return [f"{each.place}: {each.why}" for each in items if isinstance(each, Problem)]


def left_out(items: list[Item]) -> int:
    return sum(each.count for each in items if isinstance(each, LeftOut))


ISC = """# The format of this file is documented in the dhcpd.leases(5) manual page.
# This lease file was written by isc-dhcp-4.4.3-P1

# authoring-byte-order entry is generated, DO NOT DELETE
authoring-byte-order little-endian;

lease 192.0.2.21 {
  starts 4 2026/05/07 07:39:17;
  ends 4 2026/05/07 07:39:27;
  tstp 4 2026/05/07 07:39:27;
  cltt 4 2026/05/07 07:39:17;
  binding state free;
  hardware ethernet 00:00:5e:00:53:01;
  uid "\\001RT\\000\\265-\\035";
  set vendor-class-identifier = "MSFT 5.0";
}
lease 192.0.2.20 {
  starts 4 2026/05/07 14:17:48;
  ends 4 2026/05/07 14:17:58;
  cltt 4 2026/05/07 14:17:48;
  binding state active;
  next binding state free;
  rewind binding state free;
  hardware ethernet 00:00:5e:00:53:02;
  uid "\\377\\000V\\372\\013\\000\\001\\000\\001.\\230\\363oRT\\000V\\372\\013";
  client-hostname "client-1";
}
"""
MAAS = """lease 192.0.2.67 {
  starts 2 2026/03/24 13:44:15;
  ends 3 2026/03/25 01:44:15;
  cltt 2 2026/03/24 13:44:15;
  binding state active;
  next binding state free;
  rewind binding state free;
  hardware ethernet 00:00:5e:00:53:01;
  set clht = "client-67";
  set cllt = "43200";
  set clip = "192.0.2.67";
  set clhw = "00:00:5e:00:53:01";
  set vendor-class-identifier = "Linux ipconfig";
  client-hostname "client-67";
}
host 00-00-5e-00-53-02 {
  dynamic;
  hardware ethernet 00:00:5e:00:53:02;
  fixed-address 192.0.2.5;
}
host 00-00-5e-00-53-03 {
  dynamic;
  deleted;
}
"""
KEA = """address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context
192.0.2.100,00:00:5e:00:53:01,01:00:00:5e:00:53:01,691200,1778578889,1,0,0,client2404,0,
"""
WINDOWS_LIST = (
    "Client IP Address,Name,Lease Expiration,Type,Unique ID,Description,Network Access Protection,"
    "Probation Expiration,Filter Profile,Policy\n"
    "192.0.2.11,DESKTOP-A.example.local,10/1/2026 8:38:44 AM,DHCP,00005e005301,,Full Access,N/A,None,\n"
    "192.0.2.15,AT&T MicroCell,Reservation (active),DHCP,702e6163636573732d33472d41502d373435,"
    "The MicroCell device in the office,Full Access,N/A,None,\n"
    "192.0.2.23,,10/1/2026 8:19:59 AM,DHCP,00005e005302,,Full Access,N/A,None,\n"
)
POWERSHELL = """PS C:\\Users\\Administrator> Get-DhcpServerv4Lease -ScopeId 192.0.2.0 \n
IPAddress       ScopeId         ClientId             HostName             AddressState         LeaseExpiryTime \n\
---------       -------         --------             --------             ------------         --------------- \n\
192.0.2.64      192.0.2.0       00-00-5e-00-53-01    dell-1               Active               3/6/2026 1:33:14 AM \n\
192.0.2.65      192.0.2.0       00-00-5e-00-53-02    windowslaptop.con... Active               3/5/2026 6:11:47 PM \n"""
NETSH = """
Changed the current scope context to 192.0.2.0 scope.

Type : N - NONE, D - DHCP B - BOOTP, U - UNSPECIFIED, R - RESERVATION IP
============================================================================================
IP Address      - Subnet Mask    - Unique ID           - Lease Expires        -Type -Name
============================================================================================

192.0.2.7       - 255.255.254.0  -07-0a-12-0a         - INACTIVE             -D-  BAD_ADDRESS
192.0.2.25      - 255.255.254.0  -00-00-5e-00-53-01   - NEVER EXPIRES        -U-  BRSSVM01L.brs.example.com
192.0.2.5       - 255.255.254.0  - 00-00-5e-00-53-02   -6/13/2016 7:29:13 AM   -D-  BRSNCNU.eu.example.com
192.0.2.134     - 255.255.254.0  - 00-00-5e-00-53-03   -6/13/2016 11:18:24 AM  -D-  BRSN5CG.eu.example.com

No of Clients(version 4): 4 in the Scope : 192.0.2.0.

Command completed successfully.
"""
INFOBLOX = """header-fixedaddress,ip_address*,mac_address*,name,comment  \n\
FixedAddress,192.0.2.1,00:00:5e:00:53:01,,Gateway
"""
AXFR = """$ dig axfr @ns1.example.org example.org
; <<>> DiG 9.11.3-1ubuntu1.11-Ubuntu <<>> axfr @ns1.example.org example.org
; (1 server found)
;; global options: +cmd
example.org.\t7200\tIN\tSOA\tns1.example.org. robin.example.org. 2019100801 172800 900 1209600 3600
example.org.\t300\tIN\tHINFO\t"Casio fx-700G" "Windows XP"
example.org.\t301\tIN\tTXT\t"google-site-verification=tyP28J7JAUHA9fw2s"
example.org.\t7200\tIN\tA\t192.0.2.14
_sip._tcp.example.org. 14000 IN\tSRV\t0 0 5060 www.example.org.
14.2.0.192.IN-ADDR.ARPA.example.org. 7200\tIN PTR www.example.org.
canberra-office.example.org. 7200 IN A\t192.0.2.230
cmdexec.example.org. 300\tIN\tTXT\t"; ls"
dr.example.org.\t300\tIN\tLOC\t53 20 56.558 N 1 38 33.526 W 0.00m 1m 10000m 10m
email.example.org.\t2222\tIN\tNAPTR\t1 1 "P" "E2U+email" "" email.example.org.example.org.
home.example.org.\t7200\tIN\tA\t127.0.0.1
ipv6actnow.org.example.org.\t7200 IN\tAAAA\t2001:db8::c100:1332
sqli.example.org.\t300\tIN\tTXT\t"' or 1=1 --"
sshock.example.org.\t7200\tIN\tTXT\t"() { :]}; echo ShellShocked"
xss.example.org.\t300\tIN\tTXT\t"'><script>alert('Boo')</script>"
;; Query time: 181 msec
;; SERVER: 192.0.2.41#53(192.0.2.41)
;; XFR size: 50 records (messages 1, bytes 1994)
"""
BIND_DYNAMIC = """$ORIGIN .
$TTL 300\t; 5 minutes
example.org\t\tIN SOA\tns1.example.org. hostmaster.example.org. (
\t\t\t\t112474     ; serial
\t\t\t\t900        ; refresh (15 minutes)
\t\t\t\t600        ; retry (10 minutes)
\t\t\t\t86400      ; expire (1 day)
\t\t\t\t300        ; minimum (5 minutes)
\t\t\t\t)
\t\t\tNS\tns1.example.org.
$TTL 600\t; 10 minutes
\t\t\tA\t192.0.2.2
\t\t\tAAAA\t2001:db8::5f8e
$ORIGIN _tcp.Default-First-Site-Name._sites.example.org.
_gc\t\t\tSRV\t0 100 3268 hq-ad-1.example.org.
\t\t\tSRV\t0 100 3268 hq-ad-2.example.org.
$ORIGIN example.org.
$TTL 1200\t; 20 minutes
client\t\t\tA\t192.0.2.30
\t\t\tDHCID\t( AAEBZz0V+2znOOiQhKjraGVJGIC+vNR42A5PSQ44jxYr
\t\t\t\t9w0= ) ; 1 1 32
$TTL 3600\t; 1 hour
developer.dmz\t\tA\t192.0.2.69
ds-developer-db\t\tCNAME\tds-developer-db1
DomainDnsZones\t\tA\t192.0.2.2
\t\t\tA\t192.0.2.3
$ORIGIN e.example.org.
bounce\t\t\tA\t192.0.2.4
"""
BIND_REVERSE = """$ORIGIN 2.0.192.in-addr.arpa.
$TTL 200
@\tIN SOA\tdns.example.org. hostmaster.example.org. (
\t\t\t\t\t201812901 ; serial
\t\t\t\t\t1D\t; refresh
\t\t\t\t\t1H\t; retry
\t\t\t\t\t1W\t; expire
\t\t\t\t\t3H )\t; minimum
\tIN \tNS\tdns.example.org.
;181\tIN\tPTR\tdns2.example.org.
3\tIN\tPTR\tdns.example.org.
3\tIN\tPTR\tprovider.example.org.
120\tIN\tPTR\tserver.example.org.
"""
BIND_NO_ORIGIN = """;
; example.org forward records: -------------------------------------------
;
$TTL    604800
@       IN      SOA     dns-1.example.org. root.example.org. (
                            620         ; Serial
                         604800         ; Refresh
                          86400         ; Retry
                        2419200         ; Expire
                         604800 )       ; Negative Cache TTL

@\t\tIN      NS      dns-1.example.org.
@\t\tIN      A       192.0.2.45
dns-1\t\tIN\tA       192.0.2.11

wap-1.example.org.\t\t\tIN\tA\t192.0.2.8
idrac-2.example.org.\t\tIN\tA\t192.0.2.40
"""
WINDOWS_ZONE = """;
;  Database file example.org for example.org zone.
;      Zone version:  119
;

@                       IN  SOA ns01.example.org.  hostmaster.example.org. (
                        \t119          ; serial number
                        \t900          ; refresh
                        \t600          ; retry
                        \t86400        ; expire
                        \t3600       ) ; default TTL

;
;  Zone NS records
;

@                       NS\tns01.example.net.
ns01.example.net.       A\t198.51.100.24

;
;  Zone records
;

@                       A\t192.0.2.56
@                       MX\t10\tmailbox1.example.org.
exitsurvey              CNAME\twww.example.org.
gateway                 A\t192.0.2.177
@                       600\tTXT\t( "v=spf1 include:spf1.example.org ~all" )
"""
WINDOWS_EXPORT = """;
;  Database file (null) for Default zone scope in zone 2.0.192.in-addr.arpa.
;      Zone version:  4
;

@                       60\tIN  SOA dc01.example.org. hostmaster.example.org. (
                        \t\t4            ; serial number
                        \t\t3600       ) ; default TTL

;
;  Delegated sub-zone:  64-26.2.0.192.in-addr.arpa.
;
64-26                   NS\tns1.example.net.
;  End delegation

@                       WINSR\tL1 C2 example.org
11                      PTR\tcorelli.example.org.
12                      [AGE:3731021]\t1200\tPTR\tmerulo.example.org.
65                      CNAME\t65.64-26.2.0.192.in-addr.arpa.
66.64-26                PTR\tnono.example.org.
"""
DNSCMD = """Returned records:
@                [Aging:3614830] 600 A\t192.0.2.47
CLIENT           [Aging:3613844] 1200 A\t192.0.2.147
\t\t [Aging:3613845] 1200 A\t192.0.2.148
cluster \t\t 3600 A\t192.0.2.51

Command completed successfully.
"""
DIG_CAMPUS = """
; <<>> DiG 9.16.1-Ubuntu <<>> axfr example.org @192.0.2.5
;; global options: +cmd
example.org.            3600    IN      SOA     example.org. admin.example.org. 47 900 600 86400 3600
example.org.            3600    IN      NS      ns.example.org.
ns1.example.org.        3600    IN      A       192.0.2.22
pop3.example.org.       3600    IN      A       192.0.2.60
administrator1.example.org. 604800 IN A\t192.0.2.61
example.org.            3600    IN      SOA     example.org. admin.example.org. 47 900 600 86400 3600
;; Query time: 519 msec
;; SERVER: 192.0.2.5#53(192.0.2.5) (TCP)
;; WHEN: Sat Dec 04 10:49:45 -03 2021
;; XFR size: 12 records (messages 12, bytes 685)
"""
GERMAN = """C:\\Users\\adome>arp -a

Schnittstelle: 192.0.2.150 --- 0x10
  Internetadresse       Physische Adresse     Typ
  192.0.2.149           00-00-5e-00-53-01     dynamisch
  192.0.2.255           ff-ff-ff-ff-ff-ff     statisch
  224.0.0.22            01-00-5e-00-00-16     statisch

Schnittstelle: 198.51.100.15 --- 0xd
  Internetadresse       Physische Adresse     Typ
  198.51.100.16         00-00-5e-00-53-02     dynamisch
"""
ENGLISH = """C:\\>arp -a

Interface: 192.0.2.175 --- 0x4 \n\
  Internet Address      Physical Address      Type
  192.0.2.1             00-00-5e-00-53-01     dynamic   \n\
  192.0.2.117           00-00-5e-00-53-02     dynamic   \n\
  192.0.2.255           ff-ff-ff-ff-ff-ff     static    \n"""
NEIGHBOUR = """PS C:\\WINDOWS\\system32> Get-NetNeighbor -AddressFamily IPv4

ifIndex IPAddress       LinkLayerAddress      State       PolicyStore
------- ---------       ----------------      -----       -----------
7       224.0.0.22      01-00-5E-00-00-16     Permanent   ActiveStore
7       192.0.2.2       00-00-00-00-00-00     Unreachable ActiveStore
7       192.0.2.1       00-00-5E-00-53-01     Reachable   ActiveStore
60      192.0.2.90      00-00-5E-00-53-02     Stale       ActiveStore
"""
SADP = (
    "Index,Device Type,Status,IPv4 Address,Port,Enhanced SDK Service Port,Software Version,IPv4 Gateway,HTTP Port,"
    "Device Serial Number,Subnet Mask,MAC Address,Encoding Channel(s),DSP Version,Start Time,IPv6 Address,IPv6 GateWay,"
    "IPv6 Prefix Length,Support IPv6,IPv6 Modifiable,Support DHCP,IPv4 DHCP Status,Support Hik-Connect,"
    "Hik-Connect Status,Hik-Connect Binding Status,Hik-Connect Version\n"
    "001,DS-K1T671M-L,Active,192.0.2.5, 8000,N/A,V3.2.30build 230531,192.0.2.2,80,"
    'DS-K1T671M-L20230531V030230ENXX0000001,255.255.255.0,00-00-5e-00-53-01, 1,"V0.0, build 000000",'
    "2025-11-24 12:29:29,,, 0,No,No,Yes,OFF,Yes,OFF,N/A,N/A\n"
    "002,DS-2CD2143G0-I,Inactive,192.0.2.64, 8000,N/A,V5.6.3build 190923,0.0.0.0,80,"
    'DS-2CD2143G0-I20190923AAWRXX0000002,255.255.255.0,00-00-5e-00-53-02, 1,"V7.3, build 190909",'
    "2025-12-04 17:31:26,,, 0,Yes,No,Yes,ON,Yes,OFF,N/A,N/A\n"
)
RUNZERO: dict[str, Any] = {
    "addresses": ["192.0.2.91", "fe80::250:56ff:fe89:b0e1"],
    "addresses_extra": [],
    "alive": True,
    "detected_by": "arp",
    "first_seen": 1672007309,
    "hw": "Hikvision Camera",
    "hw_product": "",
    "hw_vendor": "Hikvision",
    "id": "bf707048-7ce9-4249-a58c-0aaa257d69f0",
    "last_seen": 1672008118,
    "lowest_ttl": 0,
    "mac_vendors": ["Hangzhou Hikvision Digital Technology Co.,Ltd."],
    "macs": [A],
    "names": ["CAM-17", "CAM-17.LOCALDOMAIN"],
    "newest_mac": A,
    "newest_mac_age": None,
    "newest_mac_vendor": "Hangzhou Hikvision Digital Technology Co.,Ltd.",
    "rtts": {"icmp/echo": [837561, 5320391, 6077638]},
    "service_ports_tcp": ["80", "554"],
    "site_name": "Town Hall",
    "subnets": {},
    "tags": {"ThisTag": "Value", "try": "value"},
    "type": "IP Camera",
}
CENSYS: dict[str, Any] = {
    "ip": "192.0.2.4",
    "services": [
        {
            "_decoded": "http",
            "banner": "HTTP/1.1 200 OK",
            "extended_service_name": "HTTP",
            "http": {
                "request": {"method": "GET", "uri": "http://192.0.2.4/"},
                "response": {
                    "status_code": 200,
                    "headers": {
                        "Server": ["App-webs/"],
                        "Content_Length": ["216"],
                        "_encoding": {"Server": "DISPLAY_UTF8"},
                    },
                    "html_title": "index",
                    "body": "<html>",
                },
            },
            "observed_at": "2021-08-16T15:31:56.873075663Z",
            "perspective_id": "PERSPECTIVE_NTT",
            "port": 80,
            "service_name": "HTTP",
        },
        {"extended_service_name": "RTSP", "port": 554, "service_name": "RTSP", "transport_protocol": "TCP"},
    ],
    "location": {"country": "United Kingdom", "coordinates": {"latitude": 53.8, "longitude": -1.5}},
    "autonomous_system": {"asn": 64496, "name": "EXAMPLE", "bgp_prefix": "192.0.2.0/24"},
    "dns": {"reverse_dns": {"names": ["cam.example.org"]}},
    "operating_system": {},
    "last_updated_at": "2021-08-17T15:00:09.531Z",
}
SHODAN: dict[str, Any] = {
    "_shodan": {"id": "78d87e74", "options": {}, "ptr": True, "module": "http", "crawler": "8b12b9d21d5e4a"},
    "hash": -539429667,
    "os": None,
    "opts": {"vulns": [], "heartbleed": "2020/06/05 20:18:11 192.0.2.9:443 - SAFE\n"},
    "ip": 3221225993,
    "isp": "Example",
    "http": {"robots_hash": None, "redirects": [], "title": None, "server": "App-webs/", "html": "not found"},
    "port": 80,
    "hostnames": ["cam.example.org"],
    "location": {"city": None, "country_code": "GB", "latitude": 53.8},
    "timestamp": "2020-06-06T10:12:43.920159",
    "transport": "tcp",
    "ip_str": "192.0.2.9",
}

SAMPLES: list[tuple[str, str, str, list[tuple[str, str, str]]]] = [
    ("dhcp", "isc", ISC, [("192.0.2.21", A, ""), ("192.0.2.20", B, "client-1")]),
    ("dhcp", "isc", MAAS, [("192.0.2.67", A, "client-67"), ("192.0.2.5", B, "00-00-5e-00-53-02")]),
    ("dhcp", "kea-csv", KEA, [("192.0.2.100", A, "client2404")]),
    ("dhcp", "windows-csv", WINDOWS_LIST, [("192.0.2.11", A, "DESKTOP-A.example.local"), ("192.0.2.23", B, "")]),
    ("dhcp", "windows", POWERSHELL, [("192.0.2.64", A, "dell-1"), ("192.0.2.65", B, "windowslaptop")]),
    (
        "dhcp",
        "windows",
        NETSH,
        [
            ("192.0.2.25", A, "BRSSVM01L.brs.example.com"),
            ("192.0.2.5", B, "BRSNCNU.eu.example.com"),
            ("192.0.2.134", C, "BRSN5CG.eu.example.com"),
        ],
    ),
    ("dhcp", "infoblox", INFOBLOX, [("192.0.2.1", A, "")]),
    (
        "dns",
        "zone",
        AXFR,
        [
            ("192.0.2.14", "", "example.org"),
            ("192.0.2.230", "", "canberra-office.example.org"),
            ("2001:db8::c100:1332", "", "ipv6actnow.org.example.org"),
        ],
    ),
    (
        "dns",
        "zone",
        BIND_DYNAMIC,
        [
            ("192.0.2.2", "", "example.org"),
            ("2001:db8::5f8e", "", "example.org"),
            ("192.0.2.30", "", "client.example.org"),
            ("192.0.2.69", "", "developer.dmz.example.org"),
            ("192.0.2.2", "", "DomainDnsZones.example.org"),
            ("192.0.2.3", "", "DomainDnsZones.example.org"),
            ("192.0.2.4", "", "bounce.e.example.org"),
        ],
    ),
    (
        "dns",
        "zone",
        BIND_REVERSE,
        [
            ("192.0.2.3", "", "dns.example.org"),
            ("192.0.2.3", "", "provider.example.org"),
            ("192.0.2.120", "", "server.example.org"),
        ],
    ),
    (
        "dns",
        "zone",
        BIND_NO_ORIGIN,
        [
            ("192.0.2.11", "", "dns-1"),
            ("192.0.2.8", "", "wap-1.example.org"),
            ("192.0.2.40", "", "idrac-2.example.org"),
        ],
    ),
    (
        "dns",
        "zone",
        WINDOWS_ZONE,
        [
            ("198.51.100.24", "", "ns01.example.net"),
            ("192.0.2.56", "", "example.org"),
            ("192.0.2.177", "", "gateway.example.org"),
        ],
    ),
    (
        "dns",
        "zone",
        WINDOWS_EXPORT,
        [
            ("192.0.2.11", "", "corelli.example.org"),
            ("192.0.2.12", "", "merulo.example.org"),
            ("192.0.2.66", "", "nono.example.org"),
        ],
    ),
    (
        "dns",
        "zone",
        DNSCMD,
        [("192.0.2.147", "", "CLIENT"), ("192.0.2.148", "", "CLIENT"), ("192.0.2.51", "", "cluster")],
    ),
    (
        "dns",
        "zone",
        DIG_CAMPUS,
        [
            ("192.0.2.22", "", "ns1.example.org"),
            ("192.0.2.60", "", "pop3.example.org"),
            ("192.0.2.61", "", "administrator1.example.org"),
        ],
    ),
    ("arp", "windows", GERMAN, [("192.0.2.149", A, ""), ("198.51.100.16", B, "")]),
    ("arp", "windows", ENGLISH, [("192.0.2.1", A, ""), ("192.0.2.117", B, "")]),
    ("arp", "windows", NEIGHBOUR, [("192.0.2.1", A, ""), ("192.0.2.90", B, "")]),
    ("inventory", "sadp", SADP, [("192.0.2.5", A, ""), ("192.0.2.64", B, "")]),
    ("inventory", "runzero", json.dumps([RUNZERO], indent=4), [("192.0.2.91", A, "CAM-17")]),
    ("inventory", "runzero", json.dumps(RUNZERO) + "\n", [("192.0.2.91", A, "CAM-17")]),
    ("inventory", "censys", json.dumps(CENSYS, indent=2), [("192.0.2.4", "", "cam.example.org")]),
    ("inventory", "censys", json.dumps([CENSYS, CENSYS]), [("192.0.2.4", "", "cam.example.org")] * 2),
    ("inventory", "shodan", json.dumps(SHODAN) + "\n", [("192.0.2.9", "", "cam.example.org")]),
]
IDS = [f"{source} {form} {number}" for number, (source, form, _, _) in enumerate(SAMPLES)]


@pytest.mark.parametrize(("source", "form", "text", "expected"), SAMPLES, ids=IDS)
def test_a_file_as_real_systems_write_it(source: str, form: str, text: str, expected: list[Any]) -> None:
    found, items = read(source, text)
    assert found == form
    assert rows(items) == expected
    # A name below another zone, and loopback, are no addresses of devices: said, and left out.
    assert [each for each in problems(items) if "not an address" not in each] == []


@pytest.mark.parametrize(("source", "form", "text", "expected"), SAMPLES, ids=IDS)
def test_the_same_file_from_windows(source: str, form: str, text: str, expected: list[Any]) -> None:
    found, items = read(source, text.replace("\n", "\r\n").encode("utf-8-sig"))
    assert (found, rows(items)) == (form, expected)


@pytest.mark.parametrize(("source", "form", "text", "expected"), SAMPLES, ids=IDS)
def test_the_same_file_that_was_cut_off(source: str, form: str, text: str, expected: list[Any]) -> None:
    """What stands before the end is kept; nothing is read that the whole file does not say, but a shortened name."""
    _, items = read(source, text.rstrip()[:-30]) if form != "shodan" else read(source, text + text[: len(text) // 2])
    kept = [(ip, mac) for ip, mac, _ in rows(items)]
    whole = [(ip, mac) for ip, mac, _ in expected]
    assert kept == whole[: len(kept)]
    assert len(kept) >= len(whole) - 1


HOSTILE = {
    "isc": 'lease 192.0.2.99 {\n  hardware ethernet 00:00:5e:00:53:09;\n  client-hostname "' + "A" * 20_000 + '";\n',
    "kea-csv": "192.0.2.999,00:00:5e:00:53:09,,1,2,1,0,0,=cmd|'/c calc'!A1,0,\n",
    "windows-csv": "192.0.2.999,\"=cmd|'/c calc'!A1\",,DHCP,00005e005309,,,,,\n",
    "windows": "192.0.2.99      192.0.2.0       00-00-5e-00-53-09    " + "A" * 20_000 + "\n",
    "infoblox": "FixedAddress,192.0.2.999,00:00:5e:00:53:09,\x1b]0;owned\x07,\n",
    "zone": "evil IN A " + "9" * 5000 + "\n",
    "sadp": "009,\"=cmd|'/c calc'!A1\",Active,192.0.2.999,,,,,,,,00-00-5e-00-53-09,,,,,,,,,,,,,,\n",
}


@pytest.mark.parametrize(
    ("source", "form", "text", "expected"),
    [pytest.param(*each, id=name) for name, each in zip(IDS, SAMPLES, strict=True) if each[1] in HOSTILE],
)
def test_a_hostile_row_costs_one_line_with_its_position(source: str, form: str, text: str, expected: list[Any]) -> None:
    _, before = read(source, text)
    _, items = read(source, text + HOSTILE[form])
    assert rows(items)[: len(expected)] == expected
    (wrong,) = [each for each in problems(items) if each not in problems(before)]
    number = text.count("\n") + 1
    assert wrong.startswith(f"line {number}: ")
    assert len(wrong) < 150
    assert "\x1b" not in repr(items)


@pytest.mark.parametrize("record", [RUNZERO, CENSYS], ids=["runzero", "censys"])
@pytest.mark.parametrize(
    "wrong",
    ['{"x": ' + "[" * 100_000, '{"ip": "192.0.2.', '{"addresses": ["\x1b[2J"]}', '{"ip": "\\ud800", "addresses": 7}'],
    ids=["deep", "cut", "controls", "surrogate"],
)
def test_a_hostile_record_of_json_costs_no_other(record: dict[str, Any], wrong: str) -> None:
    text = f"{json.dumps(record)}\n{wrong}\n{json.dumps(record)}\n"
    _, items = read("inventory", text)
    good = [each for each in items if isinstance(each, Entry)]
    assert good
    assert len(problems(items)) + left_out(items) <= 2
    assert all(len(each) < 150 for each in problems(items))


def test_a_record_that_is_longer_than_a_block_is_read_whole() -> None:
    """A host with many services, each an object of its own."""
    many = {**CENSYS, "services": CENSYS["services"] * 500}
    _, items = read("inventory", json.dumps([many, CENSYS], indent=2))
    assert [each.ip for each in items if isinstance(each, Entry)] == ["192.0.2.4", "192.0.2.4"]
    assert problems(items) == []


def test_what_the_internet_reaches_and_what_was_heard() -> None:
    (censys,) = read("inventory", json.dumps(CENSYS))[1]
    assert isinstance(censys, Entry)
    told = [(fact.key, fact.value) for fact in censys.facts]
    assert ("listed.service", "80") in told
    assert ("listed.service", "554") in told
    assert ("http.server", "App-webs/") in told
    assert ("listed.exposed", "yes") in told
    assert censys.seen_at == datetime(2021, 8, 17, 15, 0, 9, 531000, tzinfo=UTC)
    (other,) = read("inventory", json.dumps({**CENSYS, "ip": "198.51.100.7"}))[1]
    assert isinstance(other, LeftOut)
    (runzero,) = read("inventory", json.dumps(RUNZERO))[1]
    assert isinstance(runzero, Entry)
    assert (runzero.seen_at, runzero.was_heard) == (datetime.fromtimestamp(1672008118, UTC), True)


def test_a_reverse_zone_that_does_not_say_its_name_costs_one_sentence_that_says_what_to_write() -> None:
    _, items = read("dns", BIND_REVERSE.replace("$ORIGIN 2.0.192.in-addr.arpa.\n", ""))
    assert (rows(items), problems(items)) == ([], [])
    unnamed = [each for each in items if isinstance(each, LeftOut) and "put a line such as $ORIGIN" in each.why]
    assert len(unnamed) == 3
