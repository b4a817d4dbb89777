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
"""Ctrl-Break. A window that is closed sends it too, and ends the program at once all the same."""
CAN_COPY_PROCESS = False
"""Whether :func:`copy_process` can."""
NO_LINK = 0
"""With this ``os.open`` follows no symbolic link at the end of a path."""
NO_WAIT = 0
"""With this ``os.open`` does not wait for the other end of a pipe."""
AS_IT_IS = getattr(os, "O_BINARY", 0)
"""With this ``os.open`` leaves line ends as they are."""
HAS_POSIX_LOCKS = False
"""Whether closing any descriptor of a file takes away all locks that this process has on it."""
OWN_GROUP = 0x200  # CREATE_NEW_PROCESS_GROUP, winbase.h
"""What ``subprocess.Popen`` is told instead of ``start_new_session`` to keep Ctrl-C from a process."""
_LONGEST = 259
"""Characters of a path with which every Windows can do: MAX_PATH, without the 0 behind it."""
_RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])[ ]*(\..*)?", re.IGNORECASE)
_IMPOSSIBLE = re.compile(r'[<>:"|?*\x00-\x1f]')
_HELD = frozenset({5, 32, 33})  # ERROR_ACCESS_DENIED, _SHARING_VIOLATION, _LOCK_VIOLATION
_LOCKED = frozenset({0, errno.EACCES, errno.EAGAIN, errno.EDEADLK})
"""What a lock says that another process has; 0 is Wine's."""
_PERMISSIONS = 0x4 | 0x80000000  # DACL_SECURITY_INFORMATION, PROTECTED_: nothing is inherited from the folder
_READ_PERMISSIONS = 0x4
_TOKEN_QUERY, _TOKEN_USER = 0x8, 1
_LONGEST_DESCRIPTOR = 65536

# ── folders ──────────────────────────────────────────────────────────────────────────────────────────────────────


def config_home() -> Path:
    """Where a user's settings are."""
    return _home("APPDATA", "Roaming")


def data_home() -> Path:
    """Where programs keep what a user gave them."""
    return _home("LOCALAPPDATA", "Local")


def cache_home() -> Path:
    """Where programs keep what they can make anew."""
    return data_home()


def state_home() -> Path:
    """Where programs keep what they were doing."""
    return data_home()


def _home(variable: str, usual: str) -> Path:
    if named := os.environ.get(variable):
        return Path(named)
    return Path(os.path.expanduser("~")) / "AppData" / usual  # noqa: PTH111 - Path.home() raises for a user without a home


# ── files ────────────────────────────────────────────────────────────────────────────────────────────────────────


def take_lock(descriptor: int) -> bool:
    """Lock an open file until it is closed; False if another process has it. Raises OSError if it cannot be."""
    msvcrt = import_module("msvcrt")
    try:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    except OSError as error:
        if error.errno in _LOCKED:
            return False
        raise
    return True


def is_ours(_status: os.stat_result) -> bool:
    """Whether a file belongs to the user that we are: Windows decides by permissions, and will say so itself."""
    return True


def is_administrators(_status: os.stat_result) -> bool:
    """Whether a file belongs to an administrator: as :func:`is_ours`."""
    return True


def may_be_read_by_others(_status: os.stat_result, *, group: bool) -> bool:
    """Whether others may read a file: its mode says nothing; the permissions of its folder are the operator's."""
    del group
    return False


def may_be_changed_by_others(_status: os.stat_result) -> bool:
    """Whether anybody but us may change a file: as :func:`may_be_read_by_others`."""
    return False


def owner_alone(path: Path) -> None:
    """Let only the user that we are, the system and administrators at a new file or folder: what 0600 is elsewhere.

    Harmless where the file system keeps no permissions.
    """
    inherit = "OICI" if path.is_dir() else ""
    with contextlib.suppress(OSError):
        aces = "".join(f"(A;{inherit};FA;;;{who})" for who in (_user_sid(), "SY", "BA"))
        _set_permissions(path, f"D:P{aces}")


def keep_rights(path: Path, descriptor: int, before: Path) -> None:
    """Give an open file the permissions that its predecessor had. ``path`` is its name."""
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
    """Give a new open file the permissions of another, so that who may write that may write this."""
    keep_rights(path, descriptor, like)


def _user_sid() -> str:
    """The number of the user that we are, as text: ``S-1-5-21-…``. Raises OSError."""
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
    """Set who may do what, in the language of security descriptors. Raises OSError."""
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
    """Nothing: Windows flushes no folders."""


def flush_everything() -> bool:
    """Bring all that was written to the disk: on Windows only file by file."""
    return False


def quote(word: str) -> str:
    """A word as it is typed in cmd and in PowerShell."""
    return f'"{word}"' if not word or set(word) & set(" \t&()[]{}^=;!'+,`~") else word


def name_problem(path: Path) -> str:
    """Why no file can have this name; empty if it can."""
    name = os.path.basename(str(path))  # noqa: PTH119 - "a:b" is a drive and a name for pathlib
    if _RESERVED.fullmatch(name):
        return f"{name} is the name of a device in Windows; name another"
    if _IMPOSSIBLE.search(name) or name.endswith((" ", ".")):
        return 'Windows has no file names with <>:"|?* or a space or dot at the end; name another'
    if len(os.path.abspath(path)) > _LONGEST:  # noqa: PTH100 - a path that is not there
        return f"the path is longer than the {_LONGEST} characters that Windows takes; name a shorter one"
    return ""


def why_not_written(error: OSError, path: Path) -> str:
    """Why a file could not be written, where that can be said better than by the system; else empty."""
    if getattr(error, "winerror", None) in _HELD and path.is_file() and os.access(path, os.W_OK):
        return "another program has it open, such as Excel; close it there, or name another file"
    return ""


def unprotect(protected: bytes) -> bytes:
    """What Windows has encrypted for this user (DPAPI). Raises OSError if it was another, or another machine."""

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
    """Whether we are root: nothing in camscan is an administrator's on Windows."""
    return False


def user_name() -> str:
    """The user that we are, with the domain where there is one."""
    name, domain = os.environ.get("USERNAME", ""), os.environ.get("USERDOMAIN", "")
    return f"{domain}\\{name}" if domain and name else name


def has_user(name: str) -> bool:
    """Whether there is a user of this name: Windows is asked when the task is made."""
    return bool(name)


def processors() -> int:
    """How many this process may use."""
    return os.cpu_count() or 1


def share_memory() -> None:
    """Nothing: the threads share one heap as it is."""


def copy_process() -> int:
    """Copy this process: Windows cannot. Raises OSError."""
    raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))


def has_terminal() -> bool:
    """Whether the terminal that we were started from is still there: Windows ends us with it."""
    return False


def prepare_streams() -> None:
    """Let standard streams that are not console be UTF-8: the code page of a desktop lacks most of the letters."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.encoding.lower().replace("-", "") != "utf8":
            stream.reconfigure(encoding="utf-8")
