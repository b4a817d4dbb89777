"""The register as formats are given it: every device with what follows from the policies, judged once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from camscan.app.assess import judged, today
from camscan.app.devices import at_site
from camscan.app.listing import is_of_video
from camscan.asset import WORKED_OUT, Asset, Judgement, Lifecycle
from camscan.config import Config
from camscan.exports import Inventory, Item
from camscan.plan.judging import maker_of
from camscan.plan.standing import standing
from camscan.policies import companies
from camscan.policies.companies import Ownership
from camscan.register import Register
from camscan.sheets.row import Setting, row, setting
from camscan.sheets.table import ordered

__all__ = ["inventory", "inventory_of"]


def inventory(
    book: Register,
    settings: Config,
    *,
    on: date | None = None,
    site: str | None = None,
    sees: Callable[[Asset], bool] | None = None,
) -> Inventory:
    """Every device of the register, or of a site, as it stands on a day (today); ``sees`` narrows them further.

    Raises UsageError for a site that has none.
    """
    every = book.devices()
    rows = [row for row in every if sees(row)] if sees else every
    return inventory_of(at_site(rows, site) if site is not None else rows, settings, on or today(), every)


def inventory_of(rows: Sequence[Asset], settings: Config, on: date, every: Sequence[Asset] | None = None) -> Inventory:
    """These devices, of all that the register has (``every``; these)."""
    judgements = judged(rows, settings, on, every=every)
    known = companies.load(settings.overlays)
    around = setting(rows if every is None else every, known, on)
    items = tuple(_item(each, judgements[each.asset_id], around, known) for each in ordered(rows))
    return Inventory(items, on, settings.organisation)


def _item(asset: Asset, judgement: Judgement, around: Setting, known: Ownership) -> Item:
    key, is_sure, stated = maker_of(asset, known)
    return Item(
        asset,
        judgement,
        row(asset, judgement, around),
        standing(asset, around.today).value,
        maker=known.name(key) if key and is_sure else stated,
        is_of_video=_is_entered(asset) or is_of_video(asset),
    )


def _is_entered(asset: Asset) -> bool:
    """Whether a person put it into the register, or has said what is to become of it."""
    return asset.record_type not in WORKED_OUT or asset.lifecycle is not Lifecycle.FOUND
