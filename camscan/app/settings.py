"""Checks a camscan.yaml, and makes a new one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from camscan import notify, output
from camscan.app.assess import load_rules
from camscan.app.run_outputs import list_writers
from camscan.asset.spelling import nearest_hint
from camscan.config import Config
from camscan.config.check import Finding, Level, check_config
from camscan.config.planning import LocalDecision
from camscan.dates import read_day
from camscan.errors import ConfigError, UsageError
from camscan.net.scope import PRIVATE
from camscan.policies import companies
from camscan.probes import load as load_probes


def check_settings(config: Config, faults: Sequence[ConfigError]) -> list[Finding]:
    """Findings about a camscan.yaml: what could not be read, then what looks wrong in the rest; the errors first."""
    found = [Finding(Level.ERROR, str(fault)) for fault in (*faults, *_check_planning(config))]
    found += _check_recipients(config)
    found += check_config(config, datetime.now(UTC), private=PRIVATE, probes=load_probes())
    return sorted(found, key=lambda each: each.level is not Level.ERROR)


def _check_recipients(config: Config) -> list[Finding]:
    """Check that the recipients and exports that it names exist, and have what they need."""
    found = []
    for recipient in config.notify:
        try:
            notify.channel_of(recipient)
        except ConfigError as error:
            found.append(Finding(Level.ERROR, str(error)))
    try:
        list_writers(config)
    except ConfigError as error:
        found.append(Finding(Level.ERROR, str(error)))
    return found


def _check_planning(config: Config) -> list[ConfigError]:
    """Check that the policies and companies that planning names exist."""
    try:
        load_rules(config)
    except ConfigError as error:
        return [error]
    return []


def parse_decision(minute: str, day: str, makers: str) -> LocalDecision | None:
    """The council's decision, from what a person typed; None if nothing was typed. Raises UsageError in one line."""
    if not minute.strip() and not day.strip():
        return None
    if not minute.strip() or not day.strip():
        raise UsageError("a decision needs its minute and its date: give --minute and --date")
    if not minute.isprintable():
        raise UsageError("--minute: expected a text in one line")
    try:
        when = read_day(day)
    except ValueError:
        raise UsageError(f"--date {day} is not a day; write it like 14 September 2026 or 2026-09-14") from None
    known = companies.load_ownership()
    names = [name.strip() for name in makers.split(",") if name.strip()]
    keys = [known.maker_of_name(name) or name.casefold() for name in names]
    for name, key in zip(names, keys, strict=True):
        if key not in known.makers and key not in known.companies:
            raise UsageError(
                f"--makers: '{name}' is not a maker that camscan knows{nearest_hint(name, sorted(known.makers))}"
            )
    if not keys:
        raise UsageError("--makers is empty: name the makers that the decision is about, such as hikvision,dahua")
    return LocalDecision(minute.strip(), when, groups=tuple(dict.fromkeys(keys)))


def starter_config(text: str, decided: LocalDecision | None) -> str:
    """The text of a new camscan.yaml, with the council's decision in it if there is one."""
    if decided is None:
        return text
    before, _, rest = text.partition("#planning:\n")
    after = rest.partition("\n\n")[2]
    minute = decided.minute.replace("'", "''")
    lines = (
        "planning:",
        "  local_decision:",
        f"    minute: '{minute}'",
        f"    date: '{decided.date.isoformat()}'",
        f"    groups: [{', '.join(decided.groups)}]",
    )
    return f"{before}{chr(10).join(lines)}\n\n{after}"


def require_new(file: Path) -> None:
    """Raise UsageError if the file exists already, before any question is asked."""
    if output.is_taken(file):
        raise UsageError(f"{file}: exists already and is not overwritten; name another file")


def write_new_config(file: Path, text: str) -> None:
    """Write a file that does not exist yet. Raises UsageError if it does, OutputError if it cannot be made."""
    try:
        output.write_new(file, lambda stream: stream.writelines([text]))
    except FileExistsError:
        raise UsageError(f"{file}: exists already and is not overwritten; name another file") from None
