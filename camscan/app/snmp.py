"""What switches and routers say over SNMP of the devices behind them: asked in scope, and read like a list."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from camscan.app.elsewhere import Evidence, evidence_of, zones_of
from camscan.app.request import targets_in_scope
from camscan.config import Config, SnmpLogin
from camscan.errors import UsageError
from camscan.fingerprints import Database
from camscan.ingest import mib, sources
from camscan.ingest.gather import Gathered
from camscan.ingest.source import Item
from camscan.net.door import Door
from camscan.net.pace import PACES
from camscan.net.scope import Scope
from camscan.words import counted, how_to_add

if TYPE_CHECKING:
    from camscan.ingest.snmp_agent import Answers, Login

PORT = 161
MOST = 1000
"""Switches of one run."""
_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Asked:
    """One switch or router that is to be asked, and how."""

    ip: str
    login: SnmpLogin


@dataclass(frozen=True, slots=True)
class Prepared:
    """Everything that can be wrong with the request has been found; nothing was sent."""

    config: Config
    asked: tuple[Asked, ...]

    @property
    def clear(self) -> tuple[str, ...]:
        """The names of those logins whose community everybody on the way can read."""
        return tuple(dict.fromkeys(each.login.name for each in self.asked if each.login.is_clear_text))


def prepare_switches(texts: Sequence[str], config: Config, name: str = "") -> Prepared:
    """The switches that may be asked now, each with its login. Raises UsageError in one line."""
    targets = targets_in_scope(texts, "", config, None).targets
    if targets.count > MOST:
        raise UsageError(f"{targets.count:,} addresses: name the switches and routers, {MOST:,} at most")
    return Prepared(config, tuple(Asked(ip, config.snmp_login(ip, name)) for ip in targets))


def ask_switches(
    prepared: Prepared,
    *,
    site: str,
    database: Database,
    started_at: datetime,
    port: int = PORT,
    everything: bool = False,
) -> Evidence:
    """Ask them, and put together what they say. Raises ConfigError for a password that cannot be read."""
    try:
        from camscan.ingest import snmp_agent  # noqa: PLC0415 - an extra, needed here alone
    except ModuleNotFoundError:
        raise UsageError(f"SNMP needs pysnmp: {how_to_add('snmp')}") from None
    passwords = {each.login.name: each.login.passwords() for each in prepared.asked}
    logins = {
        each.login.name: snmp_agent.Login(
            each.login.user, *passwords[each.login.name], hash=each.login.hash, cipher=each.login.cipher
        )
        for each in prepared.asked
    }
    found = asyncio.run(_all(prepared, logins, port))
    gathered = Gathered(sources.load_source("snmp"), zones_of(prepared.config, site))
    lines = []
    for each, answers in zip(prepared.asked, found, strict=True):
        items: list[Item] = [*answers.problems, *mib.walk_items(answers.walk, each.ip)]
        gathered.take_items(items, each.ip, datetime.now(UTC))
        how = "SNMPv2c, in clear text" if each.login.is_clear_text else "SNMPv3"
        lines.append(f"{each.ip}: {counted(answers.walk.count, 'value')} by {how}")
    names = tuple(each.ip for each in prepared.asked)
    gathered.files.extend(lines)
    return evidence_of(
        gathered, names, lines, site=site, database=database, started_at=started_at, everything=everything
    )


async def _all(prepared: Prepared, logins: dict[str, Login], port: int) -> list[Answers]:
    """A few at once, in the order in which they were named."""
    from camscan.ingest.snmp_agent import ask_switch  # noqa: PLC0415 - as above

    config = prepared.config
    cidrs = tuple(network for each in prepared.asked for network in each.login.cidrs)
    scope = Scope(
        tuple(dict.fromkeys(cidrs)),
        excluded=config.exclusions_of(),
        authorised=config.authorised(datetime.now(UTC)),
    )
    turns = asyncio.Semaphore(_AT_ONCE)
    async with Door(scope, PACES[config.pace or "gentle"], interface=config.interface) as door:

        async def one(each: Asked) -> Answers:
            async with turns:
                return await ask_switch(door, each.ip, logins[each.login.name], port=port)

        return list(await asyncio.gather(*(one(each) for each in prepared.asked)))
