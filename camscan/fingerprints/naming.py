"""``naming.yaml``: how model numbers are built, so that a person can be told what each part says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import re2

from camscan.errors import ConfigError
from camscan.fingerprints.conditions import group_names, read_condition
from camscan.fingerprints.entry import GRADES, Condition, Problem
from camscan.fingerprints.place import built_in_folder
from camscan.strict_yaml import Node, load_yaml, require_member

FILE = "naming.yaml"
LONGEST = 128
"""Characters of a model number that are read."""

_SEPARATORS = frozenset("-/")


@dataclass(frozen=True, slots=True)
class ExplainedPart:
    """What one part of a text says."""

    part: str
    """The characters."""
    about: str
    """What they tell of: ``series``, ``form`` …"""
    says: str
    """Empty if the part is known and its value is not."""
    grade: str
    """``solid``, ``fair``, ``weak``, ``reported``; empty if it is not stated."""


Meaning = tuple[str, str]
"""Grade and text."""


@dataclass(frozen=True, slots=True)
class Part:
    """One named group of a grammar."""

    about: str
    values: Mapping[str, Meaning]
    """Upper-case text -> meaning."""
    letters: Mapping[str, Meaning]
    number: Meaning | None


@dataclass(frozen=True, slots=True)
class Grammar:
    """How one line of model numbers is built."""

    id: str
    maker: str
    about: str
    pattern: str
    source: str
    parts: Mapping[str, Part]
    examples: tuple[tuple[str, int], ...]
    """Model number, line."""
    counterexamples: tuple[tuple[str, int], ...]
    file: str
    line: int

    def read_model(self, model: str) -> tuple[ExplainedPart, ...] | None:
        """What each part means, in the order of the number; None if the number is not built like this."""
        compiled = re2.compile(self.pattern)
        # Half a character, as a command line may hold one, is an error to RE2.
        found = compiled.search(model.strip()[:LONGEST].encode(errors="replace").decode())
        if found is None:
            return None
        names = sorted(compiled.groupindex, key=compiled.groupindex.get)
        groups = [(self.parts[name], found.group(name)) for name in names if name in self.parts]
        return tuple(said for part, text in groups if text for said in _read_part(part, text))


def _read_part(part: Part, text: str) -> Iterator[ExplainedPart]:
    if part.letters:
        yield from _read_letters(part, text)
        return
    if part.number is not None:
        grade, says = part.number
        yield ExplainedPart(text, part.about, says.replace("{n}", text.lstrip("0") or "0"), grade)
        return
    grade, says = part.values.get(text.upper(), ("", ""))
    yield ExplainedPart(text, part.about, says, grade)


def _read_letters(part: Part, text: str) -> Iterator[ExplainedPart]:
    """From left to right, the longest known part first; an unknown part is reported as such, never skipped."""
    upper, at, unknown = text.upper(), 0, ""
    known = sorted(part.letters, key=len, reverse=True)
    while at < len(text):
        hit = next(
            (letters for letters in known if upper.startswith(letters, at) and _is_whole_section(letters, upper, at)),
            "",
        )
        if (hit or text[at] in _SEPARATORS) and unknown:
            yield ExplainedPart(unknown, part.about, "", "")
            unknown = ""
        if hit:
            grade, says = part.letters[hit]
            yield ExplainedPart(text[at : at + len(hit)], part.about, says, grade)
        elif text[at] not in _SEPARATORS:
            unknown += text[at]
        at += len(hit) or 1
    if unknown:
        yield ExplainedPart(unknown, part.about, "", "")


def _is_whole_section(letters: str, text: str, at: int) -> bool:
    """Letters that begin with a separator are a whole section: ``-A`` is not the beginning of ``-A180``."""
    end = at + len(letters)
    return letters[0] not in _SEPARATORS or end == len(text) or text[end] in _SEPARATORS


def load_grammars(overlays: Sequence[Path] = (), *, base: Path | None = None) -> tuple[Grammar, ...]:
    """Every grammar; an overlay's replaces ours of the same id. Raises ConfigError with file and line."""
    found: dict[str, Grammar] = {}
    for directory in (base or built_in_folder(), *overlays):
        if (directory / FILE).is_file():
            own: dict[str, Grammar] = {}
            for node in load_yaml(directory / FILE).items():
                grammar = _read_grammar(node)
                if grammar.id in own:
                    raise node.error(f"the id '{grammar.id}' is already in this file")
                own[grammar.id] = grammar
            found |= own
    return tuple(found.values())


def check_grammars(overlays: Sequence[Path] = (), *, base: Path | None = None) -> list[Problem]:
    """What cannot be read, examples that do not fit or leave a part unsaid, and counterexamples that fit."""
    try:
        return [problem for grammar in load_grammars(overlays, base=base) for problem in _check_grammar(grammar)]
    except ConfigError as error:
        return [Problem.from_error(error)]


def _check_grammar(grammar: Grammar) -> Iterator[Problem]:
    for model, line in grammar.examples:
        if grammar.read_model(model) is None:
            yield Problem(grammar.file, line, grammar.id, f"the example {model} is not built like this")
    for model, line in grammar.counterexamples:
        if grammar.read_model(model) is not None:
            yield Problem(grammar.file, line, grammar.id, f"the counterexample {model} fits, and must not")


def _read_grammar(node: Node) -> Grammar:
    required = ("id", "maker", "about", "pattern", "source", "parts", "examples", "counterexamples")
    members = node.only(*required)
    name, maker, about, pattern, source, parts, *_ = (require_member(node, members, key) for key in required)
    condition = read_condition(pattern)
    if condition.operator != "pattern":
        raise pattern.error("expected a pattern that begins with '^'")
    return Grammar(
        id=name.text(),
        maker=maker.text(),
        about=about.text(),
        pattern=condition.text,
        source=source.text(),
        parts={key: _read_node(value, key, condition) for key, value in parts.entries().items()},
        examples=_read_models(members["examples"]),
        counterexamples=_read_models(members["counterexamples"]),
        file=node.file,
        line=node.line,
    )


def _read_models(node: Node) -> tuple[tuple[str, int], ...]:
    items = node.items()
    if not items:
        raise node.error("at least one is needed")
    return tuple((item.text(), item.line) for item in items)


def _read_node(node: Node, name: str, condition: Condition) -> Part:
    if name not in group_names(condition):
        raise node.error(f"the pattern has no group '{name}'")
    members = node.only("about", "values", "letters", "number")
    if len(members) != 2:  # noqa: PLR2004 - 'about' and one other
        raise node.error("a part has 'about' and one of values, letters, number")

    def read_table(key: str) -> dict[str, Meaning]:
        entries = members[key].entries() if key in members else {}
        return {text.upper(): _read_meaning(value) for text, value in entries.items()}

    number = _read_meaning(members["number"]) if "number" in members else None
    return Part(require_member(node, members, "about").text(), read_table("values"), read_table("letters"), number)


def _read_meaning(node: Node) -> Meaning:
    entries = node.entries()
    if len(entries) != 1 or not entries.keys() <= GRADES:
        raise node.error(f"expected {{grade: meaning}}; the grades are {', '.join(sorted(GRADES))}")
    ((grade, text),) = entries.items()
    return grade, text.text()
