"""The list of exports: what each is, for whom, and its marking."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from camscan import exports
from camscan.web.outgoing import LISTS, MARKING, OPEN, export_name, exports_of
from camscan.web.page import Answer, Page, PageContent, PageRequest

"""Format -> its name for people; other formats keep the name that programs use."""
_FORMATS = {"ods": "ODS", "xlsx": "Excel", "csv": "CSV"}


@dataclass(frozen=True, slots=True)
class ExportLine:
    """One export in the list."""

    title: str
    says: str
    marking: str
    links: tuple[tuple[str, str], ...]
    """The address and the words of each link."""


def show(request: PageRequest) -> Answer:
    """Draw the exports that the visitor may have."""
    values = {
        "lines_of_lists": list(_list_lines(request)),
        "others": list(_other_lines(request)),
        "exports": list(_export_lines(request)),
    }
    return PageContent("exports", "Files", values)


def _list_lines(request: PageRequest) -> Iterator[ExportLine]:
    """The spreadsheets of the register."""
    if not request.visitor.may("list_file"):
        return
    for view, (title, says, roles) in LISTS.items():
        if request.visitor.rights in roles:
            address = f"/exchange/list?view={view}&everything=yes&format="
            yield ExportLine(
                title, says, MARKING, tuple((f"{address}{each}", words) for each, words in _FORMATS.items())
            )


def _other_lines(request: PageRequest) -> Iterator[ExportLine]:
    visitor = request.visitor
    if visitor.may("report"):
        says = "How far the removal has got: one page for committees, or a workbook"
        yield ExportLine("Progress report", says, "Marking depends on the level", (("/exchange/report", "Choose"),))
    if visitor.may("foi"):
        says = "Answers to a freedom of information request: numbers, without the names of places"
        yield ExportLine("FOI pack", says, "Public once it is released", (("/exchange/foi", "Look and download"),))
    if visitor.may("labels"):
        says = "A sheet of labels: a telephone that scans one opens the page of the device"
        yield ExportLine(
            "QR labels", says, MARKING, (("/labels?all=yes&standing=remaining", "All that remain in scope"),)
        )


def _export_lines(request: PageRequest) -> Iterator[ExportLine]:
    if not request.visitor.may("export"):
        return
    known = exports.load_exports()
    for name in exports_of(request.visitor):
        export = known[name]
        says = f"{export.title[:1].upper()}{export.title[1:]}"
        marking = OPEN if export.of_figures else MARKING
        yield ExportLine(export_name(name), says, marking, ((f"/exchange/export/{name}", "Choose"),))


PAGE = Page(path="/exchange/exports", title="Files", show=show, place=9)
