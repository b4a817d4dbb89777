"""Devices that are judged again, some hundreds at a time: by this process, and by helpers on the other processors.

A helper is another process of this program. Its standard input says which devices it judges, one line for some hundreds
of them. It opens the register for reading only, reads the devices, and answers each line with a line. It ignores
Ctrl-C, and ends when its input ends. If no helper can be started, or one ends early, this process does its work: that
only takes longer.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple, Self

from camscan import fingerprints, system
from camscan.fingerprints import Database
from camscan.identify import identify_box
from camscan.identify.box import UNSOLICITED
from camscan.identify.channel_count import COUNTED_BY, count_channels
from camscan.model import Confidence, Identification
from camscan.register import knowledge
from camscan.register.alike import is_alike
from camscan.register.codec import identification_from_json, identification_to_json
from camscan.register.glance import read_file
from camscan.register.last_evidence import Chunk, JudgedDevice, Reader
from camscan.register.plain_sql import AnyConnection
from camscan.register.uncollected import pause_collector

SAID = "said"
"""The key of the identification of the last sighting, if it differs from what the scan said then."""
_SAID_MARK = f'"{SAID}":'
"""Text in what is stored with that key, and in no other: quotes within a text are escaped."""

Verdicts = list[tuple[int, dict[str, Any], int | None]]
"""Number of a device, its new identification, and how many channels it says it has; only for devices that changed."""

MOST_HELPERS = 3
"""More helpers would wait for each other's reading."""
_WAITING = 2
"""Chunks that a helper has at a time: the one in work, and the next."""
_START = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from camscan.register.judging import run_helper; "
    "run_helper()"
)
_CLAIM = ("maker", "confidence", "certainty", "because")


class Source(NamedTuple):
    """Where devices are read from."""

    connection: AnyConnection
    """The connection of this process."""
    place: str
    """For helper processes: the register's file, or its address with the password if it has one."""


def judge_again(shown: Iterable[JudgedDevice], database: Database) -> Verdicts:
    """The devices whose facts now give another identification than the one that is stored."""
    found: Verdicts = []
    for one in shown:
        last = _said_last(one)
        now = identify_box(one.facts, database)
        if not is_alike(last, now):
            after = with_new_sighting(identification_from_json(json.loads(one.known)["identification"]), last, now)
            found.append((one.number, identification_to_json(now), count_channels(after.kind, one.facts)))
    return found


def _said_last(one: JudgedDevice) -> Identification:
    if one.state and _SAID_MARK not in one.known:  # nearly always: what is known need not be read
        return identification_from_json(json.loads(one.state)["identification"])
    return said_before(one.known, one.state)[1]


def make_reader(connection: AnyConnection, database: Database) -> Reader:
    """Reads of each device what is needed to judge it."""

    def is_needed(key: str) -> bool:
        return key == UNSOLICITED or key in COUNTED_BY or database.heeds(key)

    return Reader(connection, is_needed)


def said_before(known: str, state: str) -> tuple[Identification, Identification]:
    """The identification of a device that is known, and the one that its last sighting gave.

    ``state`` is the state at the last sighting; empty if there is none. Raises the errors of
    ``identification_from_json``.
    """
    told = json.loads(known)
    before = identification_from_json(told["identification"])
    if SAID in told:
        return before, identification_from_json(told[SAID])
    return before, identification_from_json(json.loads(state)["identification"]) if state else before


def with_new_sighting(known: Identification, told: Identification, now: Identification) -> Identification:
    """What is known about a device when ``now`` replaces ``told`` as the identification of its last sighting."""
    if is_alike(told, now):
        return known
    values = [name for name in (*knowledge.VALUES, "build") if name != "maker"]
    gone = [name for name in values if getattr(known, name) == getattr(told, name) != getattr(now, name)]
    nothing: dict[str, Any] = dict.fromkeys(gone)
    base = replace(known, **nothing)
    claims = [tuple(getattr(each, name) for name in _CLAIM[:-1]) for each in (known, told, now)]
    if claims[0] == claims[1] != claims[2]:
        base = replace(base, maker=None, confidence=Confidence.UNKNOWN, certainty=0.0, because=())
    dropped = told.capabilities.keys() - now.capabilities.keys()
    base = replace(base, capabilities={name: what for name, what in base.capabilities.items() if name not in dropped})
    return replace(knowledge.last_known(base, now), conflicts=known.conflicts)


