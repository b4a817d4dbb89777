"""Stored forms of texts that a database cannot hold unchanged: escapes after a SUB character."""

from __future__ import annotations

MARK = "\x1a"


def unescape_text(text: str) -> str:
    """The stored text as the device wrote it."""
    return text if text[:1] != MARK else text[1:].encode("ascii").decode("unicode_escape")
