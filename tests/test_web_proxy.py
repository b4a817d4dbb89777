"""A proxy before the pages: whom it is believed to have signed in, and that nobody else is believed."""

from __future__ import annotations

import contextlib
import ipaddress
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sample_report import camera, report
from web_estate import Client, desk_of, register_of

from camscan.app.workspace import workspace_of
from camscan.config import Config
from camscan.config.web import RIGHTS, Web
from camscan.register import open_register
from camscan.store.account import Account
from camscan.web.desk import PROXY, Desk
from camscan.web.rights import Role
from camscan.web.sender import HeaderError, Sender, sender_of

PROXIES = (ipaddress.ip_network("127.0.0.1"), ipaddress.ip_network("192.0.2.0/28"))
WEB = Web(url="https://cameras.example.gov.uk", trusted_proxies=PROXIES, proxy_header="x-remote-user")


def headers(**values: str) -> list[tuple[bytes, bytes]]:
    return [(name.replace("_", "-").encode(), value.encode()) for name, value in values.items()]


class TestSender:
    @pytest.mark.parametrize(
        ("peer", "forwarded", "address"),
        [
            ("127.0.0.1", "198.51.100.7", "198.51.100.7"),
            ("::ffff:127.0.0.1", "198.51.100.7", "198.51.100.7"),
            ("127.0.0.1", "10.0.0.1, 198.51.100.7, 192.0.2.3", "198.51.100.7"),
            ("127.0.0.1", "192.0.2.3", "127.0.0.1"),
            ("127.0.0.1", "198.51.100.7, nonsense", "127.0.0.1"),
            ("127.0.0.1", "", "127.0.0.1"),
            ("198.51.100.7", "10.9.9.9", "198.51.100.7"),
            ("", "10.9.9.9", "unknown"),
        ],
    )
    def test_where_it_comes_from(self, peer: str, forwarded: str, address: str) -> None:
        assert sender_of(WEB, peer, headers(x_forwarded_for=forwarded)).address == address

    def test_only_a_trusted_proxy_says_who_it_is(self) -> None:
        said = headers(x_remote_user="anne")
        assert sender_of(WEB, "127.0.0.1", said) == Sender("127.0.0.1", is_by_proxy=True, user="anne")
        assert sender_of(WEB, "192.0.2.77", said) == Sender("192.0.2.77")
        assert sender_of(replace(WEB, proxy_header=""), "127.0.0.1", said).user == ""
        assert sender_of(Web(), "127.0.0.1", said) == Sender("127.0.0.1"), "off by default"

    @pytest.mark.parametrize(
        "given",
        [
            [(b"x_remote_user", b"anne")],
            [(b"x_forwarded_for", b"10.0.0.1")],
            [*headers(x_remote_user="anne"), (b"X-Remote-User", b"root")],
            [(b"x-remote-user", b"a\x00nne")],
            [(b"x-remote-user", b"\xff")],
            [(b"x-remote-user", "an\u202ene".encode())],
            [(b"x-remote-user", "anne\u00a0".encode())],
        ],
    )
    def test_what_may_be_meant_to_deceive(self, given: list[tuple[bytes, bytes]]) -> None:
        with pytest.raises(HeaderError):
            sender_of(WEB, "127.0.0.1", given)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder: Path = tmp_path_factory.mktemp("proxy")
    with open_register(register_of(folder)) as book:
        book.record(report(camera(1)))
    settings = Config(organisation="Example", web=WEB)
    with contextlib.closing(desk_of(workspace_of(settings, register_of(folder)))) as opened:
        opened.people.add(Account(issuer=PROXY, subject="anne"), rights="auditor", role="Internal audit")
        yield opened


@pytest.fixture
def client(desk: Desk) -> Client:
    return Client(desk, None, peer="127.0.0.1")


ANNE = {"X-Remote-User": "anne"}


def signed_in(client: Client) -> Any:
    answer = client.get("/sign-in/start?back=/log", **ANNE)
    assert (answer.status_code, answer.headers["location"]) == (303, "/log")
    return answer


