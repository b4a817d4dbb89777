"""The outside of a parcel: one line with key and signature, then the packed lines that were signed.

The signature comes first and covers the packed bytes: nothing is unpacked before its origin is known.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from camscan import system
from camscan.errors import OutputError, UsageError
from camscan.output import open_existing, read_at_most
from camscan.parcel import MOST_BYTES
from camscan.parcel.keys import is_signed, key_words, public_key_of

_MAGIC = b"camscan-parcel 1"
_LATER = re.compile(rb"camscan-parcel (\d{1,3}) ")
_LINE = re.compile(rb"camscan-parcel 1 ed25519 ([0-9a-f]{64}) ([0-9a-f]{128})\n")
_HEAD = 300
"""The first line must end within this many bytes."""


@dataclass(frozen=True, slots=True)
class SealedParcel:
    """A parcel whose signature fits; its lines are not read yet."""

    key: bytes
    """The public key that signed it, 32 bytes."""
    body: bytes = field(repr=False)
    """The lines of the parcel, packed (gzip)."""

    @property
    def words(self) -> str:
        """The public key as six words."""
        return key_words(self.key)

    @property
    def digest(self) -> str:
        """The SHA-256 of the packed lines, in hexadecimal: it does not depend on who signed them."""
        return hashlib.sha256(self.body).hexdigest()


def seal(body: bytes, key: Ed25519PrivateKey) -> bytes:
    """Make the file of a parcel: the same body and key give the same bytes.

    Raises UsageError if it would be too large to be read.
    """
    if len(body) > MOST_BYTES:
        raise UsageError(f"this scan is too large for a parcel ({len(body) >> 20} MB); scan its sites one by one")
    signature = key.sign(_signed_bytes(body))
    return b"%b ed25519 %b %b\n%b" % (_MAGIC, public_key_of(key).hex().encode(), signature.hex().encode(), body)


def open_sealed(path: Path) -> SealedParcel:
    """Read a parcel from a file. Raises UsageError in one line if it is not a parcel, was changed or is too large."""
    try:
        with open_existing(path) as stream:
            content = read_at_most(stream, MOST_BYTES + _HEAD + 1)
    except FileNotFoundError:
        raise UsageError(f"{path}: there is no such file") from None
    except OSError as error:
        raise OutputError(f"{path}: cannot be read: {system.why_not_read(error, path)}") from error
    return unseal(content, str(path))


def unseal(content: bytes, name: str) -> SealedParcel:
    """Read a parcel from bytes, like ``open_sealed``; ``name`` is what error messages call it."""
    if len(content) > MOST_BYTES + _HEAD:
        raise UsageError(f"{name}: is larger than any parcel ({MOST_BYTES >> 20} MB)")
    line = _LINE.match(content)
    if line is None:
        later = _LATER.match(content)
        if later and int(later[1]) > 1:
            raise UsageError(f"{name}: a newer camscan made this parcel; upgrade camscan")
        raise UsageError(f"{name}: is not a parcel, or its first line was changed")
    key, signature = (bytes.fromhex(each.decode()) for each in line.groups())
    sealed = SealedParcel(key, content[line.end() :])
    if not is_signed(key, signature, _signed_bytes(sealed.body)):
        raise UsageError(f"{name}: was changed after it was signed, or is cut off; nothing was read of it")
    return sealed


def _signed_bytes(body: bytes) -> bytes:
    return _MAGIC + b"\n" + body
