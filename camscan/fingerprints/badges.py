"""What is known about the names on cameras: who sells under them, and who builds the devices.

Read from ``oem.yaml``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from camscan.dataclass import dataclass
from camscan.fingerprints.place import built_in_folder
from camscan.kept import load_yaml
from camscan.strict_yaml import Node

FILE = "oem.yaml"
FACTS = ("sold_by", "since", "lines", "not_lines", "founded")
"""Members of ``badge``."""
FOUNDED: Mapping[str, str] = {
    "own": "certain: it is a name of the maker itself",
    "firmware": "well founded: its firmware was compared with the maker's and is the same",
    "protocol": "well founded: units under this name answered in the maker's own protocol",
    "reports": "fairly founded: users report it of some units",
    "lists": "weakly founded: the name is in lists of rebrands, but nobody showed a unit",
}
"""How well the maker is known, from the surest to the weakest, in words that can be read aloud."""
_ORDER = tuple(FOUNDED)
_FEW = 3


@dataclass(frozen=True, slots=True)
class Badge:
    """A name on a camera. Every text but ``name`` and ``founded`` is empty if nothing is known."""

    name: str
    makers: tuple[str, ...]
    """Keys of makers.yaml; the makers that build most of it come first."""
    certainty: float
    """Certainty of the maker if only the name is known; at most 0.45, "possible"."""
    founded: str
    """A key of :data:`FOUNDED`."""
    sold_by: str = ""
    since: str = ""
    lines: str = ""
    """The lines that these makers build."""
    not_lines: str = ""
    """The lines that they do not build, or may not build."""
    note: str = ""
    sources: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    """A few model numbers that are written under this name."""
    ids: tuple[str, ...] = ()
    """Ids of the fingerprints that recognise it."""


def read_badge_members(node: Node) -> dict[str, str]:
    """The members of ``badge``. Raises ConfigError if one is unknown or empty."""
    members = node.only(*FACTS)
    found = {name: member.text().strip() for name, member in members.items()}
    for name, text in found.items():
        if not text:
            raise members[name].error(f"'{name}' is empty: leave out what is not known")
    if found.get("founded", _ORDER[-1]) not in FOUNDED:
        raise members["founded"].error(f"founded is one of {', '.join(FOUNDED)}, found '{found['founded']}'")
    return found


def load_badges(overlays: Sequence[Path] = (), *, base: Path | None = None) -> tuple[Badge, ...]:
    """Every badge, by name; entries of the user's directories replace built-in ones with the same id.

    Raises ConfigError with file and line for a wrong file.
    """
    entries: dict[str, Node] = {}
    for directory in (base or built_in_folder(), *overlays):
        path = directory / FILE
        if path.is_file():
            entries |= {node.entries()["id"].text(): node for node in load_yaml(path).items()}
    groups: dict[str, list[tuple[str, Node]]] = {}
    for name, node in entries.items():
        groups.setdefault(plain_name(node.entries()["brand"].text()), []).append((name, node))
    return tuple(sorted(map(_make_badge, groups.values()), key=lambda badge: badge.name.casefold()))


def plain_name(text: str) -> str:
    """A name without the differences in how people spell it: case, blanks, hyphens, apostrophes."""
    return re.sub(r"[^0-9a-z]", "", text.casefold())


def _make_badge(entries: Sequence[tuple[str, Node]]) -> Badge:
    """One badge from all entries that recognise it, by name or by model number."""
    told: dict[str, str] = {}
    makers: dict[str, None] = {}
    certainty = 0.0
    # An entry with facts is about the name itself: what it says about the makers comes first.
    for _, node in sorted(entries, key=lambda entry: "badge" not in entry[1].entries()):
        members = node.entries()
        told |= {name: text for name, text in _badge_facts(members).items() if name not in told}
        makers |= dict.fromkeys(item.text() for item in members["makers"].items())
        certainty = certainty or float(members["certainty"].text())
    first = entries[0][1].entries()
    sources = dict.fromkeys(_entry_texts(entries, "source"))
    notes = dict.fromkeys(_entry_texts(entries, "note"))
    return Badge(
        name=first["brand"].text(),
        makers=tuple(makers),
        certainty=certainty,
        founded=told.get("founded", "reports"),
        sold_by=told.get("sold_by", ""),
        since=told.get("since", ""),
        lines=told.get("lines", ""),
        not_lines=told.get("not_lines", ""),
        note=" ".join(notes),
        sources=tuple(sources),
        models=tuple(dict.fromkeys(_model_texts(entries)))[:_FEW],
        ids=tuple(name for name, _ in entries),
    )


def _badge_facts(members: Mapping[str, Node]) -> dict[str, str]:
    return read_badge_members(members["badge"]) if "badge" in members else {}


def _entry_texts(entries: Iterable[tuple[str, Node]], name: str) -> list[str]:
    return [members[name].text() for _, node in entries if name in (members := node.entries())]


def _model_texts(entries: Iterable[tuple[str, Node]]) -> Iterator[str]:
    for _, node in entries:
        for example in node.entries()["examples"].items():
            see = example.entries()["see"].entries()
            if "id.model" in see:
                yield see["id.model"].text()
