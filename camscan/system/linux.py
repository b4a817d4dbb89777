"""Files, folders, users and processes of Linux."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pwd
import shlex
import signal
import stat
from pathlib import Path

HANG_UP = int(signal.SIGHUP)
"""The signal that a process gets when its terminal is closed."""
PGPASS = "~/.pgpass"
"""Where libpq reads the passwords of PostgreSQL servers (PostgreSQL 17, chapter 32.16)."""
CAN_COPY_PROCESS = True
"""Whether :func:`copy_process` works."""
NO_LINK = os.O_NOFOLLOW
"""Flag of ``os.open``: follow no symbolic link at the end of a path."""
NO_WAIT = os.O_NONBLOCK
"""Flag of ``os.open``: do not wait for the other end of a pipe."""
AS_IT_IS = 0
"""Flag of ``os.open``: leave line ends unchanged."""
SPARE_COLUMNS = 0
"""Columns at the right of a terminal that stay empty: a console of Windows ends a full line twice."""
HAS_TASK_SCHEDULER = False
"""Whether this is where ``camscan schedule --windows`` makes the task, in place of systemd and cron."""
HAS_POSIX_LOCKS = True
"""Whether closing any descriptor of a file removes all locks of this process on the file."""
OWN_GROUP = 0
"""``creationflags`` of ``subprocess.Popen`` that keep Ctrl-C from a process: none, as ``start_new_session`` does it."""
_TERMINAL = "/dev/tty"
_ARENAS = -8
"""M_ARENA_MAX of mallopt(3)."""

# ── folders ──────────────────────────────────────────────────────────────────────────────────────────────────────


def config_home() -> Path:
    """The folder for a user's settings."""
    return _home("XDG_CONFIG_HOME", "~/.config")


def data_home() -> Path:
    """The folder for data that a user gave to programs."""
    return _home("XDG_DATA_HOME", "~/.local/share")


def cache_home() -> Path:
    """The folder for data that programs can make again."""
    return _home("XDG_CACHE_HOME", "~/.cache")


def state_home() -> Path:
    """The folder for the state of programs."""
    return _home("XDG_STATE_HOME", "~/.local/state")


def _home(variable: str, usual: str) -> Path:
    return Path(os.path.expanduser(os.environ.get(variable) or usual))  # noqa: PTH111 - Path.home() raises for a user without a home


# ── files ────────────────────────────────────────────────────────────────────────────────────────────────────────


def take_lock(descriptor: int) -> bool:
    """Lock an open file until it is closed; False if another process has the lock.

    Raises OSError if it cannot be locked.
    """
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_ours(status: os.stat_result) -> bool:
    """Whether a file belongs to the user of this process."""
    return status.st_uid == os.geteuid()


def is_administrators(status: os.stat_result) -> bool:
    """Whether a file belongs to root."""
    return status.st_uid == 0


def may_be_read_by_others(status: os.stat_result, *, group: bool) -> bool:
    """Whether others may read or change a file; with ``group``, members of its group count as others."""
    return bool(status.st_mode & (stat.S_IRWXO | (stat.S_IRWXG if group else 0)))


def may_be_changed_by_others(status: os.stat_result) -> bool:
    """Whether anybody but its owner may change a file."""
    return not is_ours(status) or bool(status.st_mode & 0o022)


def owner_alone(_path: Path) -> None:
    """Do nothing: files are created with the mode 0600, and folders with 0700."""


def keep_rights(path: Path, descriptor: int, before: Path) -> None:
    """Give an open file the rights of its predecessor.

    Rights of others than group and owner only if that file was ours.

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
        mode &= ~0o070  # its group cannot be given: those rights are not another group's
    os.fchmod(descriptor, mode)


def share_rights(path: Path, descriptor: int, like: Path) -> None:
    """Give a new open file the owner, group and rights of another, so that the same people may write both."""
    del path
    status = like.stat()
    with contextlib.suppress(OSError):
        os.fchown(descriptor, status.st_uid if is_administrator() else -1, status.st_gid)
        os.fchmod(descriptor, stat.S_IMODE(status.st_mode) & 0o660)


def flush_folder(folder: Path) -> None:
    """Write the names in a folder to the disk; not every file system can do it."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def flush_everything() -> bool:
    """Write all changes to the disk; False if the system can do it only file by file."""
    os.sync()
    return True


def quote(word: str) -> str:
    """A word as a person types it in a shell."""
    return shlex.quote(word)


def name_problem(_path: Path, *, room: int = 0) -> str:  # noqa: ARG001 - see Windows
    """Why no file can have this name; empty if the system itself reports it."""
    return ""


def why_not_written(_error: OSError, _path: Path) -> str:
    """Why a file could not be written, if there is a better text than the system's; otherwise empty."""
    return ""


def why_not_read(error: OSError, _path: Path) -> str:
    """Why a file could not be read, in words for the person who named it."""
    if isinstance(error, IsADirectoryError):
        return "it is a folder; name a file"
    return error.strerror or str(error)


def missing_folder(folder: Path) -> str:
    """What to do about a folder that is not there, and in which a file was named."""
    return f"the folder {folder} does not exist; create it first"


def is_reader_gone(error: BaseException | None) -> bool:
    """Whether nobody reads standard output any more (``camscan … | head``): nothing is wrong then."""
    return isinstance(error, BrokenPipeError)


def unprotect(_protected: bytes) -> bytes:
    """Decrypt what Windows has encrypted for a user (DPAPI).

    Raises OSError: only that user on that machine can read it.
    """
    raise OSError(0, "Windows has encrypted it, for one user on one machine")


# ── users and processes ──────────────────────────────────────────────────────────────────────────────────────────


def is_administrator() -> bool:
    """Whether this process runs as root."""
    return os.geteuid() == 0


def user_name() -> str:
    """The name of the user of this process."""
    return pwd.getpwuid(os.geteuid()).pw_name


def has_user(name: str) -> bool:
    """Whether there is a user of this name."""
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0))


def share_memory() -> None:
    """Let all threads take memory from one heap, so that each may use memory that another has freed.

    The C library gives every thread its own heap, and these grew by 30 MB in three minutes of 200 readers. Call this
    before the first thread starts. A C library without such heaps (musl) is not changed.
    """
    import ctypes  # noqa: PLC0415 - only a server needs it, and every command would load it

    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).mallopt(_ARENAS, 1)


def copy_process() -> int:
    """Copy this process. Returns 0 in the copy, and the number of the copy here."""
    return os.fork()


def has_terminal() -> bool:
    """Whether the terminal from which this process was started is still there."""
    try:
        os.close(os.open(_TERMINAL, os.O_RDONLY | os.O_NOCTTY))
    except OSError:
        return False
    return True


def prepare_streams() -> None:
    """Do nothing: standard streams follow the locale."""
