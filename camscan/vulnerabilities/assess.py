"""Which known weaknesses a device has, by its model and its build. Pure.

For the order of removal, not for proof: nothing is tried on the device.
"""

from __future__ import annotations

import enum
import functools
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import re2

from camscan import decode
from camscan.dataclass import dataclass
from camscan.fingerprints.entry import Problem
from camscan.model import Identification
from camscan.vulnerabilities.read import Affected, Bounds, Case, Weakness, Weaknesses, list_problems, load_weaknesses

NOT_COMPARABLE = "vulnerable family, build not comparable"
_LONGEST = 128
"""Characters of a model or firmware text that are looked at."""


class Standing(enum.StrEnum):
    """What is known; the most pressing first."""

    AFFECTED = "affected"
    UNKNOWN = "unknown"
    FIXED = "fixed"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one weakness means for one device, and why."""

    weakness: Weakness
    verdict: Standing
    reason: str

    @property
    def cve(self) -> str:
        """Its CVE number."""
        return self.weakness.id

    @property
    def is_exploited(self) -> bool:
        """Whether it is in the catalogue of known exploited vulnerabilities."""
        return self.weakness.kev is not None

    @property
    def is_fixed(self) -> bool:
        """Whether the unit's build is known to have it repaired."""
        return self.verdict is Standing.FIXED


_compiled = functools.cache(re2.compile)
"""Of the patterns in the files of weaknesses: re2's own cache asks more than the search itself takes."""


def assess_device(found: Identification, known: Weaknesses) -> list[Verdict]:
    """A verdict on every vulnerability of a device's model: affected first, exploited and severe before others.

    None if maker or model is unknown; vulnerabilities of other models get no verdict.
    """
    verdicts = [verdict for entry in known.entries if (verdict := _assess_entry(found, entry, known)) is not None]
    return sorted(verdicts, key=_urgency_key)


def _urgency_key(verdict: Verdict) -> tuple[int, bool, float, str]:
    severity = float(verdict.weakness.severity or 0)
    return list(Standing).index(verdict.verdict), not verdict.is_exploited, -severity, verdict.cve


def _assess_entry(found: Identification, entry: Weakness, known: Weaknesses) -> Verdict | None:
    if found.maker != entry.maker or not found.model:
        return None
    brand = (found.brand or "").casefold()
    if entry.brand and brand != entry.brand.casefold():
        return None
    model = re.sub(r"(?i)^DHI?-", "", _plain_text(found.model))
    group = next((group for group in entry.affected if _compiled(group.models).search(model)), None)
    own = known.brands.get(entry.maker, frozenset())
    if not entry.brand and brand and brand not in own:
        if group is None and found.kind not in entry.kinds:
            return None
        return Verdict(entry, Standing.UNKNOWN, f"{NOT_COMPARABLE}: sold as {found.brand}")
    if group is None:
        return None
    return _judge_group(entry, group, found)


def _plain_text(text: str) -> str:
    """A device's text as RE2 takes it: half a character is an error there."""
    return text.strip()[:_LONGEST].encode(errors="replace").decode()


def _judge_group(entry: Weakness, group: Affected, found: Identification) -> Verdict | None:
    text = _plain_text(found.firmware or "")
    firmware = decode.decode_firmware(text)
    if firmware and not firmware.build and found.build:
        firmware = replace(firmware, build=date.fromisoformat(found.build))
    if group.firmware:
        if firmware and not _compiled(group.firmware).search(text):
            return None
        verdict = (
            (Standing.AFFECTED, f"firmware {text} is listed") if firmware else (Standing.UNKNOWN, "no firmware known")
        )
    elif firmware is None:
        verdict = Standing.UNKNOWN, "no firmware known"
    else:
        verdict = _place_build(group, firmware, text)
    if verdict[0] is Standing.AFFECTED and not group.listed:
        verdict = Standing.UNKNOWN, f"{verdict[1]}, but not every model of this line is known to be affected"
    return Verdict(entry, *verdict)


def _place_build(group: Affected, firmware: decode.Firmware, text: str) -> tuple[Standing, str]:
    """Builds before versions: the makers' notices name build dates, and one version may have many builds."""
    build = firmware.build.isoformat() if firmware.build else ""
    version = _full_version(text)
    for bounds, value, name in ((group.builds, build, "build"), (group.versions, version, "version")):
        if value and bounds.since and _version_order(value) < _version_order(bounds.since):
            return Standing.UNKNOWN, f"{name} {value} is older than those listed, which begin with {bounds.since}"
    if build and (told := _compare_with_bounds(group.builds, build, "build")):
        return told
    told = _compare_with_bounds(group.versions, version, "version") if version else None
    # Where builds are listed, a version acquits and does not accuse: 5.4.5 came after 5.4.41.
    if told and (group.builds == Bounds() or told[0] is Standing.FIXED):
        return told
    if group.builds != Bounds() and not build:
        return Standing.UNKNOWN, f"firmware {text} has no build date"
    return Standing.UNKNOWN, "no fixed build is known"


def _compare_with_bounds(bounds: Bounds, value: str, name: str) -> tuple[Standing, str] | None:
    """The position of a build or version; None if the bounds do not tell."""
    place = _version_order(value)
    if bounds.fixed and place >= _version_order(bounds.fixed):
        return Standing.FIXED, f"{name} {value}; fixed from {bounds.fixed}"
    if bounds.until:
        if place <= _version_order(bounds.until):
            return Standing.AFFECTED, f"{name} {value}; affected up to {bounds.until}"
        if bounds.fixed:
            return (
                Standing.UNKNOWN,
                f"{name} {value} lies between {bounds.until}, affected, and {bounds.fixed}, fixed",
            )
        return Standing.FIXED, f"{name} {value}; the last affected one is {bounds.until}"
    return (Standing.AFFECTED, f"{name} {value}; fixed from {bounds.fixed}") if bounds.fixed else None


def _version_order(text: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", text)))


def _full_version(text: str) -> str:
    """The version with all its numbers: Hybrid SAN counts ``V2.3.8-8``."""
    found = re.match(r"(?i)\s*V?(\d+(?:[.-]\d+)+)", text)
    return found[1] if found else ""


def check_weaknesses(overlays: Sequence[Path] = (), *, base: Path | None = None) -> list[Problem]:
    """Everything wrong with the files of weaknesses: what cannot be read, and every example whose verdict differs."""
    found = list_problems(overlays, base=base)
    return found or list(_check_examples(load_weaknesses(overlays, base=base)))


def _check_examples(known: Weaknesses) -> Iterator[Problem]:
    for entry in known.entries:
        for case in entry.cases:
            given = _assess_entry(_example_device(entry, case), entry, known)
            told = str(given.verdict) if given else None
            if told != case.verdict:
                wanted = case.verdict or "no verdict: it is a counterexample"
                yield Problem(entry.file, case.line, entry.id, f"{case.model} should get {wanted}, and gets {told}")


def _example_device(entry: Weakness, case: Case) -> Identification:
    return Identification(
        maker=entry.maker,
        brand=case.brand or None,
        model=case.model,
        kind=case.kind or None,
        firmware=case.firmware or None,
    )
