"""A laboratory LAN in network namespaces: a bridge, a scanner, an estate whose every unit has its own MAC and address.

::

    attached:   [scanner] 10.77.0.251 ── bridge ── trunk ─┬─ c0 10.77.0.1
                                                          ├─ c1 10.77.0.2     macvlan interfaces
                                                          └─ …
    routed:     [scanner] 10.78.0.2 ── 10.78.0.1 [router] 10.77.0.254 ── trunk ─ …

Nothing of it touches the machine's own interfaces. All of it ends with the block that made it.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
ESTATE = IPv4Network("10.77.0.0/24")
ELSEWHERE = IPv4Network("10.78.0.0/24")
SCANNER_ATTACHED = IPv4Address("10.77.0.251")
SCANNER_ROUTED = IPv4Address("10.78.0.2")
ROUTER = IPv4Address("10.77.0.254")
ROUTER_OUTSIDE = IPv4Address("10.78.0.1")
FIREWALL_LIMIT = 100
LINK = "lan0"
"""Name of the scanner's interface."""
PREFIX = "c"
"""Unit n has the interface c<n>."""

RAW_ALONE = ("setpriv", "--bounding-set=-all,+net_raw", "--inh-caps=-all", "--ambient-caps=-all", "--no-new-privs")
"""How a program is started with CAP_NET_RAW and no other capability, as by setcap or a unit of systemd."""

_NAMES = re.compile(r"^(cs(\d+)-\d+-(?:scan|mid|est))\b", re.MULTILINE)
_numbers = itertools.count(1)


@functools.cache
def missing() -> str:
    """Why no laboratory can be built here; empty where one can."""
    if os.geteuid() != 0:
        return "needs root"
    for program in ("ip", "tcpdump", "nft", "setpriv"):
        if shutil.which(program) is None:
            return f"needs the program {program}"
    name = f"cs{os.getpid()}-0-est"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True, check=False)
    if made.returncode:
        return f"network namespaces cannot be made here: {made.stderr.strip()}"
    subprocess.run(["ip", "netns", "del", name], check=True)
    return ""


def sweep_up() -> None:
    """Delete namespaces that a run which was killed has left behind."""
    listed = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True).stdout
    for name, owner in _NAMES.findall(listed):
        if not Path("/proc", owner).exists():
            subprocess.run(["ip", "netns", "del", name], check=False)


@dataclass(frozen=True, slots=True)
class Seat:
    """Where one unit sits."""

    ip: str
    mac: str


