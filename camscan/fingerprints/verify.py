"""Checks the database: every example runs with all fingerprints."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from camscan.fingerprints.entry import Entry, Example, Problem
from camscan.fingerprints.mac_blocks import match_registry
from camscan.fingerprints.match import Matcher
from camscan.fingerprints.place import built_in_folder
from camscan.fingerprints.read import Source, read_directories
from camscan.fingerprints.values import seen_values
from camscan.model import Match

_EXCLUSIVE = ("maker", "camera", "model", "firmware", "serial", "mac")
"""Claims that a device has only once: two fingerprints that fit the same example must agree on them."""


def verify_database(overlays: Sequence[Path] = (), *, base: Path | None = None) -> list[Problem]:
    """Everything wrong with the built-in database and the user's directories, by file and line.

    It checks structure, words, patterns, and missing examples and sources. Then every example runs with the whole
    database: it must fit its own entry and give its claims, no counterexample may fit, and no other entry may
    contradict it at equal or higher certainty. Entries that say the same as another, and so add nothing, are named too.
    """
    source = read_directories((base or built_in_folder(), *overlays))
    problems = list(source.problems)
    problems += _find_doubles(source.entries.values())
    matcher = Matcher(entry.rule for entry in source.entries.values())
    for entry in source.entries.values():
        problems += _check_entry(entry, matcher, source)
    return sorted(set(problems), key=lambda problem: (problem.file, problem.line, problem.message))


def _find_doubles(entries: Iterable[Entry]) -> Iterator[Problem]:
    seen: dict[object, Entry] = {}
    for entry in entries:
        rule = entry.rule
        what = (frozenset(rule.when), frozenset(rule.then))
        first = seen.setdefault(what, entry)
        if first is not entry:
            yield _make_problem(entry, entry.line, f"never adds anything: asks and claims the same as '{first.id}'")


def _make_problem(entry: Entry, line: int, message: str) -> Problem:
    return Problem(entry.file, line, entry.id, message)


def _check_entry(entry: Entry, matcher: Matcher, source: Source) -> Iterator[Problem]:
    for example in entry.examples:
        matches = _run_example(example, matcher, source)
        own = next((match for match in matches if match.fingerprint == entry.id), None)
        if own is None:
            yield _make_problem(entry, example.line, "the example does not fit its own fingerprint")
            continue
        yield from _check_claims(entry, example, own)
        for other in matches:
            yield from _check_overlap(entry, example, own, other)
    for example in entry.counterexamples:
        if any(match.fingerprint == entry.id for match in _run_example(example, matcher, source)):
            yield _make_problem(entry, example.line, "the counterexample fits, and must not")
        if example.then:
            yield _make_problem(entry, example.line, "a counterexample has no 'then': it must not fit at all")


def _run_example(example: Example, matcher: Matcher, source: Source) -> list[Match]:
    values = seen_values(example.see)
    return matcher.match_values(values) + match_registry(values, source.prefixes, source.sections)


def _check_claims(entry: Entry, example: Example, own: Match) -> Iterator[Problem]:
    for key, text in example.then.items():
        if own.claims.get(key) != text:
            found = f"'{own.claims[key]}'" if key in own.claims else "nothing"
            yield _make_problem(entry, example.line, f"the example claims {key} '{text}', the fingerprint {found}")


def _check_overlap(entry: Entry, example: Example, own: Match, other: Match) -> Iterator[Problem]:
    if other.fingerprint == own.fingerprint or other.certainty < own.certainty:
        return
    for key in _EXCLUSIVE:
        if _claims_differ(key, own.claims, other.claims):
            yield _make_problem(
                entry,
                example.line,
                f"'{other.fingerprint}' ({other.certainty:g}) fits this example too and claims {key} "
                f"'{other.claims[key]}', not '{own.claims[key]}'; narrow one of them or lower its certainty",
            )


def _claims_differ(key: str, ours: Mapping[str, str], theirs: Mapping[str, str]) -> bool:
    return key in ours and key in theirs and ours[key].casefold() != theirs[key].casefold()
