"""What is asked of, and heard on, whole links: groups, broadcast, the layer below IP. Beside the sweep of addresses."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import AsyncGenerator, Callable, Mapping
from uuid import uuid4

from camscan.model import Outcome, Reply
from camscan.net import link
from camscan.net.datagram import DatagramPort
from camscan.net.interface import Interface
from camscan.probes import Datagram, Probe
from camscan.scan.coverage import Tally

FEWEST = 2
"""How often a question that has only one form is put: one may be lost."""

NOT_ATTACHED = (
    "nothing was asked by multicast: no target subnet is attached to this machine; units that answer only there, and "
    "units with a factory address, are found from a machine on their own subnet"
)


def rounds(probes: Mapping[str, Probe]) -> list[list[Datagram]]:
    """Every form of every question once, and a question that has only one form twice; a list for each round."""
    lists = [
        [question for question in probe.datagrams if question.groups or question.broadcast] for probe in probes.values()
    ]
    lists = [questions * FEWEST if len(questions) == 1 else questions for questions in lists]
    return [[one for one in each if one is not None] for each in itertools.zip_longest(*lists)]


async def ask(port: DatagramPort, interface: Interface, question: Datagram, tally: Tally) -> None:
    """Put one question to its groups, and to the broadcast addresses, of one link."""
    payload = question.payload(uuid4())
    outcomes = [await port.multicast(payload, group, question.port, interface) for group in question.groups]
    if question.broadcast:
        outcomes.append(await port.broadcast(payload, question.port, interface))
    if Outcome.OUT_OF_SCOPE in outcomes and not interface.loopback:
        tally.note(
            f"not everything was asked by multicast and broadcast on {interface.name}: its subnet is not wholly in "
            "scope"
        )


async def ask_in_rounds(
    port: DatagramPort, interface: Interface, probes: Mapping[str, Probe], tally: Tally
) -> AsyncGenerator[None]:
    """Put every question to its groups on one link, round by round; yields after each, for the caller to wait."""
    for questions in rounds(probes):
        for question in questions:
            await ask(port, interface, question, tally)
        yield


def join(port: DatagramPort, interface: Interface, probes: Mapping[str, Probe], tally: Tally) -> None:
    """Hear the devices that answer, or announce themselves, to their group instead of the asker."""
    wanted = {
        (group, number)
        for probe in probes.values()
        for question in probe.datagrams
        for group in question.groups
        for number in probe.listen_ports
        if interface.ipv6_link_local or ":" not in group
    }
    for trouble in port.join(interface, sorted(wanted)):
        tally.note(f"answers to a group cannot be heard: {trouble}")


async def overhear(interface: Interface, seconds: float, hear: Callable[[Reply], None], tally: Tally) -> None:
    """Listen with camscan-link, where it may listen there."""
    try:
        async with contextlib.aclosing(link.listen(interface.name, seconds=seconds)) as replies:
            async for reply in replies:
                hear(reply)
    except link.Unavailable as error:
        tally.note(f"only group traffic was heard on {interface.name} ({error})")


async def ask_layer2(interface: Interface, seconds: float, hear: Callable[[Reply], None], tally: Tally) -> None:
    """Put Hikvision's inquiry below IP: it finds units whose address belongs to another subnet."""
    try:
        async with contextlib.aclosing(link.sadp_layer2(interface.name, seconds=seconds)) as replies:
            async for reply in replies:
                hear(reply)
    except link.Unavailable as error:
        tally.note(
            f"no layer-2 inquiry on {interface.name} ({error}): Hikvision units with a wrong address may be missed"
        )
