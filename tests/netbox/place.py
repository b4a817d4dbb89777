"""A NetBox of our own for ``make netbox``: its packages, an empty database, and a process that carries out orders.

All of it is kept below ``build/netbox/VERSION``: the environment (550 MB), and a dump of the migrated database, so that
a second run begins at once. PostgreSQL, Redis and NetBox listen on loopback, and are gone when the tests end.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pg_server
import pytest

VERSION = os.environ.get("CAMSCAN_NETBOX", "4.7.3")
ROOT = Path(__file__).resolve().parents[2]
PLACE = ROOT / "build" / "netbox" / VERSION
PYTHONS = ("python3.12", "python3.13", "python3.14")
_CONFIGURATION = """\
ALLOWED_HOSTS = ["*"]
DATABASES = {{"default": {{"NAME": "netbox", "USER": "camscan", "HOST": "127.0.0.1", "PORT": {postgresql}}}}}
REDIS = {{
    name: {{"HOST": "127.0.0.1", "PORT": {redis}, "DATABASE": number, "SSL": False}}
    for number, name in enumerate(("tasks", "caching"))
}}
SECRET_KEY = "of a database that is gone when the tests end, and no longer than that"
API_TOKEN_PEPPERS = {{1: SECRET_KEY}}
"""


class NetBox:
    """The process that holds NetBox."""

    def __init__(self, process: subprocess.Popen[str], log: Path) -> None:
        self._process = process
        self._log = log

    def __call__(self, order: str, **values: object) -> Any:
        """What ``worker.py`` answers to one of its orders."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps({"do": order, **values}) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, self._log.read_text()[-3000:]
        return json.loads(answer)


@contextlib.contextmanager
def running(folder: Path) -> Iterator[NetBox]:
    """NetBox with an empty database; skips with the reason where it cannot be had."""
    python = PLACE / "env" / "bin" / "python"
    if not python.with_name("netbox").exists():
        pytest.skip(f"NetBox {VERSION} is not installed below build/netbox; make netbox says why")
    with pg_server.running() as server, _redis(folder) as redis:
        port = urlsplit(server.address).port
        (folder / "camscan_netbox.py").write_text(_CONFIGURATION.format(postgresql=port, redis=redis))
        environment = {
            **os.environ,
            "NETBOX_CONFIGURATION": "camscan_netbox",
            "DJANGO_SETTINGS_MODULE": "netbox.settings",
            "PYTHONPATH": str(folder),
        }
        server.run("CREATE DATABASE netbox")
        _migrate(python, environment, ["-h", "127.0.0.1", "-p", str(port), "-U", "camscan"])
        log = folder / "netbox.log"
        with log.open("w") as errors:
            process = subprocess.Popen(
                [str(python), str(Path(__file__).with_name("worker.py"))],
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        try:
            yield NetBox(process, log)
        finally:
            process.communicate(timeout=60)  # closes what it reads


def install() -> str:
    """Make the environment with NetBox if there is none. Returns why that failed; empty if it did not.

    It runs outside of pytest, whose tests have no network but a loopback of their own.
    """
    if (PLACE / "env" / ".whole").exists():
        return ""
    missing = [name for name in ("postgres", "pg_restore", "pg_dump") if pg_server.program(name) is None]
    missing += [] if shutil.which("redis-server") else ["redis-server"]
    python = _python()
    if python is None or missing:
        return f"here there is no {', '.join(missing) or 'Python 3.12 or newer'}"
    shutil.rmtree(PLACE / "env", ignore_errors=True)
    PLACE.mkdir(parents=True, exist_ok=True)
    subprocess.run([python, "-m", "venv", str(PLACE / "env")], check=True)
    command = [str(PLACE / "env" / "bin" / "python"), "-m", "pip", "install", "--quiet", f"netbox=={VERSION}"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=1800)
    if done.returncode:
        return f"pip could not install it: {done.stderr.strip()[-300:]}"
    (PLACE / "env" / ".whole").touch()
    return ""


def _python() -> str | None:
    """A Python that NetBox runs on; a shim on the PATH may stand for one that is not there."""
    kept = sorted(Path("~/.pyenv/versions").expanduser().glob("3.1[2-9]*/bin/python"))
    for python in [*filter(None, map(shutil.which, PYTHONS)), *map(str, kept)]:
        test = [python, "-c", "import sys, venv; sys.exit(sys.version_info < (3, 12))"]
        if subprocess.run(test, check=False, capture_output=True).returncode == 0:
            return python
    return None


@contextlib.contextmanager
def _redis(folder: Path) -> Iterator[int]:
    port = pg_server.free_port()
    command = ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--dir", str(folder)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        time.sleep(0.5)
        assert server.poll() is None, "redis-server does not start"
        yield port
    finally:
        server.terminate()
        server.wait(timeout=30)


def _migrate(python: Path, environment: dict[str, str], where: list[str]) -> None:
    """Bring the empty database up to this version: from the dump, or by seven minutes of migrations."""
    dump = PLACE / "empty.dump"
    if not dump.exists():
        netbox = [str(python), "-m", "netbox", "migrate", "--no-input"]
        subprocess.run(netbox, check=True, env=environment, timeout=5400, stdout=subprocess.DEVNULL)
        new = dump.with_suffix(".new")
        save = [str(pg_server.program("pg_dump")), *where, "--format=custom", "--no-owner", f"--file={new}", "netbox"]
        subprocess.run(save, check=True, timeout=300)
        new.rename(dump)
        return
    load = [str(pg_server.program("pg_restore")), *where, "--dbname=netbox", "--no-owner", "--exit-on-error", str(dump)]
    subprocess.run(load, check=True, timeout=300)


if __name__ == "__main__":
    sys.stdout.write(f"make netbox: {install() or f'NetBox {VERSION} is installed'}\n")
