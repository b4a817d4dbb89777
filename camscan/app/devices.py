"""Finds devices by the names that people use, and gathers everything that is known about one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from camscan import vulnerabilities
from camscan.app import choice
from camscan.app.assess import judge_assets
from camscan.asset import Asset, Change, Judgement, Lifecycle, Presence
from camscan.asset.spelling import in_words, nearest_hint
from camscan.config import Config
from camscan.dataclass import dataclass
from camscan.errors import UsageError
from camscan.fingerprints.wording import Words, load_words
from camscan.identify.decide import are_one_company
from camscan.identify.reasons import list_reasons
from camscan.model import Confidence
from camscan.output import visible
from camscan.plan.entered_twice import stands_for_address
from camscan.policies.companies import Ownership
from camscan.sheets.row import inherited_texts
from camscan.vulnerabilities.assess import Verdict, assess_device

if TYPE_CHECKING:
    from camscan.app.workspace import Workspace
    from camscan.register import Register, StoredObservation
    from camscan.register.one_device import DeviceReader

_CANDIDATES = 5
"""How many devices a message lists."""
_SHOWN = 100
"""Maximum characters of a name that a message repeats."""


# ── finding ──────────────────────────────────────────────────────────────────────────────────────────────────────


def find_device(book: Register | DeviceReader, text: str) -> Asset:
    """Find the device of that asset number, council tag, serial number (or its end), MAC or IP address.

    Raises UsageError if there is none, or if several may be meant; the error lists them.
    """
    if not text.strip():
        raise UsageError("the name of the device is empty; `camscan show` lists the devices")
    found = book.find_devices(text)
    if not found:
        raise UsageError(say_not_found(text))
    exact = [row for row in found if _is_named_by(row, text)] or [row for row in found if text in row.ip_addresses]
    if len(exact) == 1 or len(found) == 1:
        return (exact or found)[0]
    names = "; ".join(map(describe_briefly, found[:_CANDIDATES]))
    more = f" and {len(found) - _CANDIDATES} more" if len(found) > _CANDIDATES else ""
    raise UsageError(f"{text} fits {len(found)} devices; give the number of one: {names}{more}")


def say_not_found(text: str) -> str:
    """The sentence for a text that names no device."""
    return f"there is no device {visible(text, _SHOWN)} in the register; `camscan show` lists the devices"


def _is_named_by(row: Asset, text: str) -> bool:
    wanted = text.strip().casefold()
    number = row.asset_id.casefold()
    return wanted in {number, number.rpartition("-")[2], row.entries.get("council_asset_tag", "").casefold()}


def find_devices(book: Register, texts: Sequence[str], site: str | None = None) -> list[Asset]:
    """Find the named devices, each once, or every device of a site. Raises UsageError if none is named."""
    if bool(texts) == (site is not None):
        raise UsageError("name devices (asset number, council tag, serial number, MAC or IP address), or a --site")
    if site is None:
        return list({row.asset_id: row for row in (find_device(book, text) for text in texts)}.values())
    return require_at_site(book.devices(), site)


def require_at_site(rows: Sequence[Asset], site: str) -> list[Asset]:
    """The devices at a site, by its name in any letter case. Raises UsageError, with similar names, if none."""
    found = devices_at_site(rows, site)
    if not found:
        raise no_device_at(site, {device_site(row) for row in rows})
    return found


def no_device_at(site: str, sites: Collection[str]) -> UsageError:
    """The error if the register has no device at a site; ``sites`` are those where it has some."""
    near = nearest_hint(site, sorted({*sites} - {""})) or "; `camscan show` lists devices and sites"
    return UsageError(f"the register has no device at the site {site}{near}")


def devices_at_site(rows: Iterable[Asset], site: str) -> list[Asset]:
    """The devices at a site, by its name in any letter case."""
    return [row for row in rows if device_site(row).casefold() == site.strip().casefold()]


def device_site(row: Asset) -> str:
    """The site of a device: as a person entered it, or as the site map says, or as the scan said."""
    return row.entry("site_name") or row.site


def describe_briefly(row: Asset) -> str:
    """One device in a few words: its asset number, and names by which a person may know it."""
    found = row.identification
    what = found.model or choice.maker_name(found.maker, "")
    known = (row.entries.get("council_asset_tag"), *row.ip_addresses[:1], what, device_site(row))
    words = ", ".join(visible(each, 40) for each in known if each)
    return f"{row.asset_id} ({words})" if words else row.asset_id


def reasons_for_two(one: Asset, other: Asset, known: Ownership) -> list[str]:
    """Reasons why two rows are two devices: different makers, different serial numbers. One sentence for each."""
    ours, theirs = one.identification, other.identification
    found = []
    sure = Confidence.POSSIBLE not in {ours.confidence, theirs.confidence}
    if ours.maker and theirs.maker and sure and not are_one_company(ours.maker, theirs.maker, known.makers):
        found.append(f"{known.company_name(ours.maker)} built one and {known.company_name(theirs.maker)} the other")
    if ours.serial and theirs.serial and not is_end_of_other(ours.serial, theirs.serial):
        found.append(f"their serial numbers differ ({visible(ours.serial, 40)} and {visible(theirs.serial, 40)})")
    return found


def is_end_of_other(one: str, other: str) -> bool:
    """Whether two serial numbers may be one: a short form is the end of the complete one."""
    ours, theirs = one.strip().casefold(), other.strip().casefold()
    return ours.endswith(theirs) or theirs.endswith(ours) or ours in theirs or theirs in ours


# ── picking ──────────────────────────────────────────────────────────────────────────────────────────────────────


def pick_devices(
    rows: Sequence[Asset],
    *,
    site: str | None = None,
    maker: str | None = None,
    lifecycle: str | None = None,
    presence: str | None = None,
) -> list[Asset]:
    """The rows that fit everything that is given; ``maker`` is any of its names, or 'unknown'.

    Raises UsageError for an unknown maker, lifecycle or presence, and for a site without a device.
    """
    found = devices_at_site(rows, choice.pick_site(site, rows)) if site else list(rows)
    if maker:
        key = choice.pick_maker(maker)
        found = [row for row in found if (row.identification.maker or choice.UNKNOWN) == key]
    if lifecycle:
        status = choice.pick_name("lifecycle", lifecycle, Lifecycle)
        found = [row for row in found if row.lifecycle == status]
    if presence:
        state = choice.pick_name("presence", presence, Presence)
        found = [row for row in found if row.presence == state]
    return found


@dataclass(frozen=True, slots=True)
class Details:
    """Everything that is known about one device."""

    row: Asset
    judgement: Judgement
    inherited: Mapping[str, str]
    """The columns that people fill in -> what they show until somebody does."""
    conflicts: Sequence[str]
    """Contradictions about its identity, one sentence each."""
    weaknesses: Sequence[Verdict]
    """Verdicts about the known vulnerabilities of its maker, those that its build leaves open first."""
    changes: Sequence[Change]
    """What people changed, oldest first."""
    evidence: Sequence[StoredObservation]
    reasons: Sequence[str] = ()
    """Why it was identified as this, in plain English, the weightiest reason first."""
    maker: str = ""
    """The maker's name; empty if it is not known."""
    kind: str = ""
    """The kind of device, in words."""
    can: Sequence[str] = ()
    """The abilities of its model, in words."""


