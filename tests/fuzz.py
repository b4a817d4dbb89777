"""``make fuzz``: every parser and every reader on replies that were made to break it or to keep it busy.

::

    python tests/fuzz.py --seconds 600                     all of them, in turn, for ten minutes
    python tests/fuzz.py --seconds 60 wsd onvif            these
    python tests/fuzz.py --seed 7 --only 1234              case 1234 of seed 7 again, and nothing else

It fails on any exception but NotSpoken and Malformed, on a text that no file takes, and on work that grows faster than
the reply. The steps of Python are counted; what one call into C does, only processor time can tell: that is compared at
two lengths, and held only where it is far beyond the noise. What 64 KB cost each parser is told, not held: median of
nine lengths beside each other, since what was read before is remembered. A parser is found by convention: a new probe
and its test are covered by being there.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import itertools
import random
import signal
import statistics
import sys
import tempfile
import time
import traceback
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parent)]

import adversary
from growth import ALLOWED, EACH, FIXED, LONG, SHORT, SIZE, steps

from camscan import probes
from camscan.errors import ProtocolError
from camscan.net.http import Reply
from camscan.net.message import parse_message
from camscan.net.tls import Hello, describe_certificate
from camscan.net.xml import parse_xml

AIM = 0.020
"""Seconds of processor that 64 KB should cost."""
HOPELESS = 30
"""Seconds of processor after which a parser is stopped: that is a fault by itself."""
PART = 4
NOTICEABLE = 0.02
"""Seconds below which a growth is the noise of the clock."""
TOO_FAST = 10
"""Times as long for four times as many bytes: in proportion it is 4, of the square 16."""
STEADY = 2.5
"""Times as many steps for twice as many bytes, the largest rise left out: 1.8 in proportion, 3.2 with the square."""
AGAIN = 9
"""Times that the slowest reply is measured."""
NEIGHBOURS = 4
"""Lengths tried beside each: a reply that is cut within a line may be refused at once."""
COUNTED = 8
"""One case in so many is counted step by step, which takes fifty times as long: chosen by its seed, so that it can be
repeated alone."""

Parse = Callable[[bytes], object]


@dataclass(slots=True)
class Subject:
    """A parser or reader, and what was found of it."""

    name: str
    parse: Parse
    limit: int = SIZE
    replies: tuple[bytes, ...] = ()
    worst: float = 0.0
    """Seconds of processor for the longest reply that is read of it."""
    worst_case: str = ""
    costs: list[float] = field(default_factory=list)
    cases: int = 0


@dataclass(frozen=True, slots=True)
class Fault:
    """What was wrong, and the reply that showed it."""

    what: str
    reply: bytes


def read_dripping(reply: bytes) -> bytes:
    """The HTTP reader, in pieces whose lengths follow from the reply."""
    chance, reader, at = random.Random(len(reply)), Reply(SIZE), 0
    while at < len(reply):
        size = chance.choice((1, 1, 2, 7, 100, 1460))
        if reader.feed(reply[at : at + size]):
            break
        at += size
    return reader.payload()


def read_flight(reply: bytes) -> bytes:
    """The reader of a TLS server's first flight."""
    hello = Hello()
    any(hello.feed(reply[at : at + 100]) for at in range(0, len(reply), 100))
    return hello.certificate


def read_datagram(reply: bytes) -> object:
    """A datagram from a port that belongs to nobody: every protocol is tried."""
    attempt = probes.read_datagram(probes.load().values(), reply, "192.0.2.1", 9)
    if attempt and attempt.outcome == "bug":
        raise AssertionError(attempt.detail)
    return attempt


READERS: Mapping[str, Parse] = {
    "certificate": lambda reply: describe_certificate(reply, "TLSv1.2"),
    "datagram": read_datagram,
    "first flight": read_flight,
    "http reader": read_dripping,
    "message": functools.partial(parse_message, lenient_body=True),
    "xml": parse_xml,
}


def _from_somebody(parse: Callable[[bytes, str], object], reply: bytes) -> object:
    return parse(reply, "192.0.2.1")


