"""The judgement of devices as camscan.yaml wants it: for every command that shows, exports or counts them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from camscan.asset import Asset, Judgement
    from camscan.config import Config
    from camscan.plan import Rules


def rules(settings: Config) -> Rules:
    """The policies in use. Raises ConfigError where camscan.yaml names what there is not."""
    from camscan.plan import in_use  # noqa: PLC0415
    from camscan.policies.read import load  # noqa: PLC0415 - keeps --help quick

    return in_use(load(settings.overlays), settings.planning)


def today() -> date:
    """The day in UTC, as every date of the register."""
    return datetime.now(UTC).date()


def judged(assets: Sequence[Asset], settings: Config, day: date | None = None) -> Mapping[str, Judgement]:
    """The judgement of each device on that day (today), by asset id."""
    from camscan.plan import judge  # noqa: PLC0415
    from camscan.vulnerabilities.read import load  # noqa: PLC0415

    return judge(assets, rules(settings), settings.planning.formula, load(settings.overlays), day or today())


def tallier(settings: Config) -> Callable[[Sequence[Asset]], Mapping[str, float]]:
    """What ``Register.record`` calls to keep the counts of the burn-down with a scan."""
    from camscan.plan import tally  # noqa: PLC0415

    def counted(assets: Sequence[Asset]) -> Mapping[str, float]:
        day = today()
        return tally(assets, judged(assets, settings, day), day)

    return counted