def find_details(space: Workspace, text: str) -> list[Details]:
    """Everything that is known about each device that a text names, today; see ``Register.find_devices``."""
    return space.look(lambda book: _gather_details(book, book.find_devices(text), space.settings))


def device_details(book: Register | DeviceReader, row: Asset, settings: Config) -> Details:
    """Gather everything that is known about one device, judged as of today."""
    return _gather_details(book, [row], settings)[0]


def _gather_details(book: Register | DeviceReader, rows: Sequence[Asset], settings: Config) -> list[Details]:
    if not rows:
        return []
    weaknesses = vulnerabilities.load_weaknesses(settings.overlays)
    every = book.devices() if any(map(stands_for_address, rows)) else None
    judgements = judge_assets(rows, settings, every=every, weaknesses=weaknesses)
    words = load_words(tuple(settings.overlays))
    return [
        Details(
            row,
            judgements[row.asset_id],
            inherited_texts(row),
            [choice.plain_detail(conflict.detail) for conflict in book.conflicts(row.asset_id)],
            assess_device(row.identification, weaknesses),
            book.changes(row.asset_id),
            book.evidence(row.asset_id),
            list_reasons(row.identification),
            words.maker_name(row.identification.maker) if row.identification.maker else "",
            _kind_in_words(row.identification.kind, words),
            [_capability_in_words(name, words) for name in row.identification.capabilities],
        )
        for row in rows
    ]


def _kind_in_words(name: str | None, words: Words) -> str:
    known = words.facts.get(f"kind.{name}")
    return known.means if known else ""


def _capability_in_words(name: str, words: Words) -> str:
    known = words.facts.get(f"capability.{name}")
    return known.means if known else in_words(name)
