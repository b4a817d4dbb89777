"""What ``make test-windows`` writes down: how many tests ran, and of each that did not, why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any


def write_summary(results: Mapping[str, Any], elsewhere: Mapping[str, str], head: str, told: Sequence[str]) -> str:
    """The page, as Markdown: of the tests, of the files that are not run there, and what the story has shown."""
    skipped = [(name, plain(reason)) for name, reason in results["skipped"]]
    counts = Counter(reason for _, reason in skipped).most_common()
    passed, wrong = results["passed"], results["failed"]
    lines = [f"# {head}", "", f"{passed:,} tests passed, {len(wrong)} failed, {len(skipped):,} were skipped.", ""]
    lines += [f"- failed: `{name}`" for name in wrong]
    lines += ["", "| skipped | why |", "|---:|---|", *(f"| {number} | {reason} |" for reason, number in counts)]
    lines += ["", f"{len(elsewhere)} files are not run there:", "", "| file | why |", "|---|---|"]
    lines += [f"| `test_{name}.py` | {reason} |" for name, reason in sorted(elsewhere.items())]
    lines += ["", "The story of the zip:", "", *(f"- {line}" for line in told)]
    lines += ["", "Each test that was skipped:", ""]
    for reason, number in counts:
        lines += [f"- {reason} ({number})", *sorted(f"  - `{name}`" for name, why in skipped if why == reason)]
    return "\n".join(lines) + "\n"


def plain(reason: str) -> str:
    """The reason on one line."""
    return " ".join(reason.split())
