"""Shares what every command would compute again although it never changes: a process of tests computes it once."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event, inspect

from camscan import kept, strict_yaml
from camscan.fingerprints import Database, built_in_folder, database
from camscan.fingerprints import read as fingerprints
from camscan.fingerprints.entry import Entry, Rule
from camscan.fingerprints.read import Source
from camscan.policies import companies
from camscan.policies import read as policies
from camscan.register import schema
from camscan.register.backends import built, migrating, postgresql
from camscan.store import database as store
from camscan.strict_yaml import Node
from camscan.vulnerabilities import read as vulnerabilities

SHIPPED = str(Path(__file__).resolve().parents[1] / "fingerprints")


def begin(patch: pytest.MonkeyPatch) -> None:
    """Share results from now on, until the patch is undone."""
    _shipped_rules(patch)
    _vulnerabilities(patch)
    _databases(patch)
    _fingerprints(patch)
    _new_registers(patch)
    _new_stores(patch)


def _shipped_rules(patch: pytest.MonkeyPatch) -> None:
    """Every command reads the rules that camscan ships; their YAML is parsed once."""
    parse, load = strict_yaml.parse_yaml, kept.load_yaml
    remembered = functools.cache(parse)

    def parse_once(content: bytes | str, file: str) -> Node:
        return remembered(content, file) if file.startswith(SHIPPED) else parse(content, file)

    def load_once(path: Path, cache: Path | None = None) -> Node:
        if cache is None and str(path).startswith(SHIPPED):
            return remembered(strict_yaml.read_contents(path), str(path))
        return load(path, cache)

    patch.setattr(strict_yaml, "parse_yaml", parse_once)
    for module in (kept, companies, policies, vulnerabilities):
        patch.setattr(module, "load_yaml", load_once)


def _vulnerabilities(patch: pytest.MonkeyPatch) -> None:
    """So are the vulnerabilities made of it; there are hundreds. What a user adds is read each time."""
    read = vulnerabilities._read_directories
    remembered = functools.cache(read)

    def read_once(directories: Sequence[Path]) -> vulnerabilities._Source:
        only_ours = [str(directory) for directory in directories] == [SHIPPED]
        return remembered(tuple(directories)) if only_ours else read(directories)

    patch.setattr(vulnerabilities, "_read_directories", read_once)


def _databases(patch: pytest.MonkeyPatch) -> None:
    """Share the database of camscan and its patterns, which no test changes, instead of making them for each command.

    Its version is a hash of every file, and is still computed each time; so is a database that a test makes. If a test
    has an empty cache of its own, the cache is written, and the files are not read again for it.
    """
    make, made = database._make_database, dict[tuple[str, tuple[Path, ...]], Database]()
    read, write, fetch = database._read_source, database._compile_source, kept.read_kept
    ours = functools.cache(lambda: read((Path(SHIPPED),)))
    ours_compiled = functools.cache(lambda: write(ours()))

    def make_once(version: str, directories: Sequence[Path], compiled: Mapping[str, Any]) -> Database:
        key = version, tuple(directories)
        if directories[0] != built_in_folder():
            return make(version, directories, compiled)
        if key not in made:
            made[key] = make(version, directories, compiled)
        return made[key]

    contents = functools.cache(lambda path, _status: fetch(path))

    def fetch_once(path: Path) -> Any:
        """What the cache holds, read again as soon as anything about the file is different."""
        status = path.stat() if path.name.startswith("fingerprints-") and path.is_file() else None
        marks = status and (status.st_ino, status.st_mtime_ns, status.st_ctime_ns, status.st_size)
        return contents(path, marks) if marks else fetch(path)

    def read_once(directories: Sequence[Path]) -> Source:
        return ours() if [str(directory) for directory in directories] == [SHIPPED] else read(directories)

    def compile_once(source: Source) -> dict[str, Any]:
        return ours_compiled() if source is ours() else write(source)

    patch.setattr(database, "_make_database", make_once)
    patch.setattr(kept, "read_kept", fetch_once)
    patch.setattr(database, "_read_source", read_once)
    patch.setattr(database, "_compile_source", compile_once)


def _fingerprints(patch: pytest.MonkeyPatch) -> None:
    """Where a user adds fingerprints, those that camscan ships are read again with them: each is made once."""
    for name in ("_read_fingerprint", "_read_brand_pattern"):
        patch.setattr(fingerprints, name, _entry_once(getattr(fingerprints, name)))
    begin_rule, begun = database._with_beginnings, dict[int, tuple[Rule, Rule]]()

    def begin_once(rule: Rule) -> Rule:
        if id(rule) not in begun:
            begun[id(rule)] = rule, begin_rule(rule)
        return begun[id(rule)][1]

    patch.setattr(database, "_with_beginnings", begin_once)


def _entry_once(read: Callable[[Source, Node], Entry]) -> Callable[[Source, Node], Entry]:
    known = dict[int, tuple[Node, Entry]]()

    def read_once(source: Source, node: Node) -> Entry:
        if not node.file.startswith(SHIPPED):
            return read(source, node)
        if id(node) not in known:
            known[id(node)] = node, read(source, node)
        return known[id(node)][1]

    return read_once


def _new_registers(patch: pytest.MonkeyPatch) -> None:
    """A new register gets its tables by the same statements each time: they are worked out once for each database."""
    migrate, again = migrating.migrate_tables, _replayed()

    def make(connection: Connection, to: str) -> None:
        if to != schema.VERSION or inspect(connection).has_table("alembic_version"):
            migrate(connection, to)
        else:
            again(connection, lambda: migrate(connection, to))

    for module in (built, postgresql):
        patch.setattr(module, "migrate_tables", make)


def _new_stores(patch: pytest.MonkeyPatch) -> None:
    """Share the database of a new store."""
    upgrade, again = store.upgrade, _replayed()

    def make(connection: Connection, where: str) -> None:
        if inspect(connection).has_table(store.VERSION_TABLE):
            upgrade(connection, where)
        else:
            again(connection, lambda: upgrade(connection, where))

    patch.setattr(store, "upgrade", make)


def _replayed() -> Callable[[Connection, Callable[[], None]], None]:
    """Does something to a database, and remembers the statements: the next database of the kind gets only these."""
    made = dict[str, list[tuple[str, Any]]]()

    def repeat(connection: Connection, action: Callable[[], None]) -> None:
        kind = connection.dialect.name
        if kind in made:
            for statement, parameters in made[kind]:
                connection.exec_driver_sql(statement, parameters)
            return
        statements: list[tuple[str, Any]] = []

        def hear(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: object) -> None:
            statements.append((statement, parameters))

        event.listen(connection, "before_cursor_execute", hear)
        action()
        event.remove(connection, "before_cursor_execute", hear)
        made[kind] = statements

    return repeat
