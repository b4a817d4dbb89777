"""``weaknesses.yaml``: known weaknesses, and the models and builds that they affect."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import field, replace
from pathlib import Path
from typing import TypeVar

from camscan.config.value import read_date
from camscan.dataclass import dataclass
from camscan.errors import ConfigError
from camscan.fingerprints.conditions import read_condition
from camscan.fingerprints.entry import Problem
from camscan.fingerprints.place import built_in_folder
from camscan.kept import load_yaml
from camscan.strict_yaml import Node, require_member
from camscan.vulnerabilities.kev import CVE, Flag, catalogue_file, stored_flags

FILE = "weaknesses.yaml"
VERDICTS = ("affected", "unknown", "fixed")

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Bounds:
    """The builds or versions that are vulnerable. Empty if nothing is stated."""

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
    """RE2 pattern of the only firmware that is affected; empty if builds or versions decide."""
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
    """Its siblings, published together and fixed together."""
    maker: str
    brand: str
    """The only badge that it applies to, as far as is known; empty for all."""
    what: str
    severity: str
    """CVSS base score; empty if the sources differ or give none."""
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


def load_weaknesses(
    overlays: Sequence[Path] = (), *, base: Path | None = None, catalogue: Path | None = None
) -> Weaknesses:
    """Every known vulnerability; an entry of an overlay replaces ours with the same id.

    ``catalogue`` replaces the imported KEV flags (:func:`catalogue_file`). Raises ConfigError with file and line.
    """
    source = _read_directories((base or built_in_folder(), *overlays))
    if source.problems:
        raise ConfigError(str(source.problems[0]))
    flags = stored_flags(catalogue or catalogue_file())
    entries = (replace(entry, kev=_current_flag(entry, flags)) for entry in source.entries.values())
    return Weaknesses(tuple(entries), source.brands)


def list_problems(overlays: Sequence[Path] = (), *, base: Path | None = None) -> list[Problem]:
    """Everything in the files that cannot be read; whether the examples hold is for ``assess``."""
    return _read_directories((base or built_in_folder(), *overlays)).problems


def _read_directories(directories: Sequence[Path]) -> _Source:
    source = _Source()
    known = [directory / "makers.yaml" for directory in directories]
    makers = {maker for path in known if path.is_file() for maker in load_yaml(path).entries()}
    for directory in directories:
        path = directory / FILE
        if path.is_file():
            _guard_entry(source, lambda path=path: _read_file(source, load_yaml(path), makers))  # type: ignore[misc]
    return source


def _guard_entry(source: _Source, action: Callable[[], None]) -> None:
    try:
        action()
    except ConfigError as error:
        source.problems.append(Problem.from_error(error))


def _read_file(source: _Source, root: Node, makers: Container[str]) -> None:
    members = root.only("brands", "weaknesses")
    for maker, node in members["brands"].entries().items() if "brands" in members else ():
        source.brands[maker] = frozenset(item.text().casefold() for item in node.items())
    seen: set[str] = set()
    for node in require_member(root, members, "weaknesses").items():

        def read_entry(node: Node = node) -> None:
            entry = _read_weakness(node, makers)
            if entry.id in seen:
                raise node.error(f"{entry.id} is already in this file")
            seen.add(entry.id)
            source.entries[entry.id] = entry

        _guard_entry(source, read_entry)


def _read_weakness(node: Node, makers: Container[str]) -> Weakness:
    required = ("id", "maker", "what", "source", "affected", "examples", "counterexamples")
    members = node.only(*required, "also", "brand", "severity", "note", "kinds", "kev")
    name, maker, what, origin, *_ = (require_member(node, members, key) for key in required)
    if maker.text() not in makers:
        raise maker.error(f"'{maker.text()}' is not in makers.yaml")

    def read_words(key: str) -> tuple[str, ...]:
        return tuple(item.text() for item in members[key].items()) if key in members else ()

    def read_word(key: str) -> str:
        return members[key].text() if key in members else ""

    return Weakness(
        id=_read_cve(name),
        also=tuple(_read_cve(item) for item in members["also"].items()) if "also" in members else (),
        maker=maker.text(),
        brand=read_word("brand"),
        what=what.text(),
        severity=read_word("severity"),
        source=origin.text(),
        note=read_word("note"),
        kinds=read_words("kinds"),
        affected=_read_some(members["affected"], _read_affected),
        kev=_read_kev(members["kev"]) if "kev" in members else None,
        cases=_read_some(members["examples"], _read_example)
        + _read_some(members["counterexamples"], _read_counterexample),
        file=node.file,
        line=node.line,
    )


def _read_some(node: Node, reader: Callable[[Node], _T]) -> tuple[_T, ...]:
    items = node.items()
    if not items:
        raise node.error("at least one is needed")
    return tuple(map(reader, items))


def _read_cve(node: Node) -> str:
    if not CVE.fullmatch(node.text()):
        raise node.error(f"'{node.text()}' is not a CVE number, such as CVE-2017-7921")
    return node.text()


def _read_affected(node: Node) -> Affected:
    members = node.only("models", "builds", "versions", "firmware", "listed")
    listed = members["listed"].text() if "listed" in members else "yes"
    if listed not in {"yes", "no"}:
        raise members["listed"].error(f"listed is yes or no, found '{listed}'")
    found = Affected(
        models=_read_pattern(require_member(node, members, "models")),
        builds=_read_bounds(members["builds"], lambda node: read_date(node).isoformat())
        if "builds" in members
        else Bounds(),
        versions=_read_bounds(members["versions"], _read_version) if "versions" in members else Bounds(),
        firmware=_read_pattern(members["firmware"]) if "firmware" in members else "",
        listed=listed == "yes",
    )
    if found.listed and not (found.firmware or found.builds != Bounds() or found.versions != Bounds()):
        raise node.error("it has no builds, versions or firmware, so it must say listed: 'no'")
    return found


def _read_pattern(node: Node) -> str:
    condition = read_condition(node)
    if condition.operator != "pattern":
        raise node.error("expected a pattern that begins with '^'")
    return condition.text


def _read_bounds(node: Node, reader: Callable[[Node], str]) -> Bounds:
    return Bounds(**{key: reader(value) for key, value in node.only("since", "until", "fixed").items()})


def _read_version(node: Node) -> str:
    if not re.fullmatch(r"\d+(?:[.-]\d+)+", node.text()):
        raise node.error(f"'{node.text()}' is not a version, such as 5.4.41")
    return node.text()


def _read_kev(node: Node) -> Flag:
    members = node.only("added", "due")
    due = read_date(members["due"]) if "due" in members else None
    return Flag(read_date(require_member(node, members, "added")), due)


def _read_example(node: Node) -> Case:
    members = node.only("model", "brand", "kind", "firmware", "verdict")
    verdict = require_member(node, members, "verdict")
    if verdict.text() not in VERDICTS:
        raise verdict.error(f"a verdict is one of {', '.join(VERDICTS)}, found '{verdict.text()}'")
    return _read_case(node, members, verdict.text())


def _read_counterexample(node: Node) -> Case:
    return _read_case(node, node.only("model", "brand", "kind", "firmware"), None)


def _read_case(node: Node, members: Mapping[str, Node], verdict: str | None) -> Case:
    texts = {key: members[key].text() if key in members else "" for key in ("brand", "kind", "firmware")}
    return Case(model=require_member(node, members, "model").text(), verdict=verdict, line=node.line, **texts)


def _current_flag(entry: Weakness, flags: Mapping[str, Flag]) -> Flag | None:
    """The flag of the catalogue; a catalogue renews and adds flags, and takes none away: it may be an old one."""
    found = [flags[name] for name in (entry.id, *entry.also) if name in flags]
    return min(found, key=lambda flag: flag.added) if found else entry.kev
