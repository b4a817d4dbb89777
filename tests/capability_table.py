"""The capability rules held against datasheet records: ``CAMSCAN_DATASHEETS=FILE python tests/capability_table.py``.

The records are not part of this repository. They are a JSON list of cameras with ``brand``, ``model``, ``type``,
``resolution``, ``audio``, ``connectivity``, ``night_vision`` and ``features``, as the CC0 collection
``ch-bas/cctv-camera-databse`` on GitHub publishes them in ``data/cameras.json`` (figures here: commit 243c7e9).
Such records were partly written from model names: they show agreement of two readings, and prove no device.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from decoder_table import decoded, is_typed
from decoder_table import place as list_of_models

from camscan import fingerprints
from camscan.fingerprints import Database, naming

MAKERS = ("hikvision", "dahua")
MICROPHONES = frozenset({"U", "2U", "S2U"})
MICROPHONES_DAHUA = frozenset({"-A", "-AS", "-ASE", "-AST", "-ASTE", "-ASW", "-AW", "-SA", "-SAW", "-ZAS", "-ZSA"})

Reading = Mapping[str, tuple[str, ...]]
"""What a part is about -> the parts of the model number that tell it, as ``camscan explain`` reads it."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One model and every datasheet record of it."""

    maker: str
    model: str
    records: tuple[Mapping[str, Any], ...]
    reading: Reading
    """The reading of the model number; empty if no grammar of network cameras fits."""
    claims: Mapping[str, str]
    """What the model rules claim."""
    listed: bool
    """Whether the model is in the list of models: shops may make up others."""

    def has(self, pattern: str) -> bool:
        """Whether a record's features match the pattern."""
        return any(re.search(pattern, " ".join(record["features"]), re.IGNORECASE) for record in self.records)

    def sound(self, part: str) -> bool:
        """Whether a record says ``microphone`` or ``speaker``."""
        return any((record.get("audio") or {}).get(part) for record in self.records)

    def among(self, key: str, *words: str) -> bool:
        """Whether a record's ``type`` or ``connectivity`` is one of some words."""
        return any({*words} & ({record[key]} if key == "type" else {*record.get(key, ())}) for record in self.records)

    def light(self, *words: str) -> bool:
        """Whether a record's kind of night vision is one of some words."""
        return any((record.get("night_vision") or {}).get("type") in words for record in self.records)


@dataclass(frozen=True, slots=True)
class Rule:
    """What a letter of the model number means, and how a datasheet would say it."""

    name: str
    maker: str
    reads: Callable[[Reading], bool]
    shows: Callable[[Sheet], bool]
    published: str
    """The figure that this rule was chosen by, counted in an older state of the same collection."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How often records show what a rule says, and how often they show it of other models."""

    name: str
    right: int
    total: int
    missed: tuple[str, ...]
    other_right: int
    other_total: int
    published: str

    @property
    def share(self) -> float:
        """The share of models that agree, 0…1."""
        return self.right / self.total if self.total else 1.0


def _part(reading: Reading, about: str) -> str:
    return next(iter(reading.get(about, ())), "")


def _feature(digits: str, generation: str, series: str = "[1-8]") -> Callable[[Reading], bool]:
    def reads(reading: Reading) -> bool:
        told = (("feature", digits), ("generation", generation), ("series", series))
        return all(re.match(pattern, _part(reading, about)) for about, pattern in told)

    return reads


def _option(words: frozenset[str]) -> Callable[[Reading], bool]:
    return lambda reading: bool(words & {*reading.get("option", ())})


