"""Answers for a freedom of information request: drafted, compared with earlier packs, released."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from camscan.app import assess
from camscan.app.by_site import list_first
from camscan.app.edit import parse_day_or_today
from camscan.app.foi_estate import make_estate
from camscan.app.foi_files import KEPT_BACK, NAMES, digest_of_files, files_kept_back, files_to_send
from camscan.app.json_values import from_plain, to_json_value
from camscan.app.workspace import Workspace
from camscan.dates import day_text
from camscan.errors import OutputError, UsageError
from camscan.foi.comparing import ReleasedPack, compare_packs
from camscan.foi.pack import Pack, Release, Terms, make_draft
from camscan.foi.refusal import Act
from camscan.output import check_writable, explain_errors, is_taken, make_folder, write_bytes_atomically
from camscan.register.address import address_of
from camscan.store import open_store
from camscan.store.packs import KeptPack, Packs, release_transaction, released_packs
from camscan.store.place import store_path
from camscan.words import count_text

_LONGEST = 100
_LEAVINGS = frozenset({"Thumbs.db", "desktop.ini"})


@dataclass(frozen=True, slots=True)
class PackRequest:
    """The options of an officer's request for a pack."""

    on: str | None = None
    """A day, as people write it; today if None."""
    accept_suppression: bool = False
    accept_differences: bool = False
    """Release although a comparison with earlier packs reveals something."""
    role: str | None = None
    """The role of the person who releases it; None for a draft."""
    reference: str | None = None
    force: bool = False
    """Whether existing files are replaced."""


class TellsMoreError(UsageError):
    """Together with earlier packs, this one reveals something, and nobody has accepted that; nothing was released."""


@dataclass(frozen=True, slots=True)
class WrittenPack:
    """A pack, and the files that were written."""

    pack: Pack
    files: tuple[Path, ...]


def make_pack(space: Workspace, folder: Path, asked: PackRequest) -> WrittenPack:
    """Write a pack into a folder: a draft, or with a role and a reference one that is released and stored.

    Raises UsageError if the folder has other files, if the reference was used before, or if a release would reveal more
    than the officer has accepted; OutputError if a file cannot be written. Then nothing is released.
    """
    release = _read_release(space, asked)
    _require_room(folder, asked)
    drafted = _draft_pack(space, asked)
    if release is None:
        return _write_pack(_compare_with_earlier(drafted, _earlier_releases(space)), folder)
    with open_store(space.where) as store, release_transaction(store) as packs:
        return _release_pack(packs, replace(drafted, release=release), asked, lambda pack: _write_pack(pack, folder))


def draft_pack(space: Workspace, asked: PackRequest) -> Pack:
    """Make a draft without writing files, compared with released packs. Raises the same errors as :func:`make_pack`."""
    return _compare_with_earlier(_draft_pack(space, asked), _earlier_releases(space))


def release_pack(space: Workspace, asked: PackRequest) -> Pack:
    """Release a pack under its role and reference and store it; its files are ``foi_files.sent``.

    Raises UsageError as :func:`make_pack` does.
    """
    release = _read_release(space, asked)
    if release is None:
        raise UsageError("releasing a pack needs a role and a reference")
    drafted = _draft_pack(space, asked)
    with open_store(space.where) as store, release_transaction(store) as packs:
        return _release_pack(packs, replace(drafted, release=release), asked, lambda pack: WrittenPack(pack, ())).pack


def _read_release(space: Workspace, asked: PackRequest) -> Release | None:
    if asked.role is None and asked.reference is None:
        return None
    if not (asked.role and asked.role.strip()) or asked.reference is None:
        missing = "--reference FOI-123" if asked.reference is None else "--released-by ROLE"
        raise UsageError(f"releasing a pack needs a role and a reference; add {missing}")
    reference = asked.reference.strip()
    if not reference or len(reference) > _LONGEST or not reference.isprintable():
        raise UsageError(f"'{reference[:40]}' is not a reference; write it as FOI-123")
    return Release(space.role(asked.role), reference)


