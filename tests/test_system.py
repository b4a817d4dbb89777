"""The seam of the operating system: Linux and Windows answer the same questions, and nothing else asks which it is."""

from __future__ import annotations

import ast
import asyncio
import ctypes
import errno
import inspect
import ipaddress
import os
import re
import socket
import struct
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path, PureWindowsPath
from types import ModuleType

import pytest
from click.testing import CliRunner

import camscan
import camscan.net.system
import camscan.system.linux
import camscan.system.windows
from camscan import demo, net, system
from camscan.cli import cli
from camscan.cli._words import with_program_name
from camscan.demo.system import linux as demo_linux
from camscan.demo.system import windows as demo_windows
from camscan.errors import OutputError, RegisterError
from camscan.net import link
from camscan.net.interface import Interface
from camscan.net.neighbour import Neighbour, Neighbours
from camscan.net.route import Route
from camscan.net.span import Span
from camscan.net.system import Datagram
from camscan.net.system.linux import links as linux_links
from camscan.net.system.linux import neighbours as linux_neighbours
from camscan.net.system.linux import sockets as linux_sockets
from camscan.net.system.windows import iphlpapi
from camscan.net.system.windows import links as windows_links
from camscan.net.system.windows import neighbours as windows_neighbours
from camscan.net.system.windows import sockets as windows_sockets
from camscan.output import check_writable, is_taken, make_folder
from camscan.output_folder import check_folder
from camscan.register import open_register
from camscan.scan import multicast
from camscan.scan.coverage import Tally
from camscan.system import linux as camscan_linux
from camscan.system import windows as camscan_windows

LINUX = (linux_links, linux_neighbours, linux_sockets)
WINDOWS = (windows_links, windows_neighbours, windows_sockets)
SEAM = ("net/system/", "system/", "demo/system/")
OF_LINUX = ("link/raw.py", "link/interface.py")
"""Raw packets: of Linux alone, and a program without camscan, which says so by itself."""
ASKS_WHICH = frozenset(
    {
        *("sys.platform", "sys.getwindowsversion", "sys.winver", "os.name", "os.uname"),
        *(
            f"platform.{name}"
            for name in ("system", "platform", "uname", "release", "version", "win32_ver", "libc_ver")
        ),
        *("sysconfig.get_platform", "distutils.util.get_platform", "ctypes.windll", "ctypes.oledll", "ctypes.WinDLL"),
    }
)
"""Names that say which system it is."""
ONE_SYSTEMS = frozenset(
    {
        *("fcntl", "resource", "pwd", "grp", "termios", "tty", "pty", "posix", "syslog", "spwd", "crypt"),
        *("msvcrt", "winreg", "_winreg", "_winapi", "nt", "winsound", "asyncio.windows_events"),
    }
)
"""Modules that only one system has, or whose name says which."""
ASKED_OF = frozenset({"os", "sys", "socket", "signal", "select", "asyncio", "time", "subprocess", "ctypes"})
"""Modules of which ``hasattr`` and ``getattr`` ask what the system has."""


def asks_which(text: str) -> list[str]:
    """Where a module asks which system it is, and how, whatever it calls what it imports."""
    tree = ast.parse(text)
    names = dict(called for node in ast.walk(tree) for called in imports(node))
    found = []
    for node in ast.walk(tree):
        asked = {full for _, full in imports(node)} & (ASKS_WHICH | ONE_SYSTEMS)
        if isinstance(node, ast.Attribute | ast.Name):
            asked |= {dotted(node, names)} & ASKS_WHICH
        elif isinstance(node, ast.Call):
            asked |= asked_by_call(node, names)
        found += [f"{node.lineno}: {name}" for name in sorted(asked)]  # type: ignore[attr-defined]
    return found


def imports(node: ast.AST) -> list[tuple[str, str]]:
    """What an import calls the things that it takes -> their whole names."""
    if isinstance(node, ast.Import):
        return [(one.asname or one.name.partition(".")[0], one.name) for one in node.names]
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        return [(one.asname or one.name, f"{node.module}.{one.name}") for one in node.names] + [("", node.module)]
    return []


