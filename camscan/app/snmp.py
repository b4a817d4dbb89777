"""Answers of switches and routers over SNMP about the devices behind them: asked in scope, and read like a list."""

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
from camscan.ingest.gather import Findings
from camscan.ingest.source import Item
from camscan.net.door import Door
from camscan.net.pace import PACES
from camscan.net.scope import Scope
from camscan.words import count_text, how_to_add

if TYPE_CHECKING:
    from camscan.ingest.snmp_agent import Login, SwitchAnswers

PORT = 161
MOST = 1000
"""The most switches of one run."""
_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class SwitchLogin:
    """One switch or router that is to be asked, and its login."""

    ip: str
    login: SnmpLogin


@dataclass(frozen=True, slots=True)
class PreparedSwitches:
    """A request that is ready: everything that can be wrong with it has been found, and nothing was sent."""

    config: Config
    asked: tuple[SwitchLogin, ...]

    @property
    def clear(self) -> tuple[str, ...]:
        """The names of logins whose community anybody along the way can read."""
        return tuple(dict.fromkeys(switch.login.name for switch in self.asked if switch.login.is_clear_text))


def prepare_switches(texts: Sequence[str], config: Config, name: str = "") -> PreparedSwitches:
    """The switches that may be asked now, each with its login. Raises UsageError in one line."""
    targets = targets_in_scope(texts, "", config, None).targets
    if targets.count > MOST:
        raise UsageError(f"{targets.count:,} addresses: name the switches and routers, {MOST:,} at most")
    return PreparedSwitches(config, tuple(SwitchLogin(ip, config.snmp_login(ip, name)) for ip in targets))


def ask_switches(
    prepared: PreparedSwitches,
    *,
    site: str,
    database: Database,
    started_at: datetime,
    port: int = PORT,
    everything: bool = False,
) -> Evidence:
    """Ask the switches, and put their answers together. Raises ConfigError for a password that cannot be read."""
    try:
        from camscan.ingest import snmp_agent  # noqa: PLC0415 - an extra, needed here alone
    except ModuleNotFoundError:
        raise UsageError(f"SNMP needs pysnmp: {how_to_add('snmp')}") from None
    passwords = {switch.login.name: switch.login.passwords() for switch in prepared.asked}
    logins = {
        switch.login.name: snmp_agent.Login(
            switch.login.user, *passwords[switch.login.name], hash=switch.login.hash, cipher=switch.login.cipher
        )
        for switch in prepared.asked
    }
    found = asyncio.run(_ask_all(prepared, logins, port))
    gathered = Findings(sources.load_source("snmp"), zones_of(prepared.config, site))
    lines = []
    for each, answers in zip(prepared.asked, found, strict=True):
        items: list[Item] = [*answers.problems, *mib.walk_items(answers.walk, each.ip)]
        gathered.take_items(items, each.ip, datetime.now(UTC))
        how = "SNMPv2c, in clear text" if each.login.is_clear_text else "SNMPv3"
        lines.append(f"{each.ip}: {count_text(answers.walk.count, 'value')} by {how}")
    names = tuple(switch.ip for switch in prepared.asked)
    gathered.files.extend(lines)
    return evidence_of(
        gathered, names, lines, site=site, database=database, started_at=started_at, everything=everything
    )


async def _ask_all(prepared: PreparedSwitches, logins: dict[str, Login], port: int) -> list[SwitchAnswers]:
    """Ask a few switches at once, and return the answers in the order of the request."""
    from camscan.ingest.snmp_agent import ask_switch  # noqa: PLC0415 - as above

    config = prepared.config
    cidrs = tuple(network for switch in prepared.asked for network in switch.login.cidrs)
    scope = Scope(
        tuple(dict.fromkeys(cidrs)),
        excluded=config.exclusions_of(),
        authorised=config.authorised(datetime.now(UTC)),
    )
    turns = asyncio.Semaphore(_AT_ONCE)
    async with Door(scope, PACES[config.pace or "gentle"], interface=config.interface) as door:

        async def one(each: SwitchLogin) -> SwitchAnswers:
            async with turns:
                return await ask_switch(door, each.ip, logins[each.login.name], port=port)

        return list(await asyncio.gather(*(one(switch) for switch in prepared.asked)))
