"""A headless Chromium on this machine, without a network, and axe-core in it, for the tests of pages.

Debian: ``apt-get install chromium``. axe-core: ``npm install --prefix FOLDER axe-core``; it is looked for where
``CAMSCAN_AXE`` says (``axe.min.js``), in ``node_modules`` of this checkout, and among npm's global packages.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
_POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>\n')
_RUN = """
<script>%s</script>
<script>
axe.run(document, {resultTypes: ["violations", "incomplete", "passes"]}).then(found => {
  const brief = list => list.map(each => [each.id, each.nodes.length, each.nodes.slice(0, 3).map(node => node.html)]);
  parent.postMessage(JSON.stringify({
    width: window.innerWidth,
    overflow: document.documentElement.scrollWidth - window.innerWidth,
    passes: found.passes.length,
    violations: brief(found.violations),
    incomplete: brief(found.incomplete),
  }), "*");
});
</script>
"""
_FRAME = """<!doctype html><title>waiting</title><iframe src="page.html" width="%d" height="900"></iframe>
<script>addEventListener("message", event => { document.body.innerText = "FOUND" + event.data + "END"; });</script>
"""


def chromium() -> str:
    """The program; the test is skipped where there is none."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("no Chromium here: apt-get install chromium")
    return found


def axe_file() -> Path | None:
    """The path of axe-core; None if it is not installed."""
    places = [Path(os.environ["CAMSCAN_AXE"])] if os.environ.get("CAMSCAN_AXE") else []
    places += [ROOT / "node_modules/axe-core/axe.min.js", Path("/usr/local/lib/node_modules/axe-core/axe.min.js")]
    places += [Path("/usr/lib/node_modules/axe-core/axe.min.js")]
    return next(filter(Path.is_file, places), None)


def axe() -> str:
    """The text of axe-core; the test is skipped where there is none."""
    if place := axe_file():
        return place.read_text(encoding="utf-8")
    pytest.skip("no axe-core here: npm install axe-core, or set CAMSCAN_AXE to its axe.min.js")


def run(folder: Path, *arguments: str) -> str:
    """What a headless Chromium prints, with a profile of its own in ``folder``."""
    command = [chromium(), "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
    command += [f"--user-data-dir={folder}/profile", "--no-first-run", "--disable-background-networking"]
    command += ["--proxy-server=127.0.0.1:9"]  # to nobody: a page that asks for something does not get it
    done = subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr[-1000:]
    return done.stdout


def run_axe(page: str, folder: Path, width: int) -> Any:
    """What axe-core finds in a page of that width: ``violations``, ``incomplete``, ``passes``; and ``overflow``.

    The policy that forbids scripts is removed from the copy that is tested, because axe-core is a script.
    """
    assert _POLICY.search(page)
    judging = _RUN % axe().replace("</script", "<\\/script")
    copy = _POLICY.sub("", page).replace("</body>", judging + "</body>")
    (folder / "page.html").write_text(copy, encoding="utf-8")
    frame = folder / "frame.html"
    frame.write_text(_FRAME % width, encoding="utf-8")
    seen = run(
        folder, "--virtual-time-budget=60000", "--dump-dom", f"--window-size={max(width, 600)},1000", f"file://{frame}"
    )
    found = re.search("FOUND(.*)END", seen, re.DOTALL)
    assert found, seen[-500:]
    return json.loads(found[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))


def print_to_pdf(page: str, folder: Path) -> bytes:
    """The page as a browser prints it, as a PDF."""
    (folder / "paper.html").write_text(page, encoding="utf-8")
    target = folder / "paper.pdf"
    run(folder, "--no-pdf-header-footer", f"--print-to-pdf={target}", f"file://{folder}/paper.html")
    return target.read_bytes()
