"""The report: how far the removal has got, for people who decide about it and do not have camscan.

``nouns`` holds what is known (:class:`Facts`) and what is said (:class:`Report`). ``compose`` makes the report of the
facts, section by section; ``page`` and ``workbook`` write it. Pure: facts in, text or bytes out.
"""

from __future__ import annotations

from camscan.briefing.compose import compose_report
from camscan.briefing.nouns import Facts, Level, Report
from camscan.briefing.page import render_report
from camscan.briefing.workbook import write_workbook

__all__ = ["Facts", "Level", "Report", "compose_report", "render_report", "write_workbook"]
