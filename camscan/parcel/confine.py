"""Reduces a parcel to what its key may speak for: devices in the networks that were approved. The rest is left out."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from camscan.config import Config
from camscan.errors import TargetError, UsageError
from camscan.model import Attempt, Completion, Coverage
from camscan.net.span import Network, Span, SpanSet, common_spans, merge_spans, spans, subtract_spans
from camscan.net.target import Targets, parse_targets
from camscan.output import visible
from camscan.parcel.unpack import Content
from camscan.register.types import Bounds

_ANY = 1 << 128
_MOST_NOTES = 200


@dataclass(frozen=True)
class KeyLimits:
    """The sites and addresses that a key may speak for."""

    sites: tuple[str, ...]
    """The names of its sites in camscan.yaml."""
    spans: tuple[Span, ...]
    """The addresses of these sites, and others that were approved; merged and sorted."""
    others: frozenset[str] = frozenset()
    """The names of all other sites of camscan.yaml, in small letters."""

    @cached_property
    def holds(self) -> SpanSet:
        """The same addresses as a set, for quick look-up."""
        return SpanSet(self.spans)

    @property
    def bounds(self) -> Bounds:
        """The same sites and addresses, as the register checks them when it records."""
        return Bounds(frozenset(name.casefold() for name in self.sites), self.holds.__contains__)


@dataclass(frozen=True, slots=True)
class ConfinedParcel:
    """The part of a parcel that its key may speak for."""

    attempts: tuple[Attempt, ...] = field(repr=False)
    targets: tuple[str, ...]
    site: str
    coverage: Coverage
    completion: Completion
    dropped: int = 0
    """How many replies and attempts were left out, because the key may not speak for their addresses."""
    outside: int = 0
    """How many addresses the scan asked that the key may not speak for."""


def allow_networks(settings: Config, sites: Sequence[str], networks: Sequence[Network]) -> KeyLimits:
    """Work out what a key may speak for, from its approved sites and networks.

    Networks of other sites are never part of it. Raises ConfigError for a site that camscan.yaml does not have.
    """
    known = {site.name.casefold() for site in settings.sites}
    named = [settings.site(name) for name in sites if name.casefold() in known or not networks]
    own: list[Span] = []
    for site in named:
        own += subtract_spans(spans(site.cidrs), spans(settings.networks_of_others(site)))
    others = [network for site in settings.sites if site not in named for network in site.cidrs]
    own += subtract_spans(spans(networks), spans(others))
    names = frozenset(site.name.casefold() for site in settings.sites if site not in named)
    return KeyLimits(tuple(sites), tuple(merge_spans(own)), names)


def confine(content: Content, allowed: KeyLimits, name: str) -> ConfinedParcel:
    """Reduce a parcel to what its key may speak for. Raises UsageError in one line if nothing remains."""
    tail = content.tail
    site = _find_site(tail.site, allowed, name)
    try:
        targets = parse_targets(tail.targets, limit=_ANY)
    except TargetError as error:
        raise UsageError(f"{name}: what it says was asked cannot be read; nothing was recorded") from error
    inside = tuple(attempt for attempt in content.attempts if attempt.ip in allowed.holds)
    dropped = content.foreign + len(content.attempts) - len(inside)
    outside = list(subtract_spans(targets.all_spans, list(allowed.spans)))
    if not outside:
        coverage = _trim_coverage(tail.coverage, targets.all_spans, allowed)
        return ConfinedParcel(inside, tail.targets, site, coverage, tail.completion, dropped)
    left = list(common_spans(targets.all_spans, list(allowed.spans)))
    if not left:
        raise UsageError(f"{name}: it is about other networks than its key may speak for; nothing was recorded")
    count = sum(span.last - span.first + 1 for span in outside)
    coverage = _partial_coverage(_trim_coverage(tail.coverage, left, allowed), inside, left, count)
    texts = tuple(map(str, left))
    completion = Completion.PARTIAL if tail.completion is Completion.COMPLETE else tail.completion
    return ConfinedParcel(inside, texts, site, coverage, completion, dropped, count)


def _find_site(told: str, allowed: KeyLimits, name: str) -> str:
    """The site of the scan: the one that the parcel names, else the only one that its key may speak for."""
    own = {site.casefold(): site for site in allowed.sites}
    if told and told.casefold() not in own and (own or told.casefold() in allowed.others):
        raise UsageError(
            f"{name}: it is about the site '{visible(told, 200)}', for which its key may not speak; "
            f"nothing was recorded"
        )
    if told:
        return own.get(told.casefold(), told)
    return allowed.sites[0] if len(allowed.sites) == 1 else ""


def _span_networks(found: Iterable[Span]) -> Iterable[Network]:
    return (network for span in found for network in span.networks())


def _trim_coverage(coverage: Coverage, asked: Sequence[Span], allowed: KeyLimits) -> Coverage:
    """The coverage, without networks that were not asked and strangers outside of what the key may speak for."""
    ground = SpanSet(asked)

    def own(texts: Iterable[str]) -> tuple[str, ...]:
        return tuple(text for text in texts if ground.touches(ipaddress.ip_network(text)))

    return replace(
        coverage,
        notes=coverage.notes[:_MOST_NOTES],
        living={text: count for text, count in coverage.living.items() if own([text])},
        left_out=own(coverage.left_out),
        unfinished=own(coverage.unfinished),
        unreached=own(coverage.unreached),
        strangers=tuple(ip for ip in coverage.strangers if ip in allowed.holds),
    )


def _partial_coverage(trimmed: Coverage, attempts: Sequence[Attempt], left: Sequence[Span], outside: int) -> Coverage:
    """The coverage of the part that remains. The counts were about the complete scan, so silence shows nothing here."""
    answered = len({attempt.ip for attempt in attempts if attempt.payload})
    addresses = sum(span.last - span.first + 1 for span in left)
    note = f"{outside:,} addresses of the scan were left out: its key may not speak for them"
    return Coverage(
        addresses=addresses,
        answered=answered,
        refused=0,
        silent=0,
        unreachable=0,
        not_tried=max(0, addresses - answered),
        outcomes=trimmed.outcomes,
        notes=(*trimmed.notes, note),
        living=trimmed.living,
        is_search=trimmed.is_search,
        is_listing=trimmed.is_listing,
        left_out=trimmed.left_out,
        unfinished=tuple(map(str, _span_networks(left))),
    )


def targets_of(texts: Sequence[str]) -> Targets | None:
    """The targets that a parcel names, to be shown to a person; None if they cannot be read."""
    try:
        return parse_targets(texts, limit=_ANY)
    except TargetError:
        return None
