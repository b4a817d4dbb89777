"""The parts of every OpenDocument spreadsheet: the archive, its small files, cells, and pages beside a register.

The section numbers are those of OASIS Open Document Format 1.2, part 1.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from typing import BinaryIO
from xml.sax.saxutils import escape, quoteattr

from camscan.asset.columns import Kind
from camscan.cells import fit_for_xml
from camscan.sheets import Extra

MIME = "application/vnd.oasis.opendocument.spreadsheet"
SPACES = {
    "office": "urn:oasis:names:tc:opendocument:xmlns:office:1.0",
    "table": "urn:oasis:names:tc:opendocument:xmlns:table:1.0",
    "text": "urn:oasis:names:tc:opendocument:xmlns:text:1.0",
    "style": "urn:oasis:names:tc:opendocument:xmlns:style:1.0",
    "fo": "urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0",
    "number": "urn:oasis:names:tc:opendocument:xmlns:datastyle:1.0",
    "meta": "urn:oasis:names:tc:opendocument:xmlns:meta:1.0",
    "ooo": "http://openoffice.org/2004/office",  # the frozen header is stored in its views
    "config": "urn:oasis:names:tc:opendocument:xmlns:config:1.0",
    "dc": "http://purl.org/dc/elements/1.1/",
    "of": "urn:oasis:names:tc:opendocument:xmlns:of:1.2",
    "manifest": "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0",
}
DECLARED = " ".join(f'xmlns:{name}="{uri}"' for name, uri in SPACES.items() if name != "manifest")
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
END = "</table:table-cell>"
_RUN_OF_SPACES = re.compile("(?<= ) +|^ +")
DAY = re.compile(r"\d{4}-\d\d-\d\d")
AMOUNT = re.compile(r"\d+(?:\.\d+)?")
NUMBER_STYLES = (
    '<number:date-style style:name="nd"><number:year number:style="long"/><number:text>-</number:text>'
    '<number:month number:style="long"/><number:text>-</number:text><number:day number:style="long"/>'
    "</number:date-style>"
    '<number:number-style style:name="nm"><number:number number:decimal-places="2" number:min-integer-digits="1"/>'
    "</number:number-style>"
    '<number:number-style style:name="nn"><number:number number:decimal-places="0" number:min-integer-digits="1"/>'
    "</number:number-style>"
    '<number:text-style style:name="nt"><number:text-content/></number:text-style>'
)
"""Dates as ISO 8601, pounds and pence, whole numbers, and text that stays text whatever a person types."""
PLAIN_NUMBERS = NUMBER_STYLES.replace(
    '<number:year number:style="long"/><number:text>-</number:text><number:month number:style="long"/>'
    '<number:text>-</number:text><number:day number:style="long"/>',
    '<number:day/><number:text> </number:text><number:month number:textual="true"/><number:text> </number:text>'
    '<number:year number:style="long"/>',
).replace('number:decimal-places="2"', 'number:decimal-places="2" number:grouping="true"')
"""The same styles for reading: 31 Mar 2027, 1,250.00."""
_BLOCK = 1 << 16
"""Characters that are passed to the compressor at a time."""
A4_TO_WIDTH = 'fo:page-width="29.7cm" fo:page-height="21cm" fo:margin="1cm" style:scale-to-X="1" style:scale-to-Y="0"'
A3 = 'fo:page-width="42cm" fo:page-height="29.7cm"'
"""A table that is not made for printing has too many columns for one page's width."""
ROW, ROW_END = "<table:table-row>", "</table:table-row>"
_RIGHT = frozenset({Kind.MONEY, Kind.NUMBER})
TO_THE_RIGHT = '<style:paragraph-properties fo:text-align="end"/>'
EXTRA_WIDTHS = {Kind.TEXT: 28, Kind.MONEY: 16, Kind.NUMBER: 14, Kind.DATE: 16}


