"""Signing in by OpenID Connect: with a real service on loopback, and every way in which a token may not hold."""

from __future__ import annotations

import base64
import contextlib
import hmac
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

pytest.importorskip("joserfc", reason="needs camscan[web]")

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey
from oidc_service import SECRET, service, sign_in
from pg_server import free_port
from sample_report import camera, report
from selenium.webdriver.common.by import By
from web_browser import follow, messages, window
from web_estate import ADDRESS, Client, desk_of, register_of

from camscan.app.workspace import workspace_of
from camscan.config import Config
from camscan.config.secret import Secret
from camscan.config.web import Oidc, Web
from camscan.register import open_register
from camscan.store.account import Account
from camscan.web.check import check_sign_in
from camscan.web.desk import Desk
from camscan.web.oidc import provider as provider_module
from camscan.web.oidc.journey import Journey, own_path
from camscan.web.oidc.provider import Provider
from camscan.web.oidc.tokens import SignInError, key_set, read_token
from camscan.web.rights import Role
from camscan.web.security import Throttle

ROLES = MappingProxyType({"Camscan.Owner": "owner", "Camscan.Auditor": "auditor"})
NOW = 1_800_000_000
KEY = RSAKey.generate_key(2048, {"kid": "one"})
KEYS = KeySet([KEY])
OIDC = Oidc(
    issuer="https://sign-in.example.gov.uk/v2.0", client_id="camscan", secret=Secret("x:1", env="S"), roles=ROLES
)
CLAIMS = {"iss": OIDC.issuer, "aud": "camscan", "sub": "anne", "exp": NOW + 300, "iat": NOW, "nonce": "n"}


def signed(claims: Mapping[str, Any], key: Any = KEY, **header: Any) -> str:
    return jwt.encode({"alg": "RS256", "kid": "one", **header}, dict(claims), key)


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in CLAIMS.items() if key != name}


# ── tokens ───────────────────────────────────────────────────────────────────────────────────────────────────────


