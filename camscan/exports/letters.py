"""Letters to those who control the network or the building: which devices at their site are to be removed, and by when.

There is one letter for each site. The register knows that a site is under a landlord, a school or a contractor, but not
which one: two sites in one letter could tell one landlord where another has cameras. A person fills in what is in
brackets.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain, count, groupby

from camscan.asset import GONE
from camscan.asset.spelling import choice_in_words
from camscan.drafts import Draft, Text
from camscan.exports import Export, ExportResult, GivenOptions, Inventory, Item, SiteNames, choose_items
from camscan.output import visible
from camscan.page.table import Head, Kind, Table
from camscan.words import count_text

BODIES: Mapping[str, str] = {
    "landlord": "the landlord",
    "contractor": "the contractor",
    "school": "the school",
    "nhs": "the NHS body",
    "other": "the body that controls the building",
}
"""Word of the column ``controller`` -> the person or body to whom the letter is addressed."""
_LONGEST = 200
_HEADS = (
    Head("Number"),
    Head("Where"),
    Head("What"),
    Head("Make and model"),
    Head("Serial number"),
    Head("Planned removal", Kind.DAY),
)


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter, about the devices of one site."""

    body: str
    """A word of BODIES."""
    site: str
    items: Sequence[Item]


def make_letters(inventory: Inventory, options: GivenOptions) -> ExportResult:
    """Make a file for each letter, and a text that says what to do with them."""
    del options
    kept, pages = choose_items(inventory.items, _why_left_out), Draft()
    files: dict[str, Text] = {}
    lines = []
    for letter in _letters(kept):
        name = _file_name(letter.body, letter.site, files)
        files[name] = pages.write(_letter_page(letter, inventory))
        lines.append(f"{name}: {BODIES[letter.body]}, {letter.site}: {count_text(len(letter.items))}")
    files["README.txt"] = README + "".join(f"{line}\n" for line in lines)
    return kept.result(files)


def _letters(items: Iterable[Item]) -> Iterator[Letter]:
    """Each letter; the devices of one site come one after the other, and only they are held."""
    for _, here in groupby(items, lambda item: _column_text(item, "site_name").casefold()):
        groups: dict[str, list[Item]] = {}
        names, key = SiteNames(_LONGEST), ""
        for item in here:
            key = names.add(item)
            groups.setdefault(item.texts["controller"], []).append(item)
        for body, some in groups.items():
            yield Letter(body, names.name(key), some)


def _why_left_out(item: Item) -> str:
    if item.judgement.in_scope != "yes":
        return "not in scope" if item.judgement.in_scope == "no" else "of unknown scope"
    if item.asset.lifecycle in GONE:
        return "already removed"
    body = item.texts["controller"]
    if not body:
        return "without a recorded controller"
    if body not in BODIES:
        return "under the council's own control"
    return "" if _column_text(item, "site_name") else "without a known site"


def _file_name(body: str, site: str, taken: Container[str]) -> str:
    """A file name in lower-case letters and digits that is not taken yet: ``landlord-town-hall.html``."""
    plain = unicodedata.normalize("NFKD", site).encode("ascii", "ignore").decode().lower()
    stem = "-".join(filter(None, (body, re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60])))
    names = chain((f"{stem}.html",), (f"{stem}-{number}.html" for number in count(2)))
    return next(name for name in names if name not in taken)


def _letter_page(letter: Letter, inventory: Inventory) -> str:
    from camscan.page import render_page  # noqa: PLC0415 - 0.06 s, and only pages need it

    organisation = visible(inventory.organisation, _LONGEST) or "[name of the council]"
    return render_page(
        "exports/letter.html",
        title=f"Cameras and recorders to be removed at {letter.site}",
        organisation=organisation,
        marking="OFFICIAL-SENSITIVE",
        day=inventory.on,
        address=(f"To {BODIES[letter.body]}", "[name]", letter.site, "[address]"),
        before=_letter_heading(letter, organisation),
        devices=_device_table(letter),
        after=AFTER,
        signature=("Yours faithfully,", "[name and role]", organisation, "[telephone and mail]"),
    )


def _letter_heading(letter: Letter, organisation: str) -> Sequence[str]:
    decisions = dict.fromkeys(visible(item.judgement.in_scope_reason, _LONGEST).rstrip(".") for item in letter.items)
    them = "These devices are" if len(letter.items) > 1 else "This device is"
    removing = f"{organisation} is removing video surveillance equipment of certain makers."
    return (
        "Dear Sir or Madam,",
        f"{removing} The decision is: {'; '.join(decisions)}.",
        f"{them} at {letter.site}, in a building or on a network that is under your control:",
    )


_ASK = (
    "Please tell us by [date] whether you agree to the dates, or which dates suit you, and who gives access.",
    "Devices without a date have not been scheduled yet.",
)
_KEEP = (
    "Please do not throw away a recorder or a memory card: it may hold pictures of people.",
    "We need proof that it was wiped, and a certificate of disposal.",
)
_CORRECT = (
    "If one of these devices is not yours, was already removed, or is something else, please tell us that too.",
    "The number in the first column is enough to identify it.",
)
AFTER = tuple(map(" ".join, (_ASK, _KEEP, _CORRECT)))


def _device_table(letter: Letter) -> Table:
    items = sorted(letter.items, key=lambda item: (item.asset.date_of("planned_removal_date") or date.max, item.tag))
    caption = f"{count_text(len(items)).capitalize()} at {letter.site}"
    return Table(caption, _HEADS, [_device_cells(item) for item in items])


def _device_cells(item: Item) -> Sequence[str | date | None]:
    kind = item.texts["device_type"]
    return (
        visible(item.tag, _LONGEST),
        _column_text(item, "location_detail"),
        "" if kind in {"unknown", "other"} else choice_in_words("device_type", kind),
        " ".join(filter(None, (visible(item.maker, _LONGEST), _column_text(item, "model")))),
        _column_text(item, "serial_number"),
        item.asset.date_of("planned_removal_date"),
    )


def _column_text(item: Item, column: str) -> str:
    return visible(item.texts[column].strip(), _LONGEST)


README = """\
Letters to those who control a building or its network, one for each site.

Read each before it goes out. Fill in the parts in [brackets]: a word processor opens the files. A letter says which
devices are where: send it to the right body only. No letter holds a network address, a firmware version or a
vulnerability.

LEFT-OUT.csv lists the devices that are in no letter, and why.

"""

EXPORT = Export(
    "letters",
    "",
    "a folder of letters to landlords, schools and contractors, one for each site",
    of_register=make_letters,
    is_folder=True,
)
