"""A signed JSON document to a web address: for a service desk, a SIEM or a script of the council.

The schema is ``camscan/notify/webhook.schema.json``. Signature: ``X-Camscan-Signature: sha256=`` and the HMAC-SHA256
(RFC 2104) of ``X-Camscan-Time``, a full stop and the body, in hexadecimal digits.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from typing import Any

from camscan.config.recipient import Recipient
from camscan.notify import Channel, Outcome
from camscan.notify._https import post_body
from camscan.notify.message import Item, Message
from camscan.notify.text import FULL, subject_line

SCHEMA = 1


def message_document(message: Message, detail: str) -> dict[str, Any]:
    """The message as JSON."""
    return {
        "schema": SCHEMA,
        "id": message.id,
        "class": message.about,
        "at": message.at.isoformat(timespec="seconds"),
        "organisation": message.organisation,
        "title": subject_line(message),
        "counts": dict(message.counts),
        "items": [_item_document(item, detail) for item in message.items],
        "more": max(0, message.unnamed_count),
        "facts": [{"name": name, "value": value} for name, value in message.facts],
        "command": message.command,
    }


def _item_document(item: Item, detail: str) -> dict[str, Any]:
    found = {"kind": item.kind, "asset_id": item.asset_id, "site": item.site, "what": item.brief}
    if detail == FULL:
        found |= {"old": item.old, "new": item.value, "detail": item.detail}
    return found


def sign_body(secret: str, moment: str, body: bytes) -> str:
    """The value of ``X-Camscan-Signature``; ``moment`` is the value of ``X-Camscan-Time``."""
    found = hmac.new(secret.encode(), moment.encode() + b"." + body, hashlib.sha256)
    return f"sha256={found.hexdigest()}"


def post_document(message: Message, recipient: Recipient) -> Outcome:
    """Post it, signed."""
    body = json.dumps(message_document(message, recipient.detail)).encode()
    moment = str(int(time.time()))
    headers = {
        "Content-Type": "application/json",
        "Idempotency-Key": message.id,
        "X-Camscan-Time": moment,
        "X-Camscan-Signature": sign_body(recipient.text("secret"), moment, body),
    }
    return post_body(recipient, body, headers)


CHANNEL = Channel(
    name="webhook",
    title="signed JSON to a web address",
    needs=(("url",), ("secret",)),
    send=post_document,
    takes=("ca_file",),
)
