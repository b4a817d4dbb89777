"""A new collector: its name and its sites, and then the code by which it enrols, which is shown once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from camscan import app
from camscan.errors import UsageError
from camscan.web.collector_forms import code_page, read_role_alone, refuse_read_only, role_field
from camscan.web.collector_words import as_sentence
from camscan.web.forms import ROLE, Field, error_list
from camscan.web.page import Answer, Page, PageContent, PageRequest

_SITES = "sites"


def show(request: PageRequest) -> Answer:
    """Draw the form for a new collector."""
    refuse_read_only(request)
    return _form_page(
        request,
        {"name": request.query_value("name"), _SITES: "\n".join(_known_sites(request, request.query_value("site")))},
        {},
    )


def take(request: PageRequest) -> Answer:
    """Add the collector, and show its code."""
    refuse_read_only(request)
    values = {"name": request.form_value("name"), _SITES: request.form_value(_SITES), ROLE: request.form_value(ROLE)}
    role, errors = read_role_alone(request)
    names = [line.strip() for line in values[_SITES].split("\n") if line.strip()]
    unknown = [name for name in names if not _known_sites(request, name)]
    if not values["name"]:
        errors["name"] = "Enter a name, such as that of its school"
    if not names:
        errors[_SITES] = "Enter at least one site: a collector speaks for its sites and for nothing else"
    elif unknown:
        known = [site.name for site in request.desk.space.settings.sites]
        hint = app.choice.nearest_hint(unknown[0], known)
        errors[_SITES] = f"There is no site {unknown[0][:100]} in camscan.yaml{hint}"
    if errors:
        return _form_page(request, values, errors)
    now = datetime.now(UTC)
    try:
        made, code = app.collectors.invite_collector(request.desk.space, values["name"], names, role, now)
    except UsageError as error:
        return _form_page(request, values, {"name": as_sentence(str(error))})
    return code_page(request, made, code, now)


def _known_sites(request: PageRequest, name: str) -> list[str]:
    """A site of camscan.yaml, as it is written there; an empty list if there is no such site."""
    return [site.name for site in request.desk.space.settings.sites if site.name.casefold() == name.casefold()]


def _form_page(request: PageRequest, values: Mapping[str, str], errors: Mapping[str, str]) -> PageContent:
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
        *role_field(request, values, errors),
    ]
    title = f"{'Error: ' if errors else ''}Add a collector"
    drawn = {
        "fields": fields,
        "errors": error_list(errors),
        "known": [s.name for s in request.desk.space.settings.sites],
    }
    return PageContent("add_collector", title, drawn, 422 if errors else 200)


PAGE = Page(path="/collectors/new", title="Add a collector", show=show, take=take, under="coverage", most=100_000)
