"""Whether two identifications say the same of a device, whatever their reasons."""

from __future__ import annotations

from camscan.model import Identification
from camscan.register import knowledge

MEMBERS = (*knowledge.VALUES, "build", "confidence", "certainty")
"""What an identification says, its capabilities aside."""


def is_alike(one: Identification, other: Identification) -> bool:
    """Whether nothing differs but reasons and conflicts."""
    return all(getattr(one, name) == getattr(other, name) for name in MEMBERS) and capability_grades(
        one
    ) == capability_grades(other)


def capability_grades(found: Identification) -> dict[str, str]:
    """Its capabilities, each with how well it is founded."""
    return {name: what.confidence for name, what in found.capabilities.items()}
