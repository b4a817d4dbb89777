"""Every command as a new user meets it. Every mistake: one line, the documented code, nothing touched, nothing sent."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import click
import made_once
import pytest
from command_line import Camscan, contents
from sample_report import camera, report

from camscan import __version__
from camscan.cli import HEADINGS, cli
from camscan.net.door import Door
from camscan.register import open_register

ROOT = Path(__file__).parents[1]
INSIDE = "127.41.2.1"
OVERLAY = """\
- id: ours.example
  when: {http.title: '^Ours$'}
  then: {maker: hikvision}
  certainty: 0.9
  source: our own camera
  examples:
    - see: {http.titel: Ours}
      then: {maker: hikvision}
  counterexamples:
    - see: {http.title: Theirs}
"""


@pytest.fixture(autouse=True)
def home(workplace: Path) -> Path:
    """A directory of one's own to work in, with a register of earlier scans, and no configuration."""
    made_once.put(three_cameras, workplace)
    return workplace


def three_cameras(folder: Path) -> None:
    with open_register(folder / "camscan.db") as register:
        register.record(report(*map(camera, range(3))))


@pytest.fixture
def nothing_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Opening the door, through which every packet goes, fails the test."""

    def opened(_door: Door, *_arguments: object, **_named: object) -> None:
        pytest.fail("the door was opened: packets may have been sent")

    monkeypatch.setattr(Door, "__init__", opened)


def every_command(
    group: click.Command = cli, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command and group with the words that call it."""
    yield path, group
    if isinstance(group, click.Group):
        context = click.Context(group)
        for name in group.list_commands(context):
            found = group.get_command(context, name)
            assert found is not None
            yield from every_command(found, (*path, name))


COMMANDS = dict(every_command())
DOING = {("review",), ("notify",), ("serve",)}
"""`camscan review` alone lists what is to be reviewed, `camscan notify` sends what is due, `camscan serve` serves."""
GROUPS = [path for path, found in COMMANDS.items() if isinstance(found, click.Group) and path not in DOING]


class TestHelp:
    @pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
    def test_every_command_and_option_explains_itself(self, camscan: Camscan, path: tuple[str, ...]) -> None:
        code, out, err = camscan(*path, "--help")
        assert (code, err) == (0, "")
        assert out.startswith(f"Usage: {' '.join(('camscan', *path))} ")
        assert max(map(len, out.splitlines())) <= 80
        assert COMMANDS[path].help
        for parameter in COMMANDS[path].params:
            if isinstance(parameter, click.Option):
                assert parameter.help, f"{path}: {parameter.opts}"
                assert parameter.opts[0] in out

    @pytest.mark.parametrize("group", GROUPS, ids=" ".join)
    def test_a_group_alone_shows_its_commands(self, camscan: Camscan, group: tuple[str, ...]) -> None:
        code, out, err = camscan(*group)
        assert (code, err) == (0, "")
        assert out.rstrip() == camscan(*group, "--help")[1].rstrip()

    def test_the_version(self, camscan: Camscan) -> None:
        assert camscan("--version") == (0, f"camscan {__version__}\n", "")

    def test_commands_stand_under_the_heading_of_what_they_are_for(self, camscan: Camscan) -> None:
        lines = camscan("--help")[1].splitlines()
        under: dict[str, list[str]] = {}
        for line in lines[lines.index("Find: what is on the network:") :]:
            if line and not line.startswith(" "):
                rows = under.setdefault(line.removesuffix(":"), [])
            elif line[2:3].strip():
                rows.append(line.split()[0])
        assert list(under) == list(HEADINGS.values())
        assert {"scan", "import"} < {*under[HEADINGS["find"]]}
        assert {"show", "visited"} < {*under[HEADINGS["register"]]}
        assert sorted(name for rows in under.values() for name in rows) == cli.list_commands(click.Context(cli))

    def test_the_page_of_commands_has_the_same_headings(self) -> None:
        page = (ROOT / "docs/commands.md").read_text(encoding="utf-8")
        sections = {part.partition("\n")[0]: part for part in page.split("\n## ")}
        for name in cli.list_commands(click.Context(cli)):
            assert f"| `camscan {name}" in sections[cli.heading(name)], name

    @pytest.mark.parametrize("path", [(), ("scan",), ("enrich",), ("fingerprints",), ("import", "nmap")], ids=" ".join)
    def test_nothing_but_click_is_loaded_for_it(self, path: tuple[str, ...]) -> None:
        # How long that takes is measured by the benchmark "startup".
        script = "import sys, camscan.cli as c; c.cli(sys.argv[1:], standalone_mode=False); print(*sys.modules)"
        command = [sys.executable, "-c", script, *path, "--help"]
        loaded = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
        names = loaded.stdout.splitlines()[-1].split()
        foreign = {name.partition(".")[0] for name in names} - sys.stdlib_module_names - {"__main__", "camscan"}
        assert foreign - {"_distutils_hack"} == {"click"}  # setuptools hooks itself into every start
        assert not {"asyncio", "ssl", "sqlite3", "urllib.request", "xml"} & set(names)
        assert len([name for name in names if not name.startswith(("camscan", "click"))]) < 150
        ours = {name for name in names if name.startswith("camscan.") and not name.startswith("camscan.cli")}
        least = {"camscan.app", "camscan.errors", "camscan.log", "camscan.output", "camscan.version"}
        seam = {"camscan.system", "camscan.system.linux", "camscan.system.windows"}
        assert least <= ours <= least | seam | {"camscan.words", "camscan.dataclass"}


