"""Makes text harmless, and writes files completely or not at all: for everything that camscan writes.

Every file of camscan is made here (``docs/security.md``): only its owner may read it from the moment it exists, its
name was free, and no symbolic link is followed. A file that is replaced keeps its rights, so that sharing a file is
deliberate and done once.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import re
import stat
import sys
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, TextIO

from camscan import system
from camscan.errors import OutputError

_SUSPECT = re.compile(r"[^ -~]")
_KEYWORDS = "user|host|port|dbname|application_name|connect_timeout|options|passfile|service|target_session_attrs|ssl"
_SECRET = rf"(://)[^@]*:.*(?=@)|([?&](?:ssl)?password=).*?(?=&(?:{_KEYWORDS})[a-z_]*=|$)|(\bpassword\s*=\s*)\S+"
"""In an address: everything before its last ``@`` if there is a password, and everything after ``password=``.

Compiled when it is first needed: nothing else took as long when the program starts.
"""
_STREAM = re.compile(r"/dev/(stdin|stdout|stderr|fd/[0-9]+)|/proc/self/fd/[0-9]+")
"""The system's own links to files that are already open."""
_OWNER_ALONE = 0o600
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Control, format (bidirectional overrides, zero width), surrogate, line and paragraph separator."""


def visible(text: str, limit: int = 2000) -> str:
    """The text as one harmless line of at most ``limit`` characters; control and hidden characters are shown as �."""
    if text.isascii() and text.isprintable() and len(text) <= limit:  # nearly every text
        return text
    cut = text if len(text) <= limit else text[: limit - 1] + "…"
    return _SUSPECT.sub(_replace_sign, cut)


def mask_password(address: str) -> str:
    """The address of a database without its password, safe to print. In doubt, more is hidden."""
    return re.sub(_SECRET, _mask_match, address, flags=re.DOTALL | re.IGNORECASE)


def _mask_match(match: re.Match[str]) -> str:
    if match[1]:
        return f"://{match[0].removeprefix('://').partition(':')[0]}:***"
    return f"{match[2] or match[3]}***"


def _replace_sign(match: re.Match[str]) -> str:
    return "\N{REPLACEMENT CHARACTER}" if unicodedata.category(match[0]) in _HIDDEN else match[0]


def occupy_standard_streams() -> None:
    """Replace each standard stream that is closed, so that no file that is opened later gets its number.

    Text written to such a stream is lost, as the caller wished; a file '-' is refused (:func:`check_writable`).
    """
    system.prepare_streams()
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free
        if getattr(sys, name) is None:
            device = Path(os.devnull).open("rb" if number == 0 else "wb")  # noqa: SIM115 - as long as the program
            setattr(sys, name, Closed(device))


class Closed(io.TextIOWrapper):
    """Replaces a standard stream that was closed from the beginning."""


class Messages(io.TextIOWrapper):
    """Standard error. A message that cannot be written is lost, and the work continues."""

    def write(self, text: str) -> int:
        """Write text; an error is ignored."""
        with contextlib.suppress(OSError):
            return super().write(text)
        return len(text)

    def flush(self) -> None:
        """Flush the stream; an error is ignored."""
        with contextlib.suppress(OSError):
            super().flush()


def create_file(path: Path) -> int:
    """Create a new empty file for its owner only, and return its descriptor.

    Raises OSError, also if the name exists.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | system.NO_LINK | system.AS_IT_IS, _OWNER_ALONE)
    system.owner_alone(path)
    return descriptor


def open_existing(path: Path, *, write: bool = False) -> BinaryIO:
    """Open a regular file that camscan made earlier, unbuffered; with ``write``, also for writing at its end.

    Raises OSError, also for a symbolic link, a pipe, or another user's file that would be written.
    """
    descriptor = descriptor_of(path, os.O_RDWR | os.O_APPEND if write else os.O_RDONLY)
    if write and not system.is_ours(os.fstat(descriptor)):
        os.close(descriptor)
        raise OSError(0, "it belongs to another user")
    return os.fdopen(descriptor, "r+b" if write else "rb", buffering=0)


