"""The files of docs/deploy: every command in them exists, and systemd, nginx and camscan take them."""

from __future__ import annotations

import contextlib
import ipaddress
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import certificates
import click
import pytest
import yaml
from command_line import Camscan
from parcels import OAK, parcel, scan, some
from pg_server import free_port

from camscan.app import collect
from camscan.app.uploads import PART
from camscan.cli import cli
from camscan.config.read import load_config
from camscan.register import open_register
from camscan.web.pages import pages

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs/deploy"
UNITS = sorted(path.name for path in FOLDER.glob("*.service"))
PROGRAM = "/usr/local/bin/camscan"
COMPOSE: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]


_KEPT = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
"""What nginx keeps for a while, each in a folder of its own."""


def text(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def commands() -> dict[str, list[str]]:
    """Where camscan is called -> the words after it."""
    found = {
        f"{name}: {line}": shlex.split(line)
        for name in UNITS
        for line in re.findall(rf"^ExecStart={PROGRAM} (.*)$", text(name), re.MULTILINE)
    }
    return found | {
        f"compose: {name}": each["command"] for name, each in SERVICES.items() if each["image"] == "camscan"
    }


@pytest.mark.parametrize("words", commands().values(), ids=commands())
def test_every_command_is_one_of_camscan_and_takes_its_options(words: list[str]) -> None:
    group: click.Command = cli
    context = click.Context(group)
    rest = words
    while isinstance(group, click.Group) and rest and not rest[0].startswith("-"):
        found = group.get_command(context, rest[0])
        assert found is not None, f"there is no command {rest[0]}"
        group, rest, context = found, rest[1:], click.Context(found)
    _, left, _ = group.make_parser(context).parse_args(list(rest))
    assert left == []


def test_each_program_has_a_unit_and_the_centre_a_container() -> None:
    assert [words[0] for words in commands().values()] == ["collect", "serve", "work", "serve", "work"]


class TestSystemd:
    @pytest.mark.skipif(
        not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed (Debian: systemd)"
    )
    def test_it_finds_nothing_wrong(self, tmp_path: Path) -> None:
        for path in (*FOLDER.glob("*.service"), *FOLDER.glob("*.timer")):
            known = path.read_text(encoding="utf-8").replace(PROGRAM, sys.executable)
            (tmp_path / path.name.replace("@.", "@1.")).write_text(known.replace("User=camscan", "User=root"))
        files = [str(path) for path in sorted(tmp_path.iterdir())]
        done = subprocess.run(["systemd-analyze", "verify", *files], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")

    @pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="as above")
    @pytest.mark.parametrize("name", UNITS)
    def test_little_is_left_to_whoever_gets_in(self, name: str) -> None:
        """Of ten, which is a unit that nothing is taken from; systemd calls less than four good."""
        done = subprocess.run(
            ["systemd-analyze", "security", "--offline=yes", "--no-pager", "--threshold=40", str(FOLDER / name)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def test_none_is_left_without_a_word(self) -> None:
        page = (ROOT / "docs/many-sites.md").read_text(encoding="utf-8")
        assert [path.name for path in FOLDER.iterdir() if f"deploy/{path.name})" not in page] == []


NGINX = pytest.mark.skipif(not shutil.which("nginx"), reason="nginx is not installed (Debian: nginx-light)")


def nginx_at(folder: Path, port: int, before: int) -> list[str]:
    """Make a whole configuration of the site, on loopback: before that port; how nginx is called with it."""
    _, pem = certificates.make(hosts=("localhost",))
    (folder / "cameras.pem").write_bytes(pem)
    (folder / "cameras.key").write_bytes(pem)
    site = text("nginx.conf").replace("/etc/ssl/private/", f"{folder}/").replace("/etc/ssl/", f"{folder}/")
    site = re.sub(r" *listen \[::\]:.*\n", "", site).replace("listen 80;", f"listen 127.0.0.1:{free_port()};")
    site = site.replace("listen 443 ssl;", f"listen 127.0.0.1:{port} ssl;").replace(
        "127.0.0.1:8377", f"127.0.0.1:{before}"
    )
    kept = "".join(f"{each}_temp_path {folder}/{each};" for each in _KEPT)
    head = f"pid {folder}/pid; error_log stderr; daemon off; master_process off; events {{}}"
    (folder / "nginx.conf").write_text(f"{head} http {{ access_log off; {kept} {site} }}")
    return ["nginx", "-c", str(folder / "nginx.conf")]


def is_taken(port: int) -> bool:
    with contextlib.closing(socket.socket()) as asking:
        return asking.connect_ex(("127.0.0.1", port)) == 0


@contextlib.contextmanager
def running(*command: str, folder: Path, port: int) -> Iterator[None]:
    """A program that has taken its port, until it is no longer needed."""
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            until = time.monotonic() + 60
            while not is_taken(port):
                assert process.poll() is None, command
                assert time.monotonic() < until, command
                time.sleep(0.05)
            yield
        finally:
            process.terminate()


class TestNginx:
    @NGINX
    def test_it_takes_the_file(self, tmp_path: Path) -> None:
        command = nginx_at(tmp_path, free_port(), free_port())
        done = subprocess.run([*command, "-t", "-q"], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")

    @NGINX
    @pytest.mark.slow
    def test_a_collector_enrols_and_sends_through_it(
        self, camscan: Camscan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "site").mkdir()
        port, before = free_port(), free_port()
        auth = "trusted_proxies: [127.0.0.1], auth: {proxy: {header: X-Who}}"
        web = f"web: {{url: 'https://localhost:{port}', {auth}}}"
        (tmp_path / "camscan.yaml").write_text(f"role: ICT\n{web}\nsites: [{{name: Oak School, cidrs: [{OAK}]}}]\n")
        open_register(tmp_path / "camscan.db").close()
        own = tmp_path / "site/collector.yaml"
        own.write_text(
            f"centre: https://localhost:{port}\nca_file: ../cameras.pem\nallowed_by: Site manager\nuntil: 2099-12-31\n"
            f"sites: [{{name: Oak School, networks: [{OAK}]}}]\n"
        )
        monkeypatch.chdir(tmp_path)
        serve = [sys.executable, "-m", "camscan", "serve", "--port", str(before)]
        monkeypatch.setenv("PYTHONPATH", str(ROOT))
        nginx = nginx_at(tmp_path, port, before)
        with running(*serve, folder=tmp_path, port=before), running(*nginx, folder=tmp_path, port=port):
            code = camscan("collector", "add", "Oak", "--site", "Oak School")[1].splitlines()[-1]
            assert camscan("collect", "enrol", code, "--file", own)[0] == 0
            place = collect.read_place(own)
            assert camscan("collector", "approve", "Oak", "--words", place.words())[0] == 0
            when = datetime.now(UTC) - timedelta(minutes=5)
            report = scan(*some(when), when=when)
            place.spool.mkdir(parents=True, exist_ok=True)
            parcel(place.spool / f"{report.scan_id}.camparcel", report, place.key())
            ended, out, err = camscan("collect", "run", "--once", "--file", own)
            assert (ended, "Sent: 1 parcel" in out) == (0, True), err
            until = time.monotonic() + 60
            while "1 recorded" not in camscan("collector", "list")[1]:
                assert time.monotonic() < until
                time.sleep(0.2)

    def test_what_the_pages_take_and_a_collector_sends_fits_through(self) -> None:
        sizes = [int(size) << 20 for size in re.findall(r"client_max_body_size (\d+)m;", text("nginx.conf"))]
        assert len(sizes) == 2
        assert sizes[0] > max(page.most for page in pages().values())
        assert sizes[1] > PART
        (seconds,) = re.findall(r"proxy_read_timeout +(\d+)s;", text("nginx.conf"))
        assert int(seconds) > max(page.seconds for page in pages().values())


class TestCompose:
    def test_what_a_service_names_is_there(self) -> None:
        for service in SERVICES.values():
            assert set(service.get("networks", ())) <= COMPOSE["networks"].keys()
            assert set(service.get("secrets", ())) <= COMPOSE["secrets"].keys()
            assert set(service.get("depends_on", ())) <= SERVICES.keys()
            for volume in service.get("volumes", ()):
                source = volume.partition(":")[0]
                is_given = source.startswith("./secrets/") or (FOLDER / source).is_file()
                assert is_given if source.startswith(".") else source in COMPOSE["volumes"], source

    def test_its_head_names_every_file_that_somebody_has_to_make(self) -> None:
        head = text("compose.yaml").partition("\nname:")[0]
        made = re.findall(r"\./(secrets/[\w.]+)", text("compose.yaml"))
        assert made
        assert [name for name in made if name not in head] == []

    def test_the_image_has_the_libraries(self) -> None:
        build = SERVICES["serve"]["build"]
        assert (FOLDER / build["context"]).resolve() == ROOT
        assert all((ROOT / f"requirements/{name}.txt").is_file() for name in build["args"]["LIBRARIES"].split())

    def test_nginx_is_the_proxy_that_is_believed_and_nobody_else_gets_its_address(self) -> None:
        (pool,) = COMPOSE["networks"]["front"]["ipam"]["config"]
        own = ipaddress.ip_address(SERVICES["nginx"]["networks"]["front"]["ipv4_address"])
        assert own in ipaddress.ip_network(pool["subnet"])
        assert own not in ipaddress.ip_network(pool["ip_range"])
        believed = load_config(FOLDER / "camscan.yaml").web.trusted_proxies
        assert [each for each in believed if own in each] == [ipaddress.ip_network(own)]

    def test_its_nginx_finds_the_other_container(self) -> None:
        old, new = re.findall(r"s/([^/]+)/([^/]+)/", " ".join(SERVICES["nginx"]["command"]))[0]
        assert text("nginx.conf").count(old) == 1
        host, _, port = new.partition(":")
        assert host in SERVICES
        assert port == "8377"

    def test_compose_takes_the_file(self) -> None:
        if not shutil.which("docker"):
            pytest.skip("docker is not installed")
        if subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode:
            pytest.skip("docker compose is not installed")
        command = ["docker", "compose", "--file", str(FOLDER / "compose.yaml"), "config", "--quiet"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")


def test_the_settings_are_taken() -> None:
    settings = load_config(FOLDER / "camscan.yaml")
    assert settings.web.is_shared
    assert settings.web.oidc
    loaded = re.findall(r"^LoadCredential=(\w+):", text("camscan-serve.service"), re.MULTILINE)
    assert loaded == [settings.web.oidc.secret.systemd_credential]
    assert [site.name for site in settings.sites] == ["Oak School", "Elm School"]
