"""Why a device was named, in sentences that a councillor can read. Pure.

The sentences are made from the lines of ``Identification.because``, which the register keeps; so an old register gets
today's words. A line begins with the key of a fact and ends with the fingerprint that fits. The text between the two,
which a device may have written, never decides which sentence is used.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Sequence

from camscan.dataclass import dataclass
from camscan.fingerprints.wording import Words, load_words
from camscan.identify.decide import PROBABLE
from camscan.model import Identification
from camscan.output import visible
from camscan.protocols import rank_of
from camscan.words import list_text

MOST = 3
"""Sentences for one device."""
_OF_MAKER = "id.maker"
_VALUE = 48
"""Characters of a device's text that a sentence quotes."""
_FIRST = ("model", "serial number", "firmware")
"""The facts that a sentence names, in this order."""
_GIVEN = 3
"""The most facts that a sentence names."""
_KEY = re.compile(r"(?:no [a-z0-9_]+\.[a-z0-9_]+, )*([a-z0-9_]+\.[a-z0-9_]+)(?: = )?")
_MATCH = re.compile(r" \[[\w.-]+ (\d\.\d\d)\]")
"""The end of a line: the fingerprint that fits, and its certainty."""
_WHERE = re.compile(r" \((?:UDP|TCP|LINK) \d{1,5}\)|, registered prefix [0-9a-f]+")
"""The text that follows a device's own text."""
_CLAIM = re.compile(r": (?=(?:maker|makers|brand|model|firmware|serial|mac|kind|camera|build|form|capability\.\w+) )")
"""Where the claims of a line begin, if nothing marks the end of the text."""
_OTHERS = (
    (re.compile(r"stated by people: (.+)", re.DOTALL), 'Somebody who saw it entered "{}" as its maker'),
    (re.compile(r"recorder (\S+) tells of its channel (\d+)\b.*", re.DOTALL), "Recorder {} lists it as its channel {}"),
    (re.compile(r"said unasked.*"), "It said so without being asked, and nothing else supports it"),
    (re.compile(r"listed by another system.*"), "It did not say so itself, and nothing else supports it"),
)
"""Reasons that are not fingerprints: the pattern of the line, and the sentence for it."""
_BEGINNINGS = ("stated by people: ", "recorder ", "said unasked", "listed by another system")


@dataclass(frozen=True, slots=True)
class _Mark:
    """One line of ``because``."""

    key: str
    value: str
    certainty: float
    is_for: bool
    """Whether it supports a claim about the device: its maker, or that it is not a camera."""

    @property
    def protocol(self) -> str:
        return self.key.partition(".")[0]


@dataclass(frozen=True, slots=True)
class _Reason:
    protocol: str
    text: str
    weight: tuple[bool, float, int]
    """Sorts the strongest first."""


def list_reasons(found: Identification, words: Words | None = None) -> tuple[str, ...]:
    """Why it was identified so: at most :data:`MOST` sentences, the weightiest first; empty if nothing supports it.

    The device's own text is quoted, cut and made harmless. ``words`` is the built-in vocabulary by default.
    """
    said = (found.maker, found.kind, found.is_camera_system, found.because)
    return _list_sentences(*said, words) if words else _list_cached(*said)


@functools.lru_cache(maxsize=4096)
def _list_cached(
    maker: str | None, kind: str | None, is_camera: bool | None, because: tuple[str, ...]
) -> tuple[str, ...]:
    return _list_sentences(maker, kind, is_camera, because, load_words())


def _list_sentences(
    maker: str | None, kind: str | None, is_camera: bool | None, because: Sequence[str], words: Words
) -> tuple[str, ...]:
    claim = f"maker {maker}" if maker else "camera false" if is_camera is False else ""
    marks = [mark for line in because if (mark := _read_mark(line, claim))]
    if any(mark.is_for and mark.certainty >= PROBABLE for mark in marks):
        marks = [mark for mark in marks if mark.certainty >= PROBABLE or not mark.is_for]
    # That a maker builds such a model follows from the maker: it is not a reason if there is another one.
    marks = [mark for mark in marks if mark.key != _OF_MAKER] or marks
    whose = _whose_words(maker, kind, is_camera, words)
    found = sorted(
        (*_protocol_sentences(marks, whose, words), *_fact_sentences(marks, whose, words)), key=lambda one: one.weight
    )
    others = [sentence for line in because if (sentence := _other_sentence(line))][:MOST]
    return tuple(f"{text}." for text in (*_choose_sentences(found)[: MOST - len(others)], *others))


