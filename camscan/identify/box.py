"""One box: weighs the matches of its facts into an identification."""

from __future__ import annotations

import functools
import marshal
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from operator import attrgetter
from typing import NamedTuple

from camscan import decode
from camscan.cache import ENTRY, size_of_texts
from camscan.fingerprints import Database
from camscan.fingerprints.match import NUMBERS
from camscan.fingerprints.values import Values, group_values
from camscan.identify import field
from camscan.identify.decide import POSSIBLE, PROBABLE, SOFTWARE, Decision, certainty_word, decide_camera, decide_maker
from camscan.identify.statement import weigh_by_statement
from camscan.model import LISTED, Capability, Identification, Match, Observation
from camscan.protocols import RANKS

_FIELDS = ("model", "firmware", "serial")
_GRADES = ("solid", "fair", "weak", "reported")
_CONFLICT_FLOOR = 0.5
_MARSHAL = 0
"""The format in which facts are looked up: version 2, without back references, gives the same bytes for equal facts."""


UNSOLICITED = "reply.unsolicited"
"""The fact that marks a reply to no question of ours: anybody may have sent it."""
_KEY = attrgetter("key")
UNSOLICITED_MOST = 0.69
"""The highest certainty that such replies alone can give: "possible"."""


def identify_box(observations: Sequence[Observation], database: Database) -> Identification:
    """What one box is, how sure that is, and why.

    Replies to no question of ours count only if the others leave the box unnamed, and never beyond "possible".
    """
    if UNSOLICITED not in map(_KEY, observations):  # nearly always
        return _identify_cached(observations, database)
    marked = {_reply_key(seen) for seen in observations if seen.key == UNSOLICITED}
    found = _identify_cached([seen for seen in observations if _reply_key(seen) not in marked], database)
    if found.certainty >= PROBABLE:
        return found
    said = _UNASKED if any(not probe.startswith(LISTED) for _, _, probe, _ in marked) else _ONLY_LISTED
    return _held_down(_identify_cached([seen for seen in observations if seen.key != UNSOLICITED], database), said)


def rests_on_unasked(found: Identification) -> bool:
    """Whether a box is named by replies to no question of ours only: anybody may have sent them in its name."""
    return bool(found.because) and found.because[-1] in {_UNASKED, _ONLY_LISTED}


def own_words(observations: Sequence[Observation], found: Identification) -> Sequence[Observation]:
    """The observations by which a box is recognised: without replies to no question of ours, unless they name it.

    A forged datagram could otherwise let a box claim its neighbour's serial number, UUID or MAC address.
    """
    if rests_on_unasked(found):
        return observations
    marked = {_reply_key(seen) for seen in observations if seen.key == UNSOLICITED}
    return [seen for seen in observations if _reply_key(seen) not in marked] if marked else observations


def _reply_key(seen: Observation) -> tuple[str, int, str, datetime]:
    return seen.ip, seen.port, seen.probe, seen.seen_at


_UNASKED = "said unasked, and nothing else bears it out: possible at most"
_ONLY_LISTED = "listed by another system, and nothing else bears it out: possible at most"


def _held_down(found: Identification, said: str) -> Identification:
    certainty = min(found.certainty, UNSOLICITED_MOST)
    return replace(found, certainty=certainty, confidence=certainty_word(certainty), because=(*found.because, said))


def _identify_cached(observations: Sequence[Observation], database: Database) -> Identification:
    values = group_values(observations, database.heeded)  # the others change nothing, whatever they say
    if not values:
        return Identification()
    facts = marshal.dumps(values, _MARSHAL)  # whole and with every length: no two boxes give the same
    known = database.identified_cache.get(facts)
    if known is None:
        known = _weigh_facts(values, database)
        database.identified_cache.keep(facts, known, _size_in_bytes(facts, known))
    return known


def _size_in_bytes(facts: bytes, found: Identification) -> int:
    """About how many bytes the facts and their result take."""
    told = [*found.because, *found.conflicts, *(one.because for one in found.capabilities.values())]
    return ENTRY * (8 + len(found.capabilities)) + len(facts) + size_of_texts(told)


_DECIDED_NUMBERS = frozenset(f"id.{name}" for name in NUMBERS)


