"""Who may do what: one table of routes, one of columns. A route or a column without an entry fails the tests.

Rows are limited separately: a site manager sees the devices of their own sites only (``Visitor.sites``), and a device
of another site does not exist for them.
"""

from __future__ import annotations

import enum
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from camscan.errors import TagTakenError


class Role(enum.StrEnum):
    """What a visitor may do. The log of the register holds another text: the role in which a person acts."""

    OWNER = "owner"
    OFFICER = "officer"
    SITE_MANAGER = "site_manager"
    FINANCE = "finance"
    FOI = "foi"
    AUDITOR = "auditor"
    ICT = "ict"

    @property
    def display_name(self) -> str:
        """The name of the role for people."""
        return _TITLES[self]


_TITLES: Mapping[Role, str] = {
    Role.OWNER: "Owner",
    Role.OFFICER: "CCTV officer",
    Role.SITE_MANAGER: "Site manager",
    Role.FINANCE: "Finance",
    Role.FOI: "FOI officer",
    Role.AUDITOR: "Auditor",
    Role.ICT: "ICT",
}
Roles = frozenset[Role | None]
ALL: Roles = frozenset(Role)
ANYBODY: Roles = ALL | {None}
"""Includes visitors who have not signed in."""
NOBODY: Roles = frozenset()
_O, _C, _S, _F, _I, _A, _N = Role.OWNER, Role.OFFICER, Role.SITE_MANAGER, Role.FINANCE, Role.FOI, Role.AUDITOR, Role.ICT
_WORKERS: Roles = frozenset({_O, _C})
_AT_THE_DEVICE: Roles = frozenset({_O, _C, _S})
_SEES_DEVICES: Roles = ALL - {_I}
_SEES_ALL: Roles = frozenset({_O, _C, _A, _N})


@dataclass(frozen=True, slots=True)
class Right:
    """The roles that may look at a page, and those that may send its form."""

    look: Roles
    send: Roles = NOBODY


ROUTES: Mapping[str, Right] = {
    # Everybody, also before signing in.
    "sign_in": Right(ANYBODY, ANYBODY),
    "account": Right(ANYBODY),
    "sign_out": Right(NOBODY, ALL),
    "about": Right(ANYBODY),
    "accessibility": Right(ANYBODY),
    "settings": Right(ALL, frozenset({_O})),
    # Numbers.
    "overview": Right(ALL - {_S}),
    "plan": Right(frozenset({_O, _C, _F, _I, _A})),
    "costs": Right(frozenset({_O, _C, _F, _A})),
    "draft": Right(_WORKERS, _WORKERS),
    "policies": Right(frozenset({_O, _C, _F, _I, _A})),
    # Devices and places.
    "devices": Right(_SEES_DEVICES),
    "device": Right(_SEES_DEVICES),
    "sites": Right(_SEES_DEVICES),
    "site": Right(_SEES_DEVICES),
    # Entries; the other table says who may write which column.
    "choose": Right(frozenset({_O, _C, _S, _F, _N})),
    "enter": Right(frozenset({_O, _C, _S, _F, _N}), frozenset({_O, _C, _S, _F, _N})),
    # Into the register and out of it, as files.
    "exports": Right(ALL),
    "list_file": Right(ALL - {_I}),
    "export": Right(_SEES_ALL | {_S}, _SEES_ALL | {_S}),
    "report": Right(ALL - {_S}),
    "foi": Right(frozenset({_O, _C, _I}), frozenset({_O, _C, _I})),
    "label": Right(frozenset({_O, _C, _S, _N})),
    "labels": Right(frozenset({_O, _C, _S, _N})),
    "answers": Right(_AT_THE_DEVICE, _AT_THE_DEVICE),
    "import_": Right(frozenset({_O, _C, _S, _F, _N}), frozenset({_O, _C, _S, _F, _N})),
    # The past, and how much was scanned.
    "changes": Right(_SEES_ALL),
    "log": Right(_SEES_ALL),
    "log_file": Right(_SEES_ALL),
    "review": Right(_SEES_ALL),
    "settle": Right(_SEES_ALL, _WORKERS),
    "coverage": Right(_SEES_ALL),
    "scans": Right(_SEES_ALL),
    "scan": Right(_SEES_ALL),
    # Machines at other sites that scan there, and what they send.
    "collectors": Right(frozenset({_O, _A, _N})),
    "collector": Right(frozenset({_O, _A, _N}), frozenset({_O, _N})),
    "add_collector": Right(frozenset({_O, _N}), frozenset({_O, _N})),
    "parcels": Right(frozenset({_O, _A, _N})),
    "parcel": Right(frozenset({_O, _N}), frozenset({_O, _N})),
    # People and their sessions.
    "people": Right(frozenset({_O, _A})),
    "person": Right(frozenset({_O}), frozenset({_O})),
    "sessions": Right(frozenset({_O, _A}), frozenset({_O})),
    "acts": Right(frozenset({_O, _A})),
}
"""Page (the name of its file) -> the roles that may see it and send its form."""

SEES_EVIDENCE: Roles = _SEES_ALL
"""Roles that may see what a device answered, and its known vulnerabilities."""

_IDENTIFIERS = frozenset(
    {
        *("ip_addresses", "mac_addresses", "mac_source", "hostname", "vlan_or_subnet", "network_zone", "switch_port"),
        *("serial_number", "firmware_version", "firmware_date", "open_services", "internet_exposed", "location_hint"),
        *("stated_serial_number", "stated_mac_address", "stated_ip_address", "listed_elsewhere"),
    }
)
_HIDDEN: Mapping[Role, frozenset[str]] = {
    Role.FINANCE: _IDENTIFIERS | {"evidence", "known_weaknesses"},
    Role.SITE_MANAGER: frozenset({"evidence", "known_weaknesses", "open_services", "mac_source", "listed_elsewhere"}),
}

