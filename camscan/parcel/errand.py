"""Errands in transit: what a collector is asked to scan, signed by the centre's key, which it knows since it enrolled.

An errand names a site and a time, and nothing else: no address, no command, no login. The collector's own files say
which addresses may be asked there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from camscan.errors import UsageError
from camscan.parcel.keys import is_signed

_MAGIC = b"camscan-errand 1\n"
_ID = re.compile(r"[0-9A-Za-z-]{1,40}")
_LONGEST = 10_000
"""The largest text in bytes; one that camscan writes has three hundred."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrandMessage:
    """An errand: the site to be scanned, by which collector, and until when."""

    id: str
    site: str
    ends_at: datetime
    collector: str
    """The public key of the collector, in hexadecimal."""


def sign_errand(asked: ErrandMessage, key: Ed25519PrivateKey) -> Mapping[str, str]:
    """An errand as JSON members: the text that was signed, and the signature."""
    members = {
        "kind": "scan",
        "id": asked.id,
        "site": asked.site,
        "ends_at": asked.ends_at.isoformat(),
        "collector": asked.collector,
    }
    text = json.dumps(members, sort_keys=True)
    return {"text": text, "signature": key.sign(_MAGIC + text.encode()).hex()}


def read_errand(members: Mapping[str, Any], key: bytes, collector: bytes) -> ErrandMessage:
    """Read an errand from JSON members.

    ``key`` is the centre's public key, ``collector`` the collector's own; 32 bytes each. Raises UsageError if the
    centre did not sign this errand, or signed it for another collector.
    """
    try:
        text, signature = str(members["text"]), bytes.fromhex(members["signature"])
        if len(text) > _LONGEST or not is_signed(key, signature, _MAGIC + text.encode()):
            raise UsageError("an errand is not signed by the centre that this collector enrolled at")
        said = json.loads(text)
        asked = ErrandMessage(
            id=str(said["id"]),
            site=str(said["site"]),
            ends_at=datetime.fromisoformat(said["ends_at"]),
            collector=str(said["collector"]),
        )
        if said["kind"] != "scan" or asked.ends_at.tzinfo is None or not _ID.fullmatch(asked.id):
            raise UsageError("an errand asks for something that this camscan does not do")
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise UsageError("an errand cannot be read") from error
    if asked.collector != collector.hex():
        raise UsageError("an errand is for another collector")
    return asked
