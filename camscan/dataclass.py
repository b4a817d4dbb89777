"""Data classes like those of ``dataclasses``, but made in a tenth of the time.

Python 3.11 compiles six functions for each frozen data class, one after another: a scan loads 230 of them, which took a
tenth of a second, more than loading SQLAlchemy. Here only ``__init__`` is compiled, and only when some objects were
made. The others are the same functions for all classes, or close over the names of the fields. The fields are described
as ``dataclasses`` describes them, so that its ``fields``, ``replace`` and ``asdict`` work.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import reprlib
import sys
from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from types import MemberDescriptorType
from typing import TYPE_CHECKING, Any, cast


class _Factory:
    """Marks a parameter whose default a factory makes."""

    def __repr__(self) -> str:
        return "<factory>"


_FACTORY = _Factory()
_FEW = 8
"""How many objects of a class are made before its ``__init__`` is compiled."""


@dataclasses.dataclass(init=False, repr=False, eq=False)
class _Example:
    """A class of the library, which shows how it marks a class and a field as its own."""

    one: int


_PARAMS: Any = cast("Any", _Example).__dataclass_params__
_FIELD: Any = cast("Any", dataclasses.fields(_Example)[0])._field_type  # noqa: SLF001 - as above

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass  # noqa: PLC0414 - the type checker knows this one
else:

    def dataclass(cls: type | None = None, /, **options: bool) -> Any:
        """As ``dataclasses.dataclass``, without ``order``, InitVar, ClassVar and KW_ONLY.

        A class inherits from none of the other kind.
        """
        return _make_class(cls, **options) if cls else lambda one: _make_class(one, **options)


def _make_class(
    cls: type,
    *,
    frozen: bool = False,
    eq: bool = True,
    slots: bool = False,
    kw_only: bool = False,
    weakref_slot: bool = False,
) -> type:
    described = _describe_fields(cls, kw_only=kw_only)
    fields = tuple(described.values())
    added: dict[str, Any] = {"__dataclass_fields__": described, "__dataclass_params__": _PARAMS}
    own = cls.__dict__
    if "__match_args__" not in own:
        added["__match_args__"] = tuple(each.name for each in fields if each.init and not each.kw_only)
    if "__repr__" not in own:
        added["__repr__"] = _repr
    if eq:
        added |= _comparison(own, fields, is_frozen=frozen)
    if frozen:
        added |= {"__setattr__": _refuse_to_set, "__delattr__": _refuse_to_delete}
        if slots and "__getstate__" not in own:
            added |= {"__getstate__": _get_state, "__setstate__": _set_state}
    made = _with_slots(cls, [*described, *(["__weakref__"] if weakref_slot else [])], added) if slots else cls
    for name, value in () if slots else added.items():
        setattr(made, name, value)
    if "__init__" not in own:
        cast("Any", made).__init__ = _LaterInit(made, fields, is_frozen=frozen)
    return made


def _describe_fields(cls: type, *, kw_only: bool) -> dict[str, dataclasses.Field[Any]]:
    """The fields of a class, those of its bases first. Defaults that a Field holds take its place in the class."""
    found: dict[str, dataclasses.Field[Any]] = {}
    for base in cls.__mro__[-2:0:-1]:
        found |= getattr(base, "__dataclass_fields__", {})
    for name, kind in inspect.get_annotations(cls).items():
        given = getattr(cls, name, dataclasses.MISSING)
        if isinstance(given, dataclasses.Field):
            each = given
            if each.default is dataclasses.MISSING:
                delattr(cls, name)
            else:
                setattr(cls, name, each.default)
        else:  # the slot of a base is no default
            default: Any = dataclasses.MISSING if isinstance(given, MemberDescriptorType) else given
            each = dataclasses.field(default=default)
        if each.default.__class__.__hash__ is None:
            raise ValueError(f"{cls.__name__}.{name}: all objects would share this default; use default_factory")
        each.name, each.type = name, kind
        if each.kw_only is dataclasses.MISSING:
            each.kw_only = kw_only
        each._field_type = _FIELD  # type: ignore[attr-defined]  # noqa: SLF001 - by which `dataclasses.fields` knows them
        found[name] = each
    return found


def _with_slots(cls: type, names: Sequence[str], added: Mapping[str, Any]) -> type:
    """The class once more, with slots: they cannot be added to a class that exists."""
    gone = {*names, "__dict__", "__weakref__"}
    members = {name: value for name, value in cls.__dict__.items() if name not in gone}
    inherited = {name for base in cls.__mro__[1:-1] for name in base.__dict__.get("__slots__", ())}
    slots = tuple(name for name in names if name not in inherited)
    made = type(cls)(cls.__name__, cls.__bases__, {**members, **added, "__slots__": slots})
    made.__qualname__ = cls.__qualname__
    return made


class _LaterInit:
    """Stands in for ``__init__`` until somebody looks at it or has made some objects, and then compiles it.

    Of 200 classes that a scan loads it makes no object of 55, and at most eight of 76. The first objects are filled
    field by field, which takes twice as long as compiled code and a thirtieth of compiling it.
    """

    def __init__(self, made: Any, fields: Sequence[dataclasses.Field[Any]], *, is_frozen: bool) -> None:
        self._made, self._fields, self._is_frozen = made, fields, is_frozen
        self._left = _FEW

    def __get__(self, instance: object, owner: type) -> Callable[..., None]:
        if instance is None or self._left <= 0:
            return self._compiled(instance, owner)
        self._left -= 1
        return functools.partial(self._fill, instance)

    def _compiled(self, instance: object, owner: type | None = None) -> Callable[..., None]:
        if self._made.__dict__["__init__"] is self:
            self._made.__init__ = _make_init(self._made, self._fields, is_frozen=self._is_frozen)
        return cast("Callable[..., None]", self._made.__dict__["__init__"].__get__(instance, owner))

    def _fill(self, instance: Any, /, *given: Any, **named: Any) -> None:
        """What the compiled function would do. Wrong arguments are left to that, which says what is wrong with them."""
        by_place = [each.name for each in self._fields if each.init and not each.kw_only]
        values = dict(zip(by_place, given, strict=False))
        if len(given) > len(by_place) or not values.keys().isdisjoint(named):
            return self._compiled(instance)(*given, **named)
        values |= named
        found = {}
        for each in self._fields:
            if each.init and each.name in values:
                found[each.name] = values.pop(each.name)
            elif each.default is not dataclasses.MISSING:
                found[each.name] = each.default
            elif each.default_factory is not dataclasses.MISSING:
                found[each.name] = each.default_factory()
            elif each.init:
                return self._compiled(instance)(*given, **named)
        if values:
            return self._compiled(instance)(*given, **named)
        for name, value in found.items():
            object.__setattr__(instance, name, value) if self._is_frozen else setattr(instance, name, value)
        if hasattr(instance, "__post_init__"):
            instance.__post_init__()
        return None


def _make_init(made: type, fields: Sequence[dataclasses.Field[Any]], *, is_frozen: bool) -> Callable[..., None]:
    """Compile ``__init__``, the only function that is compiled."""
    names: dict[str, Any] = {"_FACTORY": _FACTORY, "_set": object.__setattr__}
    lines = [_assignment(made, each, names, is_frozen=is_frozen) for each in fields]
    lines += ["self.__post_init__()"] if hasattr(made, "__post_init__") else []
    by_place = [_parameter(each) for each in fields if each.init and not each.kw_only]
    by_name = [_parameter(each) for each in fields if each.init and each.kw_only]
    parameters = ", ".join(["self", *by_place, *(["*", *by_name] if by_name else [])])
    body = "\n  ".join(filter(None, lines)) or "pass"
    known = sys.modules[made.__module__].__dict__ if made.__module__ in sys.modules else {}  # for readers of its types
    made_by: dict[str, Any] = {}
    exec(f"def make({', '.join(names)}):\n def __init__({parameters}):\n  {body}\n return __init__", known, made_by)  # noqa: S102 - names of fields only, as dataclasses does
    init: Callable[..., None] = made_by["make"](*names.values())
    init.__qualname__ = f"{made.__qualname__}.__init__"
    init.__module__ = made.__module__
    init.__annotations__ = {each.name: each.type for each in fields if each.init} | {"return": None}
    return init


def _parameter(each: dataclasses.Field[Any]) -> str:
    if each.default is not dataclasses.MISSING:
        return f"{each.name}=_default_{each.name}"
    return each.name if each.default_factory is dataclasses.MISSING else f"{each.name}=_FACTORY"


def _assignment(made: type, each: dataclasses.Field[Any], names: dict[str, Any], *, is_frozen: bool) -> str:
    """The line that sets a field; empty if nothing is to be set. Names that it needs are added to ``names``."""
    name, value = each.name, each.name
    if each.default is not dataclasses.MISSING:
        names[f"_default_{name}"] = each.default
        value = name if each.init else f"_default_{name}"
    elif each.default_factory is not dataclasses.MISSING:
        names[f"_make_{name}"] = each.default_factory
        value = f"_make_{name}() if {name} is _FACTORY else {name}" if each.init else f"_make_{name}()"
    elif not each.init:
        return ""
    if not is_frozen:
        return f"self.{name} = {value}"
    setter = getattr(getattr(made, name, None), "__set__", None)
    if setter is None:
        return f"_set(self, {name!r}, {value})"
    names[f"_set_{name}"] = setter  # the slot's own method, without __setattr__
    return f"_set_{name}(self, {value})"


def _comparison(own: Mapping[str, Any], fields: Sequence[dataclasses.Field[Any]], *, is_frozen: bool) -> dict[str, Any]:
    """``__eq__`` and ``__hash__``, unless the class has its own."""
    added: dict[str, Any] = {}
    compared = [each.name for each in fields if each.compare]
    hashed = [each.name for each in fields if (each.compare if each.hash is None else each.hash)]
    if "__eq__" not in own:
        read = _reader(compared)

        def __eq__(self: object, other: object) -> bool:  # noqa: N807 - of the class
            return read(self) == read(other) if other.__class__ is self.__class__ else NotImplemented

        added["__eq__"] = __eq__
    if own.get("__hash__") is None:
        added["__hash__"] = _make_hash(_reader(hashed)) if is_frozen else None
    return added


def _make_hash(read: Callable[[object], object]) -> Callable[[object], int]:
    return lambda self: hash(read(self))


def _reader(names: Sequence[str]) -> Callable[[object], object]:
    return attrgetter(*names) if names else lambda _self: ()


@reprlib.recursive_repr()
def _repr(self: Any) -> str:
    shown = (f"{each.name}={getattr(self, each.name)!r}" for each in dataclasses.fields(self) if each.repr)
    return f"{self.__class__.__qualname__}({', '.join(shown)})"


def _refuse_to_set(self: Any, name: str, value: object) -> None:
    if name in self.__dataclass_fields__ or "__dataclass_fields__" in type(self).__dict__:
        raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")
    object.__setattr__(self, name, value)


def _refuse_to_delete(self: Any, name: str) -> None:
    if name in self.__dataclass_fields__ or "__dataclass_fields__" in type(self).__dict__:
        raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")
    object.__delattr__(self, name)


def _get_state(self: Any) -> list[Any]:
    return [getattr(self, each.name) for each in dataclasses.fields(self)]


def _set_state(self: Any, state: Sequence[Any]) -> None:
    for each, value in zip(dataclasses.fields(self), state, strict=True):
        object.__setattr__(self, each.name, value)
