"""Applies each policy to one device: the verdict is a sentence that says why, and whom it binds. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from camscan.asset import Ruling
from camscan.dates import day_text
from camscan.policies.companies import Ownership, plain_name
from camscan.policies.read import Clause, Policy
from camscan.policies.use import Rules

_ZONES = {
    "core": "it is on the core network",
    "segregated": "it is on a separate network",
    "internet_facing": "it faces the internet",
}

_MISSING = {
    "site_type": "the type of its site is not recorded (site_type)",
    "sensitivity": "the sensitivity of its site is not recorded (site_sensitivity)",
    "network_zone": "its network is not recorded (network_zone)",
    "kind": "its type is not known",
    "capability": "its capabilities are not known",
}


class Subject(NamedTuple):
    """Everything that policies ask about a device. Devices that are equal in it get the same rulings."""

    maker: str = ""
    """The key of the builder; empty if unknown."""
    is_sure: bool = True
    """Whether the maker is more than possible."""
    stated: str = ""
    """The maker that a person stated, if no table knows that name."""
    brand: str = ""
    is_surveillance: bool | None = None
    kind: str = ""
    capabilities: frozenset[str] = frozenset()
    site_type: str = ""
    sensitivity: str = ""
    network_zone: str = ""
    supplier: str = ""


class Finding(NamedTuple):
    """Whether something holds (None: not known), and the words for it."""

    holds: bool | None
    words: str


def rule_by_policies(subject: Subject, rules: Rules, today: date) -> tuple[Ruling, ...]:
    """The ruling of every policy in use, in their order."""
    return tuple(_make_ruling(policy, subject, rules, today) for policy in rules.policies)


def _make_ruling(policy: Policy, subject: Subject, rules: Rules, today: date) -> Ruling:
    found = _judge_policy(policy, subject, rules.ownership, today)
    if found.holds:
        fields = {"why": found.words, "binding_on": policy.binding_on, **rules.filled.get(policy.id, {})}
        return Ruling(policy.id, matches=True, reason=policy.says.format(**{"minute": "", "date": "", **fields}))
    if found.holds is None:
        told = f"It is not known whether {policy.title} applies to this device, because {found.words}"
    else:
        told = f"{policy.title[:1].upper()}{policy.title[1:]} does not apply to this device, because {found.words}"
    return Ruling(policy.id, found.holds, f"{told}. This binds {policy.binding_on}.")


def _judge_policy(policy: Policy, subject: Subject, known: Ownership, today: date) -> Finding:
    if today < policy.since:
        return Finding(holds=False, words=f"it applies from {day_text(policy.since)} on")
    if policy.until and today > policy.until:
        return Finding(holds=False, words=f"it ended on {day_text(policy.until)}")
    if policy.is_empty:
        return Finding(
            None, "no list was supplied" if policy.filled_by == "debarment" else "nothing was entered for it"
        )
    if subject.is_surveillance is False and (subject.is_sure or not subject.maker):
        return Finding(holds=False, words="it is not part of a video surveillance system")
    findings = [_judge_clause(clause, subject, known, today) for clause in policy.clauses]
    for verdict in (True, None, False):
        words = [found.words for found in findings if found.holds is verdict]
        if words:
            return Finding(verdict, words[0] if verdict else ", and ".join(dict.fromkeys(words)))
    return Finding(None, "it has no conditions")


def _judge_clause(clause: Clause, subject: Subject, known: Ownership, today: date) -> Finding:
    """All conditions of one clause. The first decides: an unknown maker, a condition that fails, one that is not known.

    A device of unknown maker is never cleared, wherever it is.
    """
    made = list(_check_makers(clause, subject, known, today))
    findings = [*made, *_check_places(clause, subject)]
    if any(found.holds is None for found in made):
        findings = [found for found in findings if found.holds is None]
    for verdict in (False, None):
        words = [found.words for found in findings if found.holds is verdict]
        if words:
            return Finding(verdict, ", and ".join(dict.fromkeys(words)) if verdict is None else words[0])
    if clause.verdict is None:
        return Finding(None, clause.because)
    return Finding(holds=True, words=", and ".join(dict.fromkeys(found.words for found in findings)))


def _check_makers(clause: Clause, subject: Subject, known: Ownership, today: date) -> Iterator[Finding]:
    """The conditions about the builder."""
    if clause.makers:
        yield _check_built_by(clause, subject, known, today)
    if clause.brands:
        yield _check_badge(clause, subject, known)
    if clause.names:
        yield _check_listed(clause, subject, known, today)
    if clause.jurisdiction:
        yield _under_law(clause, subject, known, today)


def _check_places(clause: Clause, subject: Subject) -> Iterator[Finding]:
    """The conditions about the place and the kind of the device."""
    for name, wanted, value in (
        ("site_type", clause.site_type, subject.site_type),
        ("sensitivity", clause.sensitivity, subject.sensitivity),
        ("network_zone", clause.network_zone, subject.network_zone),
        ("kind", clause.kind, subject.kind),
    ):
        if wanted:
            yield Finding(value in wanted, _place_words(name, value)) if value else Finding(None, _MISSING[name])
    if clause.capability:
        yield _check_capabilities(clause, subject)


def _place_words(name: str, value: str) -> str:
    match name:
        case "network_zone":
            return _ZONES.get(value, f"its network is {value}")
        case "sensitivity":
            return f"its site has sensitivity {value} on the council's scale"
        case "site_type":
            return f"its site is of the kind '{value}'"
    return f"it is of the kind '{value}'"


def _check_capabilities(clause: Clause, subject: Subject) -> Finding:
    has = [name for name in clause.capability if name in subject.capabilities]
    if has:
        return Finding(holds=True, words=f"it can do {', '.join(has)}")
    return Finding(None, _MISSING["capability"])  # a model number that does not show a capability proves nothing


def _check_known_maker(subject: Subject, known: Ownership) -> Finding:
    """Whether the maker is known well enough; the words name it, or say what is missing."""
    if not subject.maker:
        stated = f"'{subject.stated}', as stated by a person, does not show who built it" if subject.stated else ""
        return Finding(None, f"its maker is unknown{': ' + stated if stated else ''}")
    name = known.company_name(subject.maker)
    company = known.companies.get(subject.maker)
    if company is not None and company.is_part:
        return Finding(None, f"it shows parts or firmware of {name}, but its builder is not known")
    if not subject.is_sure:
        return Finding(None, f"{name} is only its possible maker, so a person has to inspect it")
    badge = subject.brand and plain_name(subject.brand) not in known.company_names(subject.maker)
    return Finding(holds=True, words=f"it is made by {name}{f' (sold as {subject.brand})' if badge else ''}")


def _check_built_by(clause: Clause, subject: Subject, known: Ownership, today: date) -> Finding:
    maker = _check_known_maker(subject, known)
    if maker.holds and subject.maker in clause.makers:
        return maker
    if clause.reach == "group":
        companies = [(subject.maker, maker.words)] if maker.holds else []
        if sold_by := known.company_of_brand(subject.brand):
            companies.append((sold_by, f"it is sold as {subject.brand}"))
        for company, words in companies:
            named = next((key for key in known.owner_chain(company, today) if key in clause.makers), None)
            if named:
                belongs = (
                    ""
                    if named == company
                    else f", and {known.company_name(company)} belongs to {known.company_name(named)}"
                )
                return Finding(holds=True, words=words + belongs)
    return Finding(holds=False, words=maker.words) if maker.holds else maker


def _check_badge(clause: Clause, subject: Subject, known: Ownership) -> Finding:
    """A device without a known badge has its maker's badge."""
    wanted = {plain_name(brand) for brand in clause.brands}
    if subject.brand:
        return Finding(plain_name(subject.brand) in wanted, f"it is sold as {subject.brand}")
    maker = _check_known_maker(subject, known)
    return Finding(bool(wanted & known.company_names(subject.maker)), maker.words) if maker.holds else maker


