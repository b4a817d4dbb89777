"""What was worked out from files before, kept in the user's cache folder, and read only where nobody else can write.

A cache that cannot be read or written costs time and nothing else.
"""

from __future__ import annotations

import contextlib
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
"""Another one where the form changes in which a tree is kept."""
_MONTH = 30 * 86400


def cache_folder() -> Path:
    """Where the caches of this user are."""
    return system.cache_home() / "camscan"


def read_kept(path: Path) -> Any:
    """The JSON value of a cache; None if it is not whole, or somebody else could have written it."""
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
    """Write it whole or not at all; those of the same ``kind`` (a file name with ``*``) that are a month older go."""
    body = json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
    digest = hashlib.blake2b(body, digest_size=16).hexdigest().encode()
    with contextlib.suppress(OSError, OutputError):
        make_folder(path.parent)
        path.unlink(missing_ok=True)  # and its rights, which were perhaps why it was not read
        write_bytes_atomically(path, lambda stream: stream.writelines([digest, b"\n", body]))
        for other in path.parent.glob(kind):
            if other != path and other.stat().st_mtime < path.stat().st_mtime - _MONTH:
                other.unlink(missing_ok=True)


def load_yaml(path: Path, cache: Path | None = None) -> Node:
    """As ``strict_yaml.load_yaml``; what was read before comes from the cache, in a fifth of the time.

    ``cache`` stands in for the user's cache folder.
    """
    content = read_contents(path)
    digest = hashlib.blake2b(_FORMAT + content, digest_size=12).hexdigest()
    place = (cache or cache_folder()) / f"yaml-{digest}.json"
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
