"""Files, folders, users and processes of Linux."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import pwd
import shlex
import signal
import stat
from pathlib import Path

HANG_UP = int(signal.SIGHUP)
"""The signal of a terminal that went away."""
CAN_COPY_PROCESS = True
"""Whether :func:`copy_process` can."""
NO_LINK = os.O_NOFOLLOW
"""With this ``os.open`` follows no symbolic link at the end of a path."""
NO_WAIT = os.O_NONBLOCK
"""With this ``os.open`` does not wait for the other end of a pipe."""
AS_IT_IS = 0
"""With this ``os.open`` leaves line ends as they are."""
HAS_POSIX_LOCKS = True
"""Whether closing any descriptor of a file takes away all locks that this process has on it."""
OWN_GROUP = 0
"""What ``subprocess.Popen`` is told beside ``start_new_session`` to keep Ctrl-C from a process: nothing."""
_TERMINAL = "/dev/tty"
_ARENAS = -8
"""M_ARENA_MAX of mallopt(3)."""

# ── folders ──────────────────────────────────────────────────────────────────────────────────────────────────────


def config_home() -> Path:
    """Where a user's settings are."""
    return _home("XDG_CONFIG_HOME", "~/.config")


def data_home() -> Path:
    """Where programs keep what a user gave them."""
    return _home("XDG_DATA_HOME", "~/.local/share")


def cache_home() -> Path:
    """Where programs keep what they can make anew."""
    return _home("XDG_CACHE_HOME", "~/.cache")


def state_home() -> Path:
    """Where programs keep what they were doing."""
    return _home("XDG_STATE_HOME", "~/.local/state")


def _home(variable: str, usual: str) -> Path:
    return Path(os.path.expanduser(os.environ.get(variable) or usual))  # noqa: PTH111 - Path.home() raises for a user without a home


# ── files ────────────────────────────────────────────────────────────────────────────────────────────────────────


def take_lock(descriptor: int) -> bool:
    """Lock an open file until it is closed; False if another process has it. Raises OSError if it cannot be."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_ours(status: os.stat_result) -> bool:
    """Whether a file belongs to the user that we are."""
    return status.st_uid == os.geteuid()


def is_administrators(status: os.stat_result) -> bool:
    """Whether a file belongs to root."""
    return status.st_uid == 0


def may_be_read_by_others(status: os.stat_result, *, group: bool) -> bool:
    """Whether others may read or change a file; those of its group count as others where ``group``."""
    return bool(status.st_mode & (stat.S_IRWXO | (stat.S_IRWXG if group else 0)))


def may_be_changed_by_others(status: os.stat_result) -> bool:
    """Whether anybody but us may change a file."""
    return not is_ours(status) or bool(status.st_mode & 0o022)


def owner_alone(_path: Path) -> None:
    """Nothing: files are made with the mode 0600, and folders with 0700."""


def keep_rights(path: Path, descriptor: int, before: Path) -> None:
    """Give an open file the rights that its predecessor had; to others than group and owner only where that was ours.

    ``path`` is its name.
    """
    del path
    try:
        status = before.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISREG(status.st_mode):
        return
    mode = stat.S_IMODE(status.st_mode) & (0o777 if is_ours(status) else 0o660)
    try:
        os.fchown(descriptor, -1, status.st_gid)
    except OSError:
        mode &= ~0o070  # a group of its own that the file had cannot be given: its rights are not another group's
    os.fchmod(descriptor, mode)


def share_rights(path: Path, descriptor: int, like: Path) -> None:
    """Give a new open file owner, group and rights of another, so that who may write that may write this."""
    del path
    status = like.stat()
    with contextlib.suppress(OSError):
        os.fchown(descriptor, status.st_uid if is_administrator() else -1, status.st_gid)
        os.fchmod(descriptor, stat.S_IMODE(status.st_mode) & 0o660)


def flush_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk; not every file system can."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def flush_everything() -> bool:
    """Bring all that was written to the disk; False if only file by file can be."""
    os.sync()
    return True


def quote(word: str) -> str:
    """A word as it is typed in a shell."""
    return shlex.quote(word)


def name_problem(_path: Path) -> str:
    """Why no file can have this name; empty if the system itself will say so."""
    return ""


def why_not_written(_error: OSError, _path: Path) -> str:
    """Why a file could not be written, where that can be said better than by the system; else empty."""
    return ""


def unprotect(_protected: bytes) -> bytes:
    """What Windows has encrypted for a user (DPAPI). Raises OSError: only that user can read it, on that machine."""
    raise OSError(0, "Windows has encrypted it, for one user on one machine")


# ── users and processes ──────────────────────────────────────────────────────────────────────────────────────────


def is_administrator() -> bool:
    """Whether we are root."""
    return os.geteuid() == 0


def user_name() -> str:
    """The user that we are."""
    return pwd.getpwuid(os.geteuid()).pw_name


def has_user(name: str) -> bool:
    """Whether there is a user of this name."""
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0))


def share_memory() -> None:
    """Let all threads take memory from one place, so that each may use what another gave back.

    The C library gives every thread a place of its own, and these grew by 30 MB in three minutes of 200 readers. Call
    it before the first thread starts. A C library that knows no such places (musl) is left alone.
    """
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).mallopt(_ARENAS, 1)


def copy_process() -> int:
    """Copy this process: 0 in the copy, and its number here."""
    return os.fork()


def has_terminal() -> bool:
    """Whether the terminal that we were started from is still there."""
    try:
        os.close(os.open(_TERMINAL, os.O_RDONLY | os.O_NOCTTY))
    except OSError:
        return False
    return True


def prepare_streams() -> None:
    """Nothing: standard streams are what the locale says."""
