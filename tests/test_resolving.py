"""The bound on addresses that wait for ARP, on a clock of the test's own."""

from camscan.net.resolving import LIFETIME, Resolving


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
