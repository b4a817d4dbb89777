"""How often a collector scans a site in a day, whatever its centre asks: it remembers when its last scans began."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from camscan.app.collect_place import Place
from camscan.config.collector import FILE_NAME
from camscan.errors import UsageError
from camscan.words import count_text

_DAY = 24 * 3600
_BEGUN = "begun"
"""The member of the collector's state: site -> when its scans of the last day began, in seconds since 1970."""


def refuse_too_often(own: Place, site: str, now: datetime) -> None:
    """Raise UsageError if no other scan of a site may begin now."""
    begun, most = _of_last_day(own, now).get(site, ()), own.file.scans_a_day
    if len(begun) >= most:
        again = datetime.fromtimestamp(begun[-most] + _DAY, UTC).astimezone()
        raise UsageError(
            f"{FILE_NAME} allows {count_text(most, 'scan')} of a site in 24 hours; the centre may ask again after "
            f"{again:%d %B %Y, %H:%M}"
        )


def note_begun(own: Place, site: str, now: datetime) -> None:
    """Remember that a scan of a site begins now; it is on the disk when this returns. Raises OutputError."""
    begun = _of_last_day(own, now)
    own.remember(**{_BEGUN: {**begun, site: [*begun.get(site, ()), int(now.timestamp())]}})


def _of_last_day(own: Place, now: datetime) -> Mapping[str, Sequence[int]]:
    """When the scans of the last 24 hours began, by site.

    A clock that was set back gives no other scan: what began in the future counts as begun now, and is remembered so.
    """
    said, at = own.state().get(_BEGUN), int(now.timestamp())
    known = said if isinstance(said, dict) else {}
    found = {site: _read_times(known[site], at) for site in own.file.sites if site in known}
    if found != known:
        own.remember(**{_BEGUN: found})
    return found


def _read_times(said: object, at: int) -> list[int]:
    times = [each for each in said if isinstance(each, int)] if isinstance(said, list) else []
    return sorted(min(each, at) for each in times if at - each < _DAY)
