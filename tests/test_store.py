"""The store beside a register: made, shared, upgraded and refused, on SQLite and on PostgreSQL."""

from __future__ import annotations

import contextlib
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import alembic.command
import pytest
from alembic.config import Config
from sqlalchemy import text

from camscan.errors import BusyError, RegisterError
from camscan.register import open_register
from camscan.store import database as store_database
from camscan.store import open_store
from camscan.store.collectors import Collectors
from camscan.store.database import Store


@pytest.fixture
def store(register_at: str | Path) -> Iterator[Store]:
    with open_register(register_at):
        pass
    with open_store(register_at) as opened:
        yield opened


_UPGRADE = alembic.command.upgrade


def upgrade_to_0007(config: Config, _newest: str) -> None:
    """As an earlier camscan did, which had no later step."""
    _UPGRADE(config, "0007")


def made_by(store: Store) -> str:
    with store.reading() as connection:
        return str(connection.execute(text("SELECT made_by FROM service_store")).scalar_one())


class TestBoth:
    def test_it_is_made_once_and_found_again(self, store: Store, register_at: str | Path) -> None:
        assert made_by(store).startswith("camscan ")
        with open_store(register_at) as again:
            assert made_by(again) == made_by(store)

    def test_a_transaction_is_whole_or_not_at_all(self, store: Store) -> None:
        with contextlib.suppress(ZeroDivisionError), store.writing() as connection:
            connection.execute(text("UPDATE service_store SET made_by = 'somebody'"))
            raise ZeroDivisionError
        assert made_by(store).startswith("camscan ")

    def test_a_reader_changes_nothing(self, store: Store) -> None:
        with contextlib.suppress(RegisterError), store.reading() as connection:
            connection.execute(text("UPDATE service_store SET made_by = 'somebody'"))
        assert made_by(store).startswith("camscan ")

    def test_it_may_be_made_before_the_register(self, register_at: str) -> None:
        with open_store(register_at) as store:
            assert made_by(store).startswith("camscan ")
        with open_register(register_at) as book:
            assert book.find_faults() == []

    def test_threads_take_turns_and_none_is_lost(self, store: Store) -> None:
        with store.writing() as connection:
            connection.execute(text("UPDATE service_store SET made_by = '0'"))

        def count() -> None:
            for _ in range(10):
                with store.writing() as connection:
                    known = int(connection.execute(text("SELECT made_by FROM service_store")).scalar_one())
                    connection.execute(text("UPDATE service_store SET made_by = :more"), {"more": str(known + 1)})

        threads = [threading.Thread(target=count) for _ in range(4)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert made_by(store) == "40"

    def test_what_an_earlier_camscan_kept_is_there_after_the_upgrade(
        self, register_at: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        own = "INSERT INTO service_collector (name, key, state, sites, networks, role, since) VALUES "
        row = f"('Oak', '{'ab' * 32}', 'approved', '[\"Oak School\"]', '[]', 'ICT', '2026-03-02T12:00:00+00:00')"
        with open_register(register_at), monkeypatch.context() as patch:
            patch.setattr("alembic.command.upgrade", upgrade_to_0007)
            with open_store(register_at) as earlier, earlier.writing() as connection:
                connection.execute(text(own + row))
        with open_store(register_at) as store:
            (kept,) = Collectors(store).all()
        assert (kept.name, kept.key, kept.sites, kept.is_approved) == ("Oak", bytes([0xAB] * 32), ("Oak School",), True)
        assert (kept.seen_at, kept.code_ends_at, kept.said) == (None, None, {})

    def test_a_later_programs_store_is_refused(self, store: Store, register_at: str | Path) -> None:
        with store.writing() as connection:
            connection.execute(text("UPDATE service_version SET version_num = '9999'"))
        with pytest.raises(RegisterError, match=r"a newer camscan wrote it \(version 9999; .+\); upgrade camscan$"):
            open_store(register_at)

    def test_the_register_is_not_touched(self, store: Store, register_at: str | Path) -> None:
        del store
        with open_register(register_at, readonly=True) as book:
            assert book.find_faults() == []


class TestFiles:
    def test_it_lies_beside_the_register_for_its_owner_alone(self, tmp_path: Path) -> None:
        with open_store(tmp_path / "camscan.db") as store, store.writing():
            found = {each.name: stat.S_IMODE(each.stat().st_mode) for each in tmp_path.iterdir()}
        assert found["camscan-service.db"] == 0o600
        assert set(found.values()) == {0o600}

    def test_a_link_in_its_place_is_not_followed(self, tmp_path: Path) -> None:
        (tmp_path / "camscan-service.db").symlink_to(tmp_path / "elsewhere")
        with pytest.raises(RegisterError, match="it is a symbolic link"):
            open_store(tmp_path / "camscan.db")
        assert not (tmp_path / "elsewhere").exists()

    def test_a_file_that_is_not_a_store(self, tmp_path: Path) -> None:
        (tmp_path / "camscan-service.db").write_text("not a database " * 100)
        with pytest.raises(RegisterError, match=r"camscan-service\.db: it cannot be used \(file is not a database\)"):
            open_store(tmp_path / "camscan.db")

    def test_a_writer_that_does_not_end_is_reported_in_one_line(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(store_database, "BUSY_SECONDS", 0.1)
        path = tmp_path / "camscan.db"
        with (
            open_store(path) as one,
            open_store(path) as two,
            one.writing(),
            pytest.raises(BusyError, match="another program is writing to it; try again in a moment"),
            two.writing(),
        ):
            pytest.fail("two writers at once")


def test_a_server_that_is_not_there_is_one_line_without_the_password() -> None:
    with pytest.raises(RegisterError) as raised:
        open_store("postgresql://camscan:secret@127.0.0.1:1/estate")
    assert "secret" not in str(raised.value)
    assert "\n" not in str(raised.value)
