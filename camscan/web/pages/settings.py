"""The role in which somebody acts, what that role may do, and the people whose work is in camscan."""

from __future__ import annotations

from camscan.asset.columns import EDITABLE
from camscan.errors import UsageError
from camscan.web.forms import ROLE
from camscan.web.page import Answer, NotAllowed, Page, PageContent, PageRequest, Redirect
from camscan.web.rights import Role


def show(request: PageRequest) -> Answer:
    """Draw the form for the role, and the table of what it may do."""
    return _settings_page(request, request.visitor.role, "")


def take(request: PageRequest) -> Answer:
    """From now on, record another role in the log. Only the person who started the program may choose it."""
    if not _may_choose(request):
        raise NotAllowed("Your role was given to you by whoever runs camscan; ask them to change it")
    try:
        role = request.desk.space.role(request.form_value(ROLE))
    except UsageError as error:
        text = str(error) if request.form_value(ROLE) else "enter a role"
        return _settings_page(request, request.form_value(ROLE), f"{text[:1].upper()}{text[1:]}")
    request.desk.sessions.act_as(request.secret, role)
    return Redirect("/settings?saved=1")


def _may_choose(request: PageRequest) -> bool:
    return request.visitor.rights is Role.OWNER


def _settings_page(request: PageRequest, role: str, error: str) -> PageContent:
    visitor = request.visitor
    written = [column.heading for column in EDITABLE if visitor.writes(column.name)]
    values = {
        "role": role,
        "error": error,
        "may_choose": _may_choose(request),
        "is_saved": request.has_query("saved"),
        "writes": written,
        "sites": sorted(visitor.sites) if visitor.sites is not None else None,
    }
    return PageContent("settings", "Error: Settings" if error else "Settings", values, 422 if error else 200)


PAGE = Page(path="/settings", title="Settings", show=show, take=take, most=10_000)
