"""``weaknesses.yaml``: known weaknesses, and the models and builds that they affect."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from camscan.config.value import day
from camscan.errors import ConfigError
from camscan.fingerprints.conditions import condition_of
from camscan.fingerprints.entry import Problem
from camscan.fingerprints.place import built_in
from camscan.fingerprints.read import need
from camscan.strict_yaml import Node, load_yaml
from camscan.vulnerabilities.kev import CVE, Flag, catalogue_file, stored

FILE = "weaknesses.yaml"
VERDICTS = ("affected", "unknown", "fixed")

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Bounds:
    """Where in a row of builds or versions the weakness is. Empty where nothing is told."""

    since: str = ""
    """The first that is listed."""
    until: str = ""
    """The last that is affected."""
    fixed: str = ""
    """The first that is repaired."""


@dataclass(frozen=True, slots=True)
class Affected:
    """Models that share their bounds."""

    models: str
    """RE2 pattern of the model, without ``DH-`` or ``DHI-``."""
    builds: Bounds = Bounds()
    """ISO dates: they compare as text."""
    versions: Bounds = Bounds()
    firmware: str = ""
    """RE2 pattern of the only firmware that is affected; empty where builds or versions tell."""
    listed: bool = True
    """Whether every model that fits is known to be affected; else no verdict is surer than "unknown"."""


@dataclass(frozen=True, slots=True)
class Case:
    """An example: a device and the verdict that it must get; None: none at all."""

    model: str
    brand: str
    kind: str
    firmware: str
    verdict: str | None
    line: int


@dataclass(frozen=True, slots=True)
class Weakness:
    """One known weakness."""

    id: str
    also: tuple[str, ...]
    """Its siblings, published together and mended together."""
    maker: str
    brand: str
    """The only badge that it is known of; empty for all."""
    what: str
    severity: str
    """CVSS base score; empty where the sources differ or tell none."""
    source: str
    note: str
    kinds: tuple[str, ...]
    """Kinds of device among which rebrands may share it."""
    affected: tuple[Affected, ...]
    kev: Flag | None
    cases: tuple[Case, ...]
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Weaknesses:
    """All of them, and the badges under which a maker's own builds and notices hold."""

    entries: tuple[Weakness, ...]
    brands: Mapping[str, frozenset[str]]
    """Maker -> its own badges, case-folded."""