EXPIRED = "authorisations:\n- role: Head of ICT\n  date: 2024-01-01\n  expires: 2024-12-31\n  cidrs: [{cidr}]\n"
SITES = "sites:\n- name: Town Hall\n  cidrs: [10.1.0.0/16]\n- name: Depot\n  cidrs: [10.9.0.0/24]\n"


@pytest.mark.usefixtures("nothing_sent")
class TestBadRequest:
    """Exit code 2, before anything is sent, and every file as it was."""

    @pytest.fixture
    def refused(self, camscan: Camscan, home: Path) -> Camscan:
        def run(*arguments: str | Path) -> tuple[int, str, str]:
            before = contents(home)
            code, out, err = camscan(*arguments)
            assert (code, out) == (2, "")
            assert contents(home) == before
            assert re.fullmatch(r"camscan: [^\n]+\n", err), err
            return code, out, err.removeprefix("camscan: ").rstrip("\n")

        return run

    @pytest.mark.parametrize(
        ("target", "says"),
        [
            ("10.1.2", "10.1.2: not an address; write it like 10.1.2.3, 10.1.2.0/24, 10.1.2.10-50 or fd00::10"),
            ("10.1.2.0/33", "10.1.2.0/33: the prefix length must be 0 to 32, as in 10.1.2.0/24"),
            ("10.1.2.300", "10.1.2.300: not an address; write it like 10.1.2.3, 10.1.2.0/24, 10.1.2.10-50 or fd00::10"),
            (
                "camera.example.gov.uk",
                (
                    "camscan takes addresses, not names: look up camera.example.gov.uk yourself "
                    "(a name may point outside your estate); to name a site, use --site"
                ),
            ),
            ("10.1.2.50-10", "10.1.2.50-10: the range 50-10 is reversed; write it as 10-50"),
            (
                "10.1.2.9-10.1.2.3",
                "10.1.2.9-10.1.2.3: the range is reversed; write it as 10.1.2.3-10.1.2.9",
            ),
            (
                "fd00::/64",
                (
                    "fd00::/64: an IPv6 prefix wider than /112 cannot be swept; list the addresses (neighbour table, "
                    "DHCPv6 leases) or rely on multicast from a host on that subnet"
                ),
            ),
            (
                "10.0.0.0/8",
                "16,777,214 addresses are more than 65,536; if you mean that, add --confirm-count 16777214",
            ),
            (
                "8.8.8.0/24",
                (
                    "8.8.8.0/24 is not a private range: record who authorised the scan, from when and until when, "
                    "under authorisations in camscan.yaml"
                ),
            ),
        ],
    )
    def test_target(self, refused: Camscan, target: str, says: str) -> None:
        assert refused("scan", target)[2] == says
        assert refused("capture", target, "-o", "replies.jsonl")[2] == says
        assert refused("import", "nmap", "--run", target)[2] == says

    def test_a_wrong_count_does_not_confirm(self, refused: Camscan) -> None:
        assert "--confirm-count 16777214" in refused("scan", "10.0.0.0/8", "--confirm-count", "16777216")[2]

    def test_no_target(self, refused: Camscan) -> None:
        assert refused("scan")[2] == (
            "no target: name addresses to scan, such as 10.1.2.0/24, or a --site from camscan.yaml"
        )
        assert refused("capture")[2] == "missing argument 'TARGET…'; see camscan capture --help"

    def test_target_outside_the_sites(self, refused: Camscan, home: Path) -> None:
        (home / "camscan.yaml").write_text(SITES)
        says = (
            "10.2.0.0/24 is outside the scope of this run: remove it from the targets, or add it to the site's "
            "networks in camscan.yaml"
        )
        assert refused("scan", "10.2.0.0/24")[2] == says
        assert refused("scan", "10.1.0.0/24", "10.2.0.0/24")[2] == says
        assert refused("import", "nmap", "--run", "10.2.0.0/24")[2] == says

    def test_target_outside_the_named_site(self, refused: Camscan, home: Path) -> None:
        (home / "camscan.yaml").write_text(SITES)
        assert refused("scan", "--site", "depot", "10.1.0.0/24")[2].startswith("10.1.0.0/24 is outside the scope")

    def test_unknown_site(self, refused: Camscan, home: Path) -> None:
        (home / "camscan.yaml").write_text(SITES)
        assert refused("scan", "--site", "Library")[2] == (
            "camscan.yaml:1: there is no site 'Library'; the sites are: Town Hall, Depot"
        )

    @pytest.mark.parametrize("cidr", ["203.0.113.0/24", "10.1.2.0/24"])
    def test_expired_authorisation(self, refused: Camscan, home: Path, cidr: str) -> None:
        (home / "camscan.yaml").write_text(EXPIRED.format(cidr=cidr))
        assert refused("scan", cidr)[2] == (
            f"{cidr}: the authorisation by Head of ICT expired on 2024-12-31; renew it first (camscan.yaml:2)"
        )

    def test_missing_interface(self, refused: Camscan) -> None:
        says = refused("scan", INSIDE, "--interface", "cctv9")[2]
        assert re.fullmatch(r"there is no interface cctv9; the interfaces are: .*\blo\b.*", says)

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("sites:\n- name: A\n  cidrs: [10.1.2.0/24\n", r"camscan.yaml:\d: not valid YAML: .+"),
            ("pace: slow\n", r"camscan.yaml:1: there is no pace 'slow'; the paces are gentle, normal, fast"),
            ("a: 1\n", r"camscan.yaml:1: unknown key 'a'; the keys are: .+"),
            ("pace: fast\nsite: x\n", r"camscan.yaml:2: unknown key 'site'; did you mean 'sites'\?"),
            ("ports:\n  htpp: [80]\n", r"camscan.yaml:2: there is no probe 'htpp'; the probes are: .+"),
        ],
    )
    def test_broken_configuration(self, refused: Camscan, home: Path, text: str, says: str) -> None:
        (home / "camscan.yaml").write_text(text)
        assert re.fullmatch(says, refused("scan", INSIDE)[2])

    def test_a_configuration_file_that_does_not_exist(self, refused: Camscan) -> None:
        assert (
            refused("scan", INSIDE, "--config", "our.yaml")[2] == "our.yaml: cannot be read: No such file or directory"
        )

    def test_broken_fingerprint_of_ones_own(self, refused: Camscan, home: Path) -> None:
        (home / "ours").mkdir()
        (home / "ours" / "ours.yaml").write_text(OVERLAY)
        says = refused("scan", INSIDE, "--overlay", "ours")[2]
        assert re.fullmatch(r"ours/ours\.yaml:7: .*http\.titel.*", says)
        assert refused("identify", "camscan.db", "--overlay", "ours")[2] == says

    def test_a_directory_of_fingerprints_that_does_not_exist(self, refused: Camscan) -> None:
        assert refused("scan", INSIDE, "--overlay", "ours")[2].startswith("ours: ")

    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            ("scna", "there is no command scna; did you mean scan?"),
            ("xyzzy", "there is no command xyzzy; see camscan --help"),
            ("propose", "there is no command propose here; did you mean: camscan plan propose?"),
            ("__init__", "there is no command __init__; see camscan --help"),
            ("fingerprints shw", "there is no command shw; did you mean show?"),
            ("scan --jsn x", "no such option '--jsn'; did you mean one of: '--csv', '--json'?"),
            ("scan --json", "option '--json' requires an argument"),
            (
                "scan 10.1.2.3 --pace slow",
                "invalid value for '--pace': 'slow' is not one of 'gentle', 'normal', 'fast'; see camscan scan --help",
            ),
            (
                "scan 10.1.2.3 --max-pps 0",
                "invalid value for '--max-pps': 0.0 is not at least 1; see camscan scan --help",
            ),
            (
                "scan 10.1.2.3 --max-pps x",
                "invalid value for '--max-pps': 'x' is not a number; see camscan scan --help",
            ),
            (
                "scan 10.1.2.3 --confirm-count x",
                "invalid value for '--confirm-count': 'x' is not a whole number; see camscan scan --help",
            ),
            ("scan 10.1.2.3 --listen-for 5", "--listen-for needs --passive; add it"),
            ("show a b", "got unexpected extra argument (b); see camscan show --help"),
            ("confirm 10.1.2.3", "there is no command confirm here; it is now: camscan visited"),
            ("confrim 10.1.2.3", "there is no command confrim; confirm is now: camscan visited"),
            ("set 10.1.2.3 site_type=ofice", r"site_type: 'ofice' is not one of: street, .+; did you mean office\?"),
            (
                "fingerprints show hikvision.sadp.modle",
                r"no fingerprint is called .+; did you mean .*hikvision\.sadp\.model.*",
            ),
            ("review apart a b", "there is no command apart here; it is now: camscan review separate"),
            ("probes nmap", r"no probe is called nmap; the probes are: .+"),
            ("fingerprints show nothing", "no fingerprint is called nothing; `camscan fingerprints list` names them"),
            ("identify replies.jsonl", "replies.jsonl: there is no such file"),
            ("identify .", ".: it is a folder; name the files in it"),
        ],
    )
    def test_arguments(self, refused: Camscan, arguments: str, says: str) -> None:
        said = refused(*arguments.split())[2]
        assert said == says or re.fullmatch(says, said)

    def test_one_output_for_two_files(self, refused: Camscan) -> None:
        assert refused("scan", INSIDE, "--json", "-", "--csv", "-")[2] == (
            "--json and --csv cannot both be '-': name a file for one of them"
        )
        assert refused("scan", INSIDE, "--json", "out", "--csv", "./out")[2] == (
            "--csv ./out: that is --json; name another file"
        )

    def test_a_report_does_not_replace_the_register(self, refused: Camscan) -> None:
        assert refused("scan", INSIDE, "--csv", "camscan.db")[2] == (
            "--csv camscan.db: that is the register; name another file"
        )
        assert refused("import", "nmap", "estate.xml", "--json", "camscan.db")[2] == (
            "--json camscan.db: that is the register; name another file"
        )


