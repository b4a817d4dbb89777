"""A new collector: its name and its sites, and then the code by which it enrols, which is shown once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from camscan import app
from camscan.errors import UsageError
from camscan.web.collector_forms import read_role_alone, refuse_read_only, role_field, shown_code
from camscan.web.collector_words import sentence
from camscan.web.forms import ROLE, Field, error_list
from camscan.web.page import Answer, Asked, Drawn, Page

_SITES = "sites"


def show(asked: Asked) -> Answer:
    """The form."""
    refuse_read_only(asked)
    return _form(asked, {"name": asked.one("name"), _SITES: "\n".join(_known(asked, asked.one("site")))}, {})


def take(asked: Asked) -> Answer:
    """Make it, and show its code."""
    refuse_read_only(asked)
    values = {"name": asked.sent("name"), _SITES: asked.sent(_SITES), ROLE: asked.sent(ROLE)}
    role, errors = read_role_alone(asked)
    names = [line.strip() for line in values[_SITES].split("\n") if line.strip()]
    unknown = [name for name in names if not _known(asked, name)]
    if not values["name"]:
        errors["name"] = "Enter a name, such as that of its school"
    if not names:
        errors[_SITES] = "Enter at least one site: a collector speaks for its sites and for nothing else"
    elif unknown:
        known = [each.name for each in asked.desk.space.settings.sites]
        hint = app.choice.nearest_hint(unknown[0], known)
        errors[_SITES] = f"There is no site {unknown[0][:100]} in camscan.yaml{hint}"
    if errors:
        return _form(asked, values, errors)
    now = datetime.now(UTC)
    try:
        made, code = app.collectors.invite_collector(asked.desk.space, values["name"], names, role, now)
    except UsageError as error:
        return _form(asked, values, {"name": sentence(str(error))})
    return shown_code(asked, made, code, now)


def _known(asked: Asked, name: str) -> list[str]:
    """A site of camscan.yaml, as it is written there; none where it has no such site."""
    return [each.name for each in asked.desk.space.settings.sites if each.name.casefold() == name.casefold()]


def _form(asked: Asked, values: Mapping[str, str], errors: Mapping[str, str]) -> Drawn:
    fields = [
        Field(
            name="name",
            label="Name",
            hint="For example: Oak School, office PC. Do not name people.",
            value=values.get("name", ""),
            error=errors.get("name", ""),
        ),
        Field(
            name=_SITES,
            label="Sites that it scans",
            hint="As camscan.yaml lists them, one on each line. The collector only reports on their networks.",
            kind="long",
            value=values.get(_SITES, ""),
            error=errors.get(_SITES, ""),
        ),
        *role_field(asked, values, errors),
    ]
    title = f"{'Error: ' if errors else ''}Add a collector"
    drawn = {"fields": fields, "errors": error_list(errors), "known": [s.name for s in asked.desk.space.settings.sites]}
    return Drawn("add_collector", title, drawn, 422 if errors else 200)


PAGE = Page(path="/collectors/new", title="Add a collector", show=show, take=take, under="coverage", most=100_000)
