"""A register of very many devices, poured in: the facts of emulated devices, each unit with numbers of its own.

`camscan demo` scans some hundred emulated devices; their evidence, as the register holds it, is repeated for as many
units as are wanted, with serial numbers, MAC and IP addresses changed wherever they occur. Rows go in by the driver's
quickest way, past the register's own code, so that a revision that is slow at recording can be measured too.
"""

from __future__ import annotations

import functools
import itertools
import json
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from measure import ROOT, Tree

from camscan.register.codec import digest_json, digest_parts
from camscan.register.record import sighting

FIRST = datetime(2026, 3, 2, 12, tzinfo=UTC)
ROUNDS = 3
"""How often every site was scanned."""
DAYS_BETWEEN = 28
AT_A_SITE = 500
_FACTS = range(20, 71)
"""A unit with fewer facts is hardly known; one with more is there to be a nuisance."""
_SLICE = 2000
_RUN = re.compile(r"\d{6,}(?!.*\d{6})|(?<!\d)[0-9A-F]{5}$")
"""The part of a serial number that differs from unit to unit: its last long run of digits, else a hexadecimal end."""
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

Rows = Iterable[Sequence[Any]]
Pour = Callable[[str, Sequence[str], Rows], None]
"""Table, columns, rows."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One fact of a unit, as it is stored."""

    port: int
    probe: str
    key: str
    value: str


@dataclass(frozen=True, slots=True)
class Unit:
    """One device of the demonstration: of what others are made."""

    row: Mapping[str, Any]
    """Its row of ``device``."""
    state: str
    facts: Sequence[Seen]
    keys: Sequence[tuple[str, str]]
    addresses: Sequence[tuple[str, str]]
    """Kind and value."""


def units(folder: Path) -> list[Unit]:
    """Scan the demonstration, and read what the register holds of each unit that says enough of itself."""
    line = [sys.executable, "-m", "camscan", "demo", "--output", str(folder / "demo")]
    subprocess.run(line, cwd=ROOT, check=True, capture_output=True)
    with closing(sqlite3.connect(folder / "demo" / "camscan.db")) as book:
        book.row_factory = sqlite3.Row
        every = [dict(row) for row in book.execute("SELECT * FROM device WHERE maker IS NOT NULL ORDER BY id")]
        return [unit for unit in (_unit(book, row) for row in every) if len(unit.facts) in _FACTS]


def _unit(book: sqlite3.Connection, row: Mapping[str, Any]) -> Unit:
    def asked(query: str) -> list[tuple[Any, ...]]:
        return [tuple(found) for found in book.execute(query, (row["id"],))]

    joined = "observation o JOIN fact f ON f.id = o.fact_id WHERE device_id = ? ORDER BY o.id"
    return Unit(
        row,
        asked("SELECT state FROM device_state WHERE device_id = ?")[0][0],
        [Seen(*found) for found in asked(f"SELECT port, probe, key, value FROM {joined}")],
        [(kind, value) for kind, value in asked("SELECT kind, value FROM device_key WHERE device_id = ?")],
        [(kind, value) for kind, value in asked("SELECT kind, value FROM device_address WHERE device_id = ?")],
    )


# ── a unit of its own ────────────────────────────────────────────────────────────────────────────────────────────


def address(number: int) -> str:
    """Of the ``number``-th device: /23 after /23, one for each site."""
    site, place = divmod(number, AT_A_SITE)
    block = site * 2 + place // 250
    return f"10.{block >> 8}.{block & 255}.{place % 250 + 1}"


class Model:
    """A unit of the demonstration, ready to be repeated."""

    def __init__(self, unit: Unit) -> None:
        serial, mac = unit.row["serial"] or "", unit.row["mac"] or ""
        self.unit = unit
        self._own: dict[str, Callable[[str, int], str]] = {}
        """Text that differs from unit to unit -> what it is of another."""
        for kind, value in unit.addresses:
            if kind == "ip":
                self._own[value] = lambda _, number: address(number)
        if run := _RUN.search(serial):
            self._own[run.group() if len(run.group()) > 5 else serial] = _serial
        for spelled in _spellings(mac) if mac else ():
            self._own[spelled] = _mac
        self._own |= {value: _uuid for kind, value in unit.keys if kind == "onvif" and value[-12:] not in self._own}
        texts = sorted(self._own, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, texts)) or "(?!)")
        self.shared = [self._pattern.search(seen.value) is None for seen in unit.facts]
        """Of each fact, whether every unit tells it."""

    def of(self, number: int) -> Callable[[str], str]:
        """What makes a text of the unit one of the unit of that number."""
        told = {text: own(text, number) for text, own in self._own.items()}
        return functools.partial(self._pattern.sub, lambda found: told[found.group()])


