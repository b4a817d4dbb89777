"""Reads YAML into entries. Every word and every form is checked here, and mistakes are reported with file and line."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Any

from camscan.dataclass import dataclass
from camscan.errors import ConfigError
from camscan.fingerprints import badges, stated, wording
from camscan.fingerprints.conditions import group_names, read_condition
from camscan.fingerprints.entry import (
    ALONE,
    CLAIMS,
    FAMILIES,
    GRADES,
    OEM_LIMIT,
    WEAK,
    Condition,
    Entry,
    Example,
    Maker,
    Problem,
    Rule,
    Section,
)
from camscan.strict_yaml import Node, load_yaml, require_member

SPECIAL = frozenset({"vocabulary.yaml", "makers.yaml", "oui.yaml", "oem.yaml", stated.FILE})
APART = frozenset({"weaknesses.yaml", "naming.yaml", "organisations.yaml", "ownership.yaml"})
"""Files at the top of a directory without fingerprints: each has its own reader."""
ELSEWHERE = frozenset({"policies"})
"""Folders beside the fingerprints that other rooms read."""

_ID = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)+")
_FIELD = re.compile(r"\{(\w+)(?:\|(\w+))?\}")
_PREFIX = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){2}(:[0-9a-f]|:[0-9a-f]{2}:[0-9a-f])?")
_WORD_LISTS = ("field_only", "nobody", "around", "following", "accused")
"""Members of ``stated.yaml`` that are lists of words."""
FILTERS = frozenset({"mac", "upper", "lower", "spaces"})
_DERIVED = ("id.maker", "id.brand", "id.model", "id.serial", "id.firmware")


@dataclass(slots=True)
class Source:
    """Everything in the files, and every mistake in them."""

    vocabulary: dict[str, str] = field(default_factory=dict)
    makers: dict[str, Maker] = field(default_factory=dict)
    sections: dict[str, Section] = field(default_factory=dict)
    prefixes: dict[str, str] = field(default_factory=dict)
    """Hexadecimal digits of the prefix -> id of its section."""
    entries: dict[str, Entry] = field(default_factory=dict)
    stated: dict[str, Any] = field(default_factory=dict)
    """``stated.yaml`` as the compiled cache holds it: see :func:`camscan.fingerprints.stated.build_statements`."""
    problems: list[Problem] = field(default_factory=list)


def yaml_files(directory: Path) -> list[Path]:
    """Every YAML file of one database directory, in a fixed order."""
    return sorted(
        path
        for path in directory.rglob("*.yaml")
        if not ELSEWHERE & set(path.relative_to(directory).parts[:-1])
        and (path.parent != directory or path.name not in APART)
    )


def read_directories(directories: Sequence[Path]) -> Source:
    """Read the directories; a later one adds to the earlier ones, and replaces entries with the same id."""
    source = Source()
    found = [(directory, path) for directory in directories for path in yaml_files(directory)]
    for name, take in (("vocabulary.yaml", _read_vocabulary), ("makers.yaml", _read_makers), ("oui.yaml", _read_oui)):
        for directory, path in found:
            if path == directory / name:
                _guard_entry(source, "", lambda take=take, path=path: take(source, load_yaml(path)))  # type: ignore[misc]
    raw: dict[str, Any] = {}
    for directory, path in found:
        if path == directory / stated.FILE:
            _guard_entry(source, "", lambda path=path: _read_statements(source, load_yaml(path), raw))  # type: ignore[misc]
    for directory in directories:
        seen: dict[str, Entry] = {}
        for owner, path in found:
            if owner == directory and (path.parent != directory or path.name not in SPECIAL or path.name == "oem.yaml"):
                _guard_entry(source, "", lambda path=path, seen=seen: _read_entries(source, load_yaml(path), seen))  # type: ignore[misc]
        source.entries |= seen
    _read_names(source, raw)
    return source


def _read_statements(source: Source, root: Node, raw: dict[str, Any]) -> None:
    """Read ``stated.yaml``; a later directory adds places and names to those of the earlier ones."""
    members = root.only("places", "models", "names", "brands", *_WORD_LISTS)
    for key, node in (members["places"].entries() if "places" in members else {}).items():
        if key not in source.vocabulary:
            raise node.error(
                f"unknown key '{key}'{_spelling_hint(key, source.vocabulary)}; the words are in vocabulary.yaml"
            )
        parts = node.only("form", "certainty", "pattern")
        form = require_member(node, parts, "form").text()
        if form not in {"field", "badge", "name", "text"}:
            raise parts["form"].error(f"form is field, badge, name or text, found '{form}'")
        pattern = parts["pattern"].text() if "pattern" in parts else ""
        if pattern and "name" not in group_names(read_condition(parts["pattern"])):
            raise parts["pattern"].error("the pattern has no group 'name'")
        raw.setdefault("places", {})[key] = [form, _read_certainty(require_member(node, parts, "certainty")), pattern]
    for key, node in (members["names"].entries() if "names" in members else {}).items():
        _require_maker(source, node, key)
        raw.setdefault("names", {})[key] = [item.text() for item in node.items()]
    for member in ("models", "brands", *_WORD_LISTS):
        items = members[member].items() if member in members else ()
        raw.setdefault(member, []).extend(item.text() for item in items)
        if member == "models":
            for item in items:
                if item.text() not in source.vocabulary and item.text() not in _DERIVED:
                    raise item.error(f"unknown key '{item.text()}'{_spelling_hint(item.text(), source.vocabulary)}")


def _read_names(source: Source, raw: Mapping[str, Any]) -> None:
    """Read every name that a device may state: from makers.yaml, the badges of oem.yaml, and ``stated.yaml``."""
    if not raw:
        return
    badges = [
        (claims["brand"], (claims.get("maker") or claims.get("makers", "")).split(" or "))
        for entry in source.entries.values()
        if entry.rule.family == "brand" and entry.id.startswith("oem.")
        for claims in [dict(entry.rule.then)]
    ]
    makers = {key: (maker.name, maker.aliases) for key, maker in source.makers.items()}
    known = dict(
        stated.list_names(makers, badges, raw.get("names", {}), raw.get("brands", ()), frozenset(raw.get("around", ())))
    )
    source.stated |= {member: raw.get(member, []) for member in ("models", *_WORD_LISTS)}
    source.stated |= {"places": raw.get("places", {}), "names": {word: list(name) for word, name in known.items()}}


def _guard_entry(source: Source, name: str, action: Callable[[], None]) -> None:
    try:
        action()
    except ConfigError as error:
        source.problems.append(Problem.from_error(error, name))


def _read_vocabulary(source: Source, root: Node) -> None:
    source.vocabulary |= {key: wording.read_wording(node).means for key, node in root.entries().items()}


def _read_makers(source: Source, root: Node) -> None:
    entries = root.entries()
    for key, node in entries.items():
        members = node.only("name", "aliases", "group", "note", "source")
        if "name" not in members:
            raise node.error(f"maker '{key}' has no name")
        if not re.fullmatch(r"[a-z0-9_]+", key):
            raise node.error(f"maker '{key}': a key holds only lower-case letters, digits and '_'")
        group = members["group"].text() if "group" in members else ""
        if group and group not in entries and group not in source.makers:
            raise members["group"].error(f"group '{group}' is not a maker")
        aliases = tuple(item.text() for item in members["aliases"].items()) if "aliases" in members else ()
        source.makers[key] = Maker(key, members["name"].text(), aliases, group)


def _read_oui(source: Source, root: Node) -> None:
    own: set[str] = set()
    for node in root.items():
        _guard_entry(source, _entry_name(node), lambda node=node: _read_section(source, node, own))  # type: ignore[misc]


def _read_section(source: Source, node: Node, own: set[str]) -> None:
    members = node.only("id", "then", "certainty", "source", "prefixes", "note")
    name = require_member(node, members, "id").text()
    require_member(node, members, "source").text()
    certainty = _read_certainty(require_member(node, members, "certainty"))
    if certainty >= WEAK:
        raise members["certainty"].error(f"a MAC prefix is a weak mark: below {WEAK}, found {certainty}")
    then = _read_claims(source, require_member(node, members, "then"), frozenset())
    if name in own:
        raise node.error("the id is already used in this file")
    own.add(name)
    if name in source.sections:
        source.prefixes = {prefix: owner for prefix, owner in source.prefixes.items() if owner != name}
    source.sections[name] = Section(name, then, certainty)
    for item in require_member(node, members, "prefixes").items():
        text = item.text()
        if not _PREFIX.fullmatch(text):
            raise item.error(
                f"'{text}' is not a prefix of 6, 7 or 9 lower-case hexadecimal digits (aa:bb:cc, …:d, …:dd:e)"
            )
        digits = text.replace(":", "")
        if source.prefixes.get(digits) in own:
            raise item.error(f"the prefix {text} is already in section '{source.prefixes[digits]}'")
        source.prefixes[digits] = name


def _read_entries(source: Source, root: Node, seen: dict[str, Entry]) -> None:
    oem = Path(root.file).name == "oem.yaml"
    for node in root.items():
        name = _entry_name(node)

        def read_entry(node: Node = node) -> None:
            entry = (_read_brand_pattern if oem else _read_fingerprint)(source, node)
            if entry.id in seen:
                first = seen[entry.id]
                raise node.error(f"the id is already used in {first.file}:{first.line}")
            seen[entry.id] = entry

        _guard_entry(source, name, read_entry)


def _entry_name(node: Node) -> str:
    if isinstance(node.value, dict) and "id" in node.value and isinstance(node.value["id"].value, str):
        return node.value["id"].value
    return ""


def _read_fingerprint(source: Source, node: Node) -> Entry:
    members = node.only("id", "when", "then", "certainty", "source", "examples", "counterexamples", "family", "note")
    when, groups = _read_conditions(source, require_member(node, members, "when"))
    then = _read_claims(source, require_member(node, members, "then"), groups)
    if not then:
        raise members["then"].error("it claims nothing")
    keys = {key for key, _ in when}
    if keys & {"id.maker"} and "maker" in dict(then):
        raise members["then"].error("an entry that asks for id.maker cannot claim a maker")
    family = members["family"].text() if "family" in members else _rule_family(when)
    certainty = _read_certainty(require_member(node, members, "certainty"))
    return _add_entry(source, node, members, Rule(_read_id(node, members), when, then, certainty, family))


def _read_brand_pattern(source: Source, node: Node) -> Entry:
    """Read a brand pattern. It claims the maker only if the brand has just one, and never more than "possible"."""
    members = node.only(
        *("id", "brand", "makers", "when", "certainty", "source", "examples", "counterexamples", "note", "badge")
    )
    if "badge" in members:
        badges.read_badge_members(members["badge"])
    when, _ = _read_conditions(source, require_member(node, members, "when"))
    if not {key for key, _ in when} <= {"id.model", "id.brand"}:
        raise members["when"].error("a brand is recognised by id.model or id.brand only")
    makers = [item.text() for item in require_member(node, members, "makers").items()]
    for maker in makers:
        _require_maker(source, members["makers"], maker)
    then = [("brand", require_member(node, members, "brand").text())]
    then += [("maker", makers[0])] if len(makers) == 1 else [("makers", " or ".join(makers))]
    certainty = _read_certainty(require_member(node, members, "certainty"))
    if certainty > OEM_LIMIT:
        raise members["certainty"].error(f"a brand alone is at most {OEM_LIMIT}: a mark of the protocol decides")
    return _add_entry(source, node, members, Rule(_read_id(node, members), when, tuple(then), certainty, "brand"))


def _add_entry(source: Source, node: Node, members: Mapping[str, Node], rule: Rule) -> Entry:
    origin = require_member(node, members, "source").text()
    if not origin.strip():
        raise members["source"].error("no source: say where the fact comes from")
    return Entry(
        rule=rule,
        file=node.file,
        line=node.line,
        source=origin,
        note=members["note"].text() if "note" in members else "",
        examples=tuple(_read_examples(source, require_member(node, members, "examples"))),
        counterexamples=tuple(_read_examples(source, require_member(node, members, "counterexamples"))),
    )


def _read_id(node: Node, members: Mapping[str, Node]) -> str:
    name = require_member(node, members, "id").text()
    if not _ID.fullmatch(name):
        raise members["id"].error(f"the id '{name}' must look like maker.mark: lower case, digits, '_' and dots")
    return name


def _read_certainty(node: Node) -> float:
    try:
        value = float(node.text())
    except ValueError:
        value = -1.0
    if not 0 < value <= 1:
        raise node.error(f"certainty must be a number above 0 and at most 1, found '{node.text()}'")
    return value


def _require_maker(source: Source, node: Node, maker: str) -> None:
    if maker not in source.makers:
        raise node.error(f"'{maker}' is not in makers.yaml{_spelling_hint(maker, source.makers)}")


def _spelling_hint(word: str, known: Mapping[str, object]) -> str:
    close = difflib.get_close_matches(word, known, n=1)
    return f"; did you mean '{close[0]}'?" if close else ""


def _read_conditions(
    source: Source, node: Node
) -> tuple[tuple[tuple[str, tuple[Condition, ...]], ...], frozenset[str]]:
    when: list[tuple[str, tuple[Condition, ...]]] = []
    groups: set[str] = set()
    for key, value in node.entries().items():
        if key not in source.vocabulary and key not in _DERIVED:
            raise value.error(
                f"unknown key '{key}'{_spelling_hint(key, source.vocabulary)}; the words are in vocabulary.yaml"
            )
        nodes = value.items() if isinstance(value.value, tuple) else (value,)
        conditions = tuple(read_condition(item) for item in nodes)
        if not conditions:
            raise value.error("an empty list fits nothing")
        if len(conditions) > 1 and any(condition.operator in ALONE for condition in conditions):
            raise value.error("'absent' and 'without' stand alone")
        own = {name for condition in conditions for name in group_names(condition)}
        if own & groups:
            raise value.error(f"the group '{min(own & groups)}' is used in two keys")
        groups |= own
        when.append((key, conditions))
    if not any(condition.operator not in ALONE for _, conditions in when for condition in conditions):
        raise node.error("it asks for nothing that can be seen")
    return tuple(when), frozenset(groups)


def _read_claims(source: Source, node: Node, groups: frozenset[str]) -> tuple[tuple[str, str], ...]:
    claims: list[tuple[str, str]] = []
    for key, value in node.entries().items():
        text = value.text()
        if key not in CLAIMS and not key.startswith("capability."):
            known = dict.fromkeys(CLAIMS | {name for name in source.vocabulary if name.startswith("capability.")})
            raise value.error(f"unknown claim '{key}'{_spelling_hint(key, known)}")
        for name, filter_ in _FIELD.findall(text):
            if name not in groups:
                raise value.error(f"'{{{name}}}': no condition has a group of that name")
            if filter_ and filter_ not in FILTERS:
                raise value.error(f"'{{{name}|{filter_}}}': known filters are {', '.join(sorted(FILTERS))}")
        if set(_FIELD.sub("", text)) & set("{}"):
            raise value.error(f"'{text}': braces hold the name of a group, as in {{model}}")
        if not text.strip():
            raise value.error(f"'{key}' claims an empty text")
        if "{" not in text:
            _require_word(source, value, key, text)
        claims.append((key, text))
    return tuple(claims)


def _require_word(source: Source, node: Node, key: str, text: str) -> None:
    if key == "maker":
        _require_maker(source, node, text)
    elif key == "camera" and text not in {"true", "false"}:
        raise node.error(f"camera is true or false, found '{text}'")
    elif key == "kind" and f"kind.{text}" not in source.vocabulary:
        raise node.error(f"'kind.{text}' is not in vocabulary.yaml{_spelling_hint(f'kind.{text}', source.vocabulary)}")
    elif key.startswith("capability."):
        if key not in source.vocabulary:
            raise node.error(f"'{key}' is not in vocabulary.yaml{_spelling_hint(key, source.vocabulary)}")
        if text not in GRADES:
            raise node.error(f"'{key}' is one of {', '.join(sorted(GRADES))}, found '{text}'")


def _read_examples(source: Source, node: Node) -> Iterator[Example]:
    items = node.items()
    if not items:
        raise node.error("at least one is needed: no example, no fingerprint")
    for item in items:
        members = item.only("see", "then")
        see: list[tuple[str, str]] = []
        for key, value in require_member(item, members, "see").entries().items():
            if key not in source.vocabulary and key not in _DERIVED:
                raise value.error(f"unknown key '{key}'{_spelling_hint(key, source.vocabulary)}")
            nodes = value.items() if isinstance(value.value, tuple) else (value,)
            see += [(key, one.text()) for one in nodes]
        then = {key: value.text() for key, value in members["then"].entries().items()} if "then" in members else {}
        yield Example(tuple(see), then, item.line)


def _rule_family(when: Sequence[tuple[str, tuple[Condition, ...]]]) -> str:
    seen = [key.partition(".")[0] for key, conditions in when if conditions[0].operator not in ALONE]
    protocol = next((protocol for protocol in seen if protocol != "id"), "id")
    return FAMILIES.get(protocol, protocol)
