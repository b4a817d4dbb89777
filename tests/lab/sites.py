"""A centre and its sites in network namespaces, each site behind a router of its own that lets 443 out and nothing in.

::

    [centre] 10.90.0.1 ── wan ─┬─ 10.90.0.11 [router 1] 10.81.0.30 ── bridge ─┬─ [collector 1] 10.81.0.29
       nginx, camscan serve    │                                             └─ [estate 1]    10.81.0.1 …
                               ├─ 10.90.0.12 [router 2] 10.82.0.30 ── …
                               └─ …

The centre knows a way to every site, so that what it sends there is stopped by the site's router and counted. It has a
name and a certificate of its own authority. Nothing of it touches the machine's own interfaces.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from lan import ROOT, missing, sweep_up

from camscan.demo import plan_interfaces

HOST = "cameras.example.gov.uk"
CENTRE_IP = "10.90.0.1"
UNITS = 6
SECONDS = 90.0
"""Within which whatever is waited for happens, on a machine that does much else."""
_NUMBERS = itertools.count(1)
_GATE = f"""
table inet gate {{
  counter centre {{ }}
  counter elsewhere {{ }}
  counter dropped {{ }}
  counter inwards {{ }}
  chain forward {{
    type filter hook forward priority 0; policy drop;
    iifname "br0" oifname "br0" accept
    iifname "wan0" ct state established,related accept
    iifname "wan0" counter name inwards drop
    ip daddr {CENTRE_IP} tcp dport 443 counter name centre accept
    tcp dport 443 counter name elsewhere accept
    counter name dropped drop
  }}
  chain input {{
    type filter hook input priority 0; policy accept;
    iifname "wan0" ip protocol != icmp counter name inwards drop
  }}
}}
"""
"""What a school lets through: connections to port 443 outwards. Only those to the centre are expected.