def _serial(text: str, number: int) -> str:
    end = f"{number:06d}" if text.isdigit() else f"{number:05X}"
    return text[: -len(end)] + end


def _uuid(text: str, number: int) -> str:
    return f"{text[:-8]}{number:08x}"


def _mac(text: str, number: int) -> str:
    own = f"{number:06x}"
    mark = next((mark for mark in ":-" if mark in text), "")
    maker = text[: 6 + 2 * len(mark)]
    made = mark.join((maker, own[:2], own[2:4], own[4:]))
    return made.upper() if text.upper() == text else made


def _spellings(mac: str) -> list[str]:
    forms = [mac, mac.replace(":", "-"), mac.replace(":", "")]
    return [*forms, *(form.upper() for form in forms)]


class Made:
    """One unit of a device, with numbers of its own."""

    def __init__(self, model: Model, number: int, sites: int) -> None:
        self.model = model
        self.number = number
        self.id = number + 1
        self.ip = address(number)
        self.first = number // AT_A_SITE + 1
        self.last = self.first + (ROUNDS - 1) * sites
        self.seen = text_of(at(self.last, sites))
        self._times = [(self.first + turn * sites) for turn in range(ROUNDS)]
        self._sites = sites
        self.own = model.of(number)
        self.state = self.own(model.unit.state)

    def facts(self) -> Iterator[tuple[Seen, bool]]:
        """Each, and whether other units tell it too."""
        for seen, shared in zip(self.model.unit.facts, self.model.shared, strict=True):
            yield (seen if shared else Seen(seen.port, seen.probe, seen.key, self.own(seen.value))), shared

    def row(self) -> dict[str, Any]:
        """Of ``device``."""
        old = self.model.unit.row
        places = [(self.ip, seen.port, seen.probe, digest_parts(seen.key, seen.value)) for seen, _ in self.facts()]
        high, low = divmod(self.number, 32)
        texts = {name: old[name] and self.own(old[name]) for name in ("serial", "mac", "known")}
        return {
            **old,
            **texts,
            "id": self.id,
            "asset_id": f"1N{high:05d}-{'B' * 7}{_ALPHABET[low]}",
            "site": f"Site {self.number // AT_A_SITE}",
            "first_seen": text_of(at(self.first, self._sites)),
            "last_seen": self.seen,
            "first_scan": self.first,
            "last_scan": self.last,
            "sightings": ROUNDS,
            "provisional": bool(old["provisional"]),
            "is_camera_system": None if old["is_camera_system"] is None else bool(old["is_camera_system"]),
            "evidence_digest": sighting.digest_evidence(places),
        }

    def recognised_by(self) -> Iterator[tuple[Any, ...]]:
        """Of ``device_key``."""
        return ((kind, self.own(value), self.id) for kind, value in self.model.unit.keys)

    def addresses(self) -> Iterator[tuple[Any, ...]]:
        """Of ``device_address``."""
        return ((self.id, kind, self.own(value), 0) for kind, value in self.model.unit.addresses)

    def sightings(self) -> Iterator[tuple[Any, ...]]:
        """Of ``sighting``."""
        for scan in self._times:
            seen = text_of(at(scan, self._sites))
            yield scan, self.id, self.id, seen, seen

    def events(self) -> Iterator[tuple[Any, ...]]:
        """Scan, kind, old, new and detail: that it is new, and of one in ten that its firmware changed."""
        yield self.first, "new", "", "", "was found for the first time"
        if self.number % 10 == 0:
            yield self.last, "firmware_changed", "V5.5.0", "V5.6.2", "firmware was V5.5.0, now V5.6.2"

    def entries(self) -> dict[str, str]:
        """What people entered."""
        number = self.number
        statuses = ("found", "confirmed", "planned", "planned", "ordered", "removed")
        return {
            "lifecycle_status": statuses[number * 7 % len(statuses)],
            "council_asset_tag": f"CCTV-{number:06d}",
            "location_detail": f"Floor {number % 5}, corridor {number % 17}",
            "planned_removal_date": f"{2027 + number % 3}-{number % 12 + 1:02d}-15",
            "removal_phase": str(number % 6 + 1),
            "blocked_by": "Cable runs through the plant room.",
        }


# ── into the register ────────────────────────────────────────────────────────────────────────────────────────────


