"""What a page is, what a request holds, and what a page may answer."""

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
"""The most characters of one value in an address."""
NO_VISITOR = Visitor(subject="", rights=Role.FOI)
"""The visitor of a public page who has not signed in: they may see no other page."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that somebody sent."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    """One request that has passed every guard: the visitor, and what they ask for."""

    desk: Desk
    visitor: Visitor
    path: str
    name: str = ""
    """The name of the page; empty if there is none."""
    path_values: Mapping[str, str] = field(default_factory=dict)
    """The parts of the path that the page's own path names: ``number`` of ``/device/{number}``."""
    query: Sequence[tuple[str, str]] = ()
    form: Sequence[tuple[str, str]] = ()
    """The fields of a form that was sent; its token was checked."""
    files: Mapping[str, Upload] = field(default_factory=dict)
    secret: str = ""
    """The secret of the session cookie; empty for visitors who have not signed in."""
    token: str = ""
    """The token that goes into every form, as ``token``."""
    sender: Sender = field(default_factory=Sender)
    """The origin of the request."""
    journey: str = ""
    """The cookie of a visitor who is signing in at the sign-in service."""

    def query_value(self, name: str, default: str = "") -> str:
        """A value of the query string, on one line; the first if there are several."""
        return next((value.strip()[:LONGEST] for key, value in self.query if key == name), default)

    def has_query(self, name: str) -> bool:
        """Whether the query string has a value of this name."""
        return any(key == name for key, _ in self.query)

    def query_number(self, name: str, default: int = 1) -> int:
        """A whole number of the query string; ``default`` if it is not a number, or far too large."""
        text = self.query_value(name)
        return int(text) if text.isascii() and text.isdecimal() and len(text) < 8 else default  # noqa: PLR2004 - digits

    def form_value(self, name: str, default: str = "") -> str:
        """A value of the form, with LF as line breaks."""
        found = next((value for key, value in self.form if key == name), default)
        return found.replace("\r\n", "\n").replace("\r", "\n").strip()

    def form_values(self, name: str) -> list[str]:
        """Every value of this name in the form, such as those of check boxes."""
        return [value for key, value in self.form if key == name]

    def link(self, **changed: object) -> str:
        """This page's address with some values of its query string changed; None and "" remove a value."""
        kept = [(key, value[:LONGEST]) for key, value in self.query if key not in changed]
        kept += [(key, str(value)) for key, value in changed.items() if value not in {None, ""}]
        return f"{self.path}?{urlencode(kept, errors='replace')}" if kept else self.path


# ── answers ──────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class PageContent:
    """A page to be drawn: the name of a template in ``web/templates``, and its values."""

    template: str
    title: str
    values: Mapping[str, Any] = field(default_factory=dict)
    status: int = 200
    is_done: bool = False
    """Whether the form was carried out. For a page that is shown once, instead of a redirect."""


@dataclass(frozen=True, slots=True)
class Redirect:
    """A redirect to another page of ours: after a form was taken, or if a search found one device."""

    to: str
    """A path, with its query string."""
    secret: str | None = None
    """The secret of a session that has begun; empty if one has ended; None if nothing changed."""


@dataclass(frozen=True, slots=True)
class ExternalRedirect:
    """A redirect to the sign-in service."""

    to: str
    """The complete address at the service."""
    journey: str
    """The cookie by which the visitor is recognised when they come back."""


@dataclass(frozen=True, slots=True)
class Download:
    """A file to be saved."""

    name: str
    content: bytes | Iterator[bytes]
    """The complete content, or pieces: an Iterator is sent piece by piece and never completely in memory."""
    media_type: str = "application/octet-stream"


Answer = PageContent | Redirect | ExternalRedirect | Download


class NoSuchPage(Exception):  # noqa: N818 - an answer, and not a mistake
    """There is no such page for this visitor. What they may not see does not exist for them."""


class NotAllowed(Exception):  # noqa: N818 - as above
    """The visitor may not do this; the text says why."""


# ── a page ───────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page: ``PAGE`` in a file of ``pages/``. The name of the file is the name of the page."""

    path: str
    """The path as Starlette writes it: ``/device/{number}``."""
    title: str
    show: Callable[[PageRequest], Answer] | None = None
    """Answers GET. It runs in a thread of its own; a CamscanError that it raises is shown as a page."""
    take: Callable[[PageRequest], Answer] | None = None
    """Answers POST, under the same conditions."""
    place: int = 0
    """The place of its link in the navigation, from 1; 0 for no link."""
    under: str = ""
    """The page of the navigation to which it belongs; empty if it is in the navigation itself, or belongs to none."""
    most: int = 1_000_000
    """The most bytes of a form; more for a form that sends files."""
    seconds: float = 0
    """Seconds within which the page answers, if that is more than the common limit."""
