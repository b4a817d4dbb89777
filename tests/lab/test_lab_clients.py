"""The simulated estate, judged by clients that other people wrote: does it speak as devices do?

Each client runs once as a program of its own, on a LAN where every unit has its own address, and where no unit is
hostile. One that is not installed is skipped with the reason. What a client cannot read of a real device, it must not
read here either: an emulated device is never kinder than the real one.
"""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from lan import ESTATE, LINK, Seat, lan, missing

from camscan import demo

pytestmark = [
    pytest.mark.lab,
    pytest.mark.timeout(300),
    pytest.mark.skipif(bool(missing()), reason=missing() or "there is a laboratory"),
]

CLIENTS = Path(__file__).with_name("clients")
Truth = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Judged:
    """The estate after every client has spoken to it."""

    truth: Sequence[Truth]
    said: Mapping[str, str]
    """What each client printed, by its name here."""
    violations: Sequence[Mapping[str, Any]]

    def names(self, protocol: str, *ways: str) -> set[str]:
        """Devices that speak the protocol, over any of these ways (all, where none is named)."""
        return {
            truth["device"]
            for truth in self.truth
            if not truth["hostile"]
            and any(each["protocol"] == protocol and (not ways or each["way"] in ways) for each in truth["gives"])
        }

    def device(self, address: str) -> str:
        """The device at an address (a port after it is left out)."""
        return next((str(t["device"]) for t in self.truth if t["ip"] == address.partition(":")[0]), address)

    def by_device(self, name: str) -> dict[str, Any]:
        """What a client told as JSON by unit."""
        return {self.device(place): value for place, value in json.loads(self.output(name)).items()}

    def output(self, name: str) -> str:
        """What a client printed; skips where it is not installed."""
        if why := absent(name):
            pytest.skip(why)
        return self.said[name]

    def nmap(self, name: str) -> dict[str, str]:
        """What a script of nmap said, by device; nothing where it said nothing."""
        reports = re.split(r"^Nmap scan report for ", self.output(name), flags=re.MULTILINE)[1:]
        return {
            self.device(report.split()[0]): "\n".join(re.findall(r"^\|.*", report, re.MULTILINE)) for report in reports
        }


PROGRAMS = {
    "gssdp-discover": "gssdp-discover",  # in gupnp-tools, which brings a whole desktop's libraries
    "ffprobe": "ffprobe",  # in ffmpeg, which brings two hundred packages
    "rtsp-methods": "nmap",
    "wsdd-discover": "nmap",
    "upnp-info": "nmap",
    "dns-service-discovery": "nmap",
}
MODULES = {
    "wsdiscovery_search": "wsdiscovery",
    "zeroconf_browse": "zeroconf",
    "onvif_camera": "onvif",
    "amcrest_login": "amcrest",
    "pyhik_login": "pyhik",
}


def absent(name: str) -> str:
    """Why a client cannot run here; empty where it can."""
    if name in PROGRAMS:
        return "" if shutil.which(PROGRAMS[name]) else f"{PROGRAMS[name]} is not installed"
    return "" if importlib.util.find_spec(MODULES[name]) else f"the Python package {MODULES[name]} is not installed"


def friendly() -> int:
    """How many units the estate has before the first hostile one that answers."""
    return next(n for n, one in enumerate(demo.load_devices()) if one.hostile and one.name != "watchdog")


def places(truths: Sequence[Truth], protocol: str, maker: str = "") -> list[str]:
    """``address:port`` of every plain service of a protocol, of one maker or all."""
    return [
        f"{truth['ip']}:{each['port']}"
        for truth in truths
        if not truth["hostile"] and (not maker or truth["maker"] == maker)
        for each in truth["gives"]
        if each["protocol"] == protocol and each["way"] == "tcp" and each["port"] != 443
    ]


def wsdl_folder() -> str:
    """Where onvif-zeep puts its service descriptions: beside the packages."""
    found = importlib.util.find_spec("onvif")
    assert found
    assert found.origin
    return str(Path(found.origin).parents[1] / "wsdl")


