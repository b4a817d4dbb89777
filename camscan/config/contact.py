"""``contact:`` of camscan.yaml: whom to tell about a page that does not work, for the accessibility statement."""

from __future__ import annotations

from datetime import date

from camscan.config.value import read_date, read_word
from camscan.dataclass import dataclass
from camscan.strict_yaml import Node


@dataclass(frozen=True, slots=True)
class Contact:
    """The settings in ``contact:``; empty without it."""

    team: str = ""
    """A team or a role that answers, never a person."""
    email: str = ""
    phone: str = ""
    post: str = ""
    """A postal address, on one line."""
    checked_on: date | None = None
    """The day on which the council itself last checked the pages."""


def read_contact(node: Node) -> Contact:
    """Read the section. Raises ConfigError with file and line."""
    members = node.only("team", "email", "phone", "post", "checked_on")
    texts = {name: read_word(each) for name, each in members.items() if name not in {"checked_on", "email"}}
    email, checked = members.get("email"), members.get("checked_on")
    return Contact(email=_email(email) if email else "", checked_on=read_date(checked) if checked else None, **texts)


def _email(node: Node) -> str:
    text = read_word(node)
    name, at, host = text.partition("@")
    if not name or not at or "." not in host or " " in text:
        raise node.error(f"'{text}' is not an e-mail address; write it as cctv@council.example")
    return text
