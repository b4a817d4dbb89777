"""A council on paper: sites, units that move, break, are replaced and removed, and the scans that saw it all.

The units' replies are those of the simulated estate, asked once over loopback; from then on addresses and times are
exchanged in them, so that three years pass in a minute and every device still comes from bytes through the parsers.
"""

from __future__ import annotations

import dataclasses
import json
import random
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from click.testing import CliRunner

from camscan.captures import observe_reply, read_captures
from camscan.cli import cli
from camscan.fingerprints import Database
from camscan.identify import merge_attempts
from camscan.identify.keys import strong_keys
from camscan.model import Attempt, Completion, Coverage, Device, Reply, Report

BASE = "127.21.0.0/22"
PORTS = {
    "http": "[20080]",
    "favicon": "[20080]",
    "login401": "[20080]",
    "onvif": "[20080]",
    "tls": "[20443]",
    "rtsp": "[20554]",
}


def replies_of(size: int, folder: Path) -> dict[str, list[Reply]]:
    """Address -> its replies, of an estate of ``size`` units, asked once."""
    command = [
        sys.executable,
        "-m",
        "camscan.demo",
        "--base",
        BASE,
        "--size",
        str(size),
        "--no-multicast",
        "--delay-scale",
        "0",
    ]
    settings = folder / "camscan.yaml"
    settings.write_text("ports:\n" + "".join(f"  {name}: {ports}\n" for name, ports in PORTS.items()), encoding="utf-8")
    captured = folder / "replies.jsonl"
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as estate:
        assert estate.stdin
        assert estate.stdout
        assert json.loads(estate.stdout.readline())["ready"]
        done = CliRunner().invoke(
            cli, ["capture", BASE, "--pace", "fast", "--config", str(settings), "--output", str(captured)]
        )
        assert done.exit_code == 0, (done.output, done.exception)
        estate.stdin.close()
        estate.stdout.read()
    found: defaultdict[str, list[Reply]] = defaultdict(list)
    with captured.open(encoding="utf-8") as lines:
        for reply in read_captures(lines):
            assert isinstance(reply, Reply)
            found[reply.ip].append(reply)
    return dict(found)


@dataclass(eq=False)
class Unit:
    """One box that exists."""

    name: str
    replies: Sequence[Reply]
    """As it answered on the address of the estate."""
    is_keyed: bool
    """Whether it says anything that only one unit says."""
    site: str = ""
    ip: str = ""
    is_up: bool = True
    _known: dict[str, tuple[Device, tuple[Attempt, ...]]] = field(default_factory=dict)

    def says(self, key: str) -> bool:
        """Whether the box reports a fact with this key."""
        return any(fact.key == key for reply in self.replies for fact in observe_reply(reply).observations)

    def seen(self, database: Database, when: datetime) -> tuple[Device, tuple[Attempt, ...]]:
        """The result of a scan of its present address."""
        if self.ip not in self._known:
            old, new = self.replies[0].ip.encode(), self.ip.encode()
            moved = [
                dataclasses.replace(reply, ip=self.ip, payload=reply.payload.replace(old, new))
                for reply in self.replies
            ]
            attempts = tuple(observe_reply(reply) for reply in moved)
            devices = merge_attempts(attempts, database)
            assert len(devices) == 1, self.name
            self._known[self.ip] = devices[0], attempts
        device, attempts = self._known[self.ip]
        observations = tuple(seen._replace(seen_at=when) for seen in device.observations)
        timed = tuple(dataclasses.replace(each, seen_at=when) for each in attempts)
        return dataclasses.replace(device, first_seen=when, last_seen=when, observations=observations), timed


class Council:
    """All its sites and units, and the clock."""

    def __init__(self, replies: dict[str, list[Reply]], database: Database, sites: int, start: datetime) -> None:
        self.database = database
        self.now = start
        self.chance = random.Random(4)
        self.sites = {f"Site {number:02}": f"10.{number}.1.0/24" for number in range(1, sites + 1)}
        self.store: list[Unit] = []
        """Units that are not installed yet."""
        self.units: list[Unit] = []
        """Everything that was ever installed."""
        self.silent: set[str] = set()
        """Sites whose network is down."""
        self.scans = 0
        for ip, heard in replies.items():
            devices = merge_attempts([observe_reply(reply) for reply in heard], database)
            if len(devices) == 1:
                self.store.append(Unit(ip, heard, bool(strong_keys(devices[0]))))

    def furnish(self, count: int) -> None:
        """Hang up so many units, site by site in turn, two fifths of them nameless; the rest can replace them."""
        nameless = [unit for unit in self.store if not unit.is_keyed][: count * 2 // 5]
        keyed = [unit for unit in self.store if unit.is_keyed][: count - len(nameless)]
        assert len(nameless) + len(keyed) == count
        for number, unit in enumerate([*nameless, *keyed]):
            self.install(unit, list(self.sites)[number % len(self.sites)])

    def spare(self) -> Unit:
        """A unit of the store that says who it is."""
        return next(unit for unit in self.store if unit.is_keyed)

    def install(self, unit: Unit, site: str, ip: str = "") -> Unit:
        """Install a unit of the store."""
        self.store.remove(unit)
        self.units.append(unit)
        unit.site, unit.ip = site, ip or self.free(site)
        return unit

    def free(self, site: str) -> str:
        """An address of the site that nobody has."""
        prefix = self.sites[site].rpartition(".")[0]
        taken = {unit.ip for unit in self.units if unit.is_up}
        return next(ip for ip in (f"{prefix}.{host}" for host in range(10, 250)) if ip not in taken)

    def present(self, site: str) -> list[Unit]:
        """Units that a scan of the site finds now."""
        return [] if site in self.silent else [unit for unit in self.units if unit.site == site and unit.is_up]

    def churn(self, site: str, share: float) -> None:
        """Let some units of a site exchange their leases."""
        movable = [unit for unit in self.units if unit.site == site and unit.is_keyed and unit.is_up]
        chosen = self.chance.sample(movable, int(len(movable) * share))
        leases = [unit.ip for unit in chosen]
        self.chance.shuffle(leases)
        for unit, ip in zip(chosen, leases, strict=True):
            unit.ip = ip

    def scan(self, site: str) -> Report:
        """Scan one site now."""
        self.scans += 1
        found = [unit.seen(self.database, self.now) for unit in self.present(site)]
        devices = tuple(device for device, _ in found)
        living = Counter(self.sites[site] for _ in devices)
        return Report(
            scan_id=f"story-{self.scans:04}",
            started_at=self.now,
            finished_at=self.now + timedelta(minutes=2),
            completion=Completion.COMPLETE,
            site=site,
            targets=(self.sites[site],),
            pace="gentle",
            version="0.1.0",
            database=self.database.version,
            devices=devices,
            coverage=Coverage(254, len(devices), 0, 254 - len(devices), 0, 0, living=dict(living)),
            attempts=tuple(each for _, attempts in found for each in attempts),
        )