class _Judged(NamedTuple):
    """The result of a set of marks, whatever numbers of the unit they contain."""

    found: Identification
    """The identification of the first device with these marks."""
    reasons: tuple[int | str, ...]
    """Its reasons in order: the place of a mark, or the line itself of what follows from the decision."""
    numbered: tuple[int, ...]
    """The places of the marks that may hold a number of the unit: see ``NUMBERS``."""


def _weigh_facts(values: Values, database: Database) -> Identification:
    """What the facts say. Units of one model differ only in their numbers: everything else is computed once."""
    unit = database.match_unit(values)
    seen, stated = unit.matches, database.statements.read_statement(values)[0]
    # A fingerprint of the second round that asks for more than maker, model and the like may depend on anything.
    asks_more = not (
        _DECIDED_NUMBERS.isdisjoint(database.derives_from) and values.keys().isdisjoint(database.derives_from)
    )
    kept = database.judged_cache
    of_kin = (unit.kin, stated, *_facts_signature(unit.own))
    if not asks_more and (known := kept.get(of_kin)) is not None:
        return _with_own_numbers(known, seen, values)
    asked = (stated, *_facts_signature(seen))
    if not asks_more and (known := kept.get(asked)) is not None:
        kept.keep(of_kin, known, ENTRY * (2 + len(of_kin)))
        return _with_own_numbers(known, seen, values)
    matches, maker, is_plain = _settle_maker(seen, values, database)
    found = _conclude_box(matches, maker, values)
    if not asks_more and is_plain and _is_general(found, seen, matches[len(seen) :]):
        texts = [text for match in matches for text in match.claims.values()]
        size = ENTRY * (8 + 2 * len(seen) + len(found.capabilities)) + 2 * size_of_texts([*texts, *found.because])
        kept.keep(asked, _make_judged(found, matches, len(seen)), size)
    return found


def _facts_signature(seen: Sequence[Match]) -> tuple[object, ...]:
    """Everything in the marks that decides; of the unit's numbers only which of them it has."""
    parts: list[object] = []
    for match in seen:
        parts += (match.fingerprint, match.certainty, match.family, match.keys)
        for key, text in match.claims.items():
            parts += (key,) if key in NUMBERS else (key, text)
    return tuple(parts)


def _is_general(found: Identification, seen: Sequence[Match], derived: Sequence[Match]) -> bool:
    """Whether another unit with these marks would get the same result: nothing is in dispute, and no text is quoted."""
    return (
        not found.conflicts
        and not any(_is_capability(key) for match in seen for key in match.claims)
        and all(NUMBERS.isdisjoint(match.claims) for match in derived)
    )


def _make_judged(found: Identification, matches: Sequence[Match], count: int) -> _Judged:
    """What holds for all devices with these marks: the first ``count`` matches, the others follow from them."""
    heard = [(place, match) for place, match in enumerate(matches) if _speaks_for(match, found.maker)]
    heard.sort(key=lambda one: _strength(one[1]))
    return _Judged(
        found,
        tuple(place if place < count else match.line for place, match in heard),
        tuple(sorted(place for place, match in heard if not NUMBERS.isdisjoint(match.claims))),
    )


def _with_own_numbers(judged: _Judged, seen: Sequence[Match], values: Values) -> Identification:
    """The identification of another unit with the same marks."""
    like = judged.found
    numbered = [seen[place] for place in judged.numbered]
    conflicts: list[str] = []
    text: dict[str, str | None] = {}
    for key in ("firmware", "serial"):
        answers = field.list_answers(numbered, key)
        best = field.best_answer(answers, key)
        text[key] = best.text if best else None
        conflicts += field.list_conflicts(answers, best, key, _CONFLICT_FLOOR) if best else []
    return Identification(
        maker=like.maker,
        brand=like.brand,
        model=like.model,
        firmware=text["firmware"],
        serial=text["serial"],
        mac=_find_mac(numbered, values),
        kind=like.kind,
        is_camera_system=like.is_camera_system,
        capabilities=like.capabilities,
        confidence=like.confidence,
        certainty=like.certainty,
        because=tuple(dict.fromkeys([one if isinstance(one, str) else seen[one].line for one in judged.reasons])),
        conflicts=tuple(conflicts),
        build=_find_build(numbered, text["firmware"]),
    )


