"""What a TCP probe gets: one address that is in scope and paced, with one connection at a time."""

from __future__ import annotations

from typing import Protocol

from camscan.dataclass import dataclass
from camscan.model import Outcome


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of one exchange on one port."""

    port: int
    outcome: Outcome
    payload: bytes = b""
    detail: str = ""
    probe: str = ""
    """Name of the probe whose parser reads the payload, if it is not the probe that asked."""
    has_hung: bool = False
    """Whether the connection was established, and the peer neither finished nor closed it in time."""
    is_barred: bool = False
    """Whether a firewall refused the connection; it may allow those to other ports."""
    is_cut_off: bool = False
    """Whether the peer was still sending when the limit of time or bytes was reached."""
    is_too_long: bool = False
    """Whether the reply itself says that it is longer than the limit."""
    is_hearsay: bool = False
    """Whether the network gave the outcome and not the peer: any router on the way can do that."""


class Host(Protocol):
    """One address behind the door. No method raises an exception for the network; the outcome says what happened."""

    ip: str

    async def exchange(self, port: int, request: bytes, *, until: bytes = b"", limit: int = 65536) -> Answer:
        """Connect, send ``request``, read until ``until``, the end, ``limit`` bytes or the time limit, and close."""
        ...

    async def http(self, port: int, request: bytes, *, limit: int = 65536) -> Answer:
        """Send one HTTP request, and read its reply leniently; TLS if the port speaks it.

        The payload is status line, headers, blank line and body, de-chunked, as in the captured-reply format.
        """
        ...

    async def certificate(self, port: int) -> Answer:
        """Make a TLS handshake only.

        The payload is lines ``subject=``, ``issuer=``, ``sha256=``, ``version=`` and more.
        """
        ...
