"""One account: what it may do, and at which sites. Steps: form, check, done. A change ends its sessions."""

from __future__ import annotations

from dataclasses import dataclass, field

from camscan.errors import UsageError
from camscan.store.account import LONGEST, Account, Person
from camscan.web.forms import Field
from camscan.web.page import Answer, NoSuchPage, NotAllowed, Page, PageContent, PageRequest, Redirect
from camscan.web.rights import Role, subject_of

NEW = "new"
_STALE = "Another owner has changed this since you opened the form. Compare, and send it again"
_WHAT: dict[str, str] = {
    "issuer": "Sign-in service",
    "subject": "Account",
    "rights": "What they may do",
    "role": "Role, for the log",
    "sites": "Their sites",
}


@dataclass(slots=True)
class _Form:
    """The values of a form, and its errors."""

    values: dict[str, str]
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def site_names(self) -> tuple[str, ...] | None:
        """The names of the sites as they are stored; None for every role but the site manager."""
        lines = [line.strip() for line in self.values["sites"].split("\n")]
        is_bound = self.values["rights"] == Role.SITE_MANAGER
        return tuple(dict.fromkeys(line for line in lines if line)) if is_bound else None


def show(request: PageRequest) -> Answer:
    """Draw the form for the account."""
    return _form_page(request, _find_person(request), _Form(_saved_values(request, _find_person(request))))


def take(request: PageRequest) -> Answer:
    """Check the form, or save the account."""
    if request.desk.setting.is_read_only:
        raise NotAllowed("camscan serve was started with --read-only: nothing can be entered here")
    person, step = _find_person(request), request.form_value("step")
    if step in {"end", "ending"} and person:
        return _end_access(request, person, is_meant=step == "end")
    form = _Form({name: request.form_value(name) for name in _WHAT})
    if step == "change":
        return _form_page(request, person, form)
    _check_form(request, person, form)
    if form.errors:
        return _form_page(request, person, form)
    if step != "save":
        return _save_question(request, person, form)
    if not _save_person(request, person, form):
        form.errors["role" if person else "subject"] = _STALE if person else "This account is in the list already"
        return _form_page(request, _find_person(request), form)
    return Redirect("/people?done=saved")


def _find_person(request: PageRequest) -> Person | None:
    """The account that the address names; None for a new one."""
    text = request.path_values["person"]
    if text == NEW:
        return None
    is_number = text.isascii() and text.isdecimal() and len(text) < 10  # noqa: PLR2004 - digits
    found = request.desk.people.find(int(text)) if is_number else None
    if found is None:
        raise NoSuchPage
    return found


def _saved_values(request: PageRequest, person: Person | None) -> dict[str, str]:
    if person is None:
        return {**dict.fromkeys(_WHAT, ""), "issuer": request.desk.issuer}
    return {
        "issuer": person.account.issuer,
        "subject": person.account.subject,
        "rights": person.rights or person.claimed,
        "role": person.role,
        "sites": "\n".join(person.sites or ()),
    }


def _check_form(request: PageRequest, person: Person | None, form: _Form) -> None:
    """Check the form, and note its errors."""
    values, errors = form.values, form.errors
    for name in ("issuer", "subject") if person is None else ():
        if not values[name] or len(values[name]) > LONGEST or not values[name].isprintable():
            errors[name] = "Enter this on one line, as the sign-in service gives it"
    if values["rights"] not in set(Role):
        errors["rights"] = "Choose what they may do"
    try:
        values["role"] = request.desk.space.role(values["role"] or " ")
    except UsageError:
        errors["role"] = "Enter a role, such as CCTV manager, not a person's name or mail address"
    known = {line.name.casefold(): line.name for line in request.desk.front().front.sites}
    unknown = [name for name in form.site_names or () if name.casefold() not in known]
    if form.site_names == ():
        errors["sites"] = "Enter at least one site: a site manager only sees the devices of their own sites"
    elif unknown:
        errors["sites"] = f"There is no site {unknown[0]}: enter the names as the page Sites shows them"
    else:
        values["sites"] = "\n".join(known[name.casefold()] for name in form.site_names or ())


