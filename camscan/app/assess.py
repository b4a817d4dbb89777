"""Judges devices by the policies of camscan.yaml: for everything that shows, exports or counts them."""

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
from camscan.vulnerabilities.read import Weaknesses


def load_rules(settings: Config) -> Rules:
    """Load the policies in use. Raises ConfigError if camscan.yaml names one that does not exist."""
    return policies_in_use(load_policies(settings.overlays), settings.planning)


def scope_mark(settings: Config) -> float:
    """A number for the rules that decide the scope: counts of two scans can be compared if it is the same.

    The minute and the day of a decision do not change what falls under it. The number is whole and below 2**48, so that
    it survives where counts are kept.
    """
    planning = settings.planning
    decision = planning.local_decision and replace(planning.local_decision, minute="", date=date.min, where="")
    said = repr((planning.policies, planning.scope, decision, planning.debarment))
    return float(int.from_bytes(hashlib.blake2b(said.encode("utf-8", "surrogatepass"), digest_size=6).digest(), "big"))


def today_utc() -> date:
    """Today's date in UTC, like every date in the register."""
    return datetime.now(UTC).date()


def parse_past_day(text: str) -> date:
    """Read a past day, as people write dates.

    Raises ValueError if the text is not a date, UsageError for a date in the future: nothing can have happened since,
    so the year was probably mistyped.
    """
    found = read_day(text)
    if found > today_utc() + timedelta(days=1):  # a day that has begun further east
        raise UsageError(f"{text} is in the future; is the year right?")
    return found


def judge_assets(
    assets: Sequence[Asset],
    settings: Config,
    day: date | None = None,
    *,
    every: Sequence[Asset] | None = None,
    weaknesses: Weaknesses | None = None,
) -> Mapping[str, Judgement]:
    """Judge each device as of that day (today). Returns asset number -> judgement.

    ``every`` is the complete register, if ``assets`` is not, because a row may represent the device of another.
    ``weaknesses`` are those of the settings, if they are loaded already.
    """
    known = weaknesses or vulnerabilities.load_weaknesses(settings.overlays)
    found = judge_devices(assets, load_rules(settings), settings.planning.formula, known, day or today_utc())
    return set_duplicates_apart(assets if every is None else every, found)