_MONEY = frozenset({_O, _C, _F})
_NETWORK = frozenset({_O, _C, _N})
WRITES: Mapping[str, Roles] = {
    # Facts that a person at the device knows.
    **dict.fromkeys(
        (
            *("council_asset_tag", "lifecycle_status", "location_detail", "indoor_outdoor_public", "notes"),
            *("last_confirmed_on", "last_confirmed_by_role", "brand_on_badge", "stated_manufacturer", "stated_model"),
            "reported_gone_on",
            *("stated_serial_number", "stated_device_type", "stated_mac_address", "stated_ip_address"),
        ),
        _AT_THE_DEVICE,
    ),
    # Decisions about the device.
    **dict.fromkeys(
        (
            *("site_name", "uprn", "site_type", "site_sensitivity", "controller", "owner_service"),
            *("responsible_person_role", "recorder_asset_id", "recorder_channel", "connection", "in_scope"),
            *("scope_decision_ref", "planned_removal_date", "removal_phase", "blocked_by", "replacement_asset_id"),
            *("replacement_make_model", "actual_removal_date", "removal_evidence_ref", "data_wiped"),
            *("disposal_route", "disposal_certificate_ref", "disposal_date", "dpia_ref", "dpia_review_date"),
            "accepted_until",
        ),
        _WORKERS,
    ),
    # Costs.
    **dict.fromkeys(
        (
            *("estimated_cost", "budget_code", "funding_source", "purchase_date", "purchase_cost", "supplier"),
            *("contract_ref", "warranty_or_support_end"),
        ),
        _MONEY,
    ),
    # The connection to the network.
    **dict.fromkeys(("vlan_or_subnet", "network_zone", "switch_port", "internet_exposed"), _NETWORK),
}
"""Column that people fill in -> roles that may write it."""
_LONGEST_ROLE = 100
_STATUSES: Mapping[Role, frozenset[str]] = {Role.SITE_MANAGER: frozenset({"found", "confirmed", "not_ours"})}
"""Role -> the only statuses that it may enter: a removal needs proof, and the officer records it."""
READS_LISTS: Roles = frozenset({_O, _C, _N})
"""Roles that may import files of other systems: tables of switches, leases, captures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """A person who asks for a page."""

    subject: str
    """The visitor's identifier, as the sign-in gave it."""
    rights: Role
    role: str = ""
    """The role that is written to the log; empty until it is entered."""
    sites: frozenset[str] | None = None
    """The names of the only sites that the visitor may see; None for all."""

    def may(self, page: str, *, send: bool = False) -> bool:
        """Whether the visitor may look at a page, or send its form."""
        right = ROUTES.get(page, Right(NOBODY))
        return self.rights in (right.send if send else right.look)

    def sees(self, column: str) -> bool:
        """Whether the visitor may see a column."""
        return column not in _HIDDEN.get(self.rights, frozenset())

    def writes(self, column: str) -> bool:
        """Whether the visitor may write a column."""
        return self.rights in WRITES.get(column, NOBODY)

    def why_not(self, column: str, value: str) -> str:
        """Why the visitor may not write a value into a column; empty if they may."""
        if not self.writes(column):
            return "your role may not write this column"
        statuses = _STATUSES.get(self.rights)
        if column == "lifecycle_status" and statuses is not None and (value or "found") not in statuses:
            return f"your role may not enter the status '{value}'"
        return ""

    @property
    def writes_everything(self) -> bool:
        """Whether the visitor may write every column, and therefore add devices."""
        return all(self.rights in roles for roles in WRITES.values())

    @property
    def reads_lists(self) -> bool:
        """Whether the visitor may import files of other systems."""
        return self.rights in READS_LISTS

    @property
    def sees_evidence(self) -> bool:
        """Whether the visitor may see what a device answered, and its known vulnerabilities."""
        return self.rights in SEES_EVIDENCE

    @property
    def sees_identifiers(self) -> bool:
        """Whether the visitor may see, and search by, addresses and serial numbers."""
        return self.sees("ip_addresses")

    def error_text(self, error: Exception) -> str:
        """The text of an error for the visitor. It says nothing about a device that may be at another site."""
        return error.apart if isinstance(error, TagTakenError) and self.sites is not None else str(error)

    def sees_site(self, name: str) -> bool:
        """Whether the visitor may see the devices of a site."""
        return self.sites is None or name in self.sites


def subject_of(person: int) -> str:
    """The subject of a person in the table of people, as sessions and the access log name it."""
    return f"person {person}"


def person_of(subject: str) -> int | None:
    """The number of the person with this subject; None for a subject outside that table, such as the local user's."""
    kind, _, number = subject.partition(" ")
    return int(number) if kind == "person" and number.isascii() and number.isdecimal() else None


def site_manager_of(sites: Collection[str] | None) -> str:
    """The role in the log for a visitor of one site who was given no other: ``Site manager, Oak School``.

    Empty for everybody else.
    """
    name = next(iter(sites)) if sites and len(sites) == 1 else ""
    role = f"Site manager, {name}"
    return role if name and "@" not in role and len(role) <= _LONGEST_ROLE and role.isprintable() else ""


def may_anybody(page: str) -> bool:
    """Whether a page can be seen before signing in."""
    return None in ROUTES.get(page, Right(NOBODY)).look
