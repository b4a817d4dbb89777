"""Which files each role may take out of the register."""

from __future__ import annotations

from collections.abc import Mapping

from camscan import exports
from camscan.asset.columns import COLUMNS
from camscan.web.rights import Role, Roles, Visitor

MARKING = "OFFICIAL-SENSITIVE"
OPEN = "OFFICIAL: numbers only"
_O, _C, _S, _F, _A, _N = Role.OWNER, Role.OFFICER, Role.SITE_MANAGER, Role.FINANCE, Role.AUDITOR, Role.ICT
_SEE_ALL: Roles = frozenset({_O, _C, _A, _N})
_AT_SITES = frozenset({"walk"})
"""Exports that a site manager may have, limited to their own sites."""

_FORMAT_NAMES = {
    "csv": "CSV",
    "glpi": "GLPI",
    "json": "JSON",
    "letters": "Letters",
    "netbox": "NetBox",
    "ocsf": "OCSF",
    "prometheus": "Prometheus",
    "removals": "List of removals",
    "servicenow": "ServiceNow",
    "snipe-it": "Snipe-IT",
    "text": "Plain text",
    "walk": "Inspection sheets",
}

LISTS: Mapping[str, tuple[str, str, Roles]] = {
    "short": (
        "Register, to be printed and filled in",
        "What is in scope, on A4 landscape. Columns that people may fill in are marked; Import reads them back",
        _SEE_ALL | {_S},
    ),
    "full": ("Register, whole", "Every device and every column", _SEE_ALL | {_S}),
    "timeline": ("Plan of removal", "Dates, phases, and what prevents a removal", _SEE_ALL),
    "costs": (
        "Costs",
        "What is in scope: costs, budget codes and contracts, with the sums of each financial year",
        _SEE_ALL | {_F},
    ),
}
"""View of a spreadsheet -> its title, a description, and the roles that may have it."""


def export_name(name: str) -> str:
    """The name of a format of ``camscan export`` for people; a new format has that of the command."""
    return _FORMAT_NAMES.get(name, name)


def exports_of(visitor: Visitor) -> list[str]:
    """The formats of ``camscan export`` that a visitor may have. A new format is for roles that may see everything."""
    if visitor.rights in _SEE_ALL:
        return list(exports.load_exports())
    return [name for name in exports.load_exports() if visitor.rights is _S and name in _AT_SITES]


def views_of(visitor: Visitor) -> list[str]:
    """The views of a spreadsheet that a visitor may have."""
    return [view for view, (_, _, roles) in LISTS.items() if visitor.rights in roles]


def hidden_from(visitor: Visitor) -> frozenset[str]:
    """The columns that a visitor may not see."""
    return frozenset(column.name for column in COLUMNS if not visitor.sees(column.name))
