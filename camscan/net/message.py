"""Reads text messages of HTTP, RTSP and SSDP as leniently as cameras write them.

Pure: bytes in, nouns or an error out.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator

from camscan.cache import remember_short
from camscan.dataclass import dataclass
from camscan.errors import NotSpoken

_STATUS_LINE = re.compile(
    rb"(?P<version>(?:HTTP|RTSP|ICY)(?:/[0-9]{1,3}(?:\.[0-9])?|(?=[ \t]+[1-9][0-9]{2}(?![0-9]))))"
    rb"(?:[ \t]*(?P<status>[1-9][0-9]{2})(?![0-9]))?(?P<reason>.*)\Z",
    re.IGNORECASE | re.DOTALL,
)
_REQUEST_LINE = re.compile(
    rb"[A-Za-z][A-Za-z_-]{2,31}[ \t]+[^ \t]+[ \t]+(?P<version>(?:HTTP|RTSP)/[0-9.]{1,7})[ \t]*\Z"
)
_HEADER_LINE = re.compile(rb"[A-Za-z][A-Za-z0-9_.-]*[ \t]*:")
_JUNK = b"\xef\xbb\xbf\x00 \t\r\n"
_SEPARATORS = re.compile(r"[\s,;]*")
_STRAY = re.compile(r"[\s,;\"=]*")
_TOKEN = re.compile(r"[^\s,;=\"]+")
_EQUALS = re.compile(r"[ \t]*=[ \t]*")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"?', re.DOTALL)
_BARE = re.compile(r"[^,;]*")
_LINES = 1024
"""Maximum header lines of a message that are kept: no camera sends 60."""
_SCHEMES = 32
_PARAMETERS = 64
"""Maximum schemes in the challenges of one message, and parameters of one scheme: real ones have 2 and 6."""
_TOKEN68 = re.compile(r"[ \t]+([A-Za-z0-9._~+/-]+=*)[ \t]*(?=,|$)")


@dataclass(frozen=True, slots=True)
class Message:
    """One message; for a request (SSDP NOTIFY) ``status`` is None and ``start`` holds the request line."""

    start: str
    """The start line as sent; empty if there was none (``lenient_body``)."""
    version: str
    """``HTTP/1.1``, ``RTSP/1.0``, ``ICY`` …, in upper case; empty if there was no start line."""
    status: int | None
    reason: str
    headers: tuple[tuple[str, str], ...]
    """The headers as sent, in their order; a line without a colon is a name with an empty value."""
    body: bytes

    def get(self, name: str) -> str | None:
        """The first value of the header ``name`` (in upper or lower case); None if it was not sent."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)

    def all(self, name: str) -> list[str]:
        """Every value of the header ``name`` (in upper or lower case), in the order sent."""
        wanted = name.lower()
        return [value for key, value in self.headers if key.lower() == wanted]


@dataclass(frozen=True, slots=True)
class Challenge:
    """One scheme of a WWW-Authenticate header (RFC 9110, section 11.6.1)."""

    scheme: str
    """The scheme as sent: ``Digest``, ``Basic`` …; empty if parameters came without one."""
    params: dict[str, str]
    """Lower-case name -> unquoted value; the first one counts if a name is repeated."""
    order: tuple[str, ...]
    """Lower-case names in the order sent, in which cameras differ."""


def parse_message(payload: bytes, *, lenient_body: bool = False) -> Message:
    """Read one message. Raises NotSpoken if there is no start line of HTTP, RTSP, SSDP or ICY.

    With ``lenient_body`` such bytes are a reply without a start line: headers alone if the first line is one, otherwise
    a body alone (HTTP/0.9, as some cameras still answer).
    """
    data = payload.lstrip(_JUNK)
    end = b"\n" if b"\n" in data else b"\r"
    first, _, rest = data.partition(end)
    start = first.rstrip(b"\r \t\x00")
    if found := _STATUS_LINE.match(start):
        status = int(found["status"]) if found["status"] else None
        reason = _header_text(found["reason"]).strip()
        return Message(
            _header_text(start), _header_text(found["version"]).upper(), status, reason, *_split_head(rest, end)
        )
    if found := _REQUEST_LINE.match(start):
        return Message(_header_text(start), _header_text(found["version"]).upper(), None, "", *_split_head(rest, end))
    if not lenient_body:
        raise NotSpoken(f"no status or request line: {_header_text(start[:40])!r}")
    if _HEADER_LINE.match(start):
        return Message("", "", None, "", *_split_head(data, end))
    return Message("", "", None, "", (), payload)


def read_challenges(values: Iterable[str]) -> list[Challenge]:
    """Every scheme in every WWW-Authenticate value; one header may have several schemes."""
    return list(itertools.islice((challenge for value in values for challenge in _split_challenges(value)), _SCHEMES))


def _header_text(raw: bytes) -> str:
    """A header as text: UTF-8, otherwise ISO 8859-1, which never fails.

    NUL is dropped, because no database column takes it.
    """
    raw = raw.replace(b"\x00", b"")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _split_head(data: bytes, end: bytes) -> tuple[tuple[tuple[str, str], ...], bytes]:
    """Split off the header lines: up to an empty line, or to plain markup (cameras forget the empty line)."""
    lines: list[list[bytes]] = []
    position = count = 0
    while position < len(data):
        stop = data.find(end, position)
        following = len(data) if stop < 0 else stop + 1
        line = data[position : len(data) if stop < 0 else stop].rstrip(b"\r")
        if not line.strip(b" \t\x00"):
            position = following
            break
        if line.startswith(b"<"):
            break
        count += 1
        if count > _LINES:
            pass
        elif line[:1] in b" \t" and lines:  # folded: RFC 9112, section 5.2
            lines[-1].append(line.strip())
        else:
            lines.append([line])
        position = following
    return tuple(_read_header(b" ".join(parts)) for parts in lines), data[position:]


@remember_short
def _read_header(line: bytes) -> tuple[str, str]:
    name, _, value = line.partition(b":")
    return _header_text(name).strip(), _header_text(value).strip()


def _split_challenges(value: str) -> Iterator[Challenge]:
    scheme, params, order = "", dict[str, str](), list[str]()
    position = _end_of_match(_SEPARATORS, value, 0)
    while position < len(value) and len(order) < _PARAMETERS:
        token = _TOKEN.match(value, position)
        if token is None:
            position = _end_of_match(_STRAY, value, position)
            continue
        position = token.end()
        if equals := _EQUALS.match(value, position):
            text, position = _read_value(value, equals.end())
            name = token[0].lower()
            params.setdefault(name, text)
            order.append(name)
        else:
            if scheme or order:
                yield Challenge(scheme, params, tuple(order))
            scheme, params, order = token[0], {}, []
            if token68 := _TOKEN68.match(value, position):  # Negotiate, NTLM: one opaque token instead of parameters
                params["token68"] = token68[1]
                position = token68.end()
        position = _end_of_match(_SEPARATORS, value, position)
    if scheme or order:
        yield Challenge(scheme, params, tuple(order))


def _read_value(value: str, position: int) -> tuple[str, int]:
    if quoted := _QUOTED.match(value, position):
        return re.sub(r"\\(.)", r"\1", quoted[1], flags=re.DOTALL), quoted.end()
    bare = _BARE.match(value, position)
    return (bare[0].strip(), bare.end()) if bare else ("", position)


def _end_of_match(pattern: re.Pattern[str], value: str, position: int) -> int:
    found = pattern.match(value, position)
    return found.end() if found else position
