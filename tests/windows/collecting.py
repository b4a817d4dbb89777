"""A collector on Windows, whose centre is on Linux: each step by its own program."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from camscan.register import open_register

ROOT = Path(__file__).resolve().parents[2]
SITE = "Oak School"
_CENTRE = "role: ICT\n{settings}sites:\n- name: " + SITE + "\n  cidrs: [{network}]\n"
_ALLOWED = """\
centre: {centre}
allowed_by: Site manager
until: 2099-12-31
pace: fast
sites:
- name: Oak School
  networks: [{network}]
"""
_LINK = re.compile(r"^Open (http://127\.0\.0\.1:\d+)/sign-in")
_UNTIL = 60.0


def collected(here: Callable[..., str], folder: Path, network: str, settings: str) -> tuple[int, int]:
    """Enrol, approve, ask, scan, send, record; devices in the collector's own register, and in the centre's.

    ``here`` runs a command of the collector in ``folder``, and gives what it says.
    """
    centre = folder / "centre"
    centre.mkdir()
    (centre / "camscan.yaml").write_text(_CENTRE.format(settings=settings, network=network), encoding="utf-8")
    code = at(centre, "collector", "add", "Oak PC", "--site", SITE).splitlines()[-1]
    with serving(centre) as address:
        allowed = _ALLOWED.format(centre=address, network=network)
        (folder / "collector.yaml").write_text(allowed, encoding="utf-8")
        said = here("collect", "check")
        assert "Site manager" in said, said
        said = here("collect", "enrol", code)
        words = re.search(r"the centre: (.*)", said)
        assert words, said
        said = here("collect", "run", "--once")
        assert "has not approved" in said, said
        at(centre, "collector", "approve", "Oak PC", "--words", words[1])
        at(centre, "collector", "scan", "Oak PC")
        said = here("collect", "run", "--once")
        assert f"Scanned: {SITE}" in said, said
        assert "Sent: 1 parcel; 0 waiting" in said, said
        until = time.monotonic() + _UNTIL
        while not (found := devices(centre / "camscan.db")):
            assert time.monotonic() < until, "the centre has not recorded it"
            time.sleep(0.2)
    own = devices(folder / "collector" / "camscan.db")
    assert own == found, own ^ found
    return len(own), len(found)


def at(folder: Path, *words: str) -> str:
    """What a command of the centre says."""
    command = [sys.executable, "-m", "camscan", *words]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        command, cwd=folder, env=environment, check=True, timeout=200, capture_output=True, text=True
    ).stdout


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[str]:
    """The centre; its address."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "camscan", "serve", "--port", "0"]
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True,
    ) as process:  # fmt: skip
        assert process.stdout
        try:
            found = _LINK.match(process.stdout.readline())
            assert found, "the centre gives no link"
            yield found[1]
        finally:
            process.terminate()


def devices(register: Path) -> set[tuple[str, ...]]:
    """Address, maker and serial number of each row; empty without a scan."""
    if not register.is_file():
        return set()
    with open_register(register, readonly=True) as book:
        if not book.scans():
            return set()
        return {
            (",".join(row.ip_addresses), str(row.identification.maker), str(row.identification.serial))
            for row in book.devices()
        }
