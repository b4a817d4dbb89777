"""OpenDocument spreadsheets, ODF 1.2 (the format that GOV.UK asks for): written here, read with lxml.

The libraries that write ODS build the whole document in memory and are 20 to 30 times slower; what is needed of the
format is a page of XML. Sections named are those of OASIS Open Document Format 1.2, part 1.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from typing import BinaryIO
from xml.sax.saxutils import escape, quoteattr

from camscan.asset.columns import Column, Kind, in_words
from camscan.cells import fit_for_xml
from camscan.sheets import Extra, Page, Sheet, Table
from camscan.sheets.formats import _ods_reading, _workbook

_MIME = "application/vnd.oasis.opendocument.spreadsheet"
_SPACES = {
    "office": "urn:oasis:names:tc:opendocument:xmlns:office:1.0",
    "table": "urn:oasis:names:tc:opendocument:xmlns:table:1.0",
    "text": "urn:oasis:names:tc:opendocument:xmlns:text:1.0",
    "style": "urn:oasis:names:tc:opendocument:xmlns:style:1.0",
    "fo": "urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0",
    "number": "urn:oasis:names:tc:opendocument:xmlns:datastyle:1.0",
    "meta": "urn:oasis:names:tc:opendocument:xmlns:meta:1.0",
    "ooo": "http://openoffice.org/2004/office",  # in whose views the frozen header is told
    "config": "urn:oasis:names:tc:opendocument:xmlns:config:1.0",
    "dc": "http://purl.org/dc/elements/1.1/",
    "of": "urn:oasis:names:tc:opendocument:xmlns:of:1.2",
    "manifest": "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0",
}
_DECLARED = " ".join(f'xmlns:{name}="{uri}"' for name, uri in _SPACES.items() if name != "manifest")
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_END = "</table:table-cell>"
_RUN_OF_SPACES = re.compile("(?<= ) +|^ +")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_AMOUNT = re.compile(r"\d+(?:\.\d+)?")
_NUMBER_STYLES = (
    '<number:date-style style:name="nd"><number:year number:style="long"/><number:text>-</number:text>'
    '<number:month number:style="long"/><number:text>-</number:text><number:day number:style="long"/>'
    "</number:date-style>"
    '<number:number-style style:name="nm"><number:number number:decimal-places="2" number:min-integer-digits="1"/>'
    "</number:number-style>"
    '<number:number-style style:name="nn"><number:number number:decimal-places="0" number:min-integer-digits="1"/>'
    "</number:number-style>"
    '<number:text-style style:name="nt"><number:text-content/></number:text-style>'
)
"""Dates as ISO 8601, pounds and pence, whole numbers, and text that stays text whatever is typed."""
_PLAIN_NUMBERS = _NUMBER_STYLES.replace(
    '<number:year number:style="long"/><number:text>-</number:text><number:month number:style="long"/>'
    '<number:text>-</number:text><number:day number:style="long"/>',
    '<number:day/><number:text> </number:text><number:month number:textual="true"/><number:text> </number:text>'
    '<number:year number:style="long"/>',
).replace('number:decimal-places="2"', 'number:decimal-places="2" number:grouping="true"')
"""The same for people: 31 Mar 2027, 1,250.00."""
_BLOCK = 1 << 16
"""Characters that are handed to the compressor at a time."""
_NUMERIC = {Kind.DATE: "date", Kind.MONEY: "money", Kind.NUMBER: "number"}


def write(table: Table, stream: BinaryIO) -> None:
    """Write the cover, the register, and the explanation of its columns."""
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr(_entry("mimetype", zipfile.ZIP_STORED), _MIME)  # 3.3: first, and not compressed
        for name, content in (
            ("META-INF/manifest.xml", _manifest()),
            ("meta.xml", _meta(table)),
            ("styles.xml", _styles(table)),
            ("settings.xml", _settings()),
        ):
            archive.writestr(_entry(name), content)
        with archive.open(_entry("content.xml"), "w", force_zip64=True) as part:
            waiting = io.StringIO()
            for text in _content(table):
                waiting.write(text)
                if waiting.tell() > _BLOCK:
                    part.write(waiting.getvalue().encode())
                    waiting = io.StringIO()
            part.write(waiting.getvalue().encode())


def _entry(name: str, how: int = zipfile.ZIP_DEFLATED) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, (2000, 1, 1, 0, 0, 0))  # the same register gives the same bytes
    entry.compress_type = how
    return entry


def _manifest() -> str:
    files = {"/": _MIME, **dict.fromkeys(("content.xml", "styles.xml", "meta.xml", "settings.xml"), "text/xml")}
    entries = "".join(
        f'<manifest:file-entry manifest:full-path="{name}" manifest:media-type="{kind}"/>'
        for name, kind in files.items()
    )
    space = _SPACES["manifest"]
    return f'{_HEAD}<manifest:manifest xmlns:manifest="{space}" manifest:version="1.2">{entries}</manifest:manifest>'


def _meta(table: Table) -> str:
    name, version = _workbook.EDITION
    return (
        f'{_HEAD}<office:document-meta {_DECLARED} office:version="1.2"><office:meta>'
        f"<meta:generator>camscan</meta:generator><dc:title>{_xml(table.title)}</dc:title>"
        f"<dc:subject>{_xml(table.about[0][1])}</dc:subject><dc:language>en-GB</dc:language>"
        f'<meta:user-defined meta:name="{name}" meta:value-type="float">{version}</meta:user-defined>'
        "</office:meta></office:document-meta>"
    )


def _styles(table: Table) -> str:
    return (
        f'{_HEAD}<office:document-styles {_DECLARED} office:version="1.2"><office:styles>'
        '<style:default-style style:family="table-cell"><style:text-properties fo:language="en" fo:country="GB" '
        'fo:font-size="10pt"/></style:default-style>'
        '<style:style style:name="Default" style:family="table-cell"/></office:styles>'
        '<office:automatic-styles><style:page-layout style:name="page"><style:page-layout-properties '
        'style:print-orientation="landscape" '
        f"{_A4_TO_WIDTH if table.widths else _A3}/>"
        '<style:footer-style><style:header-footer-properties fo:min-height="0.75cm" fo:margin-top="0.25cm"/>'
        "</style:footer-style></style:page-layout>"
        '</office:automatic-styles><office:master-styles><style:master-page style:name="Default" '
        f'style:page-layout-name="page"><style:footer><text:p>{_xml(_workbook.marking(table))}'
        '<text:s text:c="4"/><text:page-number>1</text:page-number> / <text:page-count>1</text:page-count>'
        "</text:p></style:footer>"
        "</style:master-page></office:master-styles></office:document-styles>"
    )


def _settings() -> str:
    """The header and the first column stay in sight."""

    def item(name: str, kind: str, value: object) -> str:
        return f'<config:config-item config:name="{name}" config:type="{kind}">{value}</config:config-item>'

    below = _workbook.HEADER + 1
    frozen = "".join(
        (
            item("HorizontalSplitMode", "short", 2),
            item("VerticalSplitMode", "short", 2),
            item("HorizontalSplitPosition", "int", 1),
            item("VerticalSplitPosition", "int", below),
            item("ActiveSplitRange", "short", 3),
            item("PositionRight", "int", 1),
            item("PositionBottom", "int", below),
        )
    )
    return (
        f'{_HEAD}<office:document-settings {_DECLARED} office:version="1.2"><office:settings>'
        '<config:config-item-set config:name="ooo:view-settings"><config:config-item-map-indexed config:name="Views">'
        f"<config:config-item-map-entry>{item('ViewId', 'string', 'view1')}"
        '<config:config-item-map-named config:name="Tables">'
        f'<config:config-item-map-entry config:name="{_workbook.REGISTER}">{frozen}</config:config-item-map-entry>'
        f"</config:config-item-map-named>{item('ActiveTable', 'string', _workbook.COVER)}"
        "</config:config-item-map-entry></config:config-item-map-indexed></config:config-item-set>"
        "</office:settings></office:document-settings>"
    )


def _content(table: Table) -> Iterator[str]:
    yield f'{_HEAD}<office:document-content {_DECLARED} office:version="1.2">'
    yield f"<office:automatic-styles>{_automatic_styles(table)}</office:automatic-styles>"
    yield f"<office:body><office:spreadsheet>{_validations(table)}"
    yield from _plain_page(_workbook.COVER, _workbook.cover(table), headings_down=True)
    yield from _register(table)
    for extra in table.extras:
        yield from _extra(extra)
    yield from _plain_page(_workbook.COLUMNS, _workbook.explained(table), headings_down=False)
    yield _filter(table)
    yield "</office:spreadsheet></office:body></office:document-content>"


def _automatic_styles(table: Table) -> str:
    widths = {*_workbook.WIDTHS, *_EXTRA_WIDTHS.values(), *(_workbook.width(each, table) for each in table.columns)}
    parts = [
        f'<style:style style:name="w{width}" style:family="table-column"><style:table-column-properties '
        f'style:column-width="{width * 0.2:.1f}cm"/></style:style>'
        for width in sorted(widths)
    ]
    parts += [
        f'<style:style style:name="r{lines}" style:family="table-row"><style:table-row-properties '
        f'style:row-height="{lines * _LINE:.2f}cm" style:use-optimal-row-height="false"/></style:style>'
        for lines in (range(1, _workbook.MOST_SHOWN + 1) if table.widths else ())
    ]
    parts.append(_PLAIN_NUMBERS if table.is_plain else _NUMBER_STYLES)
    shade = f'<style:table-cell-properties fo:background-color="{_workbook.SHADE}"/>'
    bold = '<style:text-properties fo:font-weight="bold"/>'
    for letter, properties in (("e", shade), ("c", "")):
        for kind, data in (("text", "nt"), ("date", "nd"), ("money", "nm"), ("number", "nn")):
            of = properties if not table.widths else _with_wrap(properties)
            parts.append(_cell_style(f"{letter}{kind}", of, f' style:data-style-name="{data}"'))
    parts.append(_cell_style("hidden", "", ' style:data-style-name="nt"'))
    for letter, properties in (("e", shade), ("c", "")):
        parts.append(_cell_style(f"{letter}mark", _with_wrap(properties) + bold))
        parts.append(_cell_style(f"{letter}name", _with_wrap(properties) + _SMALL))
    parts.append(_cell_style("sum", _with_wrap("") + bold))
    parts.append(_cell_style("plain", ""))
    parts.append(_cell_style("title", '<style:text-properties fo:font-weight="bold" fo:font-size="14pt"/>'))
    parts.append(_cell_style("summoney", _with_wrap("") + bold, ' style:data-style-name="nm"'))
    parts.append(_cell_style("sumnumber", _with_wrap("") + bold, ' style:data-style-name="nn"'))
    wrap = _with_wrap("")
    parts += [_cell_style("bold", bold), _cell_style("wrap", wrap), _cell_style("head", wrap + bold)]
    return "".join(parts)


def _cell_style(name: str, properties: str, more: str = "") -> str:
    return (
        f'<style:style style:name="{name}" style:family="table-cell" style:parent-style-name="Default"{more}>'
        f"{properties}</style:style>"
    )


_A4_TO_WIDTH = 'fo:page-width="29.7cm" fo:page-height="21cm" fo:margin="1cm" style:scale-to-X="1" style:scale-to-Y="0"'
_A3 = 'fo:page-width="42cm" fo:page-height="29.7cm"'
"""What is not made to be printed has too many columns for one page's width."""
_ROW, _ROW_END = "<table:table-row>", "</table:table-row>"
_LINE = 0.45
"""Centimetres that a line of text is high."""
_SMALL = '<style:text-properties fo:font-size="7pt"/>'
_EXTRA_WIDTHS = {Kind.TEXT: 28, Kind.MONEY: 16, Kind.NUMBER: 14}


