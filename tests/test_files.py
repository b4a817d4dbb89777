"""Files that camscan makes are their owner's alone, and nobody can make it write into another."""

from __future__ import annotations

import ast
import errno
import json
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import made_once
import pytest
from command_line import Camscan
from own_network import is_root
from sample_report import NOON, camera, nameless, report

from camscan import system
from camscan.errors import BusyError, OutputError, RegisterError
from camscan.output import Closed, check_writable, open_existing, replace_file, write_atomically, write_bytes_atomically
from camscan.register import open_register
from camscan.scan import journal
from camscan.scan.journal.write import Journal

ROOT = Path(__file__).resolve().parents[1]
pytestmark = pytest.mark.skipif(os.name != "posix", reason="POSIX permissions")

SITES = "cidr,site\n10.9.0.0/24,Town Hall\n"
BLOCKS = """\
Registry,Assignment,Organization Name,Organization Address
MA-L,F0F2F0,"Zhejiang Dahua Technology Co., Ltd.",CN
"""
CATALOGUE = {"catalogVersion": "1", "vulnerabilities": [{"cveID": "CVE-2025-66177", "dateAdded": "2026-10-01"}]}
NMAP = '<nmaprun scanner="nmap" version="7" xmloutputversion="1.05"><runstats/></nmaprun>'
UNTOUCHED = "of somebody else\n"


@dataclass(frozen=True)
class Case:
    """A command that writes a file."""

    arguments: tuple[str, ...]
    target: str
    """Which, from the working directory."""
    named: bool = True
    """Whether the file is named on the command line."""


CASES = {
    "csv": Case(("register", "export", "--view", "full", "--force", "out.csv"), "out.csv"),
    "ods": Case(("register", "export", "--view", "full", "--force", "out.ods"), "out.ods"),
    "xlsx": Case(("register", "export", "--view", "full", "--force", "out.xlsx"), "out.xlsx"),
    "removals": Case(("export", "removals", "--force", "out.csv"), "out.csv"),
    "calendar": Case(("export", "removals", "--force", "-", "--ics", "out.ics"), "out.ics"),
    "left-out": Case(("export", "ocsf", "--force", "-", "--left-out", "out.csv"), "out.csv"),
    "snipe-it": Case(("export", "snipe-it", "--force", "folder"), "folder/create.csv"),
    "metrics": Case(("metrics", "out.prom"), "out.prom"),
    "backup": Case(("register", "backup", "out.db", "--force"), "out.db"),
    "diff": Case(("diff", "--json", "out.json"), "out.json"),
    "config": Case(("config", "init", "out.yaml"), "out.yaml"),
    "import": Case(("import", "nmap", "nmap.xml", "--json", "out.json"), "out.json"),
    "scan-csv": Case(("scan", "127.99.0.1", "-q", "--register", "new.db", "--csv", "out.csv"), "out.csv"),
    "register": Case(("scan", "127.99.0.1", "-q", "--register", "out.db"), "out.db"),
    "oui": Case(("oui", "import", "oui.csv", "--to", "."), "oui.yaml"),
    "kev": Case(("kev", "import", "kev.in"), "data/camscan/kev.json", named=False),
    "sites": Case(("sites", "import", "sites.in", "--apply"), "camscan-sites.csv", named=False),
    "restore": Case(("register", "restore", "--register", "out.db", "kept.db"), "out.db"),
}
each_case = pytest.mark.parametrize("name", CASES)


