"""The command line in this process, for tests: exit code, standard output, standard error."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from camscan.cli import main

Camscan = Callable[..., tuple[int, str, str]]


def command(capsys: pytest.CaptureFixture[str]) -> Camscan:
    """``camscan("scan", "10.1.2.0/24")`` → (code, out, err)."""

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        capsys.readouterr()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("sys.argv", ["camscan"])  # messages say how to call it again
            with pytest.raises(SystemExit) as caught:
                main([str(argument) for argument in arguments])
        told = capsys.readouterr()
        assert isinstance(caught.value.code, int)
        return caught.value.code, told.out, told.err

    return run


def contents(directory: Path) -> dict[str, str]:
    """Every file below and the hash of what is in it; empty lock files aside, which stay on purpose."""
    return {
        str(path.relative_to(directory)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(directory.rglob("*"))
        if path.is_file() and not path.name.endswith(".lock")
    }
