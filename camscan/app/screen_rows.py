"""The rows of the list on the screen: made from devices, or read from the lines of the register."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from camscan.app import assess
from camscan.app.edition import settings_hash
from camscan.app.json_values import from_plain
from camscan.app.overview import PROGRAMME, list_by, load_overview
from camscan.app.screen_row import ScreenRow
from camscan.dataclass import dataclass
from camscan.headline import Headline
from camscan.register.address import address_of
from camscan.register.glance import ListingState, read_at_a_glance
from camscan.register.stored import MARK, unescape_text

if TYPE_CHECKING:
    from camscan.app.workspace import Workspace

__all__ = ["Rows", "ScreenList", "screen_list"]


class Rows(Protocol):
    """Takes the rows of a list, one after the other."""

    def add(self, row: ScreenRow) -> None:
        """Take the next row."""


_R = TypeVar("_R", bound=Rows)


@dataclass(frozen=True, slots=True)
class ScreenList(Generic[_R]):
    """The list of every camera and recorder, and of devices that may be one."""

    rows: _R
    others: int
    """How many devices are left out because they are not part of video surveillance."""
    headline: Headline
    """The headline of the complete register."""


def screen_list(space: Workspace, begin: Callable[[], _R]) -> ScreenList[_R] | None:
    """The list from the lines of the register; None if it must be made of all devices, because nothing can be kept.

    ``begin`` makes what takes the rows; it is called again if the first reading breaks off.
    """
    now, basis = assess.today_utc(), settings_hash(space.settings)

    def decode_list(seen: ListingState) -> ScreenList[_R] | None:
        return _decode_list(seen, now, begin)

    if address_of(space.where) is not None:
        counted = load_overview(space)
        return None if counted is None else _read_on_server(space, counted.headline, begin())
    found = read_at_a_glance(space.where, basis, now, decode_list)
    if found is None and load_overview(space) is not None:  # it brings the lines up to date
        found = read_at_a_glance(space.where, basis, now, decode_list)
    return found


def _decode_list(seen: ListingState, now: date, begin: Callable[[], _R]) -> ScreenList[_R] | None:
    counted = seen.find_document(PROGRAMME, now)
    if counted is None:
        return None
    rows, others = begin(), 0
    moments: dict[str, datetime] = {}
    for line in seen.read_lines():
        if line[-2]:
            others += 1
        else:
            rows.add(_screen_line(line, moments))
    return ScreenList(rows, others, from_plain(Headline, counted["headline"]))


def _read_on_server(space: Workspace, headline: Headline, rows: _R) -> ScreenList[_R] | None:
    """The list from the lines of a register on a server; None if they have changed since the headline was counted."""
    others = 0
    with space.open(readonly=True) as book:
        list_by(book, space.settings)
        if (before := book.counting_basis()) == []:
            return None
        for line in book.lines("address"):
            if line["other"]:
                others += 1
            else:
                rows.add(_line_row(line))
        return ScreenList(rows, others, headline) if book.counting_basis() == before else None


def _line_row(line: Mapping[str, Any]) -> ScreenRow:
    texts = {**line, **line["facts"].get("long", {})}
    maker, confidence = line["maker"], line["confidence"]
    return ScreenRow(
        asset_id=line["asset_id"],
        ip_addresses=line["ips"],
        maker=line["make"],
        badge=line["badge"],
        is_possible=confidence == "possible" and maker != "",
        where=line["spot"],
        lifecycle=line["lifecycle"],
        planned=line["planned"],
        presence=line["presence"],
        missed=line["missed"],
        confidence=confidence if maker else "",
        last_seen=line["last_seen"],
        **{name: texts[name] for name in ("tag", "model", "kind", "serial", "firmware")},
    )


def _screen_line(line: Sequence[Any], moments: dict[str, datetime]) -> ScreenRow:
    asset_id, tag, maker, model, serial, firmware, kind, confidence, presence, lifecycle, planned, seen, *rest = line
    ips, make, badge, spot, missed, _, facts = rest
    texts = (tag, ips, make, badge, model, spot, kind, serial, firmware)
    if MARK in "".join(texts):
        tag, ips, make, badge, model, spot, kind, serial, firmware = map(unescape_text, texts)
    if '"long":' in facts:
        long = json.loads(facts)["long"]
        tag, model, kind = (long.get(name, text) for name, text in (("tag", tag), ("model", model), ("kind", kind)))
        serial, firmware = long.get("serial", serial), long.get("firmware", firmware)
    last_seen = None
    if seen:
        last_seen = moments.get(seen)
        if last_seen is None:
            last_seen = moments[seen] = datetime.fromisoformat(seen)
    is_possible = confidence == "possible" and maker != ""
    sure = confidence if maker else ""
    return ScreenRow(
        *(asset_id, tag, ips, make, badge, is_possible, model, spot, lifecycle, planned),
        *(presence, missed, kind, sure, serial, firmware, last_seen),
    )