def dotted(node: ast.AST, names: Mapping[str, str]) -> str:
    """The whole name of ``module.name`` and of ``name``; empty for anything else."""
    if isinstance(node, ast.Name):
        return names.get(node.id, "")
    return f"{dotted(node.value, names)}.{node.attr}" if isinstance(node, ast.Attribute) else ""


def asked_by_call(call: ast.Call, names: Mapping[str, str]) -> set[str]:
    """What ``hasattr``, ``getattr`` and imports by name ask for."""
    function = call.func.id if isinstance(call.func, ast.Name) else ""
    words = [one.value for one in call.args if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    if function in {"hasattr", "getattr"} and words and dotted(call.args[0], names) in ASKED_OF:
        return {f"{function}({dotted(call.args[0], names)})"}
    if function == "__import__" or dotted(call.func, names) in {"importlib.import_module", "importlib.util.find_spec"}:
        return set(words) & ONE_SYSTEMS
    return set()


def of_the_seam(face: ModuleType, modules: tuple[ModuleType, ...]) -> dict[str, object]:
    """What the face takes from the modules of one system."""
    return {name: getattr(module, name) for module in modules for name in face.__all__ if hasattr(module, name)}


def needed(function: Callable[..., object]) -> list[str]:
    """The arguments that it must be given."""
    return [one.name.lstrip("_") for one in inspect.signature(function).parameters.values() if one.default is one.empty]


@pytest.mark.parametrize(
    ("face", "linux", "windows"),
    [
        (net.system, LINUX, WINDOWS),
        (system, (camscan.system.linux,), (camscan.system.windows,)),
        (demo.system, (demo_linux,), (demo_windows,)),
    ],
    ids=["networks", "files", "estate"],
)
def test_both_systems_answer_the_same_questions(
    face: ModuleType, linux: tuple[ModuleType, ...], windows: tuple[ModuleType, ...]
) -> None:
    ours, theirs = of_the_seam(face, linux), of_the_seam(face, windows)
    assert ours.keys() == theirs.keys()
    assert all(hasattr(net.system.nouns, name) for name in set(face.__all__) - ours.keys())
    for name, answer in ours.items():
        other = theirs[name]
        assert type(answer) is type(other), name
        if inspect.isfunction(answer) and inspect.isfunction(other):
            assert needed(answer) == needed(other), name


def test_nothing_else_asks_which_system_it_is() -> None:
    root = Path(camscan.__file__).parent
    asking = {
        path.relative_to(root).as_posix(): found
        for path in sorted(root.rglob("*.py"))
        if not path.relative_to(root).as_posix().startswith((*SEAM, *OF_LINUX))
        and (found := asks_which(path.read_text(encoding="utf-8")))
    }
    assert asking == {}


@pytest.mark.parametrize(
    "text",
    [
        "import sys\nif sys.platform == 'win32': pass",
        "import sys as s\ns.platform.startswith('linux')",
        "from sys import platform as p\np == 'linux'",
        "import os\nos.name == 'nt'",
        "from os import name",
        "import os\nos.uname()",
        "import platform\nplatform.system()",
        "from platform import system as which\nwhich()",
        "import platform as p\np.uname()",
        "def f():\n    import fcntl",
        "from msvcrt import locking",
        "from importlib import import_module\nimport_module('winreg')",
        "import importlib\nimportlib.import_module('resource')",
        "__import__('pwd')",
        "import os\nif hasattr(os, 'fork'): pass",
        "import signal as s\ngetattr(s, 'SIGHUP', None)",
        "import ctypes\nctypes.windll.kernel32",
        "from sysconfig import get_platform",
    ],
)
def test_no_way_to_ask_is_overlooked(text: str) -> None:
    assert asks_which(text)


def test_no_time_is_written_as_only_one_system_can() -> None:
    root = Path(camscan.__file__).parent
    asking = {
        path.relative_to(root).as_posix(): found
        for path in sorted(root.rglob("*.py"))
        if (found := re.findall(r"%[-#_^][aAbBcdHIjmMpSuUVwWxXyYZ]\b", path.read_text(encoding="utf-8")))
    }
    assert asking == {}, "%-d is not known to Windows: camscan.dates writes days"


@pytest.mark.parametrize(
    "text", ["import platform\nplatform.node()", "import sys\nsys.argv", "class A:\n    name = platform = 1\nA.name"]
)
def test_what_asks_something_else_is_not_blamed(text: str) -> None:
    assert asks_which(text) == []


# ── Windows' tables, from bytes as its header files lay them out ─────────────────────────────────────────────────


def sockaddr(ip: str) -> bytes:
    address = ipaddress.ip_address(ip)
    if address.version == 4:
        return struct.pack("<HH", 2, 0) + address.packed + bytes(20)
    return struct.pack("<HHI", 23, 0, 0) + address.packed + bytes(4)


def neighbour(ip: str, mac: str, state: int, index: int = 12) -> bytes:
    packed = bytes.fromhex(mac.replace(":", ""))
    return sockaddr(ip) + struct.pack("<IQ32sIiB3xI", index, 0, packed, len(packed), state, 0, 0)


TABLE = (
    neighbour("192.0.2.2", "02:00:00:00:00:02", 5)
    + neighbour("192.0.2.3", "02:00:00:00:00:03", 4)
    + neighbour("192.0.2.4", "02:00:00:00:00:04", 6)
    + neighbour("192.0.2.5", "00:00:00:00:00:00", 4)  # as Wine lists one who did not answer
    + neighbour("192.0.2.6", "02:00:00:00:00:06", 0)  # unreachable
    + neighbour("239.255.255.250", "01:00:5e:7f:ff:fa", 6)
    + neighbour("192.0.2.255", "ff:ff:ff:ff:ff:ff", 6)
    + neighbour("fe80::7", "02:00:00:00:00:07", 4)
)


def test_neighbours_of_windows_have_a_mac_and_no_time() -> None:
    assert windows_neighbours.read_neighbours(TABLE) == {
        "192.0.2.2": Neighbour("02:00:00:00:00:02", None, assumed=True),
        "192.0.2.3": Neighbour("02:00:00:00:00:03", None),
        "192.0.2.4": Neighbour("02:00:00:00:00:04", float("inf"), assumed=True),
        "fe80::7%12": Neighbour("02:00:00:00:00:07", None),
    }


def test_a_torn_table_costs_only_what_is_torn() -> None:
    whole = windows_neighbours.read_neighbours(TABLE)
    for length in range(0, len(TABLE), 7):
        assert windows_neighbours.read_neighbours(TABLE[:length]).items() <= whole.items()
    assert iphlpapi.address(b"") is iphlpapi.address(b"\x02\x00\x00") is iphlpapi.address(bytes(28)) is None


def test_without_times_only_who_was_not_believed_in_before_is_known_to_live() -> None:
    clock = [100.0]
    before = {
        "192.0.2.2": Neighbour("02:00:00:00:00:02", None, assumed=True),
        "192.0.2.3": Neighbour("02:00:00:00:00:03", None),
        "192.0.2.4": Neighbour("02:00:00:00:00:04", None, assumed=True),
    }
    table = dict(before)
    seen = Neighbours(lambda: dict(table), clock=lambda: clock[0])

    def known() -> list[str]:
        clock[0] += 1
        return [ip for ip in ("192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5") if seen.mac(ip, lives=False)]

    assert known() == []
    table["192.0.2.5"] = Neighbour("02:00:00:00:00:05", None)
    table["192.0.2.3"] = Neighbour("02:00:00:00:00:03", None, assumed=True)
    table["192.0.2.4"] = Neighbour("02:00:00:00:00:04", None)
    assert known() == ["192.0.2.3", "192.0.2.5"]
    table["192.0.2.4"] = Neighbour("02:00:00:00:00:04", None, assumed=True)
    assert known() == ["192.0.2.3", "192.0.2.4", "192.0.2.5"]
    assert seen.mac("192.0.2.2", lives=True) == "02:00:00:00:00:02"


def route(destination: str, hop: str, index: int, kind: int, metric: int) -> bytes:
    network = ipaddress.IPv4Network(destination)
    parts = (network.network_address.packed, network.netmask.packed, 0, ipaddress.IPv4Address(hop).packed)
    return struct.pack("<4s4sI4s10I", *parts, index, kind, 3, 0, 0, metric, 0, 0, 0, 0)


def test_routes_of_windows_are_in_the_order_that_it_prefers() -> None:
    content = (
        route("0.0.0.0/0", "192.0.2.1", 12, 4, 25)
        + route("192.0.2.0/24", "0.0.0.0", 12, 3, 281)
        + route("198.51.100.0/24", "192.0.2.254", 12, 4, 26)
        + route("203.0.113.0/24", "192.0.2.254", 99, 4, 26)  # of an interface that is down
        + route("203.0.113.0/24", "192.0.2.254", 12, 2, 26)  # no longer valid
    )
    assert windows_links.read_routes(content, {12: "Ethernet 2"}) == [
        Route("Ethernet 2", "192.0.2.254", Span(4, 0xC6336400, 0xC63364FF), 24, 26),
        Route("Ethernet 2", "", Span(4, 0xC0000200, 0xC00002FF), 24, 281),
        Route("Ethernet 2", "192.0.2.1", Span(4, 0, 0xFFFFFFFF), 0, 25),
    ]


@pytest.mark.parametrize(
    ("number", "meant"),
    [
        (1225, errno.ECONNREFUSED),
        (1231, errno.ENETUNREACH),
        (1232, errno.EHOSTUNREACH),
        (121, errno.ETIMEDOUT),
        (64, errno.ECONNRESET),
        (1236, errno.ECONNRESET),
        (10013, errno.EACCES),
        (None, errno.EACCES),
    ],
)
def test_the_numbers_of_windows_mean_what_those_of_linux_do(number: int | None, meant: int) -> None:
    error = OSError(errno.EACCES if meant == errno.EACCES else errno.EINVAL, "as Python reads it")
    if number is not None:
        error.winerror = number  # type: ignore[attr-defined]
    assert windows_sockets.error_number(error) == meant


async def test_windows_reads_on_after_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    came: list[object] = [
        ConnectionResetError(errno.ECONNRESET, ""),
        OSError(errno.ENETRESET, ""),
        (b"x", ("192.0.2.1", 9)),
    ]
    drained: list[Datagram | None] = []
    done = asyncio.Event()

    async def sock_recvfrom(_sock: socket.socket, _size: int) -> object:
        if not came:
            done.set()
            await asyncio.Event().wait()
        if isinstance(next_one := came.pop(0), OSError):
            raise next_one
        return next_one

    monkeypatch.setattr(asyncio.get_running_loop(), "sock_recvfrom", sock_recvfrom)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        windows_sockets.watch(sock, drained.append)
        async with asyncio.timeout(10):
            await done.wait()
        windows_sockets.unwatch(sock)
    assert drained == [(b"x", ("192.0.2.1", 9))]


async def test_a_system_without_raw_packets_says_so_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(net.system, "NO_RAW_PACKETS", windows_sockets.NO_RAW_PACKETS)
    here = Interface("Ethernet", 12, (ipaddress.IPv4Interface("192.0.2.1/24"),))
    tally = Tally()
    await multicast.ask_layer2(here, 0.1, lambda _reply: None, tally)
    await multicast.ask_layer2(replace(here, name="Wi-Fi"), 0.1, lambda _reply: None, tally)
    with pytest.raises(link.Unavailable, match="no raw packets on Windows"):
        async for _ in link.arp_sweep("Ethernet", ["192.0.2.0/24"], 100):
            pass
    assert len(tally.notes) == 1
    assert "raw sweeps and the inquiry below IP are made on Linux only" in next(iter(tally.notes))


@pytest.mark.parametrize(
    ("typed", "called"),
    [
        (r"C:\camscan\camscan.cmd", r"C:\camscan\camscan.cmd"),
        (r'"C:\camscan\camscan.cmd"', r"C:\camscan\camscan.cmd"),  # as PowerShell calls it
        (r'"C:\my tools\camscan.cmd"', r'"C:\my tools\camscan.cmd"'),
        (r'"C:\R&D\camscan.cmd"', r'"C:\R&D\camscan.cmd"'),
    ],
)
def test_a_camscan_of_the_zip_is_called_as_it_was_typed(
    monkeypatch: pytest.MonkeyPatch, typed: str, called: str
) -> None:
    monkeypatch.setenv("CAMSCAN_CALLED_AS", typed)
    assert with_program_name("type `camscan show`") == f"type `{called} show`"


def test_the_examples_of_help_can_be_typed_on_windows_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAMSCAN_CALLED_AS", r".\camscan.cmd")
    top = CliRunner().invoke(cli, ["--help"]).output
    assert re.findall(r"^  (?:Start with|Then): +(\S+ \w+)", top, re.MULTILINE) == [
        r".\camscan.cmd demo", r".\camscan.cmd scan", r".\camscan.cmd show",
    ]  # fmt: skip
    scan = CliRunner().invoke(cli, ["scan", "--help"]).output
    assert "\n  .\\camscan.cmd scan --all --resume\n" in scan
    assert "`.\\camscan.cmd probes`" in scan
    assert not re.search(r"(?<![\w\\.])camscan [a-z-]+ ", scan)


@pytest.mark.parametrize("is_new", [True, False], ids=["Windows 10", "older"])
def test_a_console_is_asked_to_show_colours(monkeypatch: pytest.MonkeyPatch, is_new: bool) -> None:
    asked: list[int] = []

    class Kernel32:
        """Standard output is a console, standard error is a file."""

        def __init__(self, _name: str) -> None:
            self.GetStdHandle = lambda number: -number
            self.GetStdHandle.restype = None  # type: ignore[attr-defined]

        def GetConsoleMode(self, handle: ctypes.c_void_p, _mode: object) -> int:  # noqa: N802 - Windows' name
            return handle.value == 11

        def SetConsoleMode(self, _handle: ctypes.c_void_p, mode: int) -> int:  # noqa: N802 - Windows' name
            asked.append(mode)
            return is_new

    monkeypatch.setattr("ctypes.CDLL", Kernel32)
    monkeypatch.setenv("NO_COLOR", "")
    camscan_windows.prepare_streams()
    assert (asked, os.environ["NO_COLOR"]) == ([4], "" if is_new else "1")


@pytest.mark.parametrize(
    ("word", "typed"), [("camscan.db", "camscan.db"), ("my register.db", '"my register.db"'), ("R&D.db", '"R&D.db"')]
)
def test_words_are_quoted_as_cmd_and_powershell_read_them(word: str, typed: str) -> None:
    assert camscan_windows.quote(word) == typed


@pytest.mark.parametrize(
    ("name", "is_possible"),
    [
        ("devices.csv", True),
        ("console.csv", True),
        ("CON", False),
        ("nul.txt", False),
        ("com7", False),
        ("a:b", False),
        ("why?", False),
        ("end.", False),
        ("x" * 300, False),
    ],
)
def test_names_that_windows_cannot_have(name: str, is_possible: bool) -> None:
    assert (camscan_windows.name_problem(Path(f"/folder/{name}")) == "") is is_possible


@pytest.mark.parametrize("name", [r"\\.\NUL", r"\\.\PhysicalDrive0", r"\\?\C:\cameras.csv"])
def test_a_path_to_a_device_is_not_the_name_of_a_file(name: str) -> None:
    assert "of devices in Windows" in camscan_windows.name_problem(Path(name))


def test_what_cannot_be_read_or_is_not_there_is_named_as_windows_does(tmp_path: Path) -> None:
    refused = PermissionError(errno.EACCES, "Permission denied")
    assert camscan_windows.why_not_read(refused, tmp_path) == "it is a folder; name a file"
    assert camscan_windows.why_not_read(refused, tmp_path / "a.csv") == "Permission denied"
    refused.winerror = 32  # type: ignore[attr-defined]  # as Windows sets it: ERROR_SHARING_VIOLATION
    assert camscan_windows.why_not_read(refused, tmp_path / "a.csv").startswith("another program has it open")
    for folder, name in ((r"Q:\new", "Q:"), ("Q:", "Q:"), (r"\\server\share\new", r"\\server\share")):
        says = camscan_windows.missing_folder(PureWindowsPath(folder))  # type: ignore[arg-type]
        assert says == f"the drive or share {name} is not there; connect it, or name a file elsewhere"
    assert camscan_windows.missing_folder(tmp_path) == f"the folder {tmp_path} does not exist; create it first"


def test_a_path_leaves_room_for_the_names_beside_it() -> None:
    path = Path("/folder/" + "x" * 240)
    assert camscan_windows.name_problem(path) == ""
    assert "longer than the 239 characters" in camscan_windows.name_problem(path, room=20)


@pytest.fixture
def names_of_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """File names are judged as on Windows."""
    monkeypatch.setattr("camscan.system.name_problem", camscan_windows.name_problem)


@pytest.mark.usefixtures("names_of_windows")
@pytest.mark.parametrize("name", ["NUL", "con.db", "cameras.db:hidden", "cameras.db.", "cameras ", "x" * 236])
def test_no_register_gets_a_name_that_windows_cannot_have(tmp_path: Path, name: str) -> None:
    (tmp_path / "NUL").touch()  # on Windows it is always there
    with pytest.raises(RegisterError, match=r"cannot be a register: .*name a"):
        open_register(tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == ["NUL"]


@pytest.mark.usefixtures("names_of_windows")
def test_a_device_of_windows_is_not_a_file_to_be_replaced(tmp_path: Path) -> None:
    (tmp_path / "NUL").touch()
    with pytest.raises(OutputError, match="NUL is the name of a device in Windows"):
        is_taken(tmp_path / "NUL")
    assert not is_taken(tmp_path / "devices.csv")


@pytest.mark.usefixtures("names_of_windows")
def test_a_folder_that_windows_cannot_have_is_not_made(tmp_path: Path) -> None:
    for make in (make_folder, check_folder):
        with pytest.raises((OSError, OutputError), match="name of a device in Windows"):
            make(tmp_path / "aux")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("names_of_windows")
def test_a_file_leaves_room_for_its_temporary_name(tmp_path: Path) -> None:
    folder = tmp_path / ("x" * (245 - len(str(tmp_path))))
    folder.mkdir()
    with pytest.raises(OutputError, match="the path is longer than"):
        check_writable(folder / "a.csv")


def test_a_task_calls_camscan_by_the_command_of_the_zip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CAMSCAN_CALLED_AS", raising=False)
    monkeypatch.setattr("sys.argv", [str(tmp_path / "lib" / "camscan" / "__main__.py")])
    monkeypatch.setattr("sys.executable", str(tmp_path / "python" / "python.exe"))
    (tmp_path / "camscan.cmd").touch()
    assert with_program_name("type `camscan show`") == f"type `{tmp_path / 'camscan.cmd'} show`"


@pytest.mark.parametrize(
    ("error", "on_linux", "on_windows"),
    [
        (BrokenPipeError(errno.EPIPE, "Broken pipe"), True, True),
        (OSError(errno.EINVAL, "Invalid argument"), False, True),
        (OSError(errno.EINVAL, "Invalid argument", "devices.csv"), False, False),
        (OSError(errno.ENOSPC, "No space left on device"), False, False),
        (None, False, False),
    ],
)
def test_how_it_shows_that_nobody_reads(error: OSError | None, *, on_linux: bool, on_windows: bool) -> None:
    assert (camscan_linux.is_reader_gone(error), camscan_windows.is_reader_gone(error)) == (on_linux, on_windows)
