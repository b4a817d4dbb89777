"""Limits what a report from another site may say about recorders' channels: nothing about another site's devices."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container

from camscan.register.plain_sql import AnyConnection, fetch_some
from camscan.register.record.channel_lists import Listings
from camscan.register.record.channels import keys_of, wanted_keys
from camscan.register.record.matching import Search
from camscan.register.rows import rows_of_keys
from camscan.register.stored import unescape_text
from camscan.register.types import Bounds


def claim_others(question: Search) -> frozenset[int]:
    """Devices of the report, by index, that claim to be devices of another site."""
    return frozenset(
        index
        for index, own in enumerate(question.report_keys.keys)
        for key in own | question.report_keys.shared[index] | question.report_keys.burnt[index]
        if any(owner.id in question.foreign for owner in question.owners.get(key, ()))
    )


def own_listings(connection: AnyConnection, listings: Listings, bounds: Bounds, others: Container[int]) -> Listings:
    """The listings without those of recorders (``others``, rows) that claim to be another site's.

    Channels whose keys belong to a device of another site are left out too.
    """
    told = tuple((entry, each) for entry, each in listings.cameras if entry.id not in others)
    whole = tuple((entry, numbers) for entry, numbers in listings.complete if entry.id not in others)
    owners: defaultdict[tuple[str, str], set[int]] = defaultdict(set)
    for row in rows_of_keys(connection, wanted_keys(Listings(told, whole))):
        owners[row["kind"], row["value"]].add(row["device_id"])
    numbers = sorted(set().union(*owners.values()))
    rows = fetch_some(connection, "SELECT id, site, last_scan FROM device", "id", numbers)
    sites = {number: (unescape_text(site), last) for number, site, last in rows}
    held: defaultdict[int, list[str]] = defaultdict(list)
    query = "SELECT device_id, value, last_scan FROM device_address WHERE kind = 'ip'"
    for number, value, last in fetch_some(connection, query, "device_id", numbers):
        if last == sites[number][1]:
            held[number].append(unescape_text(value))
    theirs = {number for number, (site, _) in sites.items() if not bounds.is_own(site, held[number])}
    kept = tuple(each for each in told if all(theirs.isdisjoint(owners[one]) for one in keys_of(*each)))
    return Listings(kept, whole)
