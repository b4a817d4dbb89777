"""A channel that keeps what it is given, for tests of alerts; it can refuse."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from camscan import notify
from camscan.config.recipient import Recipient
from camscan.notify.message import Message
from camscan.notify.text import summary_phrase

RECIPIENTS = """
notify:
  - {name: ICT, channel: mail, to: [ict@example.gov.uk], from: camscan@example.gov.uk, server: 127.0.0.1, \
classes: [alarm, trouble]}
  - {name: CCTV team, channel: mail, to: [cctv@example.gov.uk], from: camscan@example.gov.uk, server: 127.0.0.1, \
classes: [alarm, news, progress]}
"""


@dataclass
class Box:
    """Collects the alerts that arrive, and refuses some."""

    messages: list[tuple[str, Message]] = field(default_factory=list)
    refuses: set[str] = field(default_factory=set)
    """Names of recipients whose messages are refused."""
    tries: int = 0
    is_deadly: bool = False
    """Whether the program is killed as it sends."""

    def send(self, message: Message, recipient: Recipient) -> notify.Outcome:
        self.tries += 1
        if self.is_deadly:
            raise KeyboardInterrupt
        if recipient.name in self.refuses or "everybody" in self.refuses:
            return notify.Outcome(False, "no mail today")
        self.messages.append((recipient.name, message))
        return notify.Outcome(True, "taken")

    def came(self) -> dict[str, str]:
        """Since this was asked last: ``class to recipient`` -> the counts as a phrase."""
        found = {f"{message.about} to {name}": summary_phrase(message) for name, message in self.messages}
        assert len(found) == len(self.messages), Counter(f"{m.about} to {name}" for name, m in self.messages)
        self.messages.clear()
        return found


@contextmanager
def collect_alerts() -> Iterator[Box]:
    """Send all mail of the block into the box."""
    box = Box()
    mail = notify.load_channels()["mail"]
    kept = notify.Channel(mail.name, mail.title, mail.needs, box.send, mail.takes)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(notify, "load_channels", lambda: {"mail": kept})
        yield box
