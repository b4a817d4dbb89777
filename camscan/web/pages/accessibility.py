"""The accessibility statement (Public Sector Bodies Accessibility Regulations 2018)."""

from __future__ import annotations

from camscan.web.page import Answer, Asked, Drawn, Page


def show(asked: Asked) -> Answer:  # noqa: ARG001 - every page is asked with something
    """The same for everybody."""
    return Drawn("accessibility", "Accessibility statement")


PAGE = Page(path="/accessibility", title="Accessibility statement", show=show)