@pytest.mark.usefixtures("nothing_sent")
class TestCannotKeep:
    """Register and files that cannot be used are found before anything is sent; the old register is as it was."""

    @pytest.fixture
    def failed(self, camscan: Camscan, home: Path) -> Camscan:
        def run(*arguments: str | Path) -> tuple[int, str, str]:
            before = contents(home)
            code, out, err = camscan("scan", INSIDE, *arguments)
            assert contents(home) == before
            assert out == ""
            assert re.fullmatch(r"camscan: [^\n]+\n", err), err
            return code, out, err.removeprefix("camscan: ").rstrip("\n")

        return run

    def test_register_of_a_newer_version(self, failed: Camscan, home: Path) -> None:
        with closing(sqlite3.connect(home / "camscan.db")) as database:
            database.execute("PRAGMA user_version = 9999")
        code, _, says = failed()
        assert code == 1
        assert re.fullmatch(
            r"camscan\.db: a newer camscan wrote it \(version 9999; this one reads up to \d{4}\); upgrade camscan", says
        )

    def test_register_that_another_run_holds(self, failed: Camscan, home: Path) -> None:
        with open_register(home / "camscan.db"):
            code, _, says = failed()
        assert code == 4
        assert says == "camscan.db: another camscan run is writing to it; wait until it has ended"

    def test_file_that_is_not_a_register(self, failed: Camscan, home: Path) -> None:
        (home / "notes.txt").write_text("cameras: many\n" * 20)
        code, _, says = failed("--register", "notes.txt")
        assert (code, says) == (1, "notes.txt: it is not a register; name another file with --register")

    def test_register_in_a_directory_that_is_not_there(self, failed: Camscan) -> None:
        code, _, says = failed("--register", "state/camscan.db")
        assert (code, says) == (1, "state/camscan.db: the folder state does not exist; create it first")

    def test_register_that_is_a_directory(self, failed: Camscan, home: Path) -> None:
        (home / "state").mkdir()
        code, _, says = failed("--register", "state")
        assert (code, says) == (1, "state: it is a folder; name a file in it")

    def test_register_on_a_server_that_is_not_there(self, failed: Camscan) -> None:
        code, _, says = failed("--register", "postgresql://me:secret@127.0.0.1:1/camscan")
        assert code == 1
        assert says == (
            "postgresql://me:***@127.0.0.1:1/camscan: no PostgreSQL server answers there; is it running, and may this "
            "machine reach it?"
        )

    def test_register_on_another_kind_of_server(self, failed: Camscan) -> None:
        code, _, says = failed("--register", "mysql://me:secret@db/camscan")
        assert code == 1
        assert says.startswith("mysql://me:***@db/camscan: is not a register; name a file, such as camscan.db, or")

    @pytest.mark.parametrize("option", ["--json", "--csv"])
    def test_output_in_a_directory_that_is_not_there(self, failed: Camscan, option: str) -> None:
        code, _, says = failed(option, "reports/out")
        assert (code, says) == (1, "reports/out: the folder reports does not exist; create it first")

    def test_output_that_is_a_directory(self, failed: Camscan, home: Path) -> None:
        (home / "reports").mkdir()
        code, _, says = failed("--csv", "reports")
        assert (code, says) == (1, "reports: cannot be written: it is a folder; name a file in it")

    def test_no_register_is_made_where_an_output_cannot_be(self, failed: Camscan, home: Path) -> None:
        failed("--register", "fresh.db", "--json", "reports/out")
        assert not (home / "fresh.db").exists()


