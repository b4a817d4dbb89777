"""The register as formats are given it: every device with what follows from the policies, judged once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from camscan.app.assess import judge_assets, today_utc
from camscan.app.devices import require_at_site
from camscan.app.listing import is_of_video
from camscan.asset import WORKED_OUT, Asset, Judgement, Lifecycle
from camscan.config import Config
from camscan.exports import Inventory, Item
from camscan.plan.judging import known_maker
from camscan.plan.standing import removal_standing
from camscan.policies import companies
from camscan.policies.companies import Ownership
from camscan.register import Register
from camscan.sheets.row import Setting, device_row, make_setting
from camscan.sheets.table import sort_devices

__all__ = ["inventory_of", "take_inventory"]


def take_inventory(
    book: Register,
    settings: Config,
    *,
    on: date | None = None,
    site: str | None = None,
    sees: Callable[[Asset], bool] | None = None,
) -> Inventory:
    """Every device of the register, or of a site, as of a day (today); ``sees`` limits them further.

    Raises UsageError for a site that has none.
    """
    every = book.devices()
    rows = [row for row in every if sees(row)] if sees else every
    return inventory_of(require_at_site(rows, site) if site is not None else rows, settings, on or today_utc(), every)


def inventory_of(rows: Sequence[Asset], settings: Config, on: date, every: Sequence[Asset] | None = None) -> Inventory:
    """These devices, of all that the register has (``every``; these)."""
    judgements = judge_assets(rows, settings, on, every=every)
    known = companies.load_ownership(settings.overlays)
    around = make_setting(rows if every is None else every, known, on)
    items = tuple(_make_item(each, judgements[each.asset_id], around, known) for each in sort_devices(rows))
    return Inventory(items, on, settings.organisation)


def _make_item(asset: Asset, judgement: Judgement, around: Setting, known: Ownership) -> Item:
    key, is_sure, stated = known_maker(asset, known)
    return Item(
        asset,
        judgement,
        device_row(asset, judgement, around),
        removal_standing(asset, around.today).value,
        maker=known.company_name(key) if key and is_sure else stated,
        is_video_surveillance=_is_entered(asset) or is_of_video(asset),
    )


def _is_entered(asset: Asset) -> bool:
    """Whether a person added it to the register, or has said what is planned for it."""
    return asset.record_type not in WORKED_OUT or asset.lifecycle is not Lifecycle.FOUND
