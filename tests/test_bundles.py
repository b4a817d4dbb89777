"""The zip for Windows and the archive for Linux, without the network: what is locked, and what is refused."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MAKE = ROOT / "bundles" / "make.py"


def make(*arguments: str | Path) -> tuple[int, str]:
    done = subprocess.run([sys.executable, MAKE, *arguments], capture_output=True, text=True, check=False, timeout=100)
    return done.returncode, done.stderr


@pytest.fixture
def python_zip(tmp_path: Path) -> Path:
    path = tmp_path / "python-3.13.99-embed-amd64.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("python.exe", "not really")
    return path


def test_a_python_that_nobody_compared_is_refused(python_zip: Path, tmp_path: Path) -> None:
    code, said = make("windows", python_zip, "--output", tmp_path / "out")
    digest = hashlib.sha256(python_zip.read_bytes()).hexdigest()
    assert code == 1
    assert said.count("\n") == 1
    assert f"add the line '{python_zip.name} {digest}' to requirements/python.lock" in said
    assert not (tmp_path / "out").exists()


def test_the_lock_names_one_release_of_windows_python_and_says_where_its_hash_is_from() -> None:
    lines = (ROOT / "requirements" / "python.lock").read_text(encoding="utf-8").splitlines()
    (line,) = [line for line in lines if not line.startswith("#")]
    parts = re.fullmatch(r"python-(3\.\d+\.\d+)-embed-amd64\.zip ([0-9a-f]{64})", line)
    assert parts
    version, digest = parts.groups()
    said = "\n".join(line for line in lines if line.startswith("#"))
    assert f"release/python-{version.replace('.', '')}/" in said
    assert digest not in said
    page = (ROOT / "docs" / "windows.md").read_text(encoding="utf-8")
    assert f"python-{version}-embed-amd64.zip" in page


def test_what_is_not_the_embeddable_python_is_refused(python_zip: Path, tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    lock.write_text(f"# compared\n{python_zip.name} {hashlib.sha256(python_zip.read_bytes()).hexdigest()}\n")
    code, said = make("windows", python_zip, "--lock", lock, "--output", tmp_path / "out")
    assert (code, said.count("\n")) == (1, 1)
    assert "name the file python-3" in said
    for path in (tmp_path / "none.zip", tmp_path, lock):
        code, said = make("windows", path, "--hash", hashlib.sha256(lock.read_bytes()).hexdigest())
        assert (code, said.count("\n")) == (1, 1)
        assert said.endswith("name that file: make windows PYTHON_ZIP=FILE\n")


def test_a_hash_on_the_command_line_counts_instead_of_the_lock(python_zip: Path, tmp_path: Path) -> None:
    digest = hashlib.sha256(python_zip.read_bytes()).hexdigest()
    lock = tmp_path / "lock"
    lock.write_text(f"{python_zip.name} {digest}\n")
    code, said = make("windows", python_zip, "--hash", "0" * 64, "--lock", lock, "--output", tmp_path / "out")
    assert code == 1
    assert said.endswith(f"has the SHA-256 {digest}, and not {'0' * 64}: it is not the file that was meant\n")
    lock.write_text("")
    code, said = make("windows", python_zip, "--hash", digest.upper(), "--lock", lock, "--output", tmp_path / "out")
    assert "name the file python-3" in said  # the hash was right, and the next step found that it is no Python


def test_every_library_in_them_is_locked_once_by_hash() -> None:
    sys.path.insert(0, str(MAKE.parent))
    try:
        from make import NEEDLESS, SETS, requirements  # noqa: PLC0415
    finally:
        sys.path.pop(0)
    lines = requirements((*SETS, "server", "link")).splitlines()
    names = [line.partition("==")[0] for line in lines if not line.startswith(" ")]
    assert names == sorted(set(names))
    assert {"sqlalchemy", "starlette", "httpx", "lxml", "tzdata", "psycopg", "scapy"} <= set(names)
    assert not NEEDLESS & set(names)
    for block in "\n".join(lines).split("\n\n"):
        assert "--hash=sha256:" in block
    locked = [line for line in lines if not line.startswith(" ")]
    assert all(re.match(r"[A-Za-z0-9._-]+==\S+", line) and line.endswith("\\") for line in locked)


def test_the_files_that_people_read_are_short_and_say_what_is_not_signed() -> None:
    readme = (MAKE.parent / "windows" / "README.txt").read_text(encoding="ascii")
    assert len(readme.splitlines()) <= 60
    for word in ("NOT SIGNED", "SmartScreen", "AppLocker", "Firewall", "certutil"):
        assert word in readme
    launcher = (MAKE.parent / "windows" / "camscan.cmd").read_text(encoding="ascii")
    assert launcher.splitlines()[-1] == '"%~dp0python\\python.exe" -X utf8 -m camscan %*'
