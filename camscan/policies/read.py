"""``policies/*.yaml``: what laws, statements and decisions say about which devices. One file, one policy.

Only the rules: builders and owners are in tables of their own (``makers.yaml``, ``ownership.yaml``).
``camscan.policies.judge`` applies the rules.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TypeVar

from camscan.asset.columns import SENSITIVITIES, SITE_TYPES, ZONES
from camscan.config.value import read_date
from camscan.dataclass import dataclass
from camscan.errors import ConfigError
from camscan.fingerprints.entry import Problem
from camscan.fingerprints.place import built_in_folder
from camscan.kept import load_yaml
from camscan.policies import companies
from camscan.policies.companies import Ownership
from camscan.strict_yaml import Node, require_member

FOLDER = "policies"
FILLS = ("local_decision", "debarment")
"""Members of ``planning:`` in camscan.yaml that fill a policy which says nothing by itself."""
FIELDS = frozenset({"why", "binding_on", "minute", "date"})
"""The fields that a sentence may have in braces."""
FORBIDDEN = re.compile(
    r"(?i)\b(?:bann?(?:ed|s|ing)?|unlawful\w*|illegal\w*|outlaw\w*|prohibit\w*|forbid\w*|must (?:be|go)\b.*"
    r"|non-?complian\w*)\b"
)
"""Words that no policy may use about a device: camscan reports what a text says and whom it binds, and judges
nobody."""

_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_T = TypeVar("_T")
_VERDICTS = {"yes": True, "no": False, "unknown": None}


@dataclass(frozen=True, slots=True)
class Clause:
    """One set of conditions, all of which must hold; one clause of a policy is enough.

    An empty condition is not checked.
    """

    makers: tuple[str, ...] = ()
    """Companies that must have built the device."""
    reach: str = "maker"
    """``maker``: only these companies; ``group``: also their subsidiaries and affiliates, by builder or by badge."""
    brands: tuple[str, ...] = ()
    """Badges, whoever built the device."""
    names: tuple[str, ...] = ()
    """Names of companies as people write them: builder, its owners, or supplier."""
    jurisdiction: tuple[str, ...] = ()
    """Countries whose law applies to the builder or one of its owners."""
    site_type: tuple[str, ...] = ()
    sensitivity: tuple[str, ...] = ()
    network_zone: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()
    capability: tuple[str, ...] = ()
    """One of them is enough."""
    verdict: bool | None = True
    """The verdict if all hold: True, or None for "not known"."""
    because: str = ""
    """Why it is not known."""


@dataclass(frozen=True, slots=True)
class Case:
    """An example: a device, and the verdict that the policy must give."""

    facts: Mapping[str, str]
    matches: bool | None
    line: int


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy."""

    id: str
    title: str
    """It continues a sentence after "says" or "of": no capital letter unless a name has it."""
    jurisdiction: str
    status: str
    since: date
    until: date | None
    binding_on: str
    citation: str
    basis: str
    """How well the citation is supported: one of ``ownership.BASES``."""
    note: str
    says: str
    """The sentence for a match; ``FIELDS`` in braces."""
    clauses: tuple[Clause, ...]
    in_scope: bool
    """Whether a matching device is in scope for removal, unless camscan.yaml says otherwise."""
    filled_by: str
    """One of ``FILLS``, or empty."""
    trial: Mapping[str, object]
    """The values with which its examples are tried, if camscan.yaml fills it."""
    cases: tuple[Case, ...]
    file: str
    line: int

    @property
    def is_empty(self) -> bool:
        """Whether it says nothing until camscan.yaml fills it."""
        return not self.clauses


@dataclass(frozen=True, slots=True)
class Policies:
    """Every policy by id, and who owns whom."""

    entries: Mapping[str, Policy]
    ownership: Ownership


def load_known_policies(overlays: Sequence[Path] = (), *, base: Path | None = None) -> Policies:
    """Every policy; a policy of an overlay replaces ours with the same id. Raises ConfigError with file and line."""
    known = companies.load_ownership(overlays, base=base)
    kinds, capabilities = _vocabulary_words((base or built_in_folder(), *overlays))
    found: dict[str, Policy] = {}
    for directory in (base or built_in_folder(), *overlays):
        own: dict[str, Policy] = {}
        for path in sorted((directory / FOLDER).glob("*.yaml")):
            root = load_yaml(path)
            policy = _Reader(known, kinds, capabilities).read_policy(root)
            if policy.id in own:
                raise root.error(f"the id '{policy.id}' is already used in {own[policy.id].file}")
            own[policy.id] = policy
        found |= own
    return Policies(dict(sorted(found.items())), known)


def list_problems(overlays: Sequence[Path] = (), *, base: Path | None = None) -> list[Problem]:
    """What cannot be read. :mod:`camscan.policies.proof` checks the examples."""
    try:
        load_known_policies(overlays, base=base)
    except ConfigError as error:
        return [Problem.from_error(error)]
    return []


