"""Which form a report has: the ending of its file says it."""

from __future__ import annotations

from camscan.errors import UsageError

SUFFIXES = (".html", ".ods")


def form_suffix(path: str) -> str:
    """The ending that says the form; '-' is a page on standard output. Raises UsageError."""
    if path == "-":
        return ".html"
    for suffix in SUFFIXES:
        if path.casefold().endswith(suffix):
            return suffix
    raise UsageError(f"{path}: its name must end in .html (a page) or .ods (a spreadsheet)")