def write_archive(stream: BinaryIO, parts: Mapping[str, str], content: Iterable[str]) -> None:
    """Write the whole file: its small parts by name, and ``content.xml`` piece by piece."""
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr(_zip_entry("mimetype", zipfile.ZIP_STORED), MIME)  # 3.3: first, and not compressed
        archive.writestr(_zip_entry("META-INF/manifest.xml"), _manifest_xml(["content.xml", *parts]))
        for name, text in parts.items():
            archive.writestr(_zip_entry(name), text)
        with archive.open(_zip_entry("content.xml"), "w", force_zip64=True) as part:
            waiting = io.StringIO()
            for text in content:
                waiting.write(text)
                if waiting.tell() > _BLOCK:
                    part.write(waiting.getvalue().encode())
                    waiting = io.StringIO()
            part.write(waiting.getvalue().encode())


def _zip_entry(name: str, how: int = zipfile.ZIP_DEFLATED) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, (2000, 1, 1, 0, 0, 0))  # the same register gives the same bytes
    entry.compress_type = how
    return entry


def _manifest_xml(names: Iterable[str]) -> str:
    files = {"/": MIME, **dict.fromkeys(names, "text/xml")}
    entries = "".join(
        f'<manifest:file-entry manifest:full-path="{name}" manifest:media-type="{kind}"/>'
        for name, kind in files.items()
    )
    space = SPACES["manifest"]
    return f'{HEAD}<manifest:manifest xmlns:manifest="{space}" manifest:version="1.2">{entries}</manifest:manifest>'


def meta_xml(title: str, subject: str, more: str = "") -> str:
    """The properties of the document: its title and marking, and nothing about the person who made it."""
    return (
        f'{HEAD}<office:document-meta {DECLARED} office:version="1.2"><office:meta>'
        f"<meta:generator>camscan</meta:generator><dc:title>{escape_xml(title)}</dc:title>"
        f"<dc:subject>{escape_xml(subject)}</dc:subject><dc:language>en-GB</dc:language>"
        f"{more}</office:meta></office:document-meta>"
    )


def styles_xml(marking: str, layout: str) -> str:
    """The layout of a page: landscape, with the marking and the page number at its foot; ``layout`` is its size."""
    return (
        f'{HEAD}<office:document-styles {DECLARED} office:version="1.2"><office:styles>'
        '<style:default-style style:family="table-cell"><style:text-properties fo:language="en" fo:country="GB" '
        'fo:font-size="10pt"/></style:default-style>'
        '<style:style style:name="Default" style:family="table-cell"/></office:styles>'
        '<office:automatic-styles><style:page-layout style:name="page"><style:page-layout-properties '
        'style:print-orientation="landscape" '
        f"{layout}/>"
        '<style:footer-style><style:header-footer-properties fo:min-height="0.75cm" fo:margin-top="0.25cm"/>'
        "</style:footer-style></style:page-layout>"
        '</office:automatic-styles><office:master-styles><style:master-page style:name="Default" '
        f'style:page-layout-name="page"><style:footer><text:p>{escape_xml(marking)}'
        '<text:s text:c="4"/><text:page-number>1</text:page-number> / <text:page-count>1</text:page-count>'
        "</text:p></style:footer>"
        "</style:master-page></office:master-styles></office:document-styles>"
    )


def cell_style(name: str, properties: str, more: str = "") -> str:
    """The style of a cell, by its name."""
    return (
        f'<style:style style:name="{name}" style:family="table-cell" style:parent-style-name="Default"{more}>'
        f"{properties}</style:style>"
    )


def width_style(characters: int) -> str:
    """The style of a column with this width in characters: ``w28``."""
    return (
        f'<style:style style:name="w{characters}" style:family="table-column"><style:table-column-properties '
        f'style:column-width="{characters * 0.2:.1f}cm"/></style:style>'
    )


def with_wrap(properties: str) -> str:
    """Cell properties with wrapped texts; a style has one such element."""
    wrapped = 'fo:wrap-option="wrap" style:vertical-align="top"'
    begin = "<style:table-cell-properties"
    return properties.replace(begin, f"{begin} {wrapped}") if properties else f"{begin} {wrapped}/>"


