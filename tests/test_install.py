"""``make install``: what it refuses, and what it never touches. That it installs is seen by ``make install`` itself."""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def install(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "HOME": str(home)}
    return subprocess.run(
        [ROOT / "tools" / "install", *arguments], env=environment, capture_output=True, text=True, check=False
    )


def test_an_unknown_extra_is_refused_with_the_list_of_extras(tmp_path: Path) -> None:
    told = install(tmp_path, "enrich", "netbox")
    says = "camscan: there is no extra 'netbox'; there are: enrich inventory link nmap notify postgresql snmp web\n"
    assert (told.returncode, told.stderr) == (1, says)
    assert list(tmp_path.iterdir()) == []


def test_the_extras_are_those_of_the_package_and_are_locked() -> None:
    known = re.search(r'known="(.*)"', (ROOT / "tools" / "install").read_text())
    package = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert known
    assert known[1].split() == sorted(package)
    for extra in known[1].split():
        name = "server" if extra == "postgresql" else extra
        assert (ROOT / "requirements" / f"{name}.txt").is_file()


@pytest.mark.parametrize("kind", ["file", "link"])
def test_a_camscan_of_somebody_else_is_left_alone(tmp_path: Path, kind: str) -> None:
    link = tmp_path / ".local" / "bin" / "camscan"
    link.parent.mkdir(parents=True)
    if kind == "file":
        link.write_text("mine")
    else:
        link.symlink_to("/opt/camscan")
    told = install(tmp_path)
    assert told.returncode == 1
    assert told.stderr == f"camscan: {link} is there already and is not of this installation; move it away first\n"
    assert install(tmp_path, "--remove").returncode == 0
    assert link.is_symlink() or link.read_text() == "mine"
    assert not (tmp_path / ".local" / "share").exists()


def test_it_is_taken_away_whole(tmp_path: Path) -> None:
    venv, link = tmp_path / ".local" / "share" / "camscan" / "venv", tmp_path / ".local" / "bin" / "camscan"
    (venv / "bin").mkdir(parents=True)
    link.parent.mkdir()
    link.symlink_to(venv / "bin" / "camscan")
    assert install(tmp_path, "--remove").returncode == 0
    assert not link.is_symlink()
    assert not venv.exists()
