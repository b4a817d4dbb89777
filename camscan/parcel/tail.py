"""The last line of a parcel: how the scan ended, what it covered, and how many lines there are."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from camscan.dataclass import dataclass
from camscan.model import Completion, Coverage, Outcome, Report, Turn
from camscan.register.codec import coverage_to_json, turn_from_json, turn_to_json

_MOST_TEXT = 2000
"""The most characters of one text."""
_MOST_LISTED = 100_000
_MOST_COUNT = 1 << 128
_COUNTS = ("addresses", "answered", "refused", "silent", "unreachable", "not_tried")
_NETWORKS = ("left_out", "unfinished", "unreached")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Tail:
    """The end of a scan: its times, what it covered, and how many replies and attempts the parcel has."""

    scan_id: str
    started_at: datetime
    finished_at: datetime
    completion: Completion
    site: str
    targets: tuple[str, ...]
    pace: str
    version: str
    database: str
    coverage: Coverage
    turn: Turn | None
    replies: int
    attempts: int
    """All attempts, including those without a reply."""


def tail_members(report: Report) -> Mapping[str, Any]:
    """The tail of a report, as JSON members."""
    return {
        "scan": report.scan_id,
        "started_at": report.started_at.isoformat(),
        "finished_at": report.finished_at.isoformat(),
        "completion": report.completion.value,
        "site": report.site,
        "targets": list(report.targets),
        "pace": report.pace,
        "version": report.version,
        "database": report.database,
        "coverage": coverage_to_json(report.coverage),
        "round": turn_to_json(report.turn),
        "replies": sum(1 for attempt in report.attempts if attempt.payload),
        "attempts": len(report.attempts),
    }


def read_tail(members: Mapping[str, Any]) -> Tail:
    """Read a tail from its JSON members. Raises ValueError, KeyError or TypeError for anything else."""
    return Tail(
        scan_id=_read_text(members["scan"]),
        started_at=_read_moment(members["started_at"]),
        finished_at=_read_moment(members["finished_at"]),
        completion=Completion(members["completion"]),
        site=_read_text(members["site"]),
        targets=_read_list(members["targets"], _read_text),
        pace=_read_text(members["pace"]),
        version=_read_text(members["version"]),
        database=_read_text(members["database"]),
        coverage=_read_coverage(members["coverage"]),
        turn=turn_from_json({"round": members.get("round")}),
        replies=_read_count(members["replies"]),
        attempts=_read_count(members["attempts"]),
    )


def _read_coverage(members: Mapping[str, Any]) -> Coverage:
    counts = {name: _read_count(members[name]) for name in _COUNTS}
    networks = {name: _read_list(members[name], _read_network) for name in _NETWORKS}
    return Coverage(
        addresses=counts["addresses"],
        answered=counts["answered"],
        refused=counts["refused"],
        silent=counts["silent"],
        unreachable=counts["unreachable"],
        not_tried=counts["not_tried"],
        outcomes={
            _read_text(probe): {Outcome(name).value: _read_count(count) for name, count in found.items()}
            for probe, found in members["outcomes"].items()
        },
        notes=_read_list(members["notes"], _read_text),
        living={_read_network(subnet): _read_count(count) for subnet, count in members["living"].items()},
        is_search=_read_flag(members["is_search"]),
        left_out=networks["left_out"],
        strangers=_read_list(members["strangers"], lambda ip: str(ipaddress.ip_address(_read_text(ip)))),
        unfinished=networks["unfinished"],
        unreached=networks["unreached"],
    )


def _read_list(values: Any, reader: Callable[[Any], _T]) -> tuple[_T, ...]:
    if not isinstance(values, Sequence) or isinstance(values, str) or len(values) > _MOST_LISTED:
        raise TypeError("not a list that can be read")
    return tuple(map(reader, values))


def _read_text(value: Any) -> str:
    if type(value) is not str or len(value) > _MOST_TEXT:
        raise TypeError("not a text that can be read")
    value.encode()  # half a character raises UnicodeEncodeError, which is a ValueError
    return value


def _read_count(value: Any) -> int:
    if type(value) is not int or not 0 <= value <= _MOST_COUNT:
        raise TypeError("not a count")
    return value


def _read_flag(value: Any) -> bool:
    if type(value) is not bool:
        raise TypeError("neither true nor false")
    return value


def _read_network(value: Any) -> str:
    return str(ipaddress.ip_network(_read_text(value)))


def _read_moment(value: Any) -> datetime:
    found = datetime.fromisoformat(_read_text(value))
    if found.tzinfo is None:
        raise ValueError("a time without a zone")
    return found.astimezone(UTC)
