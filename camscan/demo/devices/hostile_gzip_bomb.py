"""A page that unpacks to 200 MB, although nobody said that it may be packed."""

from __future__ import annotations

import functools
import gzip

from camscan.demo.device import Device, Unit
from camscan.demo.wire import http


@functools.cache
def packed_zeros() -> bytes:
    """200 MB of zeros, packed twice in pieces, so that making them needs little memory."""
    one = gzip.compress(bytes(1 << 20), 9)
    return one * 200


def bomb_page(_unit: Unit, _asked: http.HttpRequest) -> bytes:
    """The packed page, for any request."""
    return http.make_reply("200 OK", (("Content-Encoding", "gzip"), ("Content-Type", "text/html")), packed_zeros())


DEVICE = Device(
    maker=None,
    kind=None,
    is_camera_system=None,
    oui="02:00:5e",
    once=True,
    hostile=True,
    first=90,
    services=(http.service(bomb_page),),
)