def commands(truths: Sequence[Truth], own: str) -> dict[str, list[str]]:
    """How each client is started."""

    def scripts(name: str, protocol: str, port: str, *how: str) -> list[str]:
        asked = [t["ip"] for t in truths if any(g["protocol"] == protocol for g in t["gives"])]
        return ["nmap", "-n", "-Pn", *how, "-T4", "--max-retries", "1", "-p", port, "--script", name, *asked]

    def python(name: str, *arguments: str) -> list[str]:
        return [sys.executable, str(CLIENTS / f"{name}.py"), *arguments]

    friends = [truth for truth in truths if not truth["hostile"]]
    ports = {one.name: one.extra.get("onvif_port", "80") for one in demo.load_devices()}
    onvif = [f"{t['ip']}:{ports[t['device']]}" for t in friends if any(g["protocol"] == "wsd" for g in t["gives"])]
    return {
        "rtsp-methods": scripts("rtsp-methods", "rtsp", "554", "-sT"),
        "wsdd-discover": scripts("wsdd-discover", "wsd", "3702", "-sU"),
        "upnp-info": scripts("upnp-info", "ssdp", "1900", "-sU"),
        "dns-service-discovery": scripts("dns-service-discovery", "mdns", "5353", "-sU"),
        "wsdiscovery_search": python("wsdiscovery_search"),
        "zeroconf_browse": python("zeroconf_browse", own),
        "gssdp-discover": ["gssdp-discover", "-i", LINK, "--timeout=4"],
        "ffprobe": ["sh", "-c", FFPROBE, "sh", *(place.partition(":")[0] for place in places(truths, "rtsp"))],
        "onvif_camera": python("onvif_camera", wsdl_folder(), *onvif),
        "amcrest_login": python("amcrest_login", *places(truths, "http", "dahua")),
        "pyhik_login": python("pyhik_login", *places(truths, "http", "hikvision")),
    }


FFPROBE = 'for a; do echo "$a $(ffprobe -v error -rtsp_transport tcp rtsp://$a:554/ 2>&1 | tail -n 1)"; done'
TOGETHER = (("rtsp-methods", "ffprobe", "onvif_camera", "amcrest_login", "pyhik_login"),)
"""Clients that open connections run one after the other: a device takes one at a time. The others wait beside them."""


@pytest.fixture(scope="module")
def judged() -> Judged:
    """Every client speaks to an estate, then the estate tells what it saw."""
    units = friendly()
    seats = [Seat(ip, mac) for ip, mac in demo.plan_interfaces(units, base=ESTATE)]
    said: dict[str, str] = {}
    with lan(seats) as built, built.demo(units) as estate:
        lines = commands(estate.truth, built.scanner_ip)
        chains = [*TOGETHER, *((name,) for name in lines if name not in TOGETHER[0])]

        def speak(chain: Sequence[str]) -> None:
            for name in chain:
                if not absent(name):
                    done = built.run(*lines[name], timeout=200)
                    assert done.returncode == 0, f"{name}: {done.stderr}"
                    said[name] = done.stdout

        with ThreadPoolExecutor(3) as crew:
            list(crew.map(speak, chains))
    return Judged(estate.truth, said, estate.summary["violations"])


def built_by(judged: Judged, maker: str) -> set[str]:
    return {truth["device"] for truth in judged.truth if truth["maker"] == maker}


def test_nmap_reads_the_methods_of_every_camera_that_tells_them(judged: Judged) -> None:
    said = judged.nmap("rtsp-methods")
    silent = {name for name, text in said.items() if "OPTIONS, DESCRIBE, " not in text}
    # A Dahua unit refuses OPTIONS by a 401 without a list, as captured ones do; nmap's script has no word for that.
    assert silent == (judged.names("rtsp") & built_by(judged, "dahua")) - {"dahua_hcvr"}
    assert said.keys() - silent >= judged.names("rtsp") - built_by(judged, "dahua")


def test_nmap_reads_the_probe_matches_whose_message_id_is_a_urn(judged: Judged) -> None:
    said = judged.nmap("wsdd-discover")
    read = {name for name, text in said.items() if "/onvif/device_service" in text}
    # Captured answers of Dahua and Axis say ``uuid:`` alone, which nmap's script does not take.
    asked = judged.names("wsd", "unicast")
    assert read == (asked & built_by(judged, "hikvision") | {"foscam_c1"}) - {"hikvision_wsd_fault"}
    assert not read & (built_by(judged, "dahua") | built_by(judged, "axis"))