def make(where: str, made_of: Sequence[Unit], devices: int, tree: Tree) -> None:
    """A register of that revision at a place where there is none yet, with so many devices in it."""
    program = "import sys; from camscan.register import open_register; open_register(sys.argv[1]).close()"
    subprocess.run([tree.python, "-c", program, where], cwd=tree.root, check=True, env=environment(tree))
    (_into_postgresql if where.startswith("postgresql:") else _into_file)(where, made_of, devices)


def environment(tree: Tree) -> dict[str, str]:
    """For programs of that revision."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPATH": str(tree.root)}


def _into_file(where: str, made_of: Sequence[Unit], devices: int) -> None:
    with closing(sqlite3.connect(where, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")

        def pour(table: str, columns: Sequence[str], rows: Rows) -> None:
            marks = ", ".join("?" * len(columns))
            connection.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)

        connection.execute("BEGIN")
        fill(pour, made_of, devices)
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _into_postgresql(where: str, made_of: Sequence[Unit], devices: int) -> None:
    import psycopg  # noqa: PLC0415 - only here

    with psycopg.connect(where) as connection:

        def pour(table: str, columns: Sequence[str], rows: Rows) -> None:
            line = f"COPY {table} ({', '.join(columns)}) FROM STDIN"
            with connection.cursor().copy(line.encode()) as copy:
                for row in rows:
                    copy.write_row(row)

        fill(pour, made_of, devices)
    with psycopg.connect(where, autocommit=True) as connection:
        connection.execute("ANALYZE")  # as the server's own housekeeping does within a minute


def fill(pour: Pour, made_of: Sequence[Unit], devices: int) -> None:
    """Every row; what a table refers to comes before it."""
    sites = sites_of(devices)
    _pour_scans(pour, sites, devices)
    _pour_map(pour, sites)
    filling = _Filling(pour)
    models = [Model(unit) for unit in made_of]
    for first in range(0, devices, _SLICE):
        numbers = range(first, min(devices, first + _SLICE))
        filling.add([Made(models[number % len(models)], number, sites) for number in numbers])


def sites_of(devices: int) -> int:
    """How many sites they are at."""
    return -(-devices // AT_A_SITE)


def at(scan: int, sites: int) -> datetime:
    """When a scan began."""
    turn, site = divmod(scan - 1, sites)
    return FIRST + timedelta(days=DAYS_BETWEEN * turn, minutes=site)


def text_of(moment: datetime) -> str:
    """As it is stored."""
    return moment.isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def _networks(site: int) -> list[str]:
    return [f"10.{block >> 8}.{block & 255}.0" for block in (site * 2, site * 2 + 1)]


def targets(site: int) -> str:
    """The network of a site."""
    return f"{_networks(site)[0]}/23"


def _pour_scans(pour: Pour, sites: int, devices: int) -> None:
    columns = ("id", "scan_id", "started_at", "finished_at", "completion", "site", "targets", "pace", "version")
    rows, tallies = [], []
    for number in range(1, ROUNDS * sites + 1):
        site, began = (number - 1) % sites, at(number, sites)
        here = min(AT_A_SITE, devices - site * AT_A_SITE)
        coverage: dict[str, Any] = {"addresses": 510, "answered": here, "silent": 510 - here, "is_search": True}
        coverage |= {"refused": 0, "unreachable": 0, "not_tried": 0, "outcomes": {}, "notes": [], "left_out": []}
        coverage["living"] = {f"{network}/24": 250 for network in _networks(site)}
        when = (text_of(began), text_of(began + timedelta(seconds=50)))
        told = (number, f"scan-{number}", *when, "complete", f"Site {site}")
        rows.append((*told, json.dumps([targets(site)]), "fast", "1.0", "2026.03", json.dumps(coverage), here))
        counts = {"devices": devices, "in_scope": devices, "remaining": devices}
        tallies.append((number, json.dumps(counts)))
    pour("scan", (*columns, "database", "coverage", "devices"), rows)
    pour("tally", ("scan", "counts"), tallies)


def _pour_map(pour: Pour, sites: int) -> None:
    names = ("name", "ref", "type", "sensitivity", "controller", "owner_service", "network_zone")
    every = range(sites)
    told = ((f"Site {site}", f"{1000 + site:08d}", "school", str(site % 4 + 1), "own", "", "core") for site in every)
    pour("site", names, told)
    blocks = ((targets(site), f"Site {site}", str(site), "", "") for site in every)
    pour("subnet", ("cidr", "site", "vlan", "network_zone", "controller"), blocks)


class _Filling:
    """Devices on their way into the tables, a slice at a time; numbers of rows go on from slice to slice."""

    def __init__(self, pour: Pour) -> None:
        self._pour = pour
        self._shared: dict[bytes, int] = {}
        """Facts that many units tell: they are stored once."""
        self._next = {name: itertools.count(1) for name in ("fact", "observation", "attempt", "event", "change")}

    def add(self, made: Sequence[Made]) -> None:
        """These devices, and everything about them."""
        rows = [one.row() for one in made]
        self._pour("device", tuple(rows[0]), (tuple(row.values()) for row in rows))
        times = ("first_scan", "last_scan")
        keys = ((*row, one.first, one.last) for one in made for row in one.recognised_by())
        self._pour("device_key", ("kind", "value", "device_id", *times), keys)
        held = ((*row, one.first, one.last) for one in made for row in one.addresses())
        self._pour("device_address", ("device_id", "kind", "value", "position", *times), held)
        states = ((one.id, one.id, digest_json(json.loads(one.state)), one.state) for one in made)
        self._pour("device_state", ("id", "device_id", "digest", "state"), states)
        self._pour_scanned(made)
        self._pour_evidence(made)
        self._pour_people(made)

    def _pour_scanned(self, made: Sequence[Made]) -> None:
        columns: Sequence[str] = ("scan", "device_id", "state_id", "first_seen", "last_seen")
        self._pour("sighting", columns, (row for one in made for row in one.sightings()))
        number = self._next["attempt"]
        columns = ("id", "scan", "ip", "port", "probe", "outcome", "detail", "seen_at")
        asked = ((next(number), one.last, one.ip, 37020, "sadp", "answered", "", one.seen) for one in made)
        self._pour("attempt", columns, asked)
        line = self._next["event"]
        columns = ("id", "scan", "after_scan", "device_id", "at", "kind", "old", "new", "detail")
        happened = ((next(line), scan, scan, one.id, one.seen, *what) for one in made for scan, *what in one.events())
        self._pour("event", columns, happened)

    def _pour_evidence(self, made: Sequence[Made]) -> None:
        facts: list[tuple[Any, ...]] = []
        observations: list[tuple[Any, ...]] = []
        for one in made:
            for seen, shared in one.facts():
                what = digest_parts(seen.key, seen.value)
                number = self._shared.get(what) if shared else None
                if number is None:
                    number = next(self._next["fact"])
                    facts.append((number, what, seen.key, seen.value))
                    if shared:
                        self._shared[what] = number
                row = (next(self._next["observation"]), one.id, one.ip, seen.port, seen.probe, number)
                observations.append((*row, one.seen, one.first))
        self._pour("fact", ("id", "digest", "key", "value"), facts)
        columns = ("id", "device_id", "ip", "port", "probe", "fact_id", "seen_at", "first_scan")
        self._pour("observation", columns, observations)

    def _pour_people(self, made: Sequence[Made]) -> None:
        entered = [(one, one.entries(), next(self._next["change"])) for one in made if one.number % 4]
        told = ((one.id, json.dumps(entries, separators=(",", ":")), line) for one, entries, line in entered)
        self._pour("people", ("device_id", "entries", "revision"), told)
        columns = ("id", "at", "role", "how", "device_id", "column_name", "old", "new", "because")
        lines = (
            (line, text_of(FIRST), "estates", "set", one.id, "location_detail", "", entries["location_detail"], "")
            for one, entries, line in entered
        )
        self._pour("change", columns, lines)


# ── a scan of it ─────────────────────────────────────────────────────────────────────────────────────────────────


def scan_of(made_of: Sequence[Unit], numbers: range, devices: int, name: str, site: str = "") -> dict[str, Any]:
    """A scan that sees these devices as they are in the register, for ``record_scan.py``: as plain values.

    Without a site it is of the whole estate.
    """
    models, sites = [Model(unit) for unit in made_of], sites_of(devices)
    asked = range(sites) if not site else sorted({number // AT_A_SITE for number in numbers})
    return {
        "scan_id": name,
        "when": (FIRST + timedelta(days=DAYS_BETWEEN * ROUNDS)).isoformat(),
        "site": site,
        "targets": [targets(each) for each in asked],
        "addresses": 510 * len(asked),
        "living": [f"{network}/24" for each in asked for network in _networks(each)],
        "devices": [_as_seen(Made(models[number % len(models)], number, sites)) for number in numbers],
    }


def _as_seen(one: Made) -> dict[str, Any]:
    facts = [(one.ip, seen.port, seen.probe, seen.key, seen.value) for seen, _ in one.facts()]
    return {"state": json.loads(one.state), "facts": facts}
