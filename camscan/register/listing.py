"""The read model: a line for every device, as lists show, filter, sort and count it.

The caller judges the devices; this module stores the lines. A line depends on the device's own rows, the site map, the
settings and the day. Triggers (``watching``) note which devices were written to. Each line says until which day it
holds. The stamp says for which settings and which day all lines were made. So a reader always knows which lines are out
of date.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from camscan.asset.columns import NAMING
from camscan.dataclass import dataclass
from camscan.register.assets import read_assets_by_row
from camscan.register.plain_sql import (
    AnyConnection,
    conditions,
    execute,
    execute_many,
    fetch,
    fetch_rows,
    fetch_some,
    fetch_value,
    is_file,
    stream,
    stream_rows,
    table_names,
)
from camscan.register.rows import delete_rows, insert_rows
from camscan.register.site_lookup import make_lookup
from camscan.register.stored import decode_json, decode_moment, unescape_text
from camscan.register.tables import READ_MODEL, VERSION, make_read_model
from camscan.register.types import Group, Lister
from camscan.register.watching import is_watched

STAMP = "stamp"
"""Name of the row of ``overview`` that says how far the listing is up to date."""
ADDRESS = "address"
"""The column of the first address of a device."""
EVERY = 0
"""The number in ``touched`` that means every device."""
_BATCH = 2000
"""Devices that are read at a time: those of a county would not fit into memory."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """The edition and the point up to which the listing was brought up to date."""

    edition: str
    """Hash of the settings and tables that judged the devices."""
    day: str
    scan: int
    """The highest number of a recorded scan at that time."""
    change: int
    """The highest number of a line of the audit log at that time."""
    settled: str
    """When the last conflict was settled; empty for never."""
    lines: int
    turn: int
    """Counts how often lines were written. Counts that were made from the lines belong to one turn."""

    def as_json(self) -> dict[str, Any]:
        """The stamp as its row stores it."""
        return {name: getattr(self, name) for name in self.__slots__}


def is_current(connection: AnyConnection, lister: Lister) -> bool:
    """Whether every line is the same as it would be if it were made now."""
    return _is_valid(connection, lister, read_stamp(connection))


def _is_valid(connection: AnyConnection, lister: Lister, stamp: Stamp | None) -> bool:
    """Whether no line is out of date, by the stamp that was read in this transaction."""
    if stamp is None or not _is_same_basis(stamp, lister):
        return False
    if fetch(connection, "SELECT 1 FROM touched LIMIT 1"):
        return False
    return not fetch(connection, f"{_OUTLIVED} LIMIT 1", day=lister.day().isoformat())


def bring_up_to_date(connection: AnyConnection, lister: Lister, *, rebuild: bool = True) -> bool:
    """Write the lines that are out of date in the caller's transaction.

    Returns whether all lines are up to date afterwards.

    Without ``rebuild``, nothing is done if every line would have to be written.
    """
    stamp = read_stamp(connection)
    if stamp and _is_valid(connection, lister, stamp):
        now = _stamp_now(connection, lister, stamp.turn)
        if now != stamp:
            _write_stamp(connection, now)
        return True
    changed = _touched_devices(connection) if stamp else {EVERY}
    if stamp is None or EVERY in changed or not _is_same_basis(stamp, lister):
        if rebuild:
            _build_listing(connection, lister, stamp)
        return rebuild
    changed |= {row[0] for row in fetch(connection, _OUTLIVED, day=lister.day().isoformat())}
    changed |= _naming_merged(connection, changed)
    numbers = sorted(changed)
    delete_rows(connection, "listing", "device_id", numbers)  # also lines of devices that were merged into others
    for batch in _make_lines(connection, lister, numbers):
        insert_rows(connection, "listing", batch)
    execute(connection, "DELETE FROM touched")
    _write_stamp(connection, _stamp_now(connection, lister, stamp.turn + bool(numbers)))
    return True


def begin_listing(connection: AnyConnection) -> None:
    """Mark new tables as empty, so that the first lines need not make them again."""
    _write_stamp(connection, Stamp(edition="", day="", scan=0, change=0, settled="", lines=0, turn=0))


def stale_lines(connection: AnyConnection) -> frozenset[int]:
    """Numbers of the devices whose lines are out of date, because somebody has written to the devices."""
    return frozenset(_touched_devices(connection) if "touched" in table_names(connection) else ())


def _touched_devices(connection: AnyConnection) -> set[int]:
    return {row[0] for row in fetch(connection, "SELECT device_id FROM touched")}


def renew_columns(connection: AnyConnection, changes: Mapping[int, Mapping[str, Any]]) -> None:
    """Update only these columns in the lines of devices, which nobody has to judge again."""
    if not changes or not {"listing", "touched"} <= table_names(connection):
        return
    given = [{"the_id": number, **change} for number, change in changes.items()]
    renewed = ", ".join(f"{name} = :{name}" for name in given[0] if name != "the_id")
    execute_many(connection, f"UPDATE listing SET {renewed} WHERE device_id = :the_id", given)  # noqa: S608 - ours
    delete_rows(connection, "touched", "device_id", sorted(changes))


def read_stamp(connection: AnyConnection) -> Stamp | None:
    """The stamp; None if the read model is missing, damaged or unwatched."""
    if not {*READ_MODEL} <= table_names(connection):
        return None
    try:
        stamp = Stamp(**decode_json(fetch_value(connection, _CONTENT, name=STAMP)))
    except (TypeError, ValueError):
        return None
    lines = fetch_value(connection, "SELECT count(*) FROM listing")
    return stamp if lines == stamp.lines and is_watched(connection) else None


_CONTENT = "SELECT content FROM overview WHERE name = :name"


def is_possible(connection: AnyConnection) -> bool:
    """Whether there is a listing, or may be one; see ``Register.has_listing``."""
    return bool(fetch_value(connection, "SELECT max(version_num) FROM alembic_version") == VERSION)


def counting_basis(connection: AnyConnection, lister: Lister) -> list[Any]:
    """What counts depend on: the lines, the scans and the day; empty if lines are out of date.

    ``glance`` builds the same list.
    """
    stamp = read_stamp(connection)
    if stamp is None or not _is_valid(connection, lister, stamp):
        return []
    scan = fetch_value(connection, "SELECT max(id) FROM scan") or 0
    return [stamp.turn, stamp.edition, scan, lister.day().isoformat()]


def keep_counted(connection: AnyConnection, name: str, told: Any, basis: Sequence[Any]) -> None:
    """Store counts; see ``Register.keep_counted``. ``glance`` reads them."""
    _write_content(connection, name, {"basis": list(basis), "told": told})


def _write_content(connection: AnyConnection, name: str, content: Mapping[str, Any]) -> None:
    execute(connection, "DELETE FROM overview WHERE name = :name", name=name)
    insert_rows(connection, "overview", [{"name": name, "content": dict(content)}])


def read_counted(connection: AnyConnection, name: str, basis: Sequence[Any]) -> Any | None:
    """Read stored counts; see ``Register.read_counted``."""
    held: Any = decode_json(fetch_value(connection, _CONTENT, name=name))
    return held["told"] if held and held.get("basis") == list(basis) else None


def address_order(connection: AnyConnection) -> str:
    """The order of lines by address, with lines without an address last.

    It does not depend on the server's own order of texts.
    """
    return f"address = '', {_by_bytes(connection, 'address')}, device_id"


def _by_bytes(connection: AnyConnection, column: str) -> str:
    """A column by which is sorted as SQLite sorts it."""
    return column if is_file(connection) else f'{column} COLLATE "C"'


def read_lines(
    connection: AnyConnection, order: Sequence[str], only: Sequence[str] = ()
) -> Iterator[Mapping[str, Any]]:
    """Lines of the listing; see ``Register.lines``."""
    by = address_order(connection) if order == (ADDRESS,) else ", ".join([*order, "device_id"])
    yield from stream_rows(connection, f"SELECT {', '.join(only) or '*'} FROM listing ORDER BY {by}")  # noqa: S608 - ours


_LINES = "SELECT listing.* FROM listing"


def read_lines_of(connection: AnyConnection, asset_ids: Collection[str]) -> Iterator[Mapping[str, Any]]:
    """Lines of some devices; see ``Register.lines_of``."""
    query = f"{_LINES} JOIN device ON device.id = listing.device_id WHERE"
    for condition, some in conditions("device.asset_id", sorted(asset_ids)):
        yield from fetch_rows(connection, f"{query} {condition}", **some)


def numbers_by_site(connection: AnyConnection) -> Iterator[int]:
    """The number of every device, by site and address, those of no site last. Eight bytes for each are held."""
    by = f"address = '', {_by_bytes(connection, 'address')}, {_by_bytes(connection, 'asset_id')}"
    sites: dict[str, array[int]] = {}
    for number, site in stream(connection, f"SELECT device_id, site FROM listing ORDER BY {by}"):  # noqa: S608 - ours
        sites.setdefault(unescape_text(site).casefold(), array("q")).append(number)
    for site in sorted(sites, key=lambda site: (not site, site)):
        yield from sites[site]


def lines_of_others(connection: AnyConnection) -> Iterator[Mapping[str, Any]]:
    """See ``Register.lines_of_others``."""
    is_alone = "(serial = '' AND (maker = '' OR last_seen IS NULL))"
    query = f"{_LINES} WHERE {is_alone} OR facts LIKE :named ORDER BY device_id"
    yield from stream_rows(connection, query, named='%"recorder%')


def lines_apart(connection: AnyConnection, lister: Lister) -> Collection[str]:
    """Asset numbers of lines in scope that are not counted (``Lister.apart``).

    Lines are read only if there may be one.
    """
    is_alone = "in_scope = 'yes' AND serial = '' AND (maker = '' OR last_seen IS NULL)"
    if not fetch(connection, f"SELECT 1 FROM listing WHERE {is_alone} LIMIT 1"):  # noqa: S608 - constants
        return ()
    return lister.apart(read_lines(connection, ()))


def count_groups(connection: AnyConnection, without: Collection[str] = ()) -> list[Group]:
    """Groups of devices with the same standing, with the counts of each, in no order."""
    query = f"""
        SELECT in_scope, standing, presence, answers, count(*), coalesce(sum(pence), 0) FROM listing
        {_leaving_out("WHERE", without)} GROUP BY in_scope, standing, presence, answers
    """  # noqa: S608 - constants
    return [
        Group(scope, standing, presence, bool(answers), devices, int(pence))
        for scope, standing, presence, answers, devices, pence in fetch(connection, query, **_left_out(without))
    ]


def count_distinct(connection: AnyConnection, without: Collection[str], standings: Collection[str]) -> tuple[int, int]:
    """How many systems and known sites the devices in scope with one of these standings belong to."""
    if not standings:
        return 0, 0
    meant = f"FROM listing WHERE in_scope = 'yes' AND standing IN :standings {_leaving_out('AND', without)}"
    values = {"standings": sorted(standings), **_left_out(without)}
    systems = fetch_value(connection, f"SELECT count(DISTINCT system_key) {meant}", **values)
    sites = fetch_value(connection, f"SELECT count(DISTINCT site_key) {meant} AND site_key <> ''", **values)
    return systems, sites


def _leaving_out(word: str, without: Collection[str]) -> str:
    return f"{word} asset_id NOT IN :without" if without else ""


def _left_out(without: Collection[str]) -> dict[str, Any]:
    return {"without": sorted(without)} if without else {}


def _is_same_basis(stamp: Stamp, lister: Lister) -> bool:
    """Whether only single lines can be out of date.

    The lines for an earlier day cannot be made from those of a later one.
    """
    return stamp.edition == lister.edition() and stamp.day <= lister.day().isoformat()


_OUTLIVED = "SELECT device_id FROM listing WHERE until < :day"
"""The devices whose lines are no longer valid on that day."""


def _build_listing(connection: AnyConnection, lister: Lister, before: Stamp | None) -> None:
    """Make every line again, and also the tables if something is wrong with them."""
    if before is None:
        make_read_model(connection)
    else:
        execute(connection, "DELETE FROM listing")
    numbers = fetch(connection, "SELECT id FROM device WHERE merged_into IS NULL ORDER BY id")
    for batch in _make_lines(connection, lister, [row[0] for row in numbers]):
        insert_rows(connection, "listing", batch)
    execute(connection, "DELETE FROM touched")
    _write_stamp(connection, _stamp_now(connection, lister, before.turn + 1 if before else 1))


def _make_lines(connection: AnyConnection, lister: Lister, numbers: Sequence[int]) -> Iterator[list[dict[str, Any]]]:
    """The lines of these devices, some thousands at a time. All are made before any of them is written."""
    day, find_place = lister.day(), make_lookup(connection)
    for start in range(0, len(numbers), _BATCH):
        found = read_assets_by_row(connection, numbers[start : start + _BATCH], find_place)
        made = lister.lines([asset for _, asset in found], day)
        yield [{"device_id": number, **line} for (number, _), line in zip(found, made, strict=True)]


def _naming_merged(connection: AnyConnection, changed: Iterable[int]) -> set[int]:
    """Devices whose entries name a row that was merged into another: their lines change with it."""
    query = "SELECT asset_id FROM device WHERE merged_into IS NOT NULL"
    gone = {row[0] for row in fetch_some(connection, query, "id", sorted(changed))}
    if not gone:
        return set()
    names = {f"name_{place}": f'%"{column}"%' for place, column in enumerate(NAMING)}
    where = " OR ".join(f"entries LIKE :{name}" for name in names)
    rows = fetch(connection, f"SELECT device_id, entries FROM people WHERE {where}", **names)  # noqa: S608 - constants
    told = {number: decode_json(entries) for number, entries in rows}
    return {number for number, entries in told.items() if any(entries.get(column) in gone for column in NAMING)}


def _stamp_now(connection: AnyConnection, lister: Lister, turn: int) -> Stamp:
    query = """
        SELECT (SELECT max(settled_at) FROM conflict), (SELECT max(id) FROM scan), (SELECT max(id) FROM change),
          (SELECT count(*) FROM listing)
    """
    ((settled, scan, change, count),) = fetch(connection, query)
    at = decode_moment(settled)
    return Stamp(
        edition=lister.edition(),
        day=lister.day().isoformat(),
        scan=scan or 0,
        change=change or 0,
        settled=at.isoformat() if at else "",
        lines=count,
        turn=turn,
    )


def _write_stamp(connection: AnyConnection, stamp: Stamp) -> None:
    _write_content(connection, STAMP, stamp.as_json())
