"""What import-linter cannot see of the rooms: asyncio's ways to the network, programs started, broad excepts."""

from __future__ import annotations

import ast
import functools
import gc
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "camscan"

#: Ways out that do not import ``socket``.
WAYS_OUT = {
    "create_connection",
    "create_datagram_endpoint",
    "create_server",
    "open_connection",
    "open_unix_connection",
    "sock_connect",
    "sock_sendto",
    "start_server",
    "urlopen",
}
OPENS_SOCKETS = {"net", "link", "demo"}
#: The client of camscan-link, and ``camscan demo``, which runs the estate beside the scanner.
STARTS_PROGRAMS = {
    *("net/link.py", "cli/_estate.py", "register/judging.py", "notify/channels/mail.py", "app/schedule.py"),
    *("app/front_apart.py", "app/task_scheduler.py"),
}
"""The third and the sixth start this program once more; the fourth the mail system of the machine; the last
schtasks of Windows."""

LONGEST_MODULE = 400
LONGEST_FUNCTION = 40
MAY_BE_LONG: dict[str, str] = {
    "register/migrations/": "one step of the tables' history each, never changed again",
}
"""Beginnings of paths of files that the limits are not for -> why."""


@functools.cache
def files() -> list[tuple[str, ast.Module]]:
    """Parsed once: every test walks through all of them. Nothing of it is garbage, so nobody looks for any."""
    gc.disable()
    found = [
        (path.relative_to(PACKAGE).as_posix(), ast.parse(path.read_text(encoding="utf-8")))
        for path in sorted(PACKAGE.rglob("*.py"))
    ]
    gc.enable()
    return found


def names(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield node.lineno, node.attr
        elif isinstance(node, ast.Name):
            yield node.lineno, node.id
        elif isinstance(node, ast.ImportFrom | ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)


@pytest.mark.slow
def test_only_the_door_link_and_demo_go_to_the_network() -> None:
    found = [
        f"{file}:{line} {name}"
        for file, tree in files()
        if file.split("/")[0] not in OPENS_SOCKETS
        for line, name in names(tree)
        if name in WAYS_OUT
    ]
    assert found == []


def test_only_few_files_start_programs() -> None:
    found = [
        f"{file}:{line} {name}"
        for file, tree in files()
        if file not in STARTS_PROGRAMS
        for line, name in names(tree)
        if name in {"subprocess", "create_subprocess_exec", "create_subprocess_shell", "Popen", "popen"}
    ]
    assert found == []
    assert not [file for file, tree in files() for node in ast.walk(tree) if is_system_of_os(node)]


def is_system_of_os(node: ast.AST) -> bool:
    """``os.system``; camscan has modules of that name."""
    if isinstance(node, ast.Attribute):
        return node.attr == "system" and isinstance(node.value, ast.Name) and node.value.id == "os"
    return isinstance(node, ast.ImportFrom) and node.module == "os" and any(one.name == "system" for one in node.names)


def test_what_swallows_every_exception_stands_in_one_place() -> None:
    found = {file for file, tree in files() for node in ast.walk(tree) if swallows_everything(node)}
    assert found == {"probes/__init__.py"}


def swallows_everything(node: ast.AST) -> bool:
    """An ``except`` for all exceptions, or the end of a ``with`` block that may say that an exception is dealt with."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return node.name in {"__exit__", "__aexit__"} and "bool" in ast.unparse(node.returns or ast.Constant(""))
    return (
        isinstance(node, ast.ExceptHandler)
        and (node.type is None or (isinstance(node.type, ast.Name) and node.type.id in {"Exception", "BaseException"}))
        # One that tidies up and raises again lets everything pass.
        and not (isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None)
    )


def test_no_private_name_crosses_a_room() -> None:
    """A name that begins with an underscore is for the package that it stands in, and for what lies below that."""
    found = []
    for file, tree in files():
        module = f"camscan.{file.removesuffix('.py').replace('/', '.')}"
        room = module.removesuffix(".__init__") if file.endswith("__init__.py") else module.rpartition(".")[0]
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                full = [f"{node.module}.{alias.name}" for alias in node.names]
            elif isinstance(node, ast.Import):
                full = [alias.name for alias in node.names]
            else:
                continue
            for name in full:
                *_, owner = ("", *(name[: at.start()] for at in re.finditer(r"\._(?!_)", name)))
                if owner.startswith("camscan") and owner != module and not f"{room}.".startswith(f"{owner}."):
                    found.append(f"{file}:{node.lineno} {name}")
    assert found == []


@pytest.mark.parametrize("module", ["camscan.link.program", "camscan.link.arp"])
def test_the_arp_sweep_starts_without_scapy_and_without_the_scanner(module: str) -> None:
    code = f"import sys, {module}; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    loaded = set(done.stdout.split())
    assert module in loaded
    outside = {name for name in loaded if name.startswith("camscan.") and not name.startswith("camscan.link")}
    assert outside == set()
    assert not loaded & {"scapy", "lxml", "sqlalchemy", "rich", "click", "yaml", "cryptography", "re2"}


def test_no_part_of_camscan_needs_scapy_to_be_imported() -> None:
    modules = "camscan.cli, camscan.scan, camscan.net.link, camscan.link.program"
    code = f"import sys; sys.modules['scapy'] = None; import {modules}"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
    without = (
        "import sys; sys.modules['scapy'] = None; from camscan.link.program import run; sys.exit(run(['read', 'x']))"
    )
    done = subprocess.run([sys.executable, "-c", without], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 6  # there is no file x; nothing was asked of scapy
    assert done.stderr == "camscan-link: cannot read x: No such file or directory\n"


def test_no_module_and_no_function_is_longer_than_a_newcomer_can_take_in() -> None:
    found = [
        f"{file}:{line} {name}: {length} lines"
        for file, tree in files()
        if not file.startswith(tuple(MAY_BE_LONG))
        for line, name, length in too_long(file, tree)
    ]
    assert found == []


def too_long(file: str, tree: ast.Module) -> Iterator[tuple[int, str, int]]:
    lines = (PACKAGE / file).read_text(encoding="utf-8").count("\n")
    if lines > LONGEST_MODULE:
        yield 1, "the module", lines
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (length := length_of(node)) > LONGEST_FUNCTION:
            yield node.lineno, node.name, length


def length_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Its lines, without the options and the help of a command that it is or defines."""
    end = function.end_lineno or function.lineno
    parts = [node for node in ast.walk(function) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return end - function.lineno + 1 - sum(options_of(part, within=function) for part in parts)


def options_of(function: ast.FunctionDef | ast.AsyncFunctionDef, *, within: ast.AST) -> int:
    """Lines of a command before its first statement: its parameters are its options, and its docstring is its help."""
    if not any(names_a_command(decorator) for decorator in function.decorator_list):
        return 0
    start = function.lineno if function is within else min(each.lineno for each in function.decorator_list)
    has_help = ast.get_docstring(function) is not None and len(function.body) > 1
    return function.body[1 if has_help else 0].lineno - start


def names_a_command(decorator: ast.expr) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return isinstance(called, ast.Attribute) and called.attr in {"command", "group"}
