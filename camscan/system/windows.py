"""Files, folders, users and processes of Windows. ``docs/windows.md`` says what was tried only under Wine."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import io
import os
import re
import signal
import sys
from ctypes import byref, c_void_p, c_wchar_p, string_at
from importlib import import_module
from pathlib import Path

HANG_UP = int(getattr(signal, "SIGBREAK", 21))
"""Ctrl-Break. A window that is closed sends it too, but ends the program at once anyway."""
PGPASS = r"%APPDATA%\postgresql\pgpass.conf"
"""Where libpq reads the passwords of PostgreSQL servers (PostgreSQL 17, chapter 32.16)."""
CAN_COPY_PROCESS = False
"""Whether :func:`copy_process` works."""
NO_LINK = 0
"""Flag of ``os.open``: follow no symbolic link at the end of a path."""
NO_WAIT = 0
"""Flag of ``os.open``: do not wait for the other end of a pipe."""
AS_IT_IS = getattr(os, "O_BINARY", 0)
"""Flag of ``os.open``: leave line ends unchanged."""
SPARE_COLUMNS = 1
"""Columns at the right of a terminal that stay empty: a console of Windows ends a full line twice."""
HAS_TASK_SCHEDULER = True
"""Whether this is where ``camscan schedule --windows`` makes the task, in place of systemd and cron."""
HAS_POSIX_LOCKS = False
"""Whether closing any descriptor of a file removes all locks of this process on the file."""
OWN_GROUP = 0x200  # CREATE_NEW_PROCESS_GROUP, winbase.h
"""``creationflags`` of ``subprocess.Popen`` that keep Ctrl-C from a process, in place of ``start_new_session``."""
_OUTPUTS = (-11, -12)  # STD_OUTPUT_HANDLE, STD_ERROR_HANDLE
_SHOW_ESCAPES = 0x4  # ENABLE_VIRTUAL_TERMINAL_PROCESSING, wincon.h
_LONGEST = 259
"""Maximum characters of a path that every Windows supports: MAX_PATH, without the 0 at its end."""
_RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])[ ]*(\..*)?", re.IGNORECASE)
_IMPOSSIBLE = re.compile(r'[<>:"|?*\x00-\x1f]')
_DEVICES = ("\\\\.\\", "\\\\?\\")
_HELD = frozenset({5, 32, 33})  # ERROR_ACCESS_DENIED, _SHARING_VIOLATION, _LOCK_VIOLATION
_LOCKED = frozenset({0, errno.EACCES, errno.EAGAIN, errno.EDEADLK})
"""Errors of a file that another process has locked; 0 is Wine's."""
_PERMISSIONS = 0x4 | 0x80000000  # DACL_SECURITY_INFORMATION, PROTECTED_: nothing is inherited from the folder
_READ_PERMISSIONS = 0x4
_TOKEN_QUERY, _TOKEN_USER = 0x8, 1
_LONGEST_DESCRIPTOR = 65536

# ── folders ──────────────────────────────────────────────────────────────────────────────────────────────────────


def config_home() -> Path:
    """The folder for a user's settings."""
    return _home("APPDATA", "Roaming", 0x1A)  # CSIDL_APPDATA, shlobj_core.h


def data_home() -> Path:
    """The folder for data that a user gave to programs."""
    return _home("LOCALAPPDATA", "Local", 0x1C)  # CSIDL_LOCAL_APPDATA


def cache_home() -> Path:
    """The folder for data that programs can make again."""
    return data_home()


def state_home() -> Path:
    """The folder for the state of programs."""
    return data_home()


def _home(variable: str, usual: str, number: int) -> Path:
    if named := os.environ.get(variable):
        return Path(named)
    home = os.path.expanduser("~")  # noqa: PTH111 - Path.home() raises for a user without a home
    if home != "~":
        return Path(home) / "AppData" / usual
    buffer = ctypes.create_unicode_buffer(_LONGEST + 1)
    ctypes.CDLL("shell32").SHGetFolderPathW(None, number, None, 0, buffer)
    return Path(buffer.value or ".")


# ── files ────────────────────────────────────────────────────────────────────────────────────────────────────────


def take_lock(descriptor: int) -> bool:
    """Lock an open file until it is closed; False if another process has the lock.

    Raises OSError if it cannot be locked.
    """
    msvcrt = import_module("msvcrt")
    try:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    except OSError as error:
        if error.errno in _LOCKED:
            return False
        raise
    return True


def is_ours(_status: os.stat_result) -> bool:
    """True: Windows decides by permissions, and reports it itself if the file is not ours."""
    return True


def is_administrators(_status: os.stat_result) -> bool:
    """True, as in :func:`is_ours`."""
    return True


