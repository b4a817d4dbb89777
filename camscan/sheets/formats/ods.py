"""OpenDocument spreadsheets, ODF 1.2 (the format that GOV.UK asks for): written here, read with lxml.

The libraries that write ODS build the whole document in memory and are 20 to 30 times slower, and one page of XML is
enough for what is needed. The section numbers are those of OASIS Open Document Format 1.2, part 1.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import BinaryIO
from xml.sax.saxutils import quoteattr

from camscan.asset.columns import Column, Kind
from camscan.asset.spelling import choice_in_words
from camscan.sheets import Page, Sheet, Table
from camscan.sheets import _opendocument as odf
from camscan.sheets.formats import _ods_reading, _workbook

_NUMERIC = {Kind.DATE: "date", Kind.MONEY: "money", Kind.NUMBER: "number"}


def write_ods(table: Table, stream: BinaryIO) -> None:
    """Write the cover, the register, and the explanation of its columns."""
    name, version = _workbook.EDITION
    edition = f'<meta:user-defined meta:name="{name}" meta:value-type="float">{version}</meta:user-defined>'
    small = {
        "meta.xml": odf.meta_xml(table.title, table.about[0][1], edition),
        "styles.xml": odf.styles_xml(_workbook.page_marking(table), odf.A4_TO_WIDTH if table.widths else odf.A3),
        "settings.xml": odf.settings_xml(_workbook.COVER, {_workbook.REGISTER: (1, _workbook.HEADER + 1)}),
    }
    odf.write_archive(stream, small, _content_xml(table))


def _content_xml(table: Table) -> Iterator[str]:
    yield f'{odf.HEAD}<office:document-content {odf.DECLARED} office:version="1.2">'
    yield f"<office:automatic-styles>{_automatic_styles(table)}</office:automatic-styles>"
    yield f"<office:body><office:spreadsheet>{_validations_xml(table)}"
    yield from _plain_page(_workbook.COVER, _workbook.cover_lines(table), headings_down=True)
    yield from _register_xml(table)
    for page in table.extras:
        yield from odf.extra_sheet(page)
    yield from _plain_page(_workbook.COLUMNS, _workbook.explanation_lines(table), headings_down=False)
    yield _filter_xml(table)
    yield "</office:spreadsheet></office:body></office:document-content>"


def _automatic_styles(table: Table) -> str:
    widths = {
        *_workbook.WIDTHS,
        *odf.EXTRA_WIDTHS.values(),
        *(_workbook.column_width(each, table) for each in table.columns),
    }
    parts = [odf.width_style(width) for width in sorted(widths)]
    parts += [
        f'<style:style style:name="r{lines}" style:family="table-row"><style:table-row-properties '
        f'style:row-height="{lines * _LINE:.2f}cm" style:use-optimal-row-height="false"/></style:style>'
        for lines in (range(1, _workbook.MOST_SHOWN + 1) if table.widths else ())
    ]
    parts.append(odf.PLAIN_NUMBERS if table.is_plain else odf.NUMBER_STYLES)
    shade = f'<style:table-cell-properties fo:background-color="{_workbook.SHADE}"/>'
    bold = '<style:text-properties fo:font-weight="bold"/>'
    for letter, properties in (("e", shade), ("c", "")):
        for kind, data in (("text", "nt"), ("date", "nd"), ("money", "nm"), ("number", "nn")):
            of = properties if not table.widths else odf.with_wrap(properties)
            parts.append(odf.cell_style(f"{letter}{kind}", of, f' style:data-style-name="{data}"'))
    parts.append(odf.cell_style("hidden", "", ' style:data-style-name="nt"'))
    for letter, properties in (("e", shade), ("c", "")):
        parts.append(odf.cell_style(f"{letter}mark", odf.with_wrap(properties) + bold))
        parts.append(odf.cell_style(f"{letter}name", odf.with_wrap(properties) + _SMALL))
    parts.append(odf.cell_style("sum", odf.with_wrap("") + bold))
    parts.append(odf.cell_style("plain", ""))
    parts.append(odf.cell_style("title", '<style:text-properties fo:font-weight="bold" fo:font-size="14pt"/>'))
    parts.append(odf.cell_style("summoney", odf.with_wrap("") + bold, ' style:data-style-name="nm"'))
    parts.append(odf.cell_style("sumnumber", odf.with_wrap("") + bold, ' style:data-style-name="nn"'))
    wrap = odf.with_wrap("")
    parts += [odf.cell_style("bold", bold), odf.cell_style("wrap", wrap), odf.cell_style("head", wrap + bold)]
    parts.append(odf.cell_style("headright", wrap + odf.TO_THE_RIGHT + bold))
    return "".join(parts)


_LINE = 0.45
"""Height of a line of text in centimetres."""
_SMALL = '<style:text-properties fo:font-size="7pt"/>'


def _validations_xml(table: Table) -> str:
    """9.4.4: a list of values for each column that has one."""
    parts = []
    for place, column in enumerate(table.columns):
        if not (column.is_editable and column.choices):
            continue
        choices = [choice_in_words(column.name, each) for each in column.choices] if table.is_plain else column.choices
        listed = ";".join(f'"{choice}"' for choice in choices)
        condition = quoteattr(f"of:cell-content-is-in-list({listed})")
        parts.append(
            f'<table:content-validation table:name="v{place}" table:condition={condition} '
            f'table:allow-empty-cell="true" table:display-list="unsorted" '
            f'table:base-cell-address="{_workbook.REGISTER}.A1">'
            f'<table:help-message table:title={quoteattr(column.name)} table:display="true"><text:p>'
            f"{odf.escape_xml(column.what)}</text:p></table:help-message>"
            '<table:error-message table:message-type="stop" table:title="Not in the list" table:display="true"/>'
            "</table:content-validation>"
        )
    return f"<table:content-validations>{''.join(parts)}</table:content-validations>" if parts else ""


def _plain_page(name: str, lines: Sequence[Sequence[str]], *, headings_down: bool) -> Iterator[str]:
    yield f"<table:table table:name={quoteattr(name)}>"
    for width in _workbook.WIDTHS[: max(map(len, lines))]:
        yield f'<table:table-column table:style-name="w{width}"/>'
    for number, cells in enumerate(lines):
        yield "<table:table-row>"
        for place, text in enumerate(cells):
            heading = number == 0 or (headings_down and place == 0) or cells == _workbook.EXPLAINED
            yield odf.text_cell(text, "bold" if number == 0 else "head" if heading else "wrap")
        yield "</table:table-row>"
    yield "</table:table>"


def _register_xml(table: Table) -> Iterator[str]:
    columns = [_Column(place, column, table) for place, column in enumerate(table.columns)]
    yield f'<table:table table:name="{_workbook.REGISTER}">'
    for each in columns:
        hidden = ' table:visibility="collapse"' if each.column.name in table.hidden else ""
        look = f'table:style-name="w{each.width}" table:default-cell-style-name="{each.style}"'
        yield f"<table:table-column {look}{hidden}/>"
    yield f"<table:table-row>{odf.text_cell(table.title, 'title')}</table:table-row>"
    yield f"<table:table-row>{odf.text_cell(_workbook.SUBTITLE, 'plain')}</table:table-row>"
    headings = (odf.text_cell(each.column.heading, each.letter + "mark") for each in columns)
    yield f"<table:table-header-rows><table:table-row>{''.join(headings)}</table:table-row></table:table-header-rows>"
    marks = (odf.text_cell(_workbook.edit_mark(each.column), each.letter + "name") for each in columns)
    yield f"<table:table-row>{''.join(marks)}</table:table-row>"
    names = (odf.text_cell(each.column.name, each.letter + "name") for each in columns)
    yield f"<table:table-row>{''.join(names)}</table:table-row>"
    for cells in table.rows:
        yield f'<table:table-row table:style-name="r{_workbook.line_count(cells, table)}">' if table.widths else odf.ROW
        yield from _row_xml(columns, cells)
        yield "</table:table-row>"
    if table.totals:
        kinds = [each.column.kind for each in columns]
        sums = "".join(odf.typed_cell(text, kind, "sum") for text, kind in zip(table.totals, kinds, strict=True))
        yield (
            f'<table:table-row table:style-name="r2">{sums}</table:table-row>'
            if table.widths
            else f"{odf.ROW}{sums}{odf.ROW_END}"
        )
    yield "</table:table>"


def _row_xml(columns: Sequence[_Column], cells: Sequence[str]) -> Iterator[str]:
    """The XML of one row. Empty cells have their column's style, so that several can be written as one."""
    blank = 0
    for column, text in zip(columns, cells, strict=True):
        if not text and not column.is_limited:
            blank += 1
            continue
        if blank:
            yield f'<table:table-cell table:number-columns-repeated="{blank}"/>'
            blank = 0
        yield column.cell_xml(text)
    if blank:
        yield f'<table:table-cell table:number-columns-repeated="{blank}"/>'


