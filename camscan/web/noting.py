"""Records what each request did, for the access log."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import urlencode

from camscan.store.act import CHANGED, DONE, FAILED, REFUSED, SEEN, SIGNED_IN, SIGNED_OUT, TAKEN, Act
from camscan.web.page import Answer, Download, PageContent, PageRequest, Redirect

_REFUSED = frozenset(
    {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.TOO_MANY_REQUESTS}
)


def note_request(
    request: PageRequest, answer: Answer | None, *, status: int, is_sent: bool, heard: Sequence[int] = ()
) -> None:
    """Record a request.

    Pages for everybody are not recorded, nor more attempts of strangers than the record needs.
    """
    desk, secret, visitor = request.desk, request.secret, request.visitor
    if isinstance(answer, Redirect) and answer.secret:
        secret, visitor = answer.secret, desk.visitor(answer.secret, request.sender) or visitor
    is_stranger = not secret
    if is_stranger and not (request.name == "account" and status in _REFUSED and desk.unknown_acts.allows("")):
        return
    from camscan.store.sessions import number_of  # noqa: PLC0415 - the database libraries: 0.4 s

    query = urlencode([(key, value) for key, value in request.query if key not in _SECRET], errors="replace")
    act = Act(
        at=datetime.now(UTC),
        session="" if is_stranger else number_of(secret),
        subject="" if is_stranger else visitor.subject,
        role="" if is_stranger else visitor.role or visitor.rights.display_name,
        method="POST" if is_sent else "GET",
        path=f"{request.path}?{query}" if query else request.path,
        from_change=min(heard, default=None),
        to_change=max(heard, default=None),
        outcome=_outcome_of(answer, status, is_sent=is_sent, has_changed=bool(heard)),
    )
    desk.act_writer.note(act, is_urgent=is_sent or isinstance(answer, Download))


_SECRET = frozenset({"key", "code", "state", "iss", "session_state"})
"""Parts of an address that are secret, and therefore left out of the record."""


def _outcome_of(answer: Answer | None, status: int, *, is_sent: bool, has_changed: bool) -> str:
    if has_changed:
        return CHANGED
    if status in _REFUSED:
        return REFUSED
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return FAILED
    if isinstance(answer, Redirect) and answer.secret is not None:
        return SIGNED_IN if answer.secret else SIGNED_OUT
    if isinstance(answer, Download):
        return TAKEN
    is_done = isinstance(answer, Redirect) or (isinstance(answer, PageContent) and answer.is_done)
    return DONE if is_sent and is_done else SEEN
