# SPDX-FileCopyrightText: 2026 the camscan authors
# SPDX-License-Identifier: GPL-2.0-only
"""The beginnings of TCP conversations, put into order within bounds. Pure.

A conversation begins with the SYN-ACK, which has both first sequence numbers; if a capture began later, with a segment
that plainly is an answer. Only the server's bytes are kept, and the first lines of the client's questions. Bytes that
come twice count once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from camscan.link import talk

SYN_ACK, ACK, FIN, RESET = 0x12, 0x10, 0x01, 0x04
END = FIN | RESET
ROUND = 1 << 32
AHEAD = 1 << 18
"""How many bytes a segment may be ahead of the others: more is another conversation, or made up."""
MOST_HELD = 32
"""The most segments of one conversation that wait for one before them."""
MOST_TALKS = 8192
MOST_BYTES = 32 << 20
PATIENCE = 120.0
"""Seconds of the capture's own time after which a silent conversation has ended."""


@dataclass(slots=True)
class Flow:
    """One TCP conversation so far."""

    talk: talk.Talk
    expected: int
    """The sequence number of the server's next byte."""
    next_question: int
    """The sequence number of the client's next byte; -1 if none was seen."""
    keys: tuple[bytes, bytes]
    """The keys of the server's segments and of the client's segments: sender and receiver."""
    began: bool = False
    """Whether the SYN-ACK was seen."""
    held: dict[int, bytes] = field(default_factory=dict)
    size: int = 0
    """Bytes in memory: those that wait for others, and those of an answer that is not complete."""


