"""One export: what it is, its options, and the file. Every format of ``camscan export`` has this page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from camscan import app, exports
from camscan.app.devices import device_site
from camscan.app.export import files_of, make_of_register, text_of_figures, text_of_recorded_scan
from camscan.drafts import Text
from camscan.errors import UsageError
from camscan.exports import Export, OptionKind
from camscan.web.archive import zip_files
from camscan.web.outgoing import MARKING, OPEN, exports_of
from camscan.web.page import Answer, Asked, Download, Drawn, Missing, Page

MOST = 20_000_000
_GIVEN = ("site", "on", "left-out")
_TYPES = {
    ".csv": "text/csv; charset=utf-8",
    ".json": "application/json",
    ".html": "text/html; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
}


def show(asked: Asked) -> Answer:
    """The options; with ``download=yes`` in the address, the file."""
    export = _requested_export(asked)
    if asked.one("download") != "yes":
        return _options_page(asked, export)
    return _file_answer(asked, export, {name: asked.one(name) for name in _GIVEN}, _read_options(asked, export))


def take(asked: Asked) -> Answer:
    """The file, if another program's own export was sent along."""
    export = _requested_export(asked)
    return _file_answer(
        asked, export, {name: asked.sent(name) for name in ("site", "on", "left-out")}, _read_options(asked, export)
    )


def _requested_export(asked: Asked) -> Export:
    name = asked.within["name"]
    if name not in exports_of(asked.visitor):
        raise Missing
    return exports.load_exports()[name]


def _read_options(asked: Asked, export: Export) -> Mapping[str, str]:
    """The options of this format; of an option that reads a file, its text."""
    found = {}
    for option in export.options:
        sent = asked.files.get(option.name)
        if option.kind is OptionKind.READ:
            if sent and sent.content:
                found[option.name] = sent.content.decode("utf-8-sig", "replace")
        elif value := asked.one(option.name) or asked.sent(option.name):
            found[option.name] = value
    return found


def _options_page(asked: Asked, export: Export, error: str = "") -> Drawn:
    visitor, front = asked.visitor, asked.desk.front().front
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
        "given": {name: asked.one(name) or asked.sent(name) for name in ("site", "on")},
    }
    title = f"Export: {export.name}"
    return Drawn("export", f"Error: {title}" if error else title, values, 422 if error else 200)


def _file_answer(asked: Asked, export: Export, given: Mapping[str, str], options: Mapping[str, str]) -> Answer:
    name = f"{export.name}-{app.assess.today_utc().isoformat()}{export.suffix}"
    try:
        files = dict(_make_files(asked, export, name, given, options))
    except UsageError as error:
        text = str(error)
        return _options_page(asked, export, f"{text[:1].upper()}{text[1:]}")
    if not export.is_folder and len(files) == 1:
        (made,) = files.values()
        content = made.encode() if isinstance(made, str) else iter(made)
        return Download(name, content, _TYPES.get(export.suffix, "text/plain; charset=utf-8"))
    return Download(f"{export.name}-{app.assess.today_utc().isoformat()}.zip", zip_files(files), "application/zip")


def _make_files(
    asked: Asked, export: Export, name: str, given: Mapping[str, str], options: Mapping[str, str]
) -> Iterator[tuple[str, Text]]:
    space, visitor = asked.desk.space, asked.visitor
    if export.of_figures:
        yield name, text_of_figures(export.name, space)
        return
    with asked.desk.reading() as book:
        if export.of_scan:
            yield name, text_of_recorded_scan(export.name, book)
            return
        made = make_of_register(
            *(export.name, book, space.settings, options),
            site=given["site"] or None,
            on=app.edit.parse_day_or_today(given["on"]) if given["on"] else None,
            sees=None if visitor.sites is None else lambda row: visitor.sees_site(device_site(row)),
        )
    yield from files_of(made, name, with_left_out=given["left-out"] == "yes").items()


PAGE = Page(
    path="/exchange/export/{name}",
    title="Export",
    show=show,
    take=take,
    under="exports",
    most=MOST,
    seconds=120,
)
