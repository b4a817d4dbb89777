"""``camscan explain``: the meaning of a name, a number or a text that a device sends."""

from __future__ import annotations

import json
from pathlib import Path

import click

from camscan.cli import _options
from camscan.cli._table import print_table
from camscan.cli._words import paragraph_width, print_text
from camscan.fingerprints import badges, load_database, naming
from camscan.identify.answer import Answer, Reading, answer_text
from camscan.output import visible

TRY = (
    "the name on the camera, such as Amcrest",
    "the model number or the serial number on its label, such as DS-2CD2385G1-I",
    "its MAC address, or the first six digits, such as 44:19:b6",
    "its firmware, such as V5.6.3 build 190923",
    'what its web page says: "Server: App-webs/", "O=HIKVISION,CN=www.hikvision.com", the title of its web page',
)
"""Examples of what a person may ask, shown if nothing is known about a text."""


@click.command("explain")
@click.argument("text", nargs=-1, required=True, metavar="TEXT")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
@_options.overlay
def explain(text: tuple[str, ...], as_json: bool, overlay: tuple[Path, ...]) -> int:
    """Explain a name on a camera, a model number, a serial number, a MAC address or a firmware version.

    It also explains what a device says: the Server line of its web page, its title, the owner of its certificate.
    Nothing is sent over the network. Exit code 1: nothing is known about the text.
    """
    asked = " ".join(text)
    if not asked.strip():
        raise click.UsageError("name what to explain, such as a brand, a model number or a MAC address")
    found = answer_text(asked, load_database(overlay), naming.load_grammars(overlay), badges.load_badges(overlay))
    if as_json:
        click.echo(json.dumps(_answer_members(asked, found), ensure_ascii=False, indent=2))
    else:
        _print_answer(asked, found)
    return 0 if found.readings else 1


def _print_answer(asked: str, found: Answer) -> None:
    for number, reading in enumerate(found.readings):
        if number:
            click.echo()
        _print_reading(reading)
    if not found.readings:
        _print_unknown(asked, found)


def _print_reading(reading: Reading) -> None:
    width = paragraph_width()
    click.echo(visible(reading.about[:1].upper() + reading.about[1:]))
    click.echo(click.wrap_text(visible(reading.answer, _LONGEST), width, "  ", "  "))
    if reading.kind in {"badge", "maker"}:
        for line in reading.lines:
            says = f"{line.says} ({line.grade})" if line.grade else line.says
            click.echo(click.wrap_text(visible(says, _LONGEST), width, f"  {line.part + ':':15}", " " * 17))
        return
    columns = [
        (name, cells)
        for name, cells in (
            ("Part", [line.part for line in reading.lines]),
            ("Says", [line.says for line in reading.lines]),
            ("How sure", [line.grade for line in reading.lines]),
            ("From", [line.source for line in reading.lines]),
        )
        if any(cells)
    ]
    if columns:
        print_table([name for name, _ in columns], zip(*(cells for _, cells in columns), strict=True))


def _print_unknown(asked: str, found: Answer) -> None:
    def print_line(line: str) -> None:
        print_text(line, hang=4, err=True)

    print_line(f"camscan: nothing is known about '{visible(asked, 80)}': no rule of the database fits it")
    if found.closest:
        print_line(f"Did you mean: {', '.join(found.closest)}?")
    print_line("That does not mean that Hikvision or Dahua did not build the device. Ask for:")
    for line in TRY:
        print_line(f"  - {line}")
    print_line("or scan the device: camscan scan ADDRESS")


def _answer_members(asked: str, found: Answer) -> dict[str, object]:
    """The answer as JSON: ``readings`` is empty if nothing is known, and ``try`` lists what else may be asked."""
    return {
        "text": asked,
        "known": bool(found.readings),
        "readings": [
            {
                "kind": reading.kind,
                "about": reading.about,
                "answer": reading.answer,
                "parts": [
                    {"part": line.part, "says": line.says, "how_sure": line.grade, "from": line.source}
                    for line in reading.lines
                ],
            }
            for reading in found.readings
        ],
        "closest": list(found.closest),
        "try": [] if found.readings else list(TRY),
    }


_LONGEST = 4000
"""Maximum characters of an answer."""

GROUP = "find"
COMMAND = explain