@dataclass(slots=True)
class Lan:
    """A LAN that is up."""

    scanner: str
    middle: str
    estate: str
    routed: bool
    processes: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def scanner_ip(self) -> str:
        """The scanner's address."""
        return str(SCANNER_ROUTED if self.routed else SCANNER_ATTACHED)

    def start(self, namespace: str, *command: str) -> subprocess.Popen[str]:
        """Start a program in a namespace; it is ended with the LAN."""
        pipe = subprocess.PIPE
        line = ["ip", "netns", "exec", namespace, *command]
        process = subprocess.Popen(line, stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=_environment(), cwd=ROOT)
        self.processes.append(process)
        return process

    def run(
        self,
        *command: str,
        ordinary: bool = False,
        timeout: float = 110,
        cwd: Path | None = None,
        tree: Path = ROOT,
    ) -> subprocess.CompletedProcess[str]:
        """Run a program where the scanner is, as root or as an ordinary user.

        ``tree`` is the checkout from which it imports camscan.
        """
        line = ["ip", "netns", "exec", self.scanner, *(ordinary_user() if ordinary else ()), *command]
        return subprocess.run(
            line, capture_output=True, text=True, timeout=timeout, check=False, env=_environment(tree), cwd=cwd
        )

    def end_scans(self) -> None:
        """Kill whatever still runs where the scanner is."""
        command = ["ip", "netns", "pids", self.scanner]
        listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        for number in map(int, listed.split()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)

    def remember(self, ip: str) -> None:
        """Let the scanner's kernel know an address from earlier, as it does for hours where it has few neighbours."""
        _ip(*("-n", self.scanner, "neigh", "replace", ip, "lladdr", "02:00:00:00:00:99", "dev", LINK, "nud", "stale"))

    @contextlib.contextmanager
    def capture(self, path: Path) -> Iterator[None]:
        """Record every frame on the scanner's interface while the block runs; a frame that is lost fails the test."""
        process = self.start(self.scanner, *_TCPDUMP, "-i", LINK, "-w", str(path))
        assert process.stderr is not None
        while "listening on" not in (line := process.stderr.readline()):
            assert line, "tcpdump has ended"
        yield
        time.sleep(0.3)
        process.terminate()
        # A lost reset would look like a connection that stays open.
        assert "\n0 packets dropped by kernel" in process.communicate(timeout=20)[1], "the capture has lost frames"

    @contextlib.contextmanager
    def demo(
        self,
        units: int,
        *,
        seed: int = 1,
        multicast: bool = True,
        delay_scale: float = 1.0,
        slow: float = 0.0,
        without: Sequence[str] = (),
    ) -> Iterator[Demo]:
        """Run the simulated estate on this LAN; ``summary`` is filled when the block ends.

        ``slow`` is the seconds that every unit takes for every answer; devices named in ``without`` stay out.
        """
        options = [f"--base={ESTATE}", f"--size={units}", f"--seed={seed}", "--low-ports"]
        options += [f"--bind-interfaces={PREFIX}", f"--delay-scale={delay_scale}"]
        options += [] if multicast else ["--no-multicast"]
        options += [f"--without={name}" for name in without]
        program = (str(ROOT / "tests" / "lab" / "slow_estate.py"), str(slow)) if slow else ("-m", "camscan.demo")
        process = self.start(self.estate, sys.executable, *program, *options)
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, f"the estate did not come up: {process.stderr.read() if process.stderr else ''}"
        demo = Demo(json.loads(line)["truth"], process.pid)
        yield demo
        process.terminate()
        output, errors = process.communicate(timeout=20)
        assert process.returncode == 0, errors
        demo.summary = json.loads(output.splitlines()[-1])

    @staticmethod
    def end(process: subprocess.Popen[str]) -> None:
        """End a program and wait until it has gone."""
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()


@dataclass(slots=True)
class Demo:
    """A simulated estate that is running, or has run."""

    truth: Sequence[Mapping[str, Any]]
    pid: int
    summary: Mapping[str, Any] = field(default_factory=dict)


# Each frame takes a place of the size of "-s" in the buffer of "-B" KiB: 32,768 places, enough for a whole scan while
# tcpdump waits for a processor. With "-s 0" a place takes 64 KiB.
_TCPDUMP = ("tcpdump", "-n", "-U", "--immediate-mode", "-s", "4096", "-B", "131072", "-Z", "root")


@contextlib.contextmanager
def lan(seats: Sequence[Seat], *, routed: bool = False, block: str = "") -> Iterator[Lan]:
    """Build a LAN, or skip the test where this machine allows none.

    ``block`` is ``multicast`` (groups and broadcast), ``udp`` (all of it, both ways), or ``hurry``: a firewall that
    lets FIREWALL_LIMIT new connections a second pass and drops the others.
    """
    if why := missing():
        pytest.skip(f"laboratory: {why}")
    sweep_up()
    stem = f"cs{os.getpid()}-{next(_numbers)}"
    built = Lan(f"{stem}-scan", f"{stem}-mid", f"{stem}-est", routed)
    try:
        for namespace in (built.scanner, built.middle, built.estate):
            _ip("netns", "add", namespace)
        _wire(built, seats)
        if block:
            _block(built.middle, block)
        yield built
    finally:
        for process in reversed(built.processes):
            built.end(process)
        for namespace in (built.scanner, built.middle, built.estate):
            subprocess.run(["ip", "netns", "del", namespace], capture_output=True, check=False)


