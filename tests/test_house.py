"""The house: locked libraries, licences, and what a machine without a suitable Python is told."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def locked(text: str) -> dict[str, str]:
    """Name, normalised, to all that is said of it."""
    entries = re.split(r"\n(?=\S)", text.strip())
    return {re.split(r"[=; ]", entry, maxsplit=1)[0].lower().replace("_", "-"): entry for entry in entries}


def files(entry: str) -> tuple[str, list[str]]:
    """The version, and the hashes: on which system it is needed may differ, by who else needs it."""
    return re.split(r"[; \\\n]", entry, maxsplit=1)[0], re.findall(r"sha256:\w+", entry)


def name(requirement: str) -> str:
    return re.split(r"[<>=;\[ ]", requirement, maxsplit=1)[0].lower().replace("_", "-")


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.stem)
def test_every_library_is_pinned_with_hashes_and_no_address(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    assert "://" not in text
    assert not re.search(r"^\s*--(?!hash=sha256:[0-9a-f]{64})", text, re.MULTILINE)
    assert [entry for entry in locked(text).values() if "==" not in entry or "--hash=sha256:" not in entry] == []


def test_the_locks_hold_what_the_project_asks_for() -> None:
    run, link, server, dev = (
        locked((ROOT / f"requirements/{kind}.txt").read_text()) for kind in ("run", "link", "server", "dev")
    )
    wanted = PROJECT["project"]["dependencies"] + PROJECT["dependency-groups"]["build"]
    assert {name(each) for each in wanted} - run.keys() == set()
    assert "scapy" in link
    assert "scapy" not in run
    assert {name(each) for each in PROJECT["dependency-groups"]["dev"]} - dev.keys() == set()
    # The larger sets hold the smaller ones, at the same versions.
    queue = {"asgiref", "attrs", "croniter", "procrastinate", "psycopg-pool"}
    assert server.keys() - link.keys() == {"psycopg", "psycopg-binary"} | queue
    for smaller, larger in ((run, link), (link, server), (server, dev)):
        assert {key for key in smaller if files(larger[key]) != files(smaller[key])} == set()


def test_camscan_link_says_its_licence_in_every_file_and_nothing_else_does() -> None:
    mark = "SPDX-License-Identifier: GPL-2.0-only"
    with_mark = {path for path in (ROOT / "camscan").rglob("*.py") if mark in path.read_text(encoding="utf-8")[:200]}
    assert with_mark == set((ROOT / "camscan/link").glob("*.py"))
    assert {path.name for path in (ROOT / "LICENSES").iterdir()} == {"MIT.txt", "GPL-2.0-only.txt"}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    place = tmp_path / "a folder with spaces"
    shutil.copytree(ROOT / "tools", place / "tools")
    return place


def fake_python(place: Path, script: str) -> str:
    place.mkdir(exist_ok=True)
    program = place / "python3"
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o755)
    return str(program)


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("exit 1", "needs Python 3.11 or newer"),
        # New enough, but Debian keeps venv in a package of its own.
        (
            'case "$2" in *ensurepip*) exit 1 ;; *print*) echo python3.12 ;; esac',
            "python3.12 has no venv module. On Debian or Ubuntu: sudo apt install python3.12-venv",
        ),
    ],
)
def test_an_unsuitable_python_is_refused_in_one_line(checkout: Path, script: str, told: str) -> None:
    python = fake_python(checkout / "bin", script)
    # A path with spaces must not be split, so the stand-in is found by its name.
    environment = {**os.environ, "PYTHON": "python3", "PATH": f"{Path(python).parent}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["sh", "tools/environment", "run"], cwd=checkout, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith(f"camscan: {told}"), done.stderr
    assert done.stderr.count("\n") == 1
    assert not (checkout / ".venv").exists()


def test_an_environment_behind_a_link_is_not_emptied(checkout: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "mine").touch()
    (checkout / ".venv").symlink_to(other)
    done = subprocess.run(["sh", "tools/environment", "run"], cwd=checkout, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("camscan: .venv is a link to another environment"), done.stderr
    assert (other / "mine").exists()


def test_without_a_network_the_way_out_is_named(checkout: Path) -> None:
    shutil.copytree(ROOT / "requirements", checkout / "requirements")
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:9/", "PIP_EXTRA_INDEX_URL": "", "PIP_CONFIG_FILE": os.devnull}
    nowhere |= {"PIP_FIND_LINKS": "", "PIP_NO_CACHE_DIR": "1", "PIP_RETRIES": "0"}
    done = subprocess.run(
        ["sh", "tools/environment", "run"],
        cwd=checkout,
        env={**os.environ, **nowhere},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("camscan: could not download the libraries."), done.stderr
    assert not (checkout / ".venv/.run").exists()


def test_every_target_says_what_it_does() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"^([a-z]+):[^\n]*## ", makefile, re.MULTILINE)
    assert {"demo", "test", "lint", "lab", "bench", "lock", "clean"} <= set(targets)
    said = re.findall(r'^\t@echo "make ([a-z]+): ', makefile, re.MULTILINE)
    assert set(targets) - {"help"} == set(said)
