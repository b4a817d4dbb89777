"""Reads every device, some hundreds at a time: a list of any length needs the same memory."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Container, Iterator, Sequence

from camscan.asset import Asset
from camscan.register import listing
from camscan.register.assets import read_assets_by_row
from camscan.register.plain_sql import AnyConnection, driver_errors, fetch, is_undecodable
from camscan.register.site_lookup import FindPlace, make_lookup
from camscan.register.stored import FAULTS

_BATCH = 1000


def devices_by_address(
    connection: AnyConnection, only: Container[int] | None = None
) -> Iterator[tuple[list[Asset], int]]:
    """The devices by address, those without one last; with each batch, how many of its rows cannot be read.

    The order is that of the listing: the caller has checked that it is up to date.
    """
    query = f"SELECT device_id FROM listing ORDER BY {listing.address_order(connection)}"  # noqa: S608 - ours
    numbers = [number for (number,) in fetch(connection, query) if only is None or number in only]
    find_place = make_lookup(connection)
    for start in range(0, len(numbers), _BATCH):
        yield read_legible(connection, numbers[start : start + _BATCH], find_place)


def by_site(connection: AnyConnection, only: Container[int] | None = None) -> Iterator[list[Asset]]:
    """The devices by site and address, those of no site last. Raises, as ``FAULTS``, for a row that cannot be read.

    The listing has the order: the caller has checked that it is up to date.
    """
    numbers = array("q", (number for number in listing.numbers_by_site(connection) if only is None or number in only))
    find_place = make_lookup(connection)
    for start in range(0, len(numbers), _BATCH):
        yield [asset for _, asset in read_assets_by_row(connection, numbers[start : start + _BATCH], find_place)]


def in_batches(connection: AnyConnection, scans: Collection[str] | None = None) -> Iterator[list[Asset]]:
    """The devices in the order in which they were first found; with ``scans``, those that one of these scans saw last.

    Raises, as ``FAULTS``, for a row that cannot be read.
    """
    query = "SELECT id FROM device WHERE merged_into IS NULL"
    if scans is None:
        rows = fetch(connection, f"{query} ORDER BY id")
    else:
        these = "last_scan IN (SELECT id FROM scan WHERE scan_id IN :scans)"
        rows = fetch(connection, f"{query} AND {these} ORDER BY id", scans=sorted(scans)) if scans else ()
    numbers = array("q", (number for (number,) in rows))
    find_place = make_lookup(connection)
    for start in range(0, len(numbers), _BATCH):
        yield [asset for _, asset in read_assets_by_row(connection, numbers[start : start + _BATCH], find_place)]


def read_legible(connection: AnyConnection, numbers: Sequence[int], find_place: FindPlace) -> tuple[list[Asset], int]:
    """The devices that can be read, and how many cannot.

    A batch is read by halves, so that one damaged row costs few queries.
    """
    try:
        return [asset for _, asset in read_assets_by_row(connection, numbers, find_place)], 0
    except FAULTS:
        pass
    except driver_errors() as error:
        if not is_undecodable(error):
            raise
    if len(numbers) == 1:
        return [], 1
    middle = len(numbers) // 2
    left, lost = read_legible(connection, numbers[:middle], find_place)
    right, more = read_legible(connection, numbers[middle:], find_place)
    return left + right, lost + more
