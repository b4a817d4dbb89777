"""``camscan serve`` as a program: what it prints, that it works beside a scan, and how it ends."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import Camscan
from sample_report import camera, report

from camscan.register import open_register
from camscan.web.desk import Setting

LINK = re.compile(r"^Open (http://127\.0\.0\.1:(\d+))/sign-in\?key=(\S{43})$", re.MULTILINE)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with open_register(tmp_path / "camscan.db") as book:
        book.record(report(camera(1), camera(2)))
    return tmp_path


@contextlib.contextmanager
def started(folder: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], str, str]]:
    """The program, its address, and the cookie line of a session."""
    command = [sys.executable, "-m", "camscan", "serve", "--port", "0", "--print-cookie", *options]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdout
        try:
            found = LINK.match(process.stdout.readline())
            assert found, process.communicate()
            assert "Ctrl-C" in process.stdout.readline()
            cookie = process.stdout.readline().strip()
            assert cookie.startswith(f"Cookie: camscan_{found[2]}=")
            yield process, found[1], cookie
        finally:
            if process.poll() is None:
                process.kill()


def get(address: str, path: str, *headers: str) -> str:
    """The head and the body of an answer, over a socket of our own: no library tidies it up."""
    host, _, port = address.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        lines = [f"GET {path} HTTP/1.1", f"Host: {host}:{port}", "Connection: close", *headers, "", ""]
        connection.sendall("\r\n".join(lines).encode())
        return b"".join(iter(lambda: connection.recv(65536), b"")).decode()


def test_it_answers_and_ctrl_c_ends_it(folder: Path) -> None:
    with started(folder) as (process, address, cookie):
        assert "Hikvision or Dahua: 2 devices" in get(address, "/", cookie)
        assert get(address, "/").startswith("HTTP/1.1 303")
        assert get(address, "/", "Host: example.org").startswith("HTTP/1.1 4"), "two names are none"
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=60)
    assert (process.returncode, out.splitlines()[-1], errors) == (0, "Ended.", "")
    assert stat.S_IMODE((folder / "camscan-service.db").stat().st_mode) == 0o600


def test_it_listens_on_this_machine_only(folder: Path) -> None:
    with started(folder) as (process, address, _):
        port = int(address.rpartition(":")[2])
        listening = Path(f"/proc/{process.pid}/net/tcp").read_text(encoding="ascii").splitlines()[1:]
    local = [
        line.split()[1] for line in listening if line.split()[3] == "0A" and line.split()[1].endswith(f":{port:04X}")
    ]
    assert local == [f"0100007F:{port:04X}"]


def test_it_works_while_a_scan_is_running_and_sees_what_that_recorded(folder: Path) -> None:
    with started(folder) as (_, address, cookie), open_register(folder / "camscan.db") as book:  # which holds its lock
        assert "2 devices" in get(address, "/", cookie)
        book.record(report(camera(3), scan_id="later"))
        assert "3 devices" in get(address, "/", cookie)


def test_read_only_writes_nothing(folder: Path) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with started(folder, "--read-only") as (process, address, cookie):
        page = get(address, "/", cookie)
        assert "Read only: nothing can be entered here" in page
        assert "2 devices" in page
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert {
        path.name: path.read_bytes() for path in folder.iterdir() if not path.name.endswith(("-shm", "-wal"))
    } == before


def test_what_stops_it_is_said_in_one_line(folder: Path, camscan: Camscan, tmp_path: Path) -> None:
    code, _, error = camscan("serve", "--register", str(tmp_path / "none.db"))
    assert (code, error.count("\n")) == (2, 1)
    assert "there is no register" in error
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, _, error = camscan("serve", "--register", str(folder / "camscan.db"), "--port", str(port))
    assert code == 2
    assert f"port {port} is taken on this machine; name another with --port" in error


def test_the_port_is_that_of_the_documentation() -> None:
    page = (Path(__file__).parents[1] / "docs/web-admin.md").read_text(encoding="utf-8")
    assert f"--port {Setting().port}" in page
