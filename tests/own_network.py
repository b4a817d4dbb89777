"""A network of its own for a process of the tests: a loopback that nobody else uses, and no way out.

Estates on loopback hear every question to a group, whoever sends it: in networks of their own, test runs and the
workers of one run do not meet. It needs Linux and root; elsewhere files that run estates take turns (``conftest.py``).
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import socket
import struct
import sys
from collections.abc import Iterator

_NEW_NETWORK = 0x40000000  # CLONE_NEWNET, sched.h
_GET_FLAGS, _SET_FLAGS, _UP = 0x8913, 0x8914, 1  # SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP: netdevice(7)
_REQUEST = "16sh14x"
_LEFT: list[int] = []
"""The network that this process came from."""


def is_root() -> bool:
    """Whether these tests are run by root; on Windows nobody is."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


def possible() -> bool:
    """Whether a process may have one here. Tries it in a child."""
    if sys.platform != "linux" or not is_root():
        return False
    child = os.fork()
    if not child:
        os._exit(not _enter())
    return os.waitpid(child, 0)[1] == 0


def enter() -> None:
    """Go into a network of its own, and stay there; harmless where that is not possible, or when repeated."""
    if sys.platform == "linux" and is_root() and not _LEFT:
        left = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        if _enter():
            _LEFT.append(left)


@contextlib.contextmanager
def outside() -> Iterator[None]:
    """The machine's own network while the block runs: for what fetches packages."""
    if not _LEFT:
        yield
        return
    own = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    _call("setns", _LEFT[0], _NEW_NETWORK)
    try:
        yield
    finally:
        _call("setns", own, _NEW_NETWORK)
        os.close(own)


def _enter() -> bool:
    try:
        _call("unshare", _NEW_NETWORK)
    except OSError:
        return False
    import fcntl  # noqa: PLC0415 - Windows has none

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        _, flags = struct.unpack(_REQUEST, fcntl.ioctl(sock, _GET_FLAGS, struct.pack(_REQUEST, b"lo", 0)))
        fcntl.ioctl(sock, _SET_FLAGS, struct.pack(_REQUEST, b"lo", flags | _UP))
    return True


def _call(name: str, *arguments: int) -> None:
    if getattr(ctypes.CDLL(None, use_errno=True), name)(*arguments):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
