"""The second part of docs/what-is-sent.md, made from the probes: ``make docs`` writes it, ``test_docs.py`` compares."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).resolve().parents[1] / "docs" / "what-is-sent.md"
MARKER = "<!-- From here on: camscan probes --markdown -->\n\n"


def main() -> None:
    """Write what ``camscan probes --markdown`` prints below the marker."""
    command = [sys.executable, "-m", "camscan", "probes", "--markdown"]
    printed = subprocess.run(command, check=True, capture_output=True, encoding="utf-8").stdout
    above, _, _ = PAGE.read_text(encoding="utf-8").partition(MARKER)
    PAGE.write_text(f"{above}{MARKER}{printed.rstrip()}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
