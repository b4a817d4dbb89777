"""Whether two identifications say the same about a device, whatever their reasons."""

from __future__ import annotations

from operator import attrgetter

from camscan.model import Identification
from camscan.register import knowledge

MEMBERS = (*knowledge.VALUES, "build", "confidence", "certainty")
"""Members of an identification that are compared, apart from its capabilities."""
_members = attrgetter(*MEMBERS)


def is_alike(one: Identification, other: Identification) -> bool:
    """Whether two identifications differ in nothing but their reasons and conflicts."""
    return _members(one) == _members(other) and capability_grades(one) == capability_grades(other)


def capability_grades(found: Identification) -> dict[str, str]:
    """Name of each capability -> how certain it is."""
    return {name: what.confidence for name, what in found.capabilities.items()}
