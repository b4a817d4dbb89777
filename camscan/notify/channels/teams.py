"""A card in a Microsoft Teams channel, by a workflow ("When a Teams webhook request is received").

Adaptive Card 1.4 (adaptivecards.io/explorer). The older connectors and their MessageCard were retired. Text of devices
is in ``TextRun`` elements, which do not interpret Markdown, so no such text can become a link. A workflow answers 202
before it posts the card; only the channel shows whether it did.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from camscan.config.recipient import Recipient
from camscan.notify import Channel, Outcome
from camscan.notify._https import post_body
from camscan.notify.message import Message
from camscan.notify.text import TITLES, closing_lines, list_parts, time_of_message
from camscan.output import visible

LIMIT = 27_000
"""Bytes of a message; Teams refuses more than 28 KB (learn.microsoft.com, "Format cards in Teams")."""
_COLOURS = {"alarm": "Attention", "trouble": "Warning"}


def make_card(message: Message, detail: str) -> dict[str, Any]:
    """The card that is posted: as many items as Teams takes; the others are counted."""
    found = _make_card(message, detail)
    while len(json.dumps(found)) > LIMIT and message.items:
        message = replace(message, items=message.items[: len(message.items) * 3 // 4])
        found = _make_card(message, detail)
    return found


def _make_card(message: Message, detail: str) -> dict[str, Any]:
    whose = (
        f"{visible(message.organisation, 80)}, {time_of_message(message)}"
        if message.organisation
        else time_of_message(message)
    )
    colour = _COLOURS.get(message.about, "Default")
    body = [
        _text_block(f"camscan: {TITLES[message.about]}", weight="Bolder", size="Large", color=colour),
        _text_block(whose),
    ]
    for part in list_parts(message, detail):
        body.append(_text_block(part.heading, weight="Bolder"))
        body += [_text_block(line) for line in part.lines]
    body += [_text_block(line) for line in closing_lines(message, detail)]
    content = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "fallbackText": f"camscan: {TITLES[message.about]}",
        "body": body,
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": content}
    return {"type": "message", "attachments": [attachment]}


def _text_block(text: str, **look: str) -> dict[str, Any]:
    runs: Sequence[dict[str, Any]] = [{"type": "TextRun", "text": text, **look}]
    return {"type": "RichTextBlock", "inlines": runs}


def post_card(message: Message, recipient: Recipient) -> Outcome:
    """Post the card."""
    body = json.dumps(make_card(message, recipient.detail)).encode()
    found = post_body(recipient, body, {"Content-Type": "application/json"})
    if found.is_sent:
        return replace(found, detail=f"{found.detail}; only the channel itself can show whether it was posted")
    return found


CHANNEL = Channel(
    name="teams",
    title="a card in a Microsoft Teams channel",
    needs=(("url",),),
    send=post_card,
    takes=("ca_file",),
)