class TestTokens:
    def test_a_good_one(self) -> None:
        found = read_token(signed({**CLAIMS, "roles": ["Other", "Camscan.Auditor"]}), KEYS, OIDC, "n", NOW)
        assert (found.account, found.claimed) == (Account(issuer=OIDC.issuer, subject="anne"), "auditor")

    @pytest.mark.parametrize(
        "claims",
        [
            {**CLAIMS, "nonce": "other"},
            {**CLAIMS, "nonce": ["n"]},
            without("nonce"),
            {**CLAIMS, "iss": "https://sign-in.example.gov.uk"},
            {**CLAIMS, "iss": [OIDC.issuer]},
            without("iss"),
            {**CLAIMS, "aud": "another"},
            {**CLAIMS, "aud": ["camscan", "another"]},
            {**CLAIMS, "aud": []},
            {**CLAIMS, "azp": "another"},
            without("aud"),
            {**CLAIMS, "exp": NOW - 61},
            {**CLAIMS, "exp": "never"},
            {**CLAIMS, "exp": True},
            without("exp"),
            {**CLAIMS, "iat": NOW + 61},
            without("iat"),
            {**CLAIMS, "nbf": NOW + 61},
            {**CLAIMS, "sub": ""},
            {**CLAIMS, "sub": "x" * 256},
            {**CLAIMS, "sub": 7},
            {**CLAIMS, "sub": "a\u202eb"},
            without("sub"),
        ],
        ids=str,
    )
    def test_one_that_does_not_hold(self, claims: dict[str, Any]) -> None:
        with pytest.raises(SignInError):
            read_token(signed(claims), KEYS, OIDC, "n", NOW)

    def test_one_that_nobody_signed(self) -> None:
        head, body, mark = signed(CLAIMS).split(".")
        none = jwt.encode({"alg": "HS256"}, CLAIMS, OctKey.import_key("x" * 32)).split(".")
        unsigned = "eyJhbGciOiJub25lIn0"  # {"alg":"none"}
        for token in (
            f"{head}.{body}.",
            f"{head}.{body}",
            f"{unsigned}.{body}.",
            f"{unsigned}.{body}.{mark}",
            ".".join(none),
            f"{head}.{signed({**CLAIMS, 'sub': 'root'}).split('.')[1]}.{mark}",
            "",
            "x",
            "a.b.c",
            "a.b.c.d.e",
        ):
            with pytest.raises(SignInError):
                read_token(token, KEYS, OIDC, "n", NOW)

    def test_a_public_key_is_not_taken_for_a_shared_secret(self) -> None:
        body = signed(CLAIMS).split(".")[1]
        head = base64.urlsafe_b64encode(b'{"alg":"HS256","kid":"one"}').rstrip(b"=").decode()
        mark = hmac.digest(KEY.as_pem(private=False), f"{head}.{body}".encode(), "sha256")
        with pytest.raises(SignInError):
            read_token(f"{head}.{body}.{base64.urlsafe_b64encode(mark).rstrip(b'=').decode()}", KEYS, OIDC, "n", NOW)

    def test_nor_is_a_shared_secret_taken_that_a_service_shows(self) -> None:
        shared = OctKey.import_key({"kty": "oct", "k": "A" * 43, "kid": "one"})
        token = jwt.encode({"alg": "HS256", "kid": "one"}, CLAIMS, shared)
        with pytest.raises(SignInError):
            read_token(token, KeySet([shared]), OIDC, "n", NOW)
        for listed in ([shared.as_dict()], [], None, 7, [7], "keys"):
            with pytest.raises(SignInError):
                key_set({"keys": listed})

    def test_another_key(self) -> None:
        with pytest.raises(SignInError):
            read_token(signed(CLAIMS, RSAKey.generate_key(2048)), KEYS, OIDC, "n", NOW)
        with pytest.raises(SignInError, match="does not name"):
            read_token(signed(CLAIMS, kid="two"), KEYS, OIDC, "n", NOW)

    def test_elliptic_curves_are_taken(self) -> None:
        key = ECKey.generate_key("P-256", {"kid": "one"})
        assert read_token(signed(CLAIMS, key, alg="ES256"), KeySet([key]), OIDC, "n", NOW).claimed == ""

    def test_at_entra_the_tenant_is_pinned_and_the_account_is_its_object(self) -> None:
        oidc = replace(OIDC, tenant="t1")
        found = read_token(signed({**CLAIMS, "tid": "t1", "oid": "o-7"}), KEYS, oidc, "n", NOW)
        assert found.account.subject == "o-7"
        for claims in ({**CLAIMS, "oid": "o-7"}, {**CLAIMS, "tid": "t2", "oid": "o-7"}, {**CLAIMS, "tid": "t1"}):
            with pytest.raises(SignInError):
                read_token(signed(claims), KEYS, oidc, "n", NOW)

    @pytest.mark.parametrize("roles", ["Camscan.Owner", ["Camscan.Auditor", "Camscan.Owner"]])
    def test_of_several_roles_the_first_of_the_list_counts(self, roles: Any) -> None:
        assert read_token(signed({**CLAIMS, "roles": roles}), KEYS, OIDC, "n", NOW).claimed == "owner"

    @pytest.mark.parametrize("roles", [None, 7, {"Camscan.Owner": 1}, [["Camscan.Owner"]], "camscan.owner", []])
    def test_other_roles_are_none(self, roles: Any) -> None:
        assert read_token(signed({**CLAIMS, "roles": roles}), KEYS, OIDC, "n", NOW).claimed == ""


# ── the way there and back ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "text",
    [
        *("//evil.example", "https://evil.example", "/\\evil.example", "\\\\evil.example", "evil.example", ""),
        *(
            "/\t/evil.example",
            "/a\r\nSet-Cookie: x",
            "/sign-in",
            "/sign-out",
            "javascript:alert(1)",
            "/é",
            "/" + "a" * 500,
        ),
    ],
)
def test_nobody_is_led_elsewhere(text: str) -> None:
    assert own_path(text) == "/"
    journey = Journey()
    assert journey.read_state(journey.make_state(text)) == "/"


def test_only_the_browser_that_went_comes_back() -> None:
    one, other = Journey(), Journey()
    state = one.make_state("/device/7?saved=1")
    assert Journey(one.secret).read_state(state) == "/device/7?saved=1"
    assert other.read_state(state) is None
    for changed in ("", ".", "x", state + "A", state.partition(".")[0], "." + state.partition(".")[2]):
        assert one.read_state(changed) is None
    assert len({one.nonce, one.verifier, one.challenge, other.nonce, other.verifier}) == 5
    assert one.verifier not in state


