"""Writes a workbook of tables as an OpenDocument spreadsheet: one table on each worksheet, with its title in A1."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from camscan.sheets import Book
from camscan.sheets import _opendocument as odf

_KINDS = (("date", "nd"), ("money", "nm"), ("number", "nn"))
_BOLD = '<style:text-properties fo:font-weight="bold"/>'
_TITLE = '<style:text-properties fo:font-weight="bold" fo:font-size="14pt"/>'
_CELL = '<style:table-cell-properties fo:wrap-option="wrap" style:vertical-align="top" fo:padding="0.08cm"/>'
_HEAD = _CELL.replace("/>", ' fo:border-bottom="0.5pt solid #000000"/>')


def write_book(book: Book, stream: BinaryIO) -> None:
    """Write a workbook, ODF 1.2.

    No cell is merged and no sheet is hidden, and the file does not say who made it or when.
    """
    small = {
        "meta.xml": odf.meta_xml(book.title, book.marking),
        "styles.xml": odf.styles_xml(book.marking, odf.A4_TO_WIDTH),
        "settings.xml": odf.settings_xml(
            book.pages[0].name, {page.name: (1, 2) for page in book.pages if page.headings}
        ),
    }
    odf.write_archive(stream, small, _content_xml(book))


def _content_xml(book: Book) -> Iterator[str]:
    yield f'{odf.HEAD}<office:document-content {odf.DECLARED} office:version="1.2">'
    yield f"<office:automatic-styles>{_styles_xml(book)}</office:automatic-styles><office:body><office:spreadsheet>"
    for page in book.pages:
        yield from odf.extra_sheet(page)
    yield "</office:spreadsheet></office:body></office:document-content>"


def _styles_xml(book: Book) -> str:
    parts = [odf.width_style(width) for width in _column_widths(book)]
    parts += [
        odf.PLAIN_NUMBERS,
        odf.cell_style("title", _TITLE),
        odf.cell_style("head", _HEAD + _BOLD),
        odf.cell_style("headright", _HEAD + odf.TO_THE_RIGHT + _BOLD),
        odf.cell_style("c", _CELL),
        odf.cell_style("ctext", _CELL, ' style:data-style-name="nt"'),
        odf.cell_style("sum", _CELL + _BOLD),
    ]
    for kind, data in _KINDS:
        look = _CELL + (odf.TO_THE_RIGHT if kind != "date" else '<style:paragraph-properties fo:text-align="start"/>')
        of = f' style:data-style-name="{data}"'
        parts.append(odf.cell_style(f"c{kind}", look, of))
        parts.append(odf.cell_style(f"sum{kind}", look + _BOLD, of))
    return "".join(parts)


def _column_widths(book: Book) -> list[int]:
    named = {width for page in book.pages for width in page.widths}
    return sorted(named | set(odf.EXTRA_WIDTHS.values()))
