"""Accounts in the store: they arrive, wait, are given a role, and are kept when it ends."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sample_report import NOON

from camscan.register import open_register
from camscan.store import open_store, people
from camscan.store.account import Account
from camscan.store.database import Store
from camscan.store.people import WAITS, People

SOMEBODY = Account(issuer="https://sign-in.example.gov.uk", subject="248289761001")
OTHER = Account(issuer="https://other.example", subject="248289761001")


@pytest.fixture
def store(register_at: str | Path) -> Iterator[Store]:
    with open_register(register_at):
        pass
    with open_store(register_at) as opened:
        yield opened


@pytest.fixture
def everybody(store: Store) -> People:
    return People(store)


def test_who_arrives_waits_until_an_owner_says_what_they_may_do(everybody: People) -> None:
    somebody = everybody.note_sign_in(SOMEBODY, now=NOON)
    assert (somebody.is_waiting, somebody.allowed, somebody.seen_at) == (True, "", NOON)
    sites = ("Town Hall", "Depot; \u202e'")
    assert everybody.change(somebody.number, somebody.revision, rights="site_manager", role="Manager", sites=sites)
    again = everybody.note_sign_in(SOMEBODY, now=NOON + timedelta(days=1))
    assert (again.number, again.allowed, again.role, again.sites) == (somebody.number, "site_manager", "Manager", sites)
    assert again.seen_at == NOON + timedelta(days=1)


def test_one_subject_of_two_services_is_two_people(everybody: People) -> None:
    assert everybody.note_sign_in(SOMEBODY).number != everybody.note_sign_in(OTHER).number
    assert SOMEBODY.code != OTHER.code


def test_what_the_service_claims_holds_for_as_long_as_it_claims_it(everybody: People) -> None:
    assert everybody.note_sign_in(SOMEBODY, "auditor").allowed == "auditor"
    assert everybody.note_sign_in(SOMEBODY).allowed == ""


def test_an_owner_has_the_last_word(everybody: People) -> None:
    somebody = everybody.note_sign_in(SOMEBODY, "owner")
    assert everybody.change(somebody.number, 1, rights="finance")
    assert everybody.note_sign_in(SOMEBODY, "owner").allowed == "finance"
    assert everybody.end_access(somebody.number, 2, NOON)
    ended = everybody.note_sign_in(SOMEBODY, "owner")
    assert (ended.allowed, ended.is_waiting, ended.ended_at) == ("", False, NOON)
    assert everybody.change(somebody.number, 3, rights="auditor"), "and may let them in again"
    assert everybody.note_sign_in(SOMEBODY).allowed == "auditor"


def test_of_two_owners_the_second_is_reported(everybody: People) -> None:
    somebody = everybody.note_sign_in(SOMEBODY)
    assert everybody.change(somebody.number, 1, rights="ict")
    assert not everybody.change(somebody.number, 1, rights="owner")
    assert not everybody.end_access(somebody.number, 1)
    assert [each.allowed for each in everybody.all()] == ["ict"]


def test_an_account_can_be_let_in_before_it_comes(everybody: People) -> None:
    added = everybody.add(SOMEBODY, rights="owner", role="Head of ICT")
    assert added
    assert added.seen_at is None
    assert everybody.add(SOMEBODY, rights="auditor") is None
    assert everybody.find(added.number) == added
    assert everybody.find(added.number + 1) is None


def test_who_waits_in_vain_is_forgotten_and_nobody_else(everybody: People) -> None:
    everybody.note_sign_in(SOMEBODY, now=NOON)
    kept = everybody.note_sign_in(Account(issuer="i", subject="kept"), "ict", NOON)
    added = everybody.add(Account(issuer="i", subject="added"), rights="owner")
    assert added
    late = everybody.note_sign_in(OTHER, now=NOON + WAITS + timedelta(seconds=1))
    assert [each.number for each in everybody.all()] == [kept.number, added.number, late.number]


def test_strangers_cannot_fill_the_table(everybody: People, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "_MOST_WAITING", 2)
    numbers = [everybody.note_sign_in(Account(issuer="i", subject=str(each))).number for each in range(3)]
    assert numbers[2] == 0
    assert len(everybody.all()) == 2
    assert everybody.note_sign_in(Account(issuer="i", subject="employed"), "auditor").number
