"""Draws templates with Jinja2; every value is escaped and made harmless (docs/adr/0017-jinja2.md)."""

from __future__ import annotations

import functools
import re
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from importlib import resources
from itertools import groupby
from operator import itemgetter
from typing import Any
from urllib.parse import quote

from jinja2 import ChainableUndefined, Environment, FunctionLoader, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from camscan.dates import day_text, days_in_words, moment_text, short_day
from camscan.output import visible
from camscan.page.palette import DARK, LIGHT
from camscan.page.table import Cell, Kind, Table

_LONGEST = 2000
"""Maximum characters of one value; the rest is cut off."""
_PLAIN = re.compile(r"[^A-Za-z0-9 ,.:;()/_-]")


def render_page(template: str, /, **values: Any) -> str:
    """Draw a template with these values; the same values always give the same text.

    Every value that is printed is escaped for HTML, and characters that would move or hide text are shown as �. Raises
    ``jinja2.TemplateNotFound`` for a missing template, and ``jinja2.UndefinedError`` for a missing value.
    """
    return _make_environment().get_template(template).render(values)


def page_pieces(template: str, /, **values: Any) -> Iterator[str]:
    """As :func:`render_page`, a piece at a time, for pages of any length."""
    stream = _make_environment().get_template(template).stream(values)
    stream.enable_buffering(500)
    return iter(stream)


@functools.cache
def _make_environment() -> Environment:
    environment = Environment(
        loader=FunctionLoader(_template_source),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_printable_value,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters |= {
        "number": number_text,
        "pounds": pounds_text,
        "day": day_text,
        "days_in_words": days_in_words,
        "short_day": short_day,
        "moment": moment_text,
        "quoted": quote_for_address,
        "css": css_string,
        "exact": escape_exactly,
        "rows": table_bodies,
        "total_row": total_row,
    }
    environment.globals |= {"palettes": {"light": LIGHT, "dark": DARK}, "govuk": _Components()}
    return environment


class _Components:
    """The components of GOV.UK Frontend, for the forms of pages: ``{{ govuk.radios({…}) }}`` draws govukRadios.

    The macros of govuk-frontend-jinja use parameters that nobody gave, so they have their own environment, which allows
    that. What they print is escaped and made harmless as everywhere, except for parameters whose name ends with
    ``html``: no template of ours gives these (tests/test_page.py).
    """

    def __getattr__(self, name: str) -> Callable[..., Markup]:
        if name.startswith("_"):  # what Jinja2 asks of every object
            raise AttributeError(name)
        return _load_component(name)


@functools.cache
def _load_component(name: str) -> Callable[..., Markup]:
    folder = re.sub("[A-Z]", lambda match: f"-{match[0].lower()}", name)
    macro = getattr(
        _lenient_environment().get_template(f"govuk_frontend_jinja/components/{folder}/macro.html").module,
        f"govuk{name[:1].upper()}{name[1:]}",
    )
    return typing.cast("Callable[..., Markup]", macro)


@functools.cache
def _lenient_environment() -> Environment:
    return Environment(
        loader=_Prefixed(),
        autoescape=True,
        undefined=ChainableUndefined,
        finalize=_printable_value,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


class _Prefixed(PackageLoader):
    """The templates of govuk-frontend-jinja, by the names that they use for each other."""

    def __init__(self) -> None:
        super().__init__("govuk_frontend_jinja")

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool] | None]:
        return super().get_source(environment, template.removeprefix("govuk_frontend_jinja/"))


def _template_source(name: str) -> str | None:
    """The text of the template ``ROOM/FILE``, from the room's folder of templates; None if there is no such file."""
    room, _, file = name.partition("/")
    try:
        return resources.files("camscan").joinpath(room, "templates", file).read_text(encoding="utf-8")
    except OSError:
        return None


def _printable_value(value: Any) -> Any:
    """A value before it is escaped: on one line, without characters that move or hide text; an empty text for None."""
    if isinstance(value, Markup):
        return value
    if isinstance(value, str):
        return visible(value, _LONGEST)
    return "" if value is None else value


def number_text(value: int) -> str:
    """A number as text: ``1,200``."""
    return f"{value:,}"


def pounds_text(value: Decimal) -> str:
    """A sum as text: ``£1,250``, or ``£1,250.50`` if there are pence."""
    return f"£{value:,.0f}" if value == value.to_integral_value() else f"£{value:,.2f}"


def quote_for_address(text: str) -> str:
    """A text as one part of an address; a character that an address cannot hold becomes a question mark."""
    return quote(text, safe="", errors="replace")


def escape_exactly(text: str) -> Markup:
    """A text as the value of a field, escaped and otherwise unchanged, so that the form sends back the same text."""
    return escape(text)


def css_string(text: str) -> Markup:
    """A text as a string of CSS.

    It keeps letters, digits and a few marks only, because a style sheet escapes nothing.
    """
    return Markup('"{}"').format(Markup(_PLAIN.sub("", text)))  # noqa: S704 - nothing is left that could mean something


_WRITTEN: Mapping[Kind, Callable[[Any], str]] = {
    Kind.TEXT: lambda value: visible(str(value), _LONGEST),
    Kind.NUMBER: number_text,
    Kind.POUNDS: pounds_text,
    Kind.DAY: short_day,
}


def cell_text(value: Cell, kind: Kind) -> str:
    """A cell as people read it; as text if the value is of another kind than its column."""
    if value is None:
        return ""
    return visible(value, _LONGEST) if isinstance(value, str) else _WRITTEN[kind](value)


def table_bodies(table: Table) -> Markup:
    """The bodies of a table. They are made in Python, because a register has tens of thousands of rows."""
    if table.by is None:
        return Markup(f"<tbody>\n{_row_tags(table, table.rows)}</tbody>")  # noqa: S704 - every cell is escaped
    width, by = len(table.shown), table.by
    bodies = []
    for name, group in groupby(table.rows, key=itemgetter(by)):
        heading = f'<tr><th scope="rowgroup" colspan="{width}">{escape(cell_text(name, table.heads[by].kind))}\n'
        bodies.append(f"<tbody>\n{heading}{_row_tags(table, group)}</tbody>\n")
    return Markup("".join(bodies))  # noqa: S704 - as above


def total_row(table: Table) -> Markup:
    """The last row of a table, with its sums."""
    return Markup(_row_tags(table, [table.total]))  # noqa: S704 - as above


def _row_tags(table: Table, found: Iterable[Sequence[Cell]]) -> str:
    """The rows without the end tags that HTML does not need (HTML Living Standard, 13.1.2.4): half of the text."""
    kinds = [head.kind for head in table.heads]
    lines = []
    for row in found:
        texts = [str(escape(cell_text(cell, kind))) for cell, kind in zip(row, kinds, strict=True)]
        if table.by is not None:
            del texts[table.by]
        lines.append(f"<tr><th scope=row>{'<td>'.join(texts)}\n")
    return "".join(lines)
