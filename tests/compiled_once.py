"""Statements that are compiled once in a process, whichever engine asks for them."""

from __future__ import annotations

from sqlalchemy import Connection, Engine, event


class Statements(dict[tuple[object, ...], object]):
    """What SQLAlchemy made of each statement, whichever engine asks: its keys begin with the engine's dialect."""

    def get(self, key: tuple[object, ...], default: object = None) -> object:
        return super().get((type(key[0]), *key[1:]), default)

    def __setitem__(self, key: tuple[object, ...], compiled: object) -> None:
        super().__setitem__((type(key[0]), *key[1:]), compiled)


_STATEMENTS = Statements()


def _share(connection: Connection) -> None:
    connection.execution_options(compiled_cache=_STATEMENTS)


def begin() -> None:
    """Compile each statement once from now on.

    Each open register has an engine, which compiles its statements again; tests open thousands.
    """
    event.listen(Engine, "engine_connect", _share)


def end() -> None:
    """From now on each engine compiles its own again."""
    event.remove(Engine, "engine_connect", _share)
