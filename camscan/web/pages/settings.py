"""The role in which somebody acts, what that role may do, and the people whose work camscan is."""

from __future__ import annotations

from camscan.asset.columns import EDITABLE
from camscan.errors import UsageError
from camscan.web.forms import ROLE
from camscan.web.page import Answer, Asked, Drawn, Page, Redirect, Refused
from camscan.web.rights import Role


def show(asked: Asked) -> Answer:
    """The form for the role, and the table of what it may do."""
    return _settings_page(asked, asked.visitor.role, "")


def take(asked: Asked) -> Answer:
    """Record another role in the log from now on. Only the person who started the program may choose it."""
    if not _may_choose(asked):
        raise Refused("Your role was given to you by whoever runs camscan; ask them to change it")
    try:
        role = asked.desk.space.role(asked.sent(ROLE))
    except UsageError as error:
        text = str(error) if asked.sent(ROLE) else "enter a role"
        return _settings_page(asked, asked.sent(ROLE), f"{text[:1].upper()}{text[1:]}")
    asked.desk.sessions.act_as(asked.secret, role)
    return Redirect("/settings?saved=1")


def _may_choose(asked: Asked) -> bool:
    return asked.visitor.rights is Role.OWNER


def _settings_page(asked: Asked, role: str, error: str) -> Drawn:
    visitor = asked.visitor
    written = [column.heading for column in EDITABLE if visitor.writes(column.name)]
    values = {
        "role": role,
        "error": error,
        "may_choose": _may_choose(asked),
        "is_saved": asked.has("saved"),
        "writes": written,
        "sites": sorted(visitor.sites) if visitor.sites is not None else None,
    }
    return Drawn("settings", "Error: Settings" if error else "Settings", values, 422 if error else 200)


PAGE = Page(path="/settings", title="Settings", show=show, take=take, most=10_000)
