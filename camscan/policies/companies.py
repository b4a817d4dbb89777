"""``ownership.yaml``: which company owns which, since when, and which country's law applies to it."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from datetime import date
from pathlib import Path

from camscan.config.value import read_date
from camscan.dataclass import dataclass
from camscan.fingerprints import badges
from camscan.fingerprints.entry import Maker
from camscan.fingerprints.place import built_in_folder
from camscan.kept import load_yaml
from camscan.strict_yaml import Node, require_member

FILE = "ownership.yaml"
BASES = ("checked", "second-hand", "general knowledge")
"""How well a row is supported by sources."""
RELATIONS = ("subsidiary", "affiliate")

_LEGAL = re.compile(
    r"\b(?:co|ltd|limited|inc|incorporated|llc|plc|corp|corporation|company|gmbh|ag|ab|group|holdings?|technolog(?:y|ies))\b\.?"
)


@dataclass(frozen=True, slots=True)
class Owner:
    """The ownership of one company by another, and its time."""

    company: str
    relation: str
    since: date | None = None
    until: date | None = None

    def holds_on(self, day: date) -> bool:
        """Whether it applies on that day."""
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)


@dataclass(frozen=True, slots=True)
class Company:
    """One company."""

    key: str
    """The key of the company; also the key of the maker, if it builds devices."""
    name: str
    jurisdiction: str
    """Two letters of ISO 3166: ``CN``."""
    owners: tuple[Owner, ...]
    brands: tuple[str, ...]
    basis: str
    """One of ``BASES``."""
    source: str
    is_part: bool
    """Whether its marks are those of a chip or firmware in other makers' units: they do not say who built the unit."""
    note: str


@dataclass(frozen=True, slots=True)
class Ownership:
    """Every company, and the makers by name."""

    companies: Mapping[str, Company]
    makers: Mapping[str, Maker]
    _brands: Mapping[str, str] = field(default_factory=dict)
    _names: Mapping[str, str] = field(default_factory=dict)

    def owner_chain(self, company: str, day: date) -> tuple[str, ...]:
        """The company and everyone who owns it on that day, nearest first; only itself if nothing is known."""
        found = [company]
        for key in found:
            owners = self.companies[key].owners if key in self.companies else ()
            found += [owner.company for owner in owners if owner.holds_on(day) and owner.company not in found]
        return tuple(found)

    def owner_countries(self, company: str, day: date) -> frozenset[str]:
        """The countries of the company and of all its owners; empty if nothing is known."""
        return frozenset(
            self.companies[key].jurisdiction for key in self.owner_chain(company, day) if key in self.companies
        )

    def company_of_brand(self, brand: str) -> str | None:
        """The company whose badge it is, whoever built the device."""
        return self._brands.get(brand.strip().casefold())

    def maker_of_name(self, text: str) -> str | None:
        """The maker of that key, name or other name, as a person writes it (``HIK VISION``); None if there is none."""
        plain = plain_name(text)
        return self._names.get(plain) or self._names.get(plain.replace(" ", ""))

    def company_name(self, company: str) -> str:
        """The name that people use."""
        if company in self.makers:
            return self.makers[company].name
        return self.companies[company].name if company in self.companies else company

    def company_names(self, company: str) -> frozenset[str]:
        """Every name it goes by, in the form of :func:`plain_name`."""
        maker, owned = self.makers.get(company), self.companies.get(company)
        texts = (maker.name, *maker.aliases) if maker else ()
        return frozenset(plain_name(text) for text in (*texts, *((owned.name, *owned.brands) if owned else ())))


@functools.lru_cache(maxsize=4096)
def plain_name(name: str) -> str:
    """A company's name for comparing: without case, punctuation and legal form. ``Dahua Technology Co., Ltd.``."""
    words = re.sub(r"[^\w\s]", " ", name.casefold()).replace("_", " ")
    short = " ".join(_LEGAL.sub(" ", words).split())
    return short or " ".join(words.split())


