# SPDX-FileCopyrightText: 2026 the camscan authors
# SPDX-License-Identifier: GPL-2.0-only
"""Decides what is printed: each message of a device once, and within bounds. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

try:
    from _blake2 import blake2b  # hashlib has the same one, and loads OpenSSL too: three milliseconds
except ImportError:  # a Python that was built without it
    from hashlib import blake2b

TYPE_CHECKING = False  # typing takes a millisecond to load
if TYPE_CHECKING:
    from typing import Any

MOST_REPLIES = 1 << 18
"""The most different replies that one run prints."""
MOST_OF_ONE = 32
"""The most replies of one address in one protocol; and as many again that were unsolicited."""
MOST_BYTES = 256 << 20
"""The most bytes that one run prints."""
TAIL = 256
"""Bytes at the end of a handshake that hold the end of the certificate; those before it are new every time."""
_ALIKE = {
    # Parts that differ although the message is the same: times, numbers of questions, challenges.
    **dict.fromkeys(
        ("http", "rtsp", "onvif", "isapi", "upnp", "rpc2", "dahua_cgi"),
        r"(?i)\n(?:date|expires|last-modified|etag|content-length|content-type|age|cseq|session|x-request-id):[^\n]*"
        r'|\bnonce="[^"]*"|<(?:\w{1,16}:)?(?:Hour|Minute|Second|MessageID)>[^<]*|"(?:session|random)"\s*:\s*[^,}]*',
    ),
    "wsd": r"(?:RelatesTo|MessageID)\b[^<>]{0,200}>[^<]{1,100}|\b(?:MessageNumber|InstanceId)=\S{0,64}",
    "sadp": r"(?i)<Uuid>[^<]{1,64}",
    "dvrip": r"Random:[^\r\n]*",
}
"""Protocol -> pattern. Each is compiled when it is needed: a search for SADP needs one of them."""


class PrintedReplies:
    """The replies that were printed so far, as digests, because replies may be long and many."""

    def __init__(self) -> None:
        self.left_out = 0
        """How many replies were left out because of one of the bounds."""
        self._seen: set[bytes] = set()
        self._of_one: dict[tuple[str, str, bool], int] = {}
        self._bytes = 0

    @property
    def count(self) -> int:
        """How many replies were printed."""
        return len(self._seen)

    def is_new(self, reply: Mapping[str, Any]) -> bool:
        """Whether a reply was not printed before, and is within the bounds."""
        payload = _reply_essence(reply)
        key = "\0".join([*(str(reply.get(name, "")) for name in ("protocol", "ip", "port", "device")), payload])
        digest = blake2b(key.encode("utf-8", "replace"), digest_size=16).digest()
        if digest in self._seen:
            return False
        if reply.get("solicited") is False:  # an earlier answer is not new when it comes unsolicited
            digest = blake2b(digest, digest_size=16).digest()
            if digest in self._seen:
                return False
        # Anybody can send unsolicited replies in its name, so they take no room from its answers.
        is_asked = reply.get("solicited") is not False
        one = (str(reply.get("device") or reply.get("ip", "")), str(reply["protocol"]), is_asked)
        count = self._of_one.get(one, 0)
        if len(self._seen) >= MOST_REPLIES or count >= MOST_OF_ONE or self._bytes >= MOST_BYTES:
            self.left_out += 1
            return False
        self._seen.add(digest)
        self._of_one[one] = count + 1
        self._bytes += len(payload)
        return True


def _reply_essence(reply: Mapping[str, Any]) -> str:
    text = str(reply.get("payload", ""))
    if not text:
        encoded = str(reply.get("payload_b64", ""))
        return encoded[-TAIL:] if reply["protocol"] == "tls" else encoded
    varies = _ALIKE.get(str(reply["protocol"]))
    return re.sub(varies, "", text) if varies else text
