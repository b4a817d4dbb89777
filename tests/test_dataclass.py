"""Data classes of ours beside those of the standard library."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
import typing
import weakref
from collections.abc import Callable
from dataclasses import FrozenInstanceError, field
from typing import Any

import pytest

from camscan.dataclass import _LaterInit, dataclass


@dataclass(frozen=True, slots=True)
class Ours:
    """A noun."""

    name: str
    port: int = 80
    tags: list[str] = field(default_factory=list, compare=False)
    secret: str = field(default="x", repr=False)
    made: str = field(init=False, default="here")


@dataclasses.dataclass(frozen=True, slots=True)
class Theirs:
    """A noun."""

    name: str
    port: int = 80
    tags: list[str] = field(default_factory=list, compare=False)
    secret: str = field(default="x", repr=False)
    made: str = field(init=False, default="here")


@dataclass(slots=True)
class Open:
    """A noun that changes."""

    first: int
    second: int = 2
    total: int = field(init=False)

    def __post_init__(self) -> None:
        self.total = self.first + self.second


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """All of it by name."""

    first: int
    second: str = "b"


@dataclass(frozen=True)
class Loose:
    """Without slots."""

    first: int
    items: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Nothing:
    """Without fields."""


@dataclass(frozen=True, slots=True)
class Child(Ours):
    """One field more."""

    more: str = "m"


@dataclass(slots=True, eq=False)
class Unequal:
    """Equal to itself alone."""

    first: int


@dataclass(slots=True, weakref_slot=True)
class Weak:
    """One that can be referred to weakly."""

    first: int = 1


def test_it_takes_the_same_arguments_and_gives_the_same_members() -> None:
    assert str(inspect.signature(Ours)) == str(inspect.signature(Theirs))
    assert [(each.name, each.type, each.init) for each in dataclasses.fields(Ours)] == [
        (each.name, each.type, each.init) for each in dataclasses.fields(Theirs)
    ]
    assert Ours.__match_args__ == Theirs.__match_args__
    assert Ours.__init__.__annotations__ == Theirs.__init__.__annotations__
    assert repr(Ours("a", tags=["t"])) == repr(Theirs("a", tags=["t"])).replace("Theirs", "Ours")
    assert dataclasses.asdict(Ours("a", 1)) == dataclasses.asdict(Theirs("a", 1))
    with pytest.raises(TypeError):
        Ours()  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        Ours("a", made="there")  # type: ignore[call-arg]


def test_equal_is_what_has_the_same_class_and_the_same_compared_fields() -> None:
    assert Ours("a", tags=["t"]) == Ours("a") != Ours("b")
    assert hash(Ours("a", tags=["t"])) == hash(Ours("a"))
    stranger: object = Theirs("a")
    assert Ours("a") != stranger
    assert Ours("a") != Child("a")
    assert Nothing() == Nothing()
    assert hash(Nothing()) == hash(Nothing())
    assert Open(1) == Open(1) != Open(2)
    assert Unequal(1) != Unequal(1)
    with pytest.raises(TypeError):
        hash(Open(1))


def test_each_has_lists_of_its_own() -> None:
    one, other = Ours("a"), Ours("a")
    one.tags.append("t")
    assert other.tags == []
    assert Loose(1).items is not Loose(1).items


@pytest.mark.parametrize("one", [Ours("a"), Named(first=1), Loose(1), Child("a")])
def test_a_frozen_one_is_unchanged(one: Any) -> None:
    for name in ("first", "name", "other"):
        with pytest.raises(FrozenInstanceError, match=f"cannot assign to field '{name}'"):
            setattr(one, name, 1)
        with pytest.raises(FrozenInstanceError, match=f"cannot delete field '{name}'"):
            delattr(one, name)


@pytest.mark.parametrize("one", [Ours("a", 5, ["t"]), Named(first=1), Loose(1, {"a": 1}), Child("a"), Open(3)])
def test_it_can_be_copied_pickled_and_replaced(one: Any) -> None:
    assert pickle.loads(pickle.dumps(one)) == one
    assert copy.deepcopy(one) == copy.copy(one) == dataclasses.replace(one) == one
    assert repr(copy.deepcopy(one)) == repr(one)


def test_fields_by_name_alone_inherited_ones_and_what_follows_the_making() -> None:
    assert Named(first=1, second="c") == dataclasses.replace(Named(first=1), second="c")
    with pytest.raises(TypeError):
        Named(1)  # type: ignore[call-arg]
    assert repr(Child("a", 1)) == "Child(name='a', port=1, tags=[], made='here', more='m')"
    thawed = Open(1)
    thawed.second = 5
    assert (thawed.total, thawed.second) == (3, 5)
    assert not hasattr(Open(1), "__dict__")
    match Ours("a", 7):
        case Ours(name, port):
            assert (name, port) == ("a", 7)


CALLS: list[tuple[Callable[[Any], Any], type]] = [
    (lambda make: make("a"), Ours),
    (lambda make: make("a", 5, ["t"], "s"), Ours),
    (lambda make: make(name="a", tags=["t"]), Ours),
    (lambda make: make("a", port=7), Ours),
    (lambda make: make(3), Open),
    (lambda make: make(first=1), Named),
    (lambda make: make(), Nothing),
    (lambda make: make("a", 1, ["t"], more="x"), Child),
    (lambda make: make(1, items={"a": 1}), Loose),
    (lambda make: make(), Ours),
    (lambda make: make("a", 1, [], "s", "here"), Ours),
    (lambda make: make("a", made="there"), Ours),
    (lambda make: make("a", name="b"), Ours),
    (lambda make: make("a", nothing=1), Ours),
    (lambda make: make(1), Named),
    (lambda make: make(), Named),
]


@pytest.mark.parametrize(("call", "kind"), CALLS)
def test_the_first_objects_are_made_like_all_others(call: Callable[[Any], Any], kind: type) -> None:
    def result(make: Any) -> object:
        try:
            return call(make)
        except TypeError as error:
            return str(error)

    def members(one: object) -> object:
        names = [each.name for each in dataclasses.fields(kind)]
        return one if isinstance(one, str) else [getattr(one, name) for name in names]

    stand_in = _LaterInit(kind, dataclasses.fields(kind), is_frozen=kind is not Open)
    compiled: Any = vars(kind)["__init__"]
    if isinstance(compiled, _LaterInit):
        compiled = compiled.__get__(None, kind)

    def fill(*given: Any, **named: Any) -> object:
        one: Any = object.__new__(kind)
        stand_in.__get__(one, kind)(*given, **named)
        return one

    def build(*given: Any, **named: Any) -> object:
        one: Any = object.__new__(kind)
        compiled(one, *given, **named)
        return one

    assert members(result(fill)) == members(result(build))


def test_init_is_compiled_after_some_objects_and_when_somebody_looks() -> None:
    @dataclass(frozen=True, slots=True)
    class _One:
        """A class of its own."""

        instance: int
        given: int = 2

    assert [_One(instance=number) for number in range(5)][4].given == 2
    assert isinstance(_One.__dict__["__init__"], _LaterInit)
    assert [_One(number) for number in range(9)][8] == _One(8)
    assert not isinstance(_One.__dict__["__init__"], _LaterInit)


def test_slots_hold_the_fields_of_the_class_itself_and_no_others() -> None:
    slots: list[Any] = [each.__dict__["__slots__"] for each in (Ours, Theirs, Child)]
    assert slots == [("name", "port", "tags", "secret", "made")] * 2 + [("more",)]
    assert weakref.ref(one := Weak())() is one
    with pytest.raises(TypeError, match="cannot create weak reference"):
        weakref.ref(Ours("a"))
    assert Ours.__qualname__ == "Ours"
    assert dataclasses.is_dataclass(Ours)


def test_a_default_that_all_objects_would_share_is_refused() -> None:
    with pytest.raises(ValueError, match="use default_factory"):

        @dataclass(frozen=True, slots=True)
        class _Shared:
            items: list[str] = []  # noqa: RUF012 - it is refused


def test_its_types_can_be_looked_up() -> None:
    assert typing.get_type_hints(Ours.__init__) == typing.get_type_hints(Theirs.__init__)
