"""Copies the rows of one register into another, whichever databases they use."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, column, select, table
from sqlalchemy.types import TypeDecorator, TypeEngine

from camscan.register import schema

_BATCH = 5000
"""Rows that are copied at a time."""


def copy_rows(source: Connection, target: Connection) -> None:
    """Copy every row of every table as it is stored. The target's tables are empty and have the same version.

    The read model is left out: the target makes its own.
    """
    for each in schema.KEPT:
        raw = table(each.name, *(column(one.name, _raw_type(one.type)) for one in each.columns))
        later = [one.name for one in each.columns if any(key.column.table is each for key in one.foreign_keys)]
        rows = source.execute(select(*raw.c).execution_options(yield_per=_BATCH)).mappings()
        waiting: list[dict[str, Any]] = []
        for batch in rows.partitions():
            given = [dict(row) for row in batch]
            # A row may refer to a row of its own table that comes after it.
            waiting += [row.copy() for row in given if any(row[name] is not None for name in later)]
            target.execute(raw.insert(), [row | dict.fromkeys(later) for row in given])
        for row in waiting:
            same = raw.c.id == row["id"]
            target.execute(raw.update().where(same).values({name: row[name] for name in later}))


def _raw_type(kind: TypeEngine[Any]) -> TypeEngine[Any]:
    """The type of the stored value, without its decoding."""
    return kind.impl_instance if isinstance(kind, TypeDecorator) else kind
