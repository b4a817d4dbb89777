"""Identification measured on labelled replies: ``CAMSCAN_CORPUS=FILE python tests/corpus_table.py``.

The labelled replies are strangers' and are not part of this repository. A line is a captured reply with a ``label``:
``manufacturer``, ``brand``, ``model``, ``firmware``, ``serial``, ``is_camera_system``, and a ``basis``.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from camscan import captures, decode, fingerprints
from camscan.model import Confidence, Identification, Reply

OURS = ("hikvision", "dahua")
SURE = (Confidence.CONFIRMED, Confidence.PROBABLE)


@dataclass(frozen=True, slots=True)
class Row:
    """One labelled reply, and the identification that was made of it."""

    id: str
    protocol: str
    basis: str
    label: dict[str, Any]
    payload: str
    maker: str | None
    """Key of the labelled maker; None if the label does not name one that the database knows."""
    found: Identification

    @property
    def accuses(self) -> bool:
        """Whether a device of another or unknown maker is called Hikvision or Dahua, surely."""
        return self.found.maker in OURS and self.found.maker != self.maker and self.found.confidence in SURE

    @property
    def calls_camera(self) -> bool:
        """Whether something that is not a camera system is called one with certainty."""
        return (
            self.label["is_camera_system"] is False
            and self.found.is_camera_system is True
            and self.found.confidence in SURE
        )

    @property
    def named(self) -> bool:
        """Whether the labelled maker was named, or the badge where the label knows no more."""
        if self.maker is None:
            badge = self.label.get("brand") or ""
            return bool(badge) and badge.casefold() == (self.found.brand or "").casefold()
        return self.found.maker == self.maker


def rows(path: Path) -> list[Row]:
    """Every labelled reply, identified on its own."""
    database = fingerprints.load_database()
    names = {
        _word(name): maker.key for maker in database.makers.values() for name in (maker.name, maker.key, *maker.aliases)
    }
    lines = path.read_text(encoding="utf-8").splitlines()
    members = {item["id"]: item for item in map(json.loads, lines)}
    replies = [reply for reply in captures.read_captures(lines) if isinstance(reply, Reply)]
    found: list[Row] = []
    for reply in replies:
        item = members[reply.id]
        (device,) = captures.identify_replies([reply], database)
        maker = names.get(_word(item["label"]["manufacturer"] or ""))
        payload = item.get("payload", "")
        found.append(Row(reply.id, reply.probe, item["basis"], item["label"], payload, maker, device.identification))
    return found


def _word(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.casefold())


def _states_brand(row: Row) -> bool:
    """Whether the labelled badge is in the reply itself: a MAC address is not a badge."""
    brand = _word(row.label.get("brand") or "")
    return bool(brand) and brand in _word(row.payload)


def field_rows(every: list[Row], key: str) -> Iterator[tuple[Row, bool]]:
    """Rows whose payload holds the labelled value, and whether it was reported exactly (spelling of "build" aside)."""
    for row in every:
        wanted = row.label.get(key)
        if not isinstance(wanted, str) or wanted not in row.payload:
            continue
        told = getattr(row.found, key) or ""
        form: Callable[[str], str] = decode.firmware_text if key == "firmware" else str.strip
        yield row, form(told) == form(wanted)


def measures(every: list[Row]) -> dict[str, tuple[int, int, list[Row]]]:
    """Name of a measure -> right, of how many, rows that were missed."""
    real = [row for row in every if row.basis != "curated_example"]
    others = [
        row
        for row in every
        if row.label["is_camera_system"] and row.maker not in OURS and (row.maker or _states_brand(row))
    ]
    groups: dict[str, list[tuple[Row, bool]]] = {
        "no false accusation": [(row, not row.accuses) for row in every],
        "no non-camera called a camera": [(row, not row.calls_camera) for row in every],
        "ours named, real replies": [(row, row.named) for row in real if row.maker in OURS],
        "ours named, all": [(row, row.named) for row in every if row.maker in OURS],
        "other cameras named": [(row, row.named) for row in others],
    }
    for key in ("model", "firmware", "serial"):
        groups[f"{key} exact, ours"] = [pair for pair in field_rows(every, key) if pair[0].maker in OURS]
        groups[f"{key} exact, all"] = list(field_rows(every, key))
    return {
        name: (sum(right for _, right in pairs), len(pairs), [row for row, right in pairs if not right])
        for name, pairs in groups.items()
    }


def _print(every: list[Row]) -> None:
    out = sys.stdout.write
    found = measures(every)
    out(f"{len(every)} replies\n")
    for name, (right, total, _) in found.items():
        out(f"{name:32} {right:4} of {total:4}  {right / max(total, 1):6.1%}\n")
    words = Counter(
        (row.found.maker if row.found.maker in OURS else "other", row.found.confidence.value) for row in every
    )
    out("\n" + "\n".join(f"{maker:10} {word:10} {count:4}" for (maker, word), count in sorted(words.items())) + "\n")
    for name, (_, _, missed) in found.items():
        out(f"\n{name}: missed {len(missed)}\n" if missed else "")
        for row in missed:
            label = {key: row.label.get(key) for key in ("manufacturer", "brand", "model", "firmware", "serial")}
            told = {key: getattr(row.found, key) for key in ("maker", "brand", "model", "firmware", "serial")}
            sure = f"{row.found.confidence.value}, camera: {row.found.is_camera_system}"
            out(f"  {row.id} ({row.protocol}, {row.basis}) {sure}\n")
            out(f"    label {label}\n    found {told}\n")
            out("".join(f"    because {line}\n" for line in row.found.because[:4]))
            out("".join(f"    conflict {line}\n" for line in row.found.conflicts))
            out(f"    payload {row.payload[:300]!r}\n")


if __name__ == "__main__":
    location = os.environ.get("CAMSCAN_CORPUS")
    if not location:
        sys.exit("set CAMSCAN_CORPUS to a file of labelled replies")
    _print(rows(Path(location)))
