"""What a page is, what it is asked with, and what it may answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from camscan.web.rights import Role, Visitor
from camscan.web.sender import Sender

if TYPE_CHECKING:
    from camscan.web.desk import Desk

LONGEST = 2000
"""Characters of one value of an address."""
NO_VISITOR = Visitor(subject="", rights=Role.FOI)
"""Stands for who has not signed in, on pages that anybody may see: it may see nothing else."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that somebody sent."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request, when it has passed every guard: who asks, and for what."""

    desk: Desk
    visitor: Visitor
    path: str
    name: str = ""
    """Of the page that is asked for; empty where there is none."""
    within: Mapping[str, str] = field(default_factory=dict)
    """The parts of the path that the page's own path names: ``number`` of ``/device/{number}``."""
    query: Sequence[tuple[str, str]] = ()
    form: Sequence[tuple[str, str]] = ()
    """Of a form that was sent; its token was checked."""
    files: Mapping[str, Upload] = field(default_factory=dict)
    secret: str = ""
    """Of the cookie; empty for who has not signed in."""
    token: str = ""
    """Goes into every form, as ``token``."""
    sender: Sender = field(default_factory=Sender)
    """Where it comes from."""
    journey: str = ""
    """Of the cookie of somebody who is on their way to the sign-in service and back."""

    def one(self, name: str, default: str = "") -> str:
        """A value of the query string, on one line; the first where there are several."""
        return next((value.strip()[:LONGEST] for key, value in self.query if key == name), default)

    def has(self, name: str) -> bool:
        """Whether the query string names it."""
        return any(key == name for key, _ in self.query)

    def number(self, name: str, default: int = 1) -> int:
        """A whole number of the query string; ``default`` where it is none, or beyond any use."""
        text = self.one(name)
        return int(text) if text.isascii() and text.isdecimal() and len(text) < 8 else default  # noqa: PLR2004 - digits

    def sent(self, name: str, default: str = "") -> str:
        """A value of the form; line breaks as LF."""
        found = next((value for key, value in self.form if key == name), default)
        return found.replace("\r\n", "\n").replace("\r", "\n").strip()

    def all_sent(self, name: str) -> list[str]:
        """Every value of that name in the form: check boxes."""
        return [value for key, value in self.form if key == name]

    def link(self, **changed: object) -> str:
        """This page's address with some values of its query string changed; None and empty take one away."""
        kept = [(key, value[:LONGEST]) for key, value in self.query if key not in changed]
        kept += [(key, str(value)) for key, value in changed.items() if value not in {None, ""}]
        return f"{self.path}?{urlencode(kept, errors='replace')}" if kept else self.path


# ── answers ──────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Drawn:
    """A page to be drawn: a template of ``web/templates``, and its values."""

    template: str
    title: str
    values: Mapping[str, Any] = field(default_factory=dict)
    status: int = 200


@dataclass(frozen=True, slots=True)
class Redirect:
    """Go and see another page of ours: after a form was taken, or where a search found one device."""

    to: str
    """A path, with its query string."""
    secret: str | None = None
    """Of a session that has begun; empty where one has ended."""


@dataclass(frozen=True, slots=True)
class Away:
    """Go to the sign-in service, and come back."""

    to: str
    """Its whole address."""
    journey: str
    """For the cookie by which they are known when they come back."""


@dataclass(frozen=True, slots=True)
class Download:
    """A file to be kept."""

    name: str
    content: bytes | Iterator[bytes]
    """All of it, or piece by piece: what comes of an Iterator is never held as a whole."""
    media_type: str = "application/octet-stream"


Answer = Drawn | Redirect | Away | Download


class Missing(Exception):  # noqa: N818 - an answer, and not a mistake
    """There is no such page, or none for this visitor: what is not theirs is not there."""


class Refused(Exception):  # noqa: N818 - as above
    """They may not; the text says why."""


# ── a page ───────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page. It stands as ``PAGE`` in a file of ``pages/``; the file's name is the page's name."""

    path: str
    """As Starlette writes it: ``/device/{number}``."""
    title: str
    show: Callable[[Asked], Answer] | None = None
    """Answers GET. Runs in a thread of its own; what it raises as a CamscanError is said in a page."""
    take: Callable[[Asked], Answer] | None = None
    """Answers POST."""
    place: int = 0
    """Where its link stands in the navigation, from 1; 0 for nowhere."""
    under: str = ""
    """The name of the page of the navigation to which it belongs; empty where that is itself, or none."""
    most: int = 1_000_000
    """Bytes of a form; more where files are sent."""
    seconds: float = 0
    """Within which it answers, where that is more than the common limit."""
