"""The simulated estate, each of whose units takes so many seconds for every answer: ``slow_estate.py SECONDS …``.

The other arguments are those of ``python -m camscan.demo``. The handshake of TCP is the kernel's, and as quick as ever.
"""

from __future__ import annotations

import asyncio
import dataclasses
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from camscan.demo.__main__ import main
from camscan.demo.device import Question, Reply, Unit
from camscan.demo.tcp import Connection
from camscan.demo.udp import Address, UnitSocket


def slow_down(seconds: float) -> None:
    """Let every answer over TCP, and every one over UDP, wait."""
    at_once = Connection.send
    hear = UnitSocket.answer_question

    async def send(self: Connection, payload: bytes) -> None:
        await asyncio.sleep(seconds)
        await at_once(self, payload)

    def heard(self: UnitSocket, question: Question, sender: Address) -> None:
        def answer(unit: Unit, asked: Question) -> list[Reply]:
            return [dataclasses.replace(reply, delay=reply.delay + seconds) for reply in service.answer(unit, asked)]

        service = self.service
        self.service = dataclasses.replace(service, answer=answer)
        try:
            hear(self, question, sender)
        finally:
            self.service = service

    Connection.send = send  # type: ignore[method-assign]  # what this file is for
    UnitSocket.answer_question = heard  # type: ignore[method-assign]


if __name__ == "__main__":
    slow_down(float(sys.argv.pop(1)))
    main()