Some kernels also show it what stays on the bridge.
"""


@dataclass(frozen=True, slots=True)
class Site:
    """One site, its namespaces and its folder."""

    number: int
    name: str
    collector: str
    router: str
    estate: str
    folder: Path
    """Where its collector.yaml is."""

    @property
    def network(self) -> IPv4Network:
        """All that is there."""
        return IPv4Network(f"10.{80 + self.number}.0.0/27")

    @property
    def ip(self) -> str:
        """Of the collector."""
        return str(self.network[29])

    @property
    def wan(self) -> str:
        """Of the router, outside."""
        return f"10.90.0.{10 + self.number}"

    @property
    def seats(self) -> Sequence[tuple[str, str]]:
        """Address and MAC of each unit."""
        return list(plan_interfaces(UNITS, base=self.network, seed=self.number))


@dataclass(slots=True)
class Town:
    """A centre and its sites, as they stand."""

    centre: str
    """Its namespace."""
    folder: Path
    sites: Sequence[Site]
    processes: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def ca_file(self) -> Path:
        """Of the authority of the centre's certificate."""
        return self.folder / "ca.pem"

    def start(self, namespace: str, *command: str, cwd: Path, **environment: str) -> subprocess.Popen[str]:
        """Start a program in a namespace; it is ended with the town."""
        log = (cwd / f"log-{next(_NUMBERS)}").open("w")
        with log:
            process = subprocess.Popen(
                ["ip", "netns", "exec", namespace, *command],
                cwd=cwd,
                env=self._environment(environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        self.processes.append(process)
        return process

    def camscan(self, where: Site | None, *words: str, code: int = 0) -> str:
        """What a command of camscan prints, at a site or at the centre."""
        namespace, folder = (where.collector, where.folder) if where else (self.centre, self.folder)
        command = ["ip", "netns", "exec", namespace, sys.executable, "-m", "camscan", *words]
        done = subprocess.run(
            command, cwd=folder, env=self._environment({}), capture_output=True, text=True, timeout=110, check=False
        )
        assert done.returncode == code, (words, done.stdout, done.stderr)
        return done.stdout

    def counters(self, site: Site) -> Mapping[str, int]:
        """Packets that the router of a site let out to the centre, let out elsewhere, dropped, and kept outside."""
        found = json.loads(inside(site.router, "nft", "-j", "list", "counters"))
        return {each["counter"]["name"]: each["counter"]["packets"] for each in found["nftables"] if "counter" in each}

    def set_line(self, site: Site, *, up: bool) -> None:
        """Cut the line of a site, or mend it."""
        inside(site.router, "ip", "link", "set", "wan0", "up" if up else "down")
        if up:
            inside(site.router, "ip", "route", "replace", "default", "via", CENTRE_IP)

    @contextlib.contextmanager
    def capture(self, site: Site, path: Path) -> Iterator[None]:
        """Record every frame on the collector's interface while the block runs."""
        command = ["tcpdump", "-n", "-U", "--immediate-mode", "-s", "2048", "-B", "65536", "-Z", "root"]
        command = ["ip", "netns", "exec", site.collector, *command, "-i", "lan0", "-w", str(path)]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
            assert process.stderr
            while "listening on" not in (line := process.stderr.readline()):
                assert line, "tcpdump has ended"
            yield
            time.sleep(0.3)
            process.terminate()
            assert "\n0 packets dropped by kernel" in process.communicate(timeout=20)[1]

    @contextlib.contextmanager
    def estate(self, site: Site) -> Iterator[list[Mapping[str, Any]]]:
        """The simulated estate of a site; what is true of its units."""
        options = [f"--base={site.network}", f"--size={UNITS}", f"--seed={site.number}", "--low-ports"]
        command = ["ip", "netns", "exec", site.estate, sys.executable, "-m", "camscan.demo", *options]
        command += ["--bind-interfaces=c"]
        pipe = subprocess.PIPE
        with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as process:
            assert process.stdout
            line = process.stdout.readline()
            assert line, "the estate did not come up"
            try:
                yield json.loads(line)["truth"]
            finally:
                output, _ = process.communicate(timeout=20)
        assert json.loads(output.splitlines()[-1])["violations"] == []

    def _environment(self, more: Mapping[str, str]) -> dict[str, str]:
        own = {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "XDG_STATE_HOME": str(self.folder / "state")}
        return {**os.environ, **own, **more}


def inside(namespace: str, *command: str, text: str = "") -> str:
    """What a program prints in a namespace."""
    line = ["ip", "netns", "exec", namespace, *command]
    done = subprocess.run(line, input=text or None, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (command, done.stderr)
    return done.stdout


def wait_for(condition: Callable[[], object], what: str, seconds: float = SECONDS) -> None:
    """Wait until something is so."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, what
        time.sleep(0.2)


def end(process: subprocess.Popen[str], number: int = signal.SIGTERM) -> None:
    """End a program, and wait until it has gone."""
    if process.poll() is None:
        process.send_signal(number)
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    if process.stdout:
        process.stdout.close()


@contextlib.contextmanager
def town(folder: Path, names: Sequence[str]) -> Iterator[Town]:
    """Build it, or skip the test where this machine allows none."""
    if why := missing():
        pytest.skip(f"laboratory: {why}")
    sweep_up()
    stem = f"cs{os.getpid()}-{next(_NUMBERS) + 900}"
    sites = []
    for number, name in enumerate(names, 1):
        place = folder / f"site-{number}"
        place.mkdir()
        collector, router, estate = (f"{stem}{number}-{kind}" for kind in ("scan", "mid", "est"))
        sites.append(Site(number, name, collector, router, estate, place))
    built = Town(f"{stem}0-mid", folder, sites)
    spaces_made = [built.centre, *(each for site in sites for each in (site.collector, site.router, site.estate))]
    try:
        for namespace in spaces_made:
            _run("ip", "netns", "add", namespace)
            _name_centre(namespace)
        _wire(built)
        (folder / "ca.pem").write_bytes(_certify(folder))
        yield built
    finally:
        for process in reversed(built.processes):
            end(process)
        for namespace in spaces_made:
            subprocess.run(["ip", "netns", "del", namespace], capture_output=True, check=False)
            shutil.rmtree(Path("/etc/netns", namespace), ignore_errors=True)


def _name_centre(namespace: str) -> None:
    """Programs in this namespace find the centre by its name: ``ip netns exec`` shows them this file as /etc/hosts."""
    place = Path("/etc/netns", namespace)
    place.mkdir(parents=True)
    (place / "hosts").write_text(f"127.0.0.1 localhost\n{CENTRE_IP} {HOST}\n")


def _wire(built: Town) -> None:
    lines = ["link set lo up", "link add wan type bridge", f"addr add {CENTRE_IP}/24 dev wan", "link set wan up"]
    _batch(built.centre, lines)
    for site in built.sites:
        name, length = f"w{site.number}", site.network.prefixlen
        _run(*f"ip link add {name} netns {built.centre} type veth peer name wan0 netns {site.router}".split())
        _run(*f"ip link add lan0 netns {site.collector} type veth peer name s0 netns {site.router}".split())
        _run(*f"ip link add trunk netns {site.estate} type veth peer name e0 netns {site.router}".split())
        _batch(
            built.centre,
            [f"link set {name} master wan", f"link set {name} up", f"route add {site.network} via {site.wan}"],
        )
        _quiet(site.estate, arp_ignore=1, arp_announce=2)
        _quiet(site.router)
        _quiet(site.collector)
        inside(site.router, "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")
        bridged = ["link add br0 type bridge", "link set s0 master br0", "link set e0 master br0"]
        up = [f"link set {each} up" for each in ("lo", "s0", "e0", "br0", "wan0")]
        own = [f"addr add {site.network[30]}/{length} dev br0", f"addr add {site.wan}/24 dev wan0"]
        _batch(site.router, [*bridged, *own, *up])
        inside(site.router, "nft", "-f", "-", text=_GATE)
        _batch(
            site.collector,
            [
                *("link set lo up", "link set lan0 up", f"addr add {site.ip}/{length} brd + dev lan0"),
                f"route add default via {site.network[30]}",
            ],
        )
        units = ["link set lo up", "link set trunk up"]
        for number, (ip, mac) in enumerate(site.seats):
            units += [f"link add c{number} link trunk address {mac} type macvlan mode bridge"]
            units += [f"addr add {ip}/{length} brd + dev c{number}", f"link set c{number} up"]
        _batch(site.estate, units)


def _quiet(namespace: str, **settings: int) -> None:
    """Only who is meant to speak speaks: no questions to IPv6 routers, and each unit answers for its own address."""
    lines = [
        f"echo {value} > /proc/sys/net/ipv4/conf/{which}/{name}"
        for name, value in {"rp_filter": 0, **settings}.items()
        for which in ("all", "default")
    ]
    lines += [
        f"echo 0 > /proc/sys/net/ipv6/conf/{which}/{name}"
        for name in ("accept_dad", "router_solicitations")
        for which in ("all", "default")
    ]
    inside(namespace, "sh", "-e", text="\n".join(lines))


def _certify(folder: Path) -> bytes:
    """Write key and certificate of the centre; its authority, as PEM."""
    authority, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Council authority")])
    root = _signed(issuer, issuer, authority, authority, x509.BasicConstraints(ca=True, path_length=0))
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    leaf = _signed(subject, issuer, own, authority, x509.SubjectAlternativeName([x509.DNSName(HOST)]))
    pem = serialization.Encoding.PEM
    (folder / "centre.pem").write_bytes(leaf.public_bytes(pem))
    form, bare = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "centre.key").write_bytes(own.private_bytes(pem, form, bare))
    return root.public_bytes(pem)


def _signed(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    by: ec.EllipticCurvePrivateKey,
    extension: x509.ExtensionType,
) -> x509.Certificate:
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).add_extension(extension, critical=False)
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key())
    builder = builder.add_extension(identifier, critical=False)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    day = timedelta(days=1)
    return builder.not_valid_before(now - day).not_valid_after(now + day).sign(by, hashes.SHA256())


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)


def _batch(namespace: str, lines: Sequence[str]) -> None:
    done = subprocess.run(
        ["ip", "-n", namespace, "-batch", "-"], input="\n".join(lines), text=True, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
