"""Driving an installed nmap: the arguments are fixed and gentle, and the scope is ours."""

from __future__ import annotations

import importlib.util
import io
import shutil
import socket
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from camscan.cli import main
from camscan.errors import ScopeError, UsageError
from camscan.ingest import nmap_engine
from camscan.ingest.nmap_xml import Host, read_nmap_xml
from camscan.net.scope import Scope
from camscan.net.target import parse_targets
from camscan.register import open_register

needs_nmap = pytest.mark.skipif(
    shutil.which("nmap") is None or importlib.util.find_spec("nmap") is None,
    reason="needs nmap and python-nmap (camscan[nmap])",
)


@pytest.fixture
def listening() -> Iterator[int]:
    with socket.create_server(("127.30.0.2", 0)) as server:
        yield server.getsockname()[1]


def scope(*texts: str, excluded: str = "") -> Scope:
    holes = parse_targets([excluded]).networks if excluded else ()
    return Scope(parse_targets(texts).networks, excluded=holes)


def test_the_arguments_hold_nothing_invasive() -> None:
    allowed = {"-sT", "-Pn", "-n", "-T3", "--max-rate", "--scan-delay", "--max-retries", "--host-timeout"}
    assert {each for each in nmap_engine.ARGUMENTS if each.startswith("-")} == allowed
    assert nmap_engine.ARGUMENTS[nmap_engine.ARGUMENTS.index("--max-rate") + 1] == "50"


@needs_nmap
def test_it_finds_an_open_port_and_asks_no_excluded_address(listening: int) -> None:
    targets = parse_targets(["127.30.0.1-4"])
    documents = list(nmap_engine.run_nmap(targets, scope("127.30.0.1-4", excluded="127.30.0.3"), ports=[listening]))
    now = datetime.now(UTC)
    hosts = [each for one in documents for each in read_nmap_xml(io.BytesIO(one), now) if isinstance(each, Host)]
    assert {host.ip: host.answered for host in hosts} == {
        "127.30.0.1": False,
        "127.30.0.2": True,
        "127.30.0.4": False,
    }
    assert all(b"127.30.0.3" not in one for one in documents)
    assert all(host.alive for host in hosts)


@needs_nmap
def test_the_command_feeds_the_register(
    listening: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(nmap_engine.run_nmap, "__kwdefaults__", {"ports": (listening,)})
    register = tmp_path / "camscan.db"
    with pytest.raises(SystemExit) as caught:
        main(["import", "nmap", "--run", "127.30.0.2", "--apply", "--register", str(register)])
    assert caught.value.code == 0
    assert "1 answered" in capsys.readouterr().out
    with open_register(register, readonly=True) as book:
        (device,) = book.devices()
    assert device.open_ports == (f"tcp/{listening}",)


def test_what_is_not_private_needs_an_authorisation() -> None:
    targets = parse_targets(["192.0.2.1"])
    with pytest.raises(ScopeError, match="not a private range"):
        list(nmap_engine.run_nmap(targets, scope("192.0.2.1")))


def test_nothing_left_to_ask_is_reported() -> None:
    targets = parse_targets(["127.30.0.3"])
    with pytest.raises(ScopeError, match="excludes"):
        list(nmap_engine.run_nmap(targets, scope("127.30.0.3", excluded="127.30.0.0/24")))


def test_a_missing_library_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nmap", None)
    with pytest.raises(UsageError, match=r"--run needs python-nmap: run `make install EXTRAS=nmap`"):
        list(nmap_engine.run_nmap(parse_targets(["127.30.0.2"]), scope("127.30.0.2")))


@needs_nmap
def test_a_missing_program_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    import nmap  # noqa: PLC0415 - only where it is installed

    def absent(_self: object) -> None:
        raise nmap.PortScannerError("nmap program was not found in path")

    monkeypatch.setattr(nmap.PortScanner, "__init__", absent)
    with pytest.raises(UsageError, match="install nmap"):
        list(nmap_engine.run_nmap(parse_targets(["127.30.0.2"]), scope("127.30.0.2")))


def test_a_large_estate_is_asked_in_blocks() -> None:
    targets = parse_targets(["10.1.0.0/22"])
    blocks = list(nmap_engine._allowed_blocks(targets, scope("10.1.0.0/22", excluded="10.1.1.0/24")))
    assert sum(block.last - block.first + 1 for block in blocks) == 1022 - 256
    assert max(block.last - block.first + 1 for block in blocks) <= nmap_engine.BLOCK


def test_what_nmap_is_reported_is_documented() -> None:
    described = (Path(__file__).parents[1] / "docs/import.md").read_text(encoding="utf-8")
    ports = ",".join(map(str, nmap_engine.PORTS))
    assert f"nmap {' '.join(nmap_engine.ARGUMENTS)} -p {ports}\n" in described