def load_ownership(overlays: Sequence[Path] = (), *, base: Path | None = None) -> Ownership:
    """Every company; a row of an overlay replaces ours with the same key. Raises ConfigError with file and line."""
    directories = (base or built_in_folder(), *overlays)
    makers: dict[str, Maker] = {}
    companies: dict[str, Company] = {}
    for directory in directories:
        if (directory / "makers.yaml").is_file():
            makers |= {
                key: _read_maker(key, node) for key, node in load_yaml(directory / "makers.yaml").entries().items()
            }
    rows = [(key, node) for directory in directories for key, node in _read_rows(directory)]
    for key, node in rows:
        companies[key] = _require_company(key, node, {name for name, _ in rows})
    brands = {brand.casefold(): company.key for company in companies.values() for brand in company.brands}
    return Ownership(companies, makers, brands, _maker_names(makers.values(), badges.load_badges(overlays, base=base)))


def _maker_names(makers: Iterable[Maker], sold: Iterable[badges.Badge]) -> Mapping[str, str]:
    """Every name of a maker, also without blanks -> its key.

    A name under which only other makers' devices are sold, such as Honeywell, does not say who built a device.
    """
    builders = {plain_name(badge.name): badge.makers for badge in sold}
    texts = [
        (plain_name(text), maker.key)
        for maker in makers
        for text in (*maker.aliases, maker.key, maker.name)
        if maker.key in builders.get(plain_name(text), (maker.key,))
    ]
    return {text.replace(" ", ""): key for text, key in texts} | dict(texts)


def _read_rows(directory: Path) -> list[tuple[str, Node]]:
    path = directory / FILE
    return list(load_yaml(path).entries().items()) if path.is_file() else []


def _read_maker(key: str, node: Node) -> Maker:
    members = node.entries()
    aliases = tuple(item.text() for item in members["aliases"].items()) if "aliases" in members else ()
    group = members["group"].text() if "group" in members else ""
    return Maker(key, require_member(node, members, "name").text(), aliases, group)


def _require_company(key: str, node: Node, known: set[str]) -> Company:
    members = node.only("name", "jurisdiction", "owners", "brands", "basis", "source", "part", "note")
    jurisdiction = require_member(node, members, "jurisdiction")
    read_country(jurisdiction)
    source = require_member(node, members, "source").text()
    if not source.strip():
        raise members["source"].error("no source: say where the fact comes from")
    return Company(
        key=key,
        name=require_member(node, members, "name").text(),
        jurisdiction=jurisdiction.text(),
        owners=tuple(_read_owner(item, known) for item in members["owners"].items()) if "owners" in members else (),
        brands=tuple(item.text() for item in members["brands"].items()) if "brands" in members else (),
        basis=read_basis(require_member(node, members, "basis")),
        source=source,
        is_part=_read_flag(members["part"]) if "part" in members else False,
        note=members["note"].text() if "note" in members else "",
    )


def _read_flag(node: Node) -> bool:
    if node.text() not in {"yes", "no"}:
        raise node.error(f"part is yes or no, found '{node.text()}'")
    return node.text() == "yes"


def read_country(node: Node) -> str:
    """Two capital letters; raises ConfigError."""
    if not re.fullmatch("[A-Z]{2}", node.text()):
        raise node.error(f"'{node.text()}' is not a country in two letters, such as GB")
    return node.text()


def read_basis(node: Node) -> str:
    """One of ``BASES``; raises ConfigError."""
    if node.text() not in BASES:
        raise node.error(f"basis is one of {', '.join(BASES)}, found '{node.text()}'")
    return node.text()


def _read_owner(node: Node, known: set[str]) -> Owner:
    members = node.only("company", "relation", "since", "until")
    company, relation = require_member(node, members, "company"), require_member(node, members, "relation")
    if company.text() not in known:
        raise company.error(f"the company '{company.text()}' has no row of its own")
    if relation.text() not in RELATIONS:
        raise relation.error(f"relation is one of {', '.join(RELATIONS)}, found '{relation.text()}'")
    since, until = (read_date(members[key]) if key in members else None for key in ("since", "until"))
    if since and until and until < since:
        raise members["until"].error(f"it ends before it begins, on {since}")
    return Owner(company.text(), relation.text(), since, until)
