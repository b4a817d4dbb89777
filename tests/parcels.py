"""Scans and parcels for tests: real replies through the real parsers, so that reading them again says the same."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sample_report import NOON
from udp_replies import DHIP_CAMERA, SADP_CAMERA

from camscan import fingerprints
from camscan.model import Attempt, Completion, Coverage, Outcome, Reply, Report
from camscan.parcel.seal import seal
from camscan.parcel.write import pack_report
from camscan.probes import load, load_probe, read_reply
from camscan.report import make_report, scan_id_at
from camscan.scan.decision import weigh_attempts

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
OAK = "10.12.0.0/24"
HTTP = b"HTTP/1.1 200 OK\r\nServer: App-webs/\r\nContent-Type: text/html\r\n\r\n<title>Caf\xc3\xa9</title>\x00\xff"


def sadp(number: int) -> bytes:
    """The answer of the ``number``-th made-up camera."""
    return SADP_CAMERA.replace(b"E33700001", b"E337%05d" % number).replace(
        b"58-50-ed-00-00-01", b"58-50-ed-00-%02x-%02x" % divmod(number, 256)
    )


def make_attempt(ip: str, payload: bytes, probe: str = "sadp", port: int = 37020, when: datetime = NOON) -> Attempt:
    """A reply to a question, as an attempt."""
    return read_reply(load_probe(probe), Reply(probe, payload, ip, port, when))


def scan(
    *attempts: Attempt,
    site: str = "Oak School",
    when: datetime = NOON,
    targets: Sequence[str] = (OAK,),
    completion: Completion = Completion.COMPLETE,
    living: bool = True,
) -> Report:
    """The report of a scan that drew these replies, with an id of its own."""
    load()
    database = fingerprints.load_database()
    devices, _ = weigh_attempts(attempts, database)
    answered = len({each.ip for each in attempts})
    found = make_report(
        attempts,
        devices,
        database,
        Coverage(
            *(254, answered, 0, 254 - answered, 0, 0),
            {"sadp": {"answered": answered}},
            living={OAK: answered} if living and answered else {},
        ),
        started_at=when - timedelta(minutes=1),
        finished_at=when + timedelta(minutes=1),
        completion=completion,
        targets=targets,
        site=site,
        pace="gentle",
    )
    return replace(found, scan_id=scan_id_at(when - timedelta(minutes=1)))


def some(when: datetime = NOON) -> tuple[Attempt, ...]:
    """Two cameras, a web page, and a question that nobody answered."""
    silent = Attempt("rtsp", "10.12.0.9", 554, Outcome.OUT_OF_SCOPE, detail="out of scope", seen_at=when)
    return (
        make_attempt("10.12.0.4", sadp(4), when=when),
        replace(make_attempt("10.12.0.4", HTTP, "http", 80, when), detail="came slowly"),
        make_attempt("10.12.0.5", DHIP_CAMERA, "dhip", 37810, when),
        silent,
    )


def parcel(path: Path, report: Report, key: Ed25519PrivateKey = KEY) -> Path:
    """The parcel of a scan, in a file."""
    path.write_bytes(seal(pack_report(report), key))
    return path


def rows(register: str = "camscan.db") -> dict[str, list[str]]:
    """Every row of every table of a register, as text; asset ids, which are chance, are called by their numbers."""
    with closing(sqlite3.connect(register)) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        names = dict(connection.execute("SELECT asset_id, id FROM device").fetchall())
        found = {table: map(repr, connection.execute(f'SELECT * FROM "{table}"').fetchall()) for table in tables}
        called = re.compile("|".join(names) or "-", re.IGNORECASE)
        return {
            table: sorted(called.sub(lambda match: f"device {names.get(match[0].upper())}", text) for text in texts)
            for table, texts in found.items()
        }