@dataclass(slots=True)
class _Source:
    entries: dict[str, Weakness] = field(default_factory=dict)
    brands: dict[str, frozenset[str]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def load(overlays: Sequence[Path] = (), *, base: Path | None = None, catalogue: Path | None = None) -> Weaknesses:
    """Every known weakness; an overlay's entry replaces ours of the same id.

    ``catalogue`` stands in for the imported KEV flags (:func:`catalogue_file`). Raises ConfigError with file and line.
    """
    source = _read((base or built_in(), *overlays))
    if source.problems:
        raise ConfigError(str(source.problems[0]))
    flags = stored(catalogue or catalogue_file())
    entries = (replace(entry, kev=_flag(entry, flags)) for entry in source.entries.values())
    return Weaknesses(tuple(entries), source.brands)


def problems(overlays: Sequence[Path] = (), *, base: Path | None = None) -> list[Problem]:
    """Everything in the files that cannot be read; whether the examples hold is for ``assess``."""
    return _read((base or built_in(), *overlays)).problems


def _read(directories: Sequence[Path]) -> _Source:
    source = _Source()
    known = [directory / "makers.yaml" for directory in directories]
    makers = {maker for path in known if path.is_file() for maker in load_yaml(path).entries()}
    for directory in directories:
        path = directory / FILE
        if path.is_file():
            _guarded(source, lambda path=path: _file(source, load_yaml(path), makers))  # type: ignore[misc]
    return source


def _guarded(source: _Source, action: Callable[[], None]) -> None:
    try:
        action()
    except ConfigError as error:
        source.problems.append(Problem.of(error))


def _file(source: _Source, root: Node, makers: Container[str]) -> None:
    members = root.only("brands", "weaknesses")
    for maker, node in members["brands"].entries().items() if "brands" in members else ():
        source.brands[maker] = frozenset(item.text().casefold() for item in node.items())
    seen: set[str] = set()
    for node in need(root, members, "weaknesses").items():

        def take(node: Node = node) -> None:
            entry = _weakness(node, makers)
            if entry.id in seen:
                raise node.wrong(f"{entry.id} is already in this file")
            seen.add(entry.id)
            source.entries[entry.id] = entry

        _guarded(source, take)


def _weakness(node: Node, makers: Container[str]) -> Weakness:
    required = ("id", "maker", "what", "source", "affected", "examples", "counterexamples")
    members = node.only(*required, "also", "brand", "severity", "note", "kinds", "kev")
    name, maker, what, origin, *_ = (need(node, members, key) for key in required)
    if maker.text() not in makers:
        raise maker.wrong(f"'{maker.text()}' is not in makers.yaml")

    def words(key: str) -> tuple[str, ...]:
        return tuple(item.text() for item in members[key].items()) if key in members else ()

    def word(key: str) -> str:
        return members[key].text() if key in members else ""

    return Weakness(
        id=_cve(name),
        also=tuple(_cve(item) for item in members["also"].items()) if "also" in members else (),
        maker=maker.text(),
        brand=word("brand"),
        what=what.text(),
        severity=word("severity"),
        source=origin.text(),
        note=word("note"),
        kinds=words("kinds"),
        affected=_some(members["affected"], _affected),
        kev=_kev(members["kev"]) if "kev" in members else None,
        cases=_some(members["examples"], _example) + _some(members["counterexamples"], _counterexample),
        file=node.file,
        line=node.line,
    )


def _some(node: Node, reader: Callable[[Node], _T]) -> tuple[_T, ...]:
    items = node.items()
    if not items:
        raise node.wrong("at least one is needed")
    return tuple(map(reader, items))


def _cve(node: Node) -> str:
    if not CVE.fullmatch(node.text()):
        raise node.wrong(f"'{node.text()}' is not a CVE number, such as CVE-2017-7921")
    return node.text()


def _affected(node: Node) -> Affected:
    members = node.only("models", "builds", "versions", "firmware", "listed")
    listed = members["listed"].text() if "listed" in members else "yes"
    if listed not in {"yes", "no"}:
        raise members["listed"].wrong(f"listed is yes or no, found '{listed}'")
    found = Affected(
        models=_pattern(need(node, members, "models")),
        builds=_bounds(members["builds"], lambda node: day(node).isoformat()) if "builds" in members else Bounds(),
        versions=_bounds(members["versions"], _version) if "versions" in members else Bounds(),
        firmware=_pattern(members["firmware"]) if "firmware" in members else "",
        listed=listed == "yes",
    )
    if found.listed and not (found.firmware or found.builds != Bounds() or found.versions != Bounds()):
        raise node.wrong("it has no builds, versions or firmware, so it must say listed: 'no'")
    return found


def _pattern(node: Node) -> str:
    condition = condition_of(node)
    if condition.operator != "pattern":
        raise node.wrong("expected a pattern that begins with '^'")
    return condition.text


def _bounds(node: Node, reader: Callable[[Node], str]) -> Bounds:
    return Bounds(**{key: reader(value) for key, value in node.only("since", "until", "fixed").items()})


def _version(node: Node) -> str:
    if not re.fullmatch(r"\d+(?:[.-]\d+)+", node.text()):
        raise node.wrong(f"'{node.text()}' is not a version, such as 5.4.41")
    return node.text()


def _kev(node: Node) -> Flag:
    members = node.only("added", "due")
    due = day(members["due"]) if "due" in members else None
    return Flag(day(need(node, members, "added")), due)


def _example(node: Node) -> Case:
    members = node.only("model", "brand", "kind", "firmware", "verdict")
    verdict = need(node, members, "verdict")
    if verdict.text() not in VERDICTS:
        raise verdict.wrong(f"a verdict is one of {', '.join(VERDICTS)}, found '{verdict.text()}'")
    return _case(node, members, verdict.text())


def _counterexample(node: Node) -> Case:
    return _case(node, node.only("model", "brand", "kind", "firmware"), None)


def _case(node: Node, members: Mapping[str, Node], verdict: str | None) -> Case:
    texts = {key: members[key].text() if key in members else "" for key in ("brand", "kind", "firmware")}
    return Case(model=need(node, members, "model").text(), verdict=verdict, line=node.line, **texts)


def _flag(entry: Weakness, flags: Mapping[str, Flag]) -> Flag | None:
    """The flag of the catalogue; a catalogue renews and adds flags, and takes none away: it may be an old one."""
    found = [flags[name] for name in (entry.id, *entry.also) if name in flags]
    return min(found, key=lambda flag: flag.added) if found else entry.kev
