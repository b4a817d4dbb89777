"""The accessibility statement (Public Sector Bodies Accessibility Regulations 2018)."""

from __future__ import annotations

from camscan.web.page import Answer, Page, PageContent, PageRequest


def show(request: PageRequest) -> Answer:
    """Draw the statement, which is the same for everybody; camscan.yaml names the council's own contact."""
    return PageContent("accessibility", "Accessibility statement", {"contact": request.desk.space.settings.contact})


PAGE = Page(path="/accessibility", title="Accessibility statement", show=show)
