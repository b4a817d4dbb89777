"""Writes ``docs/supported.md`` from the database: what is recognised, by how many marks, over which protocols."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from camscan import vulnerabilities
from camscan.fingerprints import badges
from camscan.fingerprints.badges import Badge
from camscan.fingerprints.entry import ALONE, Entry
from camscan.fingerprints.place import built_in_folder
from camscan.fingerprints.read import Source, read_directories
from camscan.vulnerabilities.read import Weaknesses

OURS = ("hikvision", "dahua")
"""The makers that camscan is for: they come first, and with all details."""

_HEAD = """\
# What camscan recognises

Written by `camscan fingerprints supported` from the files in `fingerprints/`; a test compares them. Change those files,
not this one: `camscan fingerprints supported > docs/supported.md`.

A *mark* is one fingerprint: something a device says, and what follows from it. How marks become *confirmed*, *probable*
or *possible* is explained in [certainty.md](certainty.md), how to add one in [fingerprints.md](fingerprints.md).
"""


def write_supported_page(overlays: Sequence[Path] = (), *, base: Path | None = None) -> str:
    """Make the page, as Markdown."""
    directories = (base or built_in_folder(), *overlays)
    source = read_directories(directories)
    # Flags that this user imported are not part of the database.
    known = vulnerabilities.load_weaknesses(overlays, base=base, catalogue=directories[0] / "no catalogue")
    names = badges.load_badges(overlays, base=base)
    parts = [
        _HEAD,
        *_brand_names(names, source),
        *_total_lines(source),
        *_maker_sections(source),
        *_other_makers(source),
        *_word_table(source),
    ]
    return "\n".join([*parts, *_weakness_table(known)])


def _total_lines(source: Source) -> Iterator[str]:
    examples = sum(len(entry.examples) + len(entry.counterexamples) for entry in source.entries.values())
    makers = {maker for entry in source.entries.values() if (maker := dict(entry.rule.then).get("maker"))}
    yield f"- {len(source.entries)} marks, with {examples} examples and counterexamples"
    yield f"- {len(makers & source.makers.keys())} makers recognised under their own names"
    yield f"- {len(source.prefixes)} MAC prefixes\n"


def _count_protocols(entries: Iterable[Entry]) -> Counter[str]:
    """Protocol -> marks that need it; what follows from a decision counts as its kind of rule."""
    found: Counter[str] = Counter()
    for entry in entries:
        asked = {key.partition(".")[0] for key, conditions in entry.rule.when if conditions[0].operator not in ALONE}
        found.update(asked - {"id"} or {"model number"})
    return found


def _entries_of_maker(maker: str, source: Source) -> list[Entry]:
    """Marks that name a maker, and rules that apply if it is known."""
    return [
        entry
        for entry in source.entries.values()
        if dict(entry.rule.then).get("maker") == maker
        or any(
            key == "id.maker" and condition.text == f"^{maker}$" for key, all_ in entry.rule.when for condition in all_
        )
    ]


def _count_prefixes(maker: str, source: Source) -> int:
    own = {name for name, section in source.sections.items() if dict(section.then).get("maker") == maker}
    return sum(section in own for section in source.prefixes.values())


def _maker_sections(source: Source) -> Iterator[str]:
    for maker in OURS:
        if maker in source.makers:
            counts = _count_protocols(_entries_of_maker(maker, source))
            yield f"## {source.makers[maker].name}\n"
            yield f"{_count_prefixes(maker, source)} MAC prefixes, rebrands' own blocks among them.\n"
            yield "| Seen in | Marks |\n|---|---|"
            yield from (f"| {name} | {count} |" for name, count in sorted(counts.items()))
            yield ""


def _other_makers(source: Source) -> Iterator[str]:
    yield "## Other makers, recognised under their own names\n"
    yield "So that their cameras are not mistaken for those of the two.\n"
    yield "| Maker | Marks | Seen in | MAC prefixes |\n|---|---|---|---|"
    others = [(key, maker) for key, maker in source.makers.items() if key not in OURS]
    others.sort(key=lambda item: item[1].name.casefold())
    for key, maker in others:
        entries = _entries_of_maker(key, source)
        if entries:
            seen = ", ".join(sorted(_count_protocols(entries)))
            yield f"| {_escape_cell(maker.name)} | {len(entries)} | {seen} | {_count_prefixes(key, source) or ''} |"
    only = ", ".join(
        maker.name for key, maker in others if not _entries_of_maker(key, source) and _count_prefixes(key, source)
    )
    yield f"\nBy MAC prefix only, so *possible* at most: {only}."
    office = [entry for entry in source.entries.values() if _is_no_camera(entry)]
    yield f"\n{len(office)} marks say *not a camera*: {', '.join(sorted(_kinds_in(office)))}.\n"


def _is_no_camera(entry: Entry) -> bool:
    return dict(entry.rule.then).get("camera") == "false"


def _kinds_in(entries: Iterable[Entry]) -> set[str]:
    return {kind.replace("_", " ") for entry in entries if (kind := dict(entry.rule.then).get("kind"))}


def _brand_names(names: Sequence[Badge], source: Source) -> Iterator[str]:
    """Lines about the question that officers ask most: which names on a camera mean our makers inside."""
    ours = [badge for badge in names if set(OURS) & set(badge.makers) and not _is_maker(badge, source)]
    yield "## Which names on a camera mean Hikvision or Dahua inside\n"
    yield f"{len(ours)} names besides Hikvision and Dahua themselves. `camscan explain NAME` says more about each."
    yield "The name alone makes a device *possible* at most: inspect it, or scan it. Its own answers then"
    yield (
        "say who built it. If several makers are named, the seller buys from all of them, so the name decides "
        "nothing. A name"
    )
    yield "that is not here may still mean either maker.\n"
    yield "How sure: *own* is a name of the maker's own group; *firmware*: its firmware was compared with the maker's"
    yield "and is the same; *protocol*: units answered in the maker's own protocol; *reports*: users report it;"
    yield "*lists*: it is in lists of rebrands, but no unit was shown. An empty cell means not known.\n"
    yield "| Name | Built by | How sure | Since when | Which lines | Which not |\n|---|---|---|---|---|---|"
    for badge in ours:
        built = " or ".join(source.makers[key].name for key in badge.makers)
        cells = (badge.name, built, badge.founded, badge.since, badge.lines, badge.not_lines)
        yield f"| {' | '.join(map(_escape_cell, cells))} |"
    yield ""


def _is_maker(badge: Badge, source: Source) -> bool:
    return [source.makers[key].name for key in badge.makers] == [badge.name]


def _word_table(source: Source) -> Iterator[str]:
    for prefix, title in (("kind.", "Kinds of device"), ("capability.", "What a device can do")):
        yield f"## {title}\n"
        yield "| Word | Meaning |\n|---|---|"
        for key, meaning in sorted(source.vocabulary.items()):
            if key.startswith(prefix):
                yield f"| {key.removeprefix(prefix)} | {_escape_cell(meaning)} |"
        yield ""


def _weakness_table(known: Weaknesses) -> Iterator[str]:
    yield "## Known vulnerabilities\n"
    yield "How a device is judged is in [weaknesses.md](weaknesses.md).\n"
    yield "| Vulnerability | Maker | What | Severity | Exploited since |\n|---|---|---|---|---|"
    for entry in sorted(known.entries, key=lambda entry: entry.id, reverse=True):
        name = f"{entry.id} and {len(entry.also)} more" if len(entry.also) > 1 else ", ".join((entry.id, *entry.also))
        since = entry.kev.added if entry.kev else ""
        yield f"| {name} | {entry.maker} | {_escape_cell(entry.what)} | {entry.severity} | {since} |"
    yield ""


def _escape_cell(text: str) -> str:
    return text.replace("|", "\\|")
