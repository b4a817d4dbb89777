"""What other programs write into workbooks that ours do not: read as a person would have typed it."""

from __future__ import annotations

import io
import zipfile

import pytest

from camscan.errors import UsageError
from camscan.sheets import Merged, Page
from camscan.sheets.faulty_cells import NO_RESULT
from camscan.sheets.formats import _workbook, csv, ods, xlsx

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
STYLES = (
    '<numFmts><numFmt numFmtId="164" formatCode="dd\\/mm\\/yyyy"/><numFmt numFmtId="165" '
    'formatCode="&quot;day &quot;0.00;[Red]0"/></numFmts>'
    '<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="165"/></cellXfs>'
)


def archive(parts: dict[str, str]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as made:
        for name, text in parts.items():
            made.writestr(name, text)
    return stream.getvalue()


def excel(
    rows: str, *, shared: str = "", of: str = "", main: str = MAIN, after: str = "", state: str = "visible"
) -> list[Page]:
    """A workbook of one sheet with these rows."""

    def link(name: str, kind: str, target: str) -> str:
        return f'<Relationship Id="{name}" Type="{RELATIONS}/{kind}" Target="{target}"/>'

    links = link("s", "sharedStrings", "/xl/sharedStrings.xml") + link("y", "styles", "styles.xml")
    parts = {
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}">{link("a", "officeDocument", "xl/workbook.xml")}'
        "</Relationships>",
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{RELATIONS}">{of}<sheets>'
        f'<sheet name="A sheet" r:id="w" state="{state}"/><sheet name="A chart" r:id="c"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}">{links}'
        f"{link('w', 'worksheet', 'worksheets/x.xml')}{link('c', 'chartsheet', 'c.xml')}</Relationships>",
        "xl/sharedStrings.xml": f'<sst xmlns="{main}" count="99999999999" uniqueCount="-1">{shared}</sst>',
        "xl/styles.xml": f'<styleSheet xmlns="{main}">{STYLES}</styleSheet>',
        "xl/worksheets/x.xml": f'<worksheet xmlns="{main}"><dimension ref="A1:XFD1048576"/><sheetData>{rows}'
        f"</sheetData>{after}</worksheet>",
    }
    return xlsx.SHEET.read(archive(parts))


def opendocument(table: str, *, styles: str = "") -> list[Page]:
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "table", "text", "style")
    )
    content = (
        f"<office:document-content {spaces}><office:automatic-styles>{styles}</office:automatic-styles><office:body>"
        f"<office:spreadsheet>{table}"
    )
    return ods.SHEET.read(
        archive({"content.xml": f"{content}</office:spreadsheet></office:body></office:document-content>"})
    )


@pytest.mark.parametrize("main", [MAIN, STRICT])
@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("<c><v>1250</v></c>", "1250"),
        ("<c><v>1250.5</v></c>", "1250.5"),
        ("<c><v>1.1000000000000001</v></c>", "1.1"),
        ("<c><v>1E+16</v></c>", "1.00000000000000E+16"),
        ('<c s="1"><v>46477</v></c>', "2027-03-31"),
        ('<c s="2"><v>46477</v></c>', "2027-03-31"),
        ('<c s="1"><v>46477.5</v></c>', "2027-03-31 12:00:00"),
        ('<c s="3"><v>46477</v></c>', "46477"),
        ('<c t="b"><v>1</v></c>', "yes"),
        ('<c t="b"><v>0</v></c>', "no"),
        ('<c t="s"><v>0</v></c>', "plain and bold"),
        ('<c t="s"><v>1</v></c>', "'tis\nso"),
        ('<c t="str"><f>1+1</f><v>_x0041_</v></c>', "A"),
        ('<c t="e"><v>#REF!</v></c>', "#REF!"),
        ("<c><f>A1*2</f><v></v></c>", NO_RESULT),
        ('<c t="inlineStr"><is><t>_x005F_x000D_</t></is></c>', "_x000D_"),
        ('<c t="inlineStr"><is><t>&apos;=1</t></is></c>', "=1"),
    ],
)
def test_cells_of_excel(cell: str, text: str, main: str) -> None:
    shared = (
        "<si><r><t>plain</t></r><r><t xml:space='preserve'> and bold</t></r><rPh><t>noise</t></rPh></si>"
        "<si><t>'tis\nso</t></si>"
    )
    (page,) = excel(f"<row>{cell}</row>", shared=shared, main=main)
    assert page.name == "A sheet"
    assert [line.cells for line in page.lines] == [(text,)]


def test_rows_and_cells_that_are_not_there() -> None:
    (page,) = excel('<row r="3"><c r="C3"><v>1</v></c><c><v>2</v></c><c r="F3"/></row><row/><row><c><v>3</v></c></row>')
    assert [(line.number, line.cells) for line in page.lines] == [(3, ("", "", "1", "2")), (5, ("3",))]


def test_a_workbook_that_counts_from_1904() -> None:
    (page,) = excel('<row><c s="1"><v>45015</v></c></row>', of='<workbookPr date1904="1"/>')
    assert page.lines[0].cells == ("2027-03-31",)


@pytest.mark.parametrize(
    "row",
    [
        '<row><c t="s"><v>7</v></c></row>',
        "<row><c><v>many</v></c></row>",
        "<row><c><v>1e999</v></c></row>",
        '<row><c s="1"><v>1e99</v></c></row>',
        '<row r="x"><c><v>1</v></c></row>',
        "<row><c>",
    ],
)
def test_what_is_damaged_is_one_line(row: str) -> None:
    with pytest.raises(UsageError, match=r"^[^\n]+$"):
        excel(row)