def _vocabulary_words(directories: Sequence[Path]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Kinds and capabilities of the vocabulary."""
    files = [directory / "vocabulary.yaml" for directory in directories]
    words = [word for path in files if path.is_file() for word in load_yaml(path).entries()]

    def words_after(prefix: str) -> tuple[str, ...]:
        return tuple(word.removeprefix(prefix) for word in words if word.startswith(prefix))

    return words_after("kind."), words_after("capability.")


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads one file, and checks it against the known words."""

    known: Ownership
    kinds: tuple[str, ...]
    capabilities: tuple[str, ...]

    def read_policy(self, node: Node) -> Policy:
        required = ("id", "title", "jurisdiction", "status", "effective", "binding_on", "citation", "basis", "says")
        lists = ("matches", "examples", "counterexamples")
        members = node.only(*required, *lists, "scope", "note", "filled_by", "trial")
        for key in (*required, *lists):
            require_member(node, members, key)
        since, until = _read_effective(members["effective"])
        filled_by = self._read_one_of(members["filled_by"], FILLS) if "filled_by" in members else ""
        clauses = tuple(map(self.read_clause, members["matches"].items()))
        if bool(clauses) == bool(filled_by):
            raise members["matches"].error("a policy has matches, or filled_by: what camscan.yaml brings; one of them")
        if bool(filled_by) != ("trial" in members):
            raise node.error("a policy that camscan.yaml fills has a 'trial' for its examples, and no other has one")
        return Policy(
            id=_read_id(members["id"]),
            title=_read_fair_text(members["title"]),
            jurisdiction=companies.read_country(members["jurisdiction"]),
            status=_read_fair_text(members["status"]),
            since=since,
            until=until,
            binding_on=_read_fair_text(members["binding_on"]),
            citation=members["citation"].text(),
            basis=companies.read_basis(members["basis"]),
            note=members["note"].text() if "note" in members else "",
            says=_read_sentence(members["says"]),
            clauses=clauses,
            in_scope=self._read_one_of(members["scope"], ("yes", "no")) == "yes" if "scope" in members else True,
            filled_by=filled_by,
            trial=members["trial"].plain() if "trial" in members else {},
            cases=self._read_cases(members["examples"], None) + self._read_cases(members["counterexamples"], "no"),
            file=node.file,
            line=node.line,
        )

    def read_clause(self, node: Node) -> Clause:
        lists: dict[str, Callable[[Node], str]] = {
            "makers": self._read_maker,
            "brands": Node.text,
            "jurisdiction": companies.read_country,
            "site_type": lambda item: self._read_one_of(item, SITE_TYPES),
            "sensitivity": lambda item: self._read_one_of(item, SENSITIVITIES),
            "network_zone": lambda item: self._read_one_of(item, ZONES),
            "kind": lambda item: self._read_one_of(item, self.kinds),
            "capability": lambda item: self._read_one_of(item, self.capabilities),
        }
        members = node.only(*lists, "reach", "verdict", "because")
        values = {key: _read_some(members[key], read) for key, read in lists.items() if key in members}
        if not values:
            raise node.error("it asks for nothing, so every device would match")
        reach = self._read_one_of(members["reach"], ("maker", "group")) if "reach" in members else "maker"
        verdict = self._read_one_of(members["verdict"], ("yes", "unknown")) if "verdict" in members else "yes"
        if (verdict == "unknown") != ("because" in members):
            raise node.error("a clause with 'verdict: unknown' says why in 'because', and no other has one")
        because = _read_fair_text(members["because"]) if "because" in members else ""
        return Clause(reach=reach, verdict=_VERDICTS[verdict], because=because, **values)

    def _read_maker(self, node: Node) -> str:
        if node.text() not in self.known.makers and node.text() not in self.known.companies:
            raise node.error(f"'{node.text()}' is neither in makers.yaml nor in ownership.yaml")
        return node.text()

    @staticmethod
    def _read_one_of(node: Node, allowed: Sequence[str]) -> str:
        if node.text() not in allowed:
            raise node.error(f"'{node.text()}' is not one of: {', '.join(allowed)}")
        return node.text()

    def _read_cases(self, node: Node, fixed: str | None) -> tuple[Case, ...]:
        return _read_some(node, lambda item: self._read_case(item, fixed))

    def _read_case(self, node: Node, fixed: str | None) -> Case:
        facts = ("maker", "brand", "kind", "capability", "site_type", "sensitivity", "network_zone", "supplier")
        members = node.only(*facts, "day", *(() if fixed else ("matches",)))
        if "maker" in members:
            self._read_maker(members["maker"])
        verdict = fixed or self._read_one_of(require_member(node, members, "matches"), ("yes", "unknown"))
        return Case(
            facts={key: value.text() for key, value in members.items() if key != "matches"},
            matches=_VERDICTS[verdict],
            line=node.line,
        )


def _read_some(node: Node, read: Callable[[Node], _T]) -> tuple[_T, ...]:
    items = node.items()
    if not items:
        raise node.error("at least one is needed")
    return tuple(map(read, items))


def _read_id(node: Node) -> str:
    if not _ID.fullmatch(node.text()):
        raise node.error(f"the id '{node.text()}' must look like uk-hcws386: lower case, digits and '-'")
    return node.text()


def _read_effective(node: Node) -> tuple[date, date | None]:
    members = node.only("since", "until")
    since = read_date(require_member(node, members, "since"))
    until = read_date(members["until"]) if "until" in members else None
    if until and until < since:
        raise members["until"].error(f"it ends before it begins, on {since}")
    return since, until


def _read_fair_text(node: Node) -> str:
    """A text on one line without a word of ``FORBIDDEN``."""
    text = " ".join(node.text().split())
    bad = FORBIDDEN.search(text)
    if bad:
        raise node.error(f"'{bad[0]}': say what the text asks and whom it binds; camscan does not judge")
    return text


def _read_sentence(node: Node) -> str:
    text = _read_fair_text(node)
    try:
        fields = {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
    except ValueError:
        fields = {""}
    if fields - FIELDS:
        raise node.error(f"braces hold one of {', '.join(sorted(FIELDS))}")
    if not {"why", "binding_on"} <= fields:
        raise node.error("the sentence says {why} it matches and what it is {binding_on}")
    if not text.endswith("."):
        raise node.error("it is one sentence, and ends with a full stop")
    return text
