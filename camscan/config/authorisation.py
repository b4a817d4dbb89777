"""Who authorised the scan of which networks, from which day to which day, and at which hours."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta, tzinfo

from camscan.config.value import Network, read_date, read_entries, read_some_networks, read_word
from camscan.dataclass import dataclass
from camscan.patterns import late
from camscan.strict_yaml import Node

KEYS = ("role", "date", "expires", "cidrs", "window", "days", "contact")
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

_WEEK = frozenset(range(len(DAYS)))
_WINDOW = late(r"([01]?\d|2[0-3]):([0-5]\d)\s*[-–]\s*(?:([01]?\d|2[0-3]):([0-5]\d)|24:00)", re.ASCII)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Window:
    """Hours of the day in local time, and the days on which they begin."""

    begins: time
    lasts: timedelta
    """Length of the window: at most a day. It may run past midnight."""
    days: frozenset[int] = _WEEK
    """Days of the week; 0 is Monday."""

    def closing_time(self, now: datetime) -> datetime | None:
        """The end of the window in the local time of ``now``; None if it is not open."""
        wall = now.replace(tzinfo=None)
        for begin in (wall.date(), wall.date() - _DAY):
            opened = datetime.combine(begin, self.begins)
            if begin.weekday() in self.days and opened <= wall < opened + self.lasts:
                return opened + self.lasts
        return None

    def ending_time(self, now: datetime, zone: tzinfo | None) -> datetime | None:
        """The end of the window as a moment; None if it is not open at ``now``, which is the local time of ``zone``."""
        closes = self.closing_time(now)
        if closes is None:
            return None
        wall = closes.replace(fold=now.fold)  # the hour that comes twice in autumn
        return wall.replace(tzinfo=zone) if zone else wall.astimezone()

    def __str__(self) -> str:
        end = (datetime.combine(date.min, self.begins) + self.lasts).time()
        hours = f"{self.begins:%H:%M}-{end:%H:%M}" if self.lasts < _DAY else "all day"
        return hours if self.days == _WEEK else f"{hours} {' '.join(DAYS[number] for number in sorted(self.days))}"


@dataclass(frozen=True, slots=True)
class Authorisation:
    """Networks that may be scanned, from a first to a last day, both included."""

    role: str
    """The role that authorised it, never a name, because the register is kept for years."""
    begins: date
    expires: date
    cidrs: tuple[Network, ...]
    where: str
    """``file:line``."""
    window: Window | None = None
    """The hours in which a scan is allowed; None for any hour."""
    contact: str = ""
    """The role to contact if something is wrong."""

    def is_in_force(self, today: date) -> bool:
        """Whether it is valid today, at some hour."""
        return self.begins <= today <= self.expires

    def is_valid_now(self, now: datetime) -> bool:
        """Whether it is valid at this moment; ``now`` is the local time of the networks."""
        return self.is_in_force(now.date()) and (self.window is None or self.window.closing_time(now) is not None)

    def ending_time(self, now: datetime, zone: tzinfo | None) -> datetime:
        """The moment at which a valid authorisation ends: when its window closes, or after its last day."""
        last = datetime.combine(self.expires + _DAY, time()) if self.expires < date.max else datetime.max  # noqa: DTZ901 - wall clock
        closes = self.window.closing_time(now) if self.window else None
        wall = (min(last, closes) if closes else last).replace(fold=now.fold)  # the hour that comes twice in autumn
        return wall.replace(tzinfo=zone) if zone or wall == datetime.max else wall.astimezone()  # noqa: DTZ901 - as above

    def describe_why_not(self, now: datetime) -> str:
        """Why it is not valid now, and when it will be."""
        today = now.date()
        if self.expires < today:
            return f"expired on {self.expires}; renew it first"
        if today < self.begins:
            return f"begins on {self.begins}"
        return f"allows {self.window} only, and it is {DAYS[now.weekday()]} {now:%H:%M}"


def read_authorisation(node: Node) -> Authorisation:
    """Read one entry of ``authorisations``. Raises ConfigError with file and line."""
    keys = read_entries(node, KEYS, "role", "date", "expires", "cidrs")
    begins, expires = read_date(keys["date"]), read_date(keys["expires"])
    if expires < begins:
        raise keys["expires"].error(f"expires before its date, {begins}")
    return Authorisation(
        read_word(keys["role"]),
        begins,
        expires,
        read_some_networks(keys["cidrs"]),
        where=f"{node.file}:{node.line}",
        window=read_window(keys),
        contact=read_word(keys["contact"]) if "contact" in keys else "",
    )


def read_window(keys: Mapping[str, Node]) -> Window | None:
    """Read the keys ``window`` and ``days`` of an entry; None if it has neither."""
    if "window" not in keys and "days" not in keys:
        return None
    days = (
        frozenset(number for item in keys["days"].items() for number in _read_days(item)) if "days" in keys else _WEEK
    )
    if not days:
        raise keys["days"].error("name at least one day, such as [Mon, Tue], or take the line out")
    if "window" not in keys:
        return Window(time(), _DAY, days)
    node = keys["window"]
    found = _WINDOW.fullmatch(node.text().strip())
    if not found:
        raise node.error(f"'{node.text()}' is not a time window; write it as 19:00-06:00")
    opens = timedelta(hours=int(found[1]), minutes=int(found[2]))
    closes = timedelta(hours=int(found[3]), minutes=int(found[4])) if found[3] else _DAY
    if opens == closes:
        raise node.error("it closes at the hour at which it opens; remove the line if every hour is allowed")
    lasts = closes - opens if closes > opens else closes - opens + _DAY
    return Window((datetime.min + opens).time(), lasts, days)  # noqa: DTZ901 - a time of day


def _read_days(node: Node) -> range | tuple[int, ...]:
    """Read ``Mon``, ``Monday`` or ``Mon-Fri`` into numbers of days, from Monday as 0."""
    ends = [part.strip()[:3].capitalize() for part in node.text().split("-")]
    full = [part.strip().casefold() for part in node.text().split("-")]
    known = all(_is_day(text) for text in full)
    if not known or len(ends) > 2:  # noqa: PLR2004 - both ends
        raise node.error(f"'{node.text()}' is not a day; write it as Mon, or Mon-Fri")
    first, last = DAYS.index(ends[0]), DAYS.index(ends[-1])
    return range(first, last + 1) if first <= last else (*range(first, len(DAYS)), *range(last + 1))


def _is_day(text: str) -> bool:
    full = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    return any(text in {day, day[:3]} for day in full)
