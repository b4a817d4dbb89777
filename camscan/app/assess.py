"""The judgement of devices as camscan.yaml wants it: for everything that shows, exports or counts them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from camscan import vulnerabilities
from camscan.asset import Asset, Judgement
from camscan.config import Config
from camscan.dates import read_day
from camscan.errors import UsageError
from camscan.plan import Rules, judge_devices, policies_in_use
from camscan.plan.entered_twice import set_duplicates_apart
from camscan.policies.read import load_known_policies as load_policies


def load_rules(settings: Config) -> Rules:
    """The policies in use. Raises ConfigError if camscan.yaml names what there is not."""
    return policies_in_use(load_policies(settings.overlays), settings.planning)


def scope_mark(settings: Config) -> float:
    """A number for what decides the scope: counts of two scans can be held beside each other where it is the same.

    The minute and the day of a decision do not change what falls under it. The number is whole and below 2**48, so that
    it survives where counts are kept.
    """
    planning = settings.planning
    decision = planning.local_decision and replace(planning.local_decision, minute="", date=date.min, where="")
    said = repr((planning.policies, planning.scope, decision, planning.debarment))
    return float(int.from_bytes(hashlib.blake2b(said.encode("utf-8", "surrogatepass"), digest_size=6).digest(), "big"))


def today_utc() -> date:
    """The day in UTC, as every date of the register."""
    return datetime.now(UTC).date()


def parse_past_day(text: str) -> date:
    """A day since which something is to have happened, as people write it.

    Raises ValueError for what is not a date, UsageError for one in the future: nothing is new since then, and saying so
    would answer a mistyped year.
    """
    found = read_day(text)
    if found > today_utc() + timedelta(days=1):  # a day that has begun east of here
        raise UsageError(f"{text} is in the future; is the year right?")
    return found


def judge_assets(
    assets: Sequence[Asset], settings: Config, day: date | None = None, *, every: Sequence[Asset] | None = None
) -> Mapping[str, Judgement]:
    """The judgement of each device on that day (today), by asset id.

    ``every`` is the whole register, where ``assets`` is not: a row may stand for the device of another.
    """
    known = vulnerabilities.load_weaknesses(settings.overlays)
    found = judge_devices(assets, load_rules(settings), settings.planning.formula, known, day or today_utc())
    return set_duplicates_apart(assets if every is None else every, found)
