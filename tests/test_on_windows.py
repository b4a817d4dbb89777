"""What only Windows can show, or Wine: tables, permissions, locks, names, encryption. ``make test-windows`` runs it."""

from __future__ import annotations

import ctypes
import ipaddress
import os
import subprocess
import sys
from ctypes import byref, c_void_p, c_wchar_p
from pathlib import Path
from typing import TextIO

import pytest

from camscan import system
from camscan.errors import OutputError
from camscan.net import system as network
from camscan.net.interface import interfaces
from camscan.output import check_writable, create_file, make_folder, write_atomically
from camscan.output_folder import write_folder
from camscan.register import open_register
from camscan.register.glance import sqlite_uri

pytestmark = pytest.mark.skipif(sys.platform != "win32", reason="needs Windows, or Wine: make test-windows")


def permissions(path: Path) -> str:
    """Who may do what with a file, in the language of security descriptors."""
    advapi = ctypes.CDLL("advapi32")
    buffer, needed, text = ctypes.create_string_buffer(65536), ctypes.c_ulong(), c_wchar_p()
    assert advapi.GetFileSecurityW(c_wchar_p(str(path)), 4, buffer, ctypes.c_ulong(65536), byref(needed))
    assert advapi.ConvertSecurityDescriptorToStringSecurityDescriptorW(buffer, 1, 4, byref(text), None)
    return str(text.value)


def fill(stream: TextIO) -> None:
    """New content."""
    stream.write("new")


def test_the_interfaces_have_names_numbers_and_prefixes() -> None:
    found = interfaces()
    loopback = next(one for one in found if one.loopback)
    assert ipaddress.ip_interface("127.0.0.1/8") in loopback.addresses
    assert all(one.index > 0 and one.name for one in found)
    assert network.affordable(5000) == 5000


def test_the_tables_of_routes_and_neighbours_answer() -> None:
    names = {one.name for one in interfaces()}
    assert all(route.interface in names for route in network.routes())
    assert all(len(entry.mac) == 17 for entry in network.neighbours().values())
    assert isinstance(network.neighbours_v6(), dict)


def test_what_camscan_makes_is_its_users_alone(tmp_path: Path) -> None:
    os.close(create_file(tmp_path / "file"))
    make_folder(tmp_path / "folder")
    for path in (tmp_path / "file", tmp_path / "folder"):
        assert "WD)" not in permissions(path), "everybody"
        assert "BU)" not in permissions(path), "users"


def test_a_file_that_is_replaced_keeps_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "shared.csv"
    path.write_text("old", encoding="utf-8")
    before = permissions(path)
    write_atomically(path, fill)
    assert path.read_text(encoding="utf-8") == "new"
    assert permissions(path) == before


def test_a_file_that_another_program_holds_is_one_clear_line(tmp_path: Path) -> None:
    path = tmp_path / "devices.csv"
    path.write_text("old", encoding="utf-8")
    with path.open("rb"), pytest.raises(OutputError) as caught:
        write_atomically(path, fill)
    assert str(caught.value).endswith(
        "another program has it open, such as Excel; close it there, or name another file"
    )
    assert path.read_text(encoding="utf-8") == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["devices.csv"]


def test_a_file_that_another_program_holds_is_found_before_anything_is_done(tmp_path: Path) -> None:
    path = tmp_path / "sites.csv"
    path.write_text("old", encoding="utf-8")
    (tmp_path / "a.csv").write_text("old", encoding="utf-8")
    with path.open("rb"):
        with pytest.raises(OutputError, match=r"sites\.csv: cannot be written: another program has it open"):
            check_writable(path)
        with pytest.raises(OutputError, match=r"sites\.csv in it: another program has it open"):
            write_folder(tmp_path, {"a.csv": [b"new"], "sites.csv": [b"new"]}, replace=True)
    assert {each.name: each.read_text() for each in tmp_path.iterdir()} == {"sites.csv": "old", "a.csv": "old"}


