"""The report: how far the removal has got, for people who decide about it and do not use camscan.

``nouns`` holds the data of a report (:class:`Facts`) and its text (:class:`Report`). ``compose`` makes the report from
the data, section by section; ``page`` and ``workbook`` write it. Pure: facts in, text or bytes out.
"""

from __future__ import annotations

from camscan.briefing.compose import compose_report
from camscan.briefing.nouns import Facts, Level, Report
from camscan.briefing.page import render_report
from camscan.briefing.workbook import write_workbook

__all__ = ["Facts", "Level", "Report", "compose_report", "render_report", "write_workbook"]