TEXT = 'office:value-type="string"'


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (
            f"<table:table-cell {TEXT}><text:p>a<text:s text:c='2'/>b<text:tab/>c<text:line-break/>d</text:p>",
            "a  b\tc\nd",
        ),
        (
            f"<table:table-cell {TEXT}><text:p>one <text:span>two</text:span> three</text:p><text:p>four</text:p>",
            "one two three\nfour",
        ),
        (
            f"<table:table-cell {TEXT}><office:annotation><text:p>note</text:p></office:annotation><text:p>x</text:p>",
            "x",
        ),
        (f"<table:table-cell {TEXT} office:string-value='exact'><text:p>shown</text:p>", "exact"),
        ("<table:table-cell office:value-type='float' office:value='1250.00'><text:p>£1,250</text:p>", "1250"),
        ("<table:table-cell office:value-type='currency' office:value='12.5'><text:p>£12.50</text:p>", "12.5"),
        (
            "<table:table-cell office:value-type='date' office:date-value='2027-03-31'><text:p>31/3</text:p>",
            "2027-03-31",
        ),
        ("<table:table-cell office:value-type='date' office:date-value='2027-03-31T00:00:00'>", "2027-03-31"),
        ("<table:table-cell office:value-type='date' office:date-value='2027-03-31T09:30:00'>", "2027-03-31 09:30:00"),
        ("<table:table-cell office:value-type='boolean' office:boolean-value='true'><text:p>TRUE</text:p>", "yes"),
        (f"<table:table-cell {TEXT}><text:p>&apos;=1</text:p>", "=1"),
        ("<table:table-cell table:formula='of:=[.A1]*2'>", NO_RESULT),
    ],
)
def test_cells_of_opendocument(cell: str, text: str) -> None:
    (page,) = opendocument(
        f"<table:table table:name='T'><table:table-row>{cell}</table:table-cell></table:table-row></table:table>"
    )
    assert (page.name, [line.cells for line in page.lines]) == ("T", [(text,)])


def test_what_opendocument_writes_once_and_repeats() -> None:
    x = f"{TEXT}><text:p>x</text:p></table:table-cell>"
    (first, second) = opendocument(
        "<table:table table:name='A'>"
        "<table:table-row table:number-rows-repeated='2'><table:table-cell/></table:table-row>"
        "<table:table-header-rows><table:table-row>"
        f"<table:table-cell table:number-columns-repeated='2' {x}<table:covered-table-cell/><table:table-cell {x}"
        "<table:table-cell table:number-columns-repeated='16380'/></table:table-row></table:table-header-rows>"
        f"<table:table-row table:number-rows-repeated='2'><table:table-cell {x}</table:table-row>"
        "<table:table-row table:number-rows-repeated='1048570'><table:table-cell/></table:table-row></table:table>"
        f"<table:table table:name='B'><table:table-row><table:table-cell {x}</table:table-row></table:table>"
    )
    assert [(line.number, line.cells) for line in first.lines] == [(3, ("x", "x", "", "x")), (4, ("x",)), (5, ("x",))]
    assert [(line.number, line.cells) for line in second.lines] == [(1, ("x",))]


def test_more_rows_than_any_register_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_workbook, "MOST_LINES", 3)
    with pytest.raises(UsageError, match="more than 3 rows"):
        excel("<row><c><v>1</v></c></row>" * 4)
    with pytest.raises(UsageError, match="more than 3 rows"):
        opendocument(
            "<table:table table:name='A'><table:table-row table:number-rows-repeated='4'>"
            f"<table:table-cell {TEXT}><text:p>x</text:p></table:table-cell></table:table-row></table:table>"
        )


def test_a_csv_has_the_bounds_of_a_workbook(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two million headings kept a server busy for minutes, and everybody else from importing."""
    (page,) = csv.read_csv(b"asset_id" + b",a" * 5000 + b"\n1\n")
    assert len(page.lines[0].cells) == 1000
    monkeypatch.setattr(csv, "_MOST_LINES", 2)
    assert csv.read_csv(b"a\n1\n")
    with pytest.raises(UsageError, match="more than 2 rows"):
        csv.read_csv(b"a\n1\n2\n")


def test_merged_cells_of_excel_are_known_by_their_first_cell() -> None:
    merged = '<mergeCells><mergeCell ref="A1:C1"/><mergeCell ref="B2:C4"/><mergeCell ref="AA5:AA6"/></mergeCells>'
    (page,) = excel("<row><c><v>1</v></c></row>", after=merged)
    assert page.merged == (Merged(1, 2, 4), Merged(26, 5, 6))


def test_merged_cells_and_hidden_sheets_of_opendocument() -> None:
    x = f"{TEXT}><text:p>x</text:p></table:table-cell>"
    style = "<style:style style:name='{}'><style:table-properties table:display='{}'/></style:style>"
    (old, live) = opendocument(
        "<table:table table:name='old' table:style-name='h'><table:table-row>"
        f"<table:table-cell {x}</table:table-row></table:table>"
        "<table:table table:name='live' table:style-name='v'><table:table-row><table:table-cell/>"
        f"<table:table-cell table:number-rows-spanned='3' {x}</table:table-row></table:table>",
        styles=style.format("h", "false") + style.format("v", "true"),
    )
    assert (old.is_hidden, live.is_hidden) == (True, False)
    assert live.merged == (Merged(1, 1, 3),)


def test_hidden_sheets_of_excel() -> None:
    assert [page.is_hidden for page in excel("", state="hidden") + excel("", state="veryHidden")] == [True, True]
    assert not excel("")[0].is_hidden


def test_a_formula_whose_result_is_an_empty_text() -> None:
    assert excel('<row><c t="str"><f>IF(A1,"x","")</f><v></v></c></row>')[0].lines == ()
