"""What somebody may enter about devices, act by act: a form is a row of this table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from camscan.app import edit
from camscan.asset import Asset
from camscan.web.rights import Visitor

REMARK = "remark"
"""A line for the notes, in a form."""
Answers = Mapping[str, str]
"""Column -> the text in its field, in the form in which it is stored."""


def _no_more(_row: Asset, _role: str, _answers: Answers) -> dict[str, str]:
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One form: what it asks for, and what follows beside the answers."""

    title: str
    lead: str = ""
    """A sentence or two for whoever has never seen the form."""
    columns: tuple[str, ...] = ()
    """Those that the form asks for, in its order."""
    needed: tuple[str, ...] = ()
    """Columns that must be answered; ``remark`` is the note."""
    today: tuple[str, ...] = ()
    """Columns whose field begins with today's date."""
    takes_remark: bool = False
    """Whether a line may be added to the notes."""
    follows: Callable[[Asset, str, Answers], dict[str, str]] = _no_more
    """Further entries about a device, by the role of whoever enters, and the answers."""
    rests_on: str = ""
    """A column that somebody must be allowed to write to do this at all; the first one where none is named."""

    def may(self, visitor: Visitor) -> bool:
        """Whether somebody may do this: they may also write every column that must be answered."""
        columns = {self.rests_on or self.columns[0], *self.needed} - {REMARK}
        return all(visitor.writes(name) for name in columns)


def _visited(row: Asset, role: str, answers: Answers) -> dict[str, str]:
    return edit.visit_entries(row, role, date.fromisoformat(answers["last_confirmed_on"]))


def _removed(row: Asset, _role: str, answers: Answers) -> dict[str, str]:
    return edit.removal_entries(
        row, answers["removal_evidence_ref"], date.fromisoformat(answers["actual_removal_date"])
    )


def _risk_accepted(_row: Asset, _role: str, answers: Answers) -> dict[str, str]:
    return edit.risk_accepted(answers["scope_decision_ref"], answers.get("accepted_until"))


def _not_ours(_row: Asset, _role: str, answers: Answers) -> dict[str, str]:
    return edit.belongs_elsewhere(answers.get("controller"))


ACTS: Mapping[str, Act] = {
    "visit": Act(
        title="Record a visit",
        lead="You, or somebody who told you, saw the device on site.",
        columns=(
            *("last_confirmed_on", "location_detail", "indoor_outdoor_public", "council_asset_tag"),
            *("brand_on_badge", "switch_port"),
        ),
        needed=("last_confirmed_on",),
        today=("last_confirmed_on",),
        takes_remark=True,
        follows=_visited,
    ),
    "plan": Act(
        title="Plan the removal",
        columns=(
            *("planned_removal_date", "removal_phase", "blocked_by", "replacement_make_model"),
            *("replacement_asset_id", "in_scope", "scope_decision_ref"),
        ),
    ),
    "costs": Act(
        title="Enter costs",
        columns=(
            *("estimated_cost", "budget_code", "funding_source", "purchase_date", "purchase_cost", "supplier"),
            *("contract_ref", "warranty_or_support_end"),
        ),
    ),
    "removed": Act(
        title="Record the removal",
        lead="The device was removed, and there is a works order or another proof of it.",
        columns=(
            *("actual_removal_date", "removal_evidence_ref", "data_wiped", "disposal_route"),
            *("disposal_certificate_ref", "disposal_date"),
        ),
        needed=("actual_removal_date", "removal_evidence_ref"),
        today=("actual_removal_date",),
        takes_remark=True,
        follows=_removed,
        rests_on="lifecycle_status",
    ),
    "gone": Act(
        title="Report that it is gone",
        lead="Nobody has the proof of its removal yet. The CCTV officer sees the report, and records the removal.",
        columns=("reported_gone_on",),
        needed=("reported_gone_on",),
        today=("reported_gone_on",),
        takes_remark=True,
    ),
    "accept-risk": Act(
        title="Accept the risk",
        lead="The council decided to keep the device. Name the decision, and the date of the next decision.",
        columns=("scope_decision_ref", "accepted_until"),
        needed=("scope_decision_ref",),
        follows=_risk_accepted,
        rests_on="accepted_until",
    ),
    "not-ours": Act(
        title="It is not ours",
        lead="The device belongs to somebody else, so the council does not remove it. It stays in the register.",
        columns=("controller",),
        takes_remark=True,
        follows=_not_ours,
        rests_on="lifecycle_status",
    ),
    "network": Act(
        title="Enter how it is connected",
        columns=("switch_port", "vlan_or_subnet", "network_zone", "internet_exposed"),
    ),
    "details": Act(
        title="Correct the details",
        lead="What you enter here is shown instead of what scans found.",
        columns=(
            *("council_asset_tag", "site_name", "uprn", "location_detail", "indoor_outdoor_public", "owner_service"),
            *("responsible_person_role", "brand_on_badge", "stated_manufacturer", "stated_model"),
            *("stated_serial_number", "stated_device_type", "stated_mac_address", "stated_ip_address", "connection"),
            *("recorder_asset_id", "recorder_channel", "dpia_ref", "dpia_review_date"),
        ),
    ),
    "note": Act(
        title="Add a note",
        needed=("remark",),
        takes_remark=True,
        rests_on="notes",
    ),
}
"""Part of the address -> its form."""


def acts_of(visitor: Visitor) -> dict[str, Act]:
    """The forms that somebody may fill in."""
    return {name: act for name, act in ACTS.items() if act.may(visitor)}
