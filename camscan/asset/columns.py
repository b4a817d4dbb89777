"""Every column of the register: its name, its owner, its allowed values. Columns are declared only here.

Commands, spreadsheets, the import of spreadsheets and ``docs/columns.md`` all follow this table. Names and order are a
promise: new columns are only appended.
"""

from __future__ import annotations

import enum

from camscan.asset import Lifecycle, Presence, RecordType
from camscan.asset.spelling import plain_name
from camscan.dataclass import dataclass

VERSION = 1
"""The version of the columns. It increases if a column is renamed, removed, moved or changes its meaning, but not for a
new column."""


class Owner(enum.StrEnum):
    """Who writes a column. No column has two owners."""

    SCANNER = "scanner"
    """What devices said; only a scan writes it."""
    PEOPLE = "people"
    """What people know; no scan ever writes or blanks it."""
    DERIVED = "derived"
    """Computed from other columns whenever it is shown."""


class Kind(enum.StrEnum):
    """The kind of value in a column."""

    TEXT = "text"
    DATE = "date"
    """ISO 8601, ``2027-03-31``."""
    MONEY = "money"
    """Pounds, ``1250.00``."""
    NUMBER = "number"
    CHOICE = "choice"
    MOMENT = "moment"
    """ISO 8601 in UTC with seconds and ``Z``."""
    LIST = "list"
    """Texts, separated by ``; ``."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column."""

    name: str
    owner: Owner
    kind: Kind
    what: str
    """One line for people: what the column holds, and why the register has it."""
    choices: tuple[str, ...] = ()
    is_inherited: bool = False
    """Whether a people's column shows what the site map or a scan says until a person enters something."""

    @property
    def heading(self) -> str:
        """The heading of the column in a table that people read."""
        return _HEADINGS.get(self.name) or self.name.replace("_", " ").capitalize()

    @property
    def is_editable(self) -> bool:
        """Whether people may write the column."""
        return self.owner is Owner.PEOPLE


_HEADINGS = {
    "asset_id": "camscan asset number",
    "record_type": "Known from",
    "lifecycle_status": "Status",
    "presence": "Seen by scans",
    "site_name": "Site",
    "uprn": "UPRN",
    "site_sensitivity": "Sensitivity of the site",
    "location_detail": "Location",
    "location_hint": "What it calls its place",
    "indoor_outdoor_public": "Indoors, outdoors or public space",
    "controller": "Controlled by",
    "owner_service": "Service",
    "responsible_person_role": "Responsible role",
    "ip_addresses": "IP address",
    "mac_addresses": "MAC address",
    "mac_source": "MAC address from",
    "hostname": "Host name",
    "vlan_or_subnet": "Network or VLAN",
    "device_type": "Type",
    "manufacturer": "Maker",
    "manufacturer_basis": "Maker known from",
    "brand_on_badge": "Badge",
    "oem_relationship": "Badge and maker",
    "firmware_version": "Firmware",
    "recorder_asset_id": "Recorder",
    "recorder_channel": "Channel of the recorder",
    "recorder_channels": "Channels",
    "cap_ptz": "Pan, tilt, zoom",
    "cap_audio": "Sound",
    "cap_thermal": "Thermal",
    "cap_face": "Faces",
    "cap_anpr": "Number plates",
    "cap_people_count": "Counting people",
    "cap_analytics_other": "Other analysis",
    "capability_basis": "Capabilities known from",
    "open_services": "Open ports",
    "internet_exposed": "Reachable from the internet",
    "last_scan": "Last scan",
    "scans_missed": "Scans that missed it",
    "last_confirmed_on": "Last visited",
    "last_confirmed_by_role": "Visited by (role)",
    "evidence": "Why",
    "confidence": "Certainty (0 to 100)",
    "confidence_word": "How sure",
    "policy_matches": "Policies",
    "policy_reason": "Why in scope",
    "in_scope": "In scope",
    "scope_decision_ref": "Decision (minute)",
    "planned_removal_date": "Planned removal",
    "removal_phase": "Phase",
    "blocked_by": "Held up by",
    "replacement_asset_id": "Replaced by (device)",
    "replacement_make_model": "Replaced by (make and model)",
    "estimated_cost": "Estimated cost (£)",
    "purchase_date": "Bought on",
    "purchase_cost": "Bought for (£)",
    "contract_ref": "Contract",
    "actual_removal_date": "Removed on",
    "removal_evidence_ref": "Proof of removal",
    "data_wiped": "Recordings wiped",
    "disposal_certificate_ref": "Disposal certificate",
    "disposal_date": "Disposed of on",
    "dpia_ref": "DPIA",
    "dpia_review_date": "DPIA to be reviewed on",
    "handling": "Marking",
    "stated_manufacturer": "Maker as stated",
    "stated_model": "Model as stated",
    "stated_serial_number": "Serial number as stated",
    "stated_device_type": "Type as stated",
    "stated_mac_address": "MAC address as stated",
    "stated_ip_address": "IP address as stated",
    "revision": "For camscan (1)",
    "inherited": "For camscan (2)",
    "accepted_until": "Risk accepted until",
    "last_heard": "Last listed by another system",
    "listed_elsewhere": "What other systems list",
    "reported_gone_on": "Reported gone on",
}
"""Column -> its heading, if that is not just its name with spaces."""

