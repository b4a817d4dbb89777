"""The settings of ``camscan.yaml``, and what may be scanned with them."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from datetime import datetime, tzinfo
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from camscan.asset import Place
from camscan.config.authorisation import Authorisation
from camscan.config.centre import Centre
from camscan.config.contact import Contact
from camscan.config.foi import Foi
from camscan.config.planning import Planning
from camscan.config.running import Running
from camscan.config.value import Network, do_overlap, is_within, join_networks
from camscan.config.web import Web
from camscan.dataclass import dataclass
from camscan.errors import ConfigError, ScopeError
from camscan.output import visible

if TYPE_CHECKING:
    from camscan.config.credential import Credential
    from camscan.config.inventory import OtherInventory
    from camscan.config.recipient import Recipient
    from camscan.config.site import Site
    from camscan.config.snmp import SnmpLogin

FILE_NAME = "camscan.yaml"
PACES = ("gentle", "normal", "fast")
"""Names of the presets in ``camscan/net/pace.py`` (a test compares them)."""
OFFLINE_AFTER = 3
"""Scans in a row that must miss a device before it counts as offline, unless the file has another number."""
_LONGEST_SHOWN = 200
"""Maximum characters of a name in an error."""
_FEW = 12
"""Maximum sites that an error names."""
_MOST_TURNS = 400
"""How many ends of windows are examined to find when a run must stop: more than a year of nights."""


@dataclass(frozen=True, slots=True)
class Config:
    """The settings of ``camscan.yaml``, or the defaults."""

    path: Path | None = None
    """The file from which it was read; None for the defaults."""
    organisation: str = ""
    role: str = ""
    """The role for entries if a command is given none; never a name."""
    timezone: tzinfo | None = None
    """The time zone of windows; None for the time zone of this machine."""
    authorisations: tuple[Authorisation, ...] = ()
    sites: tuple[Site, ...] = ()
    """The sites of the file and of its table of sites."""
    sites_file: Path | None = None
    """The table of sites, whether or not it exists; None without a camscan.yaml."""
    exclusions: tuple[Network, ...] = ()
    """Networks that are never asked, whatever the targets."""
    pace: str = ""
    """Name of the preset; empty for the default."""
    ports: Mapping[str, tuple[int, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """Probe name -> TCP ports that replace its defaults."""
    interface: str | None = None
    register: str | None = None
    """Path of the register, from the directory of ``camscan.yaml``; or an address with ``://``."""
    offline_after: int = OFFLINE_AFTER
    """Scans in a row that must miss a device before it counts as offline."""
    overlays: tuple[Path, ...] = ()
    """Directories of the operator's own fingerprints."""
    credentials: tuple[Credential, ...] = ()
    snmp: tuple[SnmpLogin, ...] = ()
    inventories: tuple[OtherInventory, ...] = ()
    """Other inventories, each with its token by reference."""
    planning: Planning = field(default_factory=Planning)
    """Policies in use, the council's own decision, and the formula of the removal priority."""
    notify: tuple[Recipient, ...] = ()
    """The recipients of alerts, each with its channel."""
    run: Running = field(default_factory=Running)
    """What an unattended run does, and when."""
    foi: Foi = field(default_factory=Foi)
    """Answers to freedom of information requests."""
    web: Web = field(default_factory=Web)
    """The pages of camscan serve, if other people may use them."""
    centre: Centre = field(default_factory=Centre)
    """How much one collector may send to this centre."""
    contact: Contact = field(default_factory=Contact)
    """Whom people tell about pages that do not work."""
    port_lines: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Probe name -> ``file:line`` of its ports."""
    lines: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Key of the file -> ``file:line``."""
    notes: tuple[str, ...] = ()
    """What was skipped: ``file:line: …``."""

    # ── sites ────────────────────────────────────────────────────────────────────────────────────────────────

    def site(self, name: str) -> Site:
        """The site of this name, in upper or lower case. Raises ConfigError for an unknown name."""
        for site in self.sites:
            if site.name.casefold() == name.casefold():
                return site
        shown = visible(name, _LONGEST_SHOWN)  # a parcel may have named it
        if self.path is None:
            raise ConfigError(f"there is no {FILE_NAME} with a site '{shown}': make one with `camscan config init`")
        import difflib  # noqa: PLC0415 - only a slip needs it

        names = [site.name for site in self.sites]
        close = difflib.get_close_matches(name, names, n=1)
        hint = f"did you mean '{close[0]}'?" if close else f"the sites are: {', '.join(names[:_FEW]) or 'none yet'}"
        more = f" and {len(names) - _FEW} more" if not close and len(names) > _FEW else ""
        raise ConfigError(f"there is no site '{shown}'; {hint}{more}", str(self.path), 1)

    def targets_of(self, site: str) -> tuple[str, ...]:
        """The networks of a site as texts; empty for an empty name. Raises ConfigError for an unknown name."""
        return tuple(map(str, self.site(site).cidrs)) if site else ()

    def scope_networks(self) -> tuple[Network, ...]:
        """Every network of every site, in the order of the file."""
        return tuple(dict.fromkeys(network for site in self.sites for network in site.cidrs))

    def places(self) -> tuple[Place, ...]:
        """The site map for ``Register.remember_sites``. A network of two sites belongs to the first one."""
        return tuple(place for site in self.sites for place in site.places())

    def place_of(self, address: str) -> Place | None:
        """The place of an address: the smallest subnet that contains it decides. None if no subnet does."""
        wanted = ipaddress.ip_address(address.partition("%")[0])
        best: tuple[int, Place] | None = None
        for site in self.sites:
            for subnet in site.subnets:
                if wanted in subnet.cidr and (best is None or subnet.cidr.prefixlen > best[0]):
                    best = (subnet.cidr.prefixlen, site.place_of(subnet))
        return best[1] if best else None

    def networks_of_others(self, site: Site) -> tuple[Network, ...]:
        """Networks of other sites within those of this site: devices there belong to the other sites."""
        own = {*site.cidrs}
        others = (network for each in self.sites if each is not site for network in each.cidrs)
        return tuple(one for one in others if one not in own and any(is_within(one, network) for network in own))

    def exclusions_of(self, site: str = "") -> tuple[Network, ...]:
        """Networks that are never asked: those of the file, and those of the named site."""
        return (*self.exclusions, *(self.site(site).exclusions if site else self._all_exclusions()))

    def _all_exclusions(self) -> Iterator[Network]:
        return (network for site in self.sites for network in site.exclusions)

    # ── logins ───────────────────────────────────────────────────────────────────────────────────────────────

    def credential(self, name: str) -> Credential:
        """The login of this name. Raises ConfigError for an unknown name."""
        for credential in self.credentials:
            if credential.name.casefold() == name.casefold():
                return credential
        if self.path is None:
            raise ConfigError(
                f"there is no {FILE_NAME} with a credential '{name}': make one with `camscan config init`"
            )
        known = ", ".join(credential.name for credential in self.credentials) or "none yet"
        raise ConfigError(f"there is no credential '{name}'; the credentials are: {known}", str(self.path), 1)

    def snmp_login(self, ip: str, name: str = "") -> SnmpLogin:
        """The SNMP login for an address: the named one, or the only one that covers it.

        Raises ConfigError if there is none, if several cover it, or if the named one does not.
        """
        named = [login for login in self.snmp if not name or login.name.casefold() == name.casefold()]
        found = [login for login in named if login.covers(ip)]
        if len(found) == 1:
            return found[0]
        if name and not named:
            known = ", ".join(login.name for login in self.snmp) or "none yet"
            raise ConfigError(f"there is no entry '{name}' under snmp; the entries are: {known}")
        if named and name:
            raise ConfigError(f"the entry '{name}' under snmp does not cover {ip}; see {named[0].where}")
        if found:
            several = ", ".join(login.name for login in found)
            raise ConfigError(f"several entries under snmp cover {ip}: {several}; --credential says which")
        raise ConfigError(f"no entry under snmp covers {ip}; docs/import.md says how to write one")

    def inventory(self, name: str) -> OtherInventory:
        """The inventory with this name or address. Raises ConfigError for an unknown one."""
        wanted = name.strip().rstrip("/").removesuffix("/api").casefold()
        for inventory in self.inventories:
            if wanted in {inventory.name.casefold(), inventory.url.casefold()}:
                return inventory
        known = ", ".join(inventory.name for inventory in self.inventories) or "none yet"
        raise ConfigError(f"there is no entry '{name}' under inventories; the entries are: {known}")

    # ── what may be scanned, and when ────────────────────────────────────────────────────────────────────────

    def clock(self, now: datetime) -> datetime:
        """A moment in the local time of windows and dates."""
        return now.astimezone(self.timezone)

    def authorised(self, now: datetime) -> tuple[Network, ...]:
        """The networks that an authorisation allows to be scanned at this moment."""
        wall = self.clock(now)
        return tuple(
            network
            for authorisation in self.authorisations
            if authorisation.is_valid_now(wall)
            for network in authorisation.cidrs
        )

    def require_authorised(self, networks: Iterable[Network], now: datetime, *, private: Iterable[Network]) -> None:
        """Raise ScopeError, with the reason, if a network may not be scanned now.

        Private networks need an authorisation only once one is written for any of them; the scope checks other
        networks. If an authorisation names a network, it must be valid now.
        """
        wall = self.clock(now)
        allowed = join_networks(self.authorised(now))
        written = [cidr for authorisation in self.authorisations for cidr in authorisation.cidrs]
        strict = any(do_overlap(cidr, one) for cidr in written for one in private)
        for network in networks:
            if _is_covered(network, allowed):
                continue
            for authorisation in self.authorisations:
                if not authorisation.is_valid_now(wall) and any(
                    do_overlap(network, cidr) for cidr in authorisation.cidrs
                ):
                    raise ScopeError(
                        f"{network}: the authorisation by {authorisation.role} "
                        f"{authorisation.describe_why_not(wall)} ({authorisation.where})"
                    )
            if strict:
                raise ScopeError(
                    f"{network} is outside what is authorised: no entry under authorisations covers it "
                    f"({self.lines.get('authorisations', self.path or FILE_NAME)})"
                )

    def waits_for_hour(self, networks: Iterable[Network], now: datetime) -> bool:
        """Whether only the hour prevents one of these networks from being scanned now."""
        wall, allowed = self.clock(now), join_networks(self.authorised(now))
        later = join_networks(
            cidr
            for authorisation in self.authorisations
            if authorisation.is_in_force(wall.date())
            for cidr in authorisation.cidrs
        )
        shut = [network for network in networks if not _is_covered(network, allowed)]
        return bool(later) and any(_is_covered(network, later) for network in shut)

    def is_run_open(self, now: datetime) -> bool:
        """Whether the window of the run is open."""
        return self.run.window is None or self.run.window.closing_time(self.clock(now)) is not None

    def run_until(self, now: datetime) -> datetime | None:
        """The moment at which the window of the run closes; None if it has none."""
        return self.run.window.ending_time(self.clock(now), self.timezone) if self.run.window else None

    def authorised_until(self, networks: Iterable[Network], now: datetime) -> datetime | None:
        """The first moment at which one of these networks may no longer be scanned under its authorisation.

        None if none of them depends on an authorisation.
        """
        wall = self.clock(now)
        wanted = [network for network in networks if _is_covered(network, join_networks(self.authorised(now)))]
        for _ in range(_MOST_TURNS if wanted else 0):
            wall = min(
                authorisation.ending_time(wall, self.timezone)
                for authorisation in self.authorisations
                if authorisation.is_valid_now(wall)
            )
            allowed = join_networks(self.authorised(wall))
            if not all(_is_covered(network, allowed) for network in wanted):
                return wall
        return wall if wanted else None

    # ── probes ───────────────────────────────────────────────────────────────────────────────────────────────

    def require_probes(self, known: Iterable[str]) -> None:
        """Raise ConfigError if ports are given for a probe that does not exist."""
        names = sorted(known)
        for name, where in self.port_lines.items():
            if name not in names:
                raise ConfigError(f"{where}: there is no probe '{name}'; the probes are: {', '.join(names)}")


def _is_covered(network: Network, allowed: Iterable[Network]) -> bool:
    return any(is_within(network, other) for other in allowed)
