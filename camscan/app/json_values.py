"""Frozen dataclasses of plain members as JSON, and back, such as the facts of the progress report. Pure."""

from __future__ import annotations

import dataclasses
import enum
import types
import typing
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

T = TypeVar("T")


def to_json_value(value: Any) -> Any:
    """The JSON value of a dataclass: members by name, dates in ISO 8601, pounds as text."""
    if dataclasses.is_dataclass(value):
        return {field.name: to_json_value(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(name): to_json_value(member) for name, member in value.items()}
    if isinstance(value, tuple | list):
        return [to_json_value(member) for member in value]
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def from_plain(kind: type[T], value: Any) -> T:
    """The object of that class from its JSON. Raises LookupError, TypeError or ValueError if the JSON does not fit."""
    made: T = _from_json_value(kind, value)
    return made


def _from_json_value(kind: Any, value: Any) -> Any:
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin in {types.UnionType, typing.Union}:
        (some,) = (each for each in inner if each is not type(None))
        return None if value is None else _from_json_value(some, value)
    if origin is tuple:
        return tuple(_from_json_value(inner[0], member) for member in value)
    if origin is not None and issubclass(origin, Mapping):
        return {_from_json_value(inner[0], name): _from_json_value(inner[1], member) for name, member in value.items()}
    if dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        return typing.cast("Any", kind)(
            **{name: _from_json_value(hints[name], member) for name, member in value.items()}
        )
    if issubclass(kind, date):
        return kind.fromisoformat(value)
    return kind(value) if issubclass(kind, Decimal | enum.Enum) else value