def subjects(names: Sequence[str] = ()) -> list[Subject]:
    """Every parser of ``camscan/probes``, and every reader; or those of these names."""
    found = [Subject(name, probe.parse, min(SIZE, probe.limit)) for name, probe in probes.load().items()]
    for name, probe in probes.load().items():
        if probe.parse_from:
            parse = functools.partial(_from_somebody, probe.parse_from)
            found.append(Subject(f"{name} from a sender", parse, min(SIZE, probe.limit)))
    found += [Subject(name, parse) for name, parse in READERS.items()]
    if unknown := {*names} - {subject.name for subject in found}:
        raise SystemExit(f"fuzz: no parser {', '.join(sorted(unknown))}; there are: {', '.join(s.name for s in found)}")
    chosen = [subject for subject in found if not names or subject.name in names]
    for subject in chosen:
        subject.replies = adversary.real(subject.parse)
    return chosen


class HopelessError(Exception):
    """A parser took longer than any parser may."""


@contextlib.contextmanager
def limited() -> Iterator[None]:
    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise HopelessError(f"more than {HOPELESS} s of processor")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, HOPELESS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def work(parse: Parse, reply: bytes) -> float:
    """Seconds of processor; NotSpoken and Malformed are answers like others."""
    began = time.process_time()
    with contextlib.suppress(ProtocolError):
        parse(reply)
    return time.process_time() - began


def try_reply(subject: Subject, reply: bytes) -> tuple[float, str]:
    """Seconds of processor time, and what was wrong; empty if nothing was."""
    facts: object = None
    began = time.process_time()
    try:
        with limited():
            facts = subject.parse(reply)
    except ProtocolError:
        pass
    except Exception:  # noqa: BLE001 - that is what is looked for
        return time.process_time() - began, traceback.format_exc()
    took = time.process_time() - began
    for fact in facts if isinstance(facts, list) else ():
        try:
            "".join(fact).encode()
        except UnicodeEncodeError as error:
            return took, f"a text that no file takes: {error}"
    return took, ""


def count_steps(subject: Subject, reply: bytes) -> int:
    """Steps that the parser takes for this reply."""
    return steps(functools.partial(work, subject.parse, reply))