def read_at_most(stream: BinaryIO, most: int) -> bytes:
    """The rest of a regular file, or its first ``most`` bytes; no more memory is used than that. Raises OSError."""
    return stream.read(max(0, min(os.fstat(stream.fileno()).st_size - stream.tell(), most))) or b""


def descriptor_of(path: Path, flags: int) -> int:
    """Open a path that must be a regular file. Raises OSError, also for a symbolic link, and at once for a pipe."""
    descriptor = os.open(path, flags | system.NO_LINK | system.NO_WAIT | system.AS_IT_IS)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(0, "it is not a regular file")
    return descriptor


def make_folder(path: Path) -> None:
    """Make a folder for camscan's own files if there is none, for its owner only. Raises OSError."""
    try:
        if not path.is_dir():
            require_name(path)
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            system.owner_alone(path)
    except FileExistsError:
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path)) from None


def is_taken(path: str | Path) -> bool:
    """Whether there is a file (no folder: writing refuses it). Raises OutputError for a name like NUL of Windows."""
    with explain_errors(Path(path)):
        _require_room(Path(path))
    return os.path.lexists(path) and not Path(path).is_dir()


def check_writable(path: str | Path) -> None:
    """Raise OutputError now, before a scan runs, if ``path`` could not be written after it.

    '-' can be written unless standard output is closed.
    """
    target = Path(path)
    with explain_errors(target):
        if str(path) == "-":
            _require_output()
        elif not is_special(target):
            temporary, descriptor = _create_beside(target)
            os.close(descriptor)
            temporary.unlink()


def write_atomically(path: str | Path, writer: Callable[[TextIO], None]) -> None:
    """Let ``writer`` fill the file with text in UTF-8, completely or not at all.

    A new file replaces an old one only when it is complete. '-' is standard output. Raises OutputError in one line; an
    old file is then unchanged.
    """
    write_bytes_atomically(path, _text_writer(writer))


def write_bytes_atomically(path: str | Path, writer: Callable[[BinaryIO], None]) -> None:
    """Let ``writer`` fill the file with bytes; otherwise like :func:`write_atomically`."""
    target = Path(path)
    with explain_errors(target):
        if str(path) == "-":
            _require_output()
            sys.stdout.flush()
            writer(sys.stdout.buffer)
            sys.stdout.buffer.flush()
        elif is_special(target):
            with _open_special(target) as stream:
                writer(stream)
        else:
            with _replace_file(target) as (_temporary, descriptor), os.fdopen(os.dup(descriptor), "wb") as stream:
                writer(stream)


def write_new(path: Path, writer: Callable[[TextIO], None]) -> None:
    """Write a file that does not exist yet. Raises FileExistsError, and OutputError if it cannot be written."""
    with explain_errors(path):
        descriptor = create_file(path)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                _text_writer(writer)(stream)
        except BaseException:
            path.unlink(missing_ok=True)
            raise


@contextlib.contextmanager
def replace_file(target: Path) -> Iterator[Path]:
    """A new empty file beside ``target``, for its owner only. It replaces the target if the block ends well.

    For files that must be written by name. The target keeps its rights. Raises OSError, also for a file that is never
    replaced.
    """
    if is_special(target):
        raise OSError(0, "it is not a regular file; name another")
    with _replace_file(target) as (temporary, _descriptor):
        yield temporary


@contextlib.contextmanager
def _replace_file(target: Path) -> Iterator[tuple[Path, int]]:
    temporary, descriptor = _create_beside(target)
    try:
        try:
            yield temporary, descriptor
            system.keep_rights(temporary, descriptor, target)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    system.flush_folder(target.parent)


@contextlib.contextmanager
def while_somebody_reads() -> Iterator[None]:
    """Print; a reader that goes away ends the printing alone (``camscan scan … | head`` has scanned anyway)."""
    try:
        yield
    except OSError as error:
        if not system.is_reader_gone(error):
            raise


