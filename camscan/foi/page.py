"""The answers as one HTML file, and as a text that explains the files. Pure."""

from __future__ import annotations

from camscan.foi.answers import WITHHELD, about_pack, list_parts, pack_title
from camscan.foi.pack import Pack
from camscan.page import render_page


def answers_page(pack: Pack) -> str:
    """The text of ``answers.html``."""
    estate = pack.estate
    return render_page(
        "foi/answers.html",
        title=pack_title(pack),
        marking=pack.marking,
        draft="This is a draft. Do not send it: it has not been released." if pack.release is None else "",
        organisation=estate.organisation,
        day=estate.day,
        headline=estate.numbers.headline,
        about=[line for line in about_pack(pack) if line[0] not in _SHOWN_APART],
        parts=list_parts(pack),
        version=estate.version,
    )


_SHOWN_APART = frozenset({"Status", "As of", "In one sentence"})
"""Items that the head of the page shows."""


def readme_text(pack: Pack) -> str:
    """The text of ``README.txt``: what the files are, for the person who receives them."""
    lines = [
        pack.marking,
        "",
        pack_title(pack),
        "",
        *(f"{name}: {text}" for name, text in about_pack(pack) if name != "Status"),
        "",
        "answers.html  the answers, to be read in a browser or printed",
        "answers.ods   the same as a spreadsheet, one table a sheet",
        "answers.csv   the same for programs: one number a line",
        "",
        *([f"A withheld number is shown as {WITHHELD} in all three."] if pack.is_withholding else ()),
        pack.marking,
        "",
    ]
    return "\n".join(lines)