class TestShow:
    def test_one_device_with_its_evidence(self, camscan: Camscan) -> None:
        code, out, err = camscan("show", "192.0.2.2", "--evidence")
        assert (code, err) == (0, "")
        assert "model:              DS-2CD2385G1-I\n" in out
        assert "sadp.model = DS-2CD2385G1-I" in out

    @pytest.mark.parametrize("name", ["", " "])
    def test_an_empty_name_of_a_device_is_a_mistake(self, camscan: Camscan, name: str) -> None:
        for words in (("show", name), ("note", name, "text", "--role", "officer"), ("register", "log", name)):
            code, _, err = camscan(*words)
            assert code == 2
            assert err.startswith("camscan: the name of the device is empty")

    def test_a_log_without_a_change_says_so(self, camscan: Camscan) -> None:
        assert camscan("register", "log", "--since", "2030-01-01")[2] == ("Nothing was changed since 2030-01-01\n")

    def test_no_such_device(self, camscan: Camscan) -> None:
        assert camscan("show", "10.9.9.9") == (
            1,
            "",
            "camscan: there is no device 10.9.9.9 in the register; `camscan show` lists the devices\n",
        )

    def test_no_register(self, camscan: Camscan) -> None:
        code, out, err = camscan("show", "--register", "none.db")
        assert (code, out) == (1, "")
        assert err == (
            "camscan: none.db: there is no register; run a scan first, or name another file with --register\n"
        )

    def test_reading_needs_no_lock(self, camscan: Camscan, home: Path) -> None:
        with open_register(home / "camscan.db"):
            assert camscan("show", "192.0.2.2")[0] == 0