@dataclass(slots=True)
class Streams:
    """The conversations that have not ended."""

    within: Callable[[bytes], bool] | None = None
    """Whether a server's address (as bytes) counts; None if all do."""
    given_up: int = 0
    """Conversations that were dropped to make room for others."""
    _flows: dict[bytes, tuple[Flow, bool]] = field(default_factory=dict)
    """Key of a segment, with addresses and ports -> its conversation, and whether the server sent the segment."""
    _order: dict[bytes, Flow] = field(default_factory=dict)
    """The server's key -> conversation, the one that was silent longest first."""
    size: int = 0
    """Bytes in memory."""

    @property
    def count(self) -> int:
        """How many conversations have not ended."""
        return len(self._order)

    def is_of_interest(self, key: bytes, frame: bytes, at: int) -> bool:
        """Whether the segment at ``at`` belongs to a conversation, or begins one: all others are dropped at once."""
        if key in self._flows or frame[at + 13] & (SYN_ACK | END) == SYN_ACK:
            return True
        return talk.is_beginning(frame, at + 4 * (frame[at + 12] >> 4))

    def take(self, key: bytes, segment: bytes, when: float, is_whole: bool) -> Iterable[talk.ServerAnswer]:
        """Take one TCP segment, and return the answers that it completes.

        ``key`` has both addresses and both ports, the sender's first.
        """
        known = self._flows.get(key)
        start = (segment[12] >> 4) * 4
        if known is None:
            return self._begin_stream(key, segment, start, when, is_whole)
        flow, is_servers = known
        if is_servers:
            return self._add_answer(flow, segment, start, when, is_whole)
        if segment[13] & RESET:
            return self._end_stream(flow)
        self._add_question(flow, segment, start)
        return ()

    def close(self) -> Iterator[talk.ServerAnswer]:
        """End all conversations, and return the answers that are left."""
        for flow in list(self._order.values()):
            yield from self._end_stream(flow)

    def expire(self, now: float) -> Iterator[talk.ServerAnswer]:
        """End conversations that were silent for long, and return the answers that are left."""
        for flow in list(self._order.values()):
            if now - flow.talk.when < PATIENCE:
                return
            yield from self._end_stream(flow)

    def _begin_stream(
        self, key: bytes, segment: bytes, start: int, when: float, is_whole: bool
    ) -> Iterable[talk.ServerAnswer]:
        is_first = segment[13] & (SYN_ACK | END) == SYN_ACK
        if not is_first and not talk.is_beginning(segment, start):
            return ()
        half = (len(key) - 4) // 2
        if self.within and not self.within(key[:half]):
            return ()
        back = key[half : 2 * half] + key[:half] + key[-2:] + key[-4:-2]
        number, next_asked = int.from_bytes(segment[4:8], "big"), int.from_bytes(segment[8:12], "big")
        port = int.from_bytes(key[-4:-2], "big")
        flow = Flow(
            talk.Talk(key[:half], port, when), (number + is_first) % ROUND, next_asked, (key, back), began=is_first
        )
        old = self._flows.get(back)
        said = list(self._end_stream(old[0])) if old else []
        self._flows[key], self._flows[back], self._order[key] = (flow, True), (flow, False), flow
        if not is_first:
            said += self._add_answer(flow, segment, start, when, is_whole)
        return [*said, *self._make_room()]

    def _add_question(self, flow: Flow, segment: bytes, start: int) -> None:
        number = int.from_bytes(segment[4:8], "big")
        if flow.began and not flow.talk.is_proven and segment[13] & SYN_ACK == ACK:
            taken = int.from_bytes(segment[8:12], "big")
            flow.talk.is_proven = (flow.expected - taken) % ROUND < AHEAD and number == flow.next_question
        if len(segment) > start and (number - flow.next_question) % ROUND < AHEAD:
            flow.next_question = (number + len(segment) - start) % ROUND
            flow.talk.ask(segment[start : start + talk.LONGEST_LINE])

    def _add_answer(
        self, flow: Flow, segment: bytes, start: int, when: float, is_whole: bool
    ) -> Iterable[talk.ServerAnswer]:
        is_end = bool(segment[13] & END)
        if len(segment) <= start:
            return self._end_stream(flow) if is_end and not flow.held else ()
        flow.talk.when = when
        key = flow.keys[0]
        if key in self._order:
            self._order[key] = self._order.pop(key)
        before = flow.size
        said = list(self._put_in_order(flow, int.from_bytes(segment[4:8], "big"), segment[start:]))
        flow.size = flow.talk.size + sum(map(len, flow.held.values()))
        self.size += flow.size - before
        if flow.talk.is_over or (is_end and not flow.held) or not is_whole:
            said += self._end_stream(flow)
        return [*said, *self._make_room()] if self.size > MOST_BYTES else said

    def _put_in_order(self, flow: Flow, number: int, data: bytes) -> Iterator[talk.ServerAnswer]:
        """Put bytes in their place: the next are handed on, early ones wait, repeated ones are skipped."""
        ahead = (number - flow.expected) % ROUND
        if ahead >= ROUND // 2:
            data = data[ROUND - ahead :]
        elif ahead:
            if ahead < AHEAD and len(flow.held) < MOST_HELD:
                flow.held.setdefault(number, data)
            return
        while data and not flow.talk.is_over:
            flow.expected = (flow.expected + len(data)) % ROUND
            yield from flow.talk.hear(data)
            data = self._held_next(flow)

    @staticmethod
    def _held_next(flow: Flow) -> bytes:
        for number in list(flow.held):
            behind = (flow.expected - number) % ROUND
            if behind < ROUND // 2:
                data = flow.held.pop(number)[behind:]
                if data:
                    return data
        return b""

    def _make_room(self) -> Iterator[talk.ServerAnswer]:
        while len(self._order) > MOST_TALKS or (self.size > MOST_BYTES and self._order):
            self.given_up += 1
            yield from self._end_stream(next(iter(self._order.values())))

    def _end_stream(self, flow: Flow) -> Iterator[talk.ServerAnswer]:
        if self._order.pop(flow.keys[0], None) is None:
            return
        self.size -= flow.size
        for key in flow.keys:
            self._flows.pop(key, None)
        yield from flow.talk.close()
