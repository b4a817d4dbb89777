"""Compares the model rules with listed models: ``CAMSCAN_MODELS=FILE python tests/decoder_table.py``.

The list is not part of this repository: a CSV of ``vendor``, ``model``, ``device_type``, ``form``, ``resolution_mp``,
``capabilities`` and ``source``. Rows whose only source is a list that users typed are left out: they hold model numbers
that do not exist.
"""

from __future__ import annotations

import csv
import os
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from camscan import fingerprints
from camscan.fingerprints import Database

TYPED = "user-submitted"
"""In the source of rows that users typed."""

KINDS = {
    "ip_camera": {"camera"},
    "ptz": {"camera"},
    "thermal": {"camera"},
    "anpr": {"camera"},
    "access_terminal": {"access_control"},
    "access_reader": {"access_control"},
    "access_controller": {"access_control"},
    "access_accessory": {"access_control"},
    "network_equipment": {"network", "switch", "access_point", "router"},
    "dashcam": {"bodycam"},
    "vehicle_or_bodycam": {"bodycam", "mobile_recorder"},
}
"""Listed device type -> the kinds that agree with it; others are called the same on both sides."""

FORMS = {"dual_lens": {"dual_lens", "panoramic"}, "corner": {"corner", "dome"}}
"""As ``KINDS``, of forms."""

DUAL_LENS_TURRET = re.compile(r"DS-2CD[123]3[\dC]+G[123]H?P")
"""Two lenses in a turret: the list's own rule says panoramic of every P, their makers' pages sell them as turrets."""

DATASHEET = "vendor datasheets"
"""In the source of rows whose form and resolution were read in datasheets; the others' follow from rules."""

CAPABILITIES = {
    "audio_mic": "audio",
    "speaker": "speaker",
    "strobe_speaker": "speaker",
    "tioc_active_deterrence": "speaker",
    "ptz": "ptz",
    "thermal": "thermal",
    "wifi": "wifi",
    "4g": "cellular",
    "anpr": "anpr",
    "facial_recognition": "face",
    "people_counting": "people_counting",
    "body_temperature": "body_temperature",
    "acusense": "perimeter",
    "deepinview": "perimeter",
    "wizmind": "perimeter",
}
"""Listed capability -> ours. The list's own are read from model names by another set of rules, not from datasheets."""

UNNAMED = frozenset({"other"})
"""Device types that say nothing to agree with."""


@dataclass(frozen=True, slots=True)
class Row:
    """One listed model, and what the rules say about it."""

    maker: str
    model: str
    listed: dict[str, str]
    found: dict[str, str]
    """Claim -> text, the surest of each."""
    rules: dict[str, str]
    """Claim -> id of the rule that made it."""


@dataclass(frozen=True, slots=True)
class Measure:
    """Agreement in one column for one maker."""

    name: str
    right: int
    total: int
    missed: tuple[Row, ...]

    @property
    def share(self) -> float:
        """The share of rows that agree, 0…1."""
        return self.right / self.total if self.total else 1.0


def place() -> Path | None:
    """The list: ``CAMSCAN_MODELS``, otherwise one beside the checkout; None if there is none."""
    named = os.environ.get("CAMSCAN_MODELS")
    path = Path(named) if named else Path(__file__).parents[2] / "shared" / "domain" / "models.csv"
    return path if path.is_file() else None


def decoded(database: Database, maker: str, model: str) -> tuple[dict[str, str], dict[str, str]]:
    """What the rules claim of a model, and which rule claims it."""
    found: dict[str, str] = {}
    rules: dict[str, str] = {}
    matches = database.match_decided({}, {"id.maker": maker, "id.model": model})
    for match in sorted(matches, key=lambda match: -match.certainty):
        for claim, text in match.claims.items():
            if claim not in found:
                found[claim], rules[claim] = text, match.fingerprint
    return found, rules


def rows(path: Path, database: Database) -> list[Row]:
    """Every listed model of both makers that was not merely typed by users."""
    with path.open(encoding="utf-8", newline="") as stream:
        listed = [row for row in csv.DictReader(stream) if not is_typed(row["source"])]
    return [Row(row["vendor"], row["model"], row, *decoded(database, row["vendor"], row["model"])) for row in listed]


def is_typed(source: str) -> bool:
    """Whether users typed a row, and nobody else has it."""
    return all(TYPED in part for part in source.split(" | "))


