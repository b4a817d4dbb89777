"""Fields of forms, made from the columns of the register: the same names, choices and rules as everywhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from camscan.asset.columns import BY_NAME, Kind
from camscan.asset.entry import normalise
from camscan.asset.spelling import choice_in_words
from camscan.dates import spoken
from camscan.errors import UsageError
from camscan.web.acts import REMARK, Act
from camscan.web.page import Asked
from camscan.web.rights import Visitor

ROLE = "role"
BECAUSE = "because"
_FEW = 5
"""Choices that are shown as radio buttons; more as a list to choose from."""
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
    """Value and words of each; not choosing is the first."""
    value: str = ""
    error: str = ""
    now: str = ""
    """What the register holds by now, where somebody else has changed it meanwhile."""

    @property
    def options(self) -> list[dict[str, str]]:
        """The choices, as the components of GOV.UK Frontend take them."""
        return [{"value": value, "text": text} for value, text in self.choices]


@dataclass(slots=True)
class Filled:
    """A form that was sent: the answers, and what is wrong with them."""

    answers: dict[str, str] = field(default_factory=dict)
    """Column (or ``remark``, ``role``, ``because``) -> text, as it is stored."""
    errors: dict[str, str] = field(default_factory=dict)
    """The same -> a sentence."""


def fields(
    act: Act,
    visitor: Visitor,
    values: Mapping[str, str],
    errors: Mapping[str, str],
    now: Mapping[str, str],
    *,
    is_of_many: bool,
) -> list[Field]:
    """The fields of a form, for whoever fills it in."""
    found = [
        _of_column(name, values.get(name, ""), errors.get(name, ""), now.get(name, ""), is_of_many=is_of_many)
        for name in _columns(act, visitor)
    ]
    if act.takes_remark:
        hint = "Do not name people. The text is added to the notes, with the date and your role."
        found.append(_own(REMARK, "Note", hint, values, errors, kind="long"))
    found += _role(visitor, values, errors)
    if values.get(BECAUSE):
        hint = "For example a minute or a works order. Do not name people."
        found.append(_own(BECAUSE, "Why, for the log (optional)", hint, values, errors))
    return found


def signature(
    visitor: Visitor, values: Mapping[str, str], errors: Mapping[str, str], *, hint: str = "", optional: bool = True
) -> list[Field]:
    """The last fields of a form of another kind, which :func:`read_role` reads."""
    label = "Why, for the log (optional)" if optional else "Why, for the log"
    hint = hint or "For example a minute or a works order. Do not name people."
    return [*_role(visitor, values, errors), _own(BECAUSE, label, hint, values, errors, kind="long")]


def _role(visitor: Visitor, values: Mapping[str, str], errors: Mapping[str, str]) -> list[Field]:
    if visitor.role:
        return []
    return [_own(ROLE, "Your role", "For example: CCTV manager. The log holds roles, not names.", values, errors)]


def _own(
    name: str, label: str, hint: str, values: Mapping[str, str], errors: Mapping[str, str], *, kind: str = "text"
) -> Field:
    return Field(name=name, label=label, hint=hint, kind=kind, value=values.get(name, ""), error=errors.get(name, ""))


def _columns(act: Act, visitor: Visitor) -> Iterable[str]:
    return (name for name in act.columns if visitor.writes(name))


def _of_column(name: str, value: str, error: str, now: str, *, is_of_many: bool) -> Field:
    column = BY_NAME[name]
    hint = f"{column.what}."
    kind = _KINDS.get(column.kind, "text")
    choices: tuple[tuple[str, str], ...] = ()
    if column.choices:
        nothing = "Do not change" if is_of_many else "Not known"
        choices = (("", nothing), *((each, choice_in_words(name, each)) for each in column.choices))
        kind = "radios" if len(column.choices) <= _FEW else "select"
    if kind == "date":
        hint = f"{hint} For example 14 September 2026."
        value, now = _spoken(value), _spoken(now)
    elif now and column.choices:
        now = choice_in_words(name, now)
    return Field(
        name=name, label=column.heading, hint=hint, kind=kind, choices=choices, value=value, error=error, now=now
    )


def _spoken(day: str) -> str:
    try:
        return spoken(date.fromisoformat(day))
    except ValueError:
        return day


def read(act: Act, asked: Asked) -> Filled:
    """The answers of a form that was sent, each held against its column."""
    filled = Filled()
    for name in _columns(act, asked.visitor):
        try:
            filled.answers[name] = normalise(BY_NAME[name], asked.sent(name))
        except ValueError as error:
            filled.answers[name] = asked.sent(name)
            filled.errors[name] = _sentence(str(error))
    for name in (BECAUSE, REMARK) if act.takes_remark else (BECAUSE,):
        try:
            filled.answers[name] = normalise(BY_NAME["notes"], asked.sent(name))
        except ValueError as error:
            filled.answers[name], filled.errors[name] = asked.sent(name), _sentence(str(error))
    if not asked.visitor.role:
        filled.answers[ROLE] = asked.sent(ROLE)
        if not filled.answers[ROLE]:
            filled.errors[ROLE] = "Enter your role"
    for name in act.needed:
        if not filled.answers.get(name) and name not in filled.errors:
            label = BY_NAME[name].heading.lower() if name in BY_NAME else "the note"
            filled.errors[name] = f"Enter {label}" if name in BY_NAME else "Enter a note"
    return filled


def read_role(asked: Asked) -> Filled:
    """In which role somebody enters something, and why: what every form asks that enters something."""
    filled = Filled({ROLE: asked.visitor.role or asked.sent(ROLE)})
    try:
        filled.answers[BECAUSE] = normalise(BY_NAME["notes"], asked.sent(BECAUSE))
    except ValueError as error:
        filled.answers[BECAUSE], filled.errors[BECAUSE] = asked.sent(BECAUSE), _sentence(str(error))
    if not filled.answers[ROLE]:
        filled.errors[ROLE] = "Enter your role"
        return filled
    try:
        asked.desk.space.role(filled.answers[ROLE])
    except UsageError as error:
        filled.errors[ROLE] = _sentence(str(error))
    return filled


def revisions_sent(asked: Asked) -> dict[str, int]:
    """Asset number -> revision, of the fields ``device`` of a form: as it was made. UsageError where it is damaged."""
    seen = {}
    for text in asked.all_sent("device"):
        number, _, revision = text.rpartition("@")
        if not number or not (revision.isascii() and revision.isdecimal() and len(revision) < 16):  # noqa: PLR2004 - digits
            raise UsageError("the form is damaged; open it again")
        seen[number] = int(revision)
    return seen


def error_list(errors: Mapping[str, str]) -> list[dict[str, str]]:
    """What is wrong with a form, for the summary at its top: each leads to its field."""
    return [{"text": text, "href": f"#{name}"} if name else {"text": text} for name, text in errors.items()]


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"
