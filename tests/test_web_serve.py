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
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import Camscan
from sample_report import camera, report
from web_estate import register_of

from camscan.register import open_register
from camscan.store import open_store
from camscan.store.account import Account
from camscan.store.people import People
from camscan.web.desk import Setting

LINK = re.compile(r"^Open (http://127\.0\.0\.1:(\d+))/sign-in\?key=(\S{43})$", re.MULTILINE)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with open_register(register_of(tmp_path)) as book:
        book.record(report(camera(1), camera(2)))
    return tmp_path


@contextlib.contextmanager
def started(folder: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], str, str]]:
    """The program, its address, and the cookie line of a session."""
    where = ("--register", str(register_of(folder)))
    command = [sys.executable, "-m", "camscan", "serve", "--port", "0", "--print-cookie", *where, *options]
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
    if register_of(folder) == folder / "camscan.db":  # on a server, sessions are kept there too
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
    with started(folder) as (_, address, cookie), open_register(register_of(folder)) as book:  # which holds its lock
        assert "2 devices" in get(address, "/", cookie)
        book.record(report(camera(3), scan_id="later"))
        assert "3 devices" in get(address, "/", cookie)


def test_an_empty_database_on_a_server_is_the_beginning_of_a_centre(tmp_path: Path, postgresql_at: str) -> None:
    with started(tmp_path, "--register", postgresql_at) as (_, address, cookie):
        until = time.monotonic() + 60
        while not (page := get(address, "/", cookie)).startswith("HTTP/1.1 200"):
            assert time.monotonic() < until, page
            time.sleep(0.1)
        assert "No collector is known yet" in get(address, "/collectors", cookie)


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


def test_what_stops_it_is_reported_in_one_line(folder: Path, camscan: Camscan, tmp_path: Path) -> None:
    code, _, error = camscan("serve", "--register", str(tmp_path / "none.db"))
    assert (code, error.count("\n")) == (2, 1)
    assert "there is no register" in error
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, _, error = camscan("serve", "--register", str(register_of(folder)), "--port", str(port))
    assert code == 2
    assert f"port {port} is taken on this machine; name another with --port" in error


def test_the_port_is_that_of_the_documentation() -> None:
    page = (Path(__file__).parents[1] / "docs/web-admin.md").read_text(encoding="utf-8")
    assert f"--port {Setting().port}" in page


# ── for others ───────────────────────────────────────────────────────────────────────────────────────────────────


def shared(folder: Path, url: str = "http://127.0.0.1:8377") -> Path:
    """A camscan.yaml by which people sign in."""
    secret = folder / "secret"
    secret.write_text("x\n")
    secret.chmod(0o600)
    oidc = "{issuer: 'http://127.0.0.1:9', client_id: camscan, client_secret_file: secret}"
    web = f"web: {{url: '{url}', trusted_proxies: [127.0.0.1], auth: {{oidc: {oidc}}}}}\n"
    (folder / "camscan.yaml").write_text(web)
    return folder / "camscan.yaml"


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "192.0.2.1"])
@pytest.mark.parametrize("is_shared", [False, True])
def test_it_listens_to_others_only_where_people_sign_in_over_https(
    folder: Path, camscan: Camscan, address: str, *, is_shared: bool
) -> None:
    more = ("--config", str(shared(folder))) if is_shared else ()
    code, _, error = camscan("serve", "--register", str(register_of(folder)), "--listen", address, *more)
    assert (code, error.count("\n")) == (2, 1)
    assert "others on the network could read the register" in error


def test_a_cookie_for_scripts_is_for_whoever_starts_it_alone(folder: Path, camscan: Camscan) -> None:
    where = ("--register", str(register_of(folder)), "--config", str(shared(folder)))
    code, _, error = camscan("serve", "--print-cookie", *where)
    assert code == 2
    assert "add --local" in error


def test_where_people_sign_in_it_prints_no_key_and_shows_nothing(folder: Path) -> None:
    shared(folder)
    command = [sys.executable, "-m", "camscan", "serve", "--port", "0", "--register", str(register_of(folder))]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            line = process.stdout.readline()
            assert line == "The pages are at http://127.0.0.1:8377 (Ctrl-C ends camscan serve)\n"
        finally:
            process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=60)[0] == "Ended.\n"


def test_the_first_owner_is_made_by_the_code_that_the_pages_show(folder: Path, camscan: Camscan) -> None:
    account = Account(issuer="https://sign-in.example.gov.uk", subject="anne")
    with open_store(register_of(folder)) as store:
        People(store).note_sign_in(account)
    where = ("--register", str(register_of(folder)), "--role", "Head of ICT")
    code, _, error = camscan("serve", "owner", "AAAA-AAAA", *where)
    assert code == 2
    assert "no account has the code AAAA-AAAA" in error
    code, out, _ = camscan("serve", "owner", account.code.lower().replace("-", ""), *where)
    assert (code, out) == (0, f"Account {account.code} is an owner now; sign in again.\n")
    with open_store(register_of(folder)) as store:
        (person,) = People(store).all()
    assert (person.allowed, person.role) == ("owner", "Head of ICT")


def test_check_says_what_is_wrong(folder: Path, camscan: Camscan) -> None:
    where = ("--register", str(register_of(folder)))
    code, _, error = camscan("serve", "check", *where)
    assert code == 2
    assert "has no web:" in error
    code, out, error = camscan("serve", "check", *where, "--config", str(shared(folder, "http://127.0.0.1:9")))
    assert code == 1
    assert "Client secret: in the file" in out
    assert "Address: http://127.0.0.1:9 cannot be reached" in error
    assert "Sign-in: the sign-in service cannot be reached" in error
    assert "nobody is an owner yet" in error
