"""``centre:`` of camscan.yaml: how much one collector may send to this centre."""

from __future__ import annotations

from camscan.config.value import read_number
from camscan.dataclass import dataclass
from camscan.strict_yaml import Node

_MOST_PARTS = 1000
_MOST_MEGABYTES = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Centre:
    """The settings in ``centre:``, or the defaults."""

    parts_per_second: int = 2
    """Parts of parcels that one collector may send each second, on average."""
    megabytes_per_day: int = 64
    """Units of 1,048,576 bytes that one collector may send from midnight to midnight (UTC)."""


def read_centre(node: Node) -> Centre:
    """Read the section. Raises ConfigError with file and line."""
    keys, usual = node.only("parts_per_second", "megabytes_per_day"), Centre()
    parts, size = keys.get("parts_per_second"), keys.get("megabytes_per_day")
    return Centre(
        parts_per_second=read_number(parts, 1, _MOST_PARTS, "number of parts") if parts else usual.parts_per_second,
        megabytes_per_day=read_number(size, 1, _MOST_MEGABYTES, "size in MB") if size else usual.megabytes_per_day,
    )
