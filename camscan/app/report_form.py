"""The format of a report, by the ending of its file."""

from __future__ import annotations

from camscan.errors import UsageError

SUFFIXES = (".html", ".ods")


def form_suffix(path: str) -> str:
    """The ending of a report's file; '-' is a page on standard output. Raises UsageError for any other ending."""
    if path == "-":
        return ".html"
    for suffix in SUFFIXES:
        if path.casefold().endswith(suffix):
            return suffix
    raise UsageError(f"{path}: its name must end in .html (a page) or .ods (a spreadsheet)")
