"""One scan: what it asked, what the result was, and what it could not see."""

from __future__ import annotations

from collections import Counter

from camscan.asset.spelling import in_words
from camscan.dates import day_text
from camscan.web.page import Answer, NoSuchPage, Page, PageContent, PageRequest


def show(request: PageRequest) -> Answer:
    """Draw the coverage and the notes of the scan."""
    with request.desk.reading() as book:
        scan = next((scan for scan in book.scans() if scan.scan_id == request.path_values["scan"]), None)
    if scan is None:
        raise NoSuchPage
    outcomes: Counter[str] = Counter()
    for counts in scan.coverage.outcomes.values():
        outcomes.update(counts)
    values = {
        "scan": scan,
        "outcomes": [(in_words(name.replace("-", "_")), number) for name, number in outcomes.items()],
    }
    return PageContent("scan", f"Scan of {scan.site or day_text(scan.finished_at.date())}", values)


PAGE = Page(path="/scan/{scan}", title="Scan", show=show, under="coverage")
