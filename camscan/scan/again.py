"""What living devices have not answered is asked once more, where many packets are lost on the way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from camscan.dataclass import dataclass
from camscan.net.datagram import DatagramPort
from camscan.net.pace import Pace
from camscan.scan.questions import CORE, ROUNDS, Questions
from camscan.scan.state import ScanState
from camscan.scan.tcp import Conversations, ask_each

DATAGRAMS = 2
"""How often an address that has answered no question is asked each one by datagram again."""


@dataclass(frozen=True, slots=True)
class SecondChance:
    """The questions at the end of a scan on whose way many packets were lost."""

    state: ScanState
    questions: Questions
    conversations: Conversations
    pace: Pace
    is_wanted: Callable[[str], bool]
    """Whether an address is a target, and in scope."""

    async def ask_by_datagram(self, port: DatagramPort) -> None:
        """Ask what was not answered, and those that have said nothing several times."""
        for number in range(DATAGRAMS):
            for ip in self._silent() if number else self._unfinished():
                names = [*CORE, *self.questions.secondary_protocols(ip)]
                await self.questions.ask(port, ip, names, ROUNDS, is_counted=False)
            await asyncio.sleep(self.pace.settle)

    async def converse(self) -> None:
        """Hold the conversations whose first packets were lost."""
        await ask_each(self._unfinished(), self.conversations.hold_lost_again, self.pace.in_flight)

    def _unfinished(self) -> list[str]:
        """Living addresses of which not all is known. The silent ones come first, because they take longest."""
        living = [ip for ip in self._living() if not self.state.seen(ip).complete]
        return sorted(living, key=self.state.has_answered)

    def _silent(self) -> list[str]:
        """Those that have answered no question."""
        return [ip for ip in self._living() if not self.state.has_answered(ip)]

    def _living(self) -> list[str]:
        return list(filter(self.is_wanted, self.state.alive))
