"""One box: the matches of its facts, weighed into an identification."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from camscan import decode
from camscan.fingerprints import Database
from camscan.fingerprints.match import Values, group
from camscan.identify import field
from camscan.identify.decide import POSSIBLE, SOFTWARE, Decision, decide_camera, decide_maker, word
from camscan.model import Capability, Identification, Match, Observation
from camscan.protocols import RANKS

_FIELDS = ("model", "firmware", "serial")
_GRADES = ("solid", "fair", "weak", "reported")
_CONFLICT_FLOOR = 0.5


def identify(observations: Sequence[Observation], database: Database) -> Identification:
    """What one box is, how sure that is, and why."""
    values = group(observations)
    seen = database.match_values(values)
    if not seen and not values:
        return Identification()
    matches, maker = _settle(seen, values, database)
    heard = [match for match in matches if _speaks_for(match, maker.winner)]
    found = {key: field.answers(heard, key) for key in (*_FIELDS, "brand")}
    found["kind"] = field.answers(_without_computer(heard, maker.winner), "kind")
    chosen = {key: field.best(texts, key) for key, texts in found.items()}
    camera = decide_camera(matches, maker.winner)
    is_camera = None if camera.winner is None else camera.winner == "true"
    if maker.winner and chosen["kind"] and chosen["kind"].text == SOFTWARE:
        is_camera = None  # a maker's software is no camera, and nobody may pass it over as something else
    certainty = camera.certainty if maker.winner is None and is_camera is False else maker.certainty
    conflicts = [f"maker: {maker.conflict}"] if maker.conflict else []
    conflicts += [f"camera: {camera.conflict}"] if camera.conflict else []
    for key in _FIELDS:
        answer = chosen[key]
        conflicts += field.conflicts(found[key], answer, key, _CONFLICT_FLOOR) if answer else []
    text = {key: answer.text if answer else None for key, answer in chosen.items()}
    return Identification(
        maker=maker.winner,
        brand=text["brand"],
        model=text["model"],
        firmware=text["firmware"],
        serial=text["serial"],
        mac=_mac(heard, values),
        kind=text["kind"],
        is_camera_system=is_camera,
        capabilities=_capabilities(heard),
        confidence=word(certainty),
        certainty=round(certainty, 3),
        because=_because(heard),
        conflicts=tuple(conflicts),
        build=_build(heard, text["firmware"]),
    )


def _build(heard: Sequence[Match], firmware: str | None) -> str | None:
    """The build date in the firmware text, else the one that the same protocol told beside that text."""
    told = decode.firmware(firmware) if firmware else None
    if told is None or told.build:
        return told.build.isoformat() if told and told.build else None
    families = {match.family for match in heard if match.claims.get("firmware") == firmware}
    for answer in field.answers([match for match in heard if match.family in families], "build"):
        if day := decode.build(answer.text):
            return day.isoformat()
    return None


def _settle(seen: Sequence[Match], values: Values, database: Database) -> tuple[list[Match], Decision]:
    """Decide, ask the second round what follows from it, and decide again with its answers."""
    maker = decide_maker(seen, database.makers)
    matches = list(seen)
    # A brand pattern of the second round may name the maker that the first left open: then once more.
    for _ in range(2):
        known, sure = _decided(matches, maker)
        derived = [_scaled(match, sure) for match in database.derive(values, known)] if known else []
        matches = [*seen, *derived]
        again = decide_maker(matches, database.makers)
        if again.winner == maker.winner:
            return matches, again
        maker = again
    return matches, maker


def _decided(matches: Sequence[Match], maker: Decision) -> tuple[dict[str, str], dict[str, float]]:
    """The ``id.*`` facts of the second round, and how sure each is."""
    known: dict[str, str] = {}
    sure: dict[str, float] = {}
    if maker.winner:
        known["id.maker"], sure["id.maker"] = maker.winner, maker.certainty
    heard = [match for match in matches if _speaks_for(match, maker.winner) and not _is_derived(match)]
    for key in (*_FIELDS, "brand"):
        answer = field.best(field.answers(heard, key), key)
        if answer:
            known[f"id.{key}"], sure[f"id.{key}"] = answer.text, answer.certainty
    return known, sure


def _is_derived(match: Match) -> bool:
    return any(key.startswith("id.") for key in match.keys)


def _scaled(match: Match, sure: Mapping[str, float]) -> Match:
    """What follows from a decision is no surer than the decision."""
    least = min((sure[key] for key in match.keys if key in sure), default=1.0)
    return replace(match, certainty=match.certainty * least)


def _speaks_for(match: Match, maker: str | None) -> bool:
    """Whether a match's other claims hold: not those of a match for another maker than the winner."""
    return maker is None or match.claims.get("maker", maker) == maker


def _without_computer(heard: Sequence[Match], maker: str | None) -> list[Match]:
    """The marks to ask for the kind: where a maker is named, what it is built on does not say what it is."""
    return [match for match in heard if not maker or "maker" in match.claims or match.claims.get("kind") != "server"]


def _mac(heard: Sequence[Match], values: Values) -> str | None:
    """The MAC address that the device reports of itself, else the one on the wire."""
    claimed = field.answers(heard, "mac")
    reported = [
        (RANKS[protocol], text)
        for key, texts in values.items()
        if (protocol := key.partition(".")[0]) in RANKS and key in {f"{protocol}.mac", "mac.address"}
        for text, _ in texts
        if field.is_mac(text)
    ]
    if reported:
        return min(reported, key=lambda one: one[0])[1]
    return claimed[0].text if claimed else None


def _capabilities(heard: Sequence[Match]) -> dict[str, Capability]:
    """The best-founded grade of each."""
    found: dict[str, Capability] = {}
    for match in sorted(heard, key=lambda match: -match.certainty):
        for key, grade in match.claims.items():
            if not key.startswith("capability.") or match.certainty < POSSIBLE:
                continue
            name = key.removeprefix("capability.")
            if name not in found or _GRADES.index(grade) < _GRADES.index(found[name].confidence):
                found[name] = Capability(grade, f"{match.because} [{match.fingerprint}]")
    return dict(sorted(found.items()))


def _because(heard: Sequence[Match]) -> tuple[str, ...]:
    """One line for each match that was heard, strongest first."""
    lines: dict[str, None] = {}
    for match in sorted(heard, key=lambda match: (-match.certainty, match.fingerprint)):
        claims = ", ".join(f"{key} {text}" for key, text in match.claims.items())
        lines[f"{match.because}: {claims} [{match.fingerprint} {match.certainty:.2f}]"] = None
    return tuple(lines)
