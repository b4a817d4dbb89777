"""About camscan: what it is, and whose work is in it."""

from __future__ import annotations

from camscan.web.page import Answer, Page, PageContent, PageRequest


def show(request: PageRequest) -> Answer:  # noqa: ARG001 - every page is asked with something
    """Draw the page, which is the same for everybody."""
    return PageContent("about", "About and licences")


PAGE = Page(path="/about", title="About", show=show)