YES_NO = ("yes", "no", "unknown")
SITE_TYPES = ("street", "office", "school", "library", "housing", "depot", "care", "leisure", "car_park", "other")
SENSITIVITIES = ("1", "2", "3", "4")
CONTROLLERS = ("own", "landlord", "contractor", "school", "nhs", "other")
ZONES = ("core", "segregated", "internet_facing")
CONNECTIONS = ("ip", "nvr_poe", "analogue", "wifi", "cellular")
DEVICE_TYPES = (
    "ip_camera",
    "analogue_camera",
    "ptz",
    "thermal",
    "anpr",
    "body_worn_dock",
    "encoder",
    "recorder_nvr",
    "recorder_dvr",
    "vms_server",
    "intercom",
    "access_control",
    "poe_switch",
    "other",
    "unknown",
)
CAPABILITY_LEVELS = ("enabled", "supported", "no", "unknown")


def _scanner_column(name: str, what: str, kind: Kind = Kind.TEXT, choices: tuple[str, ...] = ()) -> Column:
    return Column(name, Owner.SCANNER, Kind.CHOICE if choices else kind, what, choices)


def _derived_column(name: str, what: str, kind: Kind = Kind.TEXT, choices: tuple[str, ...] = ()) -> Column:
    return Column(name, Owner.DERIVED, Kind.CHOICE if choices else kind, what, choices)


def _people_column(
    name: str, what: str, kind: Kind = Kind.TEXT, choices: tuple[str, ...] = (), *, inherited: bool = False
) -> Column:
    return Column(name, Owner.PEOPLE, Kind.CHOICE if choices else kind, what, choices, inherited)


