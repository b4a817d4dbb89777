"""What a parser takes for replies that were made to keep it busy, and the judging of an estate; no network.

The tests count what Python does; what regular expressions and libraries in C do inside one call only time can tell.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator, Mapping

import test_probes
import test_tcp_parsers
import udp_replies
from growth import SIZE, cut
from measure import Case, Row, duration, in_turns, median, worked
from planned import TODAY
from test_plan_judging import RULES, WEAK, many
from test_probe_mdns import bomb

from camscan import probes
from camscan.config.planning import Formula
from camscan.errors import ProtocolError
from camscan.plan import judge_devices

PART = 4
LEAST = 0.0005
"""Seconds below which a growth is the noise of the clock."""
REPEATS = 5
DEVICES = 20_000

Parse = Callable[[bytes], object]


def read(parse: Parse, reply: bytes) -> None:
    with contextlib.suppress(ProtocolError):
        parse(reply)


def least(parse: Parse, reply: bytes) -> float:
    """The quickest of several: anything else that runs only ever adds."""
    return min(worked(functools.partial(read, parse, reply)) for _ in range(REPEATS))


def replies() -> Iterator[tuple[str, Parse, bytes]]:
    """Every parser with every reply that was made to keep one busy."""
    for names, hostile in (
        (udp_replies.ALL, test_probes.HOSTILE),
        (test_tcp_parsers.NAMES, test_tcp_parsers.HOSTILE),
    ):
        for name in names:
            for what, reply in hostile.items():
                yield f"{name}, {what}", probes.load()[name].parse, reply[:SIZE]
    yield "mdns, pointers to pointers", probes.load()["mdns"].parse, bomb()[:SIZE]


def measure() -> Iterator[Row]:
    longest: dict[str, float] = {}
    growth: dict[str, float] = {}
    for what, parse, reply in replies():
        longest[what] = least(parse, reply)
        if longest[what] > LEAST:
            growth[what] = longest[what] / least(parse, cut(reply, len(reply) // PART))
    slowest, worst = (max(found, key=found.__getitem__) for found in (longest, growth))
    yield Row(
        f"the slowest of {len(longest)} hostile replies of up to 64 KB: {slowest}",
        duration(longest[slowest]),
        f"median of all: {duration(median(list(longest.values())))}",
        aim="100 ms",
        kept=longest[slowest] < 0.1,
    )
    yield Row(
        f"what four times as many bytes take, at the worst: {worst}",
        f"{growth[worst]:.1f} × the time",
        f"median of {len(growth)}: {median(list(growth.values())):.1f} ×",
        aim=f"{2 * PART} × (the square: {PART * PART} ×)",
        kept=growth[worst] < 2 * PART,
    )


def measure_judging() -> Iterator[Row]:
    rows, half = many(DEVICES), many(DEVICES // 2)
    actions: Mapping[str, Callable[[], float]] = {
        name: functools.partial(worked, functools.partial(judge_devices, some, RULES, Formula(), WEAK, TODAY))
        for name, some in (("all", rows), ("half", half), ("again", rows))
    }
    taken = in_turns(REPEATS, actions)
    whole, part = median(taken["all"] + taken["again"]), median(taken["half"])
    yield Row(
        f"judge {DEVICES:,} devices: policies, weaknesses, priority",
        duration(whole),
        f"half as many: {duration(part)}",
        f"{whole / part:.1f} × its time",
        "0.5 s of processor",
        whole < 0.5,
    )


CASES = (Case("hostile", 0.4, measure), Case("judging", 0.1, measure_judging))
