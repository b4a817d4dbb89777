"""One page of the list of devices: filtered, sorted and cut in the register, from its listing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from camscan.asset import Lifecycle, Presence
from camscan.asset.kinds import device_type
from camscan.asset.spelling import choice_in_words
from camscan.briefing.nouns import STANDINGS
from camscan.errors import UsageError
from camscan.headline import MAKERS, SURE
from camscan.register import Condition, ListingQuery

if TYPE_CHECKING:
    from camscan.register import Register

__all__ = [
    "MOST",
    "SORTS",
    "DeviceLine",
    "DevicePage",
    "Filter",
    "find_by_past_address",
    "lifecycle_in_words",
    "numbers_of",
    "page_of_devices",
]

MOST = 50
"""The number of devices on one page."""
SORTS: Mapping[str, str] = {
    "priority": "priority",
    "tag": "tag",
    "number": "asset_id",
    "site": "site",
    "address": "address",
    "maker": "maker",
    "model": "model",
    "kind": "kind",
    "serial": "serial",
    "firmware": "firmware",
    "standing": "standing",
    "planned": "planned",
    "presence": "presence",
    "last_seen": "last_seen",
}
"""Sort key of the list -> the column of the listing."""
_PLAIN = ("asset_id", "tag", "site", "make", "model")
"""The columns that are searched for people who may not see addresses and serial numbers."""
_LONGEST = 200
_SURE = sorted(each.value for each in SURE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """A filter, as it is written in an address. A device must fit every value that is given.

    A meaningless value is ignored.
    """

    text: str = ""
    site: str | None = None
    """The name of a site; empty for devices of no known site; None for all."""
    maker: str = ""
    """One of ``front.MAKER_WORDS``."""
    kind: str | None = None
    standing: str = ""
    """One of ``briefing.nouns.STANDINGS``, or ``remaining`` for all devices in scope that are not removed."""
    scope: str = ""
    """``yes``, ``no`` or ``unknown``."""
    priority: str = ""
    presence: str = ""
    answering: bool = False
    """Only devices that answer although their removal was recorded."""
    costless: bool = False
    """Only devices for which nobody has entered the cost of removal."""
    among: Collection[str] | None = None
    """The asset numbers to which the list is limited; None for all."""
    everything: bool = False
    """Also devices that are not part of video surveillance."""
    sort: str = "priority"
    descending: bool = False
    page: int = 1


@dataclass(frozen=True, slots=True)
class DeviceLine:
    """One device in the list."""

    number: str
    tag: str
    maker: str
    """The maker's name; empty if it is not known."""
    is_possible: bool
    """Whether the maker is only possible."""
    badge: str
    model: str
    type: str
    site: str
    place: str
    """The place within the building."""
    addresses: str
    serial: str
    firmware: str
    priority: int | None
    in_scope: str
    standing: str
    """The state of the removal, in words; empty if the device is not in scope."""
    planned: date | None
    is_late: bool
    presence: str
    """Whether scans see it, in words."""
    last_seen: datetime | None
    answers: bool
    """Whether it answers although it was removed."""


@dataclass(frozen=True, slots=True)
class DevicePage:
    """One page of the list."""

    rows: tuple[DeviceLine, ...]
    total: int
    """How many devices fit the filter."""
    page: int
    pages: int

    @property
    def first(self) -> int:
        """The position of the page's first device among all that fit, from 1."""
        return (self.page - 1) * MOST + 1 if self.total else 0

    @property
    def last(self) -> int:
        """The position of the page's last device among all that fit."""
        return min(self.page * MOST, self.total)


def page_of_devices(
    book: Register,
    wanted: Filter,
    *,
    apart: Collection[str] = (),
    sites: Collection[str] | None = None,
    plain: bool = False,
    totals: MutableMapping[object, int] | None = None,
) -> DevicePage:
    """Read one page of the list. A number beyond the last page means the last page.

    ``apart`` are the rows that are in no count, ``sites`` the only ones that may be seen. ``plain`` is for people who
    may not see addresses and serial numbers, and therefore may not search by them. The caller keeps ``totals`` for as
    long as the register stays the same, so that nothing is counted twice.
    """
    totals = {} if totals is None else totals
    key = replace(wanted, page=1, sort="", descending=False), None if sites is None else frozenset(sites), plain
    sought = ListingQuery(
        where=tuple(_where_clauses(wanted, apart)),
        text=wanted.text[:_LONGEST],
        within=_PLAIN if plain else (),
        sites=sites,
        order=SORTS.get(wanted.sort, "priority"),
        descending=wanted.descending,
        most=MOST,
    )

    def read_lines(page: int) -> tuple[list[Mapping[str, Any]], int]:
        found, totals[key] = book.page(replace(sought, start=(page - 1) * MOST, total=totals.get(key)))
        return found, totals[key]

    page = max(wanted.page, 1)
    found, total = read_lines(page) if page < total_pages(10**9) else ([], 0)
    pages = max(total_pages(total), 1)
    if not found and page > 1:
        _, total = read_lines(1)
        pages = max(total_pages(total), 1)
        page = pages
        found, total = read_lines(page)
    return DevicePage(tuple(map(_decode_line, found)), total, min(page, pages), pages)


