"""Turns an exchange into an attempt, as a scan makes it: the probe's parser reads the reply."""

from __future__ import annotations

from camscan.enrich import Exchange, Session
from camscan.model import Attempt, Outcome, Reply
from camscan.probes import Probe, read_reply


def attempt_of(probe: Probe, session: Session, exchange: Exchange) -> Attempt:
    """Read the reply with the probe's parser. An exchange without a reply keeps its outcome and detail."""
    answer = exchange.answer
    if answer.outcome is not Outcome.ANSWERED:
        return Attempt(probe.name, session.box.ip, answer.port, answer.outcome, detail=answer.detail)
    return read_reply(probe, Reply(probe.name, answer.payload, session.box.ip, answer.port))
