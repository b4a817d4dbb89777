"""Devices judged anew, some hundreds at a time: by this process, and by helpers on the other processors.

A helper is this program once more, without a register: it reads lines from its standard input and answers each with
one. It opens nothing, hears no Ctrl-C of the terminal, and ends when its input does. Where none can be started, or one
ends early, its work is done here: that costs only time.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import subprocess
import sys
from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from camscan import fingerprints
from camscan.fingerprints import Database
from camscan.identify import identify
from camscan.model import Identification, Observation
from camscan.register.alike import is_alike
from camscan.register.codec import identification_from_json, identification_to_json
from camscan.register.texts import unescaped

SAID = "said"
"""Where the identification of the last sighting is kept, once it is no longer what was said then."""

FactRow = list[Any]
"""Address, port, probe, key, value and time of one fact, the last two as they are stored."""
Part = list[tuple[str, str, list[FactRow]]]
"""Devices: what is known of each and how it was at its last sighting, both in JSON; and its facts."""
Verdicts = list[tuple[int, dict[str, Any]]]
"""Place of a device within its part, and what its facts say now; only of those of which that is something else."""

MOST_HELPERS = 3
"""More would wait for the one process that reads the register."""
_WAITING = 2
"""Parts that a helper has before it: one in work, and the next."""
_START = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from camscan.register import judging; judging.help()"


def judge(part: Part, database: Database) -> Verdicts:
    """Which devices of a part are something else by their facts than was said of them."""
    found: Verdicts = []
    for place, (known, state, facts) in enumerate(part):
        _, last = said_before(known, state)
        now = identify(observations(facts), database)
        if not is_alike(last, now):
            found.append((place, identification_to_json(now)))
    return found


def said_before(known: str, state: str) -> tuple[Identification, Identification]:
    """What is known of a device, and what was said of it from the evidence that it shows at present.

    ``state`` is empty where its last sighting left none. Raises as ``identification_from_json``.
    """
    told = json.loads(known)
    before = identification_from_json(told["identification"])
    if SAID in told:
        return before, identification_from_json(told[SAID])
    return before, identification_from_json(json.loads(state)["identification"]) if state else before


def observations(facts: Iterable[FactRow]) -> list[Observation]:
    """The facts as they were seen."""
    return [
        Observation(ip, port, probe, key, unescaped(value), datetime.fromisoformat(at))
        for ip, port, probe, key, value, at in facts
    ]


def judge_all(parts: Iterable[Part], database: Database, *, helpers: int) -> Generator[Verdicts]:
    """The verdicts on every part, in order; so many parts at once as there are helpers, and no more are held."""
    with contextlib.ExitStack() as stack:
        working = [stack.enter_context(_Helper(database)) for _ in range(helpers)]
        # One thread hands a helper its work; the threads end when their helpers are gone, so those go first.
        pool = stack.enter_context(ThreadPoolExecutor(max_workers=max(1, helpers)))
        for helper in working:
            stack.callback(helper.end)
        idle = deque(working)
        waiting: deque[tuple[Part, Future[Verdicts | None] | Verdicts]] = deque()

        def by_helper(part: Part) -> Verdicts | None:
            helper = idle.popleft()
            try:
                return helper.judge(part)
            finally:
                idle.append(helper)

        for part in parts:
            busy = sum(isinstance(one, Future) and not one.done() for _, one in waiting)
            lent = busy < _WAITING * helpers
            waiting.append((part, pool.submit(by_helper, part) if lent else judge(part, database)))
            while waiting and (_is_done(waiting[0][1]) or len(waiting) > 2 * _WAITING * (1 + helpers)):
                yield _verdicts(*waiting.popleft(), database)
        while waiting:
            yield _verdicts(*waiting.popleft(), database)


def _is_done(one: Future[Verdicts | None] | Verdicts) -> bool:
    return not isinstance(one, Future) or one.done()


def _verdicts(part: Part, one: Future[Verdicts | None] | Verdicts, database: Database) -> Verdicts:
    found = one.result() if isinstance(one, Future) else one
    return judge(part, database) if found is None else found


def processors() -> int:
    """How many this process may use."""
    with contextlib.suppress(AttributeError):  # not on every system
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class _Helper:
    """A process that judges parts, one after the other."""

    def __init__(self, database: Database) -> None:
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
                start_new_session=True,  # Ctrl-C is for the one that the helper works for
            )
            self._asked = [first, _digest(database)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def judge(self, part: Part) -> Verdicts | None:
        """The verdicts on a part; None where the helper is no more."""
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            return None
        try:
            for line in (*([self._asked] if self._asked else []), part):
                process.stdin.write(json.dumps(line, ensure_ascii=False) + "\n")
            self._asked = []
            process.stdin.flush()
            answer = process.stdout.readline()
            return [(place, now) for place, now in json.loads(answer)] if answer.endswith("\n") else None
        except (OSError, ValueError):
            return None

    def end(self) -> None:
        """End the process, whatever it is doing."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):  # what it had not read
                if stream:
                    stream.close()


def help() -> None:  # noqa: A001 - what a helper does, and called by that name only there
    """What a helper does: the first line says with which fingerprints, every other is a part."""
    for stream in (sys.stdin, sys.stdout):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="surrogatepass")
    lines = iter(sys.stdin)
    (base, *overlays), asked = json.loads(next(lines))
    database = fingerprints.load([*map(Path, overlays)], base=Path(base))
    if _digest(database) != asked:
        return  # not the fingerprints of the one that it works for: better none
    for line in lines:
        sys.stdout.write(json.dumps(judge(json.loads(line), database), ensure_ascii=False) + "\n")
        sys.stdout.flush()


def _digest(database: Database) -> str:
    """Tells two databases apart, also one that was put together in memory."""
    told = repr((database.version, database.rules, sorted(database.makers), sorted(database.prefixes.items())))
    return hashlib.blake2b(told.encode("utf-8", "backslashreplace"), digest_size=16).hexdigest()