def test_nmap_reads_every_ssdp_answer(judged: Judged) -> None:
    said = judged.nmap("upnp-info")
    assert {name for name, text in said.items() if "Server: " in text and "Location: http://" in text} == judged.names(
        "ssdp", "unicast"
    )


def test_nmap_lists_the_services_of_every_unit_that_answers_mdns(judged: Judged) -> None:
    said = judged.nmap("dns-service-discovery")
    assert {name for name, text in said.items() if "/tcp " in text and "Address=" in text} == judged.names(
        "mdns", "unicast"
    )


def test_wsdiscovery_finds_every_unit_by_each_of_its_types(judged: Judged) -> None:
    found = json.loads(judged.output("wsdiscovery_search"))
    names = {
        asked: {judged.device(url.split("/")[2]) for addresses, _scopes in units.values() for url in addresses}
        & judged.names("wsd", "group")
        for asked, units in found.items()
    }
    assert names[""] == names["NetworkVideoTransmitter"] == judged.names("wsd", "group")
    assert names["Device"] == judged.names("wsd", "group") & (built_by(judged, "hikvision") | built_by(judged, "dahua"))
    for addresses, scopes in found[""].values():
        assert any(scope.startswith("onvif://www.onvif.org/") for scope in scopes), addresses


def test_zeroconf_resolves_every_service(judged: Judged) -> None:
    found = json.loads(judged.output("zeroconf_browse"))
    resolved = {judged.device(address) for _kind, _name, addresses, *_rest in found for address in addresses}
    assert resolved == judged.names("mdns", "group")
    kinds = {kind for kind, *_rest in found}
    assert kinds >= {"_axis-video._tcp.local.", "_psia._tcp.local.", "_ipp._tcp.local."}
    assert all(host.endswith(".local.") for *_first, host, _text in found)


def test_gssdp_finds_every_unit_that_answers_ssdp(judged: Judged) -> None:
    found = re.findall(r"Location: http://([^:/\s]+)", judged.output("gssdp-discover"))
    assert {judged.device(address) for address in found} == judged.names("ssdp", "group")


def test_ffprobe_understands_every_refusal(judged: Judged) -> None:
    said = dict(line.split(" ", 1) for line in judged.output("ffprobe").splitlines())
    wrong = {
        judged.device(address): text for address, text in said.items() if not re.search(r"Server returned 40[14]", text)
    }
    assert wrong == {}
    assert {judged.device(address) for address in said} == judged.names("rtsp")


def test_onvif_zeep_reads_the_time_and_the_refusal_of_the_rest(judged: Judged) -> None:
    said = judged.by_device("onvif_camera")
    assert {name for name, each in said.items() if each.get("year") == 2024} == judged.names("wsd")
    opened = {name: each["model"] for name, each in said.items() if "model" in each}
    assert opened == {"dahua_onvif_open": "DH-2H3400-ADP"}
    refusals = {name: each["refused"] for name, each in said.items() if name not in opened}
    wrong = {name: text for name, text in refusals.items() if "not authorized" not in text and "401" not in text}
    assert wrong == {}


def test_amcrest_understands_every_challenge_of_dahua(judged: Judged) -> None:
    assert set(judged.by_device("amcrest_login").values()) == {"LoginError"}


def test_pyhik_understands_every_challenge_of_hikvision(judged: Judged) -> None:
    said = judged.by_device("pyhik_login")
    hidden = {"annke_n46pck", "lts_cmip9342"}  # their web servers show no API of Hikvision
    assert {name for name, lines in said.items() if lines == [None, "Authentication failed"]} == said.keys() - hidden


def test_no_question_of_a_real_client_is_called_malformed(judged: Judged) -> None:
    """But for nmap's own: an empty SOAP element and a DNS status, which it sends before its scripts."""
    rules = {"malformed request", "forbidden verb", "forbidden method", "bytes sent where none are expected"}
    wrong = [each for each in judged.violations if each["rule"] in rules]
    nmaps = ("WS-Discovery: not a SOAP 1.2 envelope", "mDNS: flags 0x1000, 0 questions, 0 answers")
    assert [each for each in wrong if each["detail"] not in nmaps] == []
