"""Matches the registry of MAC address blocks with the addresses among a device's values. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from camscan.fingerprints.entry import FAMILIES, Section
from camscan.fingerprints.values import Values
from camscan.model import Match

_PREFIX_LENGTHS = (9, 7, 6)
MAY_HOLD_MAC = ("mac", "realm", "mac.address", "mac.prefix")
"""Ends of the keys in which a MAC address is looked for."""
_MAC = re.compile(r"(?i)(?:[0-9a-f]{2}[:-]?){5}[0-9a-f]{2}")

MAC_REALM = 0.70
"""Certainty of a registered prefix in a realm that is a MAC address."""


def match_registry(values: Values, prefixes: Mapping[str, str], sections: Mapping[str, Section]) -> list[Match]:
    """Matches of the registry with every MAC address among the facts, once for each section and protocol.

    A realm that is only a MAC address counts too, and for more: cameras write their own address there.
    """
    found: dict[tuple[str, str], Match] = {}
    for key in values:
        if not key.endswith(MAY_HOLD_MAC):  # nearly every key
            continue
        protocol, _, name = key.partition(".")
        is_realm = name == "realm"
        if name != "mac" and not is_realm and key not in {"mac.address", "mac.prefix"}:
            continue
        seen = values[key]
        # An address that a reply gives for its sender is part of that reply, and not a second piece of evidence.
        family = FAMILIES.get(protocol, protocol)
        for value, where in seen:
            hit = _longest_prefix(value, prefixes) if not is_realm or _MAC.fullmatch(value) else ""
            section = sections[prefixes[hit]] if hit else None
            if section is not None and section.then and (section.id, family) not in found:
                because = f"{key} = {value}{where}, registered prefix {hit}"
                certainty = max(section.certainty, MAC_REALM) if is_realm else section.certainty
                claims = dict(section.then)
                if name == "mac":
                    claims.pop(
                        "camera", None
                    )  # the reply has a model that says so: a maker's door controllers have its MAC addresses
                match = Match(section.id, claims, certainty, because, family, (key,))
                found[section.id, family] = match
    return list(found.values())


def _longest_prefix(value: str, prefixes: Mapping[str, str]) -> str:
    digits = value.lower().replace(":", "").replace("-", "")
    # The registry has only universally administered addresses of one unit: both low bits of the first byte are 0.
    if len(digits) < _PREFIX_LENGTHS[-1] or digits[1] not in "048c":
        return ""
    return next((digits[:length] for length in _PREFIX_LENGTHS if digits[:length] in prefixes), "")
