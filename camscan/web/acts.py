"""What people may enter about devices: each act is one form and one row of this table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from camscan.app import edit
from camscan.asset import Asset
from camscan.web.rights import Visitor

REMARK = "remark"
"""The field for a line that is added to the notes."""
Answers = Mapping[str, str]
"""Column -> the text in its field, as it is stored."""


def _nothing_further(_row: Asset, _role: str, _answers: Answers) -> dict[str, str]:
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One form: what it asks for, and what else is entered with its answers."""

    title: str
    lead: str = ""
    """A sentence or two for people who have not seen the form before."""
    columns: tuple[str, ...] = ()
    """The columns that the form asks for, in its order."""
    required: tuple[str, ...] = ()
    """The columns that must be answered; ``remark`` is the line for the notes."""
    dated_today: tuple[str, ...] = ()
    """Columns whose field begins with today's date."""
    takes_remark: bool = False
    """Whether a line may be added to the notes."""
    further_entries: Callable[[Asset, str, Answers], dict[str, str]] = _nothing_further
    """Further entries about a device. Takes its row, the role of the person who enters, and the answers."""
    required_column: str = ""
    """A column that the visitor must be allowed to write; the first column of the form if none is named."""

    def may_do(self, visitor: Visitor) -> bool:
        """Whether a visitor may do this: they may write the required column and every column that must be answered."""
        columns = {self.required_column or self.columns[0], *self.required} - {REMARK}
        return all(visitor.writes(name) for name in columns)


def _after_visit(row: Asset, role: str, answers: Answers) -> dict[str, str]:
    return edit.visit_entries(row, role, date.fromisoformat(answers["last_confirmed_on"]))


def _after_removal(row: Asset, _role: str, answers: Answers) -> dict[str, str]:
    return edit.removal_entries(
        row, answers["removal_evidence_ref"], date.fromisoformat(answers["actual_removal_date"])
    )


def _after_accepted_risk(_row: Asset, _role: str, answers: Answers) -> dict[str, str]:
    return edit.accepted_risk_entries(answers["scope_decision_ref"], answers.get("accepted_until"))


def _after_not_ours(_row: Asset, _role: str, answers: Answers) -> dict[str, str]:
    return edit.not_ours_entries(answers.get("controller"))


ACTS: Mapping[str, Act] = {
    "visit": Act(
        title="Record a visit",
        lead="You, or somebody who told you, saw the device on site.",
        columns=(
            *("last_confirmed_on", "location_detail", "indoor_outdoor_public", "council_asset_tag"),
            *("brand_on_badge", "switch_port"),
        ),
        required=("last_confirmed_on",),
        dated_today=("last_confirmed_on",),
        takes_remark=True,
        further_entries=_after_visit,
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
        required=("actual_removal_date", "removal_evidence_ref"),
        dated_today=("actual_removal_date",),
        takes_remark=True,
        further_entries=_after_removal,
        required_column="lifecycle_status",
    ),
    "gone": Act(
        title="Report that it is gone",
        lead="Nobody has the proof of its removal yet. The CCTV officer sees the report, and records the removal.",
        columns=("reported_gone_on",),
        required=("reported_gone_on",),
        dated_today=("reported_gone_on",),
        takes_remark=True,
    ),
    "accept-risk": Act(
        title="Accept the risk",
        lead="The council decided to keep the device. Name the decision, and the date of the next decision.",
        columns=("scope_decision_ref", "accepted_until"),
        required=("scope_decision_ref",),
        further_entries=_after_accepted_risk,
        required_column="accepted_until",
    ),
    "not-ours": Act(
        title="It is not ours",
        lead="The device belongs to somebody else, so the council does not remove it. It stays in the register.",
        columns=("controller",),
        takes_remark=True,
        further_entries=_after_not_ours,
        required_column="lifecycle_status",
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
        required=("remark",),
        takes_remark=True,
        required_column="notes",
    ),
}
"""Act, as it is written in the address -> its form."""


def acts_for(visitor: Visitor) -> dict[str, Act]:
    """The forms that a visitor may fill in."""
    return {name: act for name, act in ACTS.items() if act.may_do(visitor)}
