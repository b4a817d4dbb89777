"""The fields of forms, made from the columns of the register: the same names, choices and rules as everywhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from camscan.asset.columns import BY_NAME, Kind
from camscan.asset.entry import normalise
from camscan.asset.spelling import choice_in_words
from camscan.dates import day_text
from camscan.errors import UsageError
from camscan.web.acts import REMARK, Act
from camscan.web.page import PageRequest
from camscan.web.rights import Visitor

ROLE = "role"
BECAUSE = "because"
_FEW = 5
"""Up to this many choices are radio buttons; more are a drop-down list."""
_KINDS = {Kind.DATE: "date", Kind.MONEY: "money", Kind.NUMBER: "number"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a form."""

    name: str
    label: str
    hint: str = ""
    kind: str = "text"
    """``text``, ``long`` (several lines), ``date``, ``money``, ``number``, ``radios`` or ``select``."""
    choices: tuple[tuple[str, str], ...] = ()
    """Value and words of each choice; the empty choice comes first."""
    value: str = ""
    error: str = ""
    now: str = ""
    """The value in the register now, if somebody else has changed it meanwhile."""

    @property
    def options(self) -> list[dict[str, str]]:
        """The choices, in the form that the components of GOV.UK Frontend take."""
        return [{"value": value, "text": text} for value, text in self.choices]


@dataclass(slots=True)
class FilledForm:
    """A form that was sent: its answers, and its errors."""

    answers: dict[str, str] = field(default_factory=dict)
    """Column (or ``remark``, ``role``, ``because``) -> text, as it is stored."""
    errors: dict[str, str] = field(default_factory=dict)
    """Column (or ``remark``, ``role``, ``because``) -> a sentence that says what is wrong."""


def entry_fields(
    act: Act,
    visitor: Visitor,
    values: Mapping[str, str],
    errors: Mapping[str, str],
    now: Mapping[str, str],
    *,
    is_of_many: bool,
) -> list[Field]:
    """The fields of a form for this visitor."""
    found = [
        _column_field(name, values.get(name, ""), errors.get(name, ""), now.get(name, ""), is_of_many=is_of_many)
        for name in _form_columns(act, visitor)
    ]
    if act.takes_remark:
        hint = "Do not name people. The text is added to the notes, with the date and your role."
        found.append(_plain_field(REMARK, "Note", hint, values, errors, kind="long"))
    found += _role_field(visitor, values, errors)
    if values.get(BECAUSE):
        hint = "For example a minute or a works order. Do not name people."
        found.append(_plain_field(BECAUSE, "Why, for the log (optional)", hint, values, errors))
    return found


def role_fields(
    visitor: Visitor, values: Mapping[str, str], errors: Mapping[str, str], *, hint: str = "", optional: bool = True
) -> list[Field]:
    """The last fields of a form that is not an act: role and reason. :func:`read_role` reads them."""
    label = "Why, for the log (optional)" if optional else "Why, for the log"
    hint = hint or "For example a minute or a works order. Do not name people."
    return [*_role_field(visitor, values, errors), _plain_field(BECAUSE, label, hint, values, errors, kind="long")]


def _role_field(visitor: Visitor, values: Mapping[str, str], errors: Mapping[str, str]) -> list[Field]:
    if visitor.role:
        return []
    return [
        _plain_field(ROLE, "Your role", "For example: CCTV manager. The log holds roles, not names.", values, errors)
    ]


def _plain_field(
    name: str, label: str, hint: str, values: Mapping[str, str], errors: Mapping[str, str], *, kind: str = "text"
) -> Field:
    return Field(name=name, label=label, hint=hint, kind=kind, value=values.get(name, ""), error=errors.get(name, ""))


def _form_columns(act: Act, visitor: Visitor) -> Iterable[str]:
    return (name for name in act.columns if visitor.writes(name))


def _column_field(name: str, value: str, error: str, now: str, *, is_of_many: bool) -> Field:
    column = BY_NAME[name]
    hint = f"{column.what}."
    kind = _KINDS.get(column.kind, "text")
    choices: tuple[tuple[str, str], ...] = ()
    if column.choices:
        is_choice = "unknown" in column.choices  # then somebody may enter that it is not known
        nothing = "Do not change" if is_of_many else "Not entered" if is_choice else "Not known"
        choices = (("", nothing), *((choice, choice_in_words(name, choice)) for choice in column.choices))
        kind = "radios" if len(column.choices) <= _FEW else "select"
    if kind == "date":
        hint = f"{hint} For example 14 September 2026."
        value, now = _day_in_words(value), _day_in_words(now)
    elif now and column.choices:
        now = choice_in_words(name, now)
    return Field(
        name=name, label=column.heading, hint=hint, kind=kind, choices=choices, value=value, error=error, now=now
    )


def _day_in_words(day: str) -> str:
    try:
        return day_text(date.fromisoformat(day))
    except ValueError:
        return day


def read_answers(act: Act, request: PageRequest) -> FilledForm:
    """The answers of a form that was sent, each checked by the rules of its column."""
    filled = FilledForm()
    for name in _form_columns(act, request.visitor):
        try:
            filled.answers[name] = normalise(BY_NAME[name], request.form_value(name))
        except ValueError as error:
            filled.answers[name] = request.form_value(name)
            filled.errors[name] = _sentence_of(str(error))
    for name in (BECAUSE, REMARK) if act.takes_remark else (BECAUSE,):
        try:
            filled.answers[name] = normalise(BY_NAME["notes"], request.form_value(name))
        except ValueError as error:
            filled.answers[name], filled.errors[name] = request.form_value(name), _sentence_of(str(error))
    if not request.visitor.role:
        filled.answers[ROLE] = request.form_value(ROLE)
        if not filled.answers[ROLE]:
            filled.errors[ROLE] = "Enter your role"
    for name in act.required:
        if not filled.answers.get(name) and name not in filled.errors:
            label = BY_NAME[name].heading.lower() if name in BY_NAME else "the note"
            filled.errors[name] = f"Enter {label}" if name in BY_NAME else "Enter a note"
    return filled


def read_role(request: PageRequest) -> FilledForm:
    """The role in which a person enters something, and the reason: every form that enters something asks for both."""
    filled = FilledForm({ROLE: request.visitor.role or request.form_value(ROLE)})
    try:
        filled.answers[BECAUSE] = normalise(BY_NAME["notes"], request.form_value(BECAUSE))
    except ValueError as error:
        filled.answers[BECAUSE], filled.errors[BECAUSE] = request.form_value(BECAUSE), _sentence_of(str(error))
    if not filled.answers[ROLE]:
        filled.errors[ROLE] = "Enter your role"
        return filled
    try:
        request.desk.space.role(filled.answers[ROLE])
    except UsageError as error:
        filled.errors[ROLE] = _sentence_of(str(error))
    return filled


def read_sent_revisions(request: PageRequest) -> dict[str, int]:
    """Asset number -> revision, from the fields ``device`` of a form. Raises UsageError if the form is damaged."""
    seen = {}
    for text in request.form_values("device"):
        number, _, revision = text.rpartition("@")
        if not number or not (revision.isascii() and revision.isdecimal() and len(revision) < 16):  # noqa: PLR2004 - digits
            raise UsageError("the form is damaged; open it again")
        seen[number] = int(revision)
    return seen


def error_list(errors: Mapping[str, str]) -> list[dict[str, str]]:
    """The errors of a form, for the summary at its top. Each links to its field."""
    return [{"text": text, "href": f"#{name}"} if name else {"text": text} for name, text in errors.items()]


def _sentence_of(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"
