"""Questions to whole links, and what is heard on them: groups, broadcast, the layer below IP.

It runs beside the sweep.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import AsyncGenerator, Callable, Mapping

from camscan.dataclass import dataclass
from camscan.model import Outcome, Reply
from camscan.net import link
from camscan.net.datagram import DatagramPort
from camscan.net.door import Door
from camscan.net.interface import Interface
from camscan.probes import Datagram, Probe
from camscan.scan.coverage import Tally
from camscan.scan.echo import Identifiers

IPV4 = 4

FEWEST = 2
"""How often a question with only one form is asked: one may be lost."""

NOT_ATTACHED = (
    "nothing was asked by multicast: no target subnet is attached to this machine; units that answer only there, and "
    "units with a factory address, can only be found from a machine on their own subnet"
)


def ip_families(door: Door, interface: Interface, *, everywhere: bool = False) -> frozenset[int]:
    """IP versions in which a link may be asked as a whole: a subnet of it is completely in scope, or ``everywhere``.

    A question to a group reaches every unit of the link, whoever was named. The loopback has no subnets of its own:
    there, a target of several addresses counts as one.
    """
    if everywhere:
        return frozenset({4, 6})
    if interface.loopback:
        return frozenset(own.version for own in interface.addresses if door.scope.touches_several(own.network))
    return frozenset(subnet.version for subnet in interface.subnets if door.scope.covers_hosts(subnet))


def why_not_asked(interface: Interface) -> str:
    """The note about a link whose groups were not asked, or not all of them."""
    return (
        f"not everything was asked by multicast and broadcast on {interface.name}: only part of its subnet is in "
        f"scope; units that answer only there may be missed (--ask-groups asks all of it)"
    )


def question_rounds(probes: Mapping[str, Probe]) -> list[list[Datagram]]:
    """Every form of every question once, and a question with only one form twice; a list for each round."""
    lists = [
        [question for question in probe.datagrams if question.groups or question.broadcast] for probe in probes.values()
    ]
    lists = [questions * FEWEST if len(questions) == 1 else questions for questions in lists]
    return [[one for one in each if one is not None] for each in itertools.zip_longest(*lists)]


@dataclass(frozen=True, slots=True)
class Link:
    """One attached link, for asking its groups."""

    port: DatagramPort
    interface: Interface
    versions: frozenset[int]
    """IP versions in which it is asked."""
    identifiers: Identifiers
    tally: Tally

    async def ask_in_rounds(self, probes: Mapping[str, Probe]) -> AsyncGenerator[None]:
        """Ask its groups every question, round by round; yields after each round, so that the caller can wait."""
        for questions in question_rounds(probes):
            for question in questions:
                await self.ask_question(question)
            yield

    async def ask_question(self, question: Datagram) -> None:
        """Ask its groups and broadcast addresses one question."""
        payload = question.payload(self.identifiers.identifier_for_group())
        groups = [group for group in question.groups if (6 if ":" in group else 4) in self.versions]
        outcomes = [await self.port.multicast(payload, group, question.port, self.interface) for group in groups]
        if question.broadcast and IPV4 in self.versions:
            outcomes.append(await self.port.broadcast(payload, question.port, self.interface))
        if Outcome.OUT_OF_SCOPE in outcomes and not self.interface.loopback:
            self.tally.add_note(why_not_asked(self.interface))


def join_groups(port: DatagramPort, interface: Interface, probes: Mapping[str, Probe], tally: Tally) -> None:
    """Hear the devices that answer, or announce themselves, to their group instead of the sender."""
    wanted = {
        (group, number)
        for probe in probes.values()
        for question in probe.datagrams
        for group in question.groups
        for number in probe.listen_ports
        if interface.ipv6_link_local or ":" not in group
    }
    for trouble in port.join(interface, sorted(wanted)):
        tally.add_note(f"answers to a group cannot be received: {trouble}")


async def overhear_link(interface: Interface, seconds: float, hear: Callable[[Reply], None], tally: Tally) -> None:
    """Listen with camscan-link, where it may listen."""
    try:
        async with contextlib.aclosing(link.listen(interface.name, seconds=seconds)) as replies:
            async for reply in replies:
                hear(reply)
    except link.Unavailable as error:
        tally.add_note(f"only group traffic was heard on {interface.name} ({error})")


async def ask_layer2(interface: Interface, seconds: float, hear: Callable[[Reply], None], tally: Tally) -> None:
    """Send Hikvision's inquiry below IP: it finds units whose address belongs to another subnet."""
    try:
        async with contextlib.aclosing(link.sadp_layer2(interface.name, seconds=seconds)) as replies:
            async for reply in replies:
                hear(reply)
    except link.Unavailable as error:
        tally.note_missing(
            error,
            f"no layer-2 inquiry on {interface.name} ({error}): Hikvision units with a wrong address may be missed",
        )