SADP = (
    '<?xml version="1.0" encoding="UTF-8"?><ProbeMatch><Types>inquiry</Types><DeviceDescription>DS-2CD2385G1-I'
    "</DeviceDescription><DeviceSN>DS-2CD2385G1-I20200327AAWRE26262310</DeviceSN></ProbeMatch>"
)


class TestIdentify:
    def test_bad_lines_are_named_and_the_others_are_read(self, camscan: Camscan, home: Path) -> None:
        good = json.dumps({"id": "a", "protocol": "sadp", "payload": SADP})
        lines = [good, "{", '{"id": "b"}', "", '{"id": "c", "protocol": "telepathy", "payload": "x"}', good]
        (home / "replies.jsonl").write_text("\n".join(lines))
        code, out, err = camscan("identify", "replies.jsonl")
        assert code == 3
        assert [json.loads(line)["id"] for line in out.splitlines()] == ["a"]
        assert json.loads(out)["model"] == "DS-2CD2385G1-I"
        numbers = [re.match(r"camscan: replies\.jsonl:(\d+): .+", line) for line in err.splitlines()]
        assert [number and number[1] for number in numbers] == ["2", "3", "5", "6"]

    def test_bytes_that_are_not_text(self, camscan: Camscan, home: Path) -> None:
        (home / "replies.jsonl").write_bytes(b"\xff\xfe\x00\n")
        code, out, err = camscan("identify", "replies.jsonl")
        assert (code, out) == (3, "")
        assert err.startswith("camscan: replies.jsonl:1: not JSON")
        assert err.count("\n") == 1

    @pytest.mark.parametrize("words", [("identify",), ("fingerprints", "test")])
    def test_a_file_of_another_kind_is_not_told_line_by_line(
        self, camscan: Camscan, home: Path, words: tuple[str, ...]
    ) -> None:
        (home / "program").write_bytes(b"\x7fELF\0\0\n" * 400)
        code, out, err = camscan(*words, "program")
        assert (code, out, err.count("\n")) == (3, "", 1)
        assert "; the file is not text; name a file of captured replies" in err
        (home / "list.csv").write_text("a,b\n" * 400)
        code, out, err = camscan(*words, "list.csv")
        assert (code, out, err.count("\n")) == (3, "", 6)
        assert err.endswith("camscan: list.csv: 395 more lines that cannot be read\n")

    def test_no_result_before_every_file_is_known_to_be_there(self, camscan: Camscan, home: Path) -> None:
        (home / "good.jsonl").write_text(json.dumps({"id": "a", "protocol": "sadp", "payload": SADP}))
        assert camscan("identify", "good.jsonl", "none.jsonl") == (
            2,
            "",
            "camscan: none.jsonl: there is no such file\n",
        )

    def test_an_empty_file(self, camscan: Camscan, home: Path) -> None:
        (home / "empty.jsonl").touch()
        assert camscan("identify", "empty.jsonl") == (0, "", "")


