"""The nouns of ``people.py``: an account, and the person who has it. Cheap to import."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from datetime import datetime

LONGEST = 255
"""Characters of an issuer or a subject (OpenID Connect Core 1.0, section 2)."""
_CODE = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Somebody, as the service knows them that signs them in."""

    issuer: str
    subject: str

    @property
    def code(self) -> str:
        """Eight letters and digits by which two people can say on the telephone which account is meant."""
        digest = hashlib.sha256(json.dumps([self.issuer, self.subject]).encode()).digest()
        text = base64.b32encode(digest).decode()[:_CODE]
        return f"{text[:4]}-{text[4:]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One account, and what it may do."""

    number: int
    account: Account
    rights: str = ""
    """What an owner lets them do: a word of the caller's; empty where nobody said."""
    claimed: str = ""
    """What the service that signed them in said of it, the last time."""
    role: str = ""
    """The role that the log is to hold: no name."""
    sites: tuple[str, ...] | None = None
    """The only sites that they may see; None for all."""
    revision: int = 1
    """Counts its changes by an owner."""
    since: datetime
    seen_at: datetime | None = None
    """When they signed in last."""
    ended_at: datetime | None = None
    """When an owner ended their access."""

    @property
    def allowed(self) -> str:
        """What they may do: an owner's word goes before the service's; empty for nothing."""
        return "" if self.ended_at else self.rights or self.claimed

    @property
    def is_waiting(self) -> bool:
        """Whether they signed in, and nobody has said yet what they may do."""
        return not (self.rights or self.claimed or self.ended_at)
