"""What is shown if a page cannot be: one line that says what is wrong, and one that says what to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from camscan.output import visible

_LONGEST = 500


@dataclass(frozen=True, slots=True)
class Trouble:
    """An error page: its status, its title, what is wrong and what to do."""

    status: int
    """The HTTP status."""
    title: str
    says: str
    advice: str

    def with_reason(self, why: str) -> Trouble:
        """The same error page with the reason in this case."""
        text = visible(why, _LONGEST).rstrip(".")
        return replace(self, says=f"{text[:1].upper()}{text[1:]}.") if text else self


ERRORS: Mapping[str, Trouble] = {
    "missing": Trouble(
        404,
        "Page not found",
        "There is no such page or device.",
        "Check the address, or search for the device.",
    ),
    "method": Trouble(405, "This cannot be sent here", "The page only shows something.", "Go back to the page before."),
    "refused": Trouble(
        403,
        "You may not see this page",
        "Your role may not see or do this.",
        "Ask whoever runs camscan in your council if you need it.",
    ),
    "signed_out": Trouble(
        401,
        "You were signed out",
        "Nothing was saved. What you typed is below, so that you can copy it.",
        "Sign in again, open the form again, and enter it there.",
    ),
    "elsewhere": Trouble(
        403,
        "The form was refused",
        "It did not come from a page of camscan.",
        "Open the page again, and send the form from there.",
    ),
    "often": Trouble(429, "Too many requests", "This was asked too often.", "Wait a minute and try again."),
    "large": Trouble(413, "Too large", "What was sent is too large.", "Send a smaller file."),
    "unusable": Trouble(
        400, "This cannot be done", "camscan does not understand the request.", "Go back and change it."
    ),
    "busy": Trouble(
        503, "Please wait a moment", "Somebody else is writing to the register.", "Then load the page again."
    ),
    "register": Trouble(
        503, "The register cannot be read", "Something is wrong with it.", "Tell whoever runs camscan in your council."
    ),
    "sessions": Trouble(
        503,
        "Nobody can be signed in",
        "The database beside the register, which holds the sessions, cannot be read.",
        "Tell whoever runs camscan in your council.",
    ),
    "slow": Trouble(
        503, "This takes too long", "camscan stopped after 30 seconds.", "Ask for less, or try again later."
    ),
    "fault": Trouble(
        500, "Something went wrong", "That is a mistake in camscan.", "Tell whoever runs camscan in your council."
    ),
}
