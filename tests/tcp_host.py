"""A host that answers from a table and remembers what it was asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from examples import examples

from camscan.model import Outcome
from camscan.net.host import Answer
from camscan.probes import Facts, Probe, Seen

FUZZ = examples(200)


@dataclass
class FakeHost:
    """Answers each (port, start of the request) with the next of its replies; anything else is refused."""

    ip: str = "192.0.2.7"
    replies: Mapping[tuple[int, bytes], bytes] = field(default_factory=dict)
    asked: list[tuple[str, int, bytes]] = field(default_factory=list)

    def _answer(self, how: str, port: int, request: bytes) -> Answer:
        self.asked.append((how, port, request))
        for (where, start), payload in self.replies.items():
            if where == port and request.startswith(start):
                return Answer(port, Outcome.ANSWERED, payload)
        return Answer(port, Outcome.REFUSED)

    async def exchange(self, port: int, request: bytes, *, until: bytes = b"", limit: int = 65536) -> Answer:
        assert until or limit
        return self._answer("tcp", port, request)

    async def http(self, port: int, request: bytes, *, limit: int = 65536) -> Answer:
        assert limit
        return self._answer("http", port, request)

    async def certificate(self, port: int) -> Answer:
        return self._answer("tls", port, b"")


def seen(
    maker: str | None = None, spoken: Mapping[str, tuple[int, ...]] | None = None, **facts: str | tuple[str, ...]
) -> Seen:
    """What is known, with ``__`` for the dot of a key."""
    known = {key.replace("__", "."): (value,) if isinstance(value, str) else value for key, value in facts.items()}
    return Seen(known, maker, spoken=spoken or {})


async def ask_all(probe: Probe, host: FakeHost, port: int, known: Seen) -> list[Answer]:
    """The answers of a conversation in which nothing becomes complete on the way."""
    assert probe.ask
    assert probe.follow
    answers = list(await probe.ask(host, port, known))
    return [*answers, *await probe.follow(host, answers[-1], known)] if answers else []


def values(facts: Facts, key: str) -> list[str]:
    return [fact.value for fact in facts if fact.key == key]
