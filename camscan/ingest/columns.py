"""Finds the columns of a table by its headings, and splits its rows: by their places on a screen, or at separators."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from camscan.ingest.headings import Headings, plain_words

_SEPARATORS = ("\t", ";", ",", "|")
_PARTS = re.compile(r"\S+(?: \S+)*")
_TOKENS = re.compile(r"\S+")
_DASHES = re.compile(r"[-=]+")
HINT = re.compile(r"mac|addr|adress|hw|link|client|unique|eindeutig|\bip|host", re.IGNORECASE)
"""A part of every heading for a MAC or IP address: lines without it cost little."""
WIDEST_HEADING = 500
"""The longest line of headings on a screen, and of a block."""
WIDEST = 2000
"""The longest line of a table on a screen."""


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a table below a line of headings."""

    roles: Mapping[str, int]
    separator: str = ""
    spans: Sequence[tuple[int, int]] = ()
    """Where the headings begin and end, if blanks are between the columns."""

    def values_of(self, text: str) -> dict[str, str] | None:
        """Role -> the text of its cell; None if the quotes are not closed."""
        cells = _split_separated(text, self.separator) if self.separator else self._split_spaced(text.expandtabs(8))
        if cells is None:
            return None
        return {role: cells[at].strip() for role, at in self.roles.items() if at < len(cells)}

    def _split_spaced(self, text: str) -> list[str]:
        """The cells between blanks: by their order if there are as many as headings, else by their places."""
        parts = _PARTS.findall(text)
        if len(parts) == len(self.spans):
            return parts
        cells: list[list[str]] = [[] for _ in self.spans]
        for token in _TOKENS.finditer(text):
            cells[self._column_at(*token.span())].append(token[0])
        return [" ".join(cell) for cell in cells]

    def _column_at(self, start: int, end: int) -> int:
        shared = [min(end, right) - max(start, left) for left, right in self.spans]
        if max(shared) > 0:
            return shared.index(max(shared))
        return max((at for at, (left, _right) in enumerate(self.spans) if left <= start), default=0)


def _split_separated(text: str, separator: str) -> list[str] | None:
    try:
        cells = next(csv.reader([text], delimiter=separator, strict=True), [])
    except csv.Error:
        return None
    return cells[1:] if separator == "|" and cells and not cells[0].strip() else cells


def find_columns(text: str, above: Sequence[str], headings: Headings) -> Columns | None:
    """The columns that a line of headings names, together with the line above if needed; None if it is not one."""
    for separator in _SEPARATORS:
        if separator in text and "\t\t" not in text:
            roles = headings.roles_of(_split_separated(text, separator) or ())
            if roles:
                return Columns(roles, separator)
    plain = text.expandtabs(8)
    if len(plain) > WIDEST_HEADING:
        return None
    cells = [(part[0], part.span()) for part in _PARTS.finditer(plain)]
    over = [part for line in above[-1:] for part in _PARTS.finditer(line.expandtabs(8))]
    stacked = [
        (" ".join([*(part[0] for part in over if part.start() < end and start < part.end()), cell]), (start, end))
        for cell, (start, end) in cells
    ]
    ways = (cells, _split_words(plain, headings), stacked)
    found = max(ways, key=lambda way: len(headings.roles_of([cell for cell, _span in way])))
    roles = headings.roles_of([cell for cell, _span in found])
    roles.pop("vendor", None)  # evidence, and nothing shows how wide its column is
    return Columns(roles, spans=[span for _cell, span in found]) if roles else None


def _split_words(text: str, headings: Headings) -> list[tuple[str, tuple[int, int]]]:
    """The headings of a narrow table, which have a single blank between them: known ones, else each word."""
    known = {word for words in headings.words.values() for word in words}
    tokens = list(_TOKENS.finditer(text))
    found: list[tuple[str, tuple[int, int]]] = []
    at = 0
    while at < len(tokens):
        if tokens[at][0] == "/" and found and at + 1 < len(tokens):  # one column, such as "Vendor / Hostname"
            start, end = found[-1][1][0], tokens[at + 1].end()
            found[-1] = (text[start:end], (start, end))
            at += 2
            continue
        spans = [(tokens[at].start(), tokens[min(at + more, len(tokens) - 1)].end()) for more in (3, 2, 1, 0)]
        start, end = next((span for span in spans if plain_words(text[slice(*span)]) in known), spans[-1])
        found.append((text[start:end], (start, end)))
        at += sum(1 for token in tokens if start <= token.start() < end)
    return found


def columns_of_rule(rule: str, above: Sequence[str], headings: Headings) -> Columns | None:
    """The columns above a line of dashes, which shows how wide each is. Headings may fill up to three lines."""
    if len(rule) > WIDEST_HEADING or not any(HINT.search(line) for line in above):
        return None
    spans = [found.span() for found in _DASHES.finditer(rule.expandtabs(8))]
    ends = [*(start for start, _end in spans[1:]), WIDEST]
    for count in (1, 2, 3):
        lines = [line.expandtabs(8) for line in above[-count:]]
        cells = [
            " ".join(line[start:end].strip(" |+") for line in lines)
            for (start, _end), end in zip(spans, ends, strict=True)
        ]
        roles = headings.roles_of(cells)
        if roles:
            return Columns(roles, spans=spans)
    return None
