"""Which conversations a device is asked for, and which once more. Nothing is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import cast

import pytest

from camscan import fingerprints
from camscan.model import Attempt, Observation, Outcome
from camscan.net.door import Door
from camscan.net.host import Answer, Host
from camscan.probes import Seen, load
from camscan.scan.state import ScanState
from camscan.scan.tcp import Conversations, ask_each

UNIT = "10.9.0.3"
WHEN = datetime(2026, 11, 2, tzinfo=UTC)


@dataclass
class Network:
    """Stands in for the door and for its one address: says what becomes of each connection."""

    outcomes: dict[int, list[Outcome]]
    """Port -> what becomes of one connection after the other; refused when there is none left."""
    asked: list[int] = field(default_factory=list)
    followed: list[int] = field(default_factory=list)
    """Ports whose answer led to another question."""
    meanwhile: Callable[[], object] = lambda: None
    """What happens while a connection stands."""
    hangs_on: int = 0
    """Port on which connections are left hanging, until nothing more is awaited."""
    is_given_up: bool = False
    is_attached: bool = True

    def on_link(self, _ip: str) -> bool:
        return self.is_attached

    def host(self, _ip: str) -> Network:
        return self

    async def ask(self, _host: Host, port: int, _seen: Seen) -> Sequence[Answer]:
        self.asked.append(port)
        self.meanwhile()
        if port == self.hangs_on:
            self.is_given_up = True
            return [Answer(port, Outcome.TIMED_OUT, has_hung=True)]
        left = self.outcomes.get(port)
        return [Answer(port, left.pop(0) if left else Outcome.REFUSED, b"HTTP/1.0 200 OK\r\n\r\n")]

    async def follow(self, _host: Host, last: Answer, _seen: Seen) -> Sequence[Answer]:
        if last.outcome is not Outcome.ANSWERED:
            return []
        self.followed.append(last.port)
        return [Answer(last.port, Outcome.CLOSED)]


def conversations(network: Network, state: ScanState | None = None) -> Conversations:
    state = state or ScanState(fingerprints.load_database())
    probe = replace(load()["http"], ports=(80, 443, 8080), ask=network.ask, follow=network.follow)

    def read(name: str, payload: bytes, ip: str, port: int, detail: str) -> None:
        state.record(Attempt(name, ip, port, Outcome.ANSWERED, payload=payload, detail=detail))

    return Conversations(cast("Door", network), {"http": probe}, state, {}, read)


COMPLETE = Attempt(
    *("sadp", UNIT, 37020, Outcome.ANSWERED),
    tuple(
        Observation(UNIT, 37020, "sadp", f"sadp.{key}", value, WHEN)
        for key, value in {
            "type": "ProbeMatch/inquiry",
            "model": "DS-2CD2385G1-I",
            "serial": "DS-2CD2385G1-I20190102AAWRC00000001",
            "firmware": "V5.5.82build 190220",
        }.items()
    ),
    payload=b"<ProbeMatch>",
    seen_at=WHEN,
)
"""Says all that is asked for."""


async def test_only_what_was_lost_is_asked_again() -> None:
    network = Network({80: [Outcome.TIMED_OUT], 443: [Outcome.TIMED_OUT, Outcome.ANSWERED], 8080: [Outcome.ANSWERED]})
    asking = conversations(network)
    await asking.hold(UNIT)
    assert network.asked == [80, 443, 8080]
    await asking.hold_lost_again(UNIT)
    assert network.asked[3:] == [80, 443]
    await asking.hold_lost_again(UNIT)
    assert len(network.asked) == 5


async def test_where_nothing_lives_nothing_was_lost() -> None:
    network = Network({port: [Outcome.TIMED_OUT] for port in (80, 443, 8080)})
    asking = conversations(network)
    await asking.hold(UNIT)
    await asking.hold_lost_again(UNIT)
    assert network.asked == [80, 443, 8080]


@pytest.mark.parametrize(("attached", "again"), [(True, [80, 443, 8080]), (False, [])])
async def test_a_unit_that_did_not_answer_arp_this_time_is_asked_everything_again(
    again: list[int], *, attached: bool
) -> None:
    network = Network({80: [Outcome.UNREACHABLE]}, is_attached=attached)
    state = ScanState(fingerprints.load_database())
    state.record(Attempt("mac", UNIT, 0, Outcome.ANSWERED, payload=b"44:19:b6:00:00:03"))
    asking = conversations(network, state)
    await asking.hold(UNIT)
    assert network.asked == [80]
    await asking.hold_lost_again(UNIT)
    assert network.asked[1:] == again
    await asking.hold_lost_again(UNIT)
    assert len(network.asked) == 1 + len(again)


async def test_conversations_go_on_where_they_stopped() -> None:
    network = Network({80: [Outcome.ANSWERED], 443: [Outcome.ANSWERED]})
    asking = conversations(network)
    await asking.hold(UNIT)
    await asking.hold(UNIT)
    assert network.asked == [80, 443, 8080]
    asking.finish(UNIT)
    await asking.hold(UNIT)
    assert network.asked[3:] == [80, 443, 8080]


async def test_an_answer_leads_to_one_question_more() -> None:
    network = Network({443: [Outcome.ANSWERED]})
    await conversations(network).hold(UNIT)
    assert (network.asked, network.followed) == ([80, 443, 8080], [443])


async def test_an_answer_leads_no_further_once_all_is_known() -> None:
    network = Network({port: [Outcome.ANSWERED] for port in (80, 443, 8080)})
    state = ScanState(fingerprints.load_database())
    asking = conversations(network, state)
    network.meanwhile = lambda: state.record(COMPLETE)
    await asking.hold(UNIT)
    assert (network.asked, network.followed) == ([80], [])
    network.meanwhile = lambda: False
    state.doubt(UNIT, ["sadp"])
    await asking.hold(UNIT)
    assert (network.asked, network.followed) == ([80, 443, 8080], [80, 443, 8080])


@pytest.mark.parametrize(
    ("told", "asked"),
    [
        ({"sadp.type", "sadp.model", "sadp.serial"}, [80]),  # confirmed
        ({"sadp.field"}, [80, 443, 8080]),
    ],
)
async def test_whose_maker_is_confirmed_is_asked_on_no_other_port_in_a_protocol_that_it_speaks(
    told: set[str], asked: list[int]
) -> None:
    network = Network({port: [Outcome.ANSWERED] for port in (80, 443, 8080)})
    state = ScanState(fingerprints.load_database())
    state.record(replace(COMPLETE, observations=tuple(seen for seen in COMPLETE.observations if seen.key in told)))
    await conversations(network, state).hold(UNIT)
    assert network.asked == asked


async def test_a_port_that_the_device_or_the_operator_named_is_asked_all_the_same() -> None:
    network = Network({port: [Outcome.ANSWERED] for port in (80, 443, 8080, 8081)})
    state = ScanState(fingerprints.load_database())
    known = [seen for seen in COMPLETE.observations if seen.key != "sadp.firmware"]
    named = known[0]._replace(key="sadp.http_port", value="8081")
    state.record(replace(COMPLETE, observations=(*known, named)))
    await conversations(network, state).hold(UNIT)
    assert network.asked == [8081]
    chosen = replace(conversations(network, state), ports={"http": (443, 8080)})
    await chosen.hold(UNIT)
    assert network.asked[1:] == [8081, 443, 8080]


async def test_who_has_left_connections_hanging_for_long_enough_is_left_alone() -> None:
    network = Network({80: [Outcome.ANSWERED]}, hangs_on=443)
    asking = conversations(network)
    await asking.hold(UNIT)
    assert network.asked == [80, 443]


async def test_each_is_asked_once_and_never_more_than_so_many_at_a_time() -> None:
    now, most, done = 0, 0, []

    async def ask(ip: str) -> None:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0)
        now -= 1
        done.append(ip)

    await ask_each([str(number) for number in range(10)], ask, 3)
    assert (most, sorted(done)) == (3, [str(number) for number in range(10)])
    await ask_each([], ask, 3)