def may_be_read_by_others(_status: os.stat_result, *, group: bool) -> bool:
    """False: the mode says nothing on Windows, and the operator sets the permissions of the folder."""
    del group
    return False


def may_be_changed_by_others(_status: os.stat_result) -> bool:
    """False, as in :func:`may_be_read_by_others`."""
    return False


def owner_alone(path: Path) -> None:
    """Let only the user of this process, the system and administrators use a new file or folder, like 0600 on Linux.

    Harmless if the file system does not have permissions.
    """
    inherit = "OICI" if path.is_dir() else ""
    with contextlib.suppress(OSError):
        aces = "".join(f"(A;{inherit};FA;;;{who})" for who in (_user_sid(), "SY", "BA"))
        _set_permissions(path, f"D:P{aces}")


def keep_rights(path: Path, descriptor: int, before: Path) -> None:
    """Give an open file the permissions of its predecessor. ``path`` is its name."""
    del descriptor
    if not before.is_file():
        return
    with contextlib.suppress(OSError):
        descriptor_of_it = ctypes.create_string_buffer(_LONGEST_DESCRIPTOR)
        needed = ctypes.c_ulong()
        advapi = ctypes.CDLL("advapi32")
        size = ctypes.c_ulong(_LONGEST_DESCRIPTOR)
        if advapi.GetFileSecurityW(c_wchar_p(str(before)), _READ_PERMISSIONS, descriptor_of_it, size, byref(needed)):
            advapi.SetFileSecurityW(c_wchar_p(str(path)), _READ_PERMISSIONS, descriptor_of_it)


def share_rights(path: Path, descriptor: int, like: Path) -> None:
    """Give a new open file the permissions of another, so that the same people may write both."""
    keep_rights(path, descriptor, like)


def _user_sid() -> str:
    """The security identifier of the user of this process, as text: ``S-1-5-21-…``. Raises OSError."""
    advapi, kernel = ctypes.CDLL("advapi32"), ctypes.CDLL("kernel32")
    kernel.GetCurrentProcess.restype = c_void_p
    token, needed, text = c_void_p(), ctypes.c_ulong(), c_wchar_p()
    if not advapi.OpenProcessToken(c_void_p(kernel.GetCurrentProcess()), _TOKEN_QUERY, byref(token)):
        raise OSError(0, "Windows does not say which user this is")
    try:
        buffer = ctypes.create_string_buffer(256)
        size = ctypes.c_ulong(256)
        if not advapi.GetTokenInformation(token, _TOKEN_USER, buffer, size, byref(needed)):
            raise OSError(0, "Windows does not say which user this is")
        sid = c_void_p.from_buffer(buffer)  # the first member of TOKEN_USER
        if not advapi.ConvertSidToStringSidW(sid, byref(text)):
            raise OSError(0, "Windows does not say which user this is")
        found = str(text.value)
        kernel.LocalFree(ctypes.cast(text, c_void_p))
        return found
    finally:
        kernel.CloseHandle(token)


def _set_permissions(path: Path, sddl: str) -> None:
    """Set the permissions of a file, in the language of security descriptors. Raises OSError."""
    advapi, kernel = ctypes.CDLL("advapi32"), ctypes.CDLL("kernel32")
    descriptor = c_void_p()
    convert = advapi.ConvertStringSecurityDescriptorToSecurityDescriptorW
    if not convert(c_wchar_p(sddl), 1, byref(descriptor), None):
        raise OSError(0, "Windows does not understand the permissions")
    try:
        if not advapi.SetFileSecurityW(c_wchar_p(str(path)), ctypes.c_ulong(_PERMISSIONS), descriptor):
            raise OSError(0, "the permissions cannot be set")
    finally:
        kernel.LocalFree(descriptor)


def flush_folder(_folder: Path) -> None:
    """Do nothing: Windows cannot write the names of a folder to the disk."""


def flush_everything() -> bool:
    """Return False: Windows writes changes to the disk only file by file."""
    return False


def quote(word: str) -> str:
    """A word as a person types it in cmd and in PowerShell."""
    return f'"{word}"' if not word or set(word) & set(" \t&()[]{}^=;!'+,`~") else word


