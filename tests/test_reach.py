"""Which addresses are asked, and by which way."""

from __future__ import annotations

import pytest

from camscan import reach
from camscan.coverage import Tally
from camscan.net import link
from camscan.net.door import Door
from camscan.net.pace import FAST
from camscan.net.route import Route
from camscan.net.scope import Scope
from camscan.net.span import Span
from camscan.net.target import parse_targets


async def test_loopback_is_never_handed_to_the_raw_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    everywhere = Span(4, 0, 2**32 - 1)
    targets = parse_targets(["127.20.0.1-127.20.0.3"])
    async with Door(Scope(targets.networks), FAST) as door:
        others = [one.name for one in door.interfaces if not one.loopback] or ["none"]
        monkeypatch.setattr(reach, "routes", lambda: [Route(others[0], "192.0.2.1", everywhere, 0, 0)])

        def refuse(*_arguments: object, **_options: object) -> object:
            raise AssertionError("a raw sweep was started")

        monkeypatch.setattr(link, "syn_sweep", refuse)
        tally = Tally()
        ways = reach.Reach(door, targets, tally, lambda _ip, _mac: None, lambda _ip: None)
        assert [ip async for ip in ways.addresses()] == ["127.20.0.1", "127.20.0.2", "127.20.0.3"]
        assert tally.notes == []
