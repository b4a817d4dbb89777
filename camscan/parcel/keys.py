"""Keys: a parcel is signed by its maker (Ed25519, RFC 8032), and people compare keys as six words."""

from __future__ import annotations

import functools
import hashlib
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from camscan import system
from camscan.errors import OutputError, UsageError
from camscan.output import create_file, explain_errors, make_folder, open_existing

KEY_BYTES = 32
_WORDS = 6
_BITS = 11
_LONGEST = 10_000
"""The largest file of a key, in bytes."""


def default_key_file() -> Path:
    """The file with the key of the person who runs camscan, in their state directory."""
    return system.state_home() / "camscan" / "signing-key.pem"


def own_key(path: Path) -> tuple[Ed25519PrivateKey, bool]:
    """Read the key in a file (PKCS #8, PEM), and say whether it was made now.

    If the file is missing, it is made, readable for its owner only. Two programs that ask at the same time get the
    same key. Raises UsageError if the file holds something else, OutputError if it cannot be read or made.
    """
    is_made = not os.path.lexists(path) and _make_key(path)
    try:
        with open_existing(path) as stream:
            return _read(stream.read(_LONGEST), path), is_made
    except OSError as error:
        raise OutputError(f"{path}: the key cannot be read: {error.strerror or error}") from error


def _read(content: bytes, path: Path) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(content, None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise UsageError(f"{path}: is not a key that camscan made; name another file with --key") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise UsageError(f"{path}: is a key of another kind; camscan signs with Ed25519")
    return key


def _make_key(path: Path) -> bool:
    """Make a key. Its file is complete from the moment it has its name. False if another program was quicker."""
    key = Ed25519PrivateKey.generate()
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    with explain_errors(path):
        make_folder(path.parent)
        try:
            with os.fdopen(create_file(fresh), "wb") as stream:
                stream.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
                stream.flush()
                os.fsync(stream.fileno())
            _give_name(fresh, path)
        except FileExistsError:
            return False
        finally:
            fresh.unlink(missing_ok=True)
    return True


def _give_name(fresh: Path, path: Path) -> None:
    """Give the complete file its name. Raises FileExistsError if another program has made the file meanwhile."""
    try:
        os.link(fresh, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links, such as that of a stick
        fresh.replace(path)


def public_key_of(key: Ed25519PrivateKey) -> bytes:
    """The public half of a key: 32 bytes."""
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def is_signed(public: bytes, signature: bytes, content: bytes) -> bool:
    """Whether the owner of the key signed this content."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, content)
    except (InvalidSignature, ValueError):
        return False
    return True


def key_words(public: bytes) -> str:
    """A public key as six words that two people can compare on the telephone: 66 bits of its SHA-256."""
    number = int.from_bytes(hashlib.sha256(b"camscan key\n" + public).digest())
    listed = _word_list()
    places = (number >> (256 - _BITS * (place + 1)) & (len(listed) - 1) for place in range(_WORDS))
    return " ".join(listed[place] for place in places)


@functools.cache
def _word_list() -> tuple[str, ...]:
    """The word list: 2,048 short English words, no two with the same first four letters (BIP 39, MIT)."""
    return tuple(Path(__file__).with_name("words.txt").read_text(encoding="ascii").split())