def _require_room(folder: Path, asked: PackRequest) -> None:
    if folder.is_symlink():
        raise UsageError(f"{folder}: is a symbolic link, which is not followed; name the folder itself")
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder}: is a file; name a folder")
    others = sorted(path.name for path in folder.iterdir() if _is_foreign_file(path.name)) if folder.exists() else []
    if others:
        raise UsageError(f"{folder}: holds other files too, such as {others[0]}; name a new folder for the pack")
    if not asked.force and any((folder / name).exists() for name in (*NAMES, KEPT_BACK)):
        raise UsageError(f"{folder}: holds a pack already; name another folder, or add --force to replace it")


def _is_foreign_file(name: str) -> bool:
    """Whether a file belongs to no pack; files that office programs and the system leave behind do not count."""
    return name not in {*NAMES, KEPT_BACK} and not name.startswith((".", "~$")) and name not in _LEAVINGS


def _draft_pack(space: Workspace, asked: PackRequest) -> Pack:
    when = parse_day_or_today(asked.on) if asked.on else assess.today_utc()
    settings = space.settings.foi
    act = Act.FOISA if settings.nation == "scotland" else Act.FOIA
    list_first(space)
    with space.open(readonly=True) as book:
        estate = make_estate(book, space.settings, when)
    return make_draft(estate, Terms(settings.threshold, asked.accept_suppression, act))


# ── earlier packs ────────────────────────────────────────────────────────────────────────────────────────────────


def _earlier_releases(space: Workspace) -> list[ReleasedPack]:
    """The packs that were released. If there are none, no store is made."""
    if address_of(space.where) is None and not store_path(Path(space.where)).exists():
        return []
    with open_store(space.where) as store:
        return _read_releases(released_packs(store))


def _read_releases(packs: Iterable[KeptPack]) -> list[ReleasedPack]:
    return [from_plain(ReleasedPack, json.loads(kept.content)) for kept in packs]


def _compare_with_earlier(pack: Pack, earlier: Sequence[ReleasedPack]) -> Pack:
    warned = compare_packs(pack.tables, earlier, pack.terms.threshold)
    return replace(pack, earlier=tuple(earlier), warnings=warned)


def _release_pack(packs: Packs, pack: Pack, asked: PackRequest, write: Callable[[Pack], WrittenPack]) -> WrittenPack:
    """Compare, write and store the pack, while no other program releases anything."""
    release = pack.release
    assert release is not None  # noqa: S101 - for the type checker
    stamp = digest_of_files(files_to_send(pack))
    earlier = _read_releases(packs.all())
    same = [old for old in earlier if old.reference.casefold() == release.reference.casefold()]
    if same and same[0].digest != stamp:
        raise UsageError(
            f"{same[0].reference} was already released with other answers, as of {day_text(same[0].day)}; "
            "give this pack its own reference"
        )
    pack = _compare_with_earlier(pack, [old for old in earlier if old not in same])
    if pack.warnings and not asked.accept_differences and not same:
        raise TellsMoreError(
            f"nothing was released: together with earlier packs this one lets readers work out "
            f"{count_text(len(pack.warnings), 'thing')}; make a draft and read"
            f" {KEPT_BACK}/comparison.txt, then add --accept-differences to release it anyway"
        )
    made = write(pack)
    if not same:
        content = ReleasedPack(release.reference, pack.estate.day, pack.given_tables, release.role, stamp)
        text = json.dumps(to_json_value(content))
        now = datetime.now(UTC)
        packs.keep(KeptPack(release.reference, release.role, now, pack.estate.day, stamp, text))
    return made


# ── files ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _write_pack(pack: Pack, folder: Path) -> WrittenPack:
    files = {**files_kept_back(pack), **files_to_send(pack)}
    for name in files:
        is_taken(folder / name)  # or there would be an empty folder when a path is too long
    with explain_errors(folder):
        make_folder(folder)
        make_folder(folder / KEPT_BACK)
    for name in files:
        check_writable(folder / name)
    with _all_or_none([folder / name for name in NAMES]):
        for name, content in files.items():
            _write_file(folder / name, content)
    return WrittenPack(pack, tuple(folder / name for name in files))


def _write_file(path: Path, content: bytes) -> None:
    def write_content(stream: BinaryIO) -> None:
        stream.write(content)

    write_bytes_atomically(path, write_content)


@contextlib.contextmanager
def _all_or_none(paths: Sequence[Path]) -> Iterator[None]:
    """All files of a pack, or none: after an error, a pack that lacks a file is removed."""
    try:
        yield
    except OutputError:
        for path in paths:
            with contextlib.suppress(OSError):
                path.unlink()
        raise
