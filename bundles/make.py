"""Makes what somebody without a package index installs: a zip for Windows, an archive of wheels for Linux.

``make windows PYTHON_ZIP=FILE`` and ``make bundle`` call it. Everything in them is locked by a hash: the libraries by
requirements/*.txt, Windows' Python by requirements/python.lock. The same input gives the same bytes.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HERE = ROOT / "bundles"
LOCK = ROOT / "requirements" / "python.lock"
OUTPUT = ROOT / "build"
SETS = ("web", "notify", "snmp", "server")
"""Of the libraries: those of camscan itself, and of the extras that need no other program."""
NEEDLESS = frozenset({"editables", "hatchling", "pathspec", "pluggy", "tomlkit", "trove-classifiers"})
"""Only for those who build camscan."""
_ENTRY = re.compile(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)(?: ; ([^\\]*?))? *\\?$")
_DOWNLOAD = (
    'download "Windows embeddable package (64-bit)" from https://www.python.org/downloads/windows/ '
    "(requirements/python.lock names the release), and name that file: make windows PYTHON_ZIP=FILE"
)
_MOMENT = (1980, 1, 1, 0, 0, 0)
_PTH = re.compile(r"python3(\d+)\._pth")


class Refusal(Exception):  # noqa: N818 - what it is
    """It cannot be made; the message says what to do."""


def requirements(sets: Iterable[str]) -> str:
    """Every locked library of these sets once, with its hashes, as pip reads it."""
    found: dict[str, list[str]] = {}
    for name in sets:
        block: list[str] = []
        for line in (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8").splitlines():
            if match := _ENTRY.match(line):
                block = found[match[1]] = []
            block.append(line)
    return "\n".join(line for name, block in sorted(found.items()) if name not in NEEDLESS for line in block) + "\n"


def pip(*arguments: str) -> None:
    """Run pip. Raises Refusal with what it said last."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "--quiet", *arguments]
    done = subprocess.run(command, cwd=ROOT, check=False, stderr=subprocess.PIPE, text=True)  # noqa: S603 - pip
    if done.returncode:
        raise Refusal(f"pip failed: {(done.stderr.strip().splitlines() or ['it said nothing'])[-1]}")


def own_wheel(folder: Path) -> Path:
    """A wheel of camscan itself, made from this folder."""
    pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(ROOT))
    return next(folder.glob("camscan-*.whl"))


# ── Windows ──────────────────────────────────────────────────────────────────────────────────────────────────────


