"""Accounts, and what each may do: for owners, who can change it, and for auditors."""

from __future__ import annotations

from camscan.store.account import Person
from camscan.web.page import Answer, Page, PageContent, PageRequest
from camscan.web.rights import Role


def show(request: PageRequest) -> Answer:
    """Draw all accounts: those that wait come first, those whose access has ended come last."""
    found = sorted(request.desk.people.all(), key=lambda each: (not each.is_waiting, bool(each.ended_at), each.number))
    values = {
        "rows": [(each, *_rights_in_words(each)) for each in found],
        "waiting": sum(each.is_waiting for each in found),
        "may_change": request.visitor.may("person") and not request.desk.setting.is_read_only,
        "saved": {"saved": "It is saved.", "ended": "Their access has ended."}.get(request.query_value("done"), ""),
    }
    return PageContent("people", "People", values)


def _rights_in_words(person: Person) -> tuple[str, str, str]:
    """What an account may do, at which sites, and its state."""
    may = Role(person.allowed).display_name if person.allowed in set(Role) else "Nothing"
    where = "All sites" if person.sites is None else ", ".join(person.sites) or "No site"
    if person.ended_at:
        return may, "", "Ended"
    if person.is_waiting:
        return may, "", "Waiting for a role"
    return may, where, "By an owner" if person.rights else "By the sign-in service"


PAGE = Page(path="/people", title="People", show=show)
