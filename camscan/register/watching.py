"""Triggers that note which lines of the listing are out of date, whoever writes: they add a number to ``touched``.

SQLite and PostgreSQL both have triggers, but their syntax differs completely.
"""

from __future__ import annotations

from collections.abc import Iterator

from camscan.register.plain_sql import AnyConnection, execute, fetch_value, is_file

_OWN = {"device": "id", "device_address": "device_id", "people": "device_id"}
"""Table -> its column with the number of the device."""
_MAP = ("site", "subnet")
"""A change of the site map may move any device: it adds number 0, which means all."""
_EVENTS = ("INSERT", "UPDATE", "DELETE")
EXPECTED = len(_EVENTS) * (len(_OWN) + len(_MAP))
"""How many triggers there must be."""

_FUNCTION = """
CREATE OR REPLACE FUNCTION listing_touch() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  before bigint;
  after bigint;
BEGIN
  IF TG_ARGV[0] = 'id' THEN
    before := OLD.id;
    after := NEW.id;
  ELSE
    before := OLD.device_id;
    after := NEW.device_id;
  END IF;
  INSERT INTO touched (device_id) SELECT DISTINCT each FROM unnest(ARRAY[before, after]) each WHERE each IS NOT NULL
    ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$
"""
_FUNCTION_OF_ALL = """
CREATE OR REPLACE FUNCTION listing_touch_all() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO touched (device_id) VALUES (0) ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$
"""


def create_triggers(connection: AnyConnection) -> None:
    """Create the triggers; existing ones are replaced."""
    drop_triggers(connection)
    for statement in _for_sqlite() if is_file(connection) else _for_postgresql():
        execute(connection, statement)


def drop_triggers(connection: AnyConnection) -> None:
    """Remove the triggers, for a step of an upgrade that rebuilds tables."""
    for name, _, table in _trigger_names():
        execute(connection, f"DROP TRIGGER IF EXISTS {name}" + ("" if is_file(connection) else f' ON "{table}"'))


def is_watched(connection: AnyConnection) -> bool:
    """Whether every trigger exists."""
    if is_file(connection):
        asked = r"SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'listing\_%' ESCAPE '\'"
    else:
        asked = (
            "SELECT count(*) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
            "JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE n.nspname = current_schema() AND t.tgenabled <> 'D' AND starts_with(t.tgname, 'listing_')"
        )
    return bool(fetch_value(connection, asked) == EXPECTED)


def _trigger_names() -> Iterator[tuple[str, str, str]]:
    for table in (*_OWN, *_MAP):
        for event in _EVENTS:
            yield f"listing_{table}_{event.lower()}", event, table


def _for_sqlite() -> Iterator[str]:
    for name, event, table in _trigger_names():
        if table in _MAP:
            touched = "SELECT 0"
        else:
            rows = {"INSERT": ("NEW",), "DELETE": ("OLD",), "UPDATE": ("OLD", "NEW")}[event]
            touched = " UNION ".join(f"SELECT {row}.{_OWN[table]}" for row in rows)
        yield (
            f"CREATE TRIGGER {name} AFTER {event} ON {table} BEGIN "
            f"INSERT OR IGNORE INTO touched (device_id) {touched}; END"
        )


def _for_postgresql() -> Iterator[str]:
    yield _FUNCTION
    yield _FUNCTION_OF_ALL
    for name, event, table in _trigger_names():
        how = "STATEMENT EXECUTE FUNCTION listing_touch_all()"
        if table in _OWN:
            how = f"ROW EXECUTE FUNCTION listing_touch('{_OWN[table]}')"
        yield f'CREATE TRIGGER {name} AFTER {event} ON "{table}" FOR EACH {how}'
