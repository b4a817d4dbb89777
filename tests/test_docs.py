"""What README and docs say is what the program does: commands, options, links, paces, bytes, examples."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pictures
import pytest
from command_line import command
from sent_page import MARKER

from camscan import captures, fingerprints
from camscan.cli import cli
from camscan.cli._words import duration_text
from camscan.net.pace import FAST, GENTLE, NORMAL, Pace
from camscan.probes import load
from camscan.scan.discovery import SYN_PORTS
from camscan.scan.estimate import estimate_seconds

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    [*(ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")), *(ROOT / "docs").rglob("*.md")]
)


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def section(page: str, heading: str) -> str:
    return text(page).split(f"\n{heading}\n")[1].split("\n## ")[0]


def cells(table: str) -> list[list[str]]:
    """The rows of the first Markdown table, without its heading."""
    lines = [line for line in table.splitlines() if line.startswith("|")]
    return [[cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines[2:]]


def commands(group: click.Command = cli, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command that does something, with the words that call it."""
    if not isinstance(group, click.Group):
        yield path, group
        return
    for name in group.list_commands(click.Context(group)):
        found = group.get_command(click.Context(group), name)
        assert found is not None
        yield from commands(found, (*path, name))


def calls(page: Path) -> list[list[str]]:
    """Every call of camscan in a page, in code blocks and in the text, as words after ``camscan``."""
    content = page.read_text(encoding="utf-8")
    blocks = re.findall(r"^```\w*\n(.*?)^```", content, re.MULTILINE | re.DOTALL)
    lines = [part for block in blocks for line in block.splitlines() for part in line.split(" | ")]
    lines += re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", content, flags=re.MULTILINE | re.DOTALL))
    found = []
    for line in lines:
        start = re.search(r"(?:^|[=\s])(?:sudo )?(?:[\w./]*/)?camscan (?=[a-z]+[ a-z]|[a-z]+$|--version)", line)
        if start and "=" not in line[: start.start()].partition(" ")[0]:
            words = shlex.split(line[start.end() :].partition("'")[0], comments=True)
            found.append(words[: words.index(">")] if ">" in words else words)
    return found


CALLS = [pytest.param(words, id=f"{page.name}: {' '.join(words)}") for page in PAGES for words in calls(page)]


@pytest.mark.parametrize("words", CALLS)
def test_every_command_that_is_named_exists_and_takes_its_options(words: list[str]) -> None:
    group: click.Command = cli
    rest = words
    while isinstance(group, click.Group) and rest and not rest[0].startswith("-"):
        name, *rest = rest
        found = group.get_command(click.Context(group), name)
        assert found is not None, f"there is no command {name}"
        group = found
    known = {option for parameter in group.params for option in parameter.opts} | {"--help", "-h"}
    assert not [word for word in rest if word.startswith("-") and word != "-" and word.partition("=")[0] not in known]


def test_every_command_is_in_the_docs() -> None:
    named = [tuple(words) for page in PAGES for words in calls(page)]
    missing = [path for path, _ in commands() if not any(words[: len(path)] == path for words in named)]
    assert not missing


def test_every_option_is_in_the_docs() -> None:
    everything = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    options = {option for _, found in commands() for parameter in found.params for option in parameter.opts}
    missing = [each for each in options if each.startswith("--") and not re.search(rf"{each}(?![\w-])", everything)]
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        assert file.exists(), f"{page.name} links to {target}"
        if anchor:
            headings = re.findall(r"^#+ (.*)$", file.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}, (
                target
            )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_page_holds_the_marks_of_a_merge(page: Path) -> None:
    assert not re.search(r"^(<<<<<<<|=======|>>>>>>>)( |$)", page.read_text(encoding="utf-8"), re.MULTILINE)


def test_every_page_is_linked_from_the_readme_or_another_page() -> None:
    linked = {
        (page.parent / target.partition("#")[0]).resolve()
        for page in PAGES
        for target in re.findall(r"\]\(([^)\s:]+)\)", page.read_text(encoding="utf-8"))
    }
    pages = [page for page in PAGES if page.name != "README.md" and page.parent.name != "adr"]
    assert not [page for page in pages if page.resolve() not in linked]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_file_of_the_code_that_a_page_names_is_there(page: Path) -> None:
    names = re.findall(r"`((?:camscan|tests|tools|fingerprints)/[\w./-]+)`", page.read_text(encoding="utf-8"))
    assert not [name for name in names if not (ROOT / name).exists() and name not in NOT_OURS]


NOT_OURS = {"tests/snmpsim"}
"""Folders of other projects whose names begin like ours."""


@pytest.mark.parametrize("name", ["docs/development.md", "docs/pages.md", "docs/adr/0017-jinja2.md"])
def test_every_function_and_class_that_a_page_for_developers_names_is_there(name: str) -> None:
    page = text(name)
    modules = [*(ROOT / "camscan").rglob("*.py")]
    code = "\n".join(path.read_text(encoding="utf-8") for path in modules)
    defined = {path.stem for path in modules} | set(re.findall(r"^ *(?:def|class) (\w+)", code, re.MULTILINE))
    functions = re.findall(r"`(?:camscan\.)?(?:app|page|output)\.(?:\w+\.)?(?!py`)(\w+)`", page)
    functions += re.findall(r"^from camscan\.\S+ import (\w+)$", page, re.MULTILINE)
    classes = re.findall(r"`([A-Z]\w+)\(", page)
    assert functions or classes
    assert not {*functions, *classes} - defined