@pytest.fixture(autouse=True)
def home(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory with a register and with what the commands read; whatever is made, nobody keeps it from others."""
    monkeypatch.setenv("XDG_DATA_HOME", str(workplace / "data"))
    monkeypatch.setenv("XDG_STATE_HOME", str(workplace / "state"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(workplace / "cache"))
    before = os.umask(0)
    made_once.put(filled, workplace)
    yield workplace
    os.umask(before)


def filled(folder: Path) -> None:
    with open_register(folder / "camscan.db") as book:
        book.record(report(camera(1), camera(2), nameless("192.0.2.200")))
        book.record(report(camera(1), camera(3), scan_id="second", when=NOON))
        book.write_backup(folder / "kept.db")
    for file, text in {
        "oui.csv": BLOCKS,
        "kev.in": json.dumps(CATALOGUE),
        "sites.in": SITES,
        "nmap.xml": NMAP,
        "camscan.yaml": "",
    }.items():
        (folder / file).write_text(text)
        (folder / file).chmod(0o644)


def mode(path: str | Path) -> int:
    return stat.S_IMODE(Path(path).stat().st_mode)


def given(home: Path) -> set[Path]:
    return {home / name for name in ("oui.csv", "kev.in", "sites.in", "nmap.xml", "camscan.yaml")}


def others_may(home: Path) -> list[str]:
    """Files, not those that the test made, that anybody but their owner may read or write."""
    files = [path for path in home.rglob("*") if path.is_file() and path not in given(home)]
    return [str(path) for path in files if mode(path) & 0o077]


@each_case
def test_a_new_file_is_its_owners_alone(name: str, camscan: Camscan, home: Path) -> None:
    case = CASES[name]
    code, _, err = camscan(*case.arguments)
    assert code in {0, 1, 3}, err  # diff says 1 where something changed
    assert mode(case.target) == 0o600
    assert others_may(home) == []


@each_case
def test_no_link_is_followed(name: str, camscan: Camscan, home: Path) -> None:
    case = CASES[name]
    victim = home / "victim"
    victim.write_text(UNTOUCHED)
    Path(case.target).parent.mkdir(parents=True, exist_ok=True)
    Path(case.target).symlink_to(victim)
    code, _, err = camscan(*case.arguments)
    assert victim.read_text() == UNTOUCHED
    assert code in {1, 2}
    assert err.count("camscan: ") == 1
    assert "symbolic link" in err or name in {"config", "oui", "register", "restore"}  # they have other reasons


@each_case
def test_nothing_is_made_where_a_link_leads_to_nothing(name: str, camscan: Camscan, home: Path) -> None:
    case = CASES[name]
    Path(case.target).parent.mkdir(parents=True, exist_ok=True)
    Path(case.target).symlink_to(home / "victim")
    code, _, err = camscan(*case.arguments)
    assert not (home / "victim").exists()
    assert code in {1, 2}
    assert err.count("camscan: ") == 1


@each_case
def test_a_directory_in_its_place_is_one_line(name: str, camscan: Camscan) -> None:
    case = CASES[name]
    Path(case.target).mkdir(parents=True)
    code, _, err = camscan(*case.arguments)
    assert code in {1, 2}
    assert err.count("camscan: ") == 1
    assert Path(case.target).is_dir()


@each_case
def test_a_pipe_that_nobody_reads_does_not_hold_it_up(name: str, camscan: Camscan) -> None:
    case = CASES[name]
    Path(case.target).parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(case.target)
    code, _, err = camscan(*case.arguments)
    assert code in {1, 2}
    assert err.count("camscan: ") == 1
    assert Path(case.target).is_fifo()


@pytest.mark.parametrize("name", ["csv", "ods", "xlsx", "backup", "diff", "import", "scan-csv"])
@pytest.mark.parametrize("rights", [0o640, 0o644, 0o600])
def test_a_file_that_is_replaced_keeps_its_rights(name: str, rights: int, camscan: Camscan) -> None:
    case = CASES[name]
    Path(case.target).write_text("old")
    Path(case.target).chmod(rights)
    camscan(*case.arguments)
    assert Path(case.target).read_bytes() != b"old"
    assert mode(case.target) == rights


@pytest.mark.skipif(not is_root(), reason="needs root, to give a file to another user")
@pytest.mark.parametrize("name", ["csv", "ods", "xlsx", "backup", "diff", "import", "scan-csv", "kev"])
def test_as_root_another_users_file_is_unchanged(name: str, camscan: Camscan) -> None:
    case = CASES[name]
    Path(case.target).parent.mkdir(parents=True, exist_ok=True)
    Path(case.target).write_text(UNTOUCHED)
    os.chown(case.target, 12345, 12345)
    code, _, err = camscan(*case.arguments)
    assert (code, Path(case.target).read_text()) == (2 if name == "diff" else 1, UNTOUCHED)
    assert "it belongs to another user" in err
    assert Path(case.target).stat().st_uid == 12345


@pytest.mark.parametrize("name", ["diff", "import", "scan-csv"])
def test_a_full_device_is_one_line(name: str, camscan: Camscan) -> None:
    code, _, err = camscan(*("/dev/full" if each.startswith("out.") else each for each in CASES[name].arguments))
    assert code in {1, 2}
    assert err == "camscan: /dev/full: cannot be written: No space left on device\n"


@pytest.mark.parametrize("name", ["csv", "ods", "xlsx", "backup", "diff", "import", "kev", "sites", "oui"])
def test_a_full_disk_is_one_line_and_leaves_what_was_there(
    name: str, camscan: Camscan, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    case = CASES[name]
    monkeypatch.setattr(system, "keep_rights", lambda _path, descriptor, _before: full(descriptor))
    code, _, err = camscan(*case.arguments)
    assert code in {1, 2}
    assert err.count("camscan: ") == 1
    assert "No space left on device" in err
    assert not Path(case.target).exists()
    assert not [path for path in home.rglob(".camscan-*") if path.is_file()]


class TestRegister:
    def test_its_logs_and_its_lock_are_the_owners_alone(self, home: Path) -> None:
        with open_register(home / "new.db") as book:
            book.record(report(camera(1)))
            beside = {path.name: mode(path) for path in home.glob("new.db*")}
        assert set(beside) >= {"new.db", "new.db-wal", "new.db-shm", "new.db.lock"}
        assert set(beside.values()) == {0o600}

    def test_a_register_for_a_group_has_a_lock_for_the_group(self, home: Path) -> None:
        (home / "camscan.db.lock").unlink()
        (home / "camscan.db").chmod(0o660)
        with open_register(home / "camscan.db"):
            assert mode(home / "camscan.db.lock") == 0o660

    @pytest.mark.parametrize("ending", [".lock"])
    def test_a_link_beside_it_is_not_followed(self, home: Path, ending: str) -> None:
        (home / f"new.db{ending}").symlink_to(home / "victim")
        with pytest.raises(RegisterError, match="lock file"):
            open_register(home / "new.db")
        assert not (home / "victim").exists()

    def test_a_link_of_our_own_to_a_register_is_that_register(self, home: Path) -> None:
        (home / "link.db").symlink_to(home / "camscan.db")
        with open_register(home / "link.db") as book:
            assert len(book.devices()) == 4
            with pytest.raises(BusyError):
                open_register(home / "camscan.db")
        assert not (home / "link.db.lock").exists()

    @pytest.mark.skipif(not is_root(), reason="needs root, to give a link to another user")
    def test_a_link_of_another_user_is_not_followed(self, home: Path) -> None:
        (home / "link.db").symlink_to(home / "camscan.db")
        os.chown(home / "link.db", 12345, 12345, follow_symlinks=False)
        with pytest.raises(RegisterError, match="symbolic link that another user made"):
            open_register(home / "link.db", readonly=True)


class TestJournal:
    HEAD = journal.Head("0a1b2c3d", NOON, targets=("192.0.2.0/24",))

    def test_whatever_has_its_name_is_not_written_into(self, home: Path) -> None:
        victim = home / "victim"
        victim.write_text(UNTOUCHED)
        path = journal.path_of(home / "camscan.db", self.HEAD.key)
        path.symlink_to(victim)
        with closing(Journal.begin(path, self.HEAD).stream):
            assert mode(path) == 0o600
        assert not path.is_symlink()
        assert victim.read_text() == UNTOUCHED
        assert [each.head for each in journal.interrupted_runs(home / "camscan.db")] == [self.HEAD]

    def test_a_link_and_a_pipe_are_not_journals(self, home: Path) -> None:
        place = home / "camscan.db"
        path = journal.path_of(place, "11111111")
        with closing(Journal.begin(path, self.HEAD).stream):
            pass
        path.rename(home / "moved")
        path.symlink_to(home / "moved")
        os.mkfifo(journal.path_of(place, "22222222"))
        assert journal.interrupted_runs(place) == []

    def test_the_list_of_a_round_goes_into_no_link(self, home: Path) -> None:
        path = journal.path_of(home / "camscan.db", self.HEAD.key)
        path.with_name(f"{path.name}.tmp").symlink_to(home / "victim")
        journal.remember_round(home / "camscan.db", self.HEAD)
        assert not (home / "victim").exists()
        assert mode(path) == 0o600

    def test_deep_json_in_its_place_is_not_a_journal(self, home: Path) -> None:
        journal.path_of(home / "camscan.db", "11111111").write_text("[" * 100_000)
        assert journal.interrupted_runs(home / "camscan.db") == []

    @pytest.mark.skipif(not is_root(), reason="needs root, to give a file to another user")
    def test_another_users_is_read_and_not_written(self, home: Path) -> None:
        path = home / "other"
        path.write_text(UNTOUCHED)
        os.chown(path, 12345, 12345)
        with open_existing(path) as stream:
            assert stream.read() == UNTOUCHED.encode()
        with pytest.raises(OSError, match="belongs to another user"):
            open_existing(path, write=True)


class TestWriting:
    def test_nobody_else_may_read_it_while_it_is_written(self, home: Path) -> None:
        def look(stream: BinaryIO) -> None:
            stream.write(b"half")
            stream.flush()
            (temporary,) = home.glob(".camscan-*.tmp")
            assert mode(temporary) == 0o600

        (home / "out").write_text("")
        (home / "out").chmod(0o644)
        write_bytes_atomically(home / "out", look)
        assert mode(home / "out") == 0o644

    def test_its_name_meanwhile_cannot_be_foretold(self, home: Path) -> None:
        names = set()
        for _ in range(20):
            with replace_file(home / "out") as temporary:
                names.add(temporary.name)
        assert len(names) == 20

    def test_a_pipe_with_a_reader_gets_it(self, home: Path) -> None:
        os.mkfifo(home / "pipe")
        got: list[str] = []
        reader = threading.Thread(target=lambda: got.append((home / "pipe").read_text()))
        reader.start()
        while reader.is_alive() and not got:
            try:
                write_atomically(home / "pipe", lambda stream: print("x" * 200_000, file=stream))
            except OutputError:
                continue  # it has not opened it yet
            break
        reader.join(20)
        assert got == ["x" * 200_000 + "\n"]

    def test_a_name_that_no_file_can_have_is_one_line(self, home: Path) -> None:
        for name in ("a\0b", "x" * 300, "\ud800"):
            with pytest.raises(OutputError):
                check_writable(home / name)

    def test_a_long_name_in_another_script_can_be_written(self, home: Path) -> None:
        path = home / ("摄" * 84)
        write_atomically(path, lambda stream: print("x", file=stream))
        assert path.read_text() == "x\n"

    def test_a_closed_standard_output_is_found_out_before_the_scan(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with Path(os.devnull).open("wb") as device, Closed(device) as closed:
            monkeypatch.setattr(sys, "stdout", closed)
            with pytest.raises(OutputError, match="standard output: cannot be written: it is closed; name a file"):
                check_writable("-")


class TestClosedStreams:
    @pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-", "2>/dev/full"])
    def test_a_scan_is_recorded_all_the_same(self, home: Path, closed: str) -> None:
        done = self.shell(f"scan 127.99.0.1 --register new.db --csv out.csv {closed}")
        assert (done.returncode, b"Traceback" in done.stderr) == (0, False)
        with open_register(home / "new.db", readonly=True) as book:
            assert len(book.scans()) == 1
        assert (home / "out.csv").read_text().startswith("IP address,")

    def test_a_file_to_a_closed_standard_output_is_refused_before_the_scan(self, home: Path) -> None:
        done = self.shell("scan 127.99.0.1 --register new.db --csv - >&-")
        assert done.returncode == 1
        assert done.stderr == b"camscan: standard output: cannot be written: it is closed; name a file\n"
        assert not (home / "new.db").exists()

    @pytest.mark.parametrize("command", ["--help", "show", "register export -", "nonsense"])
    @pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", "<&- >&- 2>&-", ">/dev/full", "2>/dev/full"])
    def test_no_command_ends_in_a_traceback(self, command: str, closed: str) -> None:
        done = self.shell(f"{command} {closed} </dev/null" if "<" not in closed else f"{command} {closed}")
        assert done.returncode in {0, 1, 2, 3}
        assert b"Traceback" not in done.stderr
        assert b"Exception" not in done.stderr
        assert done.returncode or closed != ">/dev/full"

    @staticmethod
    def shell(line: str) -> subprocess.CompletedProcess[bytes]:
        words = ["sh", "-c", f'"$0" -m camscan {line}', sys.executable]
        given = {name: value for name, value in os.environ.items() if name != "XDG_CACHE_HOME"}  # it is empty
        return subprocess.run(
            words, capture_output=True, timeout=100, check=False, env={**given, "PYTHONPATH": str(ROOT)}
        )


WRITES = {"write_text", "write_bytes", "touch", "mkstemp", "NamedTemporaryFile", "copyfile", "copy2"}
ELSEWHERE = {
    "output.py": "the one place",
    "demo/certificate.py": "in a folder of its own, for the simulated estate, which imports nothing of camscan",
    "fingerprints/refresh.py": "for `make refresh`: the sources of camscan itself",
}


def test_every_file_is_made_in_one_place() -> None:
    found = []
    for path in sorted((ROOT / "camscan").rglob("*.py")):
        name = str(path.relative_to(ROOT / "camscan"))
        if name in ELSEWHERE:
            continue
        calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
        found += [f"{name}:{call.lineno}" for call in calls if _makes_a_file(call)]
    assert found == []


def _makes_a_file(call: ast.Call) -> bool:
    function = call.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    if name in WRITES:
        return not (isinstance(function, ast.Attribute) and ast.unparse(function.value) == "super()")  # click's help
    is_of_zip = isinstance(function, ast.Attribute) and ast.unparse(function.value) == "archive"
    if name != "open" or is_of_zip:
        return False
    texts = [one.value for one in [*call.args, *(key.value for key in call.keywords)] if isinstance(one, ast.Constant)]
    is_writing = any(isinstance(text, str) and 0 < len(text) <= 3 and set(text) & set("wax+") for text in texts)
    return is_writing or "O_CREAT" in ast.dump(call)
