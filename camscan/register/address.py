"""The place of a register: a file, or the address of a server's database. Needs no database library."""

from __future__ import annotations

import re
from pathlib import Path

from camscan import system
from camscan.errors import RegisterError
from camscan.output import mask_password

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")
"""``postgresql://…``, also as a Path writes it, with one slash; a Windows drive has one letter."""
_AMBIGUOUS = (
    "the user name or the password in the address contains one of the characters @ / ? # : so it is not clear where "
    "it ends; write"
    f" %40 for @, %2F for /, %3F for ?, %23 for #, %3A for :, or keep the password in {system.PGPASS}"
)


SCHEMES = ("postgresql://", "postgres://")
"""How the address of a register on a server begins."""


def address_of(where: str | Path) -> str | None:
    """The address of a register on a server; None for a file.

    Raises RegisterError for an address in which a part of the password would be taken for a host.
    """
    text = str(where)
    if not _ADDRESS.match(text):
        return None
    if isinstance(where, Path) and "://" not in text:
        text = text.replace(":/", "://", 1)
    if _is_ambiguous(text.partition("://")[2]):
        raise RegisterError(f"{mask_password(text)}: {_AMBIGUOUS}")
    return text


def _is_ambiguous(rest: str) -> bool:
    """Whether the part after ``://`` can be read in two ways, because user name and password end at an @."""
    before = rest.partition("?")[0]
    if "@" not in before:
        return "@" in rest and ":" in before and "/" not in before  # u:pa?ss@host
    user = before.rpartition("@")[0]
    return any(character in user for character in "@/#") or user.count(":") > 1