def check_python(content: bytes, name: str, lock: Path, stated: str = "") -> None:
    """Raise Refusal unless the publisher's zip has the hash that was stated, or one of the lock where none was."""
    digest = hashlib.sha256(content).hexdigest()
    if stated and stated.lower() != digest:
        raise Refusal(f"{name} has the SHA-256 {digest}, and not {stated}: it is not the file that was meant")
    lines = [line.split() for line in lock.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    if not stated and not any(digest in words for words in lines):
        raise Refusal(
            f"{name} has the SHA-256 {digest}, which {lock.name} does not list. Look up what python.org states for "
            f"this file ({lock.name} says where). Where it is the same, name it with PYTHON_SHA256=HASH, or add the "
            f"line '{name} {digest}' to requirements/{lock.name}"
        )


def make_windows(python_zip: Path, lock: Path, output: Path, stated: str = "") -> Path:
    """The zip for Windows. Raises Refusal."""
    try:
        content = python_zip.read_bytes()
    except OSError as error:
        raise Refusal(f"{python_zip}: cannot be read: {error.strerror}; {_DOWNLOAD}") from error
    check_python(content, python_zip.name, lock, stated)
    with tempfile.TemporaryDirectory() as scratch:
        top = Path(scratch) / "camscan"
        try:
            _unpack(content, top / "python")
        except zipfile.BadZipFile:
            raise Refusal(f"{python_zip} is not a zip; {_DOWNLOAD}") from None
        minor = _open_path(top / "python")
        library = top / "lib"
        wanted = Path(scratch) / "requirements.txt"
        wanted.write_text(requirements(SETS), encoding="utf-8")
        platform = ("--platform", "win_amd64", "--python-version", f"3.{minor}", "--implementation", "cp")
        only = ("--no-deps", "--only-binary=:all:", "--no-compile", "--target", str(library))
        pip("install", *platform, *only, "--require-hashes", "-r", str(wanted))
        wheel = own_wheel(Path(scratch))
        _unpack(wheel.read_bytes(), library)
        shutil.rmtree(library / "bin", ignore_errors=True)  # programs of Linux's pip
        shutil.copytree(ROOT / "LICENSES", top / "LICENSES")
        for name in ("camscan.cmd", "README.txt"):
            (top / name).write_bytes((HERE / "windows" / name).read_bytes().replace(b"\n", b"\r\n"))
        return _zipped(top, output / f"{wheel.name.split('-py3')[0]}-windows.zip")


def _unpack(content: bytes, folder: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for entry in archive.infolist():
            archive.extract(entry, folder)


def _open_path(python: Path) -> int:
    """Let the embeddable Python find the libraries beside it; the second number of its version."""
    for path in python.iterdir():
        if match := _PTH.fullmatch(path.name):
            path.write_text(f"python3{match[1]}.zip\n.\n..\\lib\n", encoding="ascii")
            return int(match[1])
    raise Refusal("the zip holds no python3*._pth: name the file python-3.…-embed-amd64.zip of python.org")


def _zipped(top: Path, target: Path) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for path in _files(top):
            entry = zipfile.ZipInfo(path.relative_to(top.parent).as_posix(), _MOMENT)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)
    return target


def _files(top: Path) -> Iterator[Path]:
    for path in sorted(top.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path


# ── Linux ────────────────────────────────────────────────────────────────────────────────────────────────────────


def make_bundle(output: Path) -> Path:
    """The archive for a Linux server without a package index, of this Python and this processor. Raises Refusal."""
    with tempfile.TemporaryDirectory() as scratch:
        top = Path(scratch) / "camscan"
        wheels = top / "wheels"
        wheels.mkdir(parents=True)
        locked = top / "requirements.txt"
        locked.write_text(requirements((*SETS, "link")), encoding="utf-8")
        pip("download", "--no-deps", "--only-binary=:all:", "--require-hashes", "-r", str(locked), "-d", str(wheels))
        wheel = own_wheel(wheels)
        shutil.copytree(ROOT / "LICENSES", top / "LICENSES")
        for name in ("install.sh", "README.txt"):
            shutil.copy(HERE / "linux" / name, top / name)
        version = f"py3{sys.version_info.minor}"
        target = output / f"{wheel.name.split('-py3')[0]}-linux-{version}.tar.gz"
        output.mkdir(parents=True, exist_ok=True)
        with (
            gzip.GzipFile(target, "wb", mtime=0) as packed,
            tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
        ):
            for path in _files(top):
                entry = tarfile.TarInfo(path.relative_to(top.parent).as_posix())
                entry.size, entry.mode = path.stat().st_size, 0o755 if path.suffix == ".sh" else 0o644
                with path.open("rb") as stream:
                    archive.addfile(entry, stream)
        return target


def main() -> None:
    """Make one of them, and say where it is."""
    parser = argparse.ArgumentParser(description=__doc__)
    kinds = parser.add_subparsers(dest="kind", required=True)
    windows = kinds.add_parser("windows")
    windows.add_argument("python_zip", type=Path, metavar="PYTHON_ZIP")
    windows.add_argument("--hash", default="", metavar="SHA256", help="as python.org states it, in place of the lock")
    windows.add_argument("--lock", type=Path, default=LOCK, help="for tests: another list of hashes")
    kinds.add_parser("linux")
    for each in kinds.choices.values():
        each.add_argument("--output", type=Path, default=OUTPUT)
    arguments = parser.parse_args()
    try:
        if arguments.kind == "windows":
            made = make_windows(arguments.python_zip, arguments.lock, arguments.output, arguments.hash)
        else:
            made = make_bundle(arguments.output)
    except (Refusal, OSError) as error:
        raise SystemExit(f"camscan: {error}") from None
    content = made.read_bytes()
    sys.stdout.write(f"{made} ({len(content) / 1e6:.1f} MB)\nSHA-256: {hashlib.sha256(content).hexdigest()}\n")


if __name__ == "__main__":
    main()