def name_problem(path: Path, *, room: int = 0) -> str:
    """Why no file can have this name; empty if it can. ``room``: characters that a path must leave for longer names."""
    if str(path).startswith(_DEVICES):
        return r"names that begin with \\.\ or \\?\ are of devices in Windows; write it without that"
    name = os.path.basename(str(path))  # noqa: PTH119 - "a:b" is a drive and a name for pathlib
    if _RESERVED.fullmatch(name):
        return f"{name} is the name of a device in Windows; name another"
    if _IMPOSSIBLE.search(name) or name.endswith((" ", ".")):
        return 'Windows has no file names with <>:"|?* or a space or dot at the end; name another'
    if len(os.path.abspath(path)) > _LONGEST - room:  # noqa: PTH100 - a path that is not there
        return f"the path is longer than the {_LONGEST - room} characters that Windows takes; name a shorter one"
    return ""


def why_not_written(error: OSError, path: Path) -> str:
    """Why a file could not be written, if there is a better text than the system's; otherwise empty."""
    if getattr(error, "winerror", None) in _HELD and path.is_file() and os.access(path, os.W_OK):
        return "another program has it open, such as Excel; close it there, or name another file"
    return ""


def why_not_read(error: OSError, path: Path) -> str:
    """Why a file could not be read, in words for the person who named it."""
    if path.is_dir():  # Windows refuses to open it, as it refuses a file without permission
        return "it is a folder; name a file"
    if getattr(error, "winerror", None) in _HELD - {5}:
        return "another program has it open; close it there"
    return error.strerror or str(error)


def missing_folder(folder: Path) -> str:
    """What to do about a folder that is not there, and in which a file was named."""
    if folder.drive and not Path(folder.anchor or f"{folder.drive}\\").exists():
        return f"the drive or share {folder.drive} is not there; connect it, or name a file elsewhere"
    return f"the folder {folder} does not exist; create it first"


def is_reader_gone(error: BaseException | None) -> bool:
    """Whether nobody reads standard output any more (``camscan … | more``): C's errno has EINVAL for ERROR_NO_DATA."""
    is_invalid = isinstance(error, OSError) and error.errno == errno.EINVAL and error.filename is None
    return isinstance(error, BrokenPipeError) or is_invalid


def unprotect(protected: bytes) -> bytes:
    """Decrypt what Windows has encrypted for this user (DPAPI). Raises OSError if it was another user or machine."""

    class Blob(ctypes.Structure):
        """DATA_BLOB of dpapi.h."""

        _fields_ = (("size", ctypes.c_ulong), ("data", c_void_p))

    content = ctypes.create_string_buffer(protected, len(protected))
    given, found = Blob(len(protected), ctypes.addressof(content)), Blob()
    if not ctypes.CDLL("crypt32").CryptUnprotectData(byref(given), None, None, None, None, 1, byref(found)):
        raise OSError(0, "it was encrypted by another user, or on another machine")
    try:
        return string_at(found.data, found.size)
    finally:
        ctypes.CDLL("kernel32").LocalFree(c_void_p(found.data))


# ── users and processes ──────────────────────────────────────────────────────────────────────────────────────────


def is_administrator() -> bool:
    """Whether this process runs as root: on Windows always False, because nothing in camscan needs an administrator."""
    return False


def user_name() -> str:
    """The name of the user of this process, with the domain if there is one."""
    name, domain = os.environ.get("USERNAME", ""), os.environ.get("USERDOMAIN", "")
    with contextlib.suppress(OSError):
        name = name or os.getlogin()  # a service may have an environment without them
    return f"{domain}\\{name}" if domain and name else name


def has_user(name: str) -> bool:
    """Whether there is a user of this name: True for any name, because Windows checks it when the task is created."""
    return bool(name)


def processors() -> int:
    """How many processors this process may use."""
    return os.cpu_count() or 1


def share_memory() -> None:
    """Do nothing: on Windows, threads share one heap."""


def copy_process() -> int:
    """Raise OSError: Windows cannot copy a process."""
    raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))


def has_terminal() -> bool:
    """Whether there is a terminal without a console stream: always False, because Windows ends the process with it."""
    return False


def prepare_streams() -> None:
    """Set standard streams that are not a console to UTF-8: the code page of a desktop lacks most letters."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.encoding.lower().replace("-", "") != "utf8":
            stream.reconfigure(encoding="utf-8")
    if not _shows_colours():
        os.environ["NO_COLOR"] = "1"


def _shows_colours() -> bool:
    """Let each console show colours in place of their codes, which Windows 10 does if it is asked to; else False."""
    kernel32 = ctypes.CDLL("kernel32")
    kernel32.GetStdHandle.restype = c_void_p
    shown, mode = True, ctypes.c_ulong()
    for number in _OUTPUTS:
        handle = c_void_p(kernel32.GetStdHandle(number))
        if kernel32.GetConsoleMode(handle, byref(mode)):
            shown = bool(kernel32.SetConsoleMode(handle, mode.value | _SHOW_ESCAPES)) and shown
    return shown