def grows_with_the_square(subject: Subject, made: Callable[[int], bytes], whole: int) -> bool:
    """Whether the steps grow steadily and faster than the reply, from half its length to the whole.

    A reply that is long enough may switch on a whole stage of the parser, and one that is cut within a line may switch
    it off. So each length is tried with its neighbours, and the largest single rise is left out: what grows in
    proportion then grows 1.8 times, and what grows with the square 3.2 times.
    """
    lengths = [whole * tenths // 10 for tenths in range(5, 11)]
    peaks = [max(count_steps(subject, made(length - less)) for less in range(NEIGHBOURS)) for length in lengths]
    rises = sorted(later - earlier for earlier, later in itertools.pairwise(peaks))
    return peaks[0] + sum(rises[:-1]) > STEADY * peaks[0] + FIXED


def too_many_steps(subject: Subject, made: Callable[[int], bytes]) -> str:
    """The steps of a parser at two lengths, in words; empty if they do not grow faster than the length."""
    short, long = made(min(SHORT, subject.limit // PART)), made(min(LONG, subject.limit))
    work(subject.parse, long)  # what is worked out once is worked out now
    few, many = (count_steps(subject, reply) for reply in (short, long))
    # Of a few steps for each hundred bytes, growth says nothing.
    if many > max(ALLOWED * few + FIXED, len(long)) and grows_with_the_square(subject, made, len(long)):
        return f"{few:,} steps for {len(short):,} bytes, {many:,} for {len(long):,}"
    return f"{many:,} steps for {len(long):,} bytes" if many > EACH * len(long) + FIXED else ""


def too_slow(subject: Subject, short: bytes, long: bytes) -> str:
    """What it takes, measured at two lengths, the shortest of several: a machine may be busy, but not each time."""
    slow = fast = 0.0
    for _ in range(4):
        slow = min(slow or 9e9, work(subject.parse, long))
        fast = min(fast or 9e9, work(subject.parse, short))
        if slow < NOTICEABLE or slow < TOO_FAST * max(fast, NOTICEABLE / TOO_FAST):
            return ""
    return f"{fast * 1000:.1f} ms for {len(short):,} bytes, {slow * 1000:.1f} ms for {len(long):,}"


def maker(subject: Subject, kind: str, seed: str) -> Callable[[int], bytes]:
    """Returns a function that makes a reply of any length."""

    def made(size: int) -> bytes:
        return adversary.EVERY[kind](random.Random(f"{seed}/{kind}"), subject.replies, size)[: subject.limit]

    return made


def run_case(subject: Subject, seed: str) -> Fault | None:
    """One reply, and where it is a long one, the same at other lengths."""
    kind = random.Random(seed).choice(["mutated", "mutated", "grown", *adversary.EVERY])
    made = maker(subject, kind, seed)
    reply = made(subject.limit)
    took, wrong = try_reply(subject, reply)
    subject.cases += 1
    if wrong:
        return Fault(wrong, reply)
    if kind not in adversary.BUSY:
        return None
    subject.costs.append(took)
    if took > subject.worst:  # a busy machine, and a search for garbage that falls into it, are not the parser's cost
        again = [work(subject.parse, made(subject.limit - less)) for less in range(1, AGAIN)]
        took = statistics.median([took, *again])
    if took > subject.worst:
        subject.worst, subject.worst_case = took, f"{kind}, {reply[:30]!r}"
    if took > NOTICEABLE and (slow := too_slow(subject, made(subject.limit // PART), reply)):
        return Fault(slow, reply)
    if zlib.crc32(seed.encode()) % COUNTED == 0 and (many := too_many_steps(subject, made)):
        return Fault(many, made(LONG))
    return None


def table(tried: Sequence[Subject]) -> str:
    """What the longest replies cost each, as Markdown."""
    rows = [
        "| parser or reader | replies | bytes read | processor: median | at the worst | which was |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for each in sorted(tried, key=lambda each: -each.worst):
        median = sorted(each.costs)[len(each.costs) // 2] if each.costs else 0.0
        worst = f"{each.worst * 1000:.1f} ms{' (!)' if each.worst > AIM else ''}"
        cells = (each.name, f"{each.cases:,}", f"{each.limit:,}", f"{median * 1000:.1f} ms", worst, each.worst_case)
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def run(tried: Sequence[Subject], seconds: float, seed: int, only: int | None = None) -> list[tuple[str, Fault]]:
    """Case after case until the time is over; every fault with the name of whose it is and its number."""
    faults: list[tuple[str, Fault]] = []
    until = time.monotonic() + seconds
    number = only or 0
    while number == only or (only is None and time.monotonic() < until):
        subject = tried[number % len(tried)]
        if fault := run_case(subject, f"{seed}/{number}"):
            faults.append((f"{subject.name}, case {number}", fault))
        number += 1
    return faults


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    """Exit code 1 where there was a fault; the replies that showed them are kept in a folder that is named."""
    parser = argparse.ArgumentParser(description="every parser and reader on hostile replies")
    parser.add_argument("names", nargs="*", help="parsers and readers; all where none is named")
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--only", type=int, help="one case of that seed, and of the same names")
    arguments = parser.parse_args()
    tried = subjects(arguments.names)
    say(f"fuzz: {len(tried)} parsers and readers, {arguments.seconds:.0f} s, seed {arguments.seed}")
    faults = run(tried, arguments.seconds, arguments.seed, arguments.only)
    say(table(tried))
    say(f"fuzz: aim {AIM * 1000:.0f} ms for 64 KB; (!) is beyond it, which fails nothing")
    folder = Path(tempfile.mkdtemp(prefix="camscan-fuzz-")) if faults else None
    for index, (name, fault) in enumerate(faults[:20]):
        if folder:
            (folder / f"{index}.bin").write_bytes(fault.reply)
        say(f"fuzz: FAULT in {name} of seed {arguments.seed}: {fault.what}")
        say(f"  the reply is in {folder}/{index}.bin: {fault.reply[:80]!r}")
    say(f"fuzz: {sum(each.cases for each in tried):,} replies, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
