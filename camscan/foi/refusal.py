"""Draft words for what is withheld: which exemption may apply, and what has to be weighed. Pure.

This is not legal advice. The section numbers are those of the Freedom of Information Act 2000 and of the Freedom of
Information (Scotland) Act 2002. The council's information governance team decides whether one applies.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Act(enum.StrEnum):
    """The Act that applies to the council."""

    FOIA = "FOIA"
    FOISA = "FOISA"


class Harm(enum.StrEnum):
    """The harm that giving a number might do."""

    CRIME = "crime"
    SAFETY = "safety"
    TRADE = "trade"


@dataclass(frozen=True, slots=True)
class Refusal:
    """The draft of a refusal for one number."""

    exemption: str
    prejudice: str
    interest: str
    text: str
    """All of it as a line of a refusal notice, without the number."""


_SECTIONS = {
    Act.FOIA: {Harm.CRIME: "section 31(1)(a)", Harm.SAFETY: "section 38(1)", Harm.TRADE: "section 43(2)"},
    Act.FOISA: {Harm.CRIME: "section 35(1)(a)", Harm.SAFETY: "section 39(1)", Harm.TRADE: "section 33(1)(b)"},
}
_ABOUT = {
    Harm.CRIME: "prevention or detection of crime",
    Harm.SAFETY: "health and safety",
    Harm.TRADE: "commercial interests",
}
_PREJUDICE = {
    Harm.CRIME: "so small a number may show where equipment is or is not, and help somebody to avoid or attack it",
    Harm.SAFETY: "so small a number may point to a place where people need protection, and endanger them",
    Harm.TRADE: "the figure may be the price of one contract, and harm the supplier or the council in the next tender",
}
_FOR = "for giving it: openness about public equipment and money"
_AGAINST = {
    Harm.CRIME: "against: the security of the places",
    Harm.SAFETY: "against: the safety of the people at the place",
    Harm.TRADE: "against: fair competition and value for money; the total is given",
}
NOTICE = {Act.FOIA: "section 17", Act.FOISA: "section 16"}
"""The section that says what a refusal notice must contain."""
NAMES = {
    Act.FOIA: "Freedom of Information Act 2000",
    Act.FOISA: "Freedom of Information (Scotland) Act 2002",
}
DECIDES = "Your information governance team decides."
_VULNERABLE = frozenset({"school", "care", "housing"})


def harm_of_row(table: str, keys: frozenset[str]) -> Harm:
    """The harm that has to be weighed for a row of a table."""
    return Harm.SAFETY if table == "places" and keys <= _VULNERABLE else Harm.CRIME


def draft_refusal(act: Act, harm: Harm, what: str) -> Refusal:
    """Draft a refusal for ``what``: a table and a row, in words."""
    exemption = f"{_SECTIONS[act][harm]} ({_ABOUT[harm]}) of the {NAMES[act]} may be engaged"
    interest = f"{_FOR}; {_AGAINST[harm]}"
    done = "endanger somebody" if harm is Harm.SAFETY else "prejudice this interest"
    if act is Act.FOISA and harm is not Harm.SAFETY:
        done += " substantially"
    prejudice = f"It has to be shown that giving it would, or would be likely to, {done}: {_PREJUDICE[harm]}."
    text = (
        f"DRAFT. We hold the number for {what} and withhold it. {exemption[:1].upper()}{exemption[1:]}, because "
        f"{_PREJUDICE[harm]}. Public interest, {interest}. [{DECIDES} A notice under {NOTICE[act]} also says how to "
        "complain.]"
    )
    return Refusal(exemption, prejudice, interest, text)
