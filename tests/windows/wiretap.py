"""How many packets a scan sends: counted on the loopback of the story, which is its own network."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

_ALL = 0x0003  # ETH_P_ALL, linux/if_ether.h
_OUTGOING = 4  # PACKET_OUTGOING, linux/if_packet.h
_SCANNER = bytes((127, 0, 0, 1))
_UNITS = bytes((127, 20))
_TCP, _UDP = 6, 17
_STAMP = 35  # SO_TIMESTAMPNS, asm-generic/socket.h: when the kernel saw it, and not when somebody had time to read it
_TIME = struct.Struct("@qq")


@dataclass
class Count:
    """What the scanner sent to units and groups; nothing that units sent."""

    tcp: list[float] = field(default_factory=list)
    """Times at which packets were sent."""
    udp: list[float] = field(default_factory=list)

    @property
    def total(self) -> int:
        """Number of packets."""
        return len(self.tcp) + len(self.udp)

    @property
    def peak(self) -> int:
        """The most packets within any second."""
        times, first, most = sorted(self.tcp + self.udp), 0, 0
        for number, moment in enumerate(times):
            while moment - times[first] >= 1:
                first += 1
            most = max(most, number - first + 1)
        return most

    def __str__(self) -> str:
        return (
            f"{self.total:,} packets ({len(self.tcp):,} TCP, {len(self.udp):,} UDP), at most {self.peak:,} in a second"
        )


@contextlib.contextmanager
def count_packets() -> Iterator[Count]:
    """Count while the block runs. Needs root."""
    count, ended = Count(), threading.Event()
    with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ALL)) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 << 20)
        sock.setsockopt(socket.SOL_SOCKET, _STAMP, 1)
        sock.settimeout(0.1)
        thread = threading.Thread(target=_listen, args=(sock, count, ended))
        thread.start()
        try:
            yield count
        finally:
            ended.set()
            thread.join()


def _listen(sock: socket.socket, count: Count, ended: threading.Event) -> None:
    while not ended.is_set():
        with contextlib.suppress(TimeoutError):
            packet, [(_level, _type, stamp)], _flags, (_name, _protocol, kind, *_) = sock.recvmsg(64, 64)
            seconds, nanoseconds = _TIME.unpack(stamp)
            group = len(packet) >= 20 and 224 <= packet[16] < 240
            if kind == _OUTGOING and packet[12:16] == _SCANNER and (group or packet[16:18] == _UNITS):
                {_TCP: count.tcp, _UDP: count.udp}.get(packet[9], []).append(seconds + nanoseconds / 1e9)
