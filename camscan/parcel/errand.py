"""Errands on their way: what a collector is asked to scan, signed by a key that it knows since it enrolled.

An errand names a site and a time, and nothing else: no address, no command, no login. What may be asked there, the
collector's own files say.
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
"""Bytes of a text; one that camscan writes has three hundred."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked for."""

    id: str
    site: str
    ends_at: datetime
    collector: str
    """The public key of the collector, in hexadecimal."""


def signed(asked: Asked, key: Ed25519PrivateKey) -> Mapping[str, str]:
    """It as JSON members: the text that was signed, and the signature."""
    members = {
        "kind": "scan",
        "id": asked.id,
        "site": asked.site,
        "ends_at": asked.ends_at.isoformat(),
        "collector": asked.collector,
    }
    text = json.dumps(members, sort_keys=True)
    return {"text": text, "signature": key.sign(_MAGIC + text.encode()).hex()}


def read(members: Mapping[str, Any], key: bytes, collector: bytes) -> Asked:
    """The reverse, for the collector with this key. Raises UsageError if the centre's key did not sign it for it."""
    try:
        text, signature = str(members["text"]), bytes.fromhex(members["signature"])
        if len(text) > _LONGEST or not is_signed(key, signature, _MAGIC + text.encode()):
            raise UsageError("an errand is not signed by the centre that this collector enrolled at")
        said = json.loads(text)
        asked = Asked(
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
