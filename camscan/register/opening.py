"""Opens the database of a register, whichever it is."""

from __future__ import annotations

from pathlib import Path

from camscan.errors import RegisterError
from camscan.output import mask_password
from camscan.register.address import SCHEMES, address_of
from camscan.register.backends import Database, Mode, sqlite


def open_database(where: str | Path, mode: Mode, *, create: bool = True) -> Database:
    """Open the database in a file or on a server; see :func:`camscan.register.open_register`."""
    address = address_of(where)
    if address is None:
        return sqlite.open_file(Path(where), mode, create=create)
    if not address.startswith(SCHEMES):
        raise RegisterError(
            f"{mask_password(address)}: is not a register; name a file, such as camscan.db, or postgresql://user@host/database"
        )
    from camscan.register.backends import postgresql  # noqa: PLC0415 - it loads SQLAlchemy, and a file does not need it

    return postgresql.open_address(address, mode, create=create)
