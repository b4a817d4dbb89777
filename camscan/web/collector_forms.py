"""What the forms about collectors and parcels share: the role, the check of six words, and a code shown once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from camscan import app
from camscan.store.collectors import Collector
from camscan.web.forms import ROLE, Field, read_role, role_fields
from camscan.web.page import Asked, Drawn, Refused

SAME = "same"
"""The box that somebody ticks who has compared the words."""
NOT_COMPARED = "Compare the words by telephone first, and tick the box when they are the same"


def refuse_read_only(asked: Asked) -> None:
    """Raise where nothing may be written."""
    if asked.desk.setting.is_read_only:
        raise Refused("camscan serve was started with --read-only: nothing can be entered here")


def role_field(asked: Asked, values: Mapping[str, str], errors: Mapping[str, str]) -> list[Field]:
    """The field for the role; none where it is known."""
    return [each for each in role_fields(asked.visitor, values, errors) if each.name == ROLE]


def read_role_alone(asked: Asked) -> tuple[str, dict[str, str]]:
    """In which role somebody does this, and what is wrong with it."""
    filled = read_role(asked)
    return filled.answers[ROLE], {name: text for name, text in filled.errors.items() if name == ROLE}


def shown_code(asked: Asked, collector: Collector, code: str, now: datetime) -> Drawn:
    """The code of a collector: on this page, and never again."""
    values = {
        "collector": collector,
        "code": app.collectors.code_in_groups(code),
        "ends": app.collectors.code_end(now),
        "address": asked.desk.web.url,
        "file": app.collectors.draft_file(asked.desk.space.settings, collector, asked.desk.web.url, now).splitlines(),
    }
    return Drawn("collector_code", "The code", values, is_done=True)
