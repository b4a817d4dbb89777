"""``camscan import inventory --run``: NetBox is read, over HTTPS alone; what it answers costs a line at most."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import listeners
import pytest
from command_line import Camscan, command
from listeners import Authority

from camscan.ingest import netbox_api

TOKEN = "0123456789abcdef"
DEVICE: dict[str, Any] = {
    "id": 1,
    "name": "CAM-17",
    "display": "CAM-17",
    "device_type": {
        "id": 1,
        "manufacturer": {"id": 5, "name": "Hikvision", "slug": "hikvision"},
        "model": "DS-2CD2143",
    },
    "role": {"id": 7, "name": "Camera"},
    "serial": "X1",
    "asset_tag": None,
    "site": {"id": 1, "name": "Town Hall"},
    "location": {"id": 2, "name": "Car park"},
    "rack": None,
    "status": {"value": "active", "label": "Active"},
    "primary_ip": {"id": 2, "family": {"value": 4}, "address": "192.0.2.7/24"},
    "primary_ip4": {"id": 2, "address": "192.0.2.7/24"},
    "primary_ip6": None,
}


def device(number: int, **told: Any) -> dict[str, Any]:
    ip = {"address": f"192.0.2.{number}/24"}
    return {**DEVICE, "id": number, "name": f"CAM-{number}", "primary_ip": ip, "primary_ip4": ip, **told}


@dataclass
class NetBox:
    """A server that answers as a test says, and what it was asked."""

    port: int = 0
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    """Method, path and Authorization."""
    answer: Callable[[str], tuple[int, bytes]] = lambda _path: (500, b"")


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return listeners.authority(tmp_path_factory.mktemp("known"))


@pytest.fixture(scope="module")
def server(known: Authority) -> Iterator[NetBox]:
    found = NetBox()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.asked.append((self.command, self.path, self.headers["Authorization"]))
            status, body = found.answer(self.path)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Location", "https://192.0.2.1/")
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_PATCH = do_PUT = do_DELETE = do_GET  # noqa: N815 - the names of the standard library

        def log_message(self, *_words: Any) -> None:
            pass

    web = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    web.handle_error = lambda _request, _address: None  # type: ignore[assignment,method-assign]  # a client that hangs up
    web.socket = known.context.wrap_socket(web.socket, server_side=True)
    found.port = web.server_address[1]
    thread = threading.Thread(target=web.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield found
    finally:
        web.shutdown()
        web.server_close()
        thread.join(10)


@pytest.fixture
def netbox(server: NetBox) -> NetBox:
    server.asked.clear()
    return server


@pytest.fixture
def camscan(
    netbox: NetBox,
    known: Authority,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Camscan:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    Path("token").write_text(TOKEN)
    Path("token").chmod(0o600)
    Path("camscan.yaml").write_text(
        f"inventories:\n  - name: netbox\n    url: https://127.0.0.1:{netbox.port}/\n    token_file: token\n"
        f"    ca_file: {known.file}\n"
    )
    return command(capsys)


def page(*devices: dict[str, Any], is_last: bool = True) -> tuple[int, bytes]:
    following = None if is_last else "https://192.0.2.1/api/"
    told = {"count": 5, "next": following, "previous": None, "results": devices}
    return 200, json.dumps(told).encode()


def test_devices_are_read_and_nothing_else_is_done(camscan: Camscan, netbox: NetBox) -> None:
    store = device(9, status={"value": "inventory", "label": "Inventory"})
    netbox.answer = lambda _path: page(DEVICE, device(8), store)
    code, out, err = camscan("import", "inventory", "--run", "netbox", "--apply")
    assert (code, err) == (0, "")
    assert "netbox: 3 devices of NetBox at https://127.0.0.1:" in out
    assert "Register camscan.db: 2 new" in out
    assert "1 entry only planned or in store" in out
    assert netbox.asked == [("GET", "/api/dcim/devices/?limit=200&offset=0&ordering=id", f"Token {TOKEN}")]
    told = json.loads(camscan("show", "192.0.2.7", "--json")[1])["devices"][0]
    assert (told["maker"], told["confidence"]) == ("hikvision", "possible")
    name = told["elsewhere"]["hostname"]
    assert (name["value"], name["basis"]) == ("CAM-17", "inventory (netbox)")


@pytest.mark.parametrize("size", [2, 200])
def test_pages_are_counted_here_and_not_followed(
    camscan: Camscan, netbox: NetBox, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    """Also where NetBox gives fewer than were asked for (its MAX_PAGE_SIZE)."""
    monkeypatch.setattr(netbox_api, "PAGE", size)
    pages = {
        0: page(device(1), device(2), is_last=False),
        2: page(device(3), device(4), is_last=False),
        4: page(device(5)),
    }
    netbox.answer = lambda path: pages[int(path.partition("offset=")[2].partition("&")[0])]
    code, out, _ = camscan("import", "inventory", "--run", f"https://127.0.0.1:{netbox.port}/api/")
    assert code == 0
    assert "5 entries: 0 known devices, 5 new devices" in out
    assert [path.split("&")[1] for _, path, _ in netbox.asked] == ["offset=0", "offset=2", "offset=4"]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ((403, b'{"detail":"Invalid token"}'), "it refuses the token (HTTP status 403)"),
        ((302, b""), "it redirects elsewhere (HTTP status 302), which is not followed"),
        ((500, b""), "HTTP status 500"),
        ((200, b"<html>"), "it does not answer like NetBox"),
        ((200, b"[" * 100_000), "it does not answer like NetBox"),
        ((200, b'{"results": 7}'), "it does not answer like NetBox"),
    ],
)
def test_what_is_not_an_answer_is_one_line(
    camscan: Camscan, netbox: NetBox, answer: tuple[int, bytes], why: str
) -> None:
    netbox.answer = lambda _path: answer
    code, _, err = camscan("import", "inventory", "--run", "netbox")
    assert code == 3
    assert err == f"camscan: netbox, device 1: {why}\n"
    assert len(netbox.asked) == 1


def test_hostile_records_cost_themselves(camscan: Camscan, netbox: NetBox) -> None:
    wrong = [
        {**DEVICE, "primary_ip": {"address": "\x1b[2J"}},
        {**DEVICE, "primary_ip": {"address": ["192.0.2.9"] * 50}},
        {"name": "=cmd|'/c calc'!A1"},
        {**DEVICE, "device_type": "Hikvision"},
    ]
    netbox.answer = lambda _path: (200, json.dumps({"results": [DEVICE, *wrong, 7, None]}).encode())
    code, out, err = camscan("import", "inventory", "--run", "netbox")
    assert code == 3
    assert "192.0.2.7" in out
    assert "\x1b" not in out + err
    assert "netbox, device 2: not an IP address of one device" in err


def test_more_that_never_comes_ends_it(camscan: Camscan, netbox: NetBox, monkeypatch: pytest.MonkeyPatch) -> None:
    netbox.answer = lambda path: page(*([device(1)] if "offset=0&" in path else []), is_last=False)
    code, out, err = camscan("import", "inventory", "--run", "netbox")
    assert (code, err) == (3, "camscan: netbox, device 2: it announces more devices, and sends none\n")
    assert "1 entry: " in out
    monkeypatch.setattr(netbox_api, "MOST_TIME", -1.0)
    code, _, err = camscan("import", "inventory", "--run", "netbox")
    assert code == 3
    assert "minutes; the rest is left out" in err


def test_a_page_that_is_too_long_is_not_read(camscan: Camscan, netbox: NetBox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(netbox_api, "LONGEST", 1024 * 1024)
    netbox.answer = lambda _path: (200, b" " * 3_000_000)
    code, _, err = camscan("import", "inventory", "--run", "netbox")
    assert (code, err) == (3, "camscan: netbox, device 1: a page of more than 1 MB\n")


def test_a_certificate_that_is_not_trusted_gets_no_token(camscan: Camscan, netbox: NetBox) -> None:
    text = Path("camscan.yaml").read_text()
    Path("camscan.yaml").write_text("".join(line for line in text.splitlines(True) if "ca_file" not in line))
    code, _, err = camscan("import", "inventory", "--run", "netbox")
    assert code == 3
    assert "its certificate is not trusted" in err
    assert netbox.asked == []


def test_what_camscan_yaml_does_not_have_is_not_asked(camscan: Camscan, netbox: NetBox) -> None:
    code, _, err = camscan("import", "inventory", "--run", "https://192.0.2.1/")
    assert code == 2
    assert "there is no entry 'https://192.0.2.1/' under inventories; the entries are: netbox" in err
    assert netbox.asked == []


def test_a_saved_answer_is_read_as_well(camscan: Camscan) -> None:
    for name, text in (("one.json", json.dumps(DEVICE)), ("page.json", page(DEVICE, device(8))[1].decode())):
        Path(name).write_text(text)
    code, out, err = camscan("import", "inventory", "one.json", "page.json")
    assert (code, err) == (0, "")
    assert "3 entries: 0 known devices, 2 new devices" in out
