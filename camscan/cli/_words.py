"""Texts for people: how camscan was called, sizes, durations."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import click

from camscan import system
from camscan.output import visible

NAME = "camscan"
_EXAMPLE = re.compile(rf"(?:^|(?<=  )){NAME} ", re.MULTILINE)
"""The beginning of an example in help: first in its line, or after a label and two spaces."""
_WIDEST = 100
_MINUTE = 60
_HOUR = 3600
_THOUSAND = 1000
_LONGEST_LINE = 100_000
_ROUND_MINUTES = 15
"""Minutes up to this number are given exactly, and then in fives."""


def program_name() -> str:
    """How to call camscan again, as short as it can be typed: ``camscan``, or ``.venv/bin/camscan`` in a checkout."""
    if named := os.environ.get("CAMSCAN_CALLED_AS"):  # the text that started the camscan.cmd of the zip for Windows
        named = named.strip('"')  # PowerShell quotes it, and takes a quoted command for a text when it is typed
        return visible(f'"{named}"' if set(named) & set(" &()^;,=") else named)
    called = Path(sys.argv[0])
    if called.name == "__main__.py" and called.parent.name == NAME:  # python -m camscan
        called = Path(sys.executable).with_name(NAME)
        launcher = Path(sys.executable).parents[1] / f"{NAME}.cmd"  # of the zip, whose Python a scheduled task calls
        if launcher.is_file():
            return system.quote(str(launcher))
        if not called.is_file():
            return f"{system.quote(sys.executable)} -m {NAME}"
    if called.name != NAME or os.sep not in str(called) or not called.is_file() or _is_found_as(NAME, called):
        return NAME  # also if another program runs the command line within itself
    return min(_ways_to_type(called), key=len)


def with_program_name(sentence: str) -> str:
    """A sentence with ``camscan …`` in backquotes, with camscan replaced by the way in which it was called."""
    return sentence.replace(f"`{NAME} ", f"`{program_name()} ")


def with_examples(text: str) -> str:
    """A part of a command's help, with examples that can be typed unchanged, also in the zip for Windows."""
    blocks = [
        _EXAMPLE.sub(lambda _: f"{program_name()} ", block) if block.startswith("\b\n") else block
        for block in text.split("\n\n")
    ]
    return with_program_name("\n\n".join(blocks))


def _is_found_as(name: str, called: Path) -> bool:
    """Whether typing the name alone calls the same program."""
    found = shutil.which(name)
    return found is not None and os.path.realpath(found) == os.path.realpath(called)


def _ways_to_type(file: Path) -> Iterator[str]:
    """How a file may be typed: from here, from the home directory, from the root."""
    whole = Path(os.path.abspath(file))  # noqa: PTH100 - a link is called as the link that it is
    yield system.quote(str(whole))
    here = os.path.relpath(whole)
    yield system.quote(here if os.sep in here else f".{os.sep}{here}")
    with contextlib.suppress(RuntimeError, ValueError):  # no home directory, or the file is elsewhere
        yield f"~{os.sep}{system.quote(str(whole.relative_to(Path.home())))}"


def size_text(count: int) -> str:
    """A size in bytes in words: 640 KB, 12.3 MB."""
    kilobytes = count / 1024
    return f"{kilobytes:.0f} KB" if kilobytes < _THOUSAND else f"{kilobytes / 1024:,.1f} MB"


def duration_text(seconds: float) -> str:
    """About how long something takes: no more precise than an estimate is."""
    if seconds <= 1.5 * _MINUTE:
        return f"{max(10, round(seconds / 10) * 10)} seconds"
    minutes = seconds / _MINUTE
    if minutes < _ROUND_MINUTES:
        return f"{round(minutes)} minutes"
    if seconds < 1.5 * _HOUR:
        return f"{round(minutes / 5) * 5} minutes"
    return f"{round(seconds / _HOUR)} hours" if seconds >= 10 * _HOUR else f"{round(seconds / _HOUR * 2) / 2:g} hours"


def terminal_columns() -> int:
    """How many columns of the terminal lines may have."""
    return shutil.get_terminal_size().columns - system.SPARE_COLUMNS


def paragraph_width() -> int:
    """How many columns a paragraph may have: those of the terminal, and never more than can be read with ease."""
    return min(terminal_columns(), _WIDEST) if sys.stdout.isatty() else _WIDEST


def print_text(text: str, *, hang: int | None = None, err: bool = False) -> None:
    """Print a paragraph. On a terminal each line is broken at spaces to fit; elsewhere every line stays whole.

    ``hang`` is the indent of the lines that follow a broken one: by default two more than the line itself.
    """
    if (sys.stderr if err else sys.stdout).isatty():
        columns = terminal_columns()
        text = "\n".join(_break_line(line, columns, hang) for line in text.split("\n"))
    click.echo(text, err=err)


def _break_line(line: str, columns: int, hang: int | None) -> str:
    if len(line) <= columns:
        return line
    rest = " " * (len(line) - len(line.lstrip()) + 2 if hang is None else hang)
    return textwrap.fill(line, columns, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False)


def warn(sentence: str) -> None:
    """Print one line on standard error, beside whatever else is printed; also if a file's name has several lines."""
    click.echo(f"camscan: {visible(with_program_name(sentence), _LONGEST_LINE)}", err=True)