COLUMNS: tuple[Column, ...] = (
    _derived_column(
        "asset_id", "The asset number, camscan's own number for the device: given once, never changed, never reused"
    ),
    _people_column("council_asset_tag", "The council's own label on the device; each label belongs to one device"),
    _derived_column("record_type", "How the register knows about it", choices=tuple(RecordType)),
    _people_column(
        "lifecycle_status",
        "Its step from found to disposed of (confirmed: somebody visited it; shown as Visited)",
        choices=tuple(Lifecycle),
    ),
    _derived_column(
        "presence", "Whether scans see it, which does not say whether it was removed", choices=tuple(Presence)
    ),
    _people_column("site_name", "The building or place", inherited=True),
    _people_column(
        "uprn", "Unique Property Reference Number (UPRN), or the council's number of the building", inherited=True
    ),
    _people_column("site_type", "What kind of place it is", choices=SITE_TYPES, inherited=True),
    _people_column(
        "site_sensitivity", "1 council-critical … 4 low, on the council's scale", choices=SENSITIVITIES, inherited=True
    ),
    _people_column("location_detail", "Where in the building: north stair, second floor"),
    _scanner_column("location_hint", "What the device says about its own place or name: a raw clue for an inspection"),
    _people_column(
        "indoor_outdoor_public",
        "In public space, the Surveillance Camera Code of Practice applies",
        choices=("indoor", "outdoor", "public_space"),
    ),
    _people_column(
        "controller",
        "Who controls the building's network, and must agree to the removal",
        choices=CONTROLLERS,
        inherited=True,
    ),
    _people_column("owner_service", "The service or directorate whose device it is", inherited=True),
    _people_column("responsible_person_role", "A role, never a person's name"),
    _scanner_column("ip_addresses", "IP addresses when it was last seen, the primary one first", Kind.LIST),
    _scanner_column("mac_addresses", "Hardware addresses, lower case", Kind.LIST),
    _scanner_column("mac_source", "Where the hardware address is known from; behind a router there may be none"),
    _scanner_column("hostname", "Its name by DNS, mDNS or DHCP"),
    _people_column("vlan_or_subnet", "The subnet of the site map that holds its address", inherited=True),
    _people_column(
        "network_zone",
        "The council's core network, a separate network, or one that the internet reaches",
        choices=ZONES,
        inherited=True,
    ),
    _people_column("switch_port", "The switch and port that it is connected to", inherited=True),
    _derived_column("device_type", "What it is", choices=DEVICE_TYPES),
    _derived_column("manufacturer", "Who built it, whatever the badge says; unknown stays unknown"),
    _derived_column(
        "manufacturer_basis", "The evidence for that: declared, oui, firmware_fingerprint, oem_table, human"
    ),
    _people_column("brand_on_badge", "The label that the public sees", inherited=True),
    _derived_column(
        "oem_relationship", "How brand and builder are related: rebrand_of, subsidiary_of, none_known, unknown"
    ),
    _derived_column("model", "Model number"),
    _derived_column("serial_number", "Serial number"),
    _scanner_column("firmware_version", "Firmware as the device says it"),
    _scanner_column("firmware_date", "Build date in the firmware text", Kind.DATE),
    _people_column("recorder_asset_id", "For a camera behind a recorder: the recorder's asset number", inherited=True),
    _people_column("recorder_channel", "For a camera behind a recorder: its channel", Kind.NUMBER, inherited=True),
    _scanner_column(
        "recorder_channels",
        "For a recorder: how many channels it says it has, and how many of them have a row in the register",
    ),
    _people_column("connection", "How it is connected", choices=CONNECTIONS, inherited=True),
    *(
        _scanner_column(
            f"cap_{name}",
            f"{what}; supported means that the model can do it, not that it is switched on",
            choices=CAPABILITY_LEVELS,
        )
        for name, what in (
            ("ptz", "Pan, tilt and zoom"),
            ("audio", "Microphone or loudspeaker"),
            ("thermal", "Thermal imaging or body temperature"),
            ("face", "Face capture or recognition"),
            ("anpr", "Number plates"),
            ("people_count", "Counting people"),
            ("analytics_other", "Other analysis of what it sees"),
        )
    ),
    _scanner_column("capability_basis", "The evidence for the capabilities, and how sure it is"),
    _scanner_column("open_services", "Port numbers that answered", Kind.LIST),
    _people_column("internet_exposed", "Whether it can be reached from the internet", choices=YES_NO, inherited=True),
    _scanner_column("first_seen", "First sighting", Kind.MOMENT),
    _scanner_column("last_seen", "Last sighting", Kind.MOMENT),
    _scanner_column("last_scan", "Id of the last scan that saw it"),
    _scanner_column("scans_missed", "Scans in a row that looked for it and did not see it", Kind.NUMBER),
    _people_column("last_confirmed_on", "The date of the last site visit", Kind.DATE),
    _people_column("last_confirmed_by_role", "The visitor's role"),
    _scanner_column("evidence", "Why it was identified like this, in plain English, the strongest reason first"),
    _derived_column("confidence", "How sure the manufacturer is, 0 to 100", Kind.NUMBER),
    _derived_column(
        "confidence_word", "How sure the manufacturer is, in a word: confirmed, probable, possible, unknown"
    ),
    _derived_column("policy_matches", "Ids of the policies that apply to it", Kind.LIST),
    _derived_column("policy_reason", "Why these policies apply, and whom they bind"),
    _people_column(
        "in_scope",
        "Whether it is to be removed; a person's entry decides before any policy",
        choices=YES_NO,
        inherited=True,
    ),
    _people_column("scope_decision_ref", "Minute and date of the decision"),
    _derived_column("removal_priority", "1 first … 4 last; empty if it is out of scope", Kind.NUMBER),
    _people_column("planned_removal_date", "The planned date of its removal", Kind.DATE),
    _people_column("removal_phase", "Tranche or programme year"),
    _people_column("blocked_by", "What prevents the removal: lease, listed building, budget, works order"),
    _people_column("replacement_asset_id", "Asset number or council tag of what takes its place"),
    _people_column("replacement_make_model", "Make and model of its replacement"),
    _people_column("estimated_cost", "The cost of removing and replacing it, in pounds", Kind.MONEY),
    _people_column("budget_code", "Cost centre"),
    _people_column("funding_source", "Where the money comes from"),
    _people_column("purchase_date", "When it was bought", Kind.DATE),
    _people_column("purchase_cost", "What it cost, in pounds", Kind.MONEY),
    _people_column("supplier", "Who sold it"),
    _people_column("contract_ref", "Under which contract"),
    _people_column("warranty_or_support_end", "When warranty or support ends", Kind.DATE),
    _people_column("actual_removal_date", "When it was removed", Kind.DATE),
    _people_column("removal_evidence_ref", "Works order or other proof of removal"),
    _people_column("data_wiped", "Whether its recordings were wiped", choices=YES_NO),
    _people_column("disposal_route", "How it was disposed of"),
    _people_column("disposal_certificate_ref", "Proof of disposal"),
    _people_column("disposal_date", "When it was disposed of", Kind.DATE),
    _people_column("dpia_ref", "Data protection impact assessment"),
    _people_column("dpia_review_date", "When the data protection impact assessment is to be reviewed", Kind.DATE),
    _people_column("notes", "Anything else"),
    _derived_column("handling", "Protective marking of this row"),
    _people_column(
        "stated_manufacturer",
        "Manufacturer as somebody read it off the device or an invoice; used until a scan finds more",
    ),
    _people_column(
        "stated_model", "Model as somebody read it off the device or an invoice; used until a scan finds more"
    ),
    _people_column(
        "stated_serial_number",
        "Serial number as somebody read it off the device or an invoice; a later scan recognises the device by it",
    ),
    _people_column(
        "stated_device_type",
        "What it is, as somebody saw it or an invoice says; used until a scan finds more",
        choices=DEVICE_TYPES,
    ),
    _people_column(
        "stated_mac_address",
        "Hardware address as somebody read it off the device; a later scan recognises the device by it",
    ),
    _people_column("stated_ip_address", "IP address as somebody stated it; no scan recognises the device by it"),
    _derived_column("known_weaknesses", "Known vulnerabilities that its firmware does not rule out", Kind.LIST),
    _derived_column(
        "revision", "Number of the last change that a person made to this row; do not change it", Kind.NUMBER
    ),
    _derived_column("inherited", "What this row showed before anybody edited it; do not change it"),
    _people_column(
        "accepted_until", "The last day on which the risk is accepted; after it, the council decides again", Kind.DATE
    ),
    _scanner_column("last_heard", "When another system last listed it, such as a DHCP server", Kind.MOMENT),
    _scanner_column("listed_elsewhere", "What other systems list about it, in which list, and when"),
    _people_column(
        "reported_gone_on",
        "When somebody on site said that it is gone; a removal is recorded with its proof, and a visit takes this back",
        Kind.DATE,
    ),
)