def _wire(built: Lan, seats: Sequence[Seat]) -> None:
    quiet = [
        # No router and no duplicate-address questions: only the scanner and the units speak.
        "net.ipv6.conf.all.accept_dad=0",
        "net.ipv6.conf.default.accept_dad=0",
        "net.ipv6.conf.default.router_solicitations=0",
    ]
    router = ["net.ipv4.ip_forward=1", "net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.default.rp_filter=0"]
    # Every unit answers for its own address only, with its own MAC, although one kernel plays them all.
    each = ("arp_ignore=1", "arp_announce=2", "rp_filter=0")
    units = [f"net.ipv4.conf.{which}.{setting}" for which in ("all", "default") for setting in each]
    _sysctl(built.scanner, quiet)
    _sysctl(built.middle, [*quiet, *router])
    _sysctl(built.estate, [*quiet, *units])
    _ip("link", "add", LINK, "netns", built.scanner, "type", "veth", "peer", "name", "s0", "netns", built.middle)
    _ip("link", "add", "trunk", "netns", built.estate, "type", "veth", "peer", "name", "e0", "netns", built.middle)
    _batch(built.middle, _middle(built.routed))
    _batch(built.scanner, _scanner(built.routed))
    _batch(built.estate, _estate(seats, built.routed))


def _middle(routed: bool) -> list[str]:
    lines = [
        "link set lo up",
        "link add br0 type bridge",
        "link set e0 master br0",
        "link set br0 up",
        "link set e0 up",
    ]
    lines += [f"addr add {ROUTER}/24 dev br0"] if routed else ["link set s0 master br0"]
    lines += ["link set s0 up"]
    return [*lines, f"addr add {ROUTER_OUTSIDE}/24 dev s0"] if routed else lines


def _scanner(routed: bool) -> list[str]:
    address = SCANNER_ROUTED if routed else SCANNER_ATTACHED
    lines = ["link set lo up", f"link set {LINK} up", f"addr add {address}/24 brd + dev {LINK}"]
    return [*lines, f"route add default via {ROUTER_OUTSIDE}"] if routed else lines


def _estate(seats: Sequence[Seat], routed: bool) -> list[str]:
    lines = ["link set lo up", "link set trunk up"]
    for number, seat in enumerate(seats):
        name = f"{PREFIX}{number}"
        lines += [
            f"link add {name} link trunk address {seat.mac} type macvlan mode bridge",
            f"addr add {seat.ip}/24 brd + dev {name}",
            f"link set {name} up",
        ]
        # Units bind to their interface, so each needs a way out of its own.
        lines += [f"route add default via {ROUTER} dev {name} metric {number + 1}"] if routed else []
    return lines


def _block(namespace: str, what: str) -> None:
    hook = "chain forward { type filter hook forward priority 0;"
    groups = "ip daddr { 224.0.0.0/4, 255.255.255.255, 10.77.0.255 } drop; ip6 daddr ff00::/8 meta l4proto udp drop;"
    rules = {
        "multicast": f"table bridge lab {{ {hook} {groups} }}; }}\n",
        "udp": f"table inet lab {{ {hook} meta l4proto udp drop; }}; }}\n",
        "hurry": f"table inet lab {{ {hook} tcp flags & (syn|ack) == syn limit rate over {FIREWALL_LIMIT}/second drop; "
        "}; }\n",
    }[what]
    command = ["ip", "netns", "exec", namespace, "nft", "-f", "-"]
    done = subprocess.run(command, input=rules, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def _sysctl(namespace: str, settings: Sequence[str]) -> None:
    # Written as files: sysctl(8) is not on every machine.
    script = "\n".join(
        f"echo {value} > /proc/sys/{name.replace('.', '/')}" for name, value in (line.split("=") for line in settings)
    )
    subprocess.run(["ip", "netns", "exec", namespace, "sh", "-e"], input=script, text=True, check=True)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True)


def _batch(namespace: str, lines: Sequence[str]) -> None:
    done = subprocess.run(
        ["ip", "-n", namespace, "-batch", "-"], input="\n".join(lines), text=True, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr


def _environment(tree: Path = ROOT) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(tree)}


@functools.cache
def ordinary_user() -> tuple[str, ...]:
    """How a program is started without privileges.

    As nobody, where everybody may read Python and camscan; else as root without a single capability.
    """
    nobody = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--no-new-privs")
    # Through a shell: setpriv itself still has root's right to open the program that it starts.
    trial = [*nobody, "sh", "-c", '"$0" -c "import camscan.cli"', sys.executable]
    tried = subprocess.run(trial, capture_output=True, check=False, env=_environment())
    if tried.returncode == 0:
        return nobody
    return ("setpriv", "--bounding-set=-all", "--inh-caps=-all", "--ambient-caps=-all", "--no-new-privs")
