# SPDX-FileCopyrightText: 2026 the camscan authors
# SPDX-License-Identifier: GPL-2.0-only
"""Raw sockets, and giving up the privilege that opened them."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import socket
import struct
import sys
import time
from collections.abc import Iterator, Sequence
from select import select

from camscan.link.interface import Interface
from camscan.link.trouble import Code, Trouble

ETH_P_ALL = 0x0003
SO_ATTACH_FILTER = 26  # asm-generic/socket.h
SO_RCVBUFFORCE = 33
IP_MINTTL = 21  # ip(7)
SOL_PACKET, PACKET_ADD_MEMBERSHIP, PACKET_MR_ALLMULTI = 263, 1, 2  # linux/if_packet.h
PR_SET_NO_NEW_PRIVS = 38  # linux/prctl.h
CAPABILITY_VERSION_3 = 0x20080522  # linux/capability.h
RECEIVE_BUFFER = 8 << 20
FRAME = 65536
"""Bytes of the largest frame."""
PATIENCE = 1000
"""How often one frame is tried before its interface is given up."""

Instruction = tuple[int, int, int, int]
"""One instruction of a classic BPF program: code, jump if true, jump if false, operand."""


def open_packets(
    interface: Interface, protocol: int, program: Sequence[Instruction], *, multicast: bool = False
) -> socket.socket:
    """Open a packet socket that hears frames of one EtherType which a filter accepts.

    The filter is attached before the socket is bound, so that no other frame slips in. ``multicast`` lets the interface
    pass every multicast frame, without joining a group: joining would send a packet. Raises Trouble without the
    privilege.
    """
    if not sys.platform.startswith("linux"):
        raise Trouble(Code.UNSUPPORTED, "raw packets are only implemented for Linux")
    try:
        packets = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    except PermissionError:
        message = "needs the privilege to send raw packets (CAP_NET_RAW): run as root, or see docs/privileges.md"
        raise Trouble(Code.PRIVILEGE, message) from None
    except OSError as error:
        raise Trouble(Code.UNSUPPORTED, f"this kernel opens no packet sockets: {error.strerror}") from None
    try:
        _attach_filter(packets, program)
        _grow_buffer(packets)
        if multicast:
            request = struct.pack("=iHH8s", interface.index, PACKET_MR_ALLMULTI, 0, b"")
            packets.setsockopt(SOL_PACKET, PACKET_ADD_MEMBERSHIP, request)
        packets.bind((interface.name, protocol))
        packets.setblocking(False)
    except OSError as error:
        packets.close()
        raise Trouble(Code.INTERFACE, f"{interface.name} cannot be listened on: {error.strerror}") from None
    return packets


def receive_frame(packets: socket.socket, size: int) -> bytes | None:
    """The next frame, cut to ``size`` bytes; None if none waits. Raises Trouble if the interface is down."""
    try:
        return packets.recv(size)
    except BlockingIOError:
        return None
    except OSError as error:
        raise Trouble(Code.INTERFACE, f"the interface can no longer be listened on: {error.strerror}") from None


def frames_for(packets: socket.socket, seconds: float) -> Iterator[bytes]:
    """Yield frames as they come, for so many seconds."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        if select([packets], [], [], left)[0] and (frame := receive_frame(packets, FRAME)):
            yield frame


def send_frame(packets: socket.socket, frame: bytes) -> None:
    """Send one frame. If the card's queue is full, wait for room rather than lose the question."""
    for _ in range(PATIENCE):
        try:
            packets.send(frame)
        except BlockingIOError:
            select([], [packets], [], 1.0)
        except OSError as error:
            if error.errno != errno.ENOBUFS:
                raise Trouble(Code.INTERFACE, f"the interface takes no more packets: {error.strerror}") from None
            time.sleep(0.005)
        else:
            return
    raise Trouble(Code.INTERFACE, "the interface takes no more packets: its queue stays full")


def keep_silent(listener: socket.socket) -> None:
    """Let the system drop packets that come through a router for a TCP socket, instead of answering with its own reset.

    It uses RFC 5082: a packet that a router has passed on never has the highest time to live. A filter on the socket
    would do it too, but current kernels allow one on TCP only with CAP_NET_ADMIN. If this is refused, the system's
    resets are sent beside ours, which harms nobody.
    """
    with contextlib.suppress(OSError):
        listener.setsockopt(socket.IPPROTO_IP, IP_MINTTL, 255)


def _attach_filter(packets: socket.socket, program: Sequence[Instruction]) -> None:
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in program))
    # struct sock_fprog: unsigned short, then a pointer at its natural alignment
    packets.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HP", len(program), ctypes.addressof(code)))


def _grow_buffer(packets: socket.socket) -> None:
    """Make room for a burst of answers.

    More than the system's limit needs CAP_NET_ADMIN; without it the limit will do.
    """
    try:
        packets.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER)
    except PermissionError:
        packets.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)


def give_up_privileges() -> None:
    """Become nobody, drop every capability, and never gain one again. Everything must be imported and opened before."""
    if not sys.platform.startswith("linux"):
        return  # this system gives nobody a privilege
    libc = ctypes.CDLL(None, use_errno=True)
    if os.geteuid() == 0:
        import pwd  # noqa: PLC0415 - Windows has none, and reads captures too

        try:
            nobody = pwd.getpwnam("nobody")
            user, group = nobody.pw_uid, nobody.pw_gid
        except KeyError:
            user = group = 65534
        try:
            os.setgroups([])
            os.setresgid(group, group, group)
            os.setresuid(user, user, user)
        except OSError:
            pass  # in a container that maps no other user; the capabilities are dropped below
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise Trouble(Code.PRIVILEGE, f"cannot give privileges up: {os.strerror(ctypes.get_errno())}")
    header = struct.pack("=Ii", CAPABILITY_VERSION_3, 0)
    if libc.capset(header, bytes(24)) != 0:
        raise Trouble(Code.PRIVILEGE, f"cannot give capabilities up: {os.strerror(ctypes.get_errno())}")
