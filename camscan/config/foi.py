"""``foi:`` of camscan.yaml: how answers to freedom of information requests treat small numbers."""

from __future__ import annotations

from camscan.config.value import read_number, read_word
from camscan.dataclass import dataclass
from camscan.strict_yaml import Node

THRESHOLD = 5
NATIONS = ("england", "wales", "scotland", "northern_ireland")
_LEAST, _MOST = 3, 100


@dataclass(frozen=True, slots=True)
class Foi:
    """The settings in ``foi:``, or the defaults."""

    threshold: int = THRESHOLD
    """Numbers below it are small."""
    nation: str = ""
    """One of ``NATIONS``: Scotland has its own Act."""


def read_foi(node: Node) -> Foi:
    """Read the section. Raises ConfigError with file and line."""
    members = node.only("threshold", "nation")
    threshold, nation = members.get("threshold"), members.get("nation")
    return Foi(
        read_number(threshold, _LEAST, _MOST, "number of devices") if threshold else THRESHOLD,
        _read_nation(nation) if nation else "",
    )


def _read_nation(node: Node) -> str:
    text = read_word(node)
    if text not in NATIONS:
        raise node.error(f"'{text}' is not one of: {', '.join(NATIONS)}")
    return text
