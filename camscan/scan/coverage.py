"""The honest half of a report: what was asked, what came of it, and what this scan could not see."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from camscan.model import Coverage, Outcome
from camscan.net.backoff import Backoff
from camscan.net.pace import Pace
from camscan.net.span import merge, without
from camscan.net.target import Targets, parse_targets
from camscan.scan.state import Ledger, place, subnet_of

_ANY = 1 << 128
"""No limit to the number of addresses: they were counted before the scan."""


@dataclass(slots=True)
class Tally:
    """What a scan counts while it runs."""

    asked: int = 0
    """Addresses to which at least one question was put."""
    done: int = 0
    """Addresses that are finished with."""
    datagrams: Counter[str] = field(default_factory=Counter)
    """protocol -> addresses that were asked in it by datagram."""
    notes: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        """Say once what could not be seen."""
        if text not in self.notes:
            self.notes.append(text)


def cover(ledger: Ledger, tally: Tally, targets: Targets, *, listened: bool) -> Coverage:
    """Count every address of the targets once, and say in sentences what was lost."""
    living = {ip for ip in ledger.alive if ip in targets}
    spoke = {ip for ip in living if ledger.spoke(ip)}
    unreachable = _unreachable(ledger, living)
    asked = targets.count if listened else tally.asked
    outcomes = {name: Counter(counts) for name, counts in ledger.outcomes.items()}
    for name, count in tally.datagrams.items():
        answered = sum(1 for ip in ledger.entries if ip in targets and _has(ledger, ip, name))
        outcomes.setdefault(name, Counter())[Outcome.TIMED_OUT] += max(0, count - answered)
    return Coverage(
        addresses=targets.count,
        answered=len(spoke),
        refused=len(living) - len(spoke),
        silent=max(0, asked - len(living) - unreachable),
        unreachable=unreachable,
        not_tried=max(0, targets.count - asked),
        outcomes={name: dict(sorted(counts.items())) for name, counts in sorted(outcomes.items())},
        notes=(*tally.notes, *_losses(ledger, tally, targets, living, listened=listened)),
        living=dict(sorted(Counter(subnet_of(ip) for ip in living).items())),
        is_search=not listened,
        left_out=tuple(_left_out(targets)),
    )


def _left_out(targets: Targets) -> Iterator[str]:
    """What the texts of the targets name beyond the addresses that were to be asked."""
    if targets.texts:
        named = parse_targets(targets.texts, limit=_ANY).spans
        for span in without(named, merge(targets.spans)):
            yield from map(str, span.networks())


def eased(backoff: Backoff, pace: Pace) -> list[str]:
    """What is to be said of a run that went below its pace, and of loss that no pace cured."""
    notes = [
        f"the pace was lowered to {fraction * pace.packets:,.0f} packets a second, where {pace.packets:,g} were "
        f"allowed: {strain.value}; the scan took longer for it"
        for strain, fraction in backoff.lowest.items()
    ]
    if backoff.tolerated:
        notes.append(
            f"about {backoff.tolerated:.0%} of the questions to living devices, or their answers, were lost, at any "
            "pace: units may be missing; scan again, or from nearer"
        )
    return notes


def _unreachable(ledger: Ledger, living: set[str]) -> int:
    """Addresses to which no way leads: said so by a router, and nothing lives on the whole subnet (/24, /64).

    Beside living neighbours, "host unreachable" is a router's way to say that nobody has this address.
    """
    inhabited = {place(ip)[0] for ip in living}
    return sum(numbers.bit_count() for subnet, numbers in ledger.unreachable.items() if subnet not in inhabited)


def _losses(ledger: Ledger, tally: Tally, targets: Targets, living: set[str], *, listened: bool) -> list[str]:
    notes = []
    if listened:
        notes.append("nothing was asked: devices that did not announce themselves in this time are missing")
    elif living and not any(_has(ledger, ip, name) for ip in living for name in tally.datagrams):
        notes.append(
            f"no answer to any UDP question came from {len(living)} living addresses: UDP is probably blocked on the "
            "way; model, firmware and serial of most units are only told over SADP, DHDiscover and WS-Discovery"
        )
    outside = sorted(ip for ip, entry in ledger.entries.items() if ip not in targets and entry.facts)
    if outside:
        shown = ", ".join(outside[:5]) + (" …" if len(outside) > 5 else "")  # noqa: PLR2004 - a line, not a page
        notes.append(
            f"{len(outside)} addresses outside the targets answered a question to the group ({shown}): they are "
            "listed, and were asked nothing more"
        )
    for mac, count in Counter(ledger.proxied.values()).items():
        notes.append(
            f"{mac} answered ARP for {count:,} addresses in a row: a router or firewall answers for others (proxy "
            "ARP), or this machine's netmask is too wide; those that said nothing else are counted as silent"
        )
    notes += _faults(ledger)
    return notes


def _faults(ledger: Ledger) -> Iterator[str]:
    """What camscan did wrong itself: replies that it could not read, conversations that it could not hold."""
    bugs = [attempt for attempt in ledger.attempts() if attempt.outcome is Outcome.BUG]
    unread = sum(1 for attempt in bugs if attempt.payload)
    if unread:
        yield (
            f"{unread:,} {'reply' if unread == 1 else 'replies'} could not be read: a fault of camscan; `camscan "
            f"capture` keeps {'it' if unread == 1 else 'them'}, and the JSON report names the address under attempts"
        )
    if unheld := len(bugs) - unread:
        yield (
            f"{unheld:,} {'conversation was' if unheld == 1 else 'conversations were'} ended by a fault of camscan; "
            "the JSON report names the address under attempts"
        )


def _has(ledger: Ledger, ip: str, probe: str) -> bool:
    entry = ledger.entries.get(ip)
    return entry is not None and any(attempt.probe == probe for attempt in entry.attempts)