@pytest.mark.parametrize("name", ["README.md", "docs/first-day.md"])
def test_what_is_read_first_is_two_pages_of_a4(name: str) -> None:
    assert text(name).count("\n") <= 105
    assert len(text(name).split()) <= 820


OF_WEB = set(re.findall(r'^    "(web-[a-z]+)": ', text("tests/web_pictures.py"), re.MULTILINE))
"""The pictures of pages: the program that draws them takes seconds to load."""


class TestGuides:
    @pytest.mark.parametrize(
        ("page", "names"),
        [
            ("docs/officers-guide.md", {*pictures.PAGES, *pictures.SHEETS}),
            ("docs/web.md", OF_WEB),
        ],
    )
    def test_every_picture_is_there_is_small_and_is_described(self, page: str, names: set[str]) -> None:
        shown = re.findall(r'<img src="pictures/([a-z-]+)\.png" width="\d+" alt="([^"]+)">', text(page))
        files = {path.stem: path.stat().st_size for path in (ROOT / "docs/pictures").iterdir() if path.stem in names}
        assert {name for name, _ in shown} == files.keys() == names
        assert len(files) <= 8
        assert max(files.values()) < 150_000
        assert min(len(words) for _, words in shown) > 30

    def test_no_picture_is_left_over(self) -> None:
        files = {path.stem for path in (ROOT / "docs/pictures").iterdir()}
        assert files == {*pictures.PAGES, *pictures.SHEETS} | OF_WEB

    def test_the_firewall_rules_let_every_question_through(self) -> None:
        rows = cells(section("docs/administrators-guide.md", "## Firewall rules"))
        ports = {
            kind: {int(port) for row in rows if row[0] == kind for port in row[1].split(",")} for kind in ("UDP", "TCP")
        }
        probes = load().values()
        assert ports["UDP"] == {question.port for probe in probes for question in probe.datagrams}
        assert ports["TCP"] == {port for probe in probes for port in probe.ports} | set(SYN_PORTS)

    @pytest.mark.parametrize("page", sorted((ROOT / "docs/templates").iterdir()), ids=lambda page: page.stem)
    def test_every_template_says_that_it_is_one(self, page: Path) -> None:
        heading, _, first, *_ = page.read_text(encoding="utf-8").splitlines()
        assert heading.startswith("# Template: ")
        assert first.startswith("> **A template, not legal advice.**")


class TestScanning:
    def test_the_paces(self) -> None:
        rows = cells(section("docs/scanning.md", "## Pace"))
        found = {row[0]: row[1:] for row in rows}
        paces = (GENTLE, NORMAL, FAST)

        def line(member: str) -> list[str]:
            return [f"{getattr(pace, member):,g}" for pace in paces]

        assert found == {
            "packets a second, everything counted": line("packets"),
            "new TCP connections a second": line("connections"),
            "datagrams a second": line("datagrams"),
            "TCP connections at once, all devices together": line("in_flight"),
            "TCP connections at once to one device": ["1", "1", "1"],
            "pause between two of them, seconds": line("gap"),
            "TCP connections to one device in a scan": line("connections_per_device"),
            "of these, with a question": line("requests_per_device"),
            "seconds to wait for a connection": line("connect_timeout"),
            "seconds to wait for an answer": line("answer_timeout"),
            "seconds to wait for the next byte": line("read_timeout"),
            "seconds for one question in all": line("exchange_timeout"),
            "254 addresses take up to about": [about(254, pace) for pace in paces],
            "65,534 addresses take up to about": [about(65534, pace) for pace in paces],
        }

    def test_what_the_summary_says(self) -> None:
        source = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "camscan" / "scan").glob("*.py"))
        joined = re.sub(r'"\s*\n\s*f?"', "", source)
        phrases = [
            row[0].strip("`") for row in cells(section("docs/scanning.md", "## What the summary says was not seen"))
        ]
        assert not [phrase for phrase in phrases if phrase not in joined]


def about(count: int, pace: Pace) -> str:
    return duration_text(estimate_seconds(count, pace, load(), {}))


def test_what_is_sent(capsys: pytest.CaptureFixture[str]) -> None:
    _, list_, _ = command(capsys)("probes", "--markdown")
    assert text("docs/what-is-sent.md").split(MARKER)[1].rstrip() == list_.rstrip(), "run: make docs"


class TestCapturedReplies:
    PAGE = "docs/captured-replies.md"

    def test_every_protocol(self) -> None:
        rows = cells(section(self.PAGE, "## The protocols"))
        assert {name for row in rows for name in re.findall(r"`(\w+)`", row[0])} == captures.known_protocols()

    def test_the_example(self) -> None:
        given, result = re.findall(r"```json\n(.*?)```", text(self.PAGE), re.DOTALL)
        replies = list(captures.read_captures(given.splitlines()))
        assert not [reply for reply in replies if isinstance(reply, captures.BadLine)]
        found = list(
            captures.identify_replies([each for each in replies if not isinstance(each, captures.BadLine)], DATABASE)
        )
        for device, line in zip(found, result.splitlines(), strict=True):
            expected = json.loads(line)
            assert list(device.ids) == expected["ids"]
            assert device.identification.maker == expected["maker"]
            assert device.identification.model == expected["model"]
            assert device.identification.confidence.value == expected["confidence"]

    def test_every_member(self) -> None:
        members = {name for row in cells(section(self.PAGE, "## The file")) for name in re.findall(r"`(\w+)`", row[0])}
        assert members == {"id", "protocol", "payload", "payload_b64", "device", "ip", "port", "seen_at"}


DATABASE = fingerprints.load_database()
