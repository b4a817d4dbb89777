"""The commands in the pages: each is parsed by the command line; those that send no packet are run, page by page."""

from __future__ import annotations

import csv
import re
import shlex
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
import pytest
import xlsxwriter
from click.testing import CliRunner
from command_line import Camscan, command
from sample_report import NOON, camera, report

from camscan.cli import cli
from camscan.register import Edit, open_register

ROOT = Path(__file__).parents[1]
PAGES = sorted([*(ROOT / name for name in ("README.md", "CONTRIBUTING.md")), *(ROOT / "docs").rglob("*.md")])
NOT_RUN = {
    "scan": "asks devices",
    "capture": "asks devices",
    "enrich": "asks devices",
    "run": "asks devices, but for --dry-run",
    "demo": "starts an estate; tests/test_demo_estate.py runs it",
    "serve": "does not end by itself; tests/test_web_serve.py starts it",
    "notify": "sends alerts; tests/test_alerts.py has servers for them",
    "collect": "needs a centre; tests/test_collect.py has one",
    "collector": "needs a collector; tests/test_centre.py has one",
    "parcel": "needs a scan that kept its journal; tests/test_parcel_register.py has one",
    "schedule": "with --install it changes the system",
}
"""First word of a command -> why the pages' examples of it are parsed and not run."""
ELSEWHERE = ("postgresql://", "--run", "--install", "town-hall.json.gz", "traffic.pcap", "/dev/null", "…")
"""Parts of commands that need a server, a program or a file that only the reader has; so does standard input."""
TAGS = {
    "CCTV-001": "10.1.2.34",
    "CCTV-0005": "10.1.0.5",
    "CCTV-0014": "10.1.0.14",
    "CCTV-0017": "10.1.0.18",
    "CCTV-0018": "10.1.0.19",
    "CCTV-0020": "10.1.0.20",
    "CCTV-0153": "10.1.0.153",
}
"""The devices that the pages name: label and address."""
SETTINGS = """\
organisation: Example Borough Council
role: CCTV programme officer
sites:
  - {name: Town Hall, type: office, sensitivity: 1, controller: landlord, cidrs: [10.1.0.0/16]}
  - {name: Oak School, type: school, sensitivity: 2, cidrs: [10.20.0.0/24]}
planning:
  local_decision: {minute: Cabinet 2026/114, date: 14 September 2025, groups: [hikvision, dahua]}
snmp:
  - {name: switches, user: camscan, password_env: NONE, cidrs: [10.1.0.0/24]}
"""
NMAP = """\
<?xml version="1.0"?><!DOCTYPE nmaprun><nmaprun scanner="nmap" args="nmap" start="1771000000" version="7.93">
<host><status state="up"/><address addr="10.1.9.9" addrtype="ipv4"/><ports><port protocol="tcp" portid="80">
<state state="open"/></port></ports></host><runstats><finished time="1771000100"/></runstats></nmaprun>
"""
ASSETS = "Asset Name,Asset Tag,Status\nCamera,CCTV-0017,In use\n"
NETBOX = """\
Name,Status,Site,Location,Role,Manufacturer,Type,IP Address,ID,Asset tag,Serial number,Description
CCTV-0017,Active,Town Hall,,Camera,Hikvision,DS-2CD2385G1-I,10.1.0.18/16,7,CCTV-0017,,
"""
KEV = """\
{"title": "KEV", "catalogVersion": "2026.08.21", "count": 1, "vulnerabilities": [{"cveID": "CVE-2021-36260",
"dateAdded": "2022-01-10", "dueDate": "2022-01-24", "vendorProject": "Hikvision", "product": "cameras",
"vulnerabilityName": "x", "shortDescription": "x", "requiredAction": "x"}]}
"""