def _with_wrap(properties: str) -> str:
    """Cell properties with texts wrapped; there is one such element for each style."""
    wrapped = 'fo:wrap-option="wrap" style:vertical-align="top"'
    begin = "<style:table-cell-properties"
    return properties.replace(begin, f"{begin} {wrapped}") if properties else f"{begin} {wrapped}/>"


def _validations(table: Table) -> str:
    """9.4.4: a list of values for each column that has one."""
    parts = []
    for place, column in enumerate(table.columns):
        if not (column.is_editable and column.choices):
            continue
        choices = map(in_words, column.choices) if table.is_plain else column.choices
        listed = ";".join(f'"{choice}"' for choice in choices)
        condition = quoteattr(f"of:cell-content-is-in-list({listed})")
        parts.append(
            f'<table:content-validation table:name="v{place}" table:condition={condition} '
            f'table:allow-empty-cell="true" table:display-list="unsorted" '
            f'table:base-cell-address="{_workbook.REGISTER}.A1">'
            f'<table:help-message table:title={quoteattr(column.name)} table:display="true"><text:p>{_xml(column.what)}'
            "</text:p></table:help-message>"
            '<table:error-message table:message-type="stop" table:title="None of the list" table:display="true"/>'
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
            yield _text_cell(text, "bold" if number == 0 else "head" if heading else "wrap")
        yield "</table:table-row>"
    yield "</table:table>"


def _register(table: Table) -> Iterator[str]:
    columns = [_Column(place, column, table) for place, column in enumerate(table.columns)]
    yield f'<table:table table:name="{_workbook.REGISTER}">'
    for each in columns:
        hidden = ' table:visibility="collapse"' if each.column.name in table.hidden else ""
        look = f'table:style-name="w{each.width}" table:default-cell-style-name="{each.style}"'
        yield f"<table:table-column {look}{hidden}/>"
    yield f"<table:table-row>{_text_cell(table.title, 'title')}</table:table-row>"
    yield f"<table:table-row>{_text_cell(_workbook.SUBTITLE, 'plain')}</table:table-row>"
    headings = (_text_cell(each.column.heading, each.letter + "mark") for each in columns)
    yield f"<table:table-header-rows><table:table-row>{''.join(headings)}</table:table-row></table:table-header-rows>"
    marks = (_text_cell(_workbook.mark(each.column), each.letter + "name") for each in columns)
    yield f"<table:table-row>{''.join(marks)}</table:table-row>"
    names = (_text_cell(each.column.name, each.letter + "name") for each in columns)
    yield f"<table:table-row>{''.join(names)}</table:table-row>"
    for cells in table.rows:
        yield f'<table:table-row table:style-name="r{_workbook.lines_of(cells, table)}">' if table.widths else _ROW
        yield from _cells(columns, cells)
        yield "</table:table-row>"
    if table.totals:
        kinds = [each.column.kind for each in columns]
        sums = "".join(_typed(text, kind, "sum") for text, kind in zip(table.totals, kinds, strict=True))
        yield (
            f'<table:table-row table:style-name="r2">{sums}</table:table-row>'
            if table.widths
            else f"{_ROW}{sums}{_ROW_END}"
        )
    yield "</table:table>"


def _typed(text: str, kind: Kind, style: str) -> str:
    """A cell of a sum or of a page beside the register: a number where it is one."""
    if not text:
        return f'<table:table-cell table:style-name="{style}"/>'
    if kind not in {Kind.MONEY, Kind.NUMBER} or not _AMOUNT.fullmatch(text):
        return _text_cell(text, style)
    value = f'office:value-type="float" office:value="{text}"'
    return f'<table:table-cell table:style-name="{style}{kind}" {value}><text:p>{text}</text:p>{_END}'


def _extra(extra: Extra) -> Iterator[str]:
    """A page beside the register."""
    yield f"<table:table table:name={quoteattr(extra.name)}>"
    for kind in extra.kinds:
        yield f'<table:table-column table:style-name="w{_EXTRA_WIDTHS[kind]}"/>'
    yield f"<table:table-row>{_text_cell(extra.title, 'title')}</table:table-row>"
    cells = "".join(_text_cell(heading, "head") for heading in extra.headings)
    yield f"<table:table-header-rows><table:table-row>{cells}</table:table-row></table:table-header-rows>"
    for place, row in enumerate(extra.rows):
        style = "sum" if place in extra.bold else "c"
        typed = (
            _typed(text, kind, style if style == "sum" or kind is not Kind.TEXT else "ctext")
            for text, kind in zip(row, extra.kinds, strict=True)
        )
        yield f"<table:table-row>{''.join(typed)}</table:table-row>"
    yield "</table:table>"


def _cells(columns: Sequence[_Column], cells: Sequence[str]) -> Iterator[str]:
    """One row. Empty cells have their column's style, so that several are written as one."""
    blank = 0
    for column, text in zip(columns, cells, strict=True):
        if not text and not column.is_limited:
            blank += 1
            continue
        if blank:
            yield f'<table:table-cell table:number-columns-repeated="{blank}"/>'
            blank = 0
        yield column.cell(text)
    if blank:
        yield f'<table:table-cell table:number-columns-repeated="{blank}"/>'


class _Column:
    """How the cells of one column are written."""

    def __init__(self, place: int, column: Column, table: Table) -> None:
        self.column = column
        self.width = _workbook.width(column, table)
        self.letter = "e" if column.is_editable else "c"
        is_hidden = column.name in table.hidden
        self.style = "hidden" if is_hidden else self.letter + _NUMERIC.get(column.kind, "text")
        self.is_limited = column.is_editable and bool(column.choices)
        # The column's own style holds for every cell of it; a list of values must be said of each.
        validation = f' table:content-validation-name="v{place}"' if self.is_limited else ""
        self._start = f'<table:table-cell table:style-name="{self.style}"{validation}'
        self._empty = f"{self._start}/>"
        self._exact = {Kind.DATE: _DAY, Kind.MONEY: _AMOUNT, Kind.NUMBER: _AMOUNT}.get(column.kind)

    def cell(self, text: str) -> str:
        if not text:
            return self._empty
        if self._exact is None or not self._exact.fullmatch(text):
            return f'{self._start} office:value-type="string">{_paragraphs(text)}{_END}'
        kind = "date" if self.column.kind is Kind.DATE else "float"
        name = "date-value" if self.column.kind is Kind.DATE else "value"
        value = f'office:value-type="{kind}" office:{name}="{text}"'
        return f"{self._start} {value}><text:p>{text}</text:p>{_END}"


def _text_cell(text: str, style: str) -> str:
    return f'<table:table-cell table:style-name="{style}" office:value-type="string">{_paragraphs(text)}{_END}'


def _paragraphs(text: str) -> str:
    if "  " not in text and "\n" not in text and text[:1] != " ":  # nearly every cell
        return f"<text:p>{_xml(text)}</text:p>"
    return "".join(f"<text:p>{_RUN_OF_SPACES.sub(_spaces, _xml(line))}</text:p>" for line in text.split("\n"))


def _spaces(found: re.Match[str]) -> str:
    """6.1.3: a run of spaces is written as one and a count."""
    return f'<text:s text:c="{len(found[0])}"/>'


def _xml(text: str) -> str:
    return escape(fit_for_xml(text))


def _filter(table: Table) -> str:
    """9.4.15: buttons above the columns, by which rows are picked and sorted."""
    top = _workbook.HEADER + 1
    end = f"{_letters(len(table.columns))}{top + max(len(table.rows), 1)}"
    where = f"{_workbook.REGISTER}.A{top}:{_workbook.REGISTER}.{end}"
    return (  # a name as LibreOffice gives: with another it keeps the buttons to itself when it saves as .xlsx
        '<table:database-ranges><table:database-range table:name="__Anonymous_Sheet_DB__1" '
        f'table:target-range-address="{where}" table:display-filter-buttons="true" table:contains-header="true"/>'
        "</table:database-ranges>"
    )


def _letters(number: int) -> str:
    """The name of a column: 1 is A, 27 is AA."""
    name = ""
    while number:
        number, place = divmod(number - 1, 26)
        name = chr(ord("A") + place) + name
    return name


def read(content: bytes) -> list[Page]:
    """The worksheets of a spreadsheet."""
    return _workbook.read(content, "an OpenDocument spreadsheet (.ods)", _ods_reading.read)


SHEET = Sheet("ods", ".ods", write, read)
