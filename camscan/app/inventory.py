"""The register as exports need it: every device with its judgement, which is made once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from camscan.app.by_site import Devices, devices_of, read_by_site
from camscan.asset import WORKED_OUT, Asset, Judgement, Lifecycle
from camscan.config import Config
from camscan.exports import Inventory, Item
from camscan.headline import is_of_video
from camscan.plan.judging import known_maker
from camscan.plan.standing import removal_standing
from camscan.register import Register
from camscan.sheets.row import Setting, device_row

__all__ = ["inventory_of", "take_inventory"]


def take_inventory(
    book: Register,
    settings: Config,
    *,
    on: date | None = None,
    site: str | None = None,
    sees: Callable[[Asset], bool] | None = None,
) -> Inventory:
    """Every device of an open register, or of a site, as of a day (today); ``sees`` limits them further.

    They are read as somebody goes through them (``by_site``). Raises UsageError for a site that has none.
    """
    found = read_by_site(book, settings, on=on, site=site, sees=sees)
    return Inventory(_Items(found), found.around.today, settings.organisation)


def inventory_of(rows: Sequence[Asset], settings: Config, on: date) -> Inventory:
    """These devices, as if they were all that the register has."""
    return Inventory(tuple(_Items(devices_of(rows, settings, on))), on, settings.organisation)


@dataclass(frozen=True, slots=True)
class _Items:
    """Devices as formats get them, as often as somebody goes through them."""

    devices: Devices

    def __iter__(self) -> Iterator[Item]:
        for rows, judgements in self.devices.batches():
            for row in rows:
                yield _make_item(row, judgements[row.asset_id], self.devices.around)


def _make_item(asset: Asset, judgement: Judgement, around: Setting) -> Item:
    key, is_sure, stated = known_maker(asset, around.companies)
    return Item(
        asset,
        judgement,
        device_row(asset, judgement, around),
        removal_standing(asset, around.today).value,
        maker=around.companies.company_name(key) if key and is_sure else stated,
        is_video_surveillance=_is_entered(asset) or is_of_video(asset),
    )


def _is_entered(asset: Asset) -> bool:
    """Whether a person added the device, or has entered what is planned for it."""
    return asset.record_type not in WORKED_OUT or asset.lifecycle is not Lifecycle.FOUND