def _check_listed(clause: Clause, subject: Subject, known: Ownership, today: date) -> Finding:
    listed = {plain_name(name): name for name in clause.names}
    supplier = plain_name(subject.supplier) if subject.supplier else ""
    if supplier in listed:
        return Finding(holds=True, words=f"it was bought from {subject.supplier}")
    maker = _check_known_maker(subject, known)
    if not maker.holds:
        return maker
    for company in known.owner_chain(subject.maker, today):
        hit = next((listed[name] for name in sorted(known.company_names(company)) if name in listed), "")
        if hit:
            return Finding(holds=True, words=f"{maker.words}, and the list names {hit}")
    return Finding(holds=False, words=f"{maker.words}, which the list does not name")


def _under_law(clause: Clause, subject: Subject, known: Ownership, today: date) -> Finding:
    maker = _check_known_maker(subject, known)
    if not maker.holds:
        return maker
    countries = known.owner_countries(subject.maker, today)
    if not countries:
        return Finding(None, f"{maker.words}, and the owner of {known.company_name(subject.maker)} is not known")
    law = " or ".join(_COUNTRIES.get(code, code) for code in clause.jurisdiction)
    if countries & set(clause.jurisdiction):
        return Finding(holds=True, words=f"{maker.words}, a company under the law of {law}")
    return Finding(holds=False, words=f"{maker.words}, a company not under the law of {law}")


_COUNTRIES = {"CN": "the People's Republic of China", "GB": "the United Kingdom", "US": "the United States"}
