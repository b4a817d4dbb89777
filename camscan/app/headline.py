"""The one headline of a register, for every place that answers "do we have any, how many, where"."""

from __future__ import annotations

from collections.abc import Sequence

from camscan.app.workspace import Workspace
from camscan.asset import Asset
from camscan.config import Config
from camscan.headline import Headline, headline_of_report
from camscan.plan.estate_count import HeadlineCount, count_headline
from camscan.policies import companies
from camscan.register import Register

__all__ = ["Headline", "headline_of_register", "headline_of_report", "headline_of_workspace"]


def headline_of_register(book: Register, settings: Config, rows: Sequence[Asset] | None = None) -> Headline:
    """The counts of the complete register as it is now; ``rows`` are all its devices, if they were read already.

    Otherwise they are counted from the listing if that is up to date, as it is after a scan was recorded.
    """
    from camscan.app.listing_lines import make_lister, read_estate  # noqa: PLC0415 - they need the headline themselves

    known, places, scans = companies.load_ownership(settings.overlays), settings.places() or book.sites(), book.scans()
    if rows is None and book.has_listing:
        book.list_by(make_lister(settings))
        if book.counting_basis():
            estate = read_estate(book)
            count = HeadlineCount(scans, known, estate.twice)
            for device in estate.devices:
                count.add(device.asset)
            return count.headline(places)
    return count_headline(book.devices() if rows is None else rows, scans, known, places)


def headline_of_workspace(space: Workspace) -> Headline:
    """The headline of a workspace's register, which is opened for it.

    If there is no register, it says that nothing was scanned yet.
    """
    if not space.has_register:
        return Headline(is_scanned=False)
    with space.open(readonly=True, create=False) as book:
        return headline_of_register(book, space.settings)
