"""The owners of ``camscan serve``: who may come in, as far as the command line decides it."""

from __future__ import annotations

from camscan.app.workspace import Workspace
from camscan.errors import UsageError
from camscan.store import open_store

__all__ = ["OWNER", "make_owner"]

OWNER = "owner"
"""The rights of a person who may do everything."""


def make_owner(space: Workspace, code: str, role: str | None = None) -> str:
    """Give an account that has signed in the rights of an owner, and its role in the log. Returns the account's code.

    Raises UsageError if no account has that code.
    """
    from camscan.store.people import People  # noqa: PLC0415 - the database libraries: 0.4 s

    said = space.role(role)
    wanted = "".join(each for each in code.upper() if each.isalnum())
    with open_store(space.where) as store:
        people = People(store)
        found = [each for each in people.all() if each.account.code.replace("-", "") == wanted]
        if len(found) != 1:
            raise UsageError(
                f"no account has the code {code[:20]}: sign in first, and the page that you get shows the code"
            )
        (person,) = found
        if not people.change(person.number, person.revision, rights=OWNER, role=said):
            raise UsageError("somebody else has just changed this account; try again")
    return person.account.code
