"""What the forms about collectors and parcels share: the role, the check of six words, and a code shown once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from camscan import app
from camscan.store.collectors import Collector
from camscan.web.forms import ROLE, Field, read_role, role_fields
from camscan.web.page import NotAllowed, PageContent, PageRequest

SAME = "same"
"""The name of the box that a person ticks after comparing the words."""
NOT_COMPARED = "Compare the words by telephone first, and tick the box when they are the same"


def refuse_read_only(request: PageRequest) -> None:
    """Raise UsageError if this service may not write."""
    if request.desk.setting.is_read_only:
        raise NotAllowed("camscan serve was started with --read-only: nothing can be entered here")


def role_field(request: PageRequest, values: Mapping[str, str], errors: Mapping[str, str]) -> list[Field]:
    """The field for the role; no field if the role is known."""
    return [field for field in role_fields(request.visitor, values, errors) if field.name == ROLE]


def read_role_alone(request: PageRequest) -> tuple[str, dict[str, str]]:
    """The role in which a person does this, and the errors of that field."""
    filled = read_role(request)
    return filled.answers[ROLE], {name: text for name, text in filled.errors.items() if name == ROLE}


def code_page(request: PageRequest, collector: Collector, code: str, now: datetime) -> PageContent:
    """A page with the code of a collector, which is never shown again."""
    values = {
        "collector": collector,
        "code": app.collectors.code_in_groups(code),
        "ends": app.collectors.code_end(now),
        "address": request.desk.web.url,
        "file": app.collectors.draft_file(
            request.desk.space.settings, collector, request.desk.web.url, now
        ).splitlines(),
    }
    return PageContent("collector_code", "The code", values, is_done=True)
