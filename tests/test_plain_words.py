"""No phrase of docs/words.md's last tables in help, messages, templates, docs, docstrings and fingerprints."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BANNED = {
    "is no": re.compile(r"(?<!here )\b(?:is|are) no (?!longer|more\b|fewer\b|such\b)(?=[a-z])"),
    "stands so": re.compile(r"stands? so\b|as it (?:now )?stands", re.IGNORECASE),
    "stood before": re.compile(r"stood before", re.IGNORECASE),
    "until they do": re.compile(r"until they do\b", re.IGNORECASE),
    "said of": re.compile(r"\b(?:said|told) of\b", re.IGNORECASE),
    "there and back": re.compile(r"there and back", re.IGNORECASE),
    "stands in the way": re.compile(r"stands? in the way", re.IGNORECASE),
    "cannot be said": re.compile(r"cannot be (?:said|told)", re.IGNORECASE),
    "finds no room": re.compile(r"finds? no room|no room here", re.IGNORECASE),
    "wholly": re.compile(r"\bwholly\b", re.IGNORECASE),
    "confirmed gone": re.compile(
        r"confirmed (?:gone|removed)|removals? confirmed|confirmed that (?:it|they)", re.IGNORECASE
    ),
    "nobody is told": re.compile(r"nobody is (?:to be )?told|was not told|names nobody", re.IGNORECASE),
    "register number": re.compile(r"register number|camscan number", re.IGNORECASE),
    "unfinished run": re.compile(r"unfinished run|(?:goes|gone) on with\b", re.IGNORECASE),
}
KINDS = {
    "about, not of": re.compile(
        r"\b(?:said|told|known|knows|says?|speaks?) of (?:it|them|an?|the|each|no|none|how|what|other|their|its)\b"
    ),
    "again, not anew": re.compile(r"(?<!set the device up )\banew\b"),
    "anyway, not all the same": re.compile(r"\ball the same\b"),
    "because, not since": re.compile(r", since (?!when\b|X|\d)"),
    "compared with, not held against": re.compile(r"\bheld against\b|\bholds? (?:\S+ ){1,3}against\b"),
    "connected to, not hanging on": re.compile(r"\bhangs? (?:on|in|behind)\b"),
    "corrected, not mended": re.compile(r"\bmended\b"),
    "if, not where, for a condition": re.compile(
        r"(?:^|[.!?;:] )Where (?:an?|several|two|no|none|nothing|it (?!is\b)|your|only|there|others?) "
    ),
    "is, not stands": re.compile(r"\b(?:stands?|stood) (?:in|at|behind|beside|here|there|below|above)\b"),
    "named people, not persons": re.compile(r"\bnames? of persons\b|, no person\b"),
    "result, not what becomes of it": re.compile(r"\bbec(?:o|a)mes? of\b"),
    "skipped, not passed over": re.compile(r"\bpass(?:es|ed)? over\b"),
    "a subject, not whoever": re.compile(r"(?:^|[.!?] )Whoever\b"),
    "gets a message, not is told": re.compile(r"\b(?:is|are) (?:only )?(?:told|said)\b(?! to\b)(?! that\b)"),
}
"""Ways to build a sentence that a reader stumbles over, whatever the words: the table of docs/words.md has them."""
PATTERNS = {**BANNED, **KINDS}
IN_DOCSTRINGS = {
    "where for a condition": re.compile(r"\b(?:None|[Ee]mpty|False|True) where\b|\b[Rr]aises [A-Z]\w+Error where\b"),
    "held against": re.compile(r"\bheld against\b", re.IGNORECASE),
    "likewise alone": re.compile(r"^Likewise\b"),
}
"""Phrases that only docstrings must not have: readers of code know what ``None if`` means."""
OLD_HEADINGS = {"camscan number"}
"""Headings of earlier spreadsheets, which imports still read."""
DOCS = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md")),
    *(ROOT / ".github").rglob("*.yml"),
    *(page for page in (ROOT / "docs").rglob("*.md") if page.name != "words.md" and "adr" not in page.parts),
]
TEMPLATES = [path for path in (ROOT / "camscan").rglob("*") if path.suffix in {".html", ".txt"}]
CODE = sorted((ROOT / "camscan").rglob("*.py"))


def faults(text: str) -> list[str]:
    """Each banned phrase in a text, with the words around it."""
    joined = " ".join(text.split())
    return [
        f"{name}: … {joined[max(0, match.start() - 40) : match.end() + 40]} …"
        for name, pattern in PATTERNS.items()
        for match in pattern.finditer(joined)
    ]


def docstrings(tree: ast.Module) -> Iterator[str]:
    """Every docstring, of attributes and constants too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield " ".join(node.value.value.split())


