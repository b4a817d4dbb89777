"""Which tests may run beside each other (``pytest -n 2``), and the registers that they work on.

A test of the register that takes ``register_at`` runs twice: on an SQLite file, and in a schema of its own on a real
PostgreSQL server: ``with open_register(register_at) as book: …``, or ``book``, where it is open all the time. A test
of how a register is made takes ``new_register_at``. What only one of them can do takes ``tmp_path`` (a file) or
``postgresql_at`` (an address).
"""

from __future__ import annotations

import contextlib
import functools
import gc
import inspect
import os
import re
import signal
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import compiled_once
import in_memory
import own_network
import pg_server
import pytest
import worked_out_once
from command_line import Camscan, command
from examples import examples
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling

from camscan.register import Register, open_register

ROOT = Path(__file__).resolve().parents[1]
TESTS = f"{ROOT / 'tests'}{os.sep}"
ESTATES = re.compile(
    r"camscan\.(?:cli\.)?demo|^from camscan import .*\bdemo\b|^from (?:estate_truth|council) "
    r"|^from camscan\.scan\.engine import .*\bScan\b|\bscan\W+127\.|\bcamscan\W+scan\W+NETWORK",
    re.MULTILINE,
)
"""Text of a file that runs an estate or scans on loopback; the word council is in many others."""
NICE = os.getpriority(os.PRIO_PROCESS, 0) if hasattr(os, "getpriority") else 0
"""How far these tests step back behind other programs."""
COLLECTOR = 10_000, 10, 10
"""When Python looks for garbage: more rarely than by itself; commands want that hardly ever, or not at all."""
CROWDED = {f"tests/lab/test_lab_{name}.py" for name in ("clients", "hostile", "link", "scan")}
"""Files with LANs of a hundred units and more. One kernel holds the neighbours of all LANs: two crowds lose some."""
LONGEST = {f"tests/test_{name}.py" for name in ("image", "register_durability", "story")}
"""Files of few tests that take longest: more than twenty seconds of a processor, or waiting for others."""
LONG = {f"tests/test_{name}.py" for name in ("house", "register_backup", "register_failures", "rooms", "supported")}
"""Files of few tests that take some seconds: none of them must be what a worker begins last."""
_PAGES = ("web_answers", "web_draft", "web_files", "web_import", "web_review")
SLOW = {f"tests/test_{name}.py" for name in ("alerts", "centre", "parcel_register", *_PAGES)}
"""Files whose tests start no process and go through a whole register each: ``make quick`` leaves them out too."""
STARTERS = {"subprocess", "multiprocessing", "psycopg"}
"""Modules that start a process, or speak to a server that does."""
STARTS = {
    "create_subprocess_exec",
    "fork",
    "start_server",
    "create_server",
    "HTTPServer",
    "ThreadingHTTPServer",
    "Controller",
}
"""Functions and classes of other modules that do, or that are a server."""


if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as a shell starts what runs in its background
    signal.signal(signal.SIGINT, signal.default_int_handler)


settings.register_profile("camscan", examples(100))
settings.load_profile("camscan")  # for property tests that do not say how many inputs they try


@functools.cache
def runs_estates(file: str) -> bool:
    """Whether a file of the tests runs an estate or scans on loopback."""
    return bool(ESTATES.search((ROOT / file).read_text(encoding="utf-8")))


@functools.cache
def starts_others(function: FunctionType) -> bool:
    """Whether a function of the tests, or one that it calls, starts processes or servers."""
    known, todo = {function}, [function]
    while todo:
        function = todo.pop()
        if names_in(function.__code__) & STARTS:
            return True
        for value in used_by(function):
            if isinstance(value, ModuleType) and value.__name__ in STARTERS:
                return True
            called = inspect.unwrap(value) if isinstance(value, FunctionType) else None  # of a context manager: itself
            if isinstance(called, FunctionType) and called not in known and of_tests(called):
                known.add(called)
                todo.append(called)
    return False


