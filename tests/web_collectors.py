"""Collectors in every state, what they were asked for and parcels, beside the register of ``web_estate``."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from camscan.app.workspace import Workspace
from camscan.store import open_store
from camscan.store.collectors import Collectors, State
from camscan.store.errands import Errand, Errands
from camscan.store.parcels import LOST, RECORDED, REFUSED, WAITING, ArrivedParcel, Parcels

NAMES = ("Approved", "Waiting", "Invited", "Stopped", "Revoked", "Silent")
"""Of the collectors 1 to 6; the 7th is hostile."""
ROLE = "ICT"


def key_of(number: int) -> bytes:
    """The public key of the ``number``-th, as far as the store sees it."""
    return bytes([number]) * 32


def add(space: Workspace, hostile: str, site: str) -> None:
    """Add collectors and parcels beside the register."""
    now = datetime.now(UTC)
    with open_store(space.where) as store:
        collectors = Collectors(store)
        for number, name in enumerate((*NAMES, hostile), 1):
            code = f"{number:032x}"
            made = collectors.invite("".join(each for each in name if each.isprintable()), [site], code, ROLE, now)
            if name == "Invited":
                continue
            collectors.enrol(code, key_of(number), now)
            if name != "Waiting":
                state = {"Stopped": State.STOPPED, "Revoked": State.REVOKED}.get(name, State.APPROVED)
                collectors.set_state(made.number, state, ROLE)
            said = {"version": "0.0.9", "edition": "2026-01-01", "spool": "3400000", "error": "the disk is full"}
            heard = {**said, "version": hostile, "error": hostile} if name == hostile else said
            hear(space, number, now - timedelta(hours=3 if name == "Silent" else 0), heard)
        _errands(Errands(store), now, hostile, site)
        _parcels(Parcels(store), now, hostile)


def hear(space: Workspace, number: int, when: datetime, said: dict[str, str]) -> None:
    """A collector has asked, and said this of itself."""
    asked = text("UPDATE service_collector SET seen_at = :at, said = :said WHERE number = :number")
    with open_store(space.where) as store, store.writing() as connection:
        connection.execute(asked, {"at": when.astimezone(UTC).isoformat(), "said": json.dumps(said), "number": number})


def _errands(errands: Errands, now: datetime, hostile: str, site: str) -> None:
    for number, state in enumerate(("done", "refused", "waiting", "begun", "failed")):
        made = now - timedelta(days=5 - number)
        why = hostile if state == "failed" else "outside its hours" if state == "refused" else ""
        errands.keep(
            Errand(
                id=f"0199{number:028x}",
                key=key_of(1),
                site=site,
                made_at=made,
                ends_at=made + timedelta(days=2),
                state=state,
                why=why,
            )
        )


def _parcels(parcels: Parcels, now: datetime, hostile: str) -> None:
    for number, (scan_id, state, why, key) in enumerate(
        (
            ("scan-1", RECORDED, "", key_of(1)),
            ("scan-2", RECORDED, "", key_of(99)),  # believed once
            ("0199-a", WAITING, "", key_of(1)),
            ("0199-b", WAITING, "", key_of(5)),
            ("0199-c", WAITING, "the disk is full", key_of(6)),
            ("0199-d", REFUSED, hostile, key_of(7)),
            ("0199-e", LOST, "its file was lost at the centre; send it again", key_of(1)),
        )
    ):
        found = ArrivedParcel(
            scan_id=scan_id,
            digest=f"{number:064x}",
            key=key,
            arrived_at=now - timedelta(hours=number),
            dropped=12 if scan_id == "scan-1" else 0,
            state=RECORDED if state == RECORDED else WAITING,
        )
        parcels.keep(found)
        if why:
            parcels.note_failure(scan_id, why, state)