class _Column:
    """How the cells of one column are written."""

    def __init__(self, place: int, column: Column, table: Table) -> None:
        self.column = column
        self.width = _workbook.column_width(column, table)
        self.letter = "e" if column.is_editable else "c"
        is_hidden = column.name in table.hidden
        self.style = "hidden" if is_hidden else self.letter + _NUMERIC.get(column.kind, "text")
        self.is_limited = column.is_editable and bool(column.choices)
        # The column's own style applies to all its cells, but a list of values must be named in each cell.
        validation = f' table:content-validation-name="v{place}"' if self.is_limited else ""
        self._start = f'<table:table-cell table:style-name="{self.style}"{validation}'
        self._empty = f"{self._start}/>"
        self._exact = {Kind.DATE: odf.DAY, Kind.MONEY: odf.AMOUNT, Kind.NUMBER: odf.AMOUNT}.get(column.kind)

    def cell_xml(self, text: str) -> str:
        if not text:
            return self._empty
        if self._exact is None or not self._exact.fullmatch(text):
            return f'{self._start} office:value-type="string">{odf.paragraphs_xml(text)}{odf.END}'
        kind = "date" if self.column.kind is Kind.DATE else "float"
        name = "date-value" if self.column.kind is Kind.DATE else "value"
        value = f'office:value-type="{kind}" office:{name}="{text}"'
        return f"{self._start} {value}><text:p>{text}</text:p>{odf.END}"


def _filter_xml(table: Table) -> str:
    """9.4.15: buttons above the columns, with which a person filters and sorts rows."""
    top = _workbook.HEADER + 1
    end = f"{_column_letters(len(table.columns))}{top + max(len(table.rows), 1)}"
    where = f"{_workbook.REGISTER}.A{top}:{_workbook.REGISTER}.{end}"
    return (  # LibreOffice's own name: with another one, it leaves out the buttons when it saves as .xlsx
        '<table:database-ranges><table:database-range table:name="__Anonymous_Sheet_DB__1" '
        f'table:target-range-address="{where}" table:display-filter-buttons="true" table:contains-header="true"/>'
        "</table:database-ranges>"
    )


def _column_letters(number: int) -> str:
    """The letters of a column: A for 1, AA for 27."""
    name = ""
    while number:
        number, place = divmod(number - 1, 26)
        name = chr(ord("A") + place) + name
    return name


def read_ods(content: bytes) -> list[Page]:
    """Read the worksheets of a spreadsheet. Raises UsageError."""
    return _workbook.read_workbook(content, "an OpenDocument spreadsheet (.ods)", _ods_reading.read_worksheets)


SHEET = Sheet("ods", ".ods", write_ods, read_ods)
