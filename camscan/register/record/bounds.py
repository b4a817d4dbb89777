"""Limits what a report from another site may say about recorders' channels: nothing about another site's devices."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container

from sqlalchemy import Connection

from camscan.register import schema
from camscan.register.record.channel_lists import Listings
from camscan.register.record.channels import keys_of, wanted_keys
from camscan.register.record.matching import Search
from camscan.register.rows import rows_of_keys, select_rows
from camscan.register.types import Bounds


def claim_others(question: Search) -> frozenset[int]:
    """Devices of the report, by index, that claim to be devices of another site."""
    return frozenset(
        index
        for index, own in enumerate(question.report_keys.keys)
        for key in own | question.report_keys.shared[index] | question.report_keys.burnt[index]
        if any(owner.id in question.foreign for owner in question.owners.get(key, ()))
    )


def own_listings(connection: Connection, listings: Listings, bounds: Bounds, others: Container[int]) -> Listings:
    """The listings without those of recorders (``others``, rows) that claim to be another site's.

    Channels whose keys belong to a device of another site are left out too.
    """
    told = tuple((entry, each) for entry, each in listings.cameras if entry.id not in others)
    whole = tuple((entry, numbers) for entry, numbers in listings.complete if entry.id not in others)
    device, key, address = schema.device, schema.device_key, schema.device_address
    owners: defaultdict[tuple[str, str], set[int]] = defaultdict(set)
    for row in rows_of_keys(connection, key, wanted_keys(Listings(told, whole))):
        owners[row["kind"], row["value"]].add(row["device_id"])
    rows = {row["id"]: row for row in select_rows(connection, device, device.c.id, set().union(*owners.values()))}
    held: defaultdict[int, list[str]] = defaultdict(list)
    for row in select_rows(connection, address, address.c.device_id, rows):
        if row["kind"] == "ip" and row["last_scan"] == rows[row["device_id"]]["last_scan"]:
            held[row["device_id"]].append(row["value"])
    theirs = {number for number, row in rows.items() if not bounds.is_own(row["site"], held[number])}
    kept = tuple(each for each in told if all(theirs.isdisjoint(owners[one]) for one in keys_of(*each)))
    return Listings(kept, whole)
