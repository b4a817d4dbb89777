"""A file that somebody sent: its kind, the choices of that person, and what it would change in the register."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from camscan import app, fingerprints
from camscan.app.devices import device_site
from camscan.app.elsewhere import Evidence
from camscan.app.spreadsheet import Import, Limits
from camscan.app.workspace import Workspace
from camscan.fingerprints import Database
from camscan.register import Recorded, RecordedList
from camscan.web.page import PageRequest, Upload
from camscan.web.rights import Visitor

SHEET = "sheet"
"""The kind of a spreadsheet; other kinds are the names of sources of ``camscan import``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportChoices:
    """The kind of a file, and the choices about its import."""

    kind: str
    overwrite: bool = False
    add: bool = False
    by_address: bool = False
    headings: str = ""
    """``Their heading=our_column``, one on each line."""
    site: str = ""
    as_of: str = ""
    everything: bool = False

    @property
    def heading_pairs(self) -> Sequence[str]:
        """The pairs of headings, one by one."""
        return [line.strip() for line in self.headings.splitlines() if line.strip()]

    @property
    def form_fields(self) -> Mapping[str, str]:
        """The choices as hidden fields, which carry them from one step to the next."""
        flags = {name: "yes" for name in ("overwrite", "add", "by_address", "everything") if getattr(self, name)}
        texts = {"kind": self.kind, "headings": self.headings, "site": self.site, "as_of": self.as_of}
        return {name: text for name, text in (texts | flags).items() if text}


def read_choices(request: PageRequest) -> ImportChoices:
    """Read the choices of a form. A choice that the visitor may not make is ignored."""
    visitor = request.visitor
    kind = request.form_value("kind", SHEET)
    may_add = visitor.writes_everything and request.form_value("add") == "yes"
    return ImportChoices(
        kind=kind if visitor.reads_lists and kind in {source.name for source in app.elsewhere.all_sources()} else SHEET,
        overwrite=request.form_value("overwrite") == "yes",
        add=may_add,
        by_address=may_add and request.form_value("by_address") == "yes",
        headings=request.form_value("headings"),
        site=request.form_value("site"),
        as_of=request.form_value("as_of"),
        everything=request.form_value("everything") == "yes",
    )


_ON_THE_PAGE: Mapping[str, str] = {
    " (--overwrite takes it)": "; tick 'Also overwrite' to take it",
    "; name them with --map 'Their heading=our_column' (`camscan set --columns` lists ours)": "; {headings}",
    "; say which heading is which, such as --map 'Camera No=council_asset_tag'": "; {headings}",
    "If a guess is wrong, correct it with --map 'Their heading=our_column'": "If a guess is wrong, {headings}",
    "; `camscan set --columns` lists them": "; the page About leads to the list of columns",
    "; --as-of says another time": "; 'When was it written?' says another time",
    "the date of the file; --as-of says another": "the date of the file; 'When was it written?' says another",
}
"""Words for the command line -> words for the page; ``{headings}`` as in :func:`in_page_words`."""


def in_page_words(text: str, visitor: Visitor) -> str:
    """A message about a file, reworded for the page of imports instead of the command line."""
    headings = (
        "say which is which under 'The headings of another list'"
        if visitor.writes_everything
        else "fill in the spreadsheet that the page Files offers, and send that"
    )
    for told, words in _ON_THE_PAGE.items():
        text = text.replace(told, words.format(headings=headings))
    return text


def limits_of(visitor: Visitor) -> Limits:
    """The columns of a spreadsheet that a visitor may not see or write."""
    return Limits(
        sees=lambda asset: visitor.sees_site(device_site(asset)),
        hidden=lambda column: not visitor.sees(column),
        refused=visitor.why_not,
    )


# ── spreadsheets ─────────────────────────────────────────────────────────────────────────────────────────────────


def compare_upload(request: PageRequest, upload: Upload, wish: ImportChoices) -> Import:
    """Compare a spreadsheet with the register, and return the changes. Raises UsageError if the file is not one."""
    found = app.spreadsheet.read_sheet_content(upload.name, upload.content, wish.heading_pairs)
    with request.desk.reading() as book:
        return app.spreadsheet.compare_sheet(
            book,
            found,
            request.desk.space.settings,
            overwrite=wish.overwrite,
            add=wish.add,
            by_address=wish.by_address,
            limits=limits_of(request.visitor),
        )


def apply_upload(
    request: PageRequest, upload: Upload, wish: ImportChoices, *, role: str, because: str, mark: str
) -> Import:
    """Change the register as a spreadsheet says. Raises StaleError if the changes are not those that were shown."""
    found = app.spreadsheet.read_sheet_content(upload.name, upload.content, wish.heading_pairs)
    return app.spreadsheet.take_sheet(
        request.desk.space,
        Path(upload.name),
        found,
        role=role,
        overwrite=wish.overwrite,
        add=wish.add,
        by_address=wish.by_address,
        because=because,
        limits=limits_of(request.visitor),
        mark=mark,
    )


# ── files of other systems ───────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class FileEffect:
    """The contents of a file of another system, and what it would change in the register."""

    evidence: Evidence
    entered: RecordedList | None
    """What a list would enter; None for a capture."""
    recorded: Recorded | None
    """What a capture would record, because devices describe themselves in it; None for a list."""


def preview_file(request: PageRequest, upload: Upload, wish: ImportChoices) -> FileEffect:
    """What a file of another system would change. Raises UsageError if its format is not known."""
    space = request.desk.space
    database = _cached_database(tuple(space.settings.overlays))
    evidence = _read_evidence(space, database, upload, wish)
    if evidence.source.is_listing:
        entered = app.elsewhere.rehearse_import(evidence, space, database, everything=wish.everything)
        return FileEffect(evidence, entered, None)
    return FileEffect(evidence, None, app.record.rehearse_report(evidence.report, space))


def enter_file(request: PageRequest, upload: Upload, wish: ImportChoices) -> FileEffect:
    """Enter a file of another system into the register. Raises UsageError if its format is not known."""
    space = request.desk.space
    database = _cached_database(tuple(space.settings.overlays))
    evidence = _read_evidence(space, database, upload, wish)
    with space.open(create=False) as book:
        if evidence.source.is_listing:
            done = app.elsewhere.enter_evidence(evidence, book, space, database, everything=wish.everything)
            return FileEffect(evidence, done, None)
        return FileEffect(evidence, None, app.record.record_report(evidence.report, book, space.settings))


def _read_evidence(space: Workspace, database: Database, upload: Upload, wish: ImportChoices) -> Evidence:
    as_of = app.elsewhere.parse_moment(wish.as_of, datetime.now(UTC)) if wish.as_of else None
    return app.elsewhere.read_content(
        app.elsewhere.find_source(wish.kind),
        upload.name,
        upload.content,
        space,
        database,
        site=wish.site,
        as_of=as_of,
        everything=wish.everything,
    )


@functools.lru_cache(maxsize=1)
def _cached_database(overlays: tuple[Path, ...]) -> Database:
    return fingerprints.load_database(list(overlays))
