"""What camscan is, and whose work is in it."""

from __future__ import annotations

from camscan.web.page import Answer, Asked, Drawn, Page


def show(asked: Asked) -> Answer:  # noqa: ARG001 - every page is asked with something
    """The same for everybody."""
    return Drawn("about", "About and licences")


PAGE = Page(path="/about", title="About", show=show)
