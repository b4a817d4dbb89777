"""Alerts: every recipient gets each message once, and again if it was not delivered.

``camscan/notify/`` decides what is worth a message. A message is stored before anything is sent, so that a kill loses
none. One that was delivered but not yet marked as delivered is sent again under the same number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from camscan import notify
from camscan.app import alert_items, centre_alarms, unattended
from camscan.app.centre_state import centre_state
from camscan.app.json_values import from_plain, to_json_value
from camscan.app.workspace import Workspace
from camscan.config.recipient import Recipient
from camscan.errors import CamscanError, RegisterError, UsageError
from camscan.notify.decide import Note, choose_items, compose_messages, message_id
from camscan.notify.message import KINDS, Item, Message
from camscan.notify.text import TITLES
from camscan.output import visible
from camscan.store import open_store
from camscan.store.alerts import AlertNote, Alerts, WaitingMessage

AT_ONCE = frozenset({"alarm", "trouble"})
"""Classes that do not wait for their day."""
TRIES = timedelta(days=3)
"""How long a message that is not delivered is tried again."""
MEMORY = timedelta(days=800)
"""How long it is remembered what was sent."""

_FORGETFUL = Item(
    "step_failed",
    "notify",
    "cannot be remembered",
    brief="notify: the record of alerts cannot be read or written, so alarms and news are not sent; the output of the "
    "run says why"
    "",
)


@dataclass(frozen=True, slots=True)
class SentAlert:
    """The result of one message to one recipient."""

    recipient: str
    about: str
    is_sent: bool
    detail: str
    is_given_up: bool = False
    """Whether it is not tried again."""


@dataclass(frozen=True, slots=True)
class AlertsResult:
    """The result of sending alerts."""

    sent: Sequence[SentAlert] = ()
    waiting: int = 0
    """Messages that the next run tries again."""
    trouble: str = ""
    """Why some alerts could not be read, sent or stored; empty if all could."""
    code: int = 0
    """The exit code of docs/exit-codes.md if nothing could be stored: then only troubles were sent."""

    @property
    def failed_sends(self) -> list[SentAlert]:
        """The messages that were not delivered."""
        return [send for send in self.sent if not send.is_sent]


def require_recipients(space: Workspace) -> None:
    """Raise UsageError if camscan.yaml names no recipient, or something that a channel cannot use."""
    if not space.settings.notify:
        where = space.settings.path or "there is no camscan.yaml"
        raise UsageError(f"{where}: no recipients: list at least one under notify")
    for recipient in space.settings.notify:
        notify.channel_of(recipient)


def send_due_alerts(
    space: Workspace, *, troubles: Sequence[Item] = (), digest: bool = False, now: datetime | None = None
) -> AlertsResult:
    """Send every alert that is due.

    ``troubles`` are the problems of a run; with ``digest`` news and progress are due now. Raises UsageError as
    :func:`require_recipients` does; if the register cannot be read, raises that error after the troubles were sent. The
    caller holds the lock of :mod:`camscan.app.unattended`.
    """
    require_recipients(space)
    now = space.settings.clock(now or datetime.now(UTC))
    try:
        with open_store(space.where) as store:
            alerts = Alerts(store)
            trouble = _note_due_alerts(space, alerts, troubles, now, digest=digest)
            return replace(_send_waiting(space, alerts, now), trouble=trouble)
    except CamscanError as error:  # such as a full disk: a message twice is better than none
        forgetful = [_FORGETFUL] if isinstance(error, RegisterError) else []
        direct = tuple(_send_directly(space, [*troubles, *forgetful], now))
        return AlertsResult(direct, trouble=str(error), code=error.exit_code)


def send_centre_alarms(space: Workspace, now: datetime) -> AlertsResult:
    """Send alarms about the centre at once, and nothing else. If nothing is wrong, nothing is read or sent.

    For programs that check every few minutes. :func:`send_due_alerts` sends the same alarms; each is sent once by the
    two. Raises RegisterError, and BusyError if another program is sending alerts.
    """
    if not space.settings.notify:
        return AlertsResult()
    now = space.settings.clock(now)
    state = centre_state(space, now)
    if state is None:
        return AlertsResult()
    troubles = [*centre_alarms.troubles_of(state), *alert_items.expiring_authorisations(space, now.date())]
    if not troubles:
        return AlertsResult()
    with unattended.lock_runs(space), open_store(space.where) as store:
        alerts = Alerts(store)
        work = _Work(space, now, [_decode_note(note) for note in alerts.read_notes()])
        work.add_lasting(troubles)
        _store_alerts(space, alerts, work, now)
        return _send_waiting(space, alerts, now)


# ── what is to be sent ───────────────────────────────────────────────────────────────────────────────────────────


def _note_due_alerts(space: Workspace, alerts: Alerts, troubles: Sequence[Item], now: datetime, *, digest: bool) -> str:
    """Store the messages that are due. Returns why some could not be found out; empty if all could."""
    marks, trouble = alerts.read_marks(), ""
    work = _Work(space, now, [_decode_note(note) for note in alerts.read_notes()])
    work.add_lasting(troubles)
    try:
        work.read_items(marks, digest=digest)
    except CamscanError as error:
        trouble = str(error)
    _store_alerts(space, alerts, work, now)
    return trouble


def _store_alerts(space: Workspace, alerts: Alerts, work: _Work, now: datetime) -> None:
    """Store the messages that are to be sent, and what was sent before."""
    due = [
        WaitingMessage(recipient.name, now, to_json_value(message))
        for message in work.compose_messages()
        for recipient in space.settings.notify
        if message.about in recipient.classes
    ]
    notes = [AlertNote(**asdict(note)) for note in work.notes]
    alerts.keep(notes, work.marks, due, forget=now - MEMORY)


class _Work:
    """The alerts that one call finds, and what it remembers."""

    def __init__(self, space: Workspace, now: datetime, past: Sequence[Note]) -> None:
        self._space, self._now, self._past = space, now, past
        self._items: list[Item] = []
        self._facts: tuple[tuple[str, str], ...] = ()
        self.notes: list[Note] = []
        self.marks: dict[str, str] = {}

    def add_lasting(self, items: Iterable[Item]) -> None:
        """Add items about lasting conditions."""
        self._take_items((), items, ())

    def read_items(self, marks: Mapping[str, str], *, digest: bool) -> None:
        """Add the items in the register and camscan.yaml. Raises CamscanError if the register cannot be read."""
        day = self._now.date()
        self.add_lasting(alert_items.expiring_authorisations(self._space, day))
        self.add_lasting(centre_alarms.centre_troubles(self._space, self._now))
        if not self._space.has_register:
            return
        found = alert_items.load_estate(self._space)
        self._changes_since(marks, "at_once", AT_ONCE)
        self.add_lasting(alert_items.answering_again(found))
        if digest or marks.get("news.day") != day.isoformat():
            self._changes_since(marks, "news", {"news"})
            self.add_lasting(alert_items.overdue_removals(found))
            self.marks["news.day"] = day.isoformat()
        month = f"{day:%Y-%m}"
        if digest or marks.get("progress.month", month) != month:
            self._facts = alert_items.programme_progress(self._space, found)
        self.marks["progress.month"] = month

    def _changes_since(self, marks: Mapping[str, str], name: str, classes: Iterable[str]) -> None:
        """Add the changes that scans found since these classes were last read."""
        found = alert_items.changes_after(self._space, marks.get(f"{name}.after", ""))
        wanted = [event for event in found.events if _class_of_item(event.item) in classes]
        self._take_items(wanted, (), found.recent)
        self.marks[f"{name}.after"] = found.scans[-1] if found.scans else ""

    def _take_items(self, events: Iterable[Any], lasting: Iterable[Item], recent: Sequence[str]) -> None:
        chosen = choose_items(events, lasting, [*self._past, *self.notes], self._now, recent)
        self._items += chosen.items
        self.notes += chosen.notes

    def compose_messages(self) -> list[Message]:
        """Make one message for each class that has something to say."""
        organisation, salt = self._space.settings.organisation, self._space.name
        command = f"camscan diff --since {self._now.date() - timedelta(days=1)}"
        found = list(compose_messages(self._items, self._now, organisation=organisation, command=command, salt=salt))
        if self._facts:
            number = message_id("progress", self._now, salt)
            found.append(
                Message(number, "progress", self._now, organisation, facts=self._facts, command="camscan plan status")
            )
        return found


def _class_of_item(item: Item) -> str:
    return KINDS[item.kind].about if item.kind in KINDS else "trouble"  # coverage that has recovered is counted there


def _decode_note(kept: AlertNote) -> Note:
    return Note(kept.kind, kept.subject, kept.value, kept.at, kept.scan, kept.is_told)


# ── sending ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _send_waiting(space: Workspace, alerts: Alerts, now: datetime) -> AlertsResult:
    """Try every message that waits. If a recipient does not take one, their other messages wait for the next run.

    A message that has waited longer than ``TRIES`` is tried once more, and then given up.
    """
    known = {recipient.name: recipient for recipient in space.settings.notify}
    found: list[SentAlert] = []
    waiting, silent = 0, set[str]()
    for each in alerts.waiting_messages():
        recipient, message = known.get(each.recipient), _decode_message(each)
        is_old = now - each.made > TRIES
        if recipient is None or message is None or (is_old and each.recipient in silent):
            why = _explain_failure(each, recipient, message)
            alerts.drop([each.number])
            found.append(SentAlert(each.recipient, _describe_kept(each), False, f"given up: {why}", is_given_up=True))
            continue
        if each.recipient in silent:
            waiting += 1
            continue
        outcome = _mark_sent(recipient, message)  # old ones too: this machine may have been off for days
        if not outcome.is_sent:
            alerts.note_failure(each.number, outcome.detail)
            silent.add(each.recipient)
            waiting += not is_old
        if outcome.is_sent or is_old:
            alerts.drop([each.number])
        is_given_up = is_old and not outcome.is_sent
        detail = f"given up: {outcome.detail}" if is_given_up else outcome.detail
        found.append(replace(outcome, detail=detail, is_given_up=is_given_up))
    return AlertsResult(tuple(found), waiting)


def _decode_message(kept: WaitingMessage) -> Message | None:
    """The message that was stored; None if it is damaged, or was stored by a later camscan."""
    try:
        message = from_plain(Message, kept.message)
        unknown = {*message.counts, *(item.kind for item in message.items)} - KINDS.keys()
    except (AttributeError, LookupError, TypeError, ValueError):
        return None
    return None if unknown or message.about not in TITLES else message


def _explain_failure(kept: WaitingMessage, recipient: Recipient | None, message: Message | None) -> str:
    if recipient is None:
        return "no longer in camscan.yaml"
    return "the message cannot be read" if message is None else kept.trouble


def _describe_kept(kept: WaitingMessage) -> str:
    return visible(str(kept.message.get("about", ""))) if isinstance(kept.message, Mapping) else ""


def _mark_sent(recipient: Recipient, message: Message) -> SentAlert:
    try:
        outcome = notify.channel_of(recipient).send(message, recipient)
    except CamscanError as error:  # a secret that cannot be read
        outcome = notify.Outcome(is_sent=False, detail=str(error))
    return SentAlert(recipient.name, message.about, outcome.is_sent, outcome.detail)


def _send_directly(space: Workspace, items: Sequence[Item], now: datetime) -> Iterable[SentAlert]:
    """Send a run's problems if nothing can be stored: now or never."""
    for message in compose_messages(items, now, organisation=space.settings.organisation, salt=space.name):
        for recipient in space.settings.notify:
            if message.about in recipient.classes:
                yield _mark_sent(recipient, message)


def send_test_alerts(space: Workspace, names: Sequence[str] = (), now: datetime | None = None) -> list[SentAlert]:
    """Send a test to every recipient, or to those of these names. Raises UsageError for any other name."""
    require_recipients(space)
    known = {recipient.name.casefold(): recipient for recipient in space.settings.notify}
    for name in names:
        if name.casefold() not in known:
            listed = ", ".join(recipient.name for recipient in space.settings.notify)
            raise UsageError(f"there is no recipient '{name}'; the recipients are: {listed}")
    now = space.settings.clock(now or datetime.now(UTC))
    chosen = [known[name.casefold()] for name in names] or list(known.values())
    (message,) = compose_messages(
        [Item("test", "test", brief="nothing is wrong")], now, organisation=space.settings.organisation
    )
    return [_mark_sent(each, message) for each in chosen]
