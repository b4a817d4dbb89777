"""The honest half of a report: what was asked, what the result was, and what this scan could not see."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from ipaddress import ip_network

from camscan.addresses import subnet_of
from camscan.dataclass import dataclass
from camscan.identify import identify_box
from camscan.model import Attempt, Coverage, Identification, Outcome
from camscan.net.backoff import Backoff
from camscan.net.link import Unavailable
from camscan.net.pace import Pace
from camscan.net.span import Network, Span, SpanSet, common_spans, merge_spans, spans, subtract_spans
from camscan.net.target import Targets, parse_targets
from camscan.probes import catch_fault
from camscan.scan.state import ScanState, name_ips

_SHOWN = 5
"""Addresses that one line names."""
_ANY = 1 << 128
"""No limit to the number of addresses: they were counted before the scan."""


NOTHING_RAW = (
    "raw sweeps and the inquiry below IP are made on Linux only: addresses were tried one by one, which is slower, and "
    "Hikvision units with a wrong address may be missed"
)


@dataclass(slots=True)
class Tally:
    """What a scan counts while it runs."""

    asked: int = 0
    """Addresses that were asked at least one question."""
    done: int = 0
    """Addresses that are finished."""
    datagrams: Counter[str] = field(default_factory=Counter)
    """Protocol -> number of addresses that were asked in it by datagram."""
    notes: list[str] = field(default_factory=list)
    under_way: set[str] = field(default_factory=set)
    """Addresses that were asked and are not finished."""
    _begun_spans: list[Span] = field(default_factory=list)
    """Addresses that were asked, in the order in which they came."""

    def begin(self, span: Span) -> None:
        """Note that addresses are asked. They usually come in order, so that they make few spans."""
        last = self._begun_spans[-1] if self._begun_spans else None
        if last and last.version == span.version and span.first == last.last + 1:
            self._begun_spans[-1] = Span(last.version, last.first, span.last)
        else:
            self._begun_spans.append(span)

    def unfinished_spans(self, targets: Targets) -> list[Span]:
        """The addresses of the targets that were not asked completely."""
        under_way = spans(map(ip_network, self.under_way))
        return merge_spans(
            [*subtract_spans(targets.spans, merge_spans(self._begun_spans)), *common_spans(targets.spans, under_way)]
        )

    def add_note(self, text: str) -> None:
        """Note once what could not be seen."""
        if text not in self.notes:
            self.notes.append(text)

    def note_missing(self, error: Unavailable, text: str) -> None:
        """Note what camscan-link could not do. If it can do nothing on this system, one line says all of it."""
        self.add_note(NOTHING_RAW if error.is_for_good else text)


def make_coverage(
    state: ScanState, tally: Tally, targets: Targets, strangers: ScanState | None = None, *, listened: bool
) -> Coverage:
    """Count every address of the targets once, and describe in sentences what was lost.

    ``strangers`` holds the senders that were heard and are not among the targets.
    """
    others = strangers or ScanState(state.database)
    living = {ip for ip in state.alive if ip in targets}
    spoke = {ip for ip in living if state.has_answered(ip) and (listened or not state.is_unsolicited(ip))}
    unreached = _unreached_spans(state, living, targets)
    unreachable = sum(span.last - span.first + 1 for span in unreached)
    lost = SpanSet(unreached)
    there = living | {ip for ip in state.present if ip in targets and ip not in lost}
    heard = sum(targets.is_only_heard(ip) for ip in there)  # besides those that were swept
    total = targets.count + heard
    asked = total if listened else tally.asked + heard
    return Coverage(
        addresses=total,
        answered=len(spoke),
        refused=len(there) - len(spoke),
        silent=max(0, asked - len(there) - unreachable),
        unreachable=unreachable,
        not_tried=max(0, total - asked),
        outcomes=_count_outcomes(state, tally, targets),
        notes=(
            *tally.notes,
            *_describe_losses(state, tally, living, listened=listened),
            *_describe_strangers(others, listened=listened),
            *state.notes(),
            *_describe_faults((*state.attempts(), *others.attempts())),
            *_describe_overlong(one for one in (*state.attempts(), *others.attempts()) if one.ip not in state.cut_off),
        ),
        living=dict(sorted(Counter(subnet_of(ip) for ip in living).items())),
        is_search=not listened,
        left_out=tuple(_describe_left_out(targets)),
        strangers=tuple(_strangers_who_answered(others)),
        unfinished=() if listened else tuple(_networks_of(tally.unfinished_spans(targets))),
        unreached=tuple(_networks_of(unreached)),
    )


def _count_outcomes(state: ScanState, tally: Tally, targets: Targets) -> dict[str, dict[str, int]]:
    """Protocol -> outcome -> count. A datagram without an answer has timed out."""
    outcomes = {name: Counter(counts) for name, counts in state.outcomes.items()}
    for name, count in tally.datagrams.items():
        answered = sum(1 for ip in state.hosts if ip in targets and _has(state, ip, name))
        outcomes.setdefault(name, Counter())[Outcome.TIMED_OUT] += max(0, count - answered)
    return {name: dict(sorted(counts.items())) for name, counts in sorted(outcomes.items())}


def _networks_of(found: Iterable[Span]) -> Iterator[str]:
    return (str(network) for span in found for network in span.networks())


def _strangers_who_answered(strangers: ScanState) -> list[str]:
    """The addresses that answered a question to a group and are not targets."""
    return [ip for ip in strangers.hosts if strangers.has_answered(ip) and not strangers.is_unsolicited(ip)]


def _describe_strangers(strangers: ScanState, *, listened: bool) -> Iterator[str]:
    """Sentences about addresses that were not entered because nobody had named them."""
    answered = _strangers_who_answered(strangers)
    heard = [ip for ip in strangers.hosts if ip not in answered]
    if answered:
        shown = [f"{ip} ({who})" if (who := _maker_and_model(strangers, ip)) else ip for ip in answered]
        yield (
            f"{count_of(len(answered), 'address')} that you did not name answered: {list_first(shown)}; to enter them, "
            f"name them or add --keep-strangers"
        )
    if heard:
        how = "" if listened else ", unasked"
        yield f"{count_of(len(heard), 'address')} that you did not name were heard{how}: {list_first(heard)}"


def _maker_and_model(strangers: ScanState, ip: str) -> str:
    """Maker and model, as far as they are known."""
    told = [seen for one in strangers.hosts[ip].attempts for seen in one.observations]
    found = Identification()
    with catch_fault():  # then it is named by its address
        found = identify_box(told, strangers.database)
    return " ".join(text for text in (found.maker, found.model) if text)


def _describe_left_out(targets: Targets) -> Iterator[str]:
    """What the texts of the targets name beyond the addresses that were to be asked."""
    if targets.texts:
        named = parse_targets(targets.texts, limit=_ANY).spans
        for span in subtract_spans(named, merge_spans(targets.spans)):
            yield from map(str, span.networks())


def describe_easing(backoff: Backoff, pace: Pace) -> list[str]:
    """Sentences about a run that went below its pace, and about loss that no pace cured."""
    notes = [
        f"the pace was lowered to {fraction * pace.packets:,.0f} packets a second instead of {pace.packets:,g}: "
        f"{strain.value}; the scan took longer"
        for strain, fraction in backoff.lowest.items()
    ]
    if backoff.tolerated:
        notes.append(
            f"about {backoff.tolerated:.0%} of the questions to active devices, or their answers, were lost at any "
            f"pace: devices may be missing; scan again, or from nearer"
        )
    return notes


def _unreached_spans(state: ScanState, living: set[str], targets: Targets) -> list[Span]:
    """Addresses without a route: a router said so, and nothing lives on the whole subnet (/24, /64).

    Beside living neighbours, "host unreachable" is a router's way to say that nobody has this address. Without any, it
    holds for the whole subnet: routers send it once a second, however many addresses were asked.
    """
    inhabited = {subnet_of(ip) for ip in living}
    found: list[Span] = []
    for subnet, numbers in state.unreachable.items():
        if subnet not in inhabited:
            network = ip_network(subnet)
            whole = spans([network]) if network.version == 4 else list(_spans_of_bits(network, numbers))  # noqa: PLR2004 - IPv4
            found += common_spans(whole, list(targets.spans))
    return merge_spans(found)


def _spans_of_bits(network: Network, numbers: int) -> Iterator[Span]:
    """The addresses of a subnet whose bits are set."""
    first = int(network.network_address)
    while numbers:
        lowest = numbers & -numbers
        place = first + lowest.bit_length() - 1
        yield Span(network.version, place, place)
        numbers ^= lowest


def _describe_losses(state: ScanState, tally: Tally, living: set[str], *, listened: bool) -> Iterator[str]:
    if listened:
        yield "nothing was asked: devices that did not announce themselves in this time are missing"
    elif living and not any(_has(state, ip, name) for ip in living for name in tally.datagrams):
        whom = "the one living address" if len(living) == 1 else f"{len(living):,} living addresses"
        yield (
            f"no answer to any UDP question came from {whom}: UDP is probably blocked on the "
            f"way; most units give their model, firmware and serial number only over SADP, DHDiscover and WS-Discovery"
        )
    for mac, count in Counter(state.proxied.values()).items():
        yield (
            f"{mac} answered ARP for {count:,} addresses: a router or firewall answers for others (proxy ARP), or "
            "this machine's netmask is too wide; those that gave no other answer are counted as silent"
        )


def _describe_faults(attempts: Iterable[Attempt]) -> Iterator[str]:
    """Errors of camscan itself: replies that it could not read, conversations that it could not hold."""
    bugs = [attempt for attempt in attempts if attempt.outcome is Outcome.BUG]
    unread = sum(1 for attempt in bugs if attempt.payload)
    if unread:
        yield (
            f"{unread:,} {'reply' if unread == 1 else 'replies'} could not be read, which is a fault of camscan; "
            f"`camscan "
            f"capture` keeps {'it' if unread == 1 else 'them'}, and the JSON report names the address under attempts"
        )
    if unheld := len(bugs) - unread:
        yield (
            f"{unheld:,} {'conversation was' if unheld == 1 else 'conversations were'} ended by a fault of camscan; "
            "the JSON report names the address under attempts"
        )


def _describe_overlong(attempts: Iterable[Attempt]) -> Iterator[str]:
    """Replies that were read as far as any device goes, and no further."""
    ips = dict.fromkeys(attempt.ip for attempt in attempts if attempt.outcome is Outcome.ANSWERED and attempt.detail)
    if ips:
        yield f"{name_ips(ips)} said more in one reply than camscan reads; the JSON report says what, under attempts"


def describe_floods(unread: Mapping[str, int]) -> list[str]:
    """The senders that sent more datagrams than are read from one sender, and how many were dropped."""
    if not unread:
        return []
    return [
        (
            f"{name_ips(unread)} sent more than camscan reads from one sender: {sum(unread.values()):,} datagrams were "
            f"not read"
        )
    ]


def count_of(number: int, thing: str) -> str:
    """``1 address``, ``3 addresses``."""
    return f"{number:,} {thing}{'' if number == 1 else 'es'}"


def list_first(texts: Sequence[str]) -> str:
    """The first of them, and a sign that there are more."""
    return ", ".join(texts[:_SHOWN]) + (" …" if len(texts) > _SHOWN else "")


def _has(state: ScanState, ip: str, probe: str) -> bool:
    entry = state.hosts.get(ip)
    return entry is not None and any(attempt.probe == probe for attempt in entry.attempts)
