"""camscan as a library: the page about it runs, every name is there, and nothing of it needs a terminal."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

import camscan
from camscan import app
from camscan.cli._estate import NETWORK, serve_estate
from camscan.cli.demo import PORTS

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs/library.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
DECISION = "planning: {local_decision: {minute: 2026/114, date: 2026-09-14, makers: [hikvision, dahua]}}\n"
TARGET = 'targets=["10.1.2.0/24"]'


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imported_for_types(path: Path) -> dict[str, str]:
    """Name -> module, of what a file imports for the type checker alone."""
    (block,) = (
        node for node in tree(path).body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    )
    return {
        alias.name: str(node.module) for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names
    }


def test_the_examples_of_the_page_run(workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program = "\n".join(EXAMPLES)
    assert program.count(TARGET) == 1
    program = program.replace(TARGET, f'targets=["{NETWORK}"], ports=PORTS, pace="fast"')
    (workplace / "camscan.yaml").write_text(DECISION, encoding="utf-8")
    with serve_estate():
        exec(compile(program, "docs/library.md", "exec"), {"PORTS": PORTS})
    out, err = capsys.readouterr()
    assert err == ""
    assert re.search(r"^\d+ addresses answered; [1-9]\d* devices are new$", out, re.MULTILINE)
    assert re.search(r"hikvision DS-\S+ confirmed \('", out)
    assert re.search(r"^complete 0 new$", out, re.MULTILINE), "the second scan finds the same devices"
    assert "('last_confirmed_by_role', '', 'CCTV manager')" in out
    assert re.search(r"^[1-9]\d* devices in scope$", out, re.MULTILINE)
    assert {path.name for path in workplace.iterdir()} >= {"cameras.db"}


def test_every_public_name_is_there_and_known_to_type_checkers() -> None:
    assert camscan.__all__ == sorted(camscan.__all__)
    assert [name for name in camscan.__all__ if not hasattr(camscan, name)] == []
    for_types = imported_for_types(ROOT / "camscan/__init__.py")
    assert set(for_types) == set(camscan.__all__)
    for name, module in for_types.items():
        assert getattr(camscan, name) is getattr(importlib.import_module(module), name)
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        camscan.nothing  # noqa: B018 - as a program would
    assert set(camscan.__all__) <= set(dir(camscan))


def test_every_public_name_says_what_it_is() -> None:
    undocumented = [name for name in camscan.__all__ if name != "__version__" and not getattr(camscan, name).__doc__]
    assert undocumented == []
    unnamed = [name for name in re.findall(r"camscan\.(\w+)\(", PAGE) if name not in camscan.__all__]
    assert unnamed == []


def test_importing_it_loads_nothing() -> None:
    script = "import sys, camscan, camscan.app; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True, capture_output=True, text=True)
    ours = {name for name in done.stdout.split() if name.startswith("camscan")}
    assert ours == {"camscan", "camscan.app"}


#: Files that the others of the room share, and nobody calls from without.
INNER = {
    "run_outputs",
    "due_sites",
    "edition",
    "foi_estate",
    "foi_files",
    "two_processes",
    "alert_items",
    "list_file",
    "listing_lines",
    "log_file",
    "json_values",
    "scan_rate",
    "unrecordable",
}


def test_every_part_of_the_core_is_in_its_list() -> None:
    files = {path.stem for path in (ROOT / "camscan/app").glob("*.py")} - {"__init__"}
    assert set(app.__all__) == files - INNER
    assert set(imported_for_types(ROOT / "camscan/app/__init__.py")) == set(app.__all__)
    for name in app.__all__:
        assert getattr(app, name) is importlib.import_module(f"camscan.app.{name}")


#: What belongs to a terminal, and to a program that may end itself.
OF_A_TERMINAL = {
    *("click", "rich", "print", "input", "stdin", "stdout", "stderr", "argv", "isatty"),
    *("exit", "SystemExit", "signal"),
}


def names(node: ast.AST) -> list[str]:
    match node:
        case ast.Attribute():
            return [node.attr]
        case ast.Name():
            return [node.id]
        case ast.Import() | ast.ImportFrom():
            return [alias.name.partition(".")[0] for alias in node.names]
        case _:
            return []


def test_the_core_needs_no_terminal() -> None:
    found = [
        f"{path.name}: {name}"
        for path in sorted((ROOT / "camscan/app").glob("*.py"))
        # One is a program of its own too, which another program reads; the other reads what schtasks writes.
        if path.name not in {"front_apart.py", "task_scheduler.py"}
        for node in ast.walk(tree(path))
        for name in names(node)
        if name in OF_A_TERMINAL
    ]
    assert found == []
