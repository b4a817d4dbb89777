"""Reads ``camscan.yaml`` and the table of sites beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import tzinfo
from pathlib import Path
from types import MappingProxyType
from typing import Protocol, TypeVar

from camscan.asset import Place
from camscan.config import sites_file
from camscan.config.authorisation import read_authorisation
from camscan.config.centre import Centre, read_centre
from camscan.config.contact import Contact, read_contact
from camscan.config.credential import read_credential
from camscan.config.foi import Foi, read_foi
from camscan.config.inventory import read_inventory
from camscan.config.planning import Planning, read_planning
from camscan.config.recipient import read_recipient
from camscan.config.running import Running, read_running
from camscan.config.settings import OFFLINE_AFTER, PACES, Config
from camscan.config.site import MEMBERS, Site, read_site
from camscan.config.snmp import read_snmp_login
from camscan.config.value import Faults, read_each, read_networks, read_number, read_path, read_ports, read_word
from camscan.config.web import Web, read_web
from camscan.dataclass import dataclass
from camscan.errors import ConfigError
from camscan.strict_yaml import Node, load_yaml

KEYS = (
    "organisation",
    "role",
    "timezone",
    "authorisations",
    "sites",
    "sites_file",
    "exclusions",
    "pace",
    "ports",
    "interface",
    "register",
    "offline_after",
    "overlays",
    "credentials",
    "snmp",
    "inventories",
    "planning",
    "notify",
    "run",
    "foi",
    "web",
    "centre",
    "contact",
)
_MOST_MISSED = 1000

_T = TypeVar("_T")


def load_config(path: Path) -> Config:
    """Read one ``camscan.yaml`` and its table of sites. Raises ConfigError with file and line of the first mistake."""
    config, faults = read_config(path)
    if faults:
        raise faults[0]
    return config


def read_config(path: Path, *, table: sites_file.Table | None = None) -> tuple[Config, Faults]:
    """Read as much of the configuration as possible.

    Returns it with every mistake; ``table`` replaces the table of sites.
    """
    faults: Faults = []
    try:
        keys = load_yaml(path).only(*KEYS)
    except ConfigError as error:
        return Config(path=path), [error]
    return _read_config(path, _Keys(keys, faults), table), faults


@dataclass(frozen=True, slots=True)
class _Keys:
    """The keys of a file. A mistake loses only its own value, and is added to ``faults``."""

    nodes: Mapping[str, Node]
    faults: Faults

    def read(self, key: str, reader: Callable[[Node], _T], default: _T) -> _T:
        """The value of a key, or ``default``."""
        found = read_each([self.nodes[key]], reader, self.faults) if key in self.nodes else []
        return found[0] if found else default

    def items(self, key: str, reader: Callable[[Node], _T]) -> tuple[_T, ...]:
        """The items of a list, without those that are wrong."""
        return tuple(read_each(self.read(key, Node.items, ()), reader, self.faults))

    def read_mapping(self, key: str) -> Mapping[str, Node]:
        """The entries of a mapping."""
        nothing: dict[str, Node] = {}
        return self.read(key, Node.entries, nothing)


def _read_config(path: Path, keys: _Keys, table: sites_file.Table | None) -> Config:
    base, faults = path.parent, keys.faults
    own = keys.items("sites", _unique(_read_site, "the site '{}' is listed twice; put its networks into one entry"))
    place = keys.read("sites_file", lambda node: read_path(node, base), base / sites_file.FILE_NAME)
    if table is None:
        table = _read_table(place, faults, is_named="sites_file" in keys.nodes)
    faults += table.faults
    asked = keys.read_mapping("ports")
    return Config(
        path=path,
        organisation=keys.read("organisation", Node.text, ""),
        role=keys.read("role", read_word, ""),
        timezone=keys.read("timezone", _read_timezone, None),
        authorisations=keys.items("authorisations", read_authorisation),
        sites=_join_sites(own, table.sites, faults),
        sites_file=place,
        exclusions=keys.read("exclusions", read_networks, ()),
        pace=keys.read("pace", _read_pace, ""),
        ports=MappingProxyType(
            {name: found for name, node in asked.items() for found in read_each([node], read_ports, faults)}
        ),
        interface=keys.read("interface", read_word, "") or None,
        register=keys.read("register", lambda node: _read_register(node, base), "") or None,
        offline_after=keys.read("offline_after", _offline_after, OFFLINE_AFTER),
        overlays=keys.items("overlays", lambda node: _read_overlay(node, base)),
        credentials=keys.items("credentials", _unique(lambda node: read_credential(node, base), _twice("credential"))),
        snmp=keys.items("snmp", _unique(lambda node: read_snmp_login(node, base), _twice("login"))),
        inventories=keys.items("inventories", _unique(lambda node: read_inventory(node, base), _twice("inventory"))),
        planning=keys.read("planning", lambda node: read_planning(node, base), Planning()),
        notify=keys.items("notify", _unique(lambda node: read_recipient(node, base), _twice("recipient"))),
        run=keys.read("run", lambda node: read_running(node, base), Running()),
        foi=keys.read("foi", read_foi, Foi()),
        web=keys.read("web", lambda node: read_web(node, base), Web()),
        centre=keys.read("centre", read_centre, Centre()),
        contact=keys.read("contact", read_contact, Contact()),
        port_lines=MappingProxyType({name: _where(node) for name, node in asked.items()}),
        lines=MappingProxyType({key: _where(node) for key, node in keys.nodes.items()}),
        notes=table.notes,
    )


def _where(node: Node) -> str:
    return f"{node.file}:{node.line}"


class _Named(Protocol):
    @property
    def name(self) -> str: ...


_N = TypeVar("_N", bound=_Named)


def _twice(what: str) -> str:
    """The message for a second entry of the same name."""
    return f"the {what} '{{}}' is listed twice"


def _unique(reader: Callable[[Node], _N], words: str) -> Callable[[Node], _N]:
    """A reader that refuses a second entry with the same name."""
    seen: set[str] = set()

    def read_new(node: Node) -> _N:
        found = reader(node)
        if found.name.casefold() in seen:
            raise node.error(words.format(found.name))
        seen.add(found.name.casefold())
        return found

    return read_new


def _read_site(node: Node) -> Site:
    found = read_site(node)
    if found.pace:
        _read_pace(node.entries()["pace"])
    return found


def _read_table(place: Path, faults: Faults, *, is_named: bool) -> sites_file.Table:
    """Read the table of sites. It may be missing if the file does not name it."""
    if not is_named and not place.is_file():
        return sites_file.Table()
    try:
        return sites_file.load_table(place)
    except ConfigError as error:
        faults.append(error)
        return sites_file.Table()


def _join_sites(own: Iterable[Site], table: Iterable[Site], faults: Faults) -> tuple[Site, ...]:
    """The sites of both sources. A site in both has the networks of both, and its other values must be the same."""
    own = tuple(own)
    found = {one.name.casefold(): one for one in own}
    owner = {subnet.cidr: (one, subnet) for one in own for subnet in one.subnets}
    for other in table:
        for subnet in other.subnets:
            site, theirs = owner.get(subnet.cidr, (other, subnet))
            if site.name.casefold() != other.name.casefold():
                text = f"{subnet.cidr} is a network of {other.name} here and of {site.name} in {theirs.where}; keep one"
                faults.append(ConfigError(f"{subnet.where}: {text}"))
        one = found.get(other.name.casefold())
        if one is None:
            found[other.name.casefold()] = other
            continue
        said = {}
        for key, member in MEMBERS.items():
            ours, theirs = getattr(one.place, member), getattr(other.place, member)
            if ours and theirs and ours != theirs and key != "name":
                faults.append(
                    ConfigError(f"{other.where}: {key} of {one.name} is '{theirs}' here and '{ours}' in {one.where}")
                )
            said[member] = ours or theirs
        networks = {subnet.cidr: subnet for subnet in (*other.subnets, *one.subnets)}
        found[other.name.casefold()] = replace(one, place=Place(**said), subnets=tuple(networks.values()))
    return tuple(found.values())


def _read_pace(node: Node) -> str:
    text = node.text()
    if text not in PACES:
        raise node.error(f"there is no pace '{text}'; the paces are {', '.join(PACES)}")
    return text


def _read_timezone(node: Node) -> tzinfo:
    import zoneinfo  # noqa: PLC0415 - it looks for its files while it loads

    text = read_word(node)
    try:
        return zoneinfo.ZoneInfo(text)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise node.error(f"'{text}' is not a time zone on this machine; write it as Europe/London") from None


def _offline_after(node: Node) -> int:
    return read_number(node, 1, _MOST_MISSED, "number of scans")


def _read_register(node: Node, base: Path) -> str:
    text = read_word(node)
    return text if "://" in text else str(read_path(node, base))


def _read_overlay(node: Node, base: Path) -> Path:
    path = read_path(node, base)
    if not path.is_dir():
        raise node.error(f"{path} is not a folder; name one that holds fingerprint files")
    return path
