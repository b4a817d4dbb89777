"""``camscan.yaml`` to :class:`Config`. With ``tree``, the strict reader, the room that reads YAML."""

from __future__ import annotations

import ipaddress
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from camscan.config.credential import Credential
from camscan.config.tree import MAX_BYTES, Node, load_yaml, parse_yaml
from camscan.errors import ConfigError, ScopeError

__all__ = [
    "MAX_BYTES",
    "PACES",
    "Authorisation",
    "Config",
    "Credential",
    "Node",
    "Site",
    "find_config",
    "load_config",
    "load_yaml",
    "parse_yaml",
]

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

FILE_NAME = "camscan.yaml"
PACES = ("gentle", "normal", "fast")
"""Names of the presets in ``camscan/net/pace.py`` (a test compares them)."""

_T = TypeVar("_T")
_LAST_PORT = 65535
_REFERENCES = ("password_file", "password_env", "systemd_credential")


@dataclass(frozen=True, slots=True)
class Authorisation:
    """Who allowed which networks to be scanned, and from when until when, both days included."""

    role: str
    """A role, no name: the register is kept for years."""
    begins: date
    expires: date
    cidrs: tuple[Network, ...]
    where: str
    """``file:line``."""

    def in_force(self, today: date) -> bool:
        """Whether it holds today."""
        return self.begins <= today <= self.expires


@dataclass(frozen=True, slots=True)
class Site:
    """A place and its networks."""

    name: str
    cidrs: tuple[Network, ...]