def test_the_server_of_a_share_is_a_part_of_the_path() -> None:
    assert sqlite_uri(Path(r"\\server\share\x.db"), readonly=False) == "file:////server/share/x.db?mode=rwc"


@pytest.mark.parametrize("name", ["NUL", "con.csv", "COM1", "lpt3.txt", "what?.csv", "ends.", "b.csv:stream", "q|p"])
def test_a_name_that_windows_cannot_have_is_refused_before_anything_is_done(tmp_path: Path, name: str) -> None:
    with pytest.raises(OutputError, match="name another"):
        check_writable(tmp_path / name)


def test_a_path_that_is_too_long_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="longer than the 259 characters"):
        check_writable(tmp_path / ("x" * 250))


def test_a_lock_keeps_out_another_process_and_is_gone_with_it(tmp_path: Path) -> None:
    lines = "import os, sys; from camscan import system; print(system.take_lock(os.open(sys.argv[1], os.O_RDWR)))"
    command = [sys.executable, "-c", lines, str(tmp_path / "lock")]
    descriptor = os.open(tmp_path / "lock", os.O_RDWR | os.O_CREAT)
    assert system.take_lock(descriptor)
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout.split() == ["False"]
    os.close(descriptor)
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout.split() == ["True"]
    descriptor = os.open(tmp_path / "lock", os.O_RDWR)
    assert system.take_lock(descriptor)
    os.close(descriptor)


def test_what_windows_encrypted_for_this_user_is_read() -> None:
    class Blob(ctypes.Structure):
        _fields_ = (("size", ctypes.c_ulong), ("data", c_void_p))

    text = "pässword".encode("utf-16-le")
    buffer = ctypes.create_string_buffer(text, len(text))
    given, made = Blob(len(text), ctypes.addressof(buffer)), Blob()
    assert ctypes.CDLL("crypt32").CryptProtectData(byref(given), None, None, None, None, 1, byref(made))
    blob = ctypes.string_at(made.data, made.size)
    assert system.unprotect(blob) == text
    with pytest.raises(OSError, match="another user, or on another machine"):
        system.unprotect(blob[:-4])


def test_what_is_printed_into_a_pipe_is_utf_8() -> None:
    script = "import sys, camscan.output as o; o.occupy_standard_streams(); print(sys.stdout.encoding, 'Камера 摄像机')"
    done = subprocess.run(
        [sys.executable, "-X", "utf8=0", "-c", script], check=False, capture_output=True, env={**os.environ}
    )
    assert done.stdout.decode().split() == ["utf-8", "Камера", "摄像机"], done.stderr


def test_folders_of_a_user_are_windows_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APPDATA", r"C:\Users\anne\AppData\Roaming")
    monkeypatch.setenv("LOCALAPPDATA", r"C:\Users\anne\AppData\Local")
    assert str(system.config_home()) == r"C:\Users\anne\AppData\Roaming"
    assert {str(home()) for home in (system.data_home, system.cache_home, system.state_home)} == {
        r"C:\Users\anne\AppData\Local"
    }


def test_folders_of_a_user_are_known_without_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("APPDATA", "LOCALAPPDATA", "USERPROFILE", "HOMEDRIVE", "HOMEPATH"):
        monkeypatch.delenv(name, raising=False)
    assert str(system.config_home()).endswith(r"AppData\Roaming")
    assert system.config_home().is_absolute()
    assert str(system.cache_home()).endswith(r"AppData\Local")


def test_a_register_may_be_named_by_its_drive_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    open_register(f"{tmp_path.drive}cameras.db").close()
    assert (tmp_path / "cameras.db").is_file()


def test_a_reader_that_goes_away_is_not_an_error() -> None:
    command = [sys.executable, "-X", "utf8", "-m", "camscan", "fingerprints", "list"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.read(1)
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0
