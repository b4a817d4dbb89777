"""Several files as one ZIP archive, given piece by piece as it is made; the same files make the same bytes."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping

_WHEN = (1980, 1, 1, 0, 0, 0)
"""The earliest time that the format knows: no clock changes the bytes."""


class _Sink(io.RawIOBase):
    """Takes what is written, to be fetched."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, piece: object) -> int:
        """Keep a piece."""
        content = bytes(piece)  # type: ignore[call-overload]  # a buffer, as io says
        self._pieces.append(content)
        return len(content)

    def fetch(self) -> bytes:
        """What was written since."""
        found, self._pieces = b"".join(self._pieces), []
        return found


def archive(files: Mapping[str, bytes | str]) -> Iterator[bytes]:
    """A ZIP of these files, in their order."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, _WHEN)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o600 << 16
            made.writestr(entry, content)
            yield sink.fetch()
    yield sink.fetch()
