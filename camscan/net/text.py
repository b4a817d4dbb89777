"""Text as devices send it: undeclared encodings, and MAC addresses in every spelling. Pure."""

from __future__ import annotations

import re

from camscan.patterns import late

UNREADABLE = "\ufffd"
"""Replaces a broken character (U+FFFD, REPLACEMENT CHARACTER)."""
CHARSETS = re.compile(
    r"utf-?8|utf-?16(le|be)?|us-ascii|ascii|iso-8859-([1-9]|1[013-6])|latin-?1|windows-125[0-8]|cp125[0-8]"
    r"|gb2312|gbk|gb18030|big5|euc-(kr|jp)|shift_?jis|koi8-r"
)
"""Encodings that a reply may choose. Some codecs that Python knows are not charsets (zlib, idna) or slow by design."""

_HIGH_BYTES = late(rb"[\x80-\xff]+")
_C1 = re.compile("[\x80-\x9f]")
"""Characters that are not letters in Latin-1."""
_SEPARATED = re.compile(r"[0-9a-f]{1,2}(?:[:-][0-9a-f]{1,2}){5}")
# Groups of one size: 192.168.100.100 has twelve digits too, and is not a MAC address.
_GROUPED = late(r"[0-9a-f]{12}|[0-9a-f]{4}(?:[. ][0-9a-f]{4}){2}|[0-9a-f]{2}(?:[. ][0-9a-f]{2}){5}")


def decode_text(payload: bytes) -> str:
    """Decode bytes as UTF-8, or else as GB 2312 (the makers' home encoding), or else as Latin-1, which never fails."""
    try:
        return payload.decode("utf-8")
    except UnicodeDecodeError:
        pass
    # GB 2312 writes its characters as pairs of high bytes; a single high byte is a Western accent.
    if all(len(run) % 2 == 0 for run in _HIGH_BYTES.findall(payload)):
        try:
            return payload.decode("gb18030")
        except UnicodeDecodeError:
            pass
    return payload.decode("latin-1")


def decode_mixed(payload: bytes) -> str:
    """Decode bytes that are not all UTF-8: if most of the rest is, only the bad ones are lost, as U+FFFD.

    Otherwise like ``decode_text``, but control characters of Latin-1 are not text either.
    """
    text = payload.decode("utf-8", "replace")
    lost = text.count(UNREADABLE)
    letters = len(text) - len(text.encode("ascii", "ignore")) - lost
    if letters >= lost:
        return text
    other = decode_text(payload)
    return text if _C1.search(other) else other


def storable_text(text: str) -> str:
    """Text that every database and file takes: without NUL, and with question marks for lone surrogates.

    Blanks stay.
    """
    if text.isprintable():
        return text
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def clean_text(text: str) -> str:
    """``storable_text`` without blanks at both ends."""
    return storable_text(text).strip()


def mac_address(text: str) -> str | None:
    """A MAC address as ``58:50:ed:1f:00:01``, from any spelling; None if it is not the address of one unit.

    Spellings are ``58-50-ED-1F-00-01``, ``5850.ed1f.0001`` …
    """
    lowered = text.strip().lower()
    if _SEPARATED.fullmatch(lowered):
        digits = "".join([octet.zfill(2) for octet in lowered.replace("-", ":").split(":")])
    elif _GROUPED.fullmatch(lowered):
        digits = lowered.replace(".", "").replace(" ", "")
    else:
        return None
    if digits in {"0" * 12, "f" * 12}:
        return None
    return ":".join([digits[at : at + 2] for at in range(0, 12, 2)])
