"""Recognising replies: 10,000 stored ones on one core, and the matcher beside trying every pattern in turn."""

from __future__ import annotations

import functools
import itertools
import json
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from bench_parsers import REPLIES
from measure import Case, Row, Usage, duration, in_turns, median, timed, used, worked

from camscan import captures, fingerprints
from camscan.fingerprints import Database
from camscan.fingerprints.values import seen_values
from camscan.identify import identify_box
from camscan.model import Outcome, Reply

COUNT = 10_000
REPEATS = 5
SEEN_AT = datetime(2026, 11, 2, tzinfo=UTC)
KEYS = ("http.title", "http.body", "http.header", "rtsp.server", "onvif.model", "wsd.scope")
ENTRIES = 3000
PAGE = (
    "HTTP/1.1 200 OK\r\nServer: webserver\r\nContent-Type: text/html\r\n\r\n"
    "<!doctype html><html><head><title>Login</title></head><body>" + "<p>some text of a page</p>" * 150
)


def _shapes() -> Iterator[tuple[str, bytes]]:
    """Every shape of a reply that the parsers' tests know, one protocol after the other; pages of 64 KB left out."""
    known = ([(name, reply) for reply in replies] for name, replies in REPLIES.items() if " " not in name)
    for turn in itertools.zip_longest(*known):
        yield from (one for one in turn if one is not None)


def replies() -> list[Reply]:
    """10,000 replies of as many addresses, of every protocol; half of the texts differ, as on a real estate."""
    shapes = itertools.cycle(_shapes())
    made = []
    for number, (protocol, payload) in zip(range(COUNT), shapes, strict=False):
        own = payload.replace(b"0000", b"%04d" % (number % 10_000)) if protocol != "tls" else payload
        made.append(Reply(protocol, own, f"10.0.{number // 250}.{number % 250}", 0, SEEN_AT, str(number)))
    return made


def alone(stored: Sequence[Reply], database: Database) -> None:
    """Parse and identify each reply by itself."""
    for reply in stored:
        identify_box(captures.observe_reply(reply).observations, database)


def measure() -> Iterator[Row]:
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})  # one core; programs started from here keep to it
    database = fingerprints.load_database()
    stored = replies()
    attempts = [captures.observe_reply(reply) for reply in stored]
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "replies.jsonl"
        lines = captures.write_captures(replace(one, outcome=Outcome.ANSWERED) for one in attempts)
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        read = functools.partial(lambda: [json.loads(line) for line in file.open(encoding="utf-8")])
        usages: list[Usage] = []

        def command() -> float:
            usages.append(used(sys.executable, "-m", "camscan", "identify", str(file)))
            return usages[-1].processor

        actions: Mapping[str, Callable[[], float]] = {
            "alone": lambda: worked(lambda: alone(stored, database)),
            "least": lambda: worked(read),
            "command": command,
        }
        alone(stored, database)
        taken = in_turns(REPEATS, actions)
    each, least, whole = (median(taken[name]) for name in ("alone", "least", "command"))
    beside = f"only reading the JSON: {duration(least)}"
    yield Row(
        f"parse and identify {COUNT:,} stored replies of {len(REPLIES) - 1} protocols, CPU of one core",
        f"{duration(each)}, {COUNT / each:,.0f} replies/s",
        beside,
        f"{each / least:.0f} × its time",
        "3 s",
        each < 3,
    )
    yield Row(
        f"the whole `camscan identify` of {COUNT:,} replies, merged and printed, CPU of one core",
        f"{duration(whole)}, {median([one.megabytes for one in usages]):.0f} MB",
        beside,
        f"{whole / least:.0f} × its time",
    )


def _made_up(directory: Path) -> None:
    """A database of 3,000 fingerprints, with every second pattern looking inside a text."""
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


def measure_engine() -> Iterator[Row]:
    """The engine at the size it is built for."""
    with tempfile.TemporaryDirectory() as name:
        base = Path(name) / "base"
        base.mkdir()
        _made_up(base)
        cache = Path(name) / "cache"
        load = functools.partial(fingerprints.load_database, base=base, cache=cache)
        compiling = timed(load)
        loading = median([timed(load) for _ in range(REPEATS)])
        database = load()
        page = seen_values([("http.body", PAGE), ("http.title", "Login"), ("http.header", "server: x")])
        first = timed(lambda: database.match_values(page))
        patterns = [
            re.compile(one.text) for rule in database.rules for _key, conditions in rule.when for one in conditions
        ]

        def every_pattern() -> None:
            for pattern in patterns:
                pattern.search(PAGE)

        taken = in_turns(
            REPEATS,
            {
                "matcher": lambda: timed(lambda: [database.match_values(page) for _ in range(1000)]) / 1000,
                "patterns": lambda: timed(every_pattern),
            },
        )
    often, slow = median(taken["matcher"]), median(taken["patterns"])
    yield Row(f"compile {ENTRIES:,} fingerprints from YAML", duration(compiling), aim="10 s", kept=compiling < 10)
    yield Row(f"load {ENTRIES:,} from the cache", duration(loading), aim="50 ms", kept=loading < 0.05)
    yield Row("match one page of 4 KB, the first time", duration(first), aim="200 ms", kept=first < 0.2)
    yield Row(
        f"match one page of 4 KB against {ENTRIES:,}, after that",
        duration(often),
        f"trying each pattern: {duration(slow)}",
        f"{slow / often:,.0f} times faster",
        "1 ms",
        often < 0.001,
    )


CASES = (Case("identify", 0.7, measure), Case("matcher", 0.1, measure_engine))
