"""The register as formats are given it: every device with what follows from the policies, judged once."""

from __future__ import annotations

from datetime import date

from camscan.app.assess import judged, today
from camscan.app.devices import at_site
from camscan.app.listing import is_of_video
from camscan.asset import Asset, Judgement, Lifecycle, RecordType
from camscan.config import Config
from camscan.exports import Inventory, Item
from camscan.plan.judging import maker_of
from camscan.plan.standing import standing
from camscan.policies import companies
from camscan.policies.companies import Ownership
from camscan.register import Register
from camscan.sheets.row import Setting, row, setting
from camscan.sheets.table import ordered

__all__ = ["inventory"]


def inventory(book: Register, settings: Config, *, on: date | None = None, site: str | None = None) -> Inventory:
    """Every device of the register, or of a site, as it stands on a day (today).

    Raises UsageError for a site that has none.
    """
    every, day = book.devices(), on or today()
    rows = ordered(at_site(every, site) if site else every)
    judgements = judged(rows, settings, day)
    known = companies.load(settings.overlays)
    around = setting(every, known, day)
    items = tuple(_item(each, judgements[each.asset_id], around, known) for each in rows)
    return Inventory(items, day, settings.organisation)


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
    return asset.record_type is not RecordType.NETWORK or asset.lifecycle is not Lifecycle.FOUND
