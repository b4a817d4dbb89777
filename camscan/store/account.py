"""The nouns of ``people.py``: an account, and the person who has it. Cheap to import."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from datetime import datetime

LONGEST = 255
"""Maximum characters of an issuer or a subject (OpenID Connect Core 1.0, section 2)."""
_CODE = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account at the sign-in service."""

    issuer: str
    subject: str

    @property
    def code(self) -> str:
        """Eight letters and digits by which two people on the telephone can name the account."""
        digest = hashlib.sha256(json.dumps([self.issuer, self.subject]).encode()).digest()
        text = base64.b32encode(digest).decode()[:_CODE]
        return f"{text[:4]}-{text[4:]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One account, and what it may do."""

    number: int
    account: Account
    rights: str = ""
    """The rights that an owner gave: a word that the caller chooses; empty if no owner has given any."""
    claimed: str = ""
    """The rights that the sign-in service named at the last sign-in."""
    role: str = ""
    """The role for the log; never a name."""
    sites: tuple[str, ...] | None = None
    """The only sites that they may see; None for all."""
    revision: int = 1
    """Number of changes that owners made."""
    since: datetime
    seen_at: datetime | None = None
    """The last sign-in."""
    ended_at: datetime | None = None
    """When an owner ended the access."""

    @property
    def allowed(self) -> str:
        """The rights in force: an owner's word counts before the service's; empty for none."""
        return "" if self.ended_at else self.rights or self.claimed

    @property
    def is_waiting(self) -> bool:
        """Whether the person has signed in, and nobody has yet given the account rights."""
        return not (self.rights or self.claimed or self.ended_at)
