"""Answers to a freedom of information request: previewed, downloaded as a draft, or released and kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from camscan import app
from camscan.app.foi_files import files_to_send
from camscan.errors import UsageError
from camscan.foi.answers import WITHHELD, Part, about_pack, list_parts, pack_title
from camscan.foi.pack import Pack, list_kept_back
from camscan.page.render import cell_text
from camscan.page.table import Kind
from camscan.web.archive import zip_files
from camscan.web.forms import ROLE, read_role
from camscan.web.page import Answer, Download, NotAllowed, Page, PageContent, PageRequest

_MOST = 200
"""How many lines about withheld values are shown."""


@dataclass(frozen=True, slots=True)
class PartPreview:
    """One part of the pack, as the preview shows it."""

    part: Part
    heads: Sequence[tuple[str, bool]]
    """The name of each column, and whether it holds numbers."""
    rows: Sequence[Sequence[tuple[str, bool]]]
    """The text of each cell, and whether a number is withheld there."""
    total: Sequence[str]


def show(request: PageRequest) -> Answer:
    """Draw the preview; with ``download=yes``, return the draft as a ZIP."""
    wanted = app.foi.PackRequest(
        on=request.query_value("on") or None, accept_suppression=request.query_value("suppress") == "yes"
    )
    if request.query_value("download") != "yes":
        return _preview_page(request, wanted, {})
    pack = app.foi.draft_pack(request.desk.space, wanted)
    return Download(f"foi-DRAFT-{pack.estate.day.isoformat()}.zip", zip_files(files_to_send(pack)), "application/zip")


def take(request: PageRequest) -> Answer:
    """Release the pack. It is kept, so that later ones are compared with it."""
    if request.desk.setting.is_read_only:
        raise NotAllowed("camscan serve was started with --read-only: nothing can be released here")
    wanted = app.foi.PackRequest(
        on=request.form_value("on") or None, accept_suppression=request.form_value("suppress") == "yes"
    )
    filled, reference = read_role(request), request.form_value("reference")
    if not reference:
        filled.errors["reference"] = "Enter the reference of the request"
    if not filled.errors:
        accepts = request.form_value("differences") == "yes"
        release = replace(wanted, role=filled.answers[ROLE], reference=reference, accept_differences=accepts)
        try:
            pack = app.foi.release_pack(request.desk.space, release)
        except app.foi.TellsMoreError:
            filled.errors["differences"] = "Read what can be worked out, and confirm that you release the pack anyway"
        except UsageError as error:
            text = str(error)
            filled.errors["reference"] = f"{text[:1].upper()}{text[1:]}"
        else:
            return Download(f"foi-{pack.estate.day.isoformat()}.zip", zip_files(files_to_send(pack)), "application/zip")
    return _preview_page(request, wanted, filled.errors, reference, filled.answers.get(ROLE, ""))


def _preview_page(
    request: PageRequest, wanted: app.foi.PackRequest, errors: dict[str, str], reference: str = "", role: str = ""
) -> PageContent:
    try:
        pack = app.foi.draft_pack(request.desk.space, wanted)
    except UsageError as error:
        errors = {**errors, "on": f"{str(error)[:1].upper()}{str(error)[1:]}"}
        wanted = replace(wanted, on=None)
        pack = app.foi.draft_pack(request.desk.space, wanted)
    kept = list(list_kept_back(pack))
    values = {
        "pack": pack,
        "heading": pack_title(pack),
        "about": about_pack(pack),
        "parts": list(_part_previews(pack)),
        "kept": kept[:_MOST],
        "more": max(len(kept) - _MOST, 0),
        "withheld_mark": WITHHELD,
        "wanted": wanted,
        "errors": errors,
        "reference": reference,
        "role": role or request.visitor.role,
        "asks_role": not request.visitor.role,
        "draft_link": request.link(download="yes") if request.query else "/exchange/foi?download=yes",
        "may_release": not request.desk.setting.is_read_only,
    }
    return PageContent("foi", f"{'Error: ' if errors else ''}FOI pack", values, 422 if errors else 200)


def _part_previews(pack: Pack) -> Iterator[PartPreview]:
    for part in list_parts(pack):
        table = part.table
        kinds = [head.kind for head in table.heads]
        rows = [
            [(cell_text(cell, kind), cell == WITHHELD) for cell, kind in zip(row, kinds, strict=True)]
            for row in table.rows
        ]
        total = [cell_text(cell, kind) for cell, kind in zip(table.total, kinds, strict=bool(table.total))]
        heads = [(head.name, head.kind is not Kind.TEXT) for head in table.heads]
        yield PartPreview(part, heads, rows, total)


PAGE = Page(path="/exchange/foi", title="FOI pack", show=show, take=take, under="exports", seconds=120)