def numbers_of(
    book: Register,
    wanted: Filter,
    *,
    most: int,
    apart: Collection[str] = (),
    sites: Collection[str] | None = None,
    plain: bool = False,
) -> list[str]:
    """The asset numbers of all devices that fit, by site. Raises UsageError if there are more than ``most``."""
    sought = ListingQuery(
        where=tuple(_where_clauses(wanted, apart)),
        text=wanted.text[:_LONGEST],
        within=_PLAIN if plain else (),
        sites=sites,
        order="site",
        most=most,
    )
    lines, total = book.page(sought)
    if total > most:
        raise UsageError(f"{total:,} devices are more than the {most:,} that can be handled at once; narrow the list")
    return [line["asset_id"] for line in lines]


def total_pages(number: int) -> int:
    """How many pages this many devices fill."""
    return -(-number // MOST)


def find_by_past_address(book: Register, text: str, sites: Collection[str] | None = None) -> list[str]:
    """Asset numbers of devices that had this address before, or that a row of this number was merged into."""
    found = book.find_devices(text) if text.strip() else []
    named = {row.asset_id for row in found}
    lines, _ = book.page(ListingQuery(where=[Condition("asset_id", sorted(named))], sites=sites)) if named else ([], 0)
    return [line["asset_id"] for line in lines]


def _where_clauses(wanted: Filter, apart: Collection[str]) -> Iterator[Condition]:
    if not wanted.everything:
        yield Condition("other", (False,))
    for column, value in (("site", wanted.site), ("kind", wanted.kind)):
        if value is not None:
            yield Condition(column, (value[:_LONGEST],))
    yield from _where_maker(wanted.maker)
    yield from _where_in_scope(wanted, apart)
    if wanted.priority in {"1", "2", "3", "4"}:
        yield Condition("priority", (int(wanted.priority),))
    if wanted.presence in set(Presence):
        yield Condition("presence", (wanted.presence,))
    if wanted.answering:
        yield Condition("answers", (True,))
    if wanted.costless:
        yield Condition("pence", (None,))
    if wanted.among is not None:
        yield Condition("asset_id", sorted(wanted.among))


def _where_in_scope(wanted: Filter, apart: Collection[str]) -> Iterator[Condition]:
    if wanted.standing or wanted.scope == "yes":
        yield Condition("in_scope", ("yes",))
        yield Condition("asset_id", sorted(apart), is_not=True)
    elif wanted.scope in {"no", "unknown"}:
        yield Condition("in_scope", (wanted.scope,))
    if wanted.standing == "remaining":
        yield Condition("standing", ("removed", "closed"), is_not=True)
    elif wanted.standing in STANDINGS:
        yield Condition("standing", (wanted.standing,))


def _where_maker(word: str) -> Iterator[Condition]:
    match word:
        case "hikvision" | "dahua":
            yield Condition("maker", (word,))
            yield Condition("confidence", _SURE)
        case "possible":
            yield Condition("maker", sorted(MAKERS))
            yield Condition("confidence", _SURE, is_not=True)
        case "unknown":
            yield Condition("maker", ("",))
        case "other":
            yield Condition("maker", ("", *sorted(MAKERS)), is_not=True)


def _decode_line(line: Mapping[str, Any]) -> DeviceLine:
    facts = line["facts"]
    long = facts.get("long", {})
    planned = date.fromisoformat(line["planned"]) if line["planned"] else None
    is_meant = line["in_scope"] == "yes"
    return DeviceLine(
        number=line["asset_id"],
        tag=line["tag"],
        maker=line["make"],
        is_possible=bool(line["maker"]) and line["confidence"] == "possible",
        badge=line["badge"],
        model=long.get("model", line["model"]),
        type=_type_in_words(line["kind"], facts.get("can", ())) if line["kind"] else "",
        site=line["site"],
        place=_place_within_site(line["spot"], line["site"]),
        addresses=line["ips"],
        serial=line["serial"],
        firmware=line["firmware"],
        priority=line["priority"],
        in_scope=line["in_scope"],
        standing=STANDINGS[line["standing"]] if is_meant else "",
        planned=planned,
        is_late=is_meant and line["standing"] == "overdue",
        presence=presence_in_words(line["presence"], line["missed"]),
        last_seen=line["last_seen"],
        answers=line["answers"],
    )


def _type_in_words(kind: str, can: Iterable[str]) -> str:
    """A type of device as people read it. Abilities show what sort of camera it is."""
    return choice_in_words("device_type", device_type(kind, dict.fromkeys(can)))


def _place_within_site(spot: str, site: str) -> str:
    """The place within the building, from a text that begins with the site."""
    return spot[len(site) :].removeprefix(", ") if site and spot.startswith(site) else spot


def presence_in_words(presence: str, missed: int) -> str:
    """In words, whether scans see a device."""
    return {
        "seen": "Seen",
        "missed": f"Missed {missed} time{'' if missed == 1 else 's'}",
        "offline": "Offline",
        "unreachable_scope": "Its network is silent",
        "not_scanned": "Not seen by any scan",
    }[presence]


def lifecycle_in_words(status: Lifecycle) -> str:
    """The status of a device in words, as a person entered it."""
    return choice_in_words("lifecycle_status", status.value)
