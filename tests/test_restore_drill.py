"""The drill of docs/many-sites.md on a PostgreSQL server: dump, lose everything, restore, take the parcels again."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from command_line import Camscan
from parcels import KEY, OAK, make_attempt, sadp, scan, some
from pg_server import Server, program
from starlette.testclient import TestClient
from test_centre import HOST, Site

from camscan.app.arrivals import record_arrivals
from camscan.app.centre import errand_key_place
from camscan.app.workspace import find_workspace
from camscan.parcel.keys import key_words, public_key_of
from camscan.register import open_register
from camscan.web.application import make_application
from camscan.web.desk import Desk, Setting

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[1]
YESTERDAY = datetime.now(UTC) - timedelta(days=1)
TODAY = datetime.now(UTC) - timedelta(minutes=5)


@pytest.fixture
def desk(workplace: Path, monkeypatch: pytest.MonkeyPatch, postgresql_at: str) -> Iterator[Desk]:
    (workplace / "camscan.yaml").write_text(
        f"role: ICT\nregister: {postgresql_at}\nsites:\n- name: Oak School\n  cidrs: [{OAK}]\n"
    )
    monkeypatch.setenv("XDG_STATE_HOME", str(workplace / "state"))
    open_register(postgresql_at).close()
    made = Desk(find_workspace(), Setting())
    yield made
    made.close()


def approved(desk: Desk, camscan: Camscan) -> Site:
    site = Site(TestClient(make_application(desk), base_url=f"http://{HOST}"))
    code = camscan("collector", "add", "Oak", "--site", "Oak School")[1].splitlines()[-1]
    assert site.enrol(code).status_code == 200
    assert camscan("collector", "approve", "Oak", "--words", key_words(public_key_of(KEY)))[0] == 0
    return site


def schema_of(address: str) -> str:
    return address.rpartition("%3D")[2]


def rows(server: Server, address: str) -> dict[str, list[str]]:
    """Every row of the register, as text; asset ids, which are chance, are called by their numbers."""
    tables = server.run(f"SELECT tablename FROM pg_tables WHERE schemaname = '{schema_of(address)}'")
    names = {str(text): number for text, number in server.run("SELECT asset_id, id FROM device", at=address)}
    called = re.compile("|".join(map(re.escape, names)) or "-", re.IGNORECASE)
    return {
        str(table): sorted(
            called.sub(lambda match: f"device {names.get(match[0].upper())}", repr(row))
            for row in server.run(f'SELECT * FROM "{table}"', at=address)
        )
        for (table,) in tables
        if not str(table).startswith(("service_", "alembic"))
    }


@dataclass(frozen=True, slots=True)
class Backup:
    """The commands of camscan-backup.service, with places of the test's own."""

    address: str
    state: Path
    folder: Path

    def run(self, which: int) -> None:
        unit = (ROOT / "docs/deploy/camscan-backup.service").read_text(encoding="utf-8")
        line = re.findall("^ExecStart=(.*)$", unit, re.MULTILINE)[which].replace("%%", "%")
        line = line.replace("/var/backups/camscan", str(self.folder)).replace("/var/lib/camscan", str(self.state))
        own = f"--schema={schema_of(self.address)} --dbname={self.address}"
        line = line.replace("exec pg_dump", f"exec {program('pg_dump')}").replace('.dump" camscan', f'.dump" {own}')
        call(shlex.split(line))

    def file(self, suffix: str) -> Path:
        (found,) = self.folder.glob(f"*{suffix}")
        return found


def call(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), command


@pytest.mark.skipif(program("pg_dump") is None, reason="pg_dump is not installed (Debian: postgresql-client)")
def test_a_centre_that_was_lost_is_as_before(
    desk: Desk, camscan: Camscan, postgresql_server: Server, workplace: Path, tmp_path: Path
) -> None:
    server, address, state = postgresql_server, str(desk.space.where), workplace / "state"
    (tmp_path / "backups").mkdir()
    backup = Backup(address, state, tmp_path / "backups")
    site = approved(desk, camscan)
    site.send(scan(*some(YESTERDAY), when=YESTERDAY))
    assert record_arrivals(desk.space, desk.store).recorded == 1
    backup.run(0)

    site.send(scan(make_attempt("10.12.0.7", sadp(7), when=TODAY), *some(TODAY), when=TODAY))
    assert record_arrivals(desk.space, desk.store).recorded == 1
    backup.run(1)
    backup.run(2)  # removes nothing that is new
    before = rows(server, address)
    assert len(before["scan"]) == 2
    key = errand_key_place(desk.space).read_bytes() if errand_key_place(desk.space).exists() else b""
    desk.close()
    server.run(f"DROP SCHEMA {schema_of(address)} CASCADE")
    shutil.rmtree(state)

    call([program("pg_restore") or "", "--no-owner", f"--dbname={server.address}", str(backup.file(".dump"))])
    assert len(rows(server, address)["scan"]) == 1
    state.mkdir()
    call(["tar", "--extract", "--gzip", f"--file={backup.file('.tar.gz')}", f"--directory={state}"])
    assert camscan("collector", "replay")[1] == "1 parcel not in the register, 1 recorded now\n"
    after = rows(server, address)
    assert after.keys() == before.keys()
    assert {name for name in before if after[name] != before[name]} == set()
    assert camscan("collector", "replay")[1] == "0 parcels not in the register, 0 recorded now\n"
    assert " approved " in camscan("collector", "list")[1]
    assert key
    assert errand_key_place(desk.space).read_bytes() == key


def test_one_file_of_it_is_a_register_of_its_own(desk: Desk, camscan: Camscan, tmp_path: Path) -> None:
    site = approved(desk, camscan)
    site.send(scan(*some(TODAY), when=TODAY))
    assert record_arrivals(desk.space, desk.store).recorded == 1
    assert camscan("register", "backup", tmp_path / "copy.db")[0] == 0
    with open_register(tmp_path / "copy.db", readonly=True) as copy, desk.space.open(readonly=True) as book:
        assert [each.asset_id for each in copy.devices()] == [each.asset_id for each in book.devices()]
        assert [each.scan_id for each in copy.scans()] == [each.scan_id for each in book.scans()]
