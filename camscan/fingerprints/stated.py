"""``stated.yaml``: the maker that a device states, read in the same way from the fields of every protocol."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import re2

from camscan.cache import ENTRY, Cache, remember_short, size_of_texts
from camscan.dataclass import dataclass
from camscan.model import Match
from camscan.protocols import TYPED

FILE = "stated.yaml"
STATED = frozenset({"maker", "brand"})
"""What a statement may claim."""
UNHEARD = 0.60
"""Certainty of a brand in a manufacturer's field that the database does not know."""
TYPED_MOST = 0.45
"""Certainty of an accused maker in a text that people may type: a weak mark, so that many do not add up."""

_LONGEST = 200
"""Maximum characters of a text in which a name is looked for."""
_SHOWN = 60
"""Maximum characters of an unknown name; a longer text is not a name."""
_NEAR = 4
"""How many words may stand between a name and a word such as camera: ``Avigilon H5A Bullet Camera``."""
_WORDS = re.compile(r"[^\W_]+")


class Place(NamedTuple):
    """A key in which makers are named."""

    form: str
    """``field``, ``badge``, ``name`` or ``text``: see the file."""
    certainty: float
    pattern: str = ""
    """A pattern with the group ``name``; empty if the whole value is the name."""

    @property
    def is_field(self) -> bool:
        """Whether the text is a manufacturer's name and nothing else."""
        return self.form in {"field", "badge"}


class Name(NamedTuple):
    """A known name."""

    brand: str
    maker: str = ""
    """A key of makers.yaml; empty if the name is a badge."""
    is_known: bool = True
    """Whether the database knows the name."""


@dataclass(frozen=True)
class Statements:
    """The content of the file, ready for use."""

    places: Mapping[str, Place]
    models: frozenset[str]
    names: Mapping[str, Name]
    """Words of a name without blanks -> the name: ``dlink``."""
    field_only: frozenset[str]
    nobody: frozenset[str]
    around: frozenset[str]
    """Words beside a company's name that are not part of it."""
    accused: frozenset[str]
    """Makers whose devices are to be removed: texts that people may type give them at most "possible"."""
    following: frozenset[str]
    """Words that may follow a maker's name in free text that a device wrote, and not a person."""

    def match_statements(self, values: Mapping[str, list[tuple[str, str]]], read: Sequence[Match]) -> list[Match]:
        """One match for each key that states a maker; none if another fingerprint has read the key."""
        found: list[Match] = []
        asked = [key for key in values if key in self.places]
        if not asked:
            return found
        known = {key for match in read if "maker" in match.claims or "brand" in match.claims for key in match.keys}
        for key in asked:
            if key in known or not (told := self._first_name(key, values[key])):
                continue
            place = self.places[key]
            if not place.is_field and _denies_camera(read, key):
                continue
            name, value, where = told
            says_maker = name.maker and place.form != "badge"
            claims = {"maker": name.maker, "brand": name.brand} if says_maker else {"brand": name.brand}
            certainty = place.certainty if name.is_known else min(place.certainty, UNHEARD)
            if key in TYPED and name.maker in self.accused:
                certainty = min(certainty, TYPED_MOST)
            shown = " ".join(value[:_LONGEST].split())
            because = f"{key} = {shown if len(shown) <= 2 * _SHOWN else shown[: 2 * _SHOWN] + '…'}{where}"
            found.append(Match(f"stated.{key}", claims, certainty, because, key.partition(".")[0], (key,)))
        return sorted(found, key=lambda match: match.fingerprint)

    def is_statement(self, match: Match) -> bool:
        """Whether a match is a statement of who made the device."""
        return ("brand" in match.claims or "maker" in match.claims) and any(key in self.places for key in match.keys)

    def rests_on_model(self, match: Match) -> bool:
        """Whether a claim of a maker depends only on a model number."""
        return bool(match.keys) and self.models.issuperset(match.keys)

    def read_statement(self, values: Mapping[str, list[tuple[str, str]]]) -> tuple[str, str]:
        """The statement in a manufacturer's field, whether it is a name or not: its text, and the reason.

        Both are empty if no field has one.
        """
        for key in sorted(self._fields & values.keys()):
            for value, where in values[key]:
                if text := _pick_value(self.places[key], value):
                    return text, f"{key} = {text[:_SHOWN]}{where}"
        return "", ""

    def _first_name(self, key: str, seen: Iterable[tuple[str, str]]) -> tuple[Name, str, str] | None:
        """The first name among the values of a key, its value, and where that was seen; None if there is none."""
        place = self.places[key]
        return next(((name, *one) for one in seen if (name := self._known_name(key, place, one[0]))), None)

    def _known_name(self, key: str, place: Place, value: str) -> Name | None:
        """The name as ``_find_name`` finds it; the same text is looked up only once."""
        asked = key, value
        known = self._looked_up.get(asked)
        if known is None:
            known = (self._find_name(place, value),)
            self._looked_up.keep(asked, known, ENTRY + size_of_texts((value,)))
        return known[0]

    @functools.cached_property
    def _fields(self) -> frozenset[str]:
        """The keys in which a device states its maker and nothing else."""
        return frozenset(key for key, place in self.places.items() if place.form != "text")

    @functools.cached_property
    def _looked_up(self) -> Cache[tuple[str, str], tuple[Name | None]]:
        return Cache(1 << 20)

    def _find_name(self, place: Place, value: str) -> Name | None:
        text = _pick_value(place, value)
        words = _split_words(text, self.around)
        if not words:
            return None
        for length in range(min(4, len(words)), 0, -1):
            joined = "".join(words[:length])
            name = self.names.get(joined)
            if name is not None and (place.is_field or self._is_of_device(name, joined, words[length:], text)):
                return name
        if not place.is_field or not self._is_name(text, words):
            return None
        return Name(text, is_known=False)

    def _is_of_device(self, name: Name, joined: str, rest: list[str], text: str) -> bool:
        if joined in self.field_only:
            # "LTS CMIP3042" and "Luma LUM-510" are a badge and a model number; "March 2026" is not.
            joint = len(rest) > 1 and rest[1].isdigit() and "-".join(rest[:2]) in text.casefold()
            return any(_has_digit(word) and not word.isdigit() for word in rest[:2]) or (joint and rest[0].isalpha())
        near = rest[: 1 if name.maker in self.accused else _NEAR]
        return not rest or any(word in self.following for word in near) or any(map(_has_digit, rest[:5]))

    def _is_name(self, text: str, words: list[str]) -> bool:
        if len(text) > _SHOWN or not text.isprintable() or len(text) < len("Yi") or not any(map(str.isalpha, text)):
            return False
        return not all(word in self.nobody or word in self.around or word.isdigit() for word in words)


