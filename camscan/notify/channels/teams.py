"""A card in a Microsoft Teams channel, by a workflow ("When a Teams webhook request is received").

Adaptive Card 1.4 (adaptivecards.io/explorer). The older connectors and their MessageCard were retired. Text of devices
stands in ``TextRun`` elements, which know no Markdown: nobody's text can become a link. A workflow answers 202 before
it posts the card; whether it did, only the channel shows.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from camscan.config.recipient import Recipient
from camscan.notify import Channel, Outcome
from camscan.notify._https import post
from camscan.notify.message import Message
from camscan.notify.text import TITLES, closing, parts, when
from camscan.output import visible

LIMIT = 27_000
"""Bytes of a message; Teams refuses more than 28 KB (learn.microsoft.com, "Format cards in Teams")."""
_COLOURS = {"alarm": "Attention", "trouble": "Warning"}


def card(message: Message, detail: str) -> dict[str, Any]:
    """What is posted: as many items as Teams takes, the others are counted."""
    found = _card(message, detail)
    while len(json.dumps(found)) > LIMIT and message.items:
        message = replace(message, items=message.items[: len(message.items) * 3 // 4])
        found = _card(message, detail)
    return found


def _card(message: Message, detail: str) -> dict[str, Any]:
    whose = f"{visible(message.organisation, 80)}, {when(message)}" if message.organisation else when(message)
    colour = _COLOURS.get(message.about, "Default")
    body = [_text(f"camscan: {TITLES[message.about]}", weight="Bolder", size="Large", color=colour), _text(whose)]
    for part in parts(message, detail):
        body.append(_text(part.heading, weight="Bolder"))
        body += [_text(line) for line in part.lines]
    body += [_text(line) for line in closing(message, detail)]
    content = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "fallbackText": f"camscan: {TITLES[message.about]}",
        "body": body,
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": content}
    return {"type": "message", "attachments": [attachment]}


def _text(text: str, **look: str) -> dict[str, Any]:
    runs: Sequence[dict[str, Any]] = [{"type": "TextRun", "text": text, **look}]
    return {"type": "RichTextBlock", "inlines": runs}


def send(message: Message, recipient: Recipient) -> Outcome:
    """Post the card."""
    body = json.dumps(card(message, recipient.detail)).encode()
    found = post(recipient, body, {"Content-Type": "application/json"})
    if found.is_sent:
        return replace(found, detail=f"{found.detail}; only the channel itself can show whether it was posted")
    return found


CHANNEL = Channel(
    name="teams",
    title="a card in a Microsoft Teams channel",
    needs=(("url",),),
    send=send,
    takes=("ca_file",),
)
