"""Work in two processes gives what one would give, whatever becomes of the other."""

from __future__ import annotations

import os
from collections.abc import Sequence

import pytest

from camscan import system
from camscan.app.two_processes import in_two_processes

NUMBERS = list(range(200_000))
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


def said(some: Sequence[int]) -> bytes:
    return b"".join(b"%d," % number for number in some)


def test_the_halves_are_in_order() -> None:
    assert b"".join(in_two_processes(said, NUMBERS)) == said(NUMBERS)
    assert in_two_processes(said, []) == (b"", b"")


def test_the_second_half_is_made_elsewhere() -> None:
    here = os.getpid()
    told = in_two_processes(lambda some: b"%d here" % some[0] if os.getpid() == here else b"%d there" % some[0], [1, 2])
    assert told == (b"1 here", b"2 there")


def test_a_copy_that_fails_costs_only_time() -> None:
    here = os.getpid()

    def work(some: Sequence[int]) -> bytes:
        if os.getpid() != here:
            raise MemoryError
        return said(some)

    assert b"".join(in_two_processes(work, NUMBERS)) == said(NUMBERS)


def test_a_failure_here_is_reported_and_leaves_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    here, copies, fork = os.getpid(), [], os.fork

    def work(some: Sequence[int]) -> bytes:
        if os.getpid() == here:
            raise KeyError(len(some))
        return said(some)

    def counted() -> int:
        copies.append(fork())
        return copies[-1]

    monkeypatch.setattr(os, "fork", counted)
    with pytest.raises(KeyError):
        in_two_processes(work, NUMBERS)
    assert len(copies) == 1
    with pytest.raises(ChildProcessError):
        os.waitpid(copies[0], os.WNOHANG)


def test_without_fork_one_process_does_both(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "CAN_COPY_PROCESS", False)
    assert b"".join(in_two_processes(said, NUMBERS)) == said(NUMBERS)