def shell(script: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """A shell command in which $CAMSCAN calls camscan as installed, in the present directory."""
    path = {"PATH": os.environ["PATH"], "CAMSCAN": f"{sys.executable} -m camscan", "PYTHONPATH": str(ROOT)}
    return subprocess.run(["bash", "-c", script], env=path | environment, capture_output=True, check=False)


class TestTerminal:
    @pytest.mark.parametrize("words", ["probes", "show", "--help", "fingerprints list"])
    def test_a_reader_that_goes_away_is_not_an_error(self, words: str) -> None:
        done = shell(f"$CAMSCAN {words} | head -c 1; exit ${{PIPESTATUS[0]}}")
        assert (done.returncode, done.stderr) == (0, b"")

    def test_results_to_a_reader_that_goes_away(self, home: Path) -> None:
        reply = {"protocol": "sadp", "payload": SADP}
        (home / "many.jsonl").write_text("".join(json.dumps({"id": str(n)} | reply) + "\n" for n in range(2000)))
        done = shell("$CAMSCAN identify many.jsonl | head -c 1; exit ${PIPESTATUS[0]}")
        assert (done.returncode, done.stderr) == (0, b"")

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
    @pytest.mark.parametrize("words", ["probes", "show", "--version"])
    def test_a_full_disk_behind_standard_output(self, words: str) -> None:
        done = shell(f"$CAMSCAN {words} > /dev/full")
        assert done.returncode == 1
        assert done.stderr == b"camscan: standard output: No space left on device\n"

    @pytest.mark.parametrize(
        "locale",
        [
            {"LC_ALL": "C"},
            {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
            {"PYTHONIOENCODING": "ascii"},
        ],
    )
    def test_a_locale_without_the_characters(self, locale: dict[str, str]) -> None:
        done = shell("$CAMSCAN scan --help && $CAMSCAN probes && $CAMSCAN show 192.0.2.2", **locale)
        assert (done.returncode, done.stderr) == (0, b"")
        assert b"DS-2CD2385G1-I" in done.stdout

    def test_a_mistake_is_reported_in_a_locale_without_the_characters(self) -> None:
        done = shell("$CAMSCAN capture", PYTHONIOENCODING="latin-1")
        assert done.returncode == 2
        assert re.fullmatch(rb"camscan: missing argument 'TARGET\?'; see \S*camscan capture --help\n", done.stderr)


def test_help_is_a_word_too(camscan: Camscan) -> None:
    assert camscan("help") == camscan("--help")
    assert camscan("help", "plan", "status") == camscan("plan", "status", "--help")