def judge_all(source: Source, chunks: Iterable[Chunk], database: Database, *, helpers: int) -> Generator[Verdicts]:
    """The verdicts on every chunk, in order. As many chunks are judged at once as there are helpers."""
    reader = make_reader(source.connection, database)
    with contextlib.ExitStack() as stack:
        working = [stack.enter_context(_JudgingProcess(source.place, database)) for _ in range(helpers)]
        # One thread hands work to each helper. The threads end when their helpers have ended, so helpers are closed
        # first.
        pool = stack.enter_context(ThreadPoolExecutor(max_workers=max(1, helpers)))
        for helper in working:
            stack.callback(helper.end_process)
        idle = deque(working)
        waiting: deque[tuple[Chunk, Future[Verdicts | None] | Verdicts]] = deque()

        def judge_by_helper(chunk: Chunk) -> Verdicts | None:
            helper = idle.popleft()
            try:
                return helper.judge_chunk(chunk)
            finally:
                idle.append(helper)

        def judge_here(chunk: Chunk) -> Verdicts:
            return judge_again(reader.read_chunk(chunk), database)

        def await_verdicts(chunk: Chunk, one: Future[Verdicts | None] | Verdicts) -> Verdicts:
            found = one.result() if isinstance(one, Future) else one
            return judge_here(chunk) if found is None else found

        for chunk in chunks:
            busy = sum(isinstance(one, Future) and not one.done() for _, one in waiting)
            lent = busy < _WAITING * helpers
            waiting.append((chunk, pool.submit(judge_by_helper, chunk) if lent else judge_here(chunk)))
            while waiting and (_is_pipe_ready(waiting[0][1]) or len(waiting) > 2 * _WAITING * (1 + helpers)):
                yield await_verdicts(*waiting.popleft())
        while waiting:
            yield await_verdicts(*waiting.popleft())


def _is_pipe_ready(one: Future[Verdicts | None] | Verdicts) -> bool:
    return not isinstance(one, Future) or one.done()


class _JudgingProcess:
    """A process that judges chunks, one after another."""

    def __init__(self, place: str, database: Database) -> None:
        self._process: subprocess.Popen[str] | None = None
        first = [*map(str, database.directories)]
        with contextlib.suppress(OSError):
            self._process = subprocess.Popen(  # noqa: S603 - this program itself
                [sys.executable, "-c", _START, json.dumps(sys.path)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                encoding="utf-8",
                errors="surrogatepass",
                creationflags=system.OWN_GROUP,
                start_new_session=True,  # Ctrl-C is for the process that the helper works for
            )
            self._asked = [place, first, _database_digest(database)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end_process()

    def judge_chunk(self, chunk: Chunk) -> Verdicts | None:
        """The verdicts on a chunk; None if the helper has ended."""
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            return None
        try:
            for line in (*([self._asked] if self._asked else []), chunk):
                process.stdin.write(json.dumps(line, ensure_ascii=False) + "\n")
            self._asked = []
            process.stdin.flush()
            answer = process.stdout.readline()
            return (
                [(number, now, count) for number, now, count in json.loads(answer)] if answer.endswith("\n") else None
            )
        except (OSError, ValueError):
            return None

    def end_process(self) -> None:
        """End the process, whatever it is doing."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):  # input that it had not read
                if stream:
                    stream.close()


def run_helper() -> None:
    """Run as a helper: the first line names the register and the fingerprints, and every other line is a chunk."""
    for stream in (sys.stdin, sys.stdout):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="surrogatepass")
    lines = iter(sys.stdin)
    place, (base, *overlays), asked = json.loads(next(lines))
    database = fingerprints.load_database([*map(Path, overlays)], base=Path(base))
    if _database_digest(database) != asked:
        return  # these fingerprints differ from those of the main process: better no verdicts

    def answer(connection: AnyConnection) -> bool:
        reader = make_reader(connection, database)
        for line in lines:
            first, last = json.loads(line)
            told = judge_again(reader.read_chunk((first, last)), database)
            sys.stdout.write(json.dumps(told, ensure_ascii=False) + "\n")
            sys.stdout.flush()
        return True

    with pause_collector():
        if read_file(place, lambda _: True):  # this needs no database library, which takes long to load
            read_file(place, answer)
        else:
            _answer_from_open_register(place, answer)


def _answer_from_open_register(place: str, answer: Callable[[AnyConnection], bool]) -> None:
    from camscan.register.backends import Mode  # noqa: PLC0415 - what only a helper needs
    from camscan.register.opening import open_database  # noqa: PLC0415 - as above

    with contextlib.closing(open_database(place, Mode.READ)) as book, book.read_plainly() as connection:
        answer(connection)


def _database_digest(database: Database) -> str:
    """A text that distinguishes two databases, also one that was put together in memory."""
    told = repr((database.version, database.rules, sorted(database.makers), sorted(database.prefixes.items())))
    return hashlib.blake2b(told.encode("utf-8", "backslashreplace"), digest_size=16).hexdigest()