def _conclude_box(matches: Sequence[Match], maker: Decision, values: Values) -> Identification:
    """The identification, from all marks and the decision about the maker."""
    heard = [match for match in matches if _speaks_for(match, maker.winner)]
    found = field.every_answer(heard, (*_FIELDS, "brand"))
    found["kind"] = field.list_answers(_without_computer(heard, maker.winner), "kind")
    chosen = {key: field.best_answer(texts, key) for key, texts in found.items()}
    camera = decide_camera(matches, maker.winner)
    is_camera = None if camera.winner is None else camera.winner == "true"
    if maker.winner and chosen["kind"] and chosen["kind"].text == SOFTWARE:
        is_camera = None  # a maker's software is not a camera, but must not be passed over as something else
    certainty = maker.certainty
    if maker.winner is None:
        certainty = camera.certainty if is_camera is False else 0.0 if maker.conflict else _badge_certainty(heard)
    conflicts = [f"maker: {maker.conflict}"] if maker.conflict else []
    conflicts += [f"camera: {camera.conflict}"] if camera.conflict else []
    for key in _FIELDS:
        answer = chosen[key]
        conflicts += field.list_conflicts(found[key], answer, key, _CONFLICT_FLOOR) if answer else []
    text = {key: answer.text if answer else None for key, answer in chosen.items()}
    return Identification(
        maker=maker.winner,
        brand=text["brand"],
        model=text["model"],
        firmware=text["firmware"],
        serial=text["serial"],
        mac=_find_mac(heard, values),
        kind=text["kind"],
        is_camera_system=is_camera,
        capabilities=_list_capabilities(heard),
        confidence=certainty_word(certainty),
        certainty=round(certainty, 3),
        because=_list_reasons(heard),
        conflicts=tuple(conflicts),
        build=_find_build(heard, text["firmware"]),
    )


def _badge_certainty(heard: Sequence[Match]) -> float:
    """How sure it is that one of several makers built it: for a badge that buys from all of them."""
    return max((match.certainty for match in heard if "makers" in match.claims), default=0.0)


def _find_build(heard: Sequence[Match], firmware: str | None) -> str | None:
    """The build date in the firmware text, else the one that the same protocol reported beside that text."""
    told = decode.decode_firmware(firmware) if firmware else None
    if told is None or told.build:
        return told.build.isoformat() if told and told.build else None
    families = {match.family for match in heard if match.claims.get("firmware") == firmware}
    for answer in field.list_answers([match for match in heard if match.family in families], "build"):
        if day := decode.decode_build(answer.text):
            return day.isoformat()
    return None


def _settle_maker(read: Sequence[Match], values: Values, database: Database) -> tuple[list[Match], Decision, bool]:
    """Decide, run the second round on the decision, and decide again with its answers.

    Returns the final marks, the decision, and whether the device's own statement left all marks unchanged.
    """
    seen = weigh_by_statement(read, values, database)
    is_plain = seen == read
    maker = decide_maker(seen, database.makers)
    matches = list(seen)
    # A brand pattern of the second round may name a maker that the first left open: then decide once more.
    for turn in range(2):
        decided = _decided_facts(matches, maker)
        known = {key: one.text for key, one in decided.items()}
        derived = [_scale_certainty(match, decided) for match in database.match_decided(values, known)] if known else []
        together = [*seen, *derived]
        matches = weigh_by_statement(together, values, database)
        if not turn and matches == together and not any(map(_bears_on_maker, derived)):
            return matches, maker, is_plain  # the same marks would lead to the same decision
        again = decide_maker(matches, database.makers)
        if again.winner == maker.winner:
            break
        maker = again
    return matches, again, is_plain and matches == together


def _bears_on_maker(match: Match) -> bool:
    """Whether the consequences of a decision could change the maker: see ``decide_maker``."""
    return "maker" in match.claims or match.claims.get("camera") == "false"


class _Decided(NamedTuple):
    """One ``id.*`` fact of the second round."""

    text: str
    certainty: float
    family: str
    """The protocol that said it; empty if several did."""