@dataclass(frozen=True, slots=True)
class Config:
    """What ``camscan.yaml`` says; without one, the defaults."""

    path: Path | None = None
    """The file it was read from."""
    organisation: str = ""
    authorisations: tuple[Authorisation, ...] = ()
    sites: tuple[Site, ...] = ()
    exclusions: tuple[Network, ...] = ()
    """Never asked, whatever the targets."""
    pace: str = ""
    """Name of the preset; empty for the default."""
    ports: Mapping[str, tuple[int, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """Probe name -> TCP ports that replace its defaults."""
    interface: str | None = None
    register: str | None = None
    """Path of the register, from the directory of ``camscan.yaml``; or an address with ``://``."""
    overlays: tuple[Path, ...] = ()
    """Directories of the operator's own fingerprints."""
    credentials: tuple[Credential, ...] = ()
    """Logins for `camscan enrich`, by reference."""
    port_lines: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Probe name -> ``file:line`` of its ports."""

    def targets_of(self, site: str) -> tuple[str, ...]:
        """The networks of the named site, as text; none for the empty name. Raises ConfigError for an unknown one."""
        if not site:
            return ()
        for each in self.sites:
            if each.name.casefold() == site.casefold():
                return tuple(map(str, each.cidrs))
        known = ", ".join(each.name for each in self.sites) or "none yet"
        raise ConfigError(f"{self.path or FILE_NAME}:1: there is no site '{site}'; known are: {known}")

    def credential(self, name: str) -> Credential:
        """The named login. Raises ConfigError for an unknown one."""
        for each in self.credentials:
            if each.name.casefold() == name.casefold():
                return each
        known = ", ".join(each.name for each in self.credentials) or "none yet"
        raise ConfigError(f"{self.path or FILE_NAME}:1: there is no credential '{name}'; known are: {known}")

    def scope_networks(self) -> tuple[Network, ...]:
        """Every network of every site, in the order of the file."""
        return tuple(dict.fromkeys(network for site in self.sites for network in site.cidrs))

    def authorised(self, today: date) -> tuple[Network, ...]:
        """The networks of the authorisations that are in force."""
        return tuple(network for each in self.authorisations if each.in_force(today) for network in each.cidrs)

    def require_in_force(self, networks: Iterable[Network], today: date) -> None:
        """Raise ScopeError for a network whose authorisation has run out or not begun, where no other covers it."""
        allowed = self.authorised(today)
        for network in networks:
            if any(_within(network, each) for each in allowed):
                continue
            for each in self.authorisations:
                if any(network.overlaps(cidr) for cidr in each.cidrs if cidr.version == network.version):
                    when = f"expired on {each.expires}" if each.expires < today else f"begins on {each.begins}"
                    raise ScopeError(
                        f"{network}: the authorisation by {each.role} {when}; renew it first ({each.where})"
                    )

    def require_probes(self, known: Iterable[str]) -> None:
        """Raise ConfigError for ports of a probe that does not exist."""
        names = sorted(known)
        for name, where in self.port_lines.items():
            if name not in names:
                raise ConfigError(f"{where}: there is no probe '{name}'; known are: {', '.join(names)}")


def find_config(path: str | Path | None = None) -> Config:
    """The configuration: of ``path``, else $CAMSCAN_CONFIG, ./camscan.yaml, the user's directory, else the defaults.

    Raises ConfigError with file and line. A file that was named must exist.
    """
    named = path or os.environ.get("CAMSCAN_CONFIG")
    if named:
        return load_config(Path(named))
    for candidate in (Path(FILE_NAME), _user_directory() / FILE_NAME):
        if candidate.is_file():
            return load_config(candidate)
    return Config()


def load_config(path: Path) -> Config:
    """Read one ``camscan.yaml``. Raises ConfigError with file and line."""
    keys = load_yaml(path).only(
        "organisation",
        "authorisations",
        "sites",
        "exclusions",
        "pace",
        "ports",
        "interface",
        "register",
        "overlays",
        "credentials",
    )

    def read(key: str, reader: Callable[[Node], _T], default: _T) -> _T:
        return reader(keys[key]) if key in keys else default

    ports = keys["ports"].entries() if "ports" in keys else {}
    return Config(
        path=path,
        organisation=read("organisation", Node.text, ""),
        authorisations=read("authorisations", _authorisations, ()),
        sites=read("sites", _sites, ()),
        exclusions=read("exclusions", _networks, ()),
        pace=read("pace", _pace, ""),
        ports=MappingProxyType({name: _ports(node) for name, node in ports.items()}),
        interface=read("interface", _interface, None),
        register=read("register", lambda node: _register(node, path.parent), None),
        overlays=read("overlays", lambda node: _overlays(node, path.parent), ()),
        credentials=read("credentials", lambda node: _credentials(node, path.parent), ()),
        port_lines=MappingProxyType({name: f"{node.file}:{node.line}" for name, node in ports.items()}),
    )


def _user_directory() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("APPDATA", "")) / "camscan"
    return Path(os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")) / "camscan"  # noqa: PTH111 - Path.home() raises for a user without a home


def _authorisations(node: Node) -> tuple[Authorisation, ...]:
    return tuple(map(_authorisation, node.items()))


def _authorisation(node: Node) -> Authorisation:
    keys = _all_of(node, "role", "date", "expires", "cidrs")
    begins, expires = _date(keys["date"]), _date(keys["expires"])
    if expires < begins:
        raise keys["expires"].wrong(f"expires before its date, {begins}")
    return Authorisation(
        _name(keys["role"]), begins, expires, _some_networks(keys["cidrs"]), where=f"{node.file}:{node.line}"
    )


def _sites(node: Node) -> tuple[Site, ...]:
    found: dict[str, Site] = {}
    for item in node.items():
        keys = _all_of(item, "name", "cidrs")
        site = Site(_name(keys["name"]), _some_networks(keys["cidrs"]))
        if site.name.casefold() in found:
            raise keys["name"].wrong(f"the site '{site.name}' is here twice; put its networks into one entry")
        found[site.name.casefold()] = site
    return tuple(found.values())


def _all_of(node: Node, *required: str) -> dict[str, Node]:
    keys = node.only(*required)
    missing = [key for key in required if key not in keys]
    if missing:
        raise node.wrong(f"'{missing[0]}' is missing; an entry has {', '.join(required)}")
    return keys


def _name(node: Node) -> str:
    text = node.text().strip()
    if not text or not text.isprintable():
        raise node.wrong("expected a name in one line")
    return text


def _date(node: Node) -> date:
    text = node.text()
    try:
        parsed = date.fromisoformat(text)
    except ValueError:
        parsed = None
    if parsed is None or parsed.isoformat() != text:
        raise node.wrong(f"'{text}' is no date; write it as 2026-03-31")
    return parsed


def _some_networks(node: Node) -> tuple[Network, ...]:
    networks = _networks(node)
    if not networks:
        raise node.wrong("at least one network is needed, such as 10.1.2.0/24")
    return networks


def _networks(node: Node) -> tuple[Network, ...]:
    return tuple(map(_network, node.items()))


def _network(node: Node) -> Network:
    text = node.text()
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        pass
    try:
        meant = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise node.wrong(f"'{text}' is no network; write it as 10.1.2.0/24, or 10.1.2.3 for one address") from None
    raise node.wrong(f"'{text}' has address bits beyond its prefix; did you mean {meant}?")


def _pace(node: Node) -> str:
    text = node.text()
    if text not in PACES:
        raise node.wrong(f"there is no pace '{text}'; it is one of {', '.join(PACES)}")
    return text


def _ports(node: Node) -> tuple[int, ...]:
    return tuple(map(_port, node.items()))


def _port(node: Node) -> int:
    text = node.text()
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(_LAST_PORT)) and 0 < int(text) <= _LAST_PORT):
        raise node.wrong(f"'{text}' is no port; it is a number from 1 to {_LAST_PORT}")
    return int(text)


def _interface(node: Node) -> str | None:
    return _name(node)


def _register(node: Node, base: Path) -> str | None:
    text = _name(node)
    return text if "://" in text else str(base / Path(text).expanduser())


def _overlays(node: Node, base: Path) -> tuple[Path, ...]:
    found = []
    for item in node.items():
        path = base / Path(_name(item)).expanduser()
        if not path.is_dir():
            raise item.wrong(f"{path} is no directory; name one that holds fingerprint files")
        found.append(path)
    return tuple(found)


def _credentials(node: Node, base: Path) -> tuple[Credential, ...]:
    found: dict[str, Credential] = {}
    for item in node.items():
        credential = _credential(item, base)
        if credential.name.casefold() in found:
            raise item.wrong(f"the credential '{credential.name}' is here twice")
        found[credential.name.casefold()] = credential
    return tuple(found.values())


def _credential(node: Node, base: Path) -> Credential:
    if "password" in node.entries():
        raise node.entries()["password"].wrong(
            "no password is written here: put it into a file that only you can read, and name that as password_file"
        )
    keys = node.only("name", "user", *_REFERENCES, "cidrs")
    for key in ("name", "user", "cidrs"):
        if key not in keys:
            raise node.wrong(f"'{key}' is missing; an entry has name, user, cidrs and one of {', '.join(_REFERENCES)}")
    given = [key for key in _REFERENCES if key in keys]
    if len(given) != 1:
        raise node.wrong(f"exactly one of {', '.join(_REFERENCES)} says where the password is")
    reference = keys[given[0]]
    text = _name(reference)
    if given[0] == "systemd_credential" and ("/" in text or text.startswith(".")):
        raise reference.wrong(f"'{text}' is no name of a credential; it is what LoadCredential= has before the ':'")
    user = _name(keys["user"])
    if ":" in user:
        raise keys["user"].wrong("a user name with ':' cannot be sent over HTTP (RFC 7617)")
    return Credential(
        name=_name(keys["name"]),
        user=user,
        cidrs=_some_networks(keys["cidrs"]),
        where=f"{reference.file}:{reference.line}",
        password_file=base / Path(text).expanduser() if given[0] == "password_file" else None,
        password_env=text if given[0] == "password_env" else "",
        systemd_credential=text if given[0] == "systemd_credential" else "",
    )


def _within(network: Network, other: Network) -> bool:
    if isinstance(network, ipaddress.IPv4Network):
        return isinstance(other, ipaddress.IPv4Network) and network.subnet_of(other)
    return isinstance(other, ipaddress.IPv6Network) and network.subnet_of(other)