class TestDiscovery:
    """What the service says of itself, as it is heard over a transport of our own."""

    DOCUMENT = {  # noqa: RUF012 - never changed
        "issuer": OIDC.issuer,
        "authorization_endpoint": "https://sign-in.example.gov.uk/auth",
        "token_endpoint": "https://sign-in.example.gov.uk/token",
        "jwks_uri": "https://sign-in.example.gov.uk/keys",
    }

    def provider(self, monkeypatch: pytest.MonkeyPatch, *answers: Any) -> tuple[Provider, list[str]]:
        asked: list[str] = []
        given = iter(answers)

        def answer(_self: Provider, _method: str, place: str, **_more: Any) -> Any:
            asked.append(place)
            return next(given)

        monkeypatch.setattr(Provider, "_send_request", answer)
        return Provider(OIDC, "https://cameras.example.gov.uk", lambda: self.now), asked

    now = 0.0

    def test_it_is_asked_once_an_hour(self, monkeypatch: pytest.MonkeyPatch) -> None:
        provider, asked = self.provider(monkeypatch, self.DOCUMENT, self.DOCUMENT)
        for self.now in (0.0, 3599.0, 3600.0):
            provider.discover()
        assert asked == [f"{OIDC.issuer}/.well-known/openid-configuration"] * 2

    @pytest.mark.parametrize(
        "wrong",
        [
            {"issuer": "https://evil.example"},
            {"issuer": OIDC.issuer + "/"},
            {"token_endpoint": "http://sign-in.example.gov.uk/token"},
            {"jwks_uri": None},
            {"authorization_endpoint": "javascript:alert(1)"},
        ],
    )
    def test_another_service_or_places_without_tls(
        self, monkeypatch: pytest.MonkeyPatch, wrong: dict[str, Any]
    ) -> None:
        provider, _ = self.provider(monkeypatch, {**self.DOCUMENT, **wrong})
        with pytest.raises(SignInError):
            provider.sign_in_address(Journey(), "/")

    def test_a_new_key_is_looked_for_and_not_without_end(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("S", "secret")
        token = {"id_token": signed({**CLAIMS, "exp": 300, "iat": 0}, kid="two")}
        old, new = KEYS.as_dict(), {"keys": [{**KEY.as_dict(private=False), "kid": "two"}]}
        provider, asked = self.provider(monkeypatch, self.DOCUMENT, token, old, token, token, new)
        for self.now, said in ((0.0, "does not name"), (59.0, "does not name"), (61.0, "nonce")):
            with pytest.raises(SignInError, match=said):
                provider.finish_sign_in(Journey(), "code")
        assert asked.count(self.DOCUMENT["jwks_uri"]) == 2


# ── a real service ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with service(f"{ADDRESS}/sign-in/done") as found:
        yield found


@pytest.fixture(scope="module")
def desk(issuer: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder: Path = tmp_path_factory.mktemp("oidc")
    with open_register(register_of(folder)) as book:
        book.record(report(camera(1)))
    kept = folder / "secret"
    kept.write_text(SECRET + "\n")
    kept.chmod(0o600)
    oidc = Oidc(issuer=issuer, client_id="camscan", secret=Secret("x:1", file=kept), roles=ROLES)
    settings = Config(organisation="Example", web=Web(url=ADDRESS, oidc=oidc))
    with contextlib.closing(desk_of(workspace_of(settings, register_of(folder)))) as opened:
        yield opened


def way(client: Client, back: str = "/") -> str:
    answer = client.get(f"/sign-in/start?back={back}")
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def come_back(client: Client, place: str) -> Any:
    return client.get(place.removeprefix(ADDRESS))


@pytest.mark.slow
class TestService:
    def test_an_auditor_signs_in_and_gets_where_they_wanted_to(self, desk: Desk) -> None:
        client = Client(desk, None)
        to = client.get("/log?page=2").headers["location"]
        assert to == "/sign-in?back=%2Flog%3Fpage%3D2"
        start = client.get(to).text
        assert 'href="/sign-in/start?back=%2Flog%3Fpage%3D2"' in start
        place = way(client, "%2Flog%3Fpage%3D2")
        asked = parse_qs(urlsplit(place).query)
        assert (asked["code_challenge_method"], asked["redirect_uri"]) == (["S256"], [f"{ADDRESS}/sign-in/done"])
        answer = come_back(client, sign_in(place, "anne:Camscan.Auditor"))
        assert (answer.status_code, answer.headers["location"]) == (303, "/log?page=2")
        session = next(each for each in answer.headers.get_list("set-cookie") if each.startswith(f"{desk.cookie}="))
        assert "HttpOnly" in session
        assert "SameSite=lax" in session
        assert "Auditor" in client.get("/log").text
        assert client.get("/enter/visit?n=1").status_code == 403

    def test_who_has_no_role_reads_a_code_to_an_owner(self, desk: Desk, issuer: str) -> None:
        client = Client(desk, None)
        answer = come_back(client, sign_in(way(client), "bert"))
        assert answer.status_code == 403
        assert Account(issuer=issuer, subject="bert").code in answer.text
        assert client.get("/").status_code == 303, "that is no session"
        (waiting,) = [each for each in desk.people.all() if each.is_waiting]
        desk.people.change(waiting.number, 1, rights="site_manager", role="Site manager", sites=("Town Hall",))
        answer = come_back(client, sign_in(way(client), "bert"))
        assert answer.status_code == 303
        visitor = desk.visitor(client._client.cookies[desk.cookie])
        assert visitor
        assert (visitor.rights, visitor.role) == (Role.SITE_MANAGER, "Site manager")
        assert visitor.sites == frozenset({"Town Hall"})

    def test_a_site_manager_without_sites_sees_none(self, desk: Desk) -> None:
        account = Account(issuer="i", subject="claimed")
        _, secret = desk.begin_session(account, "site_manager")
        visitor = desk.visitor(secret)
        assert visitor
        assert visitor.sites == frozenset()

    def test_whose_access_has_ended_stays_out_whatever_the_service_says(self, desk: Desk) -> None:
        client = Client(desk, None)
        come_back(client, sign_in(way(client), "carl:Camscan.Owner"))
        assert client.get("/people").status_code == 200
        (carl,) = [each for each in desk.people.all() if each.account.subject.startswith("carl")]
        desk.people.end_access(carl.number, carl.revision)
        again = Client(desk, None)
        answer = come_back(again, sign_in(way(again), "carl:Camscan.Owner"))
        assert answer.status_code == 403
        assert "has ended" in answer.text

    def test_a_code_is_good_once(self, desk: Desk) -> None:
        client = Client(desk, None)
        place = sign_in(way(client), "dora:Camscan.Auditor")
        journey = client._client.cookies[desk.journey_cookie]
        assert come_back(client, place).status_code == 303
        assert desk.journey_cookie not in client._client.cookies, "the way back is gone too"
        client._client.cookies.set(desk.journey_cookie, journey, domain="127.0.0.1")
        answer = come_back(client, place)
        assert answer.status_code == 403
        assert "did not take the code (invalid_grant)" in answer.text

    def test_another_browser_cannot_use_what_was_sent_to_this_one(self, desk: Desk) -> None:
        mine, victim = Client(desk, None), Client(desk, None)
        place = sign_in(way(mine), "eve:Camscan.Auditor")
        way(victim)
        answer = come_back(victim, place)
        assert answer.status_code == 403
        assert "This browser did not begin to sign in" in answer.text
        assert desk.cookie not in victim._client.cookies

    def test_the_answer_of_another_service_is_not_taken(self, desk: Desk) -> None:
        client = Client(desk, None)
        place = sign_in(way(client), "fay:Camscan.Auditor")
        assert "iss=" in place
        changed = place.replace(
            f"iss={place.rpartition('iss=')[2].partition('&')[0]}", "iss=https%3A%2F%2Fevil.example"
        )
        assert "Another service" in come_back(client, changed).text

    def test_a_session_that_was_fixed_beforehand_is_not_the_one(self, desk: Desk) -> None:
        client = Client(desk, None)
        client._client.cookies.set(desk.cookie, "fixed", domain="127.0.0.1")
        come_back(client, sign_in(way(client), "gil:Camscan.Auditor"))
        first = client._client.cookies[desk.cookie]
        assert first != "fixed"
        assert desk.visitor("fixed") is None
        come_back(client, sign_in(way(client), "gil:Camscan.Auditor"))
        assert client._client.cookies[desk.cookie] != first
        assert desk.visitor(first) is None, "the one before has ended"

    def test_signing_out_ends_it(self, desk: Desk) -> None:
        client = Client(desk, None)
        come_back(client, sign_in(way(client), "hal:Camscan.Auditor"))
        secret = client._client.cookies[desk.cookie]
        assert client.post("/sign-out", {"token": client.token()}).status_code == 303
        assert desk.visitor(secret) is None

    def test_who_was_refused_there_is_reported(self, desk: Desk) -> None:
        client = Client(desk, None)
        state = parse_qs(urlsplit(way(client)).query)["state"][0]
        answer = client.get(f"/sign-in/done?error=access_denied&error_description=<b>&state={state}")
        assert answer.status_code == 403
        assert "did not let you in (access_denied)" in answer.text
        assert "<b>" not in answer.text

    def test_nobody_goes_there_and_back_without_end(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(desk, "journeys", Throttle(1, 60))
        client = Client(desk, None)
        assert [client.get("/sign-in/done").status_code for _ in range(2)] == [403, 429]

    def test_nobody_is_given_a_one_time_key(self, desk: Desk) -> None:
        told: list[str] = []
        desk.keyring._tell = told.append
        assert "council account" in Client(desk, None).get("/sign-in").text
        assert Client(desk, None).post("/sign-in", {"key": "x"}).status_code == 404
        assert told == []

    def test_check_finds_the_service_its_clock_and_the_roles(self, desk: Desk) -> None:
        said = {each.says.partition(":")[0]: each for each in check_sign_in(desk.space)}
        assert said["Sign-in"].says.endswith(f"{ADDRESS}/sign-in/done there as the redirect address")
        assert "Camscan.Auditor → Auditor" in said["Roles"].says
        assert not any(said[name].is_wrong for name in ("Client secret", "Sign-in", "Clock", "Roles", "People"))
        assert said["Address"].is_wrong, "nothing listens there in this test"

    def test_a_wrong_secret_is_reported_without_showing_it(self, desk: Desk, tmp_path: Path) -> None:
        wrong = tmp_path / "secret"
        wrong.write_text("another")
        wrong.chmod(0o600)
        assert desk.web.oidc
        oidc = replace(desk.web.oidc, secret=Secret("x:1", file=wrong))
        provider, journey = Provider(oidc, ADDRESS), Journey()
        sign_in(provider.sign_in_address(journey, "/"), "ida")
        with pytest.raises(SignInError, match=r"\(invalid_client\)") as caught:
            provider.finish_sign_in(journey, "code")
        assert "another" not in str(caught.value)


def test_a_service_that_cannot_be_reached_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provider_module, "SECONDS", 2.0)
    oidc = replace(OIDC, issuer="http://127.0.0.1:9")
    begun = time.monotonic()
    with pytest.raises(SignInError, match=r"cannot be reached: 127\.0\.0\.1:9"):
        Provider(oidc, ADDRESS).sign_in_address(Journey(), "/")
    assert time.monotonic() - begun < 30


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_somebody_signs_in_with_a_real_browser(tmp_path: Path) -> None:
    """The whole way: camscan serve as a program, the service, and Chromium under the policy of the pages."""
    address = f"http://127.0.0.1:{free_port()}"
    with open_register(register_of(tmp_path)) as book:
        book.record(report(camera(1)))
    (tmp_path / "secret").write_text(SECRET)
    (tmp_path / "secret").chmod(0o600)
    command = [sys.executable, "-m", "camscan", "serve", "--port", address.rpartition(":")[2]]
    command += ["--register", str(register_of(tmp_path))]
    with service(f"{address}/sign-in/done") as issuer, window() as browser:
        oidc = f"{{issuer: '{issuer}', client_id: camscan, client_secret_file: secret, roles: {{Auditor: auditor}}}}"
        (tmp_path / "camscan.yaml").write_text(f"web: {{url: '{address}', auth: {{oidc: {oidc}}}}}\n")
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        with subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout
                assert address in process.stdout.readline()
                browser.get(f"{address}/log")
                follow(browser, browser.find_element(By.LINK_TEXT, "Sign in with your council account").click)
                browser.find_element(By.NAME, "login").send_keys("anne:Auditor")
                browser.find_element(By.NAME, "password").send_keys("any")
                follow(browser, browser.find_element(By.CSS_SELECTOR, "button[type=submit]").click)
                assert browser.current_url == f"{address}/log"
                assert browser.find_element(By.TAG_NAME, "h1").text == "Log of entries"
                follow(browser, browser.find_element(By.CSS_SELECTOR, ".app-sign-out button").click)
                assert browser.find_element(By.TAG_NAME, "h1").text == "Sign in"
                assert not [each for each in messages(browser) if each.startswith(address)]
            finally:
                process.terminate()