def literals(tree: ast.Module) -> Iterator[str]:
    """Every text that a program may show: literals and the help of commands, not docstrings of other functions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and any("command" in ast.dump(one) for one in node.decorator_list):
            yield ast.get_docstring(node) or ""
    hidden = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "X" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in hidden:
            yield node.value


@pytest.mark.parametrize("page", DOCS, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_page_has_a_banned_phrase(page: Path) -> None:
    assert not faults(page.read_text(encoding="utf-8"))


def test_no_template_has_a_banned_phrase() -> None:
    assert len(TEMPLATES) > 5
    assert not [(path.name, fault) for path in TEMPLATES for fault in faults(path.read_text(encoding="utf-8"))]


def test_no_fingerprint_and_no_file_for_deployment_has_a_banned_phrase() -> None:
    files = [*(ROOT / "fingerprints").rglob("*.yaml"), *(ROOT / "docs/deploy").iterdir()]
    assert len(files) > 50
    assert not [(path.name, fault) for path in files for fault in faults(path.read_text(encoding="utf-8"))]


def test_no_message_and_no_help_has_a_banned_phrase() -> None:
    texts = [
        (path, text) for path in CODE for text in literals(ast.parse(path.read_text(encoding="utf-8"))) if " " in text
    ]
    assert len(texts) > 5000
    assert not [(path.name, one) for path, text in texts if text not in OLD_HEADINGS for one in faults(text)]


def test_no_docstring_has_a_banned_phrase() -> None:
    texts = [(path, text) for path in CODE for text in docstrings(ast.parse(path.read_text(encoding="utf-8")))]
    assert len(texts) > 5000
    patterns = [*BANNED.values(), *IN_DOCSTRINGS.values()]
    assert [(path.name, text) for path, text in texts for each in patterns if each.search(text)] == []


@pytest.mark.parametrize(
    ("text", "is_banned"),
    [
        ("It is no camera.", True),
        ("There is no register; run a scan first.", False),
        ("It is no longer listed.", False),
        ("Nothing to change: it stands so already.", True),
        ("what is\nsaid of a device", True),
        ("No change needed.", False),
        ("not seen and not confirmed gone", True),
        ("The maker is confirmed.", False),
        ("camscan says of each device what it is.", True),
        ("It counts the devices anew.", True),
        ("Where a list names a VLAN, it is used.", True),
        ("Where are they?", False),
        ("It was left out, since nobody asked for it.", True),
        ("It has been there since 3 March.", False),
        ("Whoever has the file can read it.", True),
        ("Ask whoever runs the network.", False),
        ("Which cameras hang on the recorder?", True),
        ("A unit that hangs is not asked again.", False),
        ("The page stands in the list.", True),
    ],
)
def test_the_patterns_find_what_they_are_for(text: str, is_banned: bool) -> None:
    assert bool(faults(text)) is is_banned


def test_help_and_messages_are_among_the_texts() -> None:
    source = (
        '@click.command()\ndef go() -> None:\n    """Go on."""\n    warn(f"there is {x} here")\n\n'
        'def helper():\n    """Hidden."""\n'
    )
    assert set(literals(ast.parse(source))) >= {"Go on.", "there is X here"}
    assert "Hidden." not in set(literals(ast.parse(source)))
