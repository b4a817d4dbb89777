"""One export: what it is, its options, and the file. Every format of ``camscan export`` has this page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from camscan import app, exports
from camscan.app.devices import device_site
from camscan.app.export import export_files, make_register_export, text_of_figures, text_of_recorded_scan
from camscan.drafts import Text
from camscan.errors import UsageError
from camscan.exports import Export, OptionKind
from camscan.web.archive import zip_files
from camscan.web.outgoing import MARKING, OPEN, export_name, exports_of
from camscan.web.page import Answer, Download, NoSuchPage, Page, PageContent, PageRequest

MOST = 20_000_000
_GIVEN = ("site", "on", "left-out")
_TYPES = {
    ".csv": "text/csv; charset=utf-8",
    ".json": "application/json",
    ".html": "text/html; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
}


def show(request: PageRequest) -> Answer:
    """Draw the options; with ``download=yes`` in the address, return the file."""
    export = _requested_export(request)
    if request.query_value("download") != "yes":
        return _options_page(request, export)
    return _file_answer(
        request, export, {name: request.query_value(name) for name in _GIVEN}, _read_options(request, export)
    )


def take(request: PageRequest) -> Answer:
    """Return the file for a form that sent another program's own export along."""
    export = _requested_export(request)
    return _file_answer(
        request,
        export,
        {name: request.form_value(name) for name in ("site", "on", "left-out")},
        _read_options(request, export),
    )


def _requested_export(request: PageRequest) -> Export:
    name = request.path_values["name"]
    if name not in exports_of(request.visitor):
        raise NoSuchPage
    return exports.load_exports()[name]


def _read_options(request: PageRequest, export: Export) -> Mapping[str, str]:
    """Read the options of this format; for an option that reads a file, its text."""
    found = {}
    for option in export.options:
        sent = request.files.get(option.name)
        if option.kind is OptionKind.READ:
            if sent and sent.content:
                found[option.name] = sent.content.decode("utf-8-sig", "replace")
        elif value := request.query_value(option.name) or request.form_value(option.name):
            found[option.name] = value
    return found


def _options_page(request: PageRequest, export: Export, error: str = "") -> PageContent:
    visitor, front = request.visitor, request.desk.front().front
    values = {
        "export": export,
        "headline": f"{export.title[:1].upper()}{export.title[1:]}",
        "its_marking": OPEN if export.of_figures else MARKING,
        "is_of_register": export.of_register is not None,
        "sites": [line.name for line in front.sites if visitor.sees_site(line.name)],
        "reads": [option for option in export.options if option.kind is OptionKind.READ],
        "flags": [option for option in export.options if option.kind in {OptionKind.FLAG, OptionKind.WRITE}],
        "texts": [option for option in export.options if option.kind is OptionKind.TEXT],
        "error": error,
        "given": {name: request.query_value(name) or request.form_value(name) for name in ("site", "on")},
    }
    title = f"Export: {export_name(export.name)}"
    return PageContent("export", f"Error: {title}" if error else title, values, 422 if error else 200)


def _file_answer(request: PageRequest, export: Export, given: Mapping[str, str], options: Mapping[str, str]) -> Answer:
    name = f"{export.name}-{app.assess.today_utc().isoformat()}{export.suffix}"
    try:
        files = dict(_make_files(request, export, name, given, options))
    except UsageError as error:
        text = str(error)
        return _options_page(request, export, f"{text[:1].upper()}{text[1:]}")
    if not export.is_folder and len(files) == 1:
        (made,) = files.values()
        content = made.encode() if isinstance(made, str) else iter(made)
        return Download(name, content, _TYPES.get(export.suffix, "text/plain; charset=utf-8"))
    return Download(f"{export.name}-{app.assess.today_utc().isoformat()}.zip", zip_files(files), "application/zip")


def _make_files(
    request: PageRequest, export: Export, name: str, given: Mapping[str, str], options: Mapping[str, str]
) -> Iterator[tuple[str, Text]]:
    space, visitor = request.desk.space, request.visitor
    if export.of_figures:
        yield name, text_of_figures(export.name, space)
        return
    with request.desk.reading() as book:
        if export.of_scan:
            yield name, text_of_recorded_scan(export.name, book)
            return
        made = make_register_export(
            *(export.name, book, space.settings, options),
            site=given["site"] or None,
            on=app.edit.parse_day_or_today(given["on"]) if given["on"] else None,
            sees=None if visitor.sites is None else lambda row: visitor.sees_site(device_site(row)),
        )
    yield from export_files(made, name, with_left_out=given["left-out"] == "yes").items()


PAGE = Page(
    path="/exchange/export/{name}",
    title="Export",
    show=show,
    take=take,
    under="exports",
    most=MOST,
    seconds=120,
)
