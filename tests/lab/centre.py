"""The centre of a laboratory: nginx with docs/deploy/nginx.conf, and camscan serve behind it."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pytest
from lan import ROOT
from sites import CENTRE_IP, HOST, Site, Town, end, wait_for

from camscan.register import open_register

ALLOWED = """\
centre: https://{host}
ca_file: {ca_file}
allowed_by: Site manager
until: 2099-12-31
pace: fast
scans_a_day: 99
sites:
- name: {name}
  networks: [{networks}]
"""
WEB = f"""\
web:
  url: https://{HOST}
  trusted_proxies: [127.0.0.1]
  auth:
    proxy:
      header: X-Remote-User
"""
_AROUND = """\
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr warn;
user root;
events {{ }}
http {{
  access_log off;
  client_body_temp_path {folder}/nginx-body;
  proxy_temp_path {folder}/nginx-proxy;
  fastcgi_temp_path {folder}/nginx-fastcgi;
  uwsgi_temp_path {folder}/nginx-uwsgi;
  scgi_temp_path {folder}/nginx-scgi;
{server}
}}
"""
_READY = "https://"


def settle(town: Town, register: str = "") -> None:
    """The configuration of the centre, with each site by its network, and a register without anything in it."""
    sites = "".join(f"- name: {each.name}\n  cidrs: [{each.network}]\n" for each in town.sites)
    where = f"register: {register}\n" if register else ""
    (town.folder / "camscan.yaml").write_text(f"role: ICT\n{where}{WEB}sites:\n{sites}")
    open_register(register or str(town.folder / "camscan.db")).close()


def start_proxy(town: Town) -> subprocess.Popen[str]:
    """nginx with the file that the documentation gives, and the certificate of this laboratory."""
    program = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if program is None:
        pytest.skip("needs nginx (Debian: apt-get download nginx, dpkg-deb -x nginx_*.deb: the program alone will do)")
    server = (ROOT / "docs" / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    for there, here in (("/etc/ssl/cameras.pem", "centre.pem"), ("/etc/ssl/private/cameras.key", "centre.key")):
        assert there in server
        server = server.replace(there, str(town.folder / here))
    assert f"server_name {HOST};" in server
    path = town.folder / "nginx.conf"
    path.write_text(_AROUND.format(folder=town.folder, server=server))
    process = town.start(town.centre, program, "-e", "stderr", "-c", str(path), "-g", "daemon off;", cwd=town.folder)
    wait_for(lambda: _answers(town, "443"), "nginx does not listen")
    return process


def start_pages(town: Town) -> subprocess.Popen[str]:
    """``camscan serve``, ready."""
    process = town.start(town.centre, sys.executable, "-m", "camscan", "serve", cwd=town.folder)
    assert process.stdout
    line = process.stdout.readline()
    assert _READY in line, line
    return process


def _answers(town: Town, port: str) -> bool:
    listening = ["ip", "netns", "exec", town.centre, "ss", "-Hltn", f"sport = :{port}"]
    return bool(subprocess.run(listening, capture_output=True, text=True, check=True).stdout.strip())


def allow(site: Site, town: Town, networks: str = "", more: str = "") -> None:
    """The collector.yaml of a site: all of it, or some networks."""
    text = ALLOWED.format(host=HOST, ca_file=town.ca_file, name=site.name, networks=networks or site.network)
    (site.folder / "collector.yaml").write_text(text + more)


def enrol(town: Town, site: Site) -> None:
    """By its code, and the six words that somebody reads out."""
    code = town.camscan(None, "collector", "add", site.name, "--site", site.name).splitlines()[-1]
    words = re.search(r"the centre: (.*)", town.camscan(site, "collect", "enrol", code))
    assert words
    town.camscan(None, "collector", "approve", site.name, "--words", words[1])


def start_collector(town: Town, site: Site, *options: str) -> subprocess.Popen[str]:
    """``camscan collect run``, which asks every tenth of a second."""
    command = (sys.executable, "-m", "camscan", "collect", "run", *options)
    return town.start(site.collector, *command, cwd=site.folder, CAMSCAN_COLLECT_SECONDS="0.1")


def scans(town: Town, register: str = "") -> dict[str, list[str]]:
    """Site -> the scans of it that the register of the centre has."""
    found: dict[str, list[str]] = {}
    with open_register(register or str(town.folder / "camscan.db"), readonly=True) as book:
        for each in book.scans():
            found.setdefault(each.site, []).append(each.scan_id)
    return found


def read_pages(town: Town, paths: Sequence[str]) -> list[str]:
    """Pages of the centre, as somebody who may see everything gets them."""
    with _local_pages(town) as (address, cookie):
        command = ["ip", "netns", "exec", town.centre, sys.executable, "-c", _GET, cookie]
        command += [f"{address}{path}" for path in paths]
        found = subprocess.run(command, capture_output=True, text=True, check=True, timeout=100).stdout
    return [str(each) for each in json.loads(found)]


_GET = """
import json, sys, urllib.request
asked = [urllib.request.Request(address, headers={"Cookie": sys.argv[1]}) for address in sys.argv[2:]]
print(json.dumps([urllib.request.urlopen(each, timeout=50).read().decode() for each in asked]))
"""


@contextmanager
def _local_pages(town: Town) -> Iterator[tuple[str, str]]:
    command = (sys.executable, "-m", "camscan", "serve", "--local", "--port", "8378", "--print-cookie")
    process = town.start(town.centre, *command, cwd=town.folder)
    try:
        assert process.stdout
        address = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
        assert address
        read: Callable[[], str] = process.stdout.readline
        cookie = next(line for line in iter(read, "") if line.startswith("Cookie: "))
        yield address[0], cookie.removeprefix("Cookie: ").strip()
    finally:
        end(process, signal.SIGTERM)


__all__ = [
    "CENTRE_IP",
    "allow",
    "enrol",
    "read_pages",
    "scans",
    "settle",
    "start_collector",
    "start_pages",
    "start_proxy",
]
