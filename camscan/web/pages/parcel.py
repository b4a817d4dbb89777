"""A parcel from a stick: sent, checked, its key trusted after six words were compared, and only then recorded."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from camscan import app
from camscan.app.parcel import Approval, OfferedParcel, ParcelResult
from camscan.dates import moment_text
from camscan.errors import BusyError, UsageError
from camscan.parcel import MOST_BYTES
from camscan.parcel.seal import unseal
from camscan.parcel.unpack import Content
from camscan.web.collector_forms import NOT_COMPARED, SAME, read_role_alone, refuse_read_only, role_field
from camscan.web.collector_words import as_sentence
from camscan.web.forms import ROLE, error_list
from camscan.web.holding import received_file
from camscan.web.page import Answer, Page, PageContent, PageRequest, Redirect, Upload
from camscan.words import count_text

_ROOM = 100_000
_SECONDS = 120.0
_FEW = 8
_ON_THE_PAGE = (
    "; name a site or a network with --site or --network",
    "; enter its site and networks in camscan.yaml first",
)


def show(request: PageRequest) -> Answer:
    """Draw the form that takes a parcel."""
    refuse_read_only(request)
    return _form_page("")


def take(request: PageRequest) -> Answer:
    """Check a parcel, trust its key, or record it."""
    refuse_read_only(request)
    if request.form_value("step") == "cancel":
        request.desk.holding.drop(request.secret)
        return Redirect("/parcels")
    upload, held = received_file(request)
    if upload is None:
        return _form_page("Choose a file")
    if not request.desk.holding.reading.acquire(blocking=False):
        raise BusyError("another file is being read just now")
    try:
        return _look_page(request, upload, held)
    except UsageError as error:
        return _form_page(_in_page_words(error))
    finally:
        request.desk.holding.reading.release()


def _form_page(error: str) -> PageContent:
    title = f"{'Error: ' if error else ''}Take in a parcel"
    return PageContent("parcel", title, {"error": error, "most": MOST_BYTES >> 20}, 422 if error else 200)


def _look_page(request: PageRequest, upload: Upload, held: str) -> Answer:
    space, step = request.desk.space, request.form_value("step")
    offered = app.parcel.offer_parcel(unseal(upload.content, upload.name), upload.name, space)
    is_believed = app.parcel.is_trusted(offered)
    if step == "record" and is_believed:
        return _record_parcel(request, offered, None)
    given = None if is_believed else _read_approval(request, offered)
    if step not in {"trust", "once"} or given is None:
        return _check_page(request, offered, given, held, {})
    role, errors = read_role_alone(request)
    if request.form_value(SAME) != "yes":
        errors[SAME] = NOT_COMPARED
    if errors:
        return _check_page(request, offered, given, held, errors)
    if step == "once":
        return _record_parcel(request, offered, given)
    return _record_parcel(request, app.parcel.trust_key(offered, space, given, role), None)


def _read_approval(request: PageRequest, offered: OfferedParcel) -> Approval:
    """What the parcel's key would speak for; if the parcel names no site, the person may choose one."""
    settings, site = request.desk.space.settings, request.form_value("site")
    chosen = [each.name for each in settings.sites if each.name == site and not offered.head.site]
    return app.parcel.propose_approval(offered, settings, chosen)


def _record_parcel(request: PageRequest, offered: OfferedParcel, once: Approval | None) -> Redirect:
    space = request.desk.space
    brought = app.parcel.record_parcel(offered, space, app.parcel.decide_limits(offered, space.settings, once))
    request.desk.holding.drop(request.secret)
    return Redirect(f"/parcels?{urlencode(_describe_outcome(brought))}")


def _describe_outcome(brought: ParcelResult) -> Mapping[str, object]:
    if brought.recorded is None:
        return {"done": "known"}
    done = brought.recorded
    found: dict[str, object] = {"done": "recorded", "devices": done.devices, "new": len(done.new)}
    found |= {"changed": len(done.changed), "left": brought.confined.dropped}
    return found | ({"late": "yes"} if brought.is_late else {})


def _check_page(
    request: PageRequest, offered: OfferedParcel, given: Approval | None, held: str, errors: Mapping[str, str]
) -> PageContent:
    content = app.parcel.read_offered(offered)
    settings = request.desk.space.settings
    values = {
        "name": offered.name,
        "held": held,
        "words": offered.sealed.words,
        "known": offered.known.name if offered.known else "",
        "given": given,
        "rows": _parcel_rows(request, offered, content),
        "is_here": app.parcel.describe_standing(content, request.desk.space) == "yes",
        "sites": [] if given is None or offered.head.site else [site.name for site in settings.sites],
        "site": request.form_value("site"),
        "fields": [] if given is None else role_field(request, {ROLE: request.form_value(ROLE)}, errors),
        "errors": error_list(errors),
        "wrong": errors,
    }
    title = "Check the parcel" if given is None else "Do you trust this key?"
    return PageContent(
        "parcel_check", f"{'Error: ' if errors else ''}{title}", {**values, "heading": title}, 422 if errors else 200
    )


def _parcel_rows(request: PageRequest, offered: OfferedParcel, content: Content) -> list[tuple[str, str]]:
    """Facts about the contents of the parcel: name and value of each row."""
    tail, covered = content.tail, content.tail.coverage
    known = app.parcel.describe_key(offered.sealed, request.desk.space)
    more = f" and {len(tail.targets) - _FEW:,} more" if len(tail.targets) > _FEW else ""
    return [
        ("Its key", known or "Not approved here"),
        ("Site", tail.site or "None named"),
        ("Asked", f"{', '.join(tail.targets[:_FEW])}{more}"),
        ("Begun", moment_text(tail.started_at)),
        ("Ended", f"{moment_text(tail.finished_at)} ({tail.completion})"),
        ("Addresses", f"{covered.addresses:,}, of which {covered.answered:,} answered"),
        ("Holds", f"{count_text(tail.replies, 'reply', 'replies')}, from camscan {tail.version}"),
    ]


def _in_page_words(error: UsageError) -> str:
    return as_sentence(str(error).replace(*_ON_THE_PAGE))


PAGE = Page(
    path="/parcels/new",
    title="Take in a parcel",
    show=show,
    take=take,
    under="coverage",
    most=MOST_BYTES + _ROOM,
    seconds=_SECONDS,
)
