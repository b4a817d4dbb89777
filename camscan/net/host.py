"""What a TCP probe is handed: one address, already in scope, already paced, one connection at a time."""

from __future__ import annotations

from typing import Protocol

from camscan.dataclass import dataclass
from camscan.model import Outcome


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one exchange on one port."""

    port: int
    outcome: Outcome
    payload: bytes = b""
    detail: str = ""
    probe: str = ""
    """Name of the probe whose parser reads the payload, where it is not the asking one."""
    hung: bool = False
    """The connection stood, and the peer neither finished nor closed it in the time allowed."""
    barred: bool = False
    """A firewall refused the connection, which may let those to other ports pass."""
    is_cut_off: bool = False
    """The peer went on sending when the time or the bytes that a reply may take were used up."""
    is_too_long: bool = False
    """The reply says itself that it is longer than is read of one."""
    is_hearsay: bool = False
    """The network says so, and not the peer: any router on the way can."""


class Host(Protocol):
    """One address behind the door. No method raises for what the network does; the outcome says it."""

    ip: str

    async def exchange(self, port: int, request: bytes, *, until: bytes = b"", limit: int = 65536) -> Answer:
        """Connect, send ``request``, read until ``until``, close, ``limit`` bytes or the time limit."""
        ...

    async def http(self, port: int, request: bytes, *, limit: int = 65536) -> Answer:
        """One HTTP request and its reply, read leniently; TLS where the port turns out to speak it.

        The payload is status line, headers, blank line and body, de-chunked, as in the captured-reply format.
        """
        ...

    async def certificate(self, port: int) -> Answer:
        """TLS handshake only. The payload is lines ``subject=``, ``issuer=``, ``sha256=``, ``version=`` and more."""
        ...