@functools.cache
def used_by(function: FunctionType) -> tuple[object, ...]:
    """What a function names of its module, of its class, and of other files and classes of the tests."""
    names, found = names_in(function.__code__), list[object]()
    for name in names & function.__globals__.keys():
        value = function.__globals__[name]
        found.append(value)
        if isinstance(value, ModuleType) and str(getattr(value, "__file__", "")).startswith(TESTS):
            found += [vars(value)[each] for each in names & vars(value).keys()]
        elif isinstance(value, type) and value.__module__ == function.__module__:
            found += vars(value).values()
    owner = function.__globals__.get(function.__qualname__.partition(".")[0])
    if isinstance(owner, type):
        found += [vars(owner)[each] for each in names & vars(owner).keys()]
    return tuple(found)


def names_in(code: CodeType) -> set[str]:
    """Whether a function is defined in this folder."""
    return {*code.co_names}.union(*(names_in(part) for part in code.co_consts if isinstance(part, CodeType)))


def of_tests(function: FunctionType) -> bool:
    """Whether a function is defined in this folder."""
    return function.__code__.co_filename.startswith(TESTS)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Marks as slow, for ``make quick`` and ``make mutants``, what runs processes or estates."""
    if hasattr(config, "workerinput"):
        in_order(items)
    if "slow" not in config.option.markexpr:  # nobody asks, and to find out takes every process a while
        return
    for item in items:
        file = item.nodeid.partition("::")[0]
        if isinstance(item, pytest.Function) and (
            file in SLOW
            or runs_estates(file)
            or any(
                isinstance(function, FunctionType) and of_tests(function) and starts_others(function)
                for function in (inspect.unwrap(item.function), *fixtures(item))
            )
        ):
            item.add_marker(pytest.mark.slow)


def in_order(items: list[pytest.Item]) -> None:
    """Sort the files so that no worker begins with a long one when the others have nothing left to do."""
    sizes = Counter(item.path for item in items)

    def place(item: pytest.Item) -> tuple[tuple[bool, ...], int, Path]:
        file = item.path.relative_to(ROOT).as_posix()
        early = file in CROWDED, is_of_lab(item), file in LONGEST, runs_estates(file), file in LONG
        return tuple(not each for each in early), -sizes[item.path], item.path

    items.sort(key=place)


def fixtures(item: pytest.Function) -> Iterator[Callable[..., object]]:
    """The functions behind the fixtures that a test takes; where a parameter chooses one, that one."""
    callspec = getattr(item, "callspec", None)
    for name, definitions in item._fixtureinfo.name2fixturedefs.items():
        yield inspect.unwrap(definitions[-1].func)
        if callspec and callspec.params.get(name) == "postgresql":
            yield inspect.unwrap(pg_server.running)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> None:
    """The laboratory measures time: it has the processor whenever it wants it, whatever runs beside it."""
    if hasattr(item.config, "workerinput") and own_network.is_root():
        with contextlib.suppress(PermissionError):  # Whether a test builds a laboratory.
            os.setpriority(os.PRIO_PROCESS, 0, NICE - (10 if is_of_lab(item) else 0))


def is_of_lab(item: pytest.Item) -> bool:
    """Whether a test builds a laboratory."""
    return item.get_closest_marker("lab") is not None


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown() -> None:
    """Python goes on collecting garbage, whatever command ran in this process: a worker grew to more than 1 GB."""
    gc.set_threshold(*COLLECTOR)
    gc.enable()


class ByFile(LoadScopeScheduling):  # type: ignore[misc]  # xdist ships no types
    """Hands whole files to the workers, those that wait and take long first.

    Crowded laboratories take turns. So do files that run estates, where workers have no networks of their own:
    everybody hears every group. One worker always computes while the others wait, so that no processor is idle first
    and wanted by all later.
    """

    def __init__(self, config: pytest.Config, log: Any) -> None:
        super().__init__(config, log)
        self.take_turns = not own_network.possible()
        config.option.loadscopereorder = False  # in_order has put them in order

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        if file in CROWDED:
            return "crowds"
        return "estates" if self.take_turns and runs_estates(file) else file

    def _assign_work_unit(self, node: Any) -> None:
        others = (work for other, work in self.assigned_work.items() if other is not node)
        waiting = sum(any(waits(scope) and not all(tests.values()) for scope, tests in work.items()) for work in others)
        computes = next((scope for scope in self.workqueue if not waits(scope)), None)
        if computes and waiting >= len(self.nodes) - 1:
            self.workqueue.move_to_end(computes, last=False)
        super()._assign_work_unit(node)


@functools.cache
def waits(scope: str) -> bool:
    """Whether what one worker does at a time waits for devices and other processes more than it computes."""
    return scope in {"crowds", "estates"} | LONGEST or scope.startswith("tests/lab/") or runs_estates(scope)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:
    return ByFile(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is there when the tests have been collected stays: Python need not look through it for garbage."""
    gc.disable()
    done = yield
    gc.freeze()
    gc.enable()
    return done


