"""Ctrl-C while the program is still being loaded: it ends at once, and without a traceback."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PRESSED = """
import os, signal, sys

class Pressed:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == {module!r}:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Pressed)
signal.signal(signal.SIGINT, signal.{handler})
from camscan.__main__ import main
sys.argv = ["camscan", "fingerprints", "list"]
main()
"""
"""Ctrl-C is pressed when a module begins to be loaded."""


def pressed(module: str, handler: str = "default_int_handler") -> subprocess.CompletedProcess[str]:
    code = PRESSED.format(module=module, handler=handler)
    command = [sys.executable, "-c", code]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("module", ["camscan.cli", "click", "camscan.errors"])
def test_it_ends_at_once_while_the_command_line_is_loaded(module: str) -> None:
    done = pressed(module)
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "", "")


def test_it_is_one_line_while_a_command_is_loaded() -> None:
    done = pressed("camscan.cli.fingerprints")
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr.startswith("camscan: interrupted; nothing is half-written: ")
    assert done.stderr.count("\n") == 1


def test_where_it_is_ignored_it_stays_ignored() -> None:
    done = pressed("camscan.cli", handler="SIG_IGN")
    assert (done.returncode, done.stderr) == (0, "")
    assert "hikvision" in done.stdout


WITHOUT_JINJA = """
import sys
sys.modules["jinja2"] = None
from camscan.__main__ import main
sys.argv = ["camscan", "export", "--help"]
main()
"""


def test_a_library_that_is_not_installed_is_named_in_one_line() -> None:
    command = [sys.executable, "-c", WITHOUT_JINJA]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    says = "camscan: the library jinja2 is not installed: install camscan again, with the libraries that it needs\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", says)
