"""What happens to a reply: who sent it, whether it was solicited, and whether there is space to keep it.

A datagram counts fully if it answers a question of ours: it echoes the question's identifier, or it comes from an
address that was asked to the port that asked. Any other datagram is unsolicited: the sender says something about
itself, or about another. It is kept as such, and makes nobody more than "possible" (``camscan.identify``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field, replace

from camscan.dataclass import dataclass
from camscan.model import Attempt, Outcome, Reply
from camscan.net.target import Targets
from camscan.probes import Probe, as_unsolicited, read_datagram, read_reply
from camscan.scan.coverage import Tally
from camscan.scan.echo import Identifiers
from camscan.scan.host_record import Proof
from camscan.scan.state import ScanState, name_ips

REPLIES_PER_ADDRESS = 64
"""Datagrams that are read from one address in one scan: a device that floods us is not heard for ever."""
MOST_SENDERS = 1 << 16
"""Senders, besides the targets, whose datagrams are counted one by one."""
CROWD = 32
"""New unsolicited senders that are listed one by one; any more are summed up in one sentence."""
PASSIVE_CROWD = 1024
"""The same for a scan that only listens: there, every sender is unsolicited."""
MOST_PENDING = 4096
"""Addresses in scope that are remembered while there is no evidence for them but datagrams."""
MOST_STRANGERS = 256
"""Addresses that nobody named, whose replies are kept."""


@dataclass(slots=True)
class Replies:
    """The replies of one scan, on their way into its state."""

    state: ScanState
    tally: Tally
    probes: Mapping[str, Probe]
    targets: Targets
    needs_proof: Callable[[str], bool] = lambda _ip: False
    """Whether an address has a MAC if anybody is there: then a datagram with that address proves nothing."""
    is_routed: Callable[[str], bool] = lambda _ip: False
    """Whether an address is behind a router: then anybody who knows the port that asks can answer in its name."""
    is_passive: bool = False
    identifiers: Identifiers = field(default_factory=Identifiers)
    strangers: ScanState = field(init=False)
    """Senders that were heard and are not targets."""
    _heard: Counter[str] = field(default_factory=Counter)
    _flooding: dict[str, None] = field(default_factory=dict)
    _crowd: dict[str, None] = field(default_factory=dict)
    """Senders of which nothing is kept: there were too many."""

    def __post_init__(self) -> None:
        self.strangers = ScanState(self.state.database)

    # ── what comes in ────────────────────────────────────────────────────────────────────────────────────────

    def on_datagram(self, payload: bytes, ip: str, port: int) -> None:
        """A datagram to a port that asked: the answers of a group also come there."""
        self._on_datagram(payload, ip, port, to_group=False)

    def on_group_datagram(self, payload: bytes, ip: str, port: int) -> None:
        """A datagram to a group that we have joined: anybody may send there."""
        self._on_datagram(payload, ip, port, to_group=True)

    def on_answer(self, name: str, payload: bytes, ip: str, port: int, detail: str = "") -> None:
        """The answer of a conversation over TCP; ``detail`` says how it came, if that matters."""
        attempt = read_reply(self.probes[name], Reply(name, payload, ip, port))
        told = "; ".join(filter(None, (attempt.detail, detail)))
        self._keep_attempt(replace(attempt, detail=told), Proof.NONE, is_alive=True)

    def on_reply(self, reply: Reply) -> None:
        """A reply that certainly answers a question of ours, or that the link itself proves."""
        self._keep_attempt(read_reply(self.probes[reply.probe], reply), Proof.NONE, is_alive=True)

    def on_overheard(self, reply: Reply) -> None:
        """A message of a device to others, heard while nothing was asked."""
        reply = replace(reply, is_solicited=reply.probe == "mac")
        self._keep_attempt(read_reply(self.probes[reply.probe], reply), Proof.NONE, is_alive=reply.is_solicited)

    def on_own_answer(self, payload: bytes, ip: str, port: int) -> None:
        """A datagram to a port from which only its sender was ever asked."""
        attempt = read_datagram(self.probes.values(), payload, ip, port)
        if attempt and not self.state.is_full(ip):
            self._keep_attempt(attempt, Proof.OWN)

    def on_refusal(self, ip: str, port: int, outcome: Outcome) -> None:
        """An ICMP error for a datagram: any router can send one, and so can anybody who guesses our port."""
        asked = (name for name, probe in self.probes.items() if any(each.port == port for each in probe.datagrams))
        attempt = Attempt(next(asked, "udp"), ip, port, outcome)
        self.state.record(attempt, is_sign_of_life=not self._may_be_forged(ip))

    def _on_datagram(self, payload: bytes, ip: str, port: int, *, to_group: bool) -> None:
        """Read a datagram with the probe of the port that it came from, else with any probe that can read it."""
        is_target = ip in self.targets
        where = self.state if is_target else self.strangers
        if not self._has_room(ip, is_target=is_target) and not (is_target and self._echoes_question(payload, ip, port)):
            return
        if where.is_full(ip) or where.is_repetition(ip, payload, is_solicited=not to_group):
            return
        attempt = read_datagram(self.probes.values(), payload, ip, port)
        # If nothing can read it, it may be the question of another tool, heard on the group.
        if attempt and (attempt.outcome is not Outcome.NOT_SPOKEN or is_target):
            self._weigh_reply(attempt, to_group=to_group)

    def _weigh_reply(self, attempt: Attempt, *, to_group: bool) -> None:
        """Whether it was solicited. An address that echoes its own identifier is there, whatever else is known."""
        probe = self.probes[attempt.probe]
        proof = Proof.NONE
        if self.identifiers.is_direct(probe, attempt.payload, attempt.ip):
            proof = Proof.OWN
        elif self.identifiers.is_to_group(probe, attempt.payload):
            proof = Proof.GROUP
        was_asked = attempt.ip in self.targets or probe.echo_of is None
        is_solicited = not self.is_passive and (bool(proof) or (was_asked and not to_group))
        if not is_solicited:
            attempt = as_unsolicited(attempt)
        self._keep_attempt(attempt, proof)

    def _keep_attempt(self, attempt: Attempt, proof: Proof, *, is_alive: bool = False) -> None:
        """Add it to the state of the scan, or to the strangers; a crowd is only counted."""
        ip = attempt.ip
        if ip not in self.targets:
            if ip in self.strangers.hosts or len(self.strangers.hosts) < MOST_STRANGERS:
                self.strangers.record(attempt, proof=proof)
            elif attempt.outcome is Outcome.ANSWERED:
                self._crowd[ip] = None
            return
        is_alive |= proof is Proof.OWN or (attempt.is_solicited and not self._may_be_forged(ip))
        is_new = ip not in self.state.hosts and ip not in self.state.alive
        if is_new and not is_alive and len(self.state.hosts) >= len(self.state.alive) + MOST_PENDING:
            self._crowd[ip] = None
            return
        self.state.record(attempt, proof=proof, is_sign_of_life=is_alive)

    def _has_room(self, ip: str, *, is_target: bool) -> bool:
        """Count a datagram.

        Returns whether it is read: not from a sender that floods us, nor from very many strangers.
        """
        if not is_target and ip not in self._heard and len(self._heard) >= MOST_SENDERS:
            return False
        self._heard[ip] += 1
        if self._heard[ip] > REPLIES_PER_ADDRESS:
            self._flooding[ip] = None
            return False
        return True

    def _echoes_question(self, payload: bytes, ip: str, port: int) -> bool:
        """Whether a datagram echoes a question to its sender alone: then a flood in its name does not matter."""
        asked = [probe for probe in self.probes.values() if any(each.port == port for each in probe.datagrams)]
        return any(self.identifiers.is_direct(probe, payload, ip) for probe in asked)

    def is_flooded(self, ip: str) -> bool:
        """Whether more came in the name of an address than is read from one."""
        return ip in self._flooding

    def protocols_to_confirm(self, ip: str) -> list[str]:
        """Protocols in which an address must repeat, to a port of its own, what was said in its name.

        Behind a router: all of them, unless its proven replies name the same maker. On an attached link: if they cannot
        all be from the unit that is there.
        """
        is_routed = self.is_routed(ip)
        names = self.state.unproven_in(ip, self._datagram_protocols()) if is_routed or self.needs_proof(ip) else []
        if not names or self.state.is_disputed(ip):
            return names
        return names if is_routed and not self.state.is_borne_out(ip, names) else []

    def _datagram_protocols(self) -> list[str]:
        return [name for name, probe in self.probes.items() if probe.datagrams]

    def proves_life(self, attempt: Attempt) -> bool:
        """Whether an attempt of an earlier part of this scan shows that somebody lives at its address."""
        is_datagram = bool(self.probes[attempt.probe].datagrams) if attempt.probe in self.probes else False
        return attempt.is_solicited and not (is_datagram and self._may_be_forged(attempt.ip))

    def _may_be_forged(self, ip: str) -> bool:
        """Whether a datagram with this address proves nothing unless it echoes its own identifier."""
        return self.needs_proof(ip) or self.is_routed(ip)

    # ── the result at the end ────────────────────────────────────────────────────────────────────────────────

    def settle_devices(self, *, is_complete: bool) -> None:
        """Decide which addresses are devices, now that all were asked that could be; note the addresses that are not.

        If not all were asked, no address is treated as forged, and nothing counts fully without proof.
        """
        pending = self.state.unproven_addresses()
        phantoms = [ip for ip in pending if is_complete and not self.is_passive and self.needs_proof(ip)]
        self.state.forget(phantoms)
        waiting = [ip for ip in pending if not is_complete and self._may_be_forged(ip)]
        for ip in list(self.state.hosts):
            if self.is_routed(ip):
                self.state.doubt(ip, self.protocols_to_confirm(ip))
            elif ip in waiting:
                self.state.doubt(ip, self._datagram_protocols())
        unasked = [ip for ip in pending if ip in self.state.hosts and self.state.is_unsolicited(ip)]
        is_patient = self.is_passive or not is_complete
        most = PASSIVE_CROWD if is_patient else CROWD
        crowd = unasked[most:] if is_patient or len(unasked) <= most else unasked
        self.state.forget(crowd)
        strangers = [ip for ip in self.strangers.hosts if self.strangers.is_unsolicited(ip)]
        if self._crowd or len(strangers) > most:
            self.strangers.forget(strangers)
            self._crowd.update(dict.fromkeys(strangers))
        self.state.alive.update(ip for ip in pending if ip in self.state.hosts)
        self._crowd.update(dict.fromkeys(crowd))
        self.tally.notes.extend(self._describe_undecided(phantoms, [ip for ip in waiting if ip in self.state.hosts]))

    def _describe_undecided(self, phantoms: list[str], waiting: list[str]) -> Iterator[str]:
        if phantoms:
            yield (
                f"datagrams came from {name_ips(phantoms)} on the attached link, but no MAC address is there: they "
                f"were forged, or the unit has left; no device was entered"
            )
        if waiting and not self.is_passive:
            yield (
                f"{name_ips(waiting)} could not be asked again before the scan was interrupted: anybody could "
                'have sent those answers, so they prove no more than "possible"'
            )
        if self._crowd:
            more = "+" if len(self._heard) >= MOST_SENDERS else ""
            yield (
                f"a crowd of {len(self._crowd):,}{more} addresses sent replies that were unasked or could be forged, "
                f"and nothing else shows that a device is there ({', '.join(list(self._crowd)[:3])} …): no "
                "devices were entered"
            )
        if self._flooding:
            yield f"{name_ips(self._flooding)} sent more than {REPLIES_PER_ADDRESS} datagrams; the rest was not read"
