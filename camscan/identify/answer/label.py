"""What a number on a label means: a model, a serial number, a firmware, a MAC address. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from camscan.fingerprints import Database
from camscan.fingerprints.badges import Badge, plain_name
from camscan.fingerprints.naming import Grammar
from camscan.identify.answer.badge import reading_of_badge
from camscan.identify.answer.reading import OURS, Reading, maker_name
from camscan.identify.explain import Explanation, explain_text


def readings_of_number(
    text: str, database: Database, grammars: Sequence[Grammar], badges: Sequence[Badge]
) -> Iterator[Reading]:
    """Every reading of a number; if its form is that of a badge, also what is known about that badge."""
    for one in explain_text(text, database, grammars):
        kind = _kind_of_number(one.about)
        yield Reading(kind, one.about, _SENTENCES[kind](one, database), one.lines)
        brands = [line.says.removeprefix("brand: ") for line in one.lines if line.says.startswith("brand: ")]
        whose = re.fullmatch(r"serial number of (.+)'s form", one.about)
        if one.about.startswith("badge") or (whose and plain_name(whose[1]) not in OURS):
            named = [badge for badge in badges if badge.name in brands or (whose and badge.name == whose[1])]
            yield from (
                reading_of_badge(badge, database) for badge in named if badge.makers != (plain_name(badge.name),)
            )


def _kind_of_number(about: str) -> str:
    for word, kind in (("MAC", "mac"), ("firmware", "firmware"), ("serial", "serial"), ("hash", "serial")):
        if word in about:
            return kind
    return "model"


def _reading_of_mac(one: Explanation, database: Database) -> str:
    last = one.lines[-1]
    if last.source in database.sections:
        claims = dict(database.sections[last.source].then)
        who = claims.get("brand") or maker_name(claims.get("maker", ""), database)
        if not who:
            return (
                "This block of addresses belongs to a maker of parts that many devices contain: it does not "
                "identify the device."
            )
        return (
            f"This block of addresses is registered to {who}, or to a company that sells its devices. That is a hint, "
            'and "possible" at most: an address can be changed, and a part can be bought.'
        )
    if last.says.startswith("in no block"):
        return (
            "This block of addresses does not belong to a camera maker that camscan knows. Hikvision or Dahua may "
            "still have built it: rebadged cameras often have other addresses."
            " camscan oui import brings a newer table."
        )
    return f"This address says nothing about the maker: it is {last.says}."


def _reading_of_serial(one: Explanation, database: Database) -> str:  # noqa: ARG001 - one form for all
    if one.about.startswith("hash"):
        return "This is not a serial number: newer Dahua firmware sends such a number in its place. It does mean Dahua."
    made = next((line.says for line in one.lines if line.says.startswith("made ")), "")
    model = next((line.part for line in one.lines if line.says == "factory model"), "")
    told = f"This is a {one.about}."
    told += f" The model is {model}." if model else ""
    told += f" It was {made}." if made else ""
    return told


def _reading_of_firmware(one: Explanation, database: Database) -> str:  # noqa: ARG001 - one form for all
    whose = " and ".join(name for name in ("Hikvision", "Dahua") if name in one.about)
    built = next((line.says for line in one.lines if line.says.startswith("built on")), "")
    told = f"This is how {whose} writes its firmware." if whose else "This is a version of firmware."
    told += (
        f" It was {built}." if built else " It says no build date, so it cannot be compared with the dates of fixes."
    )
    return f"{told} A version number alone does not prove who built the device." if whose else told


def _reading_of_model(one: Explanation, database: Database) -> str:  # noqa: ARG001 - one form for all
    if one.about.startswith("badge"):
        brand = next((line.says.removeprefix("brand: ") for line in one.lines if line.says.startswith("brand: ")), "")
        return f'This is how {brand} writes its model numbers. A model number alone is "possible" at most.'
    said = dict(line.says.partition(": ")[::2] for line in one.lines)
    parts = [said[name].replace("_", " ") for name in ("kind", "type", "form", "resolution") if said.get(name)]
    can = [line.says.removeprefix("can: ").replace("_", " ") for line in one.lines if line.says.startswith("can: ")]
    maker = re.search(r"where (.+) made it", one.about)
    told = f"If {maker[1]} built it, it is this" if maker else f"This is a {one.about.partition(':')[0]}"
    told += f": {', '.join(dict.fromkeys(parts))}." if parts else "."
    return f"{told} What it can do: {', '.join(can)}." if can else told


_SENTENCES: Mapping[str, Callable[[Explanation, Database], str]] = {
    "mac": _reading_of_mac,
    "serial": _reading_of_serial,
    "firmware": _reading_of_firmware,
    "model": _reading_of_model,
}
