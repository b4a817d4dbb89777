"""Packs of answers that were released, in the store, on SQLite and on PostgreSQL."""

from __future__ import annotations

import contextlib
from datetime import UTC, date, datetime

from camscan.register import open_register
from camscan.store import open_store
from camscan.store.packs import KeptPack, release_transaction, released_packs


def test_released_packs_are_kept_in_their_order(register_at: str) -> None:
    with open_register(register_at):
        pass
    made = [
        KeptPack(f"FOI-{number}", "FOI officer", datetime(2026, 11, 23, tzinfo=UTC), date(2026, 11, 1), "0" * 64, "{}")
        for number in range(3)
    ]
    with open_store(register_at) as store:
        with release_transaction(store) as packs:
            for each in made:
                packs.keep(each)
        assert released_packs(store) == made
        with contextlib.suppress(ZeroDivisionError), release_transaction(store) as packs:
            packs.keep(made[0])
            raise ZeroDivisionError
        assert released_packs(store) == made