def _denies_camera(read: Iterable[Match], key: str) -> bool:
    """Whether another fingerprint has read from the key that the device is not a camera."""
    return any(key in match.keys and match.claims.get("camera") == "false" for match in read)


def _has_digit(word: str) -> bool:
    return any(map(str.isdigit, word))


def _pick_value(place: Place, value: str) -> str:
    return _find_name_in(place.pattern, value) if place.pattern else " ".join(value[:_LONGEST].split())


@remember_short
def _find_name_in(pattern: str, value: str) -> str:
    found = re2.search(pattern, value[: 8 * _LONGEST].encode(errors="replace").decode())
    return " ".join(found["name"].split()) if found else ""


def _split_words(text: str, around: Collection[str]) -> list[str]:
    """The words of a text in lower case, without the city before a company's name and its legal form after it."""
    words = _WORDS.findall(unicodedata.normalize("NFKC", text).casefold())
    while len(words) > 1 and words[0] in around:
        words = words[1:]
    while len(words) > 1 and words[-1] in around:
        words = words[:-1]
    return words


def squeeze_name(text: str, around: Collection[str] = ()) -> str:
    """The form in which a name is looked up: its words in lower case, without blanks and signs."""
    return "".join(_split_words(text, around))


def build_statements(plain: Mapping[str, Any]) -> Statements:
    """The statements from plain lists and dictionaries, as the compiled cache holds them."""
    return Statements(
        places={key: Place(*place) for key, place in plain.get("places", {}).items()},
        models=frozenset(plain.get("models", ())),
        names={key: Name(*name) for key, name in plain.get("names", {}).items()},
        field_only=frozenset(plain.get("field_only", ())),
        nobody=frozenset(plain.get("nobody", ())),
        around=frozenset(plain.get("around", ())),
        accused=frozenset(plain.get("accused", ())),
        following=frozenset(plain.get("following", ())),
    )


def list_names(
    makers: Mapping[str, tuple[str, Iterable[str]]],
    badges: Iterable[tuple[str, Sequence[str]]],
    more: Mapping[str, Iterable[str]],
    brands: Iterable[str],
    around: Collection[str],
) -> Iterator[tuple[str, Name]]:
    """Every known name by its words.

    ``makers``: key -> name and aliases; ``badges``: brand and the makers from which it buys, the main one first;
    ``more``: key of a maker -> further names. If a badge is also the name of a maker, it counts as the maker if the
    maker builds most of it itself.
    """

    def look_up(text: str) -> str:
        return squeeze_name(text, around)

    chief = {look_up(brand): (brand, bought[0]) for brand, bought in badges if bought}
    for brand in brands:
        yield look_up(brand), Name(brand)
    for key, (name, aliases) in makers.items():
        badge, builder = chief.get(look_up(name), (name, key))
        for text in (name, *aliases, *more.get(key, ())):
            yield look_up(text), Name(name, key) if builder == key else Name(badge)
    for word, (brand, builder) in chief.items():
        if not (builder in makers and look_up(makers[builder][0]) == word):
            yield word, Name(brand)
