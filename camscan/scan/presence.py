"""Whether anybody is at an attached address: a device there has a MAC, and the kernel had to ask for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field

from camscan.dataclass import dataclass
from camscan.model import Reply
from camscan.net.door import Door
from camscan.net.neighbour import Neighbours, neighbours_v6
from camscan.scan.state import ScanState


@dataclass(slots=True)
class Presence:
    """The MACs of one scan's attached addresses."""

    door: Door
    state: ScanState
    on_reply: Callable[[Reply], None] = lambda _reply: None
    """Takes a MAC, as a reply of the address that has it."""
    _neighbours: Neighbours = field(default_factory=Neighbours)
    _neighbours_v6: Neighbours = field(default_factory=lambda: Neighbours(neighbours_v6))

    def needs_mac(self, ip: str) -> bool:
        """Whether a datagram alone proves nothing: on an attached subnet, every living device has a MAC."""
        return self.door.on_link(ip) and ip not in self.state.proxied

    def nobody_there(self, ip: str) -> bool:
        """Whether the address is on an attached link, was sent to, and did not answer even ARP.

        In IPv6 it is asked in any case: few addresses are tried there, and the table fills later.
        """
        if not self.needs_mac(ip):
            return False
        self.take_mac(ip)
        return ":" not in ip and not (ip in self.state.alive or self._neighbours.is_assumed(ip))

    def seconds_for_mac(self, ip: str) -> float:
        """Seconds for which the kernel continues to ask for the MAC of an address."""
        return self._neighbours.asked_for(ip)

    def take_mac(self, ip: str) -> None:
        """Take an attached unit's MAC from the kernel, which had to ask for it."""
        is_known = self.state.has_answered_in(ip, "mac") or not self.door.on_link(ip)
        lives = ip in self.state.alive or self.state.has_answered(ip)
        table = self._neighbours_v6 if ":" in ip else self._neighbours
        if not is_known and (mac := table.mac(ip, lives=lives)):
            self.on_mac(ip, mac)

    def on_mac(self, ip: str, mac: str) -> None:
        """Take the MAC that answers ARP for an address, unless it is a router's."""
        if self.state.is_own_mac(ip, mac):
            self.on_reply(Reply("mac", mac.encode(), ip, 0))

    def forget_unit(self, ip: str) -> None:
        """Let the kernel forget a unit that is finished, if its table may fill up."""
        if ip in self.state.alive and (interface := self.door.link_of(ip)):
            self._neighbours.release(ip, interface)