class TestSignIn:
    def test_whom_the_proxy_has_signed_in_may_do_what_an_owner_said(self, desk: Desk, client: Client) -> None:
        cookie = signed_in(client).headers["set-cookie"]
        assert cookie.startswith("__Host-camscan=")
        assert all(mark in cookie for mark in ("HttpOnly", "Secure", "SameSite=lax", "Path=/"))
        assert "Domain" not in cookie
        assert client.get("/log", **ANNE).status_code == 200
        assert desk.sessions.all()[0].session.role == "Internal audit"

    def test_browsers_are_told_to_use_https_only(self, client: Client) -> None:
        assert client.get("/about").headers["strict-transport-security"] == "max-age=31536000"
        with contextlib.closing(desk_of(client.desk.space, is_local=True)) as own:
            assert "strict-transport-security" not in Client(own, None).get("/about").headers

    def test_a_session_is_good_only_while_the_proxy_says_the_same(self, client: Client) -> None:
        signed_in(client)
        for other in ({}, {"X-Remote-User": "bert"}, {"X-Remote-User": ""}):
            assert client.get("/log", **other).status_code == 303
        assert client.get("/log", **ANNE).status_code == 200

    def test_who_comes_past_the_proxy_gets_nothing(self, desk: Desk) -> None:
        stranger = Client(desk, None, peer="198.51.100.7")
        for path in ("/", "/sign-in/start", "/about"):
            assert stranger.get(path, **ANNE).status_code == 421
        assert stranger.get("/health").status_code == 200

    def test_a_local_session_is_not_valid_where_people_sign_in(self, desk: Desk) -> None:
        owner = Client(desk, Role.OWNER, peer="127.0.0.1")
        own = desk.begin_local_session()
        for secret in (owner.secret, own):
            answer = Client(desk, None, peer="127.0.0.1").get("/people", Cookie=f"{desk.cookie}={secret}", **ANNE)
            assert answer.status_code == 303

    def test_without_the_header_nobody_is_signed_in(self, client: Client) -> None:
        answer = client.get("/sign-in/start")
        assert answer.status_code == 403
        assert "does not say who you are" in answer.text

    def test_a_header_with_an_underscore_is_refused(self, client: Client) -> None:
        assert client.request("GET", "/sign-in/start", headers={"X_Remote_User": "anne"}).status_code == 400

    def test_who_has_no_role_is_told_what_to_do(self, client: Client) -> None:
        answer = client.get("/sign-in/start", **{"X-Remote-User": "eve"})
        assert answer.status_code == 403
        assert Account(issuer=PROXY, subject="eve").code in answer.text

    def test_a_form_must_come_from_the_address_of_the_pages(self, desk: Desk, client: Client) -> None:
        signed_in(client)
        token = next(
            line.partition('value="')[2].partition('"')[0]
            for line in client.get("/log", **ANNE).text.splitlines()
            if 'name="token"' in line
        )
        elsewhere = client.post("/sign-out", {"token": token}, Origin=f"http://127.0.0.1:{desk.port}", **ANNE)
        assert elsewhere.status_code == 403
        assert client.post("/sign-out", {"token": token}, **ANNE).status_code == 303

    @pytest.mark.parametrize(
        "name", ["evil.example", "cameras.example.gov.uk.evil.example", "cameras.example.gov.uk:80"]
    )
    def test_another_host_is_not_us(self, client: Client, name: str) -> None:
        assert client.get("/about", Host=name).status_code == 421

    def test_for_whoever_started_it_alone_it_is_as_without_web(self, desk: Desk) -> None:
        with contextlib.closing(desk_of(desk.space, is_local=True)) as own:
            assert own.address == "http://127.0.0.1:8377"
            assert Client(own, Role.OWNER).get("/people").status_code == 200
            assert "printed in its terminal" in Client(own, None).get("/sign-in").text


def test_the_words_for_rights_are_the_same_everywhere() -> None:
    assert [each.value for each in Role] == [*RIGHTS]
