"""The Dockerfile, as far as it can be tried without a container engine.

The steps of its build stage run for real, in a folder of the test's own: the wheel is built, installed into a clean
virtual environment outside the checkout, and used from there.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import own_network
import pytest

ROOT = Path(__file__).resolve().parents[1]
OFFLINE = re.compile("connection|resolution|timed out|no matching distribution", re.IGNORECASE)
#: Steps that change the machine itself; a test has no business doing that.
SYSTEM = ("apt-get", "useradd")
PLACES = ("/opt/camscan", "/src", "/wheels")

pytestmark = pytest.mark.timeout(400)


@dataclass(frozen=True, slots=True)
class Step:
    stage: int
    word: str
    rest: str


def steps() -> list[Step]:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    found: list[Step] = []
    stage = 0
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        word, _, rest = line.partition(" ")
        stage += word == "FROM"
        found.append(Step(stage, word, rest.strip()))
    return found


@dataclass(frozen=True, slots=True)
class Image:
    """What the build stage left behind."""

    where: Path

    @property
    def wheel(self) -> Path:
        (wheel,) = (self.where / "wheels").glob("camscan-*.whl")
        return wheel

    def run(self, *command: str, text: str = "") -> subprocess.CompletedProcess[str]:
        program = str(self.where / "opt/camscan/bin" / command[0])
        return subprocess.run(
            [program, *command[1:]],
            input=text,
            capture_output=True,
            text=True,
            check=False,
            cwd=self.where / "data",
            env={"PATH": os.environ["PATH"], "HOME": str(self.where / "data")},
        )


def placed(command: str, where: Path) -> str:
    for place in PLACES:
        command = re.sub(rf"(?<![\w.]){place}\b", f"{where}{place}", command)
    return command


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Image]:
    """Run the build stage: COPY copies, RUN runs, ARG and ENV set."""
    where = tmp_path_factory.mktemp("image")
    (where / "src").mkdir()
    (where / "data").mkdir()
    # python3 is the one of the tests; pip's cache stays on, which the image turns off to be small. Nothing is compiled
    # that no test runs.
    settings = {
        "LIBRARIES": "run",
        "PIP_NO_COMPILE": "1",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    for step in steps():
        if step.stage != 1 or (step.word == "RUN" and step.rest.startswith(SYSTEM)):
            continue
        if step.word == "COPY":
            *sources, target = step.rest.split()
            for source in sources:
                copy(ROOT / source, where / "src" / target / ("" if target != "./" else source))
        elif step.word == "RUN":
            with own_network.outside():
                done = subprocess.run(
                    ["sh", "-e", "-c", placed(step.rest, where)],
                    capture_output=True,
                    text=True,
                    check=False,
                    cwd=where / "src",
                    env={**os.environ, **settings},
                )
            if done.returncode and "pip install --quiet --require-hashes" in step.rest and OFFLINE.search(done.stderr):
                pytest.skip(f"no package index at hand: {done.stderr.splitlines()[-1]}")
            assert done.returncode == 0, f"{step.rest}\n{done.stdout}{done.stderr}"
    yield Image(where)
    shutil.rmtree(where)


def copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, target)


def test_the_image_runs_as_an_ordinary_user_and_names_no_address() -> None:
    last = steps()[-1].stage
    users = [step.rest for step in steps() if step.word == "USER" and step.stage == last]
    assert users == ["camscan"]
    assert "://" not in (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert {step.rest.split()[0] for step in steps() if step.word == "FROM"} == {"python:3.11-slim-bookworm"}


def test_only_camscan_links_own_interpreter_gets_the_privilege() -> None:
    capabilities = [step.rest for step in steps() if "setcap" in step.rest and step.word == "RUN"]
    assert [command.split("setcap ")[1] for command in capabilities] == ["cap_net_raw+ep /opt/camscan/bin/python-link"]


def test_the_docker_context_holds_what_is_copied_and_nothing_else() -> None:
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {name for step in steps() if step.word == "COPY" and step.stage == 1 for name in step.rest.split()[:-1]}
    assert copied == allowed


def test_the_program_runs_from_the_wheel(image: Image) -> None:
    version = image.run("camscan", "--version")
    assert (version.returncode, version.stderr) == (0, "")
    assert version.stdout.startswith("camscan")
    where = image.run("python", "-c", "import camscan; print(camscan.__file__)")
    assert where.stdout.startswith(str(image.where))


def test_the_fingerprints_travel_in_the_wheel(image: Image) -> None:
    names = set(zipfile.ZipFile(image.wheel).namelist())
    shipped = {
        f"camscan/_database/{path.relative_to(ROOT / 'fingerprints').as_posix()}"
        for path in (ROOT / "fingerprints").rglob("*.yaml")
    }
    assert shipped
    assert shipped - names == set()
    checked = image.run("camscan", "fingerprints", "check")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    reply = {"id": "1", "protocol": "rtsp", "payload": "RTSP/1.0 401 Unauthorized\r\nCSeq: 1\r\n\r\n"}
    named = image.run("camscan", "identify", "-", text=json.dumps(reply) + "\n")
    assert named.returncode == 0, named.stderr
    assert json.loads(named.stdout)["ids"] == ["1"]


def test_migrations_schema_templates_and_licences_travel_in_the_wheel(image: Image) -> None:
    names = zipfile.ZipFile(image.wheel).namelist()
    assert [name for name in names if name.startswith("camscan/register/migrations/") and name.endswith(".py")]
    assert "camscan/exports/report.schema.json" in names
    templates = {path.relative_to(ROOT).as_posix() for path in (ROOT / "camscan").glob("*/templates/*")}
    assert templates
    assert templates <= set(names)
    assert {name.rsplit("/", 1)[1] for name in names if "/licenses/" in name} == {"MIT.txt", "GPL-2.0-only.txt"}
    assert not [name for name in names if name.startswith("tests/")]


def test_camscan_link_runs_on_its_own_interpreter(image: Image) -> None:
    done = image.run("camscan-link", "check", "--interface", "lo")
    assert done.returncode == 4
    assert done.stderr == "camscan-link: lo is not an Ethernet interface: there is no link layer to ask on\n"
    script = (image.where / "opt/camscan/bin/camscan-link").read_text(encoding="utf-8")
    assert script.startswith(f"#!{image.where}/opt/camscan/bin/python-link -I\n")


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("setcap") is None, reason="needs root and setcap")
def test_the_privilege_sticks_to_that_interpreter(image: Image) -> None:
    (command,) = (step.rest for step in steps() if step.word == "RUN" and "setcap" in step.rest)
    subprocess.run(["sh", "-e", "-c", placed(command, image.where)], check=True)
    bin_ = image.where / "opt/camscan/bin"
    told = subprocess.run(["getcap", "-r", str(bin_)], capture_output=True, text=True, check=True).stdout
    assert told == f"{bin_}/python-link cap_net_raw=ep\n"
