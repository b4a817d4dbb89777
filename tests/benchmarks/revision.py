"""Another revision of camscan: its files in a worktree of their own, with the environment that it makes."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from measure import ROOT, Tree

STEM = "camscan-base"
LIMIT = 900
"""Seconds for making an environment: libraries are downloaded."""
_OURS = re.compile(rf"^worktree (\S*/{STEM}-(\d+)-[^/\n]*/tree)$", re.MULTILINE)


def commit_of(name: str) -> str:
    """The commit that a revision means. Raises SystemExit where there is none."""
    done = _git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}", check=False)
    if done.returncode:
        raise SystemExit(f"bench: no revision {name} here; is this a git checkout, and was it fetched?")
    return done.stdout.strip()


@contextlib.contextmanager
def checked_out(name: str) -> Iterator[Tree]:
    """Check a revision out and let it make its environment; nothing of it is left afterwards."""
    commit = commit_of(name)
    clear()
    place = Path(tempfile.mkdtemp(prefix=f"{STEM}-{os.getpid()}-"))
    place.chmod(0o755)  # cases without privilege read it as an ordinary user
    tree = place / "tree"
    try:
        _git("worktree", "add", "--detach", "--quiet", str(tree), commit)
        _make(tree)
        yield Tree(name, tree, str(tree / ".venv" / "bin" / "python"))
    finally:
        _remove(tree)


def clear() -> None:
    """Remove what runs that were killed have left behind."""
    for path, owner in _OURS.findall(_git("worktree", "list", "--porcelain").stdout):
        if not Path("/proc", owner).exists():
            _remove(Path(path))


def _make(tree: Path) -> None:
    """The libraries of a scan with raw packets, by the revision's own tool, with the Python that this one runs on."""
    python = Path(sys.base_prefix, "bin", f"python{sys.version_info.major}.{sys.version_info.minor}")
    environment = {**os.environ, "PYTHON": str(python if python.exists() else sys.executable)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    environment.pop("PYTHONPATH", None)
    line = ["tools/environment", "link"]
    try:
        subprocess.run(line, cwd=tree, env=environment, capture_output=True, text=True, timeout=LIMIT, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        said = getattr(error, "stderr", None) or error
        raise SystemExit(f"bench: the other revision could not make its environment: {str(said)[-500:]}") from error


def _remove(tree: Path) -> None:
    _git("worktree", "remove", "--force", str(tree), check=False)
    shutil.rmtree(tree.parent, ignore_errors=True)


def _git(*arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(["git", *arguments], capture_output=True, text=True, cwd=ROOT, check=check)
    except OSError as error:
        raise SystemExit(f"bench: git is needed to run another revision: {error}") from error
    except subprocess.CalledProcessError as error:
        raise SystemExit(f"bench: git {arguments[0]}: {error.stderr.strip()}") from error
