"""Style sheets and scripts, each at an address that contains a hash of its content. A browser keeps it for a year."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

from camscan.page import render_page

_TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class StaticFile:
    """One style sheet, script or picture."""

    path: str
    """The path from the root of the server."""
    content: bytes
    media_type: str


@functools.cache
def static_files() -> Mapping[str, StaticFile]:
    """Plain name, such as ``camscan.css`` -> file."""
    folder = resources.files("camscan").joinpath("web", "static")
    texts = {path.name: path.read_bytes() for path in folder.iterdir() if path.name.rpartition(".")[2] in _TYPES}
    texts["camscan.css"] += (render_page("page/charts.css") + render_page("page/numbers.css")).encode()
    script, govuk = texts.pop("camscan.js"), _make_static("govuk-frontend.js", texts.pop("govuk-frontend.js"))
    # The one script imports the other by its name.
    found = [govuk, _make_static("camscan.js", script.replace(b"./govuk-frontend.js", govuk.path.encode()))]
    found += [_make_static(name, content) for name, content in texts.items()]
    return {each.path.rpartition("/")[2]: each for each in found}


def _make_static(name: str, content: bytes) -> StaticFile:
    mark = hashlib.blake2b(content, digest_size=8).hexdigest()
    return StaticFile(f"/static/{mark}/{name}", content, _TYPES[name.rpartition(".")[2]])
