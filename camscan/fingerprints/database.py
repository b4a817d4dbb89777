"""Loads the files or their compiled cache, and makes the Database that matches."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from camscan import kept
from camscan.cache import Cache
from camscan.dataclass import dataclass
from camscan.errors import ConfigError
from camscan.fingerprints.beginnings import with_beginnings
from camscan.fingerprints.entry import ALONE, Condition, Entry, Maker, Rule, Section
from camscan.fingerprints.mac_blocks import MAY_HOLD_MAC, match_registry
from camscan.fingerprints.match import Kin, Matcher
from camscan.fingerprints.place import built_in_folder
from camscan.fingerprints.stated import STATED, Statements, build_statements
from camscan.fingerprints.values import Values, group_values
from camscan.model import Identification, Match, Observation

if TYPE_CHECKING:
    from camscan.fingerprints.read import Source

EDITION = "edition"
"""File with the date of the last change to the built-in database, so that a report can say how old it is."""

_ROOM = 8 << 20
"""Bytes of earlier identifications that are kept."""

_KEYS = 4096
"""Keys of which it is remembered whether they make a difference; the vocabulary has about 300."""

FORMAT = 5
"""Version of the cache's content: it increases when the content changes."""


class _Heeded(dict[str, bool]):
    """Key -> whether it can make a difference. Keys are added when they are asked for, within a number."""

    __slots__ = ("_asked",)

    def __init__(self, asked: Collection[str]) -> None:
        super().__init__()
        self._asked = asked

    def __missing__(self, key: str) -> bool:
        found = key in self._asked or key.endswith(MAY_HOLD_MAC)
        if len(self) < _KEYS:
            self[key] = found
        return found


class Unit(NamedTuple):
    """What fits the facts of one device."""

    matches: list[Match]
    kin: Kin
    """The same for all units whose other matches are the same, for as long as it is remembered."""
    own: list[Match]
    """The matches that may differ among them."""


