"""One scan: what it asked, what the result was, and what it could not see."""

from __future__ import annotations

from collections import Counter

from camscan.asset.spelling import in_words
from camscan.dates import spoken
from camscan.web.page import Answer, Asked, Drawn, Missing, Page


def show(asked: Asked) -> Answer:
    """Its coverage and its notes."""
    with asked.desk.reading() as book:
        scan = next((each for each in book.scans() if each.scan_id == asked.within["scan"]), None)
    if scan is None:
        raise Missing
    outcomes: Counter[str] = Counter()
    for counts in scan.coverage.outcomes.values():
        outcomes.update(counts)
    values = {
        "scan": scan,
        "outcomes": [(in_words(name.replace("-", "_")), number) for name, number in outcomes.items()],
    }
    return Drawn("scan", f"Scan of {scan.site or spoken(scan.finished_at.date())}", values)


PAGE = Page(path="/scan/{scan}", title="Scan", show=show, under="coverage")
