"""Slower where the pace is to blame, not where it is not, and never above it; on a clock of the test's own."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camscan.net.backoff import ENOUGH, LEAST, Backoff, Strain
from camscan.net.system.linux.links import tracked_share


class Network:
    """Loses what is sent above ``limit`` packets a second, and ``loss`` of the rest."""

    def __init__(self, limit: float, loss: float = 0.0, *, conntrack: Path = Path("/nonexistent")) -> None:
        self.limit, self.loss = limit, loss
        self.now = 50.0
        self.factors: list[float] = []
        self.backoff = Backoff(self.factors.append, clock=lambda: self.now, tracked=lambda: tracked_share(conntrack))
        self.random = random.Random(1)

    def run(self, pace: float, seconds: float, strain: Strain = Strain.LOSS) -> None:
        end = self.now + seconds
        while self.now < end:
            rate = pace * self.backoff.factor
            through = min(1.0, self.limit / rate) * (1 - self.loss)
            self.now += 1 / rate
            self.backoff.note(strain, self.random.random() >= through)


def test_a_network_that_keeps_up_is_left_at_the_pace() -> None:
    network = Network(limit=1e9, loss=0.05)
    network.run(500, 60)
    assert network.factors == []
    assert network.backoff.lowest == {}


@pytest.mark.parametrize("strain", [Strain.LOSS, Strain.PROHIBITED, Strain.LOCAL])
def test_the_pace_is_lowered_to_what_gets_through(strain: Strain) -> None:
    network = Network(limit=100)
    network.run(800, 60, strain)
    assert network.factors[:3] == [0.5, 0.25, 0.125]
    late = network.factors[5:]
    assert max(late) * 800 <= 100 * 2  # what AIMD tries above the limit, it takes back
    assert network.backoff.lowest[strain] <= 0.125
    assert min(late) >= LEAST


def test_the_pace_comes_back_and_never_goes_above_it() -> None:
    network = Network(limit=100)
    network.run(400, 20)
    assert network.backoff.factor < 0.5
    network.limit = 1e9
    network.run(400, 40)
    assert network.backoff.factor == 1.0
    assert max(network.factors) == 1.0


@pytest.mark.parametrize("loss", [0.2, 0.36, 0.6])
def test_loss_that_no_pace_cures_costs_a_few_seconds_and_is_reported(loss: float) -> None:
    network = Network(limit=1e9, loss=loss)
    network.run(500, 60)
    assert network.backoff.factor == 1.0
    assert network.backoff.tolerated == pytest.approx(loss, abs=0.15)
    assert network.backoff.lowest == {}
    # It is tried, found useless, and not tried again and again.
    assert len([factor for factor in network.factors if factor < 1]) <= 6


def test_a_firewall_that_always_refuses_is_not_crept_along_for_ever() -> None:
    network = Network(limit=1e9)
    for _ in range(120):  # it tells of one packet a second, however many there are
        network.now += 1
        network.backoff.note(Strain.PROHIBITED, 1)
    assert min(network.factors) <= 0.125
    assert network.backoff.factor == 1.0
    assert len(network.factors) <= 6


def test_a_lossy_network_can_still_be_too_slow() -> None:
    network = Network(limit=1e9, loss=0.2)
    network.run(500, 20)
    network.limit = 50
    network.run(500, 20)
    assert network.backoff.factor * 500 < 200


def test_a_few_packets_prove_nothing() -> None:
    network = Network(limit=1e9)
    for _ in range(ENOUGH - 1):
        network.now += 10
        network.backoff.note(Strain.LOSS, 1)
    assert network.factors == []


@given(st.lists(st.tuples(st.sampled_from(list(Strain)), st.booleans(), st.floats(0, 3)), max_size=300))
def test_whatever_happens_the_factor_stays_in_its_bounds(events: list[tuple[Strain, bool, float]]) -> None:
    network = Network(limit=1)
    for strain, trouble, later in events:
        network.now += later
        network.backoff.note(strain, 30 * trouble, 30)
        assert LEAST <= network.backoff.factor <= 1


def conntrack(where: Path, count: int, most: int) -> Path:
    (where / "nf_conntrack_count").write_text(f"{count}\n")
    (where / "nf_conntrack_max").write_text(f"{most}\n")
    return where


def test_a_full_table_of_connections_slows_down_until_it_has_room(tmp_path: Path) -> None:
    network = Network(limit=1e9, conntrack=conntrack(tmp_path, 950, 1000))
    network.run(500, 5)
    assert network.backoff.factor <= 0.25
    assert Strain.TABLE in network.backoff.lowest
    conntrack(tmp_path, 850, 1000)
    held = network.backoff.factor
    network.run(500, 5)
    assert network.backoff.factor == held
    conntrack(tmp_path, 100, 1000)
    network.run(500, 40)
    assert network.backoff.factor == 1.0


@pytest.mark.parametrize(
    ("prepare", "use"),
    [
        (lambda where: conntrack(where, 1, 4), 0.25),
        (lambda where: conntrack(where, 1, 0), 0.0),
        (lambda where: where, 0.0),
        (lambda where: where / "none", 0.0),
    ],
)
def test_how_full_the_table_is(prepare: Callable[[Path], Path], use: float, tmp_path: Path) -> None:
    assert tracked_share(prepare(tmp_path)) == use
