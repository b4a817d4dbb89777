"""Several files as one ZIP archive, yielded in pieces while it is made. The same files give the same bytes."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping

_EARLIEST = (1980, 1, 1, 0, 0, 0)
"""The time of every file in an archive: the earliest one of the format, so that the clock does not change the bytes."""


class _Sink(io.RawIOBase):
    """Collects written bytes until they are fetched."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        """Whether the sink can be written to: always."""
        return True

    def write(self, piece: object) -> int:
        """Keep one piece; returns its length in bytes."""
        content = bytes(piece)  # type: ignore[call-overload]  # a buffer, as io says
        self._pieces.append(content)
        return len(content)

    def take_written(self) -> bytes:
        """The bytes that were written since the last call."""
        found, self._pieces = b"".join(self._pieces), []
        return found


def zip_files(files: Mapping[str, bytes | str | Iterable[bytes]]) -> Iterator[bytes]:
    """A ZIP archive of these files, in their order; a long file is given in pieces."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, _EARLIEST)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o600 << 16
            if isinstance(content, bytes | str):
                archive.writestr(entry, content)
                yield sink.take_written()
                continue
            with archive.open(entry, "w") as file:
                for piece in content:
                    file.write(piece)
                    yield sink.take_written()
    yield sink.take_written()