@dataclass(frozen=True)
class Database:
    """Every fingerprint, ready to match."""

    version: str
    """Date of its edition and 12 hexadecimal digits of the hash of its files: ``2026-11-23.0123456789ab``.

    ``+overlay`` follows if a directory of the user was added.
    """
    directories: tuple[Path, ...]
    makers: Mapping[str, Maker]
    rules: tuple[Rule, ...]
    sections: Mapping[str, Section] = field(repr=False)
    """Sections of the registry of MAC prefixes, by id."""
    prefixes: Mapping[str, str] = field(repr=False)
    statements: Statements = field(repr=False)
    """How the maker is read from what a device states: ``stated.yaml``."""

    def match_facts(self, facts: Iterable[Observation]) -> list[Match]:
        """Every fingerprint that fits the facts of one device, and what the registry says about its MAC addresses."""
        return self.match_values(group_values(facts))

    def match_values(self, values: Values) -> list[Match]:
        """As :meth:`match_facts`, of facts already grouped by key."""
        return self.match_unit(values).matches

    def match_unit(self, values: Values) -> Unit:
        """The same, with the units that differ from this one in nothing but a few matches."""
        found, kin = self._first_matcher.match_unit(values)
        more = self.statements.match_statements(values, found)
        more += match_registry(values, self.prefixes, self.sections)
        return Unit([*found, *more], kin, [*[found[place] for place in kin.own], *more])

    def match_decided(self, values: Values, decided: Mapping[str, str]) -> list[Match]:
        """The fingerprints that also depend on what identification decided (``id.maker``, ``id.model`` …)."""
        second = self._second_matcher
        known: Values = {key: values[key] for key in second.asked if key in values}
        for key, value in decided.items():
            known[key] = [(value, "")]
        return second.match_values(known)

    def builders_of_badge(self, brand: str) -> frozenset[str]:
        """Keys of the makers from which a badge is known to buy; empty if the badge is not in ``oem.yaml``."""
        if brand not in self._builders_by_badge:
            claims = [match.claims for match in self._second_matcher.match_values({"id.brand": [(brand, "")]})]
            claims += [
                dict(rule.then) for rule in self.rules if rule.family == "brand" and ("brand", brand) in rule.then
            ]
            told = " or ".join(one[key] for one in claims for key in ("maker", "makers") if key in one)
            self._builders_by_badge[brand] = frozenset(filter(None, told.split(" or ")))
        return self._builders_by_badge[brand]

    @functools.cached_property
    def identified_cache(self) -> Cache[bytes, Identification]:
        """Earlier results of ``identify.box`` for the same facts."""
        return Cache(_ROOM)

    def forget_devices(self) -> None:
        """Delete the results for single devices: after a scan, they are not needed again."""
        self.identified_cache.clear()
        self.judged_cache.clear()

    @functools.cached_property
    def judged_cache(self) -> Cache[tuple[object, ...], Any]:
        """Earlier results for the same marks, whatever serial numbers and addresses the devices have."""
        return Cache(_ROOM // 4)

    def heeds(self, key: str) -> bool:
        """Whether a fact with this key can make a difference to any match."""
        return self.heeded[key]

    @functools.cached_property
    def heeded(self) -> Mapping[str, bool]:
        """For every key, the answer of :meth:`heeds`."""
        return _Heeded(self._first_matcher.asked | self._second_matcher.asked | self.statements.places.keys())

    def may_claim(self, claim: str, keys: Collection[str]) -> bool:
        """Whether facts with these keys can lead to this claim. It is quick, and never wrong when it says no."""
        needed = self._needed_for(claim)
        return needed is None or not needed.isdisjoint(keys)

    def _needed_for(self, claim: str) -> frozenset[str] | None:
        """Keys of which a device must show one for the claim; None if it may follow from anything."""
        if claim not in self._needed:
            rules = [rule for rule in self.rules if any(name == claim for name, _ in rule.then)]
            asked = [_asked_of_device(rule) for rule in rules]
            is_open = not all(asked) or any(name == claim for one in self.sections.values() for name, _ in one.then)
            stated = self.statements.places.keys() if claim in STATED else ()
            self._needed[claim] = None if is_open else frozenset(stated).union(*asked)
        return self._needed[claim]

    @functools.cached_property
    def _needed(self) -> dict[str, frozenset[str] | None]:
        return {}

    @property
    def derives_from(self) -> frozenset[str]:
        """The keys on which the fingerprints of the second round depend."""
        return self._second_matcher.asked

    @functools.cached_property
    def _builders_by_badge(self) -> dict[str, frozenset[str]]:
        return {}

    @functools.cached_property
    def _rounds(self) -> tuple[list[Rule], list[Rule]]:
        """The rules for what devices say, and the rules that need what identification has decided."""
        rounds: tuple[list[Rule], list[Rule]] = [], []
        for rule in self.rules:
            rounds[rule.needs_decision].append(rule)
        return rounds

    @functools.cached_property
    def _first_matcher(self) -> Matcher:
        return Matcher(self._rounds[0])

    @functools.cached_property
    def _second_matcher(self) -> Matcher:
        return Matcher(self._rounds[1])

    @functools.cached_property
    def entries(self) -> tuple[Entry, ...]:
        """Every fingerprint as written, with file and line, by id; read from the files."""
        found = _read_source(self.directories).entries
        return tuple(found[name] for name in sorted(found))

    def find_entry(self, name: str) -> Entry | None:
        """The fingerprint with that id as written; None if there is none."""
        return next((entry for entry in self.entries if entry.id == name), None)


def _asked_of_device(rule: Rule) -> frozenset[str]:
    """The keys of facts that a device must show for a rule: not those that it must not show, or that are decided."""
    return frozenset(
        key
        for key, conditions in rule.when
        if not key.startswith("id.") and any(one.operator not in ALONE for one in conditions)
    )


def load_database(overlays: Sequence[Path] = (), *, base: Path | None = None, cache: Path | None = None) -> Database:
    """Load the built-in database and the user's directories, which come after it.

    ``base`` replaces the built-in directory, ``cache`` the user's cache directory. Raises ConfigError with file and
    line of the first mistake.
    """
    directories = (base or built_in_folder(), *overlays)
    for directory in directories:
        if not directory.is_dir():
            raise ConfigError(f"{directory}: there is no such folder of fingerprints; check its name")
    version = _version_hash(directories)
    path = (cache or kept.cache_folder()) / f"fingerprints-{version}.json"
    compiled = kept.read_kept(path)
    if compiled is None:
        source = _read_source(directories)
        if source.problems:
            raise ConfigError(str(source.problems[0]))
        compiled = _compile_source(source)
        kept.write_kept(path, compiled, "fingerprints-*.json")
    return _make_database(version, directories, compiled)


def _read_source(directories: Sequence[Path]) -> Source:
    from camscan.fingerprints.read import read_directories  # noqa: PLC0415 - the YAML reader is not wanted by every run

    return read_directories(directories)


def _version_hash(directories: Sequence[Path]) -> str:
    digest = hashlib.blake2b(str(FORMAT).encode(), digest_size=6)
    for directory in directories:
        for path in sorted(directory.rglob("*.yaml")):
            try:
                content = path.read_bytes()
            except OSError as error:
                raise ConfigError(f"{path}: cannot be read: {error.strerror or error}") from error
            digest.update(f"{path.relative_to(directory)}\0{len(content)}\0".encode())
            digest.update(content)
    return database_edition(directories[0]) + digest.hexdigest() + ("+overlay" if len(directories) > 1 else "")


def database_edition(directory: Path) -> str:
    """The date of a database's edition and a full stop, ``2026-11-23.``; empty if it has none."""
    try:
        return date.fromisoformat((directory / EDITION).read_text(encoding="ascii").strip()).isoformat() + "."
    except FileNotFoundError:
        return ""
    except (OSError, ValueError) as error:
        raise ConfigError("expected one date, such as 2026-03-31", str(directory / EDITION), 1) from error


def _compile_source(source: Source) -> dict[str, Any]:
    """The content of the cache: only what matching needs, in the types of JSON."""
    return {
        "makers": [[maker.key, maker.name, maker.aliases, maker.group] for maker in source.makers.values()],
        "rules": [_with_beginnings(entry.rule) for entry in source.entries.values()],
        "sections": list(source.sections.values()),
        "prefixes": source.prefixes,
        "stated": source.stated,
    }


def _with_beginnings(rule: Rule) -> Rule:
    return rule._replace(when=tuple((key, tuple(map(with_beginnings, conditions))) for key, conditions in rule.when))


def _make_database(version: str, directories: Sequence[Path], compiled: Mapping[str, Any]) -> Database:
    return Database(
        version=version,
        directories=tuple(directories),
        makers={key: Maker(key, name, tuple(aliases), owner) for key, name, aliases, owner in compiled["makers"]},
        rules=tuple(
            Rule(
                name,
                tuple((key, tuple(Condition(*one) for one in conditions)) for key, conditions in when),
                tuple((key, text) for key, text in then),
                certainty,
                family,
            )
            for name, when, then, certainty, family in compiled["rules"]
        ),
        sections={
            name: Section(name, tuple((key, text) for key, text in then), certainty)
            for name, then, certainty in compiled["sections"]
        },
        prefixes=compiled["prefixes"],
        statements=build_statements(compiled.get("stated", {})),
    )