def measures(found: Iterable[Row]) -> list[Measure]:
    """Agreement of kind, form and resolution for each maker."""
    listed = list(found)
    columns: tuple[tuple[str, Callable[[Row], bool | None]], ...] = (
        ("kind", kind_agrees),
        ("form", form_agrees),
        ("resolution", resolution_agrees),
    )
    told = []
    for maker in dict.fromkeys(row.maker for row in listed):
        for name, agrees in columns:
            judged = [(row, verdict) for row in listed if row.maker == maker and (verdict := agrees(row)) is not None]
            missed = tuple(row for row, verdict in judged if not verdict)
            told.append(Measure(f"{maker} {name}", len(judged) - len(missed), len(judged), missed))
    return told


def kind_agrees(row: Row) -> bool | None:
    """Whether the kind is the listed one; None if the list names none."""
    listed = row.listed["device_type"]
    if listed in UNNAMED:
        return None
    return row.found.get("kind") in KINDS.get(listed, {listed})


def form_agrees(row: Row) -> bool | None:
    """Whether the form is the listed one; None if the list has none."""
    listed = row.listed["form"]
    if listed == "panoramic" and DUAL_LENS_TURRET.match(row.model):
        listed = "turret"
    return row.found.get("form") in FORMS.get(listed, {listed}) if listed else None


def resolution_agrees(row: Row) -> bool | None:
    """Whether the resolution is the listed one; None if the list has none."""
    listed = row.listed["resolution_mp"]
    return row.found.get("resolution") == f"{listed} MP" if listed else None


def datasheets(found: Iterable[Row]) -> list[Measure]:
    """Agreement of form and resolution in the rows that were read in vendor datasheets."""
    known = [row for row in found if DATASHEET in row.listed["source"]]
    return [measure for measure in measures(known) if not measure.name.endswith("kind")]


def capabilities(found: Iterable[Row]) -> list[tuple[str, int, int, int, list[str], list[str]]]:
    """For each capability: named by both, by the list only, by our rules only, and models of the last two."""
    tables: dict[str, tuple[list[str], list[str], list[str]]] = {name: ([], [], []) for name in CAPABILITIES.values()}
    for row in found:
        listed = {CAPABILITIES[name] for name in row.listed["capabilities"].split(";") if name in CAPABILITIES}
        ours = {claim.partition(".")[2] for claim in row.found if claim.startswith("capability.")}
        for name, (both, missed, added) in tables.items():
            if name in listed | ours:
                (added if name not in listed else both if name in ours else missed).append(row.model)
    return [(name, len(b), len(m), len(a), m, a) for name, (b, m, a) in tables.items()]


def by_rule(measure: Measure) -> list[tuple[str, int, list[str]]]:
    """Disagreements grouped by the rule that made them (or the lack of one) and the listed word; most first."""
    claim = measure.name.partition(" ")[2]
    column = {"kind": "device_type", "form": "form", "resolution": "resolution_mp"}[claim]
    groups: dict[str, list[str]] = {}
    for row in measure.missed:
        rule = row.rules.get(claim, f"no rule ({_shape(row.model)})")
        groups.setdefault(f"{rule}: {row.found.get(claim, 'nothing')}, listed {row.listed[column]}", []).append(
            row.model
        )
    return sorted(((name, len(models), models) for name, models in groups.items()), key=lambda group: -group[1])


def _shape(model: str) -> str:
    """The letters that a model begins with: models of one shape lack one rule."""
    return re.sub(r"\d.*", "", model)[:12] or "a digit"


def table(found: Sequence[Row], groups: int = 20) -> Iterator[str]:
    """The lines of the report; ``groups`` is how many kinds of disagreement are shown for each figure."""
    yield f"{len(found)} models: {dict(Counter(row.maker for row in found))}"
    for measure in measures(found):
        yield f"\n{measure.name}: {measure.right} of {measure.total} = {measure.share:.2%}"
        for name, count, models in by_rule(measure)[:groups]:
            yield f"  {count:4}  {name}: {', '.join(models[:6])}{' …' if count > 6 else ''}"
    yield "\nRows read in vendor datasheets:"
    for measure in datasheets(found):
        yield f"  {measure.name}: {measure.right} of {measure.total}: {', '.join(row.model for row in measure.missed)}"
    yield "\nCapabilities: named by both, by the list only, by our rules only"
    for name, both, missed, added, lacking, extra in capabilities(found):
        yield f"  {name:18}{both:6}{missed:6}{added:6}   {', '.join(lacking[:4])} | {', '.join(extra[:4])}"


def main() -> int:
    """Print the table; 1 where the list is missing."""
    path = place()
    if path is None:
        sys.stderr.write("CAMSCAN_MODELS does not name a list of models\n")
        return 1
    found = rows(path, fingerprints.load_database())
    sys.stdout.writelines(f"{line}\n" for line in table(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
