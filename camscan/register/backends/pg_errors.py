"""Explains errors of PostgreSQL and its client library in one line that says what to do."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Iterator, Mapping

from sqlalchemy import exc

from camscan import system
from camscan.errors import BusyError, RegisterError

_WHOLE = "a run is recorded completely or not at all"
_LOST = f"the connection to the server was lost; run again when it is back ({_WHOLE})"

_STATES = {
    "08": _LOST,
    "53100": f"the server's disk is full; have space made there and run again ({_WHOLE})",
    "53200": "the server is out of memory; try again later, or ask whoever runs it",
    "53300": "the server has too many connections; try again later, or ask whoever runs it",
    "53": "the server lacks resources for this; ask whoever runs it",
    "57P": _LOST,
    "57014": "the server's time limit (statement_timeout) ended it; ask whoever runs it for a longer one",
    "58": "the server's disk reports an error; ask whoever runs it",
    "25006": "the server is read-only (is it a standby?); name the main server with --register",
    "XX": "it is damaged, or the server is in trouble; ask whoever runs it, and restore it from a backup if need be",
}
"""SQLSTATE, or its beginning -> the explanation. The longest one that fits is used."""
_BUSY = {"55P03", "40001", "40P01"}
_NO_RIGHT = "42501"

NO_ADDRESS = (
    "is not an address that PostgreSQL understands; write postgresql://user@host/database, "
    f"and keep the password in {system.PGPASS}"
)
"""libpq would quote the text that it could not read, which may contain a part of the password."""
_CONNECTING = (
    (r"connection option|invalid .*value|URI", NO_ADDRESS),
    (
        r"password authentication failed",
        "the server refuses the password of user {user}; put the right one into {pgpass}",
    ),
    (r"no password supplied|fe_sendauth", "the server asks for a password of user {user}; put it into {pgpass}"),
    (r'database "[^"]*" does not exist', "there is no database {dbname}; create it first: createdb {dbname}"),
    (r'role "[^"]*" does not exist', "the server has no user {user}; create it first: createuser {user}"),
    (r"not permitted to log in", "user {user} may not log in; ask whoever runs the server"),
    (
        r"permission denied for database",
        "user {user} may not connect to database {dbname}; ask whoever runs the server",
    ),
    (r"pg_hba\.conf", "the server does not let user {user} in from this machine; it needs a line in its pg_hba.conf"),
    (r"Peer authentication failed", "the server accepts user {user} only from the system user with that name"),
    (r"too many c", _STATES["53300"]),
    (r"starting up|shutting down|recovery mode", "the server is starting or stopping; try again in a minute"),
    (r"definition of service|service file", "the service in the address is not in a service file"),
    (r"certificate|SSL|GSSAPI", "no secure connection could be made: {said}"),
    (
        r"translate host name|Name or service not known|resolve",
        "there is no host called {host}; check the address given with --register",
    ),
    (
        r"refused|timeout|timed out|No such file|unreachable|No route",
        "no PostgreSQL server answers there; is it running, and may this machine reach it?",
    ),
)
"""What libpq says when it cannot connect: it gives no code. Messages in other languages are shown unchanged."""
_PGPASS = f"{system.PGPASS} or PGPASSWORD"


@contextlib.contextmanager
def explain_server_errors(where: str) -> Iterator[None]:
    """Turn errors of the server into one line for a person. Errors of SQLite pass unchanged."""
    try:
        yield
    except exc.DBAPIError as error:
        if isinstance(error.orig, sqlite3.Error):
            raise
        raise _plain_error(where, error) from error


def _plain_error(where: str, error: exc.DBAPIError) -> RegisterError | BusyError:
    state = getattr(error.orig, "sqlstate", None) or ""
    said = first_line(str(error.orig))
    if state in _BUSY:
        return BusyError(f"{where}: another program is writing to it; wait until it has ended")
    if state == _NO_RIGHT:
        return RegisterError(
            f"{where}: the server says '{said}'; the user of the address must own the register's tables and schema "
            "(to read, it needs SELECT)"
        )
    for length in (5, 3, 2):
        if words := _STATES.get(state[:length]):
            return RegisterError(f"{where}: {words}")
    if error.connection_invalidated or not state:
        return RegisterError(f"{where}: {_LOST}")
    return RegisterError(f"{where}: {said}")


@contextlib.contextmanager
def of_connecting(where: str, options: Mapping[str, object]) -> Iterator[None]:
    """Turn errors while connecting into one line for a person."""
    try:
        yield
    except exc.DBAPIError as error:
        text = str(error.orig)
        names = {"user": "that you are", "dbname": "of that name", "host": "that it names", **options}
        for pattern, words in _CONNECTING:
            if re.search(pattern, text):
                said = words.format(**names, pgpass=_PGPASS, said=first_line(text))
                raise RegisterError(f"{where}: {said}") from error
        raise RegisterError(f"{where}: {first_line(text)}") from error


def first_line(text: str) -> str:
    """The first line of a server's message, without its source lines, positions and hints."""
    line = next((each for each in text.strip().splitlines() if each.strip()), "no reason given")
    return re.sub(r"^.*?(?:FATAL|ERROR): +", "", line).strip().rstrip(".")