RULES = (
    Rule(
        "7 + G: ColorVu, seen in its F1.0 lens or colour at night where the word is left out",
        "hikvision",
        _feature("7", "G"),
        lambda sheet: sheet.has(r"colorvu|\bF1\.0") or sheet.light("color"),
        "19 of 22, others 2 of 61",
    ),
    Rule("6 + G1…G3: AcuSense", "hikvision", _feature("6", "G[123]"), lambda s: s.has("acusense"), "13 of 13"),
    Rule(
        "3 + G2/G3 in the series 2 and 3: AcuSense",
        "hikvision",
        _feature("3", "G[23]", "[23]"),
        lambda sheet: sheet.has("acusense"),
        "27 of 27",
    ),
    Rule(
        "LI: infrared and white light",
        "hikvision",
        _option(frozenset({"LI"})),
        lambda sheet: sheet.has("hybrid") or sheet.light("hybrid"),
        "17 of 20, others 0 of 63",
    ),
    Rule(
        "U: microphone",
        "hikvision",
        _option(MICROPHONES),
        lambda sheet: sheet.sound("microphone"),
        "24 of 24, others 20 to 23 of about 57",
    ),
    Rule(
        "Z: motorised zoom", "hikvision", _option(frozenset({"Z"})), lambda s: s.has("varifocal|motori[sz]"), "9 of 9"
    ),
    Rule("/SL: loudspeaker", "hikvision", _option(frozenset({"/SL"})), lambda s: s.sound("speaker"), "9 of 9"),
    Rule(
        "series 2 and 3, every generation: WizSense",
        "dahua",
        lambda reading: _part(reading, "series") in {"2", "3"},
        lambda sheet: sheet.has("wizsense"),
        "29 of 32, the misses Lite",
    ),
    Rule(
        "series 2 and 3, generation 4: WizSense or WizMind",
        "dahua",
        lambda reading: _part(reading, "series") in {"2", "3"} and _part(reading, "generation") == "4",
        lambda sheet: sheet.has("wizsense|wizmind"),
        "all but Lite",
    ),
    Rule(
        "9: full colour or two kinds of light",
        "dahua",
        lambda reading: _part(reading, "light") == "9",
        lambda sheet: sheet.has("full-?.?colou?r|dual") or sheet.light("color", "hybrid"),
        "29 of 29, others 1 of 35",
    ),
    Rule(
        "-Z…: motorised zoom",
        "dahua",
        lambda reading: any(option.startswith("-Z") for option in reading.get("option", ())),
        lambda sheet: sheet.has("varifocal|motori[sz]|zoom"),
        "10 of 17, by the word varifocal",
    ),
    Rule(
        "A: microphone",
        "dahua",
        _option(MICROPHONES_DAHUA),
        lambda sheet: sheet.sound("microphone"),
        "19 of 20, others 27 of 44",
    ),
    Rule("-PV: loudspeaker", "dahua", _option(frozenset({"-PV"})), lambda s: s.sound("speaker"), "9 of 9"),
    Rule(
        "-IL: two kinds of light",
        "dahua",
        _option(frozenset({"-IL"})),
        lambda sheet: sheet.has("dual|hybrid") or sheet.light("hybrid"),
        "8 of 8",
    ),
)

CLAIMS: Mapping[str, Callable[[Sheet], bool]] = {
    "audio": lambda sheet: sheet.sound("microphone"),
    "speaker": lambda sheet: sheet.sound("speaker"),
    "perimeter": lambda sheet: sheet.has(r"acusense|wizsense|wizmind|perimeter|\bSMD|\bIVS|intrusion|deepin|\bAI\b"),
    "face": lambda sheet: sheet.has(r"\bface|facial"),
    "people_counting": lambda sheet: sheet.has("people count"),
    "anpr": lambda sheet: sheet.has(r"\bA?LPR\b|ANPR|licen[cs]e.plate|number.plate"),
    "thermal": lambda sheet: sheet.among("type", "thermal") or sheet.has("thermal"),
    "ptz": lambda sheet: sheet.among("type", "ptz") or sheet.has(r"\bPTZ|pan.tilt|optical zoom"),
    "wifi": lambda sheet: sheet.among("connectivity", "wifi"),
    "cellular": lambda sheet: sheet.among("connectivity", "cellular", "4g") or sheet.has("4G|cellular|LTE"),
}
"""Capability that the model rules claim -> whether the datasheets show it."""


def place() -> Path | None:
    """The file of records, ``CAMSCAN_DATASHEETS``; None if it names none."""
    named = os.environ.get("CAMSCAN_DATASHEETS")
    return Path(named) if named and Path(named).is_file() else None


