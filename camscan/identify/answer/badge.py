"""What a name on a camera means: a badge, or a maker. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from camscan.fingerprints import Database, Maker
from camscan.fingerprints.badges import FOUNDED, Badge, plain_name
from camscan.identify.answer.reading import OURS, Reading, maker_name
from camscan.identify.explain import Line
from camscan.words import list_text

NOT_KNOWN = "not known"
_LONG_NAME = 12
_SHOWN = 30
"""Badges of one maker that are listed."""


def readings_of_name(text: str, database: Database, badges: Sequence[Badge]) -> Iterator[Reading]:
    """What is known about a name: as a badge if there is one, else as a maker; nothing if it is neither."""
    badge = _find_badge(text, database, badges)
    maker = next((key for key, maker in database.makers.items() if _is_called(maker, plain_name(text))), None)
    if badge and not (maker in OURS and badge.makers == (maker,)):
        yield reading_of_badge(badge, database, text)
    elif maker:
        yield _reading_of_maker(maker, database, badges)


def _is_called(maker: Maker, name: str) -> bool:
    """Whether a name without its legal form is the maker's, or a beginning of its full name that is long enough."""
    names = [plain_name(one) for one in (maker.key, maker.name, *maker.aliases)]
    return name in names or (len(name) >= _LONG_NAME and any(one.startswith(name) for one in names))


def _find_badge(text: str, database: Database, badges: Sequence[Badge]) -> Badge | None:
    """The badge of that name. A name that a pattern also knows (TruVision is Interlogix's) counts as that badge."""
    by_name = {plain_name(badge.name): badge for badge in badges}
    matches = database.match_decided({}, {"id.brand": text})
    known = [match.claims["brand"] for match in matches if match.family == "brand" and "brand" in match.claims]
    return next((by_name[plain_name(name)] for name in (*known, text) if plain_name(name) in by_name), None)


def reading_of_badge(badge: Badge, database: Database, asked: str = "") -> Reading:
    """What is known about a badge; ``asked`` is the name that somebody asked for."""
    makers = [maker_name(key, database) for key in badge.makers]
    known = list_text(makers, "or")
    told = _who_builds(badge, database)
    if badge.since:
        told += f" Since when: {badge.since}."
    if badge.not_lines:
        told += f" Exceptions: {badge.not_lines}."
    told += (
        ' From the name alone a report says "possible" at most: inspect or scan the device. '
        "Its own answers then say who built it."
    )
    source = "; ".join(badge.sources)
    lines = [
        Line("Sold by", badge.sold_by or NOT_KNOWN, "", ""),
        Line("Built by", known, FOUNDED[badge.founded], source),
        Line("How sure", f'{badge.certainty:.2f} from the name alone, which is "possible"', "", ""),
        Line("Since when", badge.since or NOT_KNOWN, "", ""),
        Line("Which lines", badge.lines or NOT_KNOWN, "", ""),
        Line("Which not", badge.not_lines or ("none known" if badge.founded == "own" else NOT_KNOWN), "", ""),
    ]
    lines += [Line("Model numbers", f"such as {', '.join(badge.models)}", "", "")] if badge.models else []
    lines += [Line("Note", badge.note, "", "")] if badge.note and not (badge.lines or badge.not_lines) else []
    other = asked if asked and plain_name(asked) != plain_name(badge.name) else ""
    about = f"{other}, listed as {badge.name}" if other else badge.name
    return Reading("badge", f"{about}: a name on cameras", told, tuple(lines))


def _who_builds(badge: Badge, database: Database) -> str:
    makers = [maker_name(key, database) for key in badge.makers]
    ours = list_text([maker_name(key, database) for key in badge.makers if key in OURS] or makers, "or")
    lines = f": {badge.lines}" if badge.lines else ""
    if badge.founded == "own":
        return f"{badge.name} is a name of {ours}'s own group. What is sold under it is built by {ours}."
    if plain_name(badge.name) in {plain_name(name) for name in makers}:
        return f"{badge.name} sells cameras of its own, and some that {ours} builds{lines}."
    if len(makers) > 1:
        sold_by = f"{badge.name} buys from several makers: {list_text(makers)}."
        told = f"{sold_by} The name alone does not say who built a camera."
        known = "What is known" if len({*badge.makers} & {*OURS}) > 1 else f"Built by {ours}"
        return f"{told} {known}{lines}." if lines else told
    if badge.founded == "lists":
        return f"{badge.name} is a name that lists give for cameras built by {ours}{lines}. No unit has been shown."
    return f"{badge.name} is a name on cameras and recorders that {ours} builds{lines}."


def _reading_of_maker(key: str, database: Database, badges: Sequence[Badge]) -> Reading:
    name = maker_name(key, database)
    sold = [badge.name for badge in badges if key in badge.makers and plain_name(badge.name) != plain_name(name)]
    if key in OURS:
        more = [f"{len(sold) - _SHOWN} more"] if len(sold) > _SHOWN else []
        names = list_text([*sold[:_SHOWN], *more]) or "no other name"
        told = (
            f"{name} is a maker. It sells its devices under its own name; all or some of them are also sold as {names}."
        )
    else:
        told = (
            f"{name} is a maker of its own. camscan recognises its devices as {name}'s. It does not know any "
            "under this name that Hikvision or Dahua build."
        )
    group = database.makers[key].group
    lines = [Line("Group", f"part of {maker_name(group, database)}", "", "makers.yaml")] if group else []
    lines += (
        [Line("Also", ", ".join(database.makers[key].aliases), "", "makers.yaml")]
        if database.makers[key].aliases
        else []
    )
    return Reading("maker", f"{name}, a maker", told, tuple(lines))
