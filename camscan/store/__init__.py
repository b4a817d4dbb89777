"""The store: what a service keeps for itself beside the register, such as sessions or alerts that were sent.

The register holds what is known about devices, by roles and never by names, and lasts for years. A web server, a
collector or an unattended run has other things to remember: they may name people, are deleted after months, and can be
lost without losing the register. (One exception: if the released answers in ``packs.py`` are lost, the next ones are
compared with nothing.) So the store has tables and migrations of its own: in a file beside an SQLite register
(``camscan.db`` → ``camscan-service.db``), or beside the register's tables on a PostgreSQL server, where their names
begin with ``service_``.

A new table is a step in ``migrations/versions/`` and a module beside this one that reads and writes it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from camscan.store.database import Store

__all__ = ["open_store"]


def open_store(register: str | Path) -> Store:
    """Open the store of the register at ``register``, a file or ``postgresql://…``. It is made or upgraded first.

    Threads and processes may share it. Raises RegisterError in one line if it cannot be used.
    """
    from camscan.store.database import open_store_of  # noqa: PLC0415 - 0.2 s that `camscan --help` need not wait for

    return open_store_of(register)
