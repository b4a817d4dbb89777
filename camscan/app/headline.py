"""The one headline of a register, for every place that answers "do we have any, how many, where"."""

from __future__ import annotations

from collections.abc import Sequence

from camscan.asset import Asset
from camscan.config import Config
from camscan.headline import Headline, of_report
from camscan.plan.estate_count import headline
from camscan.policies import companies
from camscan.register import Register

__all__ = ["Headline", "of_register", "of_report"]


def of_register(book: Register, settings: Config, rows: Sequence[Asset] | None = None) -> Headline:
    """The counts of the whole register as it stands; ``rows`` are all its devices, where they were read already."""
    assets = book.devices() if rows is None else rows
    return headline(assets, book.scans(), companies.load(settings.overlays), settings.places() or book.sites())
