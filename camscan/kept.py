"""Caches results from files in the user's cache folder, and reads them only if nobody else can write there.

A cache that cannot be read or written costs time and nothing else.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
from pathlib import Path
from typing import Any

from camscan import system
from camscan.errors import OutputError
from camscan.output import make_folder, write_bytes_atomically
from camscan.strict_yaml import Node, parse_yaml, read_contents

_FORMAT = b"1"
"""It changes when the stored form of a tree changes."""
_MONTH = 30 * 86400


def cache_folder() -> Path:
    """The folder with the caches of this user."""
    return system.cache_home() / "camscan"


def read_kept(path: Path) -> Any:
    """The JSON value of a cache; None if it is incomplete, or somebody else could have written it."""
    try:
        with path.open("rb") as stream:
            if system.may_be_changed_by_others(os.fstat(stream.fileno())):
                return None
            digest, _, body = stream.read().partition(b"\n")
    except OSError:
        return None
    if hashlib.blake2b(body, digest_size=16).hexdigest().encode() != digest:
        return None
    return json.loads(body)


def write_kept(path: Path, value: Any, kind: str) -> None:
    """Write a cache completely or not at all.

    Caches of the same ``kind`` (a file name with ``*``) over a month old go.
    """
    body = json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
    digest = hashlib.blake2b(body, digest_size=16).hexdigest().encode()
    with contextlib.suppress(OSError, OutputError):
        make_folder(path.parent)
        path.unlink(missing_ok=True)  # with its rights, because of which it was perhaps not read
        write_bytes_atomically(path, lambda stream: stream.writelines([digest, b"\n", body]))
        for other in path.parent.glob(kind):
            if other != path and other.stat().st_mtime < path.stat().st_mtime - _MONTH:
                other.unlink(missing_ok=True)


def load_yaml(path: Path, cache: Path | None = None) -> Node:
    """Read a file like ``strict_yaml.load_yaml``, but from the cache if it was read before: a fifth of the time.

    ``cache`` replaces the user's cache folder.
    """
    return _load_contents(path, read_contents(path), cache or cache_folder())


@functools.lru_cache(maxsize=16)  # one run asks for the makers four times
def _load_contents(path: Path, content: bytes, cache: Path) -> Node:
    digest = hashlib.blake2b(_FORMAT + content, digest_size=12).hexdigest()
    place = cache / f"yaml-{digest}.json"
    if (kept := read_kept(place)) is not None:
        return _make_node(str(path), kept)
    found = parse_yaml(content, str(path))
    write_kept(place, _plain(found), "yaml-*.json")
    return found


def _plain(node: Node) -> list[Any]:
    value: Any = node.value
    if isinstance(value, tuple):
        value = [_plain(each) for each in value]
    elif isinstance(value, dict):
        value = {key: _plain(each) for key, each in value.items()}
    return [node.line, node.quoted, value]


def _make_node(file: str, plain: list[Any]) -> Node:
    line, quoted, value = plain
    if isinstance(value, list):
        return Node(file, line, tuple([_make_node(file, each) for each in value]), quoted)
    if isinstance(value, dict):
        return Node(file, line, {key: _make_node(file, each) for key, each in value.items()}, quoted)
    return Node(file, line, value, quoted)
