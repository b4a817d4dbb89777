"""From a register's rows to judgements: scope, policies, weaknesses, priority. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date

from camscan.asset import WORKED_OUT, Asset, Judgement, Lifecycle, Ruling
from camscan.asset.lifecycle import was_inspected
from camscan.config.planning import UNKNOWN, Formula
from camscan.headline import SURE
from camscan.model import Identification
from camscan.plan import priority
from camscan.plan.priority import Levels, Weight
from camscan.policies.companies import Ownership
from camscan.policies.judge import Subject, rule_by_policies
from camscan.policies.use import Rules
from camscan.vulnerabilities.assess import Standing, Verdict, assess_device
from camscan.vulnerabilities.read import Weaknesses
from camscan.words import list_text

_NO_ENTRIES: Mapping[str, str] = {}


def judge_devices(
    assets: Sequence[Asset], policies: Rules, formula: Formula, weaknesses: Weaknesses | None, today: date
) -> Mapping[str, Judgement]:
    """What follows for each device on that day, by asset id. Equal devices are judged once.

    ``policies`` are those in use (:func:`camscan.plan.in_use`). Without ``weaknesses`` that factor is unknown.
    """
    return make_judge(policies, formula, weaknesses, today)(assets)


def make_judge(
    policies: Rules, formula: Formula, weaknesses: Weaknesses | None, today: date
) -> Callable[[Sequence[Asset]], Mapping[str, Judgement]]:
    """:func:`judge_devices` for many lots of devices: results for one lot are reused for the next."""
    return _Judge(policies, formula, weaknesses, today).judge_all


class _Judge:
    """One run: the rulings, verdicts and weights that it has computed already."""

    def __init__(self, rules: Rules, formula: Formula, weaknesses: Weaknesses | None, today: date) -> None:
        self._rules = rules
        self._formula = formula
        self._weaknesses = weaknesses
        self._covered = frozenset(entry.maker for entry in weaknesses.entries) if weaknesses else frozenset()
        self._today = today
        self._places: dict[int, Mapping[str, str]] = {}
        self._rulings: dict[Subject, tuple[Ruling, ...]] = {}
        self._verdicts: dict[tuple[str | None, ...], tuple[tuple[str, ...], str]] = {}
        self._relevant: dict[tuple[str | None, ...], Weaknesses] = {}
        self._weights: dict[Levels, Weight] = {}

    def judge_all(self, assets: Sequence[Asset]) -> Mapping[str, Judgement]:
        self._places.clear()  # they are recognised by their place in memory, for as long as these devices exist
        return {asset.asset_id: self._judge_device(asset) for asset in assets}

    def _judge_device(self, asset: Asset) -> Judgement:
        said = self._make_entry_reader(asset)
        subject = subject_of(asset, self._rules.ownership, said)
        rulings = self._rulings.get(subject)
        if rulings is None:
            rulings = self._rulings[subject] = rule_by_policies(subject, self._rules, self._today)
        in_scope, reason, would = _decide_scope(asset, rulings, self._rules)
        weaknesses, level = self._known_weaknesses(asset.identification, subject.maker)
        if in_scope == "no":
            return Judgement(rulings, in_scope, reason, would, weaknesses=weaknesses)
        weight = self._weigh_device(asset, subject, level)
        return Judgement(
            rulings=rulings,
            in_scope=in_scope,
            in_scope_reason=reason,
            would_match=would,
            priority=weight.priority if in_scope == "yes" else None,
            score=weight.score,
            priority_reason=weight.reason,
            weaknesses=weaknesses,
        )

    def _make_entry_reader(self, asset: Asset) -> Callable[[str], str]:
        """As ``Asset.entry``; the entries of the site map are combined once for each site."""
        place: Mapping[str, str] = _NO_ENTRIES
        if asset.place is not None:
            found = self._places.get(id(asset.place))
            place = self._places.setdefault(id(asset.place), asset.place.entries()) if found is None else found
        own = asset.entries

        def read_entry(column: str) -> str:
            value = own.get(column)
            return place.get(column, "") or asset.listed_value(column) if value is None else value

        return read_entry

    def _known_weaknesses(self, found: Identification, maker: str) -> tuple[tuple[str, ...], str]:
        if self._weaknesses is None:
            return (), UNKNOWN
        model = (found.maker, found.brand, found.model, found.kind)
        key = (*model, found.firmware, found.build)
        known = self._verdicts.get(key)
        if known is None:
            relevant = self._relevant.get(model)
            if relevant is None:
                relevant = self._relevant[model] = _weaknesses_of_model(found, self._weaknesses)
            open_ = [verdict for verdict in assess_device(found, relevant) if verdict.verdict is not Standing.FIXED]
            covered = maker in self._covered and bool(found.model)
            level = priority.weakness_level(open_, is_covered=covered)
            known = self._verdicts[key] = tuple(map(_verdict_text, open_)), level
        return known

    def _weigh_device(self, asset: Asset, subject: Subject, weakness: str) -> Weight:
        levels = Levels(
            sensitivity=subject.sensitivity or UNKNOWN,
            capability=priority.capability_level(
                subject.kind, subject.capabilities, is_model_known=bool(asset.identification.model)
            ),
            exposure=priority.exposure_level(subject.network_zone, _exposure_of(asset)),
            weakness=weakness,
            age=priority.age_level(asset, self._today),
        )
        known = self._weights.get(levels)
        if known is None:
            known = self._weights[levels] = priority.weigh_levels(levels, self._formula)
        return known


def _exposure_of(asset: Asset) -> str:
    """What a person entered, else what another system lists: the site map says nothing about it."""
    return asset.entries.get("internet_exposed", "") or asset.listed_value("internet_exposed")


def _weaknesses_of_model(found: Identification, known: Weaknesses) -> Weaknesses:
    """The vulnerabilities of its model: without a firmware, each of them has a verdict.

    Models usually have many builds.
    """
    verdicts = assess_device(replace(found, firmware=None, build=None), known)
    return replace(known, entries=tuple(verdict.weakness for verdict in verdicts))


def _verdict_text(verdict: Verdict) -> str:
    return f"{verdict.cve} {verdict.verdict}{', exploited' if verdict.is_exploited else ''}"


def subject_of(asset: Asset, known: Ownership, said: Callable[[str], str] | None = None) -> Subject:
    """What policies ask about a device: the word of a scan, else what a person stated."""
    said = said or asset.entry
    found = asset.identification
    maker, is_sure, stated = known_maker(asset, known)
    # A badge beside a maker that is only possible is not surer than the maker: somebody may have typed both.
    brand = asset.entries.get("brand_on_badge") or (found.brand if is_sure else "") or ""
    said_maker = asset.entries.get("stated_manufacturer", "")
    if not brand and not (maker and is_sure) and said_maker and known.company_of_brand(said_maker):
        brand = said_maker
    is_surveillance = found.is_camera_system
    if is_surveillance is False and not maker and found.confidence not in SURE:
        is_surveillance = None
    return Subject(
        maker=maker,
        is_sure=is_sure,
        stated=stated,
        brand=brand,
        is_surveillance=is_surveillance,
        kind=found.kind or "",
        capabilities=frozenset(found.capabilities),
        site_type=said("site_type"),
        sensitivity=said("site_sensitivity"),
        network_zone=said("network_zone"),
        supplier=asset.entries.get("supplier", ""),
    )


def known_maker(asset: Asset, known: Ownership) -> tuple[str, bool, str]:
    """The key of the maker, whether it is more than possible, and the stated name if no table knows it."""
    found, stated = asset.identification, asset.entries.get("stated_manufacturer", "")
    if found.maker:
        key = found.maker if found.maker in known.makers else known.maker_of_name(found.maker)
        if key is None and asset.record_type in WORKED_OUT:
            key = found.maker
        if key is not None:
            if found.confidence not in SURE and stated and stated == found.brand:
                return key, False, ""  # only a badge shows the maker, and whoever looks at the device sees the badge
            by_person = asset.record_type not in WORKED_OUT or bool(stated and known.maker_of_name(stated) == key)
            return key, found.confidence in SURE or by_person or was_inspected(asset.entries), ""
        stated = stated or found.maker
    key = known.maker_of_name(stated) if stated else None
    return (key, True, "") if key else ("", True, stated)


_Scope = tuple[str, str, tuple[str, ...]]
"""The word, the reason, and the policies that match the device while nothing is decided."""


def _decide_scope(asset: Asset, rulings: Sequence[Ruling], rules: Rules) -> _Scope:
    """Whether removal is to be planned: a person's entry first, then the policies that decide the scope."""
    entered = asset.entries.get("in_scope")
    if entered:
        reference = asset.entries.get("scope_decision_ref")
        return entered, f"entered by a person{': ' + reference if reference else ''}", ()
    lifecycle = asset.entries.get("lifecycle_status")
    if lifecycle == Lifecycle.NOT_OURS:
        return "no", "a person entered that it is not the council's", ()
    if lifecycle == Lifecycle.FALSE_POSITIVE:
        return "no", "a person entered that it is a false alarm", ()
    told = [ruling for ruling in rulings if ruling.policy in rules.scope]
    return _decided_by_policy(told, rules) if rules.is_decided else _left_undecided(told, rules)


def _decided_by_policy(told: Sequence[Ruling], rules: Rules) -> _Scope:
    for verdict, word in ((True, "yes"), (None, "unknown"), (False, "no")):
        for ruling in told:
            if ruling.matches is verdict:
                return word, rules.describe_decision(ruling.policy) if verdict else ruling.reason, ()
    return "unknown", "no policy in use decides the scope; see planning: scope in camscan.yaml", ()


def _left_undecided(told: Sequence[Ruling], rules: Rules) -> _Scope:
    """Statements of others do not bind a council: the council may decide about them."""
    would = tuple(ruling.policy for ruling in told if ruling.matches)
    if would:
        return (
            "unknown",
            f"no decision recorded; would match {list_text([rules.policy_title(policy) for policy in would])}",
            would,
        )
    unsaid = [ruling.reason for ruling in told if ruling.matches is None]
    if unsaid or not told:
        return "unknown", f"no decision recorded{'. ' + unsaid[0] if unsaid else ''}", ()
    return "no", told[0].reason, ()
