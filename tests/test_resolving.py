"""The bound on addresses that wait for ARP, on a clock of the test's own."""

from pathlib import Path

from camscan.net.resolving import LIFETIME, Resolving
from camscan.net.system.linux.links import neighbours_lost


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


async def test_no_more_than_the_cap_wait_at_once() -> None:
    clock = Clock()
    resolving = Resolving(10, clock=clock, sleep=clock.sleep)
    entered: list[float] = []
    for number in range(100):
        await resolving.enter(f"10.0.0.{number}")
        entered.append(clock.now)
    assert max(sum(at <= other < at + LIFETIME for other in entered) for at in entered) == 10
    assert clock.now == 9 * LIFETIME


async def test_asking_again_takes_no_second_place() -> None:
    clock = Clock()
    resolving = Resolving(1, clock=clock, sleep=clock.sleep)
    for _ in range(5):
        await resolving.enter("10.0.0.1")
    assert clock.now == 0


async def test_an_answer_frees_the_place_for_good() -> None:
    clock = Clock()
    resolving = Resolving(1, clock=clock, sleep=clock.sleep)
    await resolving.enter("10.0.0.1")
    resolving.settle("10.0.0.1", "10.0.0.2")
    await resolving.enter("10.0.0.3")
    await resolving.enter("10.0.0.1")
    await resolving.enter("10.0.0.2")
    assert clock.now == 0


def test_overflows_are_summed_over_the_processors(tmp_path: Path) -> None:
    statistics = tmp_path / "arp_cache"
    statistics.write_text(
        "entries  allocs   table_fulls\n000002be 000018ed 0000020b\n000002be 00000001 00000001\n", encoding="ascii"
    )
    assert neighbours_lost(statistics) == 0x20C
    assert neighbours_lost(tmp_path / "absent") == 0
    statistics.write_text("", encoding="ascii")
    assert neighbours_lost(statistics) == 0
