"""The pictures of docs/officers-guide.md, from a simulated council: ``make pictures`` writes docs/pictures/ anew.

``python tests/pictures.py [FOLDER]``. Needs Chromium, LibreOffice and poppler (Debian: chromium,
libreoffice-calc-nogui, poppler-utils). The council is that of ``reported.py``, and its day is 30 November 2026. camscan
writes the same each time; other versions of the three programs, and other fonts, draw it a little differently.
"""

from __future__ import annotations

import random
import re
import secrets
import subprocess
import sys
import tempfile
from pathlib import Path
from unittest.mock import patch

import reported
from browser import run
from click.testing import CliRunner

from camscan.app import assess
from camscan.cli import cli

ROOT = Path(__file__).resolve().parents[1]
PICTURES = ROOT / "docs" / "pictures"
DAY = reported.TODAY.date().isoformat()
DEVICES = 160
WIDTH = 900
"""Width of a picture of a page, in pixels."""
_POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>\n')
_STYLE = """<style>
body > *, main > * { display: none }
main, %s { display: block !important }
main > section { border: 0 !important; margin-top: 1rem !important; padding-top: 0 !important }
</style></head>"""

PAGES = {
    "report-headline": ("report.html", "header, section:first-of-type", 880),
    "report-progress": ("report.html", "section:nth-of-type(2)", 560),
    "report-places": ("report.html", "section:nth-of-type(4)", 580),
    "summary-dates": ("summary.html", "section:nth-of-type(5)", 640),
    "walk-sheet": ("walk.html", "section:first-of-type", 420),
    "foi-answers": ("foi/answers.html", "header, #part-2", 560),
}
"""Picture -> page, what of it is shown (CSS selectors), height in pixels. Sections come one after another."""
SHEETS = {
    "register": ("register.ods", "Serial number", 480),
    "costs": ("register.ods", "Estimated costs by financial year", 460),
}
"""Picture -> workbook, words on the first page that is shown, height in pixels."""


def camscan(folder: Path, *arguments: str, codes: tuple[int, ...] = (0,)) -> None:
    """Run one command in the simulated council."""
    place = ["--register", str(folder / "camscan.db"), "--config", str(folder / "camscan.yaml")]
    done = CliRunner().invoke(cli, [*arguments, *place])
    assert done.exit_code in codes, (arguments, done.output, done.exception)


def write(folder: Path) -> None:
    """Write the files of the council, and those that it gives to others."""
    with (
        patch.object(assess, "today_utc", reported.TODAY.date),  # the day of the register
        patch.object(secrets, "randbits", random.Random(14).getrandbits),  # the same asset numbers each time
    ):
        reported.fill(folder, DEVICES)
        _tell(folder)


def _tell(folder: Path) -> None:
    camscan(folder, "report", str(folder / "report.html"), "--on", DAY)
    camscan(folder, "report", str(folder / "summary.html"), "--level", "summary", "--on", DAY)
    camscan(folder, "register", "export", str(folder / "register.ods"))
    camscan(folder, "export", "walk", str(folder / "walk.html"), "--on", DAY)
    camscan(folder, "foi", str(folder / "foi"), "--on", DAY, codes=(0, 3))


def draw_page(page: Path, shown: str, height: int, target: Path) -> None:
    """The parts of a page that are shown, as they look on a screen; everything else is left out."""
    text = _POLICY.sub("", page.read_text(encoding="utf-8")).replace("</head>", _STYLE % shown)
    copy = page.with_suffix(".shown.html")
    copy.write_text(text, encoding="utf-8")
    run(page.parent, f"--screenshot={target}", f"--window-size={WIDTH},{height}", "--hide-scrollbars", f"file://{copy}")


def draw_sheet(workbook: Path, words: str, height: int, target: Path) -> None:
    """The first page with these words, as LibreOffice prints it on A4 across."""
    profile = f"-env:UserInstallation=file://{workbook.parent}/office"
    _call("soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", str(workbook.parent), str(workbook))
    paper = workbook.with_suffix(".pdf")
    pages = _call("pdftotext", "-layout", str(paper), "-").split("\f")
    number = str(next(place for place, text in enumerate(pages, 1) if words in text))
    cut = ["-x", "0", "-y", "0", "-W", "936", "-H", str(height)]
    _call(
        "pdftocairo", "-png", "-singlefile", "-f", number, "-l", number, "-r", "80", *cut, str(paper), str(target)[:-4]
    )


def _call(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, timeout=100, check=True).stdout


def main() -> None:
    """Write every picture into FOLDER, by default docs/pictures."""
    target = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else PICTURES
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder)
        for picture, (page, shown, height) in PAGES.items():
            draw_page(folder / page, shown, height, target / f"{picture}.png")
        for picture, (workbook, words, height) in SHEETS.items():
            draw_sheet(folder / workbook, words, height, target / f"{picture}.png")


if __name__ == "__main__":
    main()
