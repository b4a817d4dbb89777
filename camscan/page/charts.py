"""Charts as SVG within a page: columns of months with the plan, and bars of what remains and what was removed. Pure.

A chart is as wide as the page, and its letters keep their size: horizontal positions are percentages, and vertical ones
are pixels. Screen readers read its title and its description; a table under it has every number (``chart`` of
``page/parts.html``). Areas differ by a hatch as well as by place, and the plan is a line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from camscan.output import visible

_TOP, _HEIGHT, _BELOW = 20, 220, 26
"""Pixels above the columns, of the columns, and below them for the labels."""
_FLOOR = _TOP + _HEIGHT
_LABELS = 4
"""How many columns have a label: more would not fit the screen of a telephone."""
_STEPS = 4
"""How many horizontal lines the axis has."""
_ROW, _BAR = 48, 16
"""Height in pixels of one bar with its label, and of the bar alone."""
_LONGEST_BAR = 66
"""Width of the longest bar in percent; the rest is for its numbers, also on a telephone."""
_LONGEST = 48
"""Maximum characters of a label."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a chart, for example a month."""

    label: str
    counted: int | None
    """The number that was counted; None if nothing was counted."""
    doubtful: int
    """How many of ``counted`` are uncertain; that part is hatched."""
    planned: int | None
    """The number of the plan, where its line is drawn; None if there is no plan."""


