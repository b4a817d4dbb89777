"""Writes the beginning of a new fingerprint from one captured reply. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from camscan import decode
from camscan.model import Observation

MARKS = 2
"""Marks in a skeleton: more would fit one unit only."""

_TELLING = (
    "manufacturer",
    "vendor",
    "model",
    "model_name",
    "realm",
    "server",
    "title",
    "device_type",
    "banner",
    "sysdescr",
    "subject_o",
    "issuer_o",
    "hardware",
    "txt",
    "vendor_class",
    "namespace",
    "md5",
)
"""Ends of keys whose texts belong to a make and not to a unit, the best first."""

_LONGEST = 120
_OF_A_UNIT = re.compile(r"(?i)(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}|\d+\.\d+\.\d+\.\d+|[0-9a-f]{8}-[0-9a-f]{4}-")
_SPECIAL = re.compile(r"[\\.+*?()|\[\]{}^$]")


def write_skeleton(observations: Sequence[Observation], protocol: str) -> str:
    """YAML of a fingerprint in which only the claims are missing; empty if the reply says nothing about the make."""
    marks = _list_marks(observations)
    if not marks:
        return ""
    model = next((key for key, _ in marks if key.endswith(".model")), "")
    when = "\n".join(f"    {key}: {_quote_text(_make_pattern(value, named=key == model))}" for key, value in marks)
    see = ", ".join(f"{key}: {_quote_text(value)}" for key, value in marks)
    other = ", ".join(f"{key}: {_quote_text(f'{value} of another make')}" for key, value in marks)
    claim = "\n    model: '{model}'" if model else ""
    name = marks[0][0].partition(".")[2]
    return f"""\
# 1. Put this into a directory of your own, as {protocol}.yaml.
# 2. Fill in 'then': the badge it bears (brand), or who makes it (maker); camera: 'true' or 'false'; kind: camera, nvr …
# 3. Loosen the patterns where units of this make differ: \\d+ for a number, .* for anything. Keep ^ and $.
# 4. camscan fingerprints check --overlay DIRECTORY
- id: mine.{protocol}.{name}
  when:
{when}
  then:
    brand: ''{claim}
  certainty: 0.70
  source: captured reply
  examples:
    - see: {{{see}}}
  counterexamples:
    - see: {{{other}}}
"""


def _list_marks(observations: Sequence[Observation]) -> list[tuple[str, str]]:
    found: dict[str, str] = {}
    for seen in observations:
        if _tells_make(seen):
            found.setdefault(seen.key, seen.value)
    return sorted(found.items(), key=lambda mark: _TELLING.index(mark[0].partition(".")[2]))[:MARKS]


def _tells_make(seen: Observation) -> bool:
    if seen.key.partition(".")[2] not in _TELLING or not seen.value.strip() or len(seen.value) > _LONGEST:
        return False
    words = re.split(r"[\s:,;]+", seen.value)
    of_a_unit = any(decode.is_serial(word) or decode.is_hash(word) for word in words)
    of_a_unit = of_a_unit and not seen.key.endswith(".md5")
    return seen.value.isprintable() and not of_a_unit and not _OF_A_UNIT.search(seen.value)


def _make_pattern(value: str, *, named: bool) -> str:
    text = _SPECIAL.sub(r"\\\g<0>", value)
    return f"^(?P<model>{text})$" if named else f"^{text}$"


def _quote_text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
