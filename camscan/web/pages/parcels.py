"""Every parcel that came, the last first: its collector, its state, and why."""

from __future__ import annotations

from datetime import UTC, datetime

from camscan import app
from camscan.app.device_list import total_pages
from camscan.parcel.keys import key_words
from camscan.store.collectors import Collector, Collectors
from camscan.store.parcels import LOST, RECORDED, REFUSED, WAITING, ArrivedParcel, Parcels
from camscan.web.collector_words import parcel_condition
from camscan.web.page import Answer, Page, PageContent, PageRequest
from camscan.words import count_text

_MOST = 50
_STATES = (WAITING, REFUSED, LOST, RECORDED)


def show(request: PageRequest) -> Answer:
    """Draw one page of the parcels that fit the filter."""
    store = request.desk.store
    senders = {each.key: each for each in Collectors(store).all() if each.key}
    chosen = next((each for each in senders.values() if str(each.number) == request.query_value("collector")), None)
    state = request.query_value("state") if request.query_value("state") in _STATES else ""
    page, key = max(request.query_number("page"), 1), chosen.key if chosen else b""
    found, total = Parcels(store).page((page - 1) * _MOST, _MOST, state=state, key=key)
    pages = max(total_pages(total), 1)
    if page > pages:
        page = pages
        found, total = Parcels(store).page((page - 1) * _MOST, _MOST, state=state, key=key)
    now, full = (
        datetime.now(UTC),
        app.arrivals.keys_of_full_days(request.desk.space, store, {each.key for each in found}),
    )
    waiting = sum(counts.get(WAITING, 0) for counts in Parcels(store).counts().values())
    values = {
        "rows": [
            (each, *_find_sender(each, senders), parcel_condition(each, senders.get(each.key), full, now))
            for each in found
        ],
        "total": total,
        "waiting": waiting,
        "states": [(each, each.capitalize(), each == state) for each in _STATES],
        "collectors": [
            (str(each.number), each.name, each == chosen)
            for each in sorted(senders.values(), key=lambda each: each.name.casefold())
        ],
        "is_narrowed": bool(state or chosen),
        "may_take": request.visitor.may("parcel", send=True) and not request.desk.setting.is_read_only,
        "may_look": request.visitor.may("scan"),
        "earlier": request.link(page=page - 1) if page > 1 else "",
        "later": request.link(page=page + 1) if page < pages else "",
        "page": page,
        "pages": pages,
        "done": _result_sentences(request),
    }
    return PageContent("parcels", "Parcels", values)


def _find_sender(each: ArrivedParcel, senders: dict[bytes, Collector]) -> tuple[str, int]:
    """The name of the collector that sent a parcel, and the number of its page; 0 if it has none."""
    known = senders.get(each.key)
    return (known.name, known.number) if known else (f"Believed once: {key_words(each.key)}", 0)


def _result_sentences(request: PageRequest) -> list[str]:
    """Sentences about the result of a file that was taken just now."""
    if request.query_value("done") == "known":
        return ["The register has this scan already. Nothing was changed."]
    if request.query_value("done") != "recorded":
        return []
    devices, new, changed, left = (request.query_number(name, 0) for name in ("devices", "new", "changed", "left"))
    says = [f"The scan is recorded: {count_text(devices)}, {new:,} new, {changed:,} changed."]
    if request.query_value("late"):
        says.append("It is older than a scan of the same addresses: what is present now is unchanged.")
    if left:
        says.append(f"{count_text(left, 'reply', 'replies')} left out: its key may not speak for their senders.")
    return says


PAGE = Page(path="/parcels", title="Parcels", show=show, under="coverage")