@dataclass(frozen=True, slots=True)
class Columns:
    """A chart of what was counted month by month, with the line of the plan."""

    title: str
    description: str
    """What the chart shows, in a sentence or two: the first value, the last, the plan."""
    columns: tuple[Column, ...]
    names: tuple[str, str, str]
    """Names of the columns, of their hatched part, and of the line."""

    def svg(self, name: str) -> Markup:
        """Draw the chart; ``name`` is unique in the page."""
        top = _round_top(max((max(column.counted or 0, column.planned or 0) for column in self.columns), default=0))
        parts = [*_draw_grid(top), *self._draw_columns(name, top), *self._draw_line(top), *self._draw_labels()]
        return _svg_figure(name, self.title, self.description, _FLOOR + _BELOW, parts)

    def key(self) -> Markup:
        """The legend: the columns, the hatch and the line."""
        counted, doubtful, planned = self.names
        parts = [_draw_sample("full", counted)] if any(column.counted is not None for column in self.columns) else []
        parts += [_draw_sample("hatch", doubtful)] if any(column.doubtful for column in self.columns) else []
        parts += [_draw_sample("plan", planned)] if any(column.planned is not None for column in self.columns) else []
        return _sample_list(parts)

    @property
    def _column_width(self) -> float:
        """Width of a column with the space beside it, in percent."""
        return 100 / max(len(self.columns), 1)

    def _draw_columns(self, name: str, top: int) -> Iterator[str]:
        last = max((place for place, each in enumerate(self.columns) if each.counted is not None), default=None)
        for place, each in enumerate(self.columns):
            left, width = (place + 0.12) * self._column_width, self._column_width * 0.76
            counted = each.counted or 0
            upper, lower = _y_position(counted, top), _y_position(counted - each.doubtful, top)
            yield _draw_rectangle("full", left, width, lower, _FLOOR - lower)
            yield _draw_rectangle("hatch", left, width, upper, lower - upper, fill=f' fill="url(#{name}-hatch)"')
            if place == last:
                anchor = "start" if place == 0 else "middle"
                at = left if place == 0 else left + width / 2
                yield _draw_text(f"{counted:,}", at, upper - 5, "value", anchor)

    def _draw_line(self, top: int) -> Iterator[str]:
        """The line of the plan: horizontal over each column, vertical where the value changes."""
        before: int | None = None
        for place, each in enumerate(self.columns):
            if each.planned is not None:
                left, y = place * self._column_width, _y_position(each.planned, top)
                yield _draw_stroke("plan", left, left + self._column_width, y, y)
                if before is not None and before != each.planned:
                    yield _draw_stroke("plan", left, left, _y_position(before, top), y)
            before = each.planned

    def _draw_labels(self) -> Iterator[str]:
        count = len(self.columns)
        for place in sorted({round(step * (count - 1) / (_LABELS - 1)) for step in range(_LABELS)} if count else ()):
            anchor = "start" if place == 0 else "end" if place == count - 1 else "middle"
            at = place + {"start": 0.0, "end": 1.0, "middle": 0.5}[anchor]
            mark = "quiet between" if anchor == "middle" else "quiet"
            yield _draw_text(self.columns[place].label, at * self._column_width, _FLOOR + 18, mark, anchor)


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a chart."""

    label: str
    full: int
    hatched: int
    """The part that is drawn hatched, after ``full``."""
    says: str
    """The text after the end of the bar, such as ``12 of 40``: at most about fifteen characters."""


@dataclass(frozen=True, slots=True)
class Bars:
    """A chart of bars below each other, each in two parts."""

    title: str
    description: str
    bars: tuple[Bar, ...]
    names: tuple[str, str]
    """The names of the full part and of the hatched part; empty if no bar has that part."""

    def svg(self, name: str) -> Markup:
        """Draw the chart; ``name`` is unique in the page."""
        parts = list(self._draw_bars(name))
        return _svg_figure(name, self.title, self.description, max(len(self.bars) * _ROW, 1), parts)

    def key(self) -> Markup:
        """The legend: the two parts of a bar."""
        full, hatched = self.names
        return _sample_list([_draw_sample("full", full), *([_draw_sample("hatch", hatched)] if hatched else [])])

    def _draw_bars(self, name: str) -> Iterator[str]:
        most = max((each.full + each.hatched for each in self.bars), default=0) or 1
        for place, each in enumerate(self.bars):
            y = place * _ROW
            yield _draw_text(_short_number(each.label), 0, y + 15)
            full, hatched = (_LONGEST_BAR * number / most for number in (each.full, each.hatched))
            yield _draw_rectangle("full", 0, full, y + 22, _BAR)
            yield _draw_rectangle("hatch", full, hatched, y + 22, _BAR, fill=f' fill="url(#{name}-hatch)"')
            yield _draw_text(f"\N{NO-BREAK SPACE}\N{NO-BREAK SPACE}{each.says}", full + hatched, y + 35, "quiet")


def _svg_figure(name: str, title: str, description: str, height: float, parts: Iterable[str]) -> Markup:
    return Markup(  # noqa: S704 - what is text is escaped where it is put in
        f'<svg role="img" aria-labelledby="{name}-title {name}-says" height="{height:g}" width="100%">'
        f'<title id="{name}-title">{_escape(title)}</title><desc id="{name}-says">{_escape(description)}</desc>'
        f'<defs><pattern id="{name}-hatch" width="6" height="6" patternUnits="userSpaceOnUse" '
        'patternTransform="rotate(45)"><path class="stripe" d="M0 0V6"/></pattern></defs>\n'
        f"{''.join(parts)}</svg>"
    )


def _draw_grid(top: int) -> Iterator[str]:
    for step in range(_STEPS + 1):
        value = top * step // _STEPS
        y = _y_position(value, top)
        yield _draw_stroke("grid" if step else "axis", 0, 100, y, y)
        if step:
            yield _draw_text(f"{value:,}", 100, y - 4, "quiet", "end")


def _y_position(value: float, top: int) -> float:
    """The position of a value, in pixels from the top."""
    return round(_FLOOR - _HEIGHT * value / top, 1)


def _round_top(most: int) -> int:
    """The number at the top of the axis: a round number whose quarter is a whole number."""
    step = 1
    while step * 40 < most:
        step *= 10
    unit = {1: 4, 10: 2}.get(step, 1)
    return next(step * each for each in range(unit, 41, unit) if step * each >= most)


def _draw_rectangle(mark: str, left: float, width: float, y: float, height: float, *, fill: str = "") -> str:
    if width <= 0 or height <= 0:
        return ""
    return f'<rect class="{mark}" x="{left:.2f}%" y="{y:g}" width="{width:.2f}%" height="{height:g}"{fill}/>\n'


def _draw_stroke(mark: str, left: float, right: float, y: float, end: float) -> str:
    return f'<line class="{mark}" x1="{left:.2f}%" x2="{right:.2f}%" y1="{y:g}" y2="{end:g}"/>\n'


def _draw_text(text: str, at: float, y: float, mark: str = "name", anchor: str = "start") -> str:
    place = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f'<text class="{mark}" x="{at:.2f}%" y="{y:g}"{place}>{_escape(text)}</text>\n'


def _draw_sample(mark: str, name: str) -> str:
    return f'<li><span class="sample {mark}"></span> {_escape(name)}</li>'


def _sample_list(samples: Sequence[str]) -> Markup:
    """The samples of a legend; empty for a single one, because the title explains it."""
    listed = "".join(samples) if len(samples) > 1 else ""
    return Markup(f'<ul class="key" aria-hidden="true">{listed}</ul>' if listed else "")  # noqa: S704 - names are escaped


def _short_number(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _escape(text: str) -> str:
    return str(escape(visible(text)))