def typed_cell(text: str, kind: Kind, style: str) -> str:
    """A cell of a sum, or of a page beside the register: a number or a date if the text is one."""
    if not text:
        return f'<table:table-cell table:style-name="{style}"/>'
    if kind is Kind.DATE and DAY.fullmatch(text):
        value = f'office:value-type="date" office:date-value="{text}"'
    elif kind in {Kind.MONEY, Kind.NUMBER} and AMOUNT.fullmatch(text):
        value = f'office:value-type="float" office:value="{text}"'
    else:  # such as "not known", which replaces the number
        return text_cell(text, f"{style}{kind}" if kind in {Kind.MONEY, Kind.NUMBER} else style)
    return f'<table:table-cell table:style-name="{style}{kind}" {value}><text:p>{text}</text:p>{END}'


def extra_sheet(page: Extra) -> Iterator[str]:
    """A page beside the register: its title is in the first cell, and printed pages repeat its headings."""
    yield f"<table:table table:name={quoteattr(page.name)}>"
    for kind, width in zip(page.kinds, page.widths or (None,) * len(page.kinds), strict=True):
        yield f'<table:table-column table:style-name="w{width or EXTRA_WIDTHS[kind]}"/>'
    yield f"<table:table-row>{text_cell(page.title, 'title')}</table:table-row>"
    if page.headings:
        heads = zip(page.headings, page.kinds, strict=True)
        cells = "".join(text_cell(text, "headright" if kind in _RIGHT else "head") for text, kind in heads)
        yield f"<table:table-header-rows><table:table-row>{cells}</table:table-row></table:table-header-rows>"
    for place, row in enumerate(page.rows):
        style = "sum" if place in page.bold else "c"
        cells = "".join(
            typed_cell(text, kind, style if style == "sum" or kind is not Kind.TEXT else "ctext")
            for text, kind in zip(row, page.kinds, strict=True)
        )
        yield f"<table:table-row>{cells}</table:table-row>"
    yield "</table:table>"


def text_cell(text: str, style: str) -> str:
    """A cell that holds text."""
    return f'<table:table-cell table:style-name="{style}" office:value-type="string">{paragraphs_xml(text)}{END}'


def paragraphs_xml(text: str) -> str:
    """The lines of a cell as XML; runs of spaces are kept."""
    if "  " not in text and "\n" not in text and text[:1] != " ":  # nearly every cell
        return f"<text:p>{escape_xml(text)}</text:p>"
    return "".join(f"<text:p>{_RUN_OF_SPACES.sub(_spaces_xml, escape_xml(line))}</text:p>" for line in text.split("\n"))


def _spaces_xml(found: re.Match[str]) -> str:
    """6.1.3: a run of spaces is written as one space and a count."""
    return f'<text:s text:c="{len(found[0])}"/>'


def escape_xml(text: str) -> str:
    """The text as XML holds it."""
    return escape(fit_for_xml(text))


def settings_xml(active: str, frozen: Mapping[str, tuple[int, int]]) -> str:
    """The settings of the views: which worksheet is open, and how many columns and rows of each one are frozen."""
    views = "".join(
        f"<config:config-item-map-entry config:name={quoteattr(name)}>{_freeze_panes(*at)}"
        "</config:config-item-map-entry>"
        for name, at in frozen.items()
    )
    return (
        f'{HEAD}<office:document-settings {DECLARED} office:version="1.2"><office:settings>'
        '<config:config-item-set config:name="ooo:view-settings"><config:config-item-map-indexed config:name="Views">'
        f"<config:config-item-map-entry>{_config_item('ViewId', 'string', 'view1')}"
        f'<config:config-item-map-named config:name="Tables">{views}</config:config-item-map-named>'
        f"{_config_item('ActiveTable', 'string', escape_xml(active))}"
        "</config:config-item-map-entry></config:config-item-map-indexed></config:config-item-set>"
        "</office:settings></office:document-settings>"
    )


def _freeze_panes(columns: int, rows: int) -> str:
    return "".join(
        (
            _config_item("HorizontalSplitMode", "short", 2),
            _config_item("VerticalSplitMode", "short", 2),
            _config_item("HorizontalSplitPosition", "int", columns),
            _config_item("VerticalSplitPosition", "int", rows),
            _config_item("ActiveSplitRange", "short", 3),
            _config_item("PositionRight", "int", columns),
            _config_item("PositionBottom", "int", rows),
        )
    )


def _config_item(name: str, kind: str, value: object) -> str:
    return f'<config:config-item config:name="{name}" config:type="{kind}">{value}</config:config-item>'
