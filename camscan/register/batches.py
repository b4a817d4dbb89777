"""Reads every device, some hundreds at a time: a list of any length needs the same memory."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Container, Iterator, Sequence

from sqlalchemy import Connection, select
from sqlalchemy.exc import OperationalError

from camscan.asset import Asset
from camscan.register import listing, schema
from camscan.register.assets import read_assets_by_row
from camscan.register.site_lookup import FindPlace, make_lookup
from camscan.register.stored import FAULTS

_BATCH = 1000


def devices_by_address(connection: Connection, only: Container[int] | None = None) -> Iterator[tuple[list[Asset], int]]:
    """The devices by address, those without one last; with each batch, how many of its rows cannot be read.

    The order is that of the listing: the caller has checked that it is up to date.
    """
    query = select(schema.listing.c.device_id).order_by(*listing.address_order(connection))
    numbers = [number for number in connection.execute(query).scalars() if only is None or number in only]
    find_place = make_lookup(connection)
    for start in range(0, len(numbers), _BATCH):
        yield read_legible(connection, numbers[start : start + _BATCH], find_place)


def by_site(connection: Connection, only: Container[int] | None = None) -> Iterator[list[Asset]]:
    """The devices by site and address, those of no site last. Raises, as ``FAULTS``, for a row that cannot be read.

    The listing has the order: the caller has checked that it is up to date.
    """
    numbers = array("q", (number for number in listing.numbers_by_site(connection) if only is None or number in only))
    find_place = make_lookup(connection)
    for start in range(0, len(numbers), _BATCH):
        yield [asset for _, asset in read_assets_by_row(connection, numbers[start : start + _BATCH], find_place)]


def in_batches(connection: Connection, scans: Collection[str] | None = None) -> Iterator[list[Asset]]:
    """The devices in the order in which they were first found; with ``scans``, those that one of these scans saw last.

    Raises, as ``FAULTS``, for a row that cannot be read.
    """
    device, scan = schema.device, schema.scan
    query = select(device.c.id).where(device.c.merged_into.is_(None)).order_by(device.c.id)
    if scans is not None:
        query = query.where(device.c.last_scan.in_(select(scan.c.id).where(scan.c.scan_id.in_(scans))))
    numbers = array("q", connection.execute(query).scalars().all())
    find_place = make_lookup(connection)
    for start in range(0, len(numbers), _BATCH):
        yield [asset for _, asset in read_assets_by_row(connection, numbers[start : start + _BATCH], find_place)]


def read_legible(connection: Connection, numbers: Sequence[int], find_place: FindPlace) -> tuple[list[Asset], int]:
    """The devices that can be read, and how many cannot.

    A batch is read by halves, so that one damaged row costs few queries.
    """
    try:
        return [asset for _, asset in read_assets_by_row(connection, numbers, find_place)], 0
    except FAULTS:
        pass
    except OperationalError as error:  # a text that is not UTF-8
        if "decode" not in str(error).lower():
            raise
    if len(numbers) == 1:
        return [], 1
    middle = len(numbers) // 2
    left, lost = read_legible(connection, numbers[:middle], find_place)
    right, more = read_legible(connection, numbers[middle:], find_place)
    return left + right, lost + more
