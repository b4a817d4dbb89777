"""How certainties combine, and which claim wins: the rule of ``docs/certainty.md``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from camscan.dataclass import dataclass
from camscan.fingerprints import Maker
from camscan.model import Confidence, Match

WEAK = 0.50
"""A mark below this is weak: it may be copied, bought or shared."""
WEAK_TOGETHER = 0.60
"""All weak marks together, if there is nothing else: "possible", however many they are."""
WEAK_SUPPORT = 0.45
"""All weak marks together, beside a stronger one."""
MARGIN = 0.15
"""The lead that the winner needs; otherwise nobody wins."""
DISPUTED = 0.89
""""Probable" at most, if another answer is probable too."""

SOFTWARE = "vms"
"""The kind of management software: it runs on a server and is not a camera."""

CONFIRMED = 0.90
PROBABLE = 0.70
POSSIBLE = 0.30


@dataclass(frozen=True, slots=True)
class Decision:
    """The winner, how sure it is, and what contradicts it."""

    winner: str | None
    certainty: float
    conflict: str = ""
    """One sentence; empty if nothing contradicts the winner."""


def certainty_word(certainty: float) -> Confidence:
    """The word for a certainty."""
    if certainty >= CONFIRMED:
        return Confidence.CONFIRMED
    if certainty >= PROBABLE:
        return Confidence.PROBABLE
    return Confidence.POSSIBLE if certainty >= POSSIBLE else Confidence.UNKNOWN


def combine_certainties(matches: Iterable[Match]) -> float:
    """The certainty of several marks for the same claim.

    The strongest of each family counts; families combine as 1 - (1 - a)(1 - b)…; weak marks are limited.
    """
    families: dict[str, float] = {}
    for match in matches:
        families[match.family] = max(match.certainty, families.get(match.family, 0.0))
    weak = _combine_numbers(certainty for certainty in families.values() if certainty < WEAK)
    strong = [certainty for certainty in families.values() if certainty >= WEAK]
    if not strong:
        return min(weak, WEAK_TOGETHER)
    return _combine_numbers([*strong, min(weak, WEAK_SUPPORT)])


def _combine_numbers(certainties: Iterable[float]) -> float:
    doubt = 1.0
    for certainty in certainties:
        doubt *= 1 - certainty
    return 1 - doubt


def decide_maker(matches: Sequence[Match], makers: Mapping[str, Maker]) -> Decision:
    """Who builds the box. Marks for "another maker", or for "no camera" without a maker, count against it."""
    claimed = _group_by_claim(matches, "maker")
    if not claimed:
        return Decision(None, 0.0)
    standing = {maker: combine_certainties(found) for maker, found in claimed.items()}
    best = max(standing, key=lambda maker: standing[maker])
    rivals = {
        maker: own for maker, own in standing.items() if maker != best and not are_one_company(maker, best, makers)
    }
    # A consequence of the decision cannot deny it: a maker's network switch is still that maker's.
    # A mark that names another maker for other things in a text does not deny that this maker is named in it.
    said = {match.keys for match in claimed[best]}
    denials = [
        match
        for match in matches
        if "maker" not in match.claims
        and match.claims.get("camera") == "false"
        and not _is_of_model(match)
        and match.keys not in said
    ]
    # The marks of a computer do not deny a maker whose software runs on it either.
    if denials and not any(_is_no_camera(match) for match in claimed[best]):
        rivals["no camera"] = combine_certainties(denials)
    return _decide_between(best, standing[best], rivals)


def decide_camera(matches: Sequence[Match], maker: str | None) -> Decision:
    """Whether it is part of a video surveillance system. Marks for another maker than the winner are ignored.

    If the model number says it, only that counts: a maker's switches and door locks speak its protocols too.
    """
    heard = [match for match in matches if maker is None or match.claims.get("maker", maker) == maker]
    told = [match for match in heard if _is_of_model(match) and match.certainty >= PROBABLE]
    claimed = _group_by_claim(told, "camera") or _group_by_claim(heard, "camera")
    if not claimed:
        return Decision(None, 0.0)
    standing = {answer: combine_certainties(found) for answer, found in claimed.items()}
    best = max(standing, key=lambda answer: standing[answer])
    return _decide_between(best, standing[best], {answer: own for answer, own in standing.items() if answer != best})


def _group_by_claim(matches: Iterable[Match], key: str) -> dict[str, list[Match]]:
    claimed: dict[str, list[Match]] = {}
    for match in matches:
        if key in match.claims:
            claimed.setdefault(match.claims[key], []).append(match)
    return claimed


def _is_no_camera(match: Match) -> bool:
    return match.claims.get("camera") == "false" or match.claims.get("kind") == SOFTWARE


def _is_of_model(match: Match) -> bool:
    return "id.model" in match.keys


def are_one_company(one: str, other: str, makers: Mapping[str, Maker]) -> bool:
    """Whether two makers are one company: then a mark for one does not contradict the other."""
    groups = [makers[key].group or key if key in makers else key for key in (one, other)]
    return groups[0] == groups[1]


def _decide_between(best: str, own: float, rivals: Mapping[str, float]) -> Decision:
    if not rivals:
        return Decision(best if own >= POSSIBLE else None, own if own >= POSSIBLE else 0.0)
    rival = max(rivals, key=lambda name: rivals[name])
    against = rivals[rival]
    told = f"{best} ({own:.2f}) or {rival} ({against:.2f})"
    if own - against < MARGIN:
        return Decision(None, 0.0, f"{told}: too close to call")
    # A contrary mark acts only on the doubt that the winner's own marks leave: it cannot weaken a protocol's proof.
    lowered = own * (1 - against * (1 - own))
    if against >= PROBABLE:
        lowered = min(lowered, DISPUTED)
    if lowered < POSSIBLE:
        return Decision(None, 0.0, f"{told}: neither is sure enough")
    return Decision(best, lowered, told)
