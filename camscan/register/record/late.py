"""Records a scan that arrives late: a newer scan of the same addresses is already in the register.

What it saw is evidence and history: sightings, observations, replies, addresses that were once held. The newer scan has
already said what devices are now, whether they are seen or missed, and which subnets are silent. A device that the
register does not know is added; the next scan of its address shows whether it is still there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Any

from camscan.errors import TargetError
from camscan.model import Report
from camscan.net.span import Span, common_spans
from camscan.net.target import parse_targets
from camscan.register.codec import coverage_from_json
from camscan.register.codec import is_late as is_stored_late
from camscan.register.plain_sql import AnyConnection, execute_many, fetch_rows
from camscan.register.record.again import address_positions
from camscan.register.record.channel_rows import ChannelChanges
from camscan.register.record.conflicts import Contradiction
from camscan.register.record.entry import Entry
from camscan.register.record.matching import Matching
from camscan.register.rows import insert_rows

_ANY = 1 << 128
NO_CHANNELS = ChannelChanges((), (), ())


def is_late(connection: AnyConnection, report: Report) -> bool:
    """Whether a newer scan of addresses that this one asked, at the same site, is in the register."""
    query = "SELECT site, targets, coverage FROM scan WHERE finished_at > :finished"
    asked = _asked_spans(report.targets)
    for row in fetch_rows(connection, query, finished=report.finished_at):
        is_here = not report.site or row["site"].casefold() in {"", report.site.casefold()}
        is_search = coverage_from_json(row["coverage"]).is_search and not is_stored_late(row["coverage"])
        if is_here and is_search and any(common_spans(asked, _asked_spans(row["targets"]))):
            return True
    return False


def _asked_spans(targets: Sequence[str]) -> list[Span]:
    """The addresses that were asked; None if the targets are not addresses, as those of an import."""
    try:
        return list(parse_targets(targets, limit=_ANY).all_spans)
    except TargetError:
        return []


def without_mergers(found: Matching) -> Matching:
    """The matching without mergers: a newer scan would have merged these rows."""
    return replace(found, stand_ins=())


def find_overtaken(entries: Sequence[Entry]) -> frozenset[int]:
    """Indexes of the devices that a scan has seen before: for these, the register already knows the newer state."""
    return frozenset(index for index, each in enumerate(entries) if each.known and each.known.last_scan)


def contradictions_of_new_devices(found: Iterable[Contradiction], behind: Collection[int]) -> list[Contradiction]:
    """The contradictions of devices that are new in the register."""
    return [one for one in found if one.device not in behind]


def write_overtaken(connection: AnyConnection, scan: int, entries: Sequence[Entry]) -> None:
    """Write when and where the devices were seen. What is known about them does not change."""
    rows = [
        {
            "id": each.id,
            "first": min(each.old["first_seen"] or each.device.first_seen, each.device.first_seen),
            "last": max(each.old["last_seen"] or each.device.last_seen, each.device.last_seen),
        }
        for each in entries
    ]
    statement = "UPDATE device SET first_seen = :first, last_seen = :last, sightings = sightings + 1 WHERE id = :id"
    execute_many(connection, statement, rows)
    held: list[dict[str, Any]] = []
    for each in entries:
        known = each.known.addresses if each.known else {}
        for (kind, value), position in address_positions(each):
            if (kind, value) not in known:
                own = {"device_id": each.id, "kind": kind, "value": value, "position": position}
                held.append({**own, "first_scan": scan, "last_scan": scan})
    insert_rows(connection, "device_address", held)
