"""The engine at the size it is built for: ``python tests/benchmarks/bench_fingerprints.py``.

Prints the time to compile and to load a database of 3,000 fingerprints, to match one reply of 4 KB, and to identify
10,000 replies; against the figures that are promised.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from camscan import fingerprints
from camscan.fingerprints.match import seen_values
from camscan.identify import identify
from camscan.ingest import captures
from camscan.model import Reply

KEYS = ("http.title", "http.body", "http.header", "rtsp.server", "onvif.model", "wsd.scope")
ENTRIES = 3000
REPLIES = 10_000

HTTP = (
    b'HTTP/1.1 200 OK\r\nServer: webserver\r\nETag: "0-5e0-1e0"\r\nContent-Type: text/html\r\n\r\n'
    b"<!doctype html><html><head><title>Login</title></head><body>" + b"<p>some text of a page</p>" * 150
)
SADP = (
    b'<?xml version="1.0" encoding="UTF-8"?><ProbeMatch><Types>inquiry</Types><DeviceDescription>DS-2CD2385G1-I'
    b"</DeviceDescription><DeviceSN>DS-2CD2385G1-I20200414AAWRE33000001</DeviceSN><MAC>58-50-ed-00-AB-CD</MAC>"
    b"<SoftwareVersion>V5.6.2build 190701</SoftwareVersion></ProbeMatch>"
)
RTSP = b'RTSP/1.0 401 Unauthorized\r\nCSeq: 1\r\nWWW-Authenticate: Digest realm="Login to 6C01E93PAG00001"\r\n\r\n'


def _of_unit(payload: bytes, number: int) -> bytes:
    """The same reply from a unit of its own."""
    return payload.replace(b"00001", b"%05d" % number).replace(b"AB-CD", b"%02x-%02x" % divmod(number, 256))


def _made_up(directory: Path) -> None:
    """A database of the size, with every second pattern looking inside a text."""
    (directory / "vocabulary.yaml").write_text("".join(f"{key}: x\n" for key in KEYS))
    (directory / "makers.yaml").write_text("m: {name: M}\n")
    lines = []
    for number in range(ENTRIES):
        key = KEYS[number % len(KEYS)]
        name = f"word{number:04}"
        condition = f"'^{name}[ -](?P<v>\\S+)'" if number % 2 else f"{{search: '{name}[ -](?P<v>[0-9.]+)'}}"
        lines += [f"- id: m.n{number}", f"  when: {{{key}: {condition}}}", "  then: {maker: m, model: '{v}'}"]
        lines += ["  certainty: 0.9", "  source: made up", f"  examples: [{{see: {{{key}: {name} 1}}}}]"]
        lines += [f"  counterexamples: [{{see: {{{key}: x}}}}]"]
    (directory / "m.yaml").write_text("\n".join(lines))


def _timed(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def _line(what: str, seconds: float, promised: float) -> None:
    verdict = "" if seconds <= promised else "  MISSED"
    sys.stdout.write(f"{what:58} {seconds * 1000:10.2f} ms   promised {promised * 1000:8.1f} ms{verdict}\n")


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as name:
        base = Path(name) / "base"
        base.mkdir()
        _made_up(base)
        cache = Path(name) / "cache"
        _line(
            f"compile {ENTRIES} fingerprints from YAML", _timed(lambda: fingerprints.load(base=base, cache=cache)), 10
        )
        _line(f"load {ENTRIES} from the cache", _timed(lambda: fingerprints.load(base=base, cache=cache)), 0.05)
        database = fingerprints.load(base=base, cache=cache)
        page = seen_values([("http.body", HTTP.decode()), ("http.title", "Login"), ("http.header", "server: x")])
        _line("match one page of 4 KB, first time", _timed(lambda: database.match_values(page)), 0.2)
        often = _timed(lambda: [database.match_values(page) for _ in range(1000)]) / 1000
        _line("match one page of 4 KB, after that", often, 0.001)
    shipped = fingerprints.load()
    kinds = (("http", HTTP, 80), ("sadp", SADP, 37020), ("rtsp", RTSP, 554))
    seen_at = datetime(2026, 11, 2, tzinfo=UTC)
    replies = [
        Reply(protocol, _of_unit(payload, number), f"10.0.{number // 250}.{number % 250}", port, seen_at, str(number))
        for number in range(REPLIES)
        for protocol, payload, port in [kinds[number % 3]]
    ]
    alone = _timed(lambda: [identify(captures.observe(reply).observations, shipped) for reply in replies])
    _line(f"parse and identify {REPLIES} replies ({len(shipped.rules)} shipped)", alone, 3)
    _line("the same, merged by strong keys", _timed(lambda: list(captures.identify(replies, shipped))), 6)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(f"{'peak memory':58} {peak:10.0f} MB\n")


if __name__ == "__main__":
    main()
