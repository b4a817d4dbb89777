"""A private PostgreSQL server for tests: from Debian's package, on loopback and a socket, gone when the tests end."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import in_memory
import psycopg

from camscan.register import open_register

_HBA = """\
host all locked 127.0.0.1/32 scram-sha-256
host all shut 127.0.0.1/32 reject
host all all 127.0.0.1/32 trust
local all all trust
"""
"""User ``locked`` needs a password, user ``shut`` is not let in, everybody else is."""
_ON_A_SMALL_DISK = """
mount -t tmpfs -o size=4m,uid=$0,gid=$0,mode=700 none "$1" || exit
shift
exec setpriv --reuid="$0" --regid="$0" --clear-groups "$@"
"""
_MADE = """
SELECT md5(string_agg(concat_ws(' ', c.relname, c.relkind, obj_description(c.oid, 'pg_class'), parts.said), ','
                      ORDER BY c.relname)),
       array_agg(quote_ident(c.relname)) FILTER (WHERE c.relkind = 'r' AND c.relname <> 'alembic_version')
FROM pg_class c LEFT JOIN LATERAL (
    SELECT string_agg(concat_ws(' ', attname, atttypid, attnotnull, attisdropped), ',' ORDER BY attnum)
           || (SELECT concat(count(*), min(tgenabled::text)) FROM pg_trigger WHERE tgrelid = c.oid)
           || (SELECT count(*) FROM pg_constraint WHERE conrelid = c.oid) AS said
    FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0) parts ON true
WHERE c.relnamespace = current_schema()::regnamespace
"""
"""A mark of every table, index, trigger and constraint of a schema, and the tables that hold what a register says."""
_EMPTY = "SET lock_timeout = '2s'; SET session_replication_role = replica;"
"""So that no trigger takes note of it; who still holds a table keeps it."""
_NUMBERS = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    address: str
    """``postgresql://user@host:port/database``, whose user may create users and databases."""
    folder: Path | None = None
    """Folder of its data and its socket; None if it was started by somebody else."""
    process: int = 0
    """Of the server itself; 0 where somebody else runs it."""
    _emptied: list[str] = field(default_factory=list)
    """Addresses of registers that may be used again."""
    _made: list[str] = field(default_factory=list)
    """What tells the tables of a new register from any others."""
    _tidier: list[psycopg.Connection] = field(default_factory=list)
    """The connection that empties registers: a new one each time costs the server more than the work."""

    def place(self) -> str:
        """The address of a new, empty schema."""
        name = f"test_{os.getpid()}_{next(_NUMBERS)}"
        self.run(f"CREATE SCHEMA {name}")
        return f"{self.address}?options={quote(f'-csearch_path={name}')}"

    def register(self) -> str:
        """The address of an empty schema, or of one whose register was emptied: making tables takes a while."""
        return self._emptied.pop() if self._emptied else self.place()

    def take_back(self, address: str) -> None:
        """Empty the register there for another test, where its tables are as camscan makes them; else it is left."""
        if not self._made:
            new = self.place()
            open_register(new).close()
            self._made.append(self._tables(new)[0])
        try:
            mark, tables = self._tables(address)
            if mark == self._made[0]:
                self._tidying().execute("".join(f"DELETE FROM {name};" for name in tables).encode())
                self._emptied.append(address)
        except psycopg.Error:
            self.leave()

    def _tables(self, address: str) -> tuple[str, list[str]]:
        connection = self._tidying()
        connection.execute(f"SET search_path = {address.rpartition('%3D')[2]}".encode())
        ((mark, tables),) = connection.execute(_MADE).fetchall()
        return str(mark), tables or []

    def reader_of(self, address: str) -> str:
        """The address of a register that is there already, for a user of its own who may only read it."""
        schema, user = address.rpartition("%3D")[2], f"reader_{os.getpid()}_{next(_NUMBERS)}"
        rights = f"GRANT USAGE ON SCHEMA {schema} TO {user}; GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {user}"
        self.run(f"CREATE USER {user}; {rights}")
        there = urlsplit(address)
        return there._replace(netloc=f"{user}@{there.netloc.rpartition('@')[2]}").geturl()

    def _tidying(self) -> psycopg.Connection:
        if not self._tidier:
            self._tidier.append(psycopg.connect(self.address, autocommit=True))
            self._tidier[0].execute(_EMPTY)
        return self._tidier[0]

    def leave(self) -> None:
        """Close the server's own connection."""
        while self._tidier:
            self._tidier.pop().close()

    def run(self, statement: str, *, at: str = "") -> list[tuple[object, ...]]:
        """What a statement gives; outside of transactions."""
        with psycopg.connect(at or self.address, autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []


def program(name: str) -> str | None:
    """The newest of the server's programs; Debian keeps them off the PATH."""
    kept = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda each: int(each.parts[-3]))
    return str(kept[-1]) if kept else shutil.which(name)


