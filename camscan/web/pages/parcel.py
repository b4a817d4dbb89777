"""A parcel from a stick: sent, looked at, its key trusted after six words were compared, and only then recorded."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from camscan import app
from camscan.app.parcel import Approval, Brought, Offered
from camscan.dates import spoken_moment
from camscan.errors import BusyError, UsageError
from camscan.parcel import MOST_BYTES
from camscan.parcel.seal import unseal
from camscan.parcel.unpack import Content
from camscan.web.collector_forms import NOT_COMPARED, SAME, read_role_alone, refuse_read_only, role_field
from camscan.web.collector_words import sentence
from camscan.web.forms import ROLE, error_list
from camscan.web.holding import received
from camscan.web.page import Answer, Asked, Drawn, Page, Redirect, Upload
from camscan.words import counted

_ROOM = 100_000
_SECONDS = 120.0
_FEW = 8
_ON_THE_PAGE = (
    "; name a site or a network with --site or --network",
    "; enter its site and networks in camscan.yaml first",
)


def show(asked: Asked) -> Answer:
    """The form."""
    refuse_read_only(asked)
    return _form("")


def take(asked: Asked) -> Answer:
    """Look at a parcel, trust its key, record it."""
    refuse_read_only(asked)
    if asked.sent("step") == "cancel":
        asked.desk.holding.drop(asked.secret)
        return Redirect("/parcels")
    upload, held = received(asked)
    if upload is None:
        return _form("Choose a file")
    if not asked.desk.holding.reading.acquire(blocking=False):
        raise BusyError("another file is being read just now")
    try:
        return _looked(asked, upload, held)
    except UsageError as error:
        return _form(_words(error))
    finally:
        asked.desk.holding.reading.release()


def _form(error: str) -> Drawn:
    title = f"{'Error: ' if error else ''}Take in a parcel"
    return Drawn("parcel", title, {"error": error, "most": MOST_BYTES >> 20}, 422 if error else 200)


def _looked(asked: Asked, upload: Upload, held: str) -> Answer:
    space, step = asked.desk.space, asked.sent("step")
    offered = app.parcel.offer(unseal(upload.content, upload.name), upload.name, space)
    is_believed = app.parcel.is_believed(offered)
    if step == "record" and is_believed:
        return _recorded(asked, offered, None)
    given = None if is_believed else _approval(asked, offered)
    if step not in {"trust", "once"} or given is None:
        return _check(asked, offered, given, held, {})
    role, errors = read_role_alone(asked)
    if asked.sent(SAME) != "yes":
        errors[SAME] = NOT_COMPARED
    if errors:
        return _check(asked, offered, given, held, errors)
    if step == "once":
        return _recorded(asked, offered, given)
    return _recorded(asked, app.parcel.trust_key(offered, space, given, role), None)


def _approval(asked: Asked, offered: Offered) -> Approval:
    """What its key would speak for: of a parcel that names no site, one may be chosen."""
    settings, site = asked.desk.space.settings, asked.sent("site")
    chosen = [each.name for each in settings.sites if each.name == site and not offered.head.site]
    return app.parcel.propose_approval(offered, settings, chosen)


def _recorded(asked: Asked, offered: Offered, once: Approval | None) -> Redirect:
    space = asked.desk.space
    brought = app.parcel.record_parcel(offered, space, app.parcel.decide_limits(offered, space.settings, once))
    asked.desk.holding.drop(asked.secret)
    return Redirect(f"/parcels?{urlencode(_outcome(brought))}")


def _outcome(brought: Brought) -> Mapping[str, object]:
    if brought.recorded is None:
        return {"done": "known"}
    done = brought.recorded
    found: dict[str, object] = {"done": "recorded", "devices": done.devices, "new": len(done.new)}
    found |= {"changed": len(done.changed), "left": brought.confined.dropped}
    return found | ({"late": "yes"} if brought.is_late else {})


def _check(asked: Asked, offered: Offered, given: Approval | None, held: str, errors: Mapping[str, str]) -> Drawn:
    content = app.parcel.read_offered(offered)
    settings = asked.desk.space.settings
    values = {
        "name": offered.name,
        "held": held,
        "words": offered.sealed.words,
        "known": offered.known.name if offered.known else "",
        "given": given,
        "rows": _rows(asked, offered, content),
        "is_here": app.parcel.describe_standing(content, asked.desk.space) == "yes",
        "sites": [] if given is None or offered.head.site else [each.name for each in settings.sites],
        "site": asked.sent("site"),
        "fields": [] if given is None else role_field(asked, {ROLE: asked.sent(ROLE)}, errors),
        "errors": error_list(errors),
        "wrong": errors,
    }
    title = "Check the parcel" if given is None else "Do you trust this key?"
    return Drawn(
        "parcel_check", f"{'Error: ' if errors else ''}{title}", {**values, "heading": title}, 422 if errors else 200
    )


def _rows(asked: Asked, offered: Offered, content: Content) -> list[tuple[str, str]]:
    """What is in it."""
    tail, covered = content.tail, content.tail.coverage
    known = app.parcel.describe_key(offered.sealed, asked.desk.space)
    more = f" and {len(tail.targets) - _FEW:,} more" if len(tail.targets) > _FEW else ""
    return [
        ("Its key", known or "Not approved here"),
        ("Site", tail.site or "None named"),
        ("Asked", f"{', '.join(tail.targets[:_FEW])}{more}"),
        ("Begun", spoken_moment(tail.started_at)),
        ("Ended", f"{spoken_moment(tail.finished_at)} ({tail.completion})"),
        ("Addresses", f"{covered.addresses:,}, of which {covered.answered:,} answered"),
        ("Holds", f"{counted(tail.replies, 'reply', 'replies')}, from camscan {tail.version}"),
    ]


def _words(error: UsageError) -> str:
    return sentence(str(error).replace(*_ON_THE_PAGE))


PAGE = Page(
    path="/parcels/new",
    title="Take in a parcel",
    show=show,
    take=take,
    under="coverage",
    most=MOST_BYTES + _ROOM,
    seconds=_SECONDS,
)
