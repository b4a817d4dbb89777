"""The read model: a line for every device, as lists show, filter, sort and count it.

The caller judges the devices; this module stores the lines. A line depends on the device's own rows, the site map, the
settings and the day. Triggers (``watching``) note which devices were written to. Each line says until which day it
holds. The stamp says for which settings and which day all lines were made. So a reader always knows which lines are out
of date.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, CursorResult, Text, and_, bindparam, cast, func, inspect, or_, select

from camscan.asset.columns import NAMING
from camscan.dataclass import dataclass
from camscan.register import schema
from camscan.register.assets import read_assets_by_row
from camscan.register.rows import CHUNK, insert_rows
from camscan.register.site_lookup import make_lookup
from camscan.register.types import Group, Lister
from camscan.register.watching import create_triggers, is_watched

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


def is_current(connection: Connection, lister: Lister) -> bool:
    """Whether every line is the same as it would be if it were made now."""
    return _is_valid(connection, lister, read_stamp(connection))


def _is_valid(connection: Connection, lister: Lister, stamp: Stamp | None) -> bool:
    """Whether no line is out of date, by the stamp that was read in this transaction."""
    if stamp is None or not _is_same_basis(stamp, lister):
        return False
    table = schema.touched
    if connection.execute(select(table.c.device_id).limit(1)).first() is not None:
        return False
    return connection.execute(_is_outlived(lister.day()).limit(1)).first() is None


def bring_up_to_date(connection: Connection, lister: Lister, *, rebuild: bool = True) -> bool:
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
    changed = set(connection.execute(select(schema.touched.c.device_id)).scalars()) if stamp else {EVERY}
    if stamp is None or EVERY in changed or not _is_same_basis(stamp, lister):
        if rebuild:
            _build_listing(connection, lister, stamp)
        return rebuild
    day = lister.day()
    changed |= set(connection.execute(_is_outlived(day)).scalars())
    changed |= _naming_merged(connection, changed)
    table = schema.listing
    numbers = sorted(changed)
    for start in range(0, len(numbers), CHUNK):  # lines of devices that were merged into others are deleted here
        connection.execute(table.delete().where(table.c.device_id.in_(numbers[start : start + CHUNK])))
    for batch in _make_lines(connection, lister, numbers):
        insert_rows(connection, table, batch)
    connection.execute(schema.touched.delete())
    _write_stamp(connection, _stamp_now(connection, lister, stamp.turn + bool(numbers)))
    return True


def begin_listing(connection: Connection) -> None:
    """Mark new tables as empty, so that the first lines need not make them again."""
    _write_stamp(connection, Stamp(edition="", day="", scan=0, change=0, settled="", lines=0, turn=0))


def stale_lines(connection: Connection) -> frozenset[int]:
    """Numbers of the devices whose lines are out of date, because somebody has written to the devices."""
    if not inspect(connection).has_table(schema.touched.name):
        return frozenset()
    return frozenset(connection.execute(select(schema.touched.c.device_id)).scalars())


def renew_columns(connection: Connection, changes: Mapping[int, Mapping[str, Any]]) -> None:
    """Update only these columns in the lines of devices, which nobody has to judge again."""
    table = schema.listing
    if not changes or not {table.name, schema.touched.name} <= _table_names(connection):
        return
    given = [{"the_id": number, **change} for number, change in changes.items()]
    values: dict[str, Any] = {name: bindparam(name) for name in given[0] if name != "the_id"}
    connection.execute(table.update().where(table.c.device_id == bindparam("the_id")).values(values), given)
    numbers = sorted(changes)
    for start in range(0, len(numbers), CHUNK):
        these = schema.touched.c.device_id.in_(numbers[start : start + CHUNK])
        connection.execute(schema.touched.delete().where(these))


def read_stamp(connection: Connection) -> Stamp | None:
    """The stamp; None if the read model is missing, damaged or unwatched."""
    if not {table.name for table in schema.READ_MODEL} <= _table_names(connection):
        return None
    query = select(schema.overview.c.content).where(schema.overview.c.name == STAMP)
    try:
        content: Any = connection.execute(query).scalar()
        stamp = Stamp(**content)
    except (TypeError, ValueError):
        return None
    lines = connection.execute(select(func.count()).select_from(schema.listing)).scalar_one()
    return stamp if lines == stamp.lines and is_watched(connection) else None


def _table_names(connection: Connection) -> set[str]:
    """The names of all tables, from one query."""
    return set(inspect(connection).get_table_names())


def is_possible(connection: Connection) -> bool:
    """Whether there is a listing, or may be one; see ``Register.has_listing``."""
    version = connection.exec_driver_sql("SELECT max(version_num) FROM alembic_version").scalar()
    return bool(version == schema.VERSION)


def counting_basis(connection: Connection, lister: Lister) -> list[Any]:
    """What counts depend on: the lines, the scans and the day; empty if lines are out of date.

    ``glance`` builds the same list.
    """
    stamp = read_stamp(connection)
    if stamp is None or not _is_valid(connection, lister, stamp):
        return []
    scan = connection.execute(select(func.max(schema.scan.c.id))).scalar() or 0
    return [stamp.turn, stamp.edition, scan, lister.day().isoformat()]


def keep_counted(connection: Connection, name: str, told: Any, basis: Sequence[Any]) -> None:
    """Store counts; see ``Register.keep_counted``. ``glance`` reads them."""
    table = schema.overview
    connection.execute(table.delete().where(table.c.name == name))
    connection.execute(table.insert().values(name=name, content={"basis": list(basis), "told": told}))


def read_counted(connection: Connection, name: str, basis: Sequence[Any]) -> Any | None:
    """Read stored counts; see ``Register.read_counted``."""
    query = select(schema.overview.c.content).where(schema.overview.c.name == name)
    held: Any = connection.execute(query).scalar()
    return held["told"] if held and held.get("basis") == list(basis) else None


def address_order(connection: Connection) -> tuple[ColumnElement[Any], ...]:
    """The order of lines by address, with lines without an address last.

    It does not depend on the server's own order of texts.
    """
    table = schema.listing
    address = table.c.address if connection.dialect.name == "sqlite" else table.c.address.collate("C")
    return table.c.address == "", address, table.c.device_id


def read_lines(connection: Connection, order: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    """Lines of the listing; see ``Register.lines``."""
    table = schema.listing
    by = address_order(connection) if order == (ADDRESS,) else (*(table.c[name] for name in order), table.c.device_id)
    query = select(table).order_by(*by)
    yield from _as_lines(connection.execute(query.execution_options(yield_per=_BATCH)))


def _as_lines(found: CursorResult[Any]) -> Iterator[dict[str, Any]]:
    """Rows as lines. To copy the mappings that SQLAlchemy makes of them would take a tenth of the time of a list."""
    names = list(found.keys())
    return (dict(zip(names, row, strict=True)) for row in found)


def read_lines_of(connection: Connection, asset_ids: Collection[str]) -> Iterator[Mapping[str, Any]]:
    """Lines of some devices; see ``Register.lines_of``."""
    table, device = schema.listing, schema.device
    query = select(table).join(device, device.c.id == table.c.device_id)
    wanted = sorted(asset_ids)
    for start in range(0, len(wanted), CHUNK):
        these = device.c.asset_id.in_(wanted[start : start + CHUNK])
        yield from _as_lines(connection.execute(query.where(these)))


def numbers_by_site(connection: Connection) -> Iterator[int]:
    """The number of every device, by site and address, those of no site last. Eight bytes for each are held."""
    table = schema.listing
    name = table.c.asset_id if connection.dialect.name == "sqlite" else table.c.asset_id.collate("C")
    query = select(table.c.device_id, table.c.site).order_by(*address_order(connection)[:-1], name)
    sites: dict[str, array[int]] = {}
    for number, site in connection.execute(query.execution_options(yield_per=_BATCH)):
        sites.setdefault(site.casefold(), array("q")).append(number)
    for site in sorted(sites, key=lambda site: (not site, site)):
        yield from sites[site]


def lines_of_others(connection: Connection) -> Iterator[Mapping[str, Any]]:
    """See ``Register.lines_of_others``."""
    table = schema.listing
    is_alone = and_(table.c.serial == "", or_(table.c.maker == "", table.c.last_seen.is_(None)))
    names_recorder = cast(table.c.facts, Text).contains('"recorder')
    query = select(table).where(or_(is_alone, names_recorder)).order_by(table.c.device_id)
    yield from _as_lines(connection.execute(query.execution_options(yield_per=_BATCH)))


def lines_apart(connection: Connection, lister: Lister) -> Collection[str]:
    """Asset numbers of lines in scope that are not counted (``Lister.apart``).

    Lines are read only if there may be one.
    """
    table = schema.listing
    is_alone = or_(table.c.maker == "", table.c.last_seen.is_(None))
    meant = (table.c.in_scope == "yes", table.c.serial == "", is_alone)
    if connection.execute(select(table.c.device_id).where(*meant).limit(1)).first() is None:
        return ()
    return lister.apart(read_lines(connection, ()))


def count_groups(connection: Connection, without: Collection[str] = ()) -> list[Group]:
    """Groups of devices with the same standing, with the counts of each, in no order."""
    table = schema.listing
    query = select(
        *table.c["in_scope", "standing", "presence", "answers"],
        func.count().label("devices"),
        func.coalesce(func.sum(table.c.pence), 0).label("pence"),
    ).group_by(*table.c["in_scope", "standing", "presence", "answers"])
    query = query.where(table.c.asset_id.not_in(without))
    return [Group(**{**row, "pence": int(row["pence"])}) for row in connection.execute(query).mappings()]


def count_distinct(connection: Connection, without: Collection[str], standings: Collection[str]) -> tuple[int, int]:
    """How many systems and known sites the devices in scope with one of these standings belong to."""
    table = schema.listing
    meant = (table.c.in_scope == "yes", table.c.standing.in_(standings), table.c.asset_id.not_in(without))
    systems = select(func.count(table.c.system_key.distinct())).where(*meant)
    sites = select(func.count(table.c.site_key.distinct())).where(*meant, table.c.site_key != "")
    return connection.execute(systems).scalar_one(), connection.execute(sites).scalar_one()


def _is_same_basis(stamp: Stamp, lister: Lister) -> bool:
    """Whether only single lines can be out of date.

    The lines for an earlier day cannot be made from those of a later one.
    """
    return stamp.edition == lister.edition() and stamp.day <= lister.day().isoformat()


def _is_outlived(day: date) -> Any:
    """A condition: the line of the device is no longer valid on that day."""
    return select(schema.listing.c.device_id).where(schema.listing.c.until < day.isoformat())


def _build_listing(connection: Connection, lister: Lister, before: Stamp | None) -> None:
    """Make every line again, and also the tables if something is wrong with them."""
    if before is None:
        schema.METADATA.drop_all(connection, tables=schema.READ_MODEL)
        schema.METADATA.create_all(connection, tables=schema.READ_MODEL)
        create_triggers(connection)
    else:
        connection.execute(schema.listing.delete())
    device = schema.device
    numbers = connection.execute(select(device.c.id).where(device.c.merged_into.is_(None)).order_by(device.c.id))
    for batch in _make_lines(connection, lister, numbers.scalars().all()):
        insert_rows(connection, schema.listing, batch)
    connection.execute(schema.touched.delete())
    _write_stamp(connection, _stamp_now(connection, lister, before.turn + 1 if before else 1))


def _make_lines(connection: Connection, lister: Lister, numbers: Sequence[int]) -> Iterator[list[dict[str, Any]]]:
    """The lines of these devices, some thousands at a time. All are made before any of them is written."""
    day, find_place = lister.day(), make_lookup(connection)
    for start in range(0, len(numbers), _BATCH):
        found = read_assets_by_row(connection, numbers[start : start + _BATCH], find_place)
        made = lister.lines([asset for _, asset in found], day)
        yield [{"device_id": number, **line} for (number, _), line in zip(found, made, strict=True)]


def _naming_merged(connection: Connection, changed: Iterable[int]) -> set[int]:
    """Devices whose entries name a row that was merged into another: their lines change with it."""
    device, people = schema.device, schema.people
    numbers = sorted(changed)
    gone: set[str] = set()
    for start in range(0, len(numbers), CHUNK):
        chunk = numbers[start : start + CHUNK]
        query = select(device.c.asset_id).where(device.c.id.in_(chunk), device.c.merged_into.is_not(None))
        gone |= set(connection.execute(query).scalars())
    if not gone:
        return set()
    named = or_(*(cast(people.c.entries, Text).contains(f'"{column}"') for column in NAMING))
    rows = connection.execute(select(*people.c["device_id", "entries"]).where(named))
    return {number for number, entries in rows if any(entries.get(column) in gone for column in NAMING)}


def _stamp_now(connection: Connection, lister: Lister, turn: int) -> Stamp:
    latest = (func.max(schema.conflict.c.settled_at), func.max(schema.scan.c.id), func.max(schema.change.c.id))
    lines = select(func.count()).select_from(schema.listing)
    query = select(*(select(each).scalar_subquery() for each in latest), lines.scalar_subquery())
    found: Any = connection.execute(query).one()
    settled, scan, change, count = found
    return Stamp(
        edition=lister.edition(),
        day=lister.day().isoformat(),
        scan=scan or 0,
        change=change or 0,
        settled=settled.isoformat() if settled else "",
        lines=count,
        turn=turn,
    )


def _write_stamp(connection: Connection, stamp: Stamp) -> None:
    table = schema.overview
    connection.execute(table.delete().where(table.c.name == STAMP))
    connection.execute(table.insert().values(name=STAMP, content=stamp.as_json()))
