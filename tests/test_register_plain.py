"""The plain SQL of the register: what it encodes and decodes, which tables it knows, and that it needs no library."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sample_report import camera, report
from sqlalchemy import Boolean, Float, Integer, LargeBinary

from camscan.asset import RecordType
from camscan.register import open_register, plain_sql, rows, schema, stored, tables
from camscan.register.column_types import Json, Moment

MOMENT = datetime(2026, 3, 2, 13, tzinfo=timezone(timedelta(hours=1)))
BY_TYPE = {Moment: stored.decode_moment, Json: stored.decode_json, Boolean: stored.decode_truth}


def test_every_column_is_decoded_as_its_type_says() -> None:
    content = ("overview", "content"), ("payload", "content")  # of one name, and read by their own functions
    for table in schema.METADATA.tables.values():
        for column in table.columns:
            if (table.name, column.name) not in content:
                assert stored.DECODERS.get(column.name) is BY_TYPE.get(type(column.type)), column
                is_number = isinstance(column.type, Integer | Float | LargeBinary)
                assert (column.name in stored.NUMBERS) == is_number, column


def test_a_row_is_decoded_whatever_stands_in_its_columns() -> None:
    names = ("maker", "missed", "sum")
    assert stored.decode_row(names, ("dahua", 3, 7)) == {"maker": "dahua", "missed": 3, "sum": 7}
    marked = stored.escape_text("a\0b")
    assert stored.decode_row(names, (marked, None, 7)) == {"maker": "a\0b", "missed": None, "sum": 7}
    assert stored.decode_row(names, (marked, None, None)) == {"maker": "a\0b", "missed": None, "sum": None}


def test_the_names_of_the_tables_are_those_of_the_schema() -> None:
    assert {table.name for table in schema.KEPT} == set(tables.KEPT)
    assert {table.name for table in schema.READ_MODEL} == set(tables.READ_MODEL)


@pytest.mark.parametrize(
    ("value", "as_stored"),
    [
        (None, None),
        (True, True),
        (7, 7),
        (0.5, 0.5),
        (b"\0", b"\0"),
        ("roof", "roof"),
        ("a\0b", "\x1aa\\x00b"),
        ("\ud800", "\x1a\\ud800"),
        (RecordType.MANUAL, "manual"),
        (MOMENT, "2026-03-02T12:00:00.000000Z"),
        ({"a": "\0"}, '{"a":"\\u0000"}'),
        (["a", 1], '["a",1]'),
        (("a",), '["a"]'),
    ],
)
def test_a_value_is_stored_by_its_type(value: object, as_stored: object) -> None:
    assert stored.encode(value) == as_stored
    assert type(stored.encode(value)) is type(as_stored)
    assert list(stored.encode_column([value, None, value])) == [as_stored, None, as_stored]


def test_a_row_is_read_as_it_was_written() -> None:
    row = {"name": "x\0", "known": {"a": None}, "seen_at": MOMENT.astimezone(UTC), "provisional": True, "devices": 3}
    names = tuple(row)
    assert stored.decode_row(names, [stored.encode(value) for value in row.values()]) == row
    nothing = dict.fromkeys(names)
    assert stored.decode_row(names, [None] * len(names)) == nothing


def test_both_databases_run_the_same_texts(register_at: str) -> None:
    with open_register(register_at) as book:
        book.record(report(*map(camera, range(1300))))
        with book._writing() as connection:
            rows.insert_rows(connection, "site", [_site("Depot \0"), _site("'%_:name'")])
            assert [row["name"] for row in rows.select_rows(connection, "site", "name", ["Depot \0"])] == ["Depot \0"]
            rows.update_rows(connection, "site", "name", ["Depot \0"], ref="D")
            rows.delete_rows(connection, "site", "name", ["'%_:name'", "nowhere"])
            found = plain_sql.fetch_rows(
                connection, "SELECT name, ref FROM site WHERE name IN :names", names=["Depot \0"]
            )
            assert found == [{"name": "Depot \0", "ref": "D"}]
            assert plain_sql.fetch(connection, "SELECT name FROM site WHERE ref IN :refs", refs=["'%_:name'"]) == []
            every = [row[0] for row in plain_sql.stream(connection, "SELECT id FROM device ORDER BY id")]
            assert len(every) == 1300
            chosen = every[::2]
            found_again = plain_sql.fetch_some(
                connection, "SELECT id FROM device WHERE site = :site", "id", chosen, site=""
            )
            assert sorted(number for (number,) in found_again) == chosen
            assert {"device", "touched"} <= plain_sql.table_names(connection)
            assert plain_sql.fetch_value(connection, "SELECT max(id) FROM change") is None
            assert rows.next_free_id(connection, "change") == 1


def _site(name: str) -> dict[str, str]:
    return {
        "name": name,
        **dict.fromkeys(("ref", "type", "sensitivity", "controller", "owner_service", "network_zone"), ""),
    }


def test_a_scan_into_a_file_loads_no_database_library(tmp_path: Path) -> None:
    code = """
    import sys
    from camscan.__main__ import main
    try:
        main()
    except SystemExit as end:
        print(end.code, "sqlalchemy" in sys.modules, "alembic" in sys.modules)
    """
    lines = "\n".join(line[4:] for line in code.splitlines())
    arguments = ("scan", "127.0.0.1", "--pace", "fast", "--register", "camscan.db", "--json", "scan.json")
    for _ in ("a new register", "and one that is there"):
        done = subprocess.run(
            [sys.executable, "-c", lines, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.stdout.splitlines()[-1] == "0 False False", done.stderr


@pytest.mark.parametrize(
    ("text", "value"), [('{"a":1}', {"a": 1}), (' ["x"] ', ["x"]), ("7", 7), (None, None), ('"\\u0000"', "\0")]
)
def test_json_is_read_with_and_without_blanks(text: str | None, value: object) -> None:
    assert stored.decode_json(text) == value


@pytest.mark.parametrize("text", ["", "{", "{} {}", "nothing", "[1"])
def test_damaged_json_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="line 1"):
        stored.decode_json(text)
