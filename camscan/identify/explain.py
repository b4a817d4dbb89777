"""Explains a model number, serial number, MAC address or firmware text, part by part, and how sure each part is.

Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from camscan import decode
from camscan.fingerprints import Database
from camscan.fingerprints.naming import Grammar
from camscan.model import Match

_SOLID_UNTIL = 2019
"""The year up to which published serial numbers agree with known dates of manufacture."""
_MAC = re.compile(r"(?i)[0-9a-f]{2}(?:[:.-]?[0-9a-f]){4,10}")
_MAC_DIGITS = 12
_PREFIX_LENGTHS = (9, 7, 6)
_FIRMWARE = re.compile(r"(?i)^(?:version=)?V?\d+\.\d|_V\d+\.\d")
_FORMS = {
    "firmware of Dahua's form": re.compile(r"\d\.\d{2,3}\.\w+\.\d+(?:\.[RT])?"),
    "firmware of Hikvision's form": re.compile(
        r"(?i)V?\d+\.\d+\.\d+(?:_b?\d{6}|[ ,_]*build)|(?-i:^V[1-5]\.\d{2}\.\d{3}$)"
    ),
}
_SHORT_SERIAL = re.compile(r"[A-Z]{0,2}\d{7,9}")
_LETTER_YEARS = {"C": "2018 or 2019", "D": "2019", "E": "2020", "G": "2021", "J": "2022 or 2023", "K": "2022 or 2023"}
_LETTER_YEARS |= {"L": "2024"}
"""First letter of a Hikvision short serial number -> year; from about nine units."""

FULL_SERIAL = "full serial numbers of units of 2014 to 2025"
SHORT_SERIAL = "short serial numbers of about nine units"
DAHUA_SERIAL = "about eight units and two firmware dates; no published source"
MAC_RULES = "IEEE 802"
BUILDS = "makers' notices, which state their fixes as build dates"


@dataclass(frozen=True, slots=True)
class Line:
    """What one part means."""

    part: str
    """The characters; empty if the whole text says it."""
    says: str
    grade: str
    """``solid``, ``fair``, ``weak``, ``estimate``, ``reported``, a certainty from 0 to 1, or ``not known``."""
    source: str
    """The source of the rule, or the fingerprint."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """One way to read the text."""

    about: str
    lines: tuple[Line, ...]


def explain_text(text: str, database: Database, grammars: Sequence[Grammar]) -> list[Explanation]:
    """Every way in which a text can be read, the surest first; empty if it says nothing."""
    text = text.strip()
    if mac := _explain_mac(text, database):
        return [mac]
    if serial := _explain_serial(text, database, grammars):
        return serial
    if firmware := _explain_firmware(text):
        return [firmware]
    return _explain_model(text, database, grammars)


def _explain_mac(text: str, database: Database) -> Explanation | None:
    digits = re.sub(r"[:.-]", "", text).lower()
    is_block = digits in database.prefixes and not digits.isdecimal()  # six digits alone may end a serial number
    if not _MAC.fullmatch(text) or (digits == text.lower() and len(digits) != _MAC_DIGITS and not is_block):
        return None
    first, octets = int(digits[:2], 16), digits[:2]
    lines = [
        Line(octets, "a group address, of no one unit", "solid", MAC_RULES)
        if first & 1
        else Line(octets, "made up by software, registered to nobody", "solid", MAC_RULES)
        if first & 2
        else Line(octets, "an address of one unit, from a registered block", "solid", MAC_RULES)
    ]
    if not first & 3:
        lines.append(_explain_registry(digits, database))
    return Explanation("MAC address" if len(digits) == _MAC_DIGITS else "beginning of a MAC address", tuple(lines))


def _explain_registry(digits: str, database: Database) -> Line:
    prefix = next((digits[:length] for length in _PREFIX_LENGTHS if digits[:length] in database.prefixes), "")
    if not prefix:
        return Line(
            _with_colons(digits[:6]), "in no block of a camera maker that the database knows", "not known", "oui.yaml"
        )
    section = database.sections[database.prefixes[prefix]]
    bits = f"/{4 * len(prefix)}"
    claims = ", ".join(f"{key} {value}" for key, value in section.then)
    says = f"{bits} block: {claims}" if claims else f"{bits} block: known, and proves nothing"
    return Line(_with_colons(prefix), says, f"{section.certainty:.2f}", section.id)


def _with_colons(digits: str) -> str:
    return ":".join(digits[at : at + 2] for at in range(0, len(digits), 2))


def _explain_serial(text: str, database: Database, grammars: Sequence[Grammar]) -> list[Explanation]:
    full = decode.hikvision_serial(text)
    if full:
        return [_hikvision_serial(text, full), *_explain_model(full.model, database, grammars)]
    plain = text.removeprefix("CP")
    if decode.is_dahua_serial(plain):
        return [_dahua_serial(text, plain)]
    if brand := decode.badge_serial(text):
        says = f"number of the unit, as {brand} writes it; it does not say who built the unit"
        return [Explanation(f"serial number of {brand}'s form", (Line(text, says, "fair", "posted serial numbers"),))]
    if _SHORT_SERIAL.fullmatch(text) and len(text) == len("C12345678"):
        return [Explanation("short serial number of Hikvision's form", (_shorten_line(text),))]
    if decode.is_hash(text):
        says = "a hash that newer Dahua firmware sends in place of the serial number; it is not a serial number"
        return [Explanation("hash of Dahua's form", (Line(text, says, "fair", "captured reply"),))]
    return []


def _hikvision_serial(text: str, full: decode.HikvisionSerial) -> Explanation:
    grade = "solid" if full.made.year <= _SOLID_UNTIL else "fair"
    lines = [Line(full.model, "factory model", "solid", FULL_SERIAL)] if full.model else []
    if full.channels is not None:
        says = f"{full.channels} channels (a recorder), unless the model ends in these digits"
        says = says if full.channels else "no channels: not a recorder"
        lines.append(Line(f"{full.channels:02}", says, "fair", FULL_SERIAL))
    lines.append(Line(f"{full.made:%Y%m%d}", f"made on {full.made}", grade, FULL_SERIAL))
    if full.letters:
        lines.append(Line(full.letters, "two letters of unknown meaning", "weak", FULL_SERIAL))
    if full.first_firmware:
        block = "".join(f"{int(number):02}" for number in full.first_firmware.split("."))
        says = f"it left the factory with firmware V{full.first_firmware}"
        lines.append(Line(f"V{block}", says, "fair", FULL_SERIAL))
    region = "made for China" if full.region == "CH" else f"region {full.region}"
    lines.append(Line(full.region, region, "fair", FULL_SERIAL))
    short = _shorten_line(full.short)
    return Explanation("serial number of Hikvision's form", (*lines, short, *_explain_tail(text, full)))


def _explain_tail(text: str, full: decode.HikvisionSerial) -> Iterator[Line]:
    tail = text.strip().rpartition(full.short)[2]
    if tail:
        yield Line(tail, "not known", "not known", FULL_SERIAL)


def _shorten_line(text: str) -> Line:
    letters = text.rstrip("0123456789")
    if not letters:
        says = "number of the unit; nine digits were used until about 2017"
    elif letters in _LETTER_YEARS:
        says = f"number of the unit; {letters} stands for about {_LETTER_YEARS[letters]}, give or take a year"
    elif len(letters) == len("AB"):
        says = "number of the unit; two letters are seen since spring 2023"
    else:
        says = "number of the unit"
    return Line(text, says, "weak", SHORT_SERIAL)


def _dahua_serial(text: str, plain: str) -> Explanation:
    made = decode.dahua_serial_date(plain)
    lines = [Line("CP", "CP Plus", "fair", "captured reply")] if plain != text else []
    if made:
        lines.append(
            Line(plain[:2], f"made about {made:%B %Y}: an estimate; do not rely on it", "estimate", DAHUA_SERIAL)
        )
    number = plain[2:] if made else plain
    lines.append(Line(number, "number of the unit; its parts are not known", "not known", "captured reply"))
    return Explanation("serial number of Dahua's form", tuple(lines))


def _explain_firmware(text: str) -> Explanation | None:
    found = decode.decode_firmware(text) if _FIRMWARE.search(text) else None
    if found is None:
        return None
    lines = [Line(found.version, f"version {found.version}", "solid", "captured reply")]
    kind = re.search(r"\.([RT])$", found.version)
    if kind:
        says = "a release" if kind[1] == "R" else "a test version"
        lines.append(Line(kind[1], says, "fair", "file names of vendor firmware"))
    lines.append(_explain_build(found.build))
    form = next((form for form, pattern in _FORMS.items() if pattern.search(text)), "firmware")
    return Explanation(form, tuple(lines))


def _explain_build(build: date | None) -> Line:
    if build is None:
        return Line(
            "",
            "no build date: it cannot be compared with the builds in which vulnerabilities were fixed",
            "not known",
            BUILDS,
        )
    return Line(build.isoformat(), f"built on {build}; the unit itself may be older", "solid", BUILDS)


def _explain_model(text: str, database: Database, grammars: Sequence[Grammar]) -> list[Explanation]:
    told = [
        Explanation(f"model number as {_maker_name(grammar.maker, database)} builds them: {grammar.about}", lines)
        for grammar in grammars
        if (lines := _explain_parts(grammar, text))
    ]
    for maker in database.makers:
        matches = database.match_decided({}, {"id.maker": maker, "id.model": text})
        lines = _explain_rules(match for match in matches if {"id.maker", "id.model"} <= set(match.keys))
        if lines:
            told.append(Explanation(f"what follows where {_maker_name(maker, database)} made it", lines))
    badges = [match for match in database.match_decided({}, {"id.model": text}) if match.keys == ("id.model",)]
    if badges:
        told.append(Explanation("badge, by model number alone: possible at most", _explain_rules(badges)))
    return told


def _maker_name(maker: str, database: Database) -> str:
    return database.makers[maker].name if maker in database.makers else maker


def _explain_parts(grammar: Grammar, text: str) -> tuple[Line, ...]:
    return tuple(
        Line(said.part, f"{said.about}: {said.says or 'not known here'}", said.grade or "not known", grammar.source)
        for said in grammar.read_model(text) or ()
    )


def _explain_rules(matches: Iterator[Match] | Sequence[Match]) -> tuple[Line, ...]:
    """The surest rule of each claim, and the grade of each capability."""
    lines: dict[str, Line] = {}
    for match in sorted(matches, key=lambda match: (-match.certainty, match.fingerprint)):
        for claim, value in match.claims.items():
            name = claim.removeprefix("capability.")
            if name != claim:
                lines.setdefault(claim, Line("", f"can: {name}", value, match.fingerprint))
            elif claim != "camera":
                lines.setdefault(claim, Line("", f"{claim}: {value}", f"{match.certainty:.2f}", match.fingerprint))
    return tuple(lines.values())