@contextlib.contextmanager
def running(*, small_disk: bool = False, is_durable: bool = False) -> Iterator[Server]:
    """Start one as a user without rights, and stop it.

    ``small_disk`` gives it a tablespace ``small`` on a disk of 4 MB, mounted in a namespace of its own; needs root.
    With ``is_durable`` it is as people run it: on a disk, for which it waits, and tidied up.
    """
    folder = Path(tempfile.mkdtemp(prefix="camscan-pg-", dir=None if is_durable else in_memory.folder()))
    user = _unprivileged()
    if user:
        os.chown(folder, user, user)
    try:
        yield from _served(folder, user, small_disk=small_disk, is_durable=is_durable)
    finally:
        shutil.rmtree(folder)


def _unprivileged() -> int | None:
    """A user for the server, because PostgreSQL refuses to run as root; None if this process does not run as root."""
    if os.geteuid():
        return None
    import pwd  # noqa: PLC0415 - Windows has none

    return pwd.getpwnam("nobody").pw_uid


def drop_rights() -> dict[str, Any]:
    """How a program is started as the user of the server."""
    user = _unprivileged()
    return {"user": user, "group": user, "extra_groups": []} if user else {}


def _served(folder: Path, user: int | None, *, small_disk: bool, is_durable: bool) -> Iterator[Server]:
    data, port = folder / "data", free_port()
    drop = drop_rights()
    # A collation that is not the order of bytes, as on a server that somebody set up for people.
    words = ["--encoding=UTF8", "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-GB"]
    subprocess.run(
        [str(program("initdb")), "-D", str(data), "-U", "camscan", "--auth=trust", "--no-sync", *words],
        cwd=folder,
        check=True,
        capture_output=True,
        timeout=60,
        **drop,
    )
    (data / "pg_hba.conf").write_text(_HBA)
    # Nobody pulls its plug: what it wrote need not be on the disk; nor does it live long enough to be tidied up.
    settings = {"listen_addresses": "127.0.0.1", "port": port, "unix_socket_directories": folder}
    if not is_durable:
        settings |= dict.fromkeys(("fsync", "full_page_writes", "synchronous_commit", "autovacuum"), "off")
    options = itertools.chain.from_iterable(("-c", f"{name}={value}") for name, value in settings.items())
    command = [str(program("postgres")), "-D", str(data), *options]
    if small_disk:
        (folder / "small").mkdir()
        command = ["unshare", "--mount", "sh", "-c", _ON_A_SMALL_DISK, str(user), str(folder / "small"), *command]
        drop = {}
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **drop)
    try:
        found = Server(f"postgresql://camscan@127.0.0.1:{port}/postgres", folder, server.pid)
        _wait(found, server)
        found.run("CREATE DATABASE estate")
        if small_disk:
            found.run(f"CREATE TABLESPACE small LOCATION '{folder / 'small'}'")
        found = Server(found.address.replace("/postgres", "/estate"), folder, server.pid)
        yield found
    finally:
        found.leave()
        server.send_signal(signal.SIGQUIT)  # at once: nothing of it is kept
        server.wait(timeout=30)


def _wait(server: Server, process: subprocess.Popen[bytes]) -> None:
    assert server.folder
    for _ in range(300):
        with contextlib.suppress(psycopg.OperationalError):
            server.run("SELECT 1")
            return
        if process.poll() is not None:
            break
        time.sleep(0.1)
    raise AssertionError((server.folder / "log").read_text())


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