def blocks(page: Path) -> Iterator[str]:
    """The lines of a page's code blocks, also those within lists."""
    for block in re.findall(r"^ *```\w*\n(.*?)^ *```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
        yield from block.splitlines()


def calls(page: Path) -> list[list[str]]:
    """Every call of camscan in a page's code blocks, as the words after ``camscan``."""
    found = []
    for line in blocks(page):
        for part in re.split(r" \| | && ", line.strip()):
            match = re.match(r"(?:sudo )?(?:[\w./]*/)?camscan (?=[a-z-])", part)
            if match and "=" not in part[: match.start()]:
                found.append(shlex.split(part[match.end() :], comments=True))
    return found


def find_command(words: Sequence[str]) -> tuple[click.Command, list[str]]:
    """The command that the words name, and the words that are left for it."""
    group: click.Command = cli
    rest = list(words)
    while isinstance(group, click.Group) and rest and not rest[0].startswith("-"):
        _, found, rest = group.resolve_command(click.Context(group), rest)
        assert found is not None
        group = found
    return group, rest


CALLS = [pytest.param(words, id=f"{page.name}: {' '.join(words)}") for page in PAGES for words in calls(page)]


@pytest.mark.parametrize("words", CALLS)
def test_every_example_is_one_that_the_command_line_takes(words: list[str]) -> None:
    found, rest = find_command(words)
    context = click.Context(found)
    given, left, _ = found.make_parser(context).parse_args([word for word in rest if word != "…"])
    assert not left, f"too many words: {left}"
    for parameter in found.params:
        value = given.get(parameter.name or "")
        missing = value is None or value == ()
        assert not (parameter.required and missing) or "…" in words, f"{parameter.name} is missing"
        if not missing and isinstance(parameter.type, click.Choice | click.IntRange | click.FloatRange):
            for each in value if isinstance(value, tuple | list) else (value,):
                parameter.type.convert(each, parameter, context)


@pytest.fixture(scope="module")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as the pages assume it: the register of a council, camscan.yaml, and the files that others sent."""
    folder = tmp_path_factory.mktemp("stocked")
    (folder / "camscan.yaml").write_text(SETTINGS, encoding="utf-8")
    devices = [camera(number, ip=ip) for number, ip in enumerate([*TAGS.values(), "10.1.0.17"], start=1)]
    with open_register(folder / "camscan.db") as book:
        rows = book.record(report(*devices, site="Town Hall", targets=("10.1.0.0/16",))).new
        tags = [Edit(row, "council_asset_tag", tag) for row, tag in zip(rows, TAGS, strict=False)]
        book.edit_entries(tags, role="CCTV manager", how="test")
    with xlsxwriter.Workbook(folder / "cctv-team.xlsx") as book_of_team:
        sheet = book_of_team.add_worksheet()
        for row, line in enumerate([("Ref", "Serial", "Make", "Site"), ("T-1", "A10000001", "Dahua", "Town Hall")]):
            sheet.write_row(row, 0, line)
    with (folder / "networks.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("cidr", "site"), ("10.30.0.0/24", "Library")])
    for name, text in {
        "estate.xml": NMAP,
        "core-1.txt": "core-1#show ip arp\nInternet  10.1.2.34   4   44:19:b6:00:00:01  ARPA   Vlan10\n",
        "ct-2.txt": ".1.3.6.1.2.1.1.5.0 = STRING: ct-2\n",
        "netbox_devices.csv": NETBOX,
        "assets-from-snipe.csv": ASSETS,
        "cctv-team.map": "Ref = council_asset_tag\nSerial = serial_number\n",
        "known_exploited_vulnerabilities.json": KEV,
    }.items():
        (folder / name).write_text(text, encoding="utf-8")
    replies = re.findall(
        r"```json\n(.*?)```", (ROOT / "docs/captured-replies.md").read_text(encoding="utf-8"), re.DOTALL
    )
    for name in ("reply.jsonl", "replies.jsonl"):
        (folder / name).write_text(replies[0], encoding="utf-8")
    (folder / "my-fingerprints").mkdir()
    sent = ["register", "import", str(folder / "cctv-team.xlsx"), "--add", "--map", "Ref=council_asset_tag", "--apply"]
    own = ["--register", str(folder / "camscan.db"), "--config", str(folder / "camscan.yaml")]
    done = CliRunner().invoke(cli, [*sent, *own], standalone_mode=False)
    assert "added" in done.output, "an import is there to be undone"
    return folder


def is_run(words: Sequence[str]) -> bool:
    """Whether the example is run here: nothing is sent, and all that it needs is in the folder."""
    if words[:2] == ["run", "--dry-run"] or (words[0] == "schedule" and "--install" not in words):
        return True
    return (
        words[0] not in NOT_RUN and "-" not in words and not any(part in word for word in words for part in ELSEWHERE)
    )


def localised(word: str) -> str:
    """A path of the pages, as one in the folder."""
    return re.sub(r"^/(?:srv/backups|backups|var/lib/prometheus/node-exporter)/", "", word)


RUN = [page for page in PAGES if any(map(is_run, calls(page)))]


@pytest.mark.slow
@pytest.mark.parametrize("page", RUN, ids=lambda page: page.name)
def test_the_examples_of_a_page_work_in_their_order(
    page: Path, stocked: Path, workplace: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(stocked, workplace, dirs_exist_ok=True)
    monkeypatch.setenv("HOME", str(workplace / "home"))
    monkeypatch.setenv("XDG_DATA_HOME", str(workplace / "data"))
    camscan: Camscan = command(capsys)
    for words in filter(is_run, calls(page)):
        if words[:2] == ["config", "init"]:
            (workplace / "camscan.yaml").unlink()
        if words[:2] == ["register", "restore"]:
            (workplace / "camscan.db").unlink()
        code, out, err = camscan(*map(localised, words))
        allowed = {0, 1} if words[0] == "diff" else {0, 3}
        assert code in allowed, f"camscan {' '.join(words)}: exit code {code}\n{err or out}"
        assert "Traceback" not in out + err
        if words[:2] == ["config", "init"]:
            shutil.copy(stocked / "camscan.yaml", workplace)


def test_every_reason_not_to_run_something_is_needed() -> None:
    used = {words[0] for page in PAGES for words in calls(page)}
    assert not NOT_RUN.keys() - used
    assert sum(is_run(words) for page in PAGES for words in calls(page)) > 90
    assert NOON.year == 2026
