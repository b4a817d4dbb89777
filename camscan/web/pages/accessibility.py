"""The accessibility statement (Public Sector Bodies Accessibility Regulations 2018)."""

from __future__ import annotations

from camscan.web.page import Answer, Asked, Drawn, Page


def show(asked: Asked) -> Answer:
    """The same for everybody; camscan.yaml names the council's own contact."""
    return Drawn("accessibility", "Accessibility statement", {"contact": asked.desk.space.settings.contact})


PAGE = Page(path="/accessibility", title="Accessibility statement", show=show)