@contextlib.contextmanager
def explain_errors(target: Path) -> Iterator[None]:
    """Turn a system error about a file that is written into OutputError; FileExistsError passes."""
    try:
        yield
    except FileExistsError:
        raise
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        where = "standard output" if str(target) == "-" else str(target)
        if isinstance(error, FileNotFoundError):
            raise OutputError(f"{where}: {system.missing_folder(target.parent)}") from error
        why = system.why_not_written(error, target) if isinstance(error, OSError) else ""
        raise OutputError(f"{where}: cannot be written: {why or getattr(error, 'strerror', None) or error}") from error


def _text_writer(writer: Callable[[TextIO], None]) -> Callable[[BinaryIO], None]:
    def write_text(stream: BinaryIO) -> None:
        # UTF-8 whatever the locale says: a cron job has none.
        text = io.TextIOWrapper(stream, encoding="utf-8", newline="")
        try:
            writer(text)
            text.flush()
        finally:
            text.detach()

    return write_text


def _require_output() -> None:
    if sys.stdout is None or isinstance(sys.stdout, Closed):
        raise OSError(0, "it is closed; name a file")


def is_special(target: Path) -> bool:
    """Whether it is a device or a pipe, which is written to and not replaced. Raises OSError for what is never written.

    These are never written: a directory, a disk, the target of a symbolic link, a read-only file; and, as root, the
    file of another user, who may have put it there for this purpose.
    """
    if _STREAM.fullmatch(str(target)):
        return True
    _require_room(target)
    try:
        status = target.lstat()
    except FileNotFoundError:
        return False
    if stat.S_ISLNK(status.st_mode):
        raise OSError(0, "it is a symbolic link, which is not followed; name the file itself")
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(0, "it is a folder; name a file in it")
    if stat.S_ISBLK(status.st_mode):
        raise OSError(0, "it is a disk; name a file")
    if not system.is_ours(status) and system.is_administrator() and not stat.S_ISCHR(status.st_mode):
        raise PermissionError(0, "it belongs to another user, and you are root; name another file, or remove it")
    if not os.access(target, os.W_OK):
        raise PermissionError(0, "the file is read-only")
    return not stat.S_ISREG(status.st_mode)


def _open_special(target: Path) -> BinaryIO:
    """Open a device or a pipe without creating or truncating it; a pipe only if somebody reads from it."""
    is_stream = bool(_STREAM.fullmatch(str(target)))
    try:
        flags = os.O_WRONLY | system.NO_WAIT | system.AS_IT_IS | (os.O_APPEND if is_stream else system.NO_LINK)
        descriptor = os.open(target, flags)
    except OSError as error:
        if error.errno == errno.ENXIO:
            raise OSError(0, "nobody reads from this pipe") from error
        raise
    if system.NO_WAIT:
        os.set_blocking(descriptor, True)
    return os.fdopen(descriptor, "wb")


def _create_beside(target: Path) -> tuple[Path, int]:
    """A new empty file in the same directory, because a rename is atomic only there."""
    require_replaceable(target)
    temporary = target.with_name(temporary_name())
    return temporary, create_file(temporary)


def require_replaceable(target: Path) -> None:
    """Raise OSError for a file that another program of Windows keeps open: it can be opened, but not replaced."""
    with contextlib.suppress(FileNotFoundError):
        target.rename(target)  # POSIX does nothing for a file of the same name (rename(2)), and Windows asks


def temporary_name() -> str:
    """A new name for a file or folder until it is complete."""
    return f".camscan-{os.urandom(8).hex()}.tmp"


def _require_room(path: Path) -> None:
    """Raise OSError for a name that no file can have, or that leaves no room for the temporary name beside it."""
    require_name(path, room=max(0, len(temporary_name()) - len(path.name)))


def require_name(path: Path, *, room: int = 0) -> None:
    """Raise OSError for a name that no file of this system can have; see ``camscan.system.name_problem``."""
    if problem := system.name_problem(path, room=room):
        raise OSError(0, problem)