def _form_page(request: PageRequest, person: Person | None, form: _Form) -> PageContent:
    hints = {
        "issuer": "The address of the service that signs people in: the issuer of OpenID Connect.",
        "subject": "What that service calls the account: its subject (at Entra: the object ID), not a mail address.",
        "role": "For example: Site manager, Oak School. The log shows it beside what they enter. Do not name people.",
        "sites": "Only for a site manager: the names of their sites, one on each line.",
    }
    choices = (("", "Nothing yet"), *((role.value, role.display_name) for role in Role))
    kinds = {"rights": "select", "sites": "long"}
    fields = [
        Field(
            name=name,
            label=label,
            hint=hints.get(name, ""),
            kind=kinds.get(name, "text"),
            choices=choices if name == "rights" else (),
            value=form.values[name],
            error=form.errors.get(name, ""),
        )
        for name, label in _WHAT.items()
        if person is None or name not in {"issuer", "subject"}
    ]
    title = f"Account {person.account.code}" if person else "Add an account"
    values = {
        "person": person,
        "revision": person.revision if person else 0,
        "heading": title,
        "fields": fields,
        "errors": [{"text": text, "href": f"#{name}"} for name, text in form.errors.items()],
        "may_end": person is not None and not person.ended_at and not _is_self(request, person),
    }
    prefix = "Error: " if form.errors else ""
    return PageContent("person", f"{prefix}{title}", values, status=422 if form.errors else 200)


def _save_question(request: PageRequest, person: Person | None, form: _Form) -> PageContent:
    before = _saved_values(request, person) if person else dict.fromkeys(_WHAT, "")
    rows = [(label, _value_in_words(name, before), _value_in_words(name, form.values)) for name, label in _WHAT.items()]
    return _question_page(request, person, [row for row in rows if row[1] != row[2]], "save", form.values)


def _end_access(request: PageRequest, person: Person, *, is_meant: bool) -> Answer:
    if _is_self(request, person):
        raise NotAllowed("You cannot end your own access: ask another owner")
    if not is_meant:
        return _question_page(request, person, [("Access", "Allowed", "Ended")], "end", _saved_values(request, person))
    if not request.desk.people.end_access(person.number, _sent_revision(request)):
        return _form_page(request, person, _Form(_saved_values(request, person), {"role": _STALE}))
    request.desk.sessions.end_all(subject_of(person.number))
    return Redirect("/people?done=ended")


def _question_page(
    request: PageRequest, person: Person | None, rows: list[tuple[str, str, str]], step: str, answers: dict[str, str]
) -> PageContent:
    values = {
        "caption": f"Account {person.account.code}" if person else "A new account",
        "rows": rows,
        "step": step,
        "answers": {**answers, "revision": request.form_value("revision")},
        "path": request.path,
        "has_sessions": person is not None,
    }
    return PageContent("person_check", "Check your answers", values)


def _value_in_words(name: str, values: dict[str, str]) -> str:
    text = values[name]
    if name == "rights":
        return Role(text).display_name if text in set(Role) else ""
    if name == "sites":
        return (
            ", ".join(text.split("\n")) if values["rights"] == Role.SITE_MANAGER else "All" if values["rights"] else ""
        )
    return text


def _save_person(request: PageRequest, person: Person | None, form: _Form) -> bool:
    """Save the account. Returns False if somebody else has changed it meanwhile."""
    people, values = request.desk.people, form.values
    if person is None:
        account = Account(issuer=values["issuer"], subject=values["subject"])
        return people.add(account, rights=values["rights"], role=values["role"], sites=form.site_names) is not None
    if _is_self(request, person) and values["rights"] != Role.OWNER:
        raise NotAllowed("You cannot take your own rights away: ask another owner")
    revision, number = _sent_revision(request), person.number
    if not people.change(number, revision, rights=values["rights"], role=values["role"], sites=form.site_names):
        return False
    if not _is_self(request, person):
        request.desk.sessions.end_all(subject_of(number))
    return True


def _sent_revision(request: PageRequest) -> int:
    text = request.form_value("revision")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else -1  # noqa: PLR2004 - digits


def _is_self(request: PageRequest, person: Person) -> bool:
    return request.visitor.subject == subject_of(person.number)


PAGE = Page(path="/people/{person}", title="Person", show=show, take=take, most=50_000)
