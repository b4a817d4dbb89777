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
from camscan.web.page import Answer, Asked, Download, Drawn, Page, Refused

_MOST = 200
"""Lines of what is withheld that are shown."""


@dataclass(frozen=True, slots=True)
class PartPreview:
    """One part of the pack, as the preview shows it."""

    part: Part
    heads: Sequence[tuple[str, bool]]
    """The name of each column, and whether it holds numbers."""
    rows: Sequence[Sequence[tuple[str, bool]]]
    """The text of each cell, and whether a number is withheld there."""
    total: Sequence[str]


def show(asked: Asked) -> Answer:
    """The preview; with ``download=yes``, the draft as a ZIP."""
    wanted = app.foi.Asked(on=asked.one("on") or None, accept_suppression=asked.one("suppress") == "yes")
    if asked.one("download") != "yes":
        return _preview_page(asked, wanted, {})
    pack = app.foi.draft_pack(asked.desk.space, wanted)
    return Download(f"foi-DRAFT-{pack.estate.day.isoformat()}.zip", zip_files(files_to_send(pack)), "application/zip")


def take(asked: Asked) -> Answer:
    """Release the pack. It is kept, so that later ones are compared with it."""
    if asked.desk.setting.is_read_only:
        raise Refused("camscan serve was started with --read-only: nothing can be released here")
    wanted = app.foi.Asked(on=asked.sent("on") or None, accept_suppression=asked.sent("suppress") == "yes")
    filled, reference = read_role(asked), asked.sent("reference")
    if not reference:
        filled.errors["reference"] = "Enter the reference of the request"
    if not filled.errors:
        accepts = asked.sent("differences") == "yes"
        release = replace(wanted, role=filled.answers[ROLE], reference=reference, accept_differences=accepts)
        try:
            pack = app.foi.release_pack(asked.desk.space, release)
        except app.foi.TellsMoreError:
            filled.errors["differences"] = "Read what can be worked out, and confirm that you release the pack anyway"
        except UsageError as error:
            text = str(error)
            filled.errors["reference"] = f"{text[:1].upper()}{text[1:]}"
        else:
            return Download(f"foi-{pack.estate.day.isoformat()}.zip", zip_files(files_to_send(pack)), "application/zip")
    return _preview_page(asked, wanted, filled.errors, reference, filled.answers.get(ROLE, ""))


def _preview_page(
    asked: Asked, wanted: app.foi.Asked, errors: dict[str, str], reference: str = "", role: str = ""
) -> Drawn:
    try:
        pack = app.foi.draft_pack(asked.desk.space, wanted)
    except UsageError as error:
        errors = {**errors, "on": f"{str(error)[:1].upper()}{str(error)[1:]}"}
        wanted = replace(wanted, on=None)
        pack = app.foi.draft_pack(asked.desk.space, wanted)
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
        "role": role or asked.visitor.role,
        "asks_role": not asked.visitor.role,
        "draft_link": asked.link(download="yes") if asked.query else "/exchange/foi?download=yes",
        "may_release": not asked.desk.setting.is_read_only,
    }
    return Drawn("foi", f"{'Error: ' if errors else ''}FOI pack", values, 422 if errors else 200)


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
