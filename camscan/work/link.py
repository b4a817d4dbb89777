"""Connections to the queue's tables, and errors in one line."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from typing import Any

from procrastinate import PsycopgConnector, SyncPsycopgConnector, exceptions
from procrastinate.sync_psycopg_connector import wrap_exceptions

from camscan.errors import RegisterError
from camscan.output import mask_password, visible

SECONDS = 10.0
"""Seconds to wait for a connection."""
_MOST = 4
"""The most connections of one worker."""
_SETTINGS = {
    "application_name": "camscan queue",
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
}
_LONGEST = 200
_OURS = b"""
SELECT set_config('search_path', quote_ident(
    CASE current_schema() WHEN 'public' THEN 'queue' ELSE current_schema() || '_queue' END), false)
"""
"""Run once for each connection: it changes from the schema of the register to that of its queue."""

for _name in ("procrastinate", "psycopg.pool"):
    # Procrastinate logs tracebacks of errors that are reported here in one line.
    logging.getLogger(_name).addHandler(logging.NullHandler())
    logging.getLogger(_name).propagate = False


@contextlib.contextmanager
def open_link(address: str) -> Iterator[SyncPsycopgConnector]:
    """Open a connection for one piece of work, and close it. Raises RegisterError."""

    def prepare(connection: Any) -> None:
        connection.execute(_OURS)
        connection.commit()

    with explain_errors(address):
        link = SyncPsycopgConnector(
            conninfo=address, kwargs=_SETTINGS, min_size=0, max_size=1, timeout=SECONDS, configure=prepare
        )
        link.open()
        try:
            yield link
        finally:
            link.close()


def worker_link(address: str) -> PsycopgConnector:
    """The connections of a worker."""

    async def prepare(connection: Any) -> None:
        await connection.execute(_OURS)
        await connection.commit()

    return PsycopgConnector(
        conninfo=address, kwargs=_SETTINGS, min_size=1, max_size=_MOST, timeout=SECONDS, configure=prepare
    )


@contextlib.contextmanager
def explain_errors(address: str) -> Iterator[None]:
    """Turn a server error in this block into a RegisterError with one line for a person."""
    try:
        with wrap_exceptions():
            yield
    except exceptions.ConnectorException as error:
        raise RegisterError(f"{mask_password(address)}: the queue cannot be used ({error_reason(error)})") from error


def error_reason(error: BaseException) -> str:
    """The server's error in a few words, without a password."""
    said = str(error.__cause__ or error).strip().partition("\n")[0]
    return mask_password(visible(said, _LONGEST)) or type(error).__name__
