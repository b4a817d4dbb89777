"""Lists that network teams hand in: mixed files, lists for another command, headings of scanners and inventories."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest

from camscan.app.elsewhere import all_sources
from camscan.errors import UsageError
from camscan.ingest.source import Entry, Item, LeftOut, Problem, open_document
from camscan.ingest.sources import load_source

CAMERA, RECORDER, OTHER = "44:19:b6:00:00:01", "3c:ef:8c:00:00:02", "3c:ef:8c:00:00:03"
ARP = f"core#show ip arp\nInternet  192.0.2.61    5   {CAMERA.replace(':', '')[:4]}.b600.0001  ARPA   Vlan20\n"


def read(source: str, text: str, form: str = "") -> list[Item]:
    """The items of a file that is handed to this command."""
    stream = io.BytesIO(text.encode())
    when = datetime(2026, 11, 30, 12, tzinfo=UTC)
    document = open_document(load_source(source), "list.txt", stream, when, form=form, others=all_sources)
    assert document.form is not None
    return list(document.form.read(document))


def entries(items: list[Item]) -> dict[str, dict[str, str]]:
    """MAC address, else IP address -> the facts of its entry."""
    return {
        item.mac or item.ip: {fact.key: fact.value for fact in item.facts} for item in items if isinstance(item, Entry)
    }


def test_a_list_with_headings_below_a_table_is_read_by_them() -> None:
    text = (
        "SW-A#show mac address-table\nVlan  Mac Address     Type     Ports\n----  -----------     ----     -----\n"
        f"  20  4419.b600.0001  DYNAMIC  Gi1/0/7\n\nMAC Address,Port,VLAN,Switch\n{RECORDER},5,30,SW-B\n"
        "SW-C#show mac address-table\n  20  3cef.8c00.0003  DYNAMIC  Gi1/0/9\n  20  broken 3cef.8c00.0004\n"
    )
    items = read("mac", text)
    assert entries(items) == {
        CAMERA: {"listed.vlan": "20", "listed.port": "Gi1/0/7"},
        RECORDER: {"listed.vlan": "30", "listed.port": "5", "listed.switch": "SW-B"},
        OTHER: {"listed.vlan": "20", "listed.port": "Gi1/0/9"},
    }
    assert [item.place for item in items if isinstance(item, Problem)] == ["line 10"]


@pytest.mark.parametrize("source", ["mac", "inventory", "dhcp", "dns"])
def test_a_file_for_another_command_is_not_taken_for_any_list(source: str) -> None:
    with pytest.raises(
        UsageError, match=r"^list\.txt: it is not for this command; camscan import arp reads it \(Cisco"
    ):
        read(source, "Protocol  Address  Age (min)  Hardware Addr   Type   Interface\n" + ARP)


def test_a_named_form_reads_it_anyway() -> None:
    text = f"IP Address,MAC Address,Interface\n192.0.2.1,{CAMERA},7\n"
    assert CAMERA in entries(read("mac", text, form="table"))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "# Nmap 7.93 scan initiated as: nmap -oN x\nNmap scan report for 192.0.2.1\n",
            "it is nmap's text, .* -oX FILE",
        ),
        ('<?xml version="1.0"?>\n<nmaprun scanner="nmap">\n', "it is nmap's XML; use camscan import nmap"),
        ("SW#show lldp neighbors\nDevice ID   Local Intf  Hold-time\nCAM  Gi1/0/7  120\n", "it lists neighbours"),
        ("SW#show cdp neighbors detail\nDevice ID: CAM\n", "it lists neighbours"),
        ("Nov 30 08:00:00 dhcp1 dhcpd[8]: DHCPACK on 192.0.2.5 via eth0\n", "it is the log of a DHCP server"),
        ("127.0.0.1 localhost\n192.0.2.7 cam-yard\n", "it is not for this command; camscan import dns reads it"),
    ],
)
def test_what_is_not_a_table_is_named_with_what_to_do(text: str, says: str) -> None:
    with pytest.raises(UsageError, match=rf"^list\.txt: {says}"):
        read("mac", text)


def test_a_hosts_file_gives_the_first_name_of_each_address() -> None:
    items = read("dns", "# ours\n127.0.0.1 localhost\n192.0.2.7 cam-yard.example cam-yard # north\n::1 localhost\n")
    assert entries(items) == {"192.0.2.7": {"listed.host_name": "cam-yard.example"}}
    assert sum(isinstance(item, LeftOut) for item in items) == 2


def test_the_maker_beside_a_host_name_is_not_the_host_name() -> None:
    text = (
        "   IP            At MAC Address     Count     Len  MAC Vendor / Hostname\n"
        f" 192.0.2.110     {CAMERA}      1      60  Hangzhou Hikvision Digital\n"
    )
    assert entries(read("arp", text)) == {CAMERA: {}}


def test_the_open_ports_of_a_scanner_are_not_ports_of_a_switch() -> None:
    text = f"IP,Ping,Hostname,Ports,MAC Address\n192.0.2.1,1 ms,[n/a],80,{CAMERA}\n"
    assert entries(read("arp", text)) == {CAMERA: {}}


def test_clients_of_meraki_have_switch_port_and_vlan() -> None:
    text = f"Status,Client IPv4,Client MAC,VLAN,Recent device,Recent port\nonline,192.0.2.1,{CAMERA},20,SW-1,14\n"
    assert entries(read("arp", text))[CAMERA] == {
        "listed.vlan": "20",
        "listed.port": "14",
        "listed.switch": "SW-1",
    }


def test_leases_with_another_heading_are_not_taken_for_an_export_without_addresses() -> None:
    text = f'"IP Address","MAC Address/DUID","Host Name"\n"192.0.2.78","{CAMERA}","cam8"\n'
    assert entries(read("dhcp", text)) == {CAMERA: {"dhcp.host_name": "cam8"}}


def test_an_inventory_may_name_the_maker_alone_and_its_retired_devices_are_left_out() -> None:
    text = "ip_address,manufacturer,install_status\n192.0.2.1,Hikvision,Installed\n192.0.2.2,Dahua,Retired\n"
    items = read("inventory", text)
    assert entries(items) == {"192.0.2.1": {"listed.maker": "Hikvision"}}
    assert [item.why for item in items if isinstance(item, LeftOut)] == ["of devices that are not in use"]
    alone = "IP,Model,Status\n192.0.2.2,NVR4216,Ready to Deploy\n"
    assert [type(item) for item in read("inventory", alone)] == [LeftOut]
