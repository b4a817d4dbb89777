"""How long an answer is awaited, on a clock of the test's own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camscan.net.pace import FAST, GENTLE, PACES, Pace
from camscan.net.timing import SYN_REPEAT, RoundTrip, Timing, subnet

HERE, BESIDE, ELSEWHERE = "10.1.2.3", "10.1.2.200", "10.9.9.9"


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_the_estimate_is_that_of_rfc_6298() -> None:
    trip = RoundTrip()
    trip.observe(0.4)
    assert (trip.smoothed, trip.variation) == (0.4, 0.2)
    trip.observe(0.8)
    assert trip.variation == pytest.approx(0.75 * 0.2 + 0.25 * 0.4)
    assert trip.smoothed == pytest.approx(0.875 * 0.4 + 0.125 * 0.8)
    assert trip.wait == pytest.approx(trip.smoothed + 4 * trip.variation)


@given(st.sampled_from(list(PACES.values())), st.lists(st.floats(0, 20), max_size=20))
def test_waits_stay_within_the_pace(pace: Pace, trips: list[float]) -> None:
    clock = Clock()
    timing, own = Timing(pace, clock=clock), RoundTrip()
    for seconds in trips:
        timing.note_connection(HERE, seconds, own)
        timing.note_question(HERE)
        clock.now += seconds
        timing.note_answer(HERE)
    assert pace.connect_least <= timing.connect(BESIDE, RoundTrip()) <= pace.connect_most
    assert pace.settle <= timing.settle(BESIDE) <= pace.answer_timeout
    assert pace.connect_least > SYN_REPEAT  # a SYN that is lost once loses no camera
    assert pace.connect_least <= pace.connect_timeout <= pace.connect_most


def test_a_quick_subnet_is_waited_for_less_and_a_slow_one_longer() -> None:
    timing = Timing(GENTLE)
    assert timing.connect(HERE, RoundTrip()) == GENTLE.connect_timeout
    timing.note_connection(HERE, 0.005, RoundTrip())
    assert timing.connect(BESIDE, RoundTrip()) == GENTLE.connect_least
    assert timing.connect(ELSEWHERE, RoundTrip()) == GENTLE.connect_timeout
    for _ in range(20):
        timing.note_connection(ELSEWHERE, 1.9, RoundTrip())
    assert timing.connect("10.9.9.1", RoundTrip()) > GENTLE.connect_timeout - 0.1


def test_where_no_lost_syn_is_reckoned_with_a_quick_subnet_has_its_round_trip_and_a_strange_one_all_the_time() -> None:
    timing = Timing(FAST)
    assert timing.connect_promptly(HERE, RoundTrip()) == FAST.connect_timeout
    timing.note_connection(HERE, 0.002, RoundTrip())
    assert timing.connect_promptly(BESIDE, RoundTrip()) == FAST.settle
    slow = RoundTrip()
    slow.observe(0.9)
    assert FAST.settle < timing.connect_promptly(BESIDE, slow) <= FAST.connect_most


def test_a_slow_device_among_quick_ones_has_its_own_time() -> None:
    timing, own = Timing(FAST), RoundTrip()
    for _ in range(50):
        timing.note_connection(HERE, 0.002, RoundTrip())
    timing.note_connection(BESIDE, 0.9, own)
    assert timing.connect(BESIDE, own) == FAST.connect_most
    assert timing.connect(HERE, RoundTrip()) < FAST.connect_most


def test_datagrams_that_take_two_seconds_are_given_them() -> None:
    clock = Clock()
    timing = Timing(FAST, clock=clock)
    assert timing.settle(HERE) == FAST.settle
    timing.note_question(HERE)
    clock.now += 0.4
    timing.note_question(HERE)  # the first one may have been lost
    clock.now += 1.6
    timing.note_answer(HERE)
    timing.note_answer(HERE)  # a second answer tells nothing
    assert timing.answer(HERE) == pytest.approx(1.6)
    assert timing.settle(BESIDE) == FAST.answer_timeout
    assert timing.settle(ELSEWHERE) == FAST.settle


@pytest.mark.parametrize(("slow", "waits"), [(2, FAST.settle), (10, FAST.answer_timeout)])
def test_a_few_slow_devices_do_not_make_their_neighbours_be_waited_for(slow: int, waits: float) -> None:
    clock = Clock()
    timing = Timing(FAST, clock=clock)
    for number in range(40):
        timing.note_question(HERE)
        clock.now += 2.2 if number >= 40 - slow else 0.02
        timing.note_answer(HERE)
    assert timing.settle(BESIDE) == waits


def test_what_was_asked_is_soon_forgotten() -> None:
    clock = Clock()
    timing = Timing(FAST, clock=clock)
    for number in range(10_000):
        timing.note_question(f"10.2.{number >> 8}.{number & 255}")
        clock.now += 0.01
    assert len(timing._asked) <= 502


def test_a_subnet_is_a_24_or_a_64() -> None:
    assert subnet(HERE) == subnet(BESIDE) != subnet(ELSEWHERE)
    assert subnet("fd00:1:2:3:4:5:6:7") == subnet("fd00:1:2:3::9")
    assert subnet("fe80::1%eth0") == subnet("fe80::1")


def test_only_among_quick_answers_is_a_missing_one_taken_for_lost() -> None:
    clock = Clock()
    timing = Timing(GENTLE, clock=clock)
    for ip, seconds in ((HERE, 0.01), (ELSEWHERE, 2.0), ("10.9.9.10", 0.01), (BESIDE, 0.9)):
        timing.note_question(ip)
        clock.now += seconds
        timing.note_answer(ip)
    assert timing.is_quick(HERE)
    assert not timing.is_quick(BESIDE)  # itself slow
    assert not timing.is_quick("10.9.9.10")  # among slow ones: it may have answered the question before
    assert not timing.is_quick("10.1.2.77")  # has answered nothing