BY_NAME = {column.name: column for column in COLUMNS}
STATED = {
    "manufacturer": "stated_manufacturer",
    "model": "stated_model",
    "serial_number": "stated_serial_number",
    "device_type": "stated_device_type",
    "mac_addresses": "stated_mac_address",
    "ip_addresses": "stated_ip_address",
}
"""Columns that scans fill -> the column for what people state about the same."""
NAMING = ("recorder_asset_id", "replacement_asset_id")
"""People's columns that name another device by its asset number."""
PASSED_OVER = frozenset({"standing"})
"""Headings of camscan's own exports that are not columns of the register: an import skips them."""
EDITABLE = tuple(column for column in COLUMNS if column.is_editable)
"""The people's columns."""
_BY_HEADING = {"camscan number": "asset_id"} | {column.heading.casefold(): column.name for column in COLUMNS}


def heading_of(name: str) -> str:
    """The heading of a column, or of another name in a table."""
    return BY_NAME[name].heading if name in BY_NAME else name.replace("_", " ").capitalize()


def column_of_heading(heading: str) -> str:
    """The column that one of camscan's own headings means: its name in any spelling, or its plain heading.

    Otherwise empty.
    """
    name = plain_name(heading)
    return name if name in BY_NAME else _BY_HEADING.get(" ".join(heading.casefold().split()), "")