@functools.lru_cache(maxsize=4096)  # units of one model say much the same
def _read_mark(line: str, claim: str) -> _Mark | None:
    """What a line says; ``claim`` is the claim that it supports, such as ``maker dahua``."""
    head = _KEY.match(line)
    if head is None:
        return None
    tail = _MATCH.fullmatch(line, max(head.end(), line.rfind(" [")))
    rest = line[head.end() : tail.start() if tail else len(line)]
    where = _WHERE.search(rest) or _CLAIM.search(rest)
    value = rest[: where.start()] if where else rest
    claims = rest[len(value) :]
    if tail and claims.endswith(": "):
        return None  # a mark that was silenced claims nothing
    is_for = bool(claim) and _is_claimed(claim, claims)
    return _Mark(head[1], value, float(tail[1]) if tail else 0.0, is_for)


def _is_claimed(claim: str, claims: str) -> bool:
    """Whether it is one of the claims of a line: ``: maker dahua, camera true``."""
    at = claims.find(claim, 2)
    while at >= 0:
        rest = claims[at + len(claim) :]
        if claims.startswith((": ", ", "), at - 2) and (rest in {"", "\n"} or rest.startswith(",")):
            return True
        at = claims.find(claim, at + 1)
    return False


def _whose_words(maker: str | None, kind: str | None, is_camera: bool | None, words: Words) -> str:
    if maker:
        return words.maker_name(maker)
    if is_camera is False:
        means = words.facts.get(f"kind.{kind}")
        name = f"{means.means[:1].lower()}{means.means[1:]}" if means else "device that is not a camera"
        return f"{'an' if name[:1] in 'aeiou' else 'a'} {name}"
    return ""


def _protocol_sentences(marks: Sequence[_Mark], whose: str, words: Words) -> Iterator[_Reason]:
    """One sentence for each protocol that has one: that it was spoken, and which facts it gave."""
    by_protocol: dict[str, list[_Mark]] = {}
    for mark in marks:
        wording = words.facts.get(mark.key)
        if words.protocol_sentence(mark.protocol) and not (wording and wording.says):
            by_protocol.setdefault(mark.protocol, []).append(mark)
    for protocol, own in by_protocol.items():
        gives = [words.facts[mark.key].gives or "" for mark in own if mark.key in words.facts]
        given = _order_sentences(dict.fromkeys(filter(None, gives)))
        text = words.protocol_sentence(protocol) + (f" and gave its {list_text(given)}" if given else "")
        best = _best_mark(own)
        # A protocol that belongs to one maker says so itself.
        is_own = whose and whose in words.protocol_sentence(protocol)
        yield _Reason(protocol, text + ("" if is_own else _mark_sentence(best, whose)), _weigh_mark(best))


def _fact_sentences(marks: Sequence[_Mark], whose: str, words: Words) -> Iterator[_Reason]:
    """One sentence for each kind of fact that has its own."""
    by_key: dict[str, list[_Mark]] = {}
    for mark in marks:
        wording = words.facts.get(mark.key)
        if not words.protocol_sentence(mark.protocol) or (wording and wording.says):
            by_key.setdefault(mark.key, []).append(mark)
    for key, own in by_key.items():
        best = _best_mark(own)
        said = visible(" ".join(best.value.split()), _VALUE).replace('"', "'")
        wording = words.facts.get(key)
        # A word of a user's own directory need not have a sentence.
        form = wording.says if wording and wording.says else f'It said "{{value}}" ({key})'
        yield _Reason(best.protocol, form.replace("{value}", said) + _mark_sentence(best, whose), _weigh_mark(best))


def _mark_sentence(mark: _Mark, whose: str) -> str:
    if not whose or not mark.is_for:
        return ""
    return f": a mark of {whose}" if mark.certainty >= PROBABLE else f": a weak mark of {whose}, no proof by itself"


def _best_mark(marks: Iterable[_Mark]) -> _Mark:
    return min(marks, key=_weigh_mark)


def _weigh_mark(mark: _Mark) -> tuple[bool, float, int]:
    return not mark.is_for, -mark.certainty, rank_of(mark.key)


def _order_sentences(given: Iterable[str]) -> list[str]:
    names = list(given)
    return [name for name in _FIRST if name in names] + [name for name in names if name not in _FIRST][
        : max(0, _GIVEN - len([name for name in _FIRST if name in names]))
    ]


def _choose_sentences(found: Sequence[_Reason]) -> list[str]:
    """The strongest of each protocol first, then others as far as there is room."""
    firsts = {one.protocol: one.text for one in reversed(found)}
    leading = [one.text for one in found if firsts[one.protocol] == one.text]
    return list(dict.fromkeys([*leading, *(one.text for one in found)]))


def _other_sentence(line: str) -> str:
    for form, sentence in _OTHERS if line.startswith(_BEGINNINGS) else ():
        if match := form.fullmatch(line):
            return sentence.format(*(visible(part, _VALUE).replace('"', "'") for part in match.groups()))
    return ""
