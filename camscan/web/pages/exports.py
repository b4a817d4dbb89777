"""What can be taken out of the register, one line each: what it is, for whom, and how it is marked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from camscan import exports
from camscan.web.outgoing import LISTS, MARKING, OPEN, exports_of
from camscan.web.page import Answer, Asked, Drawn, Page

_NAMES = {"walk": "Inspection sheets"}
"""Format -> its name for people; others have the name that other programs know."""
_FORMATS = {"ods": "ODS", "xlsx": "Excel", "csv": "CSV"}


@dataclass(frozen=True, slots=True)
class Line:
    """One thing to take out."""

    title: str
    says: str
    marking: str
    links: tuple[tuple[str, str], ...]
    """Address and words of each."""


def show(asked: Asked) -> Answer:
    """Those that the visitor may have."""
    values = {"lines_of_lists": list(_lists(asked)), "others": list(_others(asked)), "exports": list(_exports(asked))}
    return Drawn("exports", "Files", values)


def _lists(asked: Asked) -> Iterator[Line]:
    """Spreadsheets of the register."""
    if not asked.visitor.may("list_file"):
        return
    for view, (title, says, roles) in LISTS.items():
        if asked.visitor.rights in roles:
            address = f"/exchange/list?view={view}&everything=yes&format="
            yield Line(title, says, MARKING, tuple((f"{address}{each}", words) for each, words in _FORMATS.items()))


def _others(asked: Asked) -> Iterator[Line]:
    visitor = asked.visitor
    if visitor.may("report"):
        says = "How far the removal has got: one page for committees, or a workbook"
        yield Line("Progress report", says, "By its level", (("/exchange/report", "Choose"),))
    if visitor.may("foi"):
        says = "Answers to a freedom of information request: numbers, without the names of places"
        yield Line("FOI pack", says, "Open once it is released", (("/exchange/foi", "Look and download"),))
    if visitor.may("labels"):
        says = "A sheet of labels: a telephone that scans one opens the page of the device"
        yield Line("QR labels", says, MARKING, (("/labels?all=yes&standing=remaining", "All that remain in scope"),))


def _exports(asked: Asked) -> Iterator[Line]:
    if not asked.visitor.may("export"):
        return
    known = exports.load_exports()
    for name in exports_of(asked.visitor):
        export = known[name]
        says = f"{export.title[:1].upper()}{export.title[1:]}"
        marking = OPEN if export.of_figures else MARKING
        yield Line(_NAMES.get(name, name), says, marking, ((f"/exchange/export/{name}", "Choose"),))


PAGE = Page(path="/exchange/exports", title="Files", show=show, place=9)