def _decided_facts(matches: Sequence[Match], maker: Decision) -> dict[str, _Decided]:
    """The ``id.*`` facts of the second round."""
    known: dict[str, _Decided] = {}
    if maker.winner:
        known["id.maker"] = _Decided(maker.winner, maker.certainty, "")
    heard = [match for match in matches if _speaks_for(match, maker.winner) and not _is_derived(match.keys)]
    families: dict[str, str] = {}
    for key, found in field.every_answer(heard, (*_FIELDS, "brand")).items():
        answer = field.best_answer(found, key)
        if answer:
            families = families or {match.fingerprint: match.family for match in heard}
            known[f"id.{key}"] = _Decided(answer.text, answer.certainty, families[answer.fingerprint])
    return known


@functools.lru_cache(maxsize=4096)
def _is_derived(keys: tuple[str, ...]) -> bool:
    return any(key.startswith("id.") for key in keys)


def _scale_certainty(match: Match, decided: Mapping[str, _Decided]) -> Match:
    """A consequence of a decision is not surer than it, and is not a second piece of evidence for its own basis."""
    rests_on = [decided[key] for key in match.keys if key in decided]
    certainty = match.certainty * min((one.certainty for one in rests_on), default=1.0)
    if _names_builders(match) and min((one.certainty for one in rests_on), default=0.0) >= POSSIBLE:
        # A badge that buys from a maker at all is a reason to inspect, wherever it is seen.
        certainty = max(certainty, POSSIBLE)
    family = next((one.family for one in rests_on if one.family), match.family) if _names_maker(match) else match.family
    if certainty == match.certainty and family == match.family:
        return match
    return Match(match.fingerprint, match.claims, certainty, match.because, family, match.keys)


def _names_builders(match: Match) -> bool:
    """Whether a match names the makers from which a brand, or a model number of a brand, comes."""
    return _names_maker(match) and set(match.keys) <= {"id.brand", "id.model"}


def _names_maker(match: Match) -> bool:
    return "maker" in match.claims or "makers" in match.claims


def _speaks_for(match: Match, maker: str | None) -> bool:
    """Whether a match's other claims count: they do not if it names another maker than the winner."""
    return maker is None or match.claims.get("maker", maker) == maker


def _without_computer(heard: Sequence[Match], maker: str | None) -> list[Match]:
    """The marks that decide the kind: if a maker is named, the computer that a unit is built on does not."""
    return [match for match in heard if not maker or "maker" in match.claims or match.claims.get("kind") != "server"]


def _find_mac(heard: Sequence[Match], values: Values) -> str | None:
    """The MAC address that the device reports about itself, else the one on the wire."""
    reported = [
        (rank, text)
        for key, texts in values.items()
        if (rank := _rank_of_mac(key)) is not None
        for text, _ in texts
        if field.is_mac(text)
    ]
    if reported:
        return min(reported, key=lambda one: one[0])[1]
    claimed = field.list_answers(heard, "mac")
    return claimed[0].text if claimed else None


@functools.lru_cache(maxsize=4096)
def _rank_of_mac(key: str) -> int | None:
    """How good the protocol of a key is in which a device reports its MAC address; None for other keys."""
    protocol = key.partition(".")[0]
    return RANKS.get(protocol) if key in {f"{protocol}.mac", "mac.address"} else None


def _list_capabilities(heard: Sequence[Match]) -> dict[str, Capability]:
    """The best grade of each capability."""
    found: dict[str, Capability] = {}
    some = [match for match in heard if match.certainty >= POSSIBLE and any(map(_is_capability, match.claims))]
    for match in sorted(some, key=lambda match: -match.certainty):
        for key, grade in match.claims.items():
            if not _is_capability(key):
                continue
            name = key.removeprefix("capability.")
            if name not in found or _GRADES.index(grade) < _GRADES.index(found[name].confidence):
                found[name] = Capability(grade, f"{match.because} [{match.fingerprint}]")
    return dict(sorted(found.items()))


def _is_capability(key: str) -> bool:
    return key.startswith("capability.")


def _list_reasons(heard: Iterable[Match]) -> tuple[str, ...]:
    """The line of every match once, the strongest first."""
    return tuple(dict.fromkeys([match.line for match in sorted(heard, key=_strength)]))


def _strength(match: Match) -> tuple[float, str]:
    """By which reasons are sorted."""
    return -match.certainty, match.fingerprint
