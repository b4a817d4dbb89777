"""Runs the simulated estate in its own process, so that it and the scanner do not wait for each other."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from camscan import system
from camscan.errors import CamscanError

NETWORK = "127.20.0.0/24"
_BEFORE_REASON = re.compile(r"^The estate cannot come up: (\[(?:Errno|WinError) \d+\] )?")


@dataclass(frozen=True, slots=True)
class RunningEstate:
    """An estate that is running."""

    network: str
    size: int


@contextlib.contextmanager
def serve_estate() -> Iterator[RunningEstate]:
    """Start the estate, and stop it at the end. Raises CamscanError if it cannot start."""
    command = [sys.executable, "-m", "camscan.demo", "--base", NETWORK]
    with subprocess.Popen(  # noqa: S603 - our own module, fixed arguments
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",  # the system's words may be in another code page
        creationflags=system.OWN_GROUP,
        start_new_session=True,  # Ctrl-C is for the scan; the estate ends when its standard input closes
    ) as process:
        assert process.stdin is not None and process.stdout is not None and process.stderr is not None  # noqa: S101, PT018 - pipes, as asked for above
        try:
            first = process.stdout.readline()
            if not first:
                why = (process.stderr.read().strip().splitlines() or ["it stopped at once"])[-1]
                raise CamscanError(
                    f"the simulated estate cannot start on {NETWORK} ({_BEFORE_REASON.sub('', why)}); "
                    "is another demo running?"
                )
            yield RunningEstate(NETWORK, len(json.loads(first)["truth"]))
        finally:
            process.stdin.close()
            process.stdout.close()
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                process.kill()