def sheets(path: Path, database: Database) -> list[Sheet]:
    """Every model of both makers that has a record."""
    grammars = naming.load_grammars()
    known = _listed()
    found: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for record in json.loads(path.read_text(encoding="utf-8")):
        if (maker := record["brand"].casefold()) in MAKERS:
            found.setdefault((maker, _plain(record["model"])), []).append(record)
    return [
        Sheet(
            maker,
            model,
            tuple(records),
            _read(grammars, maker, model),
            decoded(database, maker, model)[0],
            (maker, model) in known,
        )
        for (maker, model), records in found.items()
    ]


def _read(grammars: Sequence[naming.Grammar], maker: str, model: str) -> Reading:
    found: dict[str, tuple[str, ...]] = {}
    said = next(
        (
            said
            for grammar in grammars
            if ".camera" in grammar.id and grammar.maker == maker
            if (said := grammar.read_model(model))
        ),
        (),
    )
    for part in said:
        found[part.about] = (*found.get(part.about, ()), part.part.upper())
    return found


def _listed() -> frozenset[tuple[str, str]]:
    import csv  # noqa: PLC0415 - only where a list is at hand

    path = list_of_models()
    if path is None:
        return frozenset()
    with path.open(encoding="utf-8", newline="") as stream:
        return frozenset(
            (row["vendor"], _plain(row["model"])) for row in csv.DictReader(stream) if not is_typed(row["source"])
        )


def _plain(model: str) -> str:
    return re.sub(r"\(.*", "", re.sub(r"^DHI?-", "", model.upper())).strip()


def letters(found: Iterable[Sheet]) -> list[Agreement]:
    """For each letter rule: network cameras with the letter whose records show it, and others whose records do."""
    known = [sheet for sheet in found if sheet.reading]
    return [
        _agreement(
            rule.name,
            [(sheet, rule.reads(sheet.reading)) for sheet in known if sheet.maker == rule.maker],
            rule.shows,
            rule.published,
        )
        for rule in RULES
    ]


def claims(found: Iterable[Sheet]) -> list[Agreement]:
    """For each capability that the rules claim, weak ones left out: how many records show it."""
    known = list(found)
    return [
        _agreement(
            f"{maker} {name}",
            [(s, s.claims.get(f"capability.{name}", "weak") != "weak") for s in known if s.maker == maker],
            shows,
            "",
        )
        for maker in MAKERS
        for name, shows in CLAIMS.items()
    ]


def _agreement(
    name: str, judged: list[tuple[Sheet, bool]], shows: Callable[[Sheet], bool], published: str
) -> Agreement:
    fits = [sheet for sheet, says in judged if says]
    others = [sheet for sheet, says in judged if not says]
    missed = tuple(sheet.model for sheet in fits if not shows(sheet))
    return Agreement(name, len(fits) - len(missed), len(fits), missed, sum(map(shows, others)), len(others), published)


def table(found: Sequence[Sheet]) -> Iterator[str]:
    """The lines of the report."""
    listed = [sheet for sheet in found if sheet.listed]
    yield f"{len(found)} models with datasheet records, {len(listed)} of them in the list of models"
    for title, some in (("in the list of models", listed), ("all", found)):
        yield f"\nLetters, models {title}:"
        for told in letters(some):
            missed = f"; not shown: {', '.join(told.missed[:6])}" if told.missed else ""
            yield f"  {told.name}: {told.right} of {told.total}, others {told.other_right} of {told.other_total}"
            yield f"      (chosen by {told.published}{missed})"
    yield "\nCapabilities that the rules claim, all models: shown by the records; of other models shown too"
    for told in claims(found):
        rest = f"others {told.other_right} of {told.other_total}   {', '.join(told.missed[:5])}"
        yield f"  {told.name:26}{told.right:4} of {told.total:4}   {rest}"


def main() -> int:
    """Print the table; 1 where the records are missing."""
    path = place()
    if path is None:
        sys.stderr.write("CAMSCAN_DATASHEETS does not name a file of datasheet records\n")
        return 1
    sys.stdout.writelines(f"{line}\n" for line in table(sheets(path, fingerprints.load_database())))
    return 0


if __name__ == "__main__":
    sys.exit(main())