def pytest_configure(config: pytest.Config) -> None:
    """Set up before the tests are collected, because many files load the database when they are imported."""
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)  # started by nohup, and camscan would rightly ignore it as well
    if config.getoption("dist", "no") == "no" and "CAMSCAN_POSTGRESQL" not in os.environ:  # this process runs tests
        own_network.enter()
    if folder := in_memory.folder():
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", folder)
    gc.set_threshold(*COLLECTOR)
    patch = pytest.MonkeyPatch()
    config.add_cleanup(patch.undo)
    worked_out_once.begin(patch)


@pytest.fixture(scope="session", autouse=True)
def statements_are_compiled_once() -> Iterator[None]:
    """Compile each SQL statement once, for all engines."""
    compiled_once.begin()
    yield
    compiled_once.end()


@pytest.fixture
def camscan(capsys: pytest.CaptureFixture[str]) -> Camscan:
    """The command line; ``camscan("scan", "10.1.2.0/24")`` → (code, out, err)."""
    return command(capsys)


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty directory to work in; the configuration of the person who runs the tests is not used."""
    monkeypatch.chdir(tmp_path)
    for name in ("XDG_CONFIG_HOME", "APPDATA"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    for name in ("CAMSCAN_CONFIG", "CAMSCAN_ROLE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[pg_server.Server]:
    """The server of ``CAMSCAN_POSTGRESQL``, whose user may create databases and users; or our own."""
    if given := os.environ.get("CAMSCAN_POSTGRESQL"):
        server = pg_server.Server(given)
        yield server
        server.leave()
    elif not hasattr(os, "fork"):
        pytest.skip("a PostgreSQL server for tests is started on Linux only; CAMSCAN_POSTGRESQL names another")
    elif pg_server.program("initdb") is None or pg_server.program("postgres") is None:
        pytest.skip("no PostgreSQL server here: apt-get install postgresql, or set CAMSCAN_POSTGRESQL to an address")
    else:
        with pg_server.running() as server:
            yield server


@pytest.fixture(scope="session", autouse=True)
def _registers_of_pages(request: pytest.FixtureRequest) -> None:
    """Put the registers behind pages on a server where ``CAMSCAN_WEB_STORE`` says so: ``make web-server``."""
    if os.environ.get("CAMSCAN_WEB_STORE") == "postgresql":
        import web_estate  # noqa: PLC0415 - the web libraries, which other tests do not need

        web_estate.SERVER = request.getfixturevalue("postgresql_server")


@pytest.fixture
def postgresql_at(postgresql_server: pg_server.Server) -> str:
    """The address of a place for a register on a PostgreSQL server, empty."""
    return postgresql_server.place()


@pytest.fixture(params=["sqlite", "postgresql"])
def register_at(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The place of an empty register: a file that does not exist yet, then the address of a schema.

    That may hold an empty register already, which another test had. A test of how a register is made takes
    ``new_register_at``.
    """
    if request.param == "sqlite":
        yield str(tmp_path / "camscan.db")
        return
    server: pg_server.Server = request.getfixturevalue("postgresql_server")
    address = server.register()
    yield address
    server.take_back(address)


@pytest.fixture(params=["sqlite", "postgresql"])
def new_register_at(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The place of a new register: a file that does not exist yet, then the address of an empty schema."""
    if request.param == "sqlite":
        return str(tmp_path / "camscan.db")
    address: str = request.getfixturevalue("postgresql_at")
    return address


@pytest.fixture
def book(register_at: str) -> Iterator[Register]:
    """An empty register, open for writing."""
    with open_register(register_at) as register:
        yield register
