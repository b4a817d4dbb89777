"""Channels of alerts against servers on loopback: what arrives, and what becomes of slow, refusing and lying ones."""

from __future__ import annotations

import email
import hashlib
import hmac
import json
import os
import socket
import stat
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

pytest.importorskip("httpx", reason="needs camscan[notify]")
pytest.importorskip("aiosmtpd", reason="needs the mail server of the tests")

import listeners
from jsonschema import Draft202012Validator
from listeners import HOST, PASSWORD, USER, Authority, Hub, Mailbox
from sample_report import HOSTILE

from camscan import notify
from camscan.config.recipient import CLASSES, Recipient
from camscan.config.secret import Secret
from camscan.errors import ConfigError
from camscan.notify import _https, _smtp, channel_of
from camscan.notify.channels import mail, teams, webhook
from camscan.notify.message import KINDS, Item, Message
from camscan.notify.text import subject_line

AT = datetime(2026, 3, 2, 19, 32, tzinfo=UTC)
ALARM = Item(
    "reappeared_after_removal",
    "ABCD-EFGH",
    "2026-02-01",
    asset_id="ABCD-EFGH",
    site="Town Hall",
    old="removed",
    detail="was recorded as removed, and answers at 192.0.2.7",
)
MESSAGE = Message(
    "0123456789abcdef" * 2,
    "alarm",
    AT,
    organisation="Example Borough Council",
    items=(ALARM,),
    counts={"reappeared_after_removal": 3},
    command="camscan diff --since 2026-03-01",
)
SCHEMA = json.loads((Path(notify.__file__).parent / "webhook.schema.json").read_text(encoding="utf-8"))
SECRET = "a secret that both know"


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return listeners.authority(tmp_path_factory.mktemp("known"))


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """For another host."""
    return listeners.authority(tmp_path_factory.mktemp("other"), "mail.example")


@pytest.fixture(scope="module")
def hub(known: Authority) -> Iterator[Hub]:
    with listeners.web_server(known.context) as found:
        yield found


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """The secret of the webhook."""
    path = tmp_path / "secret"
    path.write_text(SECRET, encoding="utf-8")
    path.chmod(0o600)
    return path


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits longer than half a second."""
    monkeypatch.setattr(_https, "SECONDS", 0.5)
    monkeypatch.setattr(_smtp, "SECONDS", 0.5)


def to_mail(port: int, known: Authority, **options: str) -> Recipient:
    said = {"from": "camscan@example.gov.uk", "server": HOST, "port": str(port), "ca_file": str(known.file), **options}
    return Recipient("CCTV team", "mail", to=("cctv@example.gov.uk",), options=said)


def to_hook(url: str, known: Authority, kept: Path) -> Recipient:
    secret = {"secret": Secret("camscan.yaml:3", kept, what="secret")}
    return Recipient("Hub", "webhook", options={"url": url, "ca_file": str(known.file)}, secrets=secret)


def sent_mail(box: Mailbox) -> EmailMessage:
    (envelope,) = box.mails
    content = envelope.content
    assert isinstance(content, bytes)
    found = email.message_from_bytes(content, policy=policy.default)
    assert isinstance(found, EmailMessage)
    return found


def pack_report(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def test_every_channel_is_found_and_named_as_its_file() -> None:
    assert [*notify.load_channels()] == ["mail", "teams", "webhook"]
    assert {KINDS[kind].about for kind in KINDS} == {*CLASSES, "test"} - {"progress"}


class TestOptions:
    @pytest.mark.parametrize(
        ("channel", "options", "says"),
        [
            ("pigeon", {}, "there is no channel 'pigeon'; the channels are: mail, teams, webhook"),
            ("mail", {"from": "a@b"}, "mail needs server or sendmail"),
            (
                "mail",
                {"server": "s", "sendmail": "/x", "from": "a@b"},
                "mail takes one of server and sendmail, not both",
            ),
            ("mail", {"server": "s"}, "mail needs from"),
            ("teams", {"url": "https://x", "user": "u"}, "teams does not use user; take it out"),
            ("webhook", {"url": "https://x"}, "webhook needs secret_file"),
        ],
    )
    def test_what_is_missing_or_too_much(self, channel: str, options: dict[str, str], says: str) -> None:
        to = ("cctv@example.gov.uk",) if channel == "mail" else ()
        with pytest.raises(ConfigError) as caught:
            channel_of(Recipient("x", channel, to=to, options=options, where="camscan.yaml:4"))
        assert str(caught.value) == f"camscan.yaml:4: {says}"

    def test_whom_a_mail_goes_to(self) -> None:
        with pytest.raises(ConfigError, match="mail needs 'to'"):
            channel_of(Recipient("x", "mail", options={"from": "a@b", "server": "s"}))


class TestMail:
    def test_it_arrives_text_first_marked_as_automatic_without_what_is_sensitive(self, known: Authority) -> None:
        with listeners.mail_server(known.context) as box:
            assert mail.send_mail(MESSAGE, to_mail(box.port, known)) == notify.Outcome(True, f"accepted by {HOST}")
        found = sent_mail(box)
        assert found["Subject"] == subject_line(MESSAGE)
        assert found["Subject"] == (
            "camscan: Alarm: 3 devices are back although they were recorded as removed (Example Borough Council)"
        )
        assert found["Message-ID"] == f"<{MESSAGE.id}@camscan.example.gov.uk>"
        assert (found["Auto-Submitted"], found["Precedence"]) == ("auto-generated", "bulk")
        assert [part.get_content_type() for part in found.iter_parts()] == ["text/plain", "text/html"]
        text = pack_report(found, "plain")
        assert text.splitlines()[:4] == [
            "Example Borough Council, 2 March 2026 at 19:32",
            "",
            "3 devices are back although they were recorded as removed:",
            "- ABCD-EFGH, Town Hall",
        ]
        assert "and 2 more\nFor the details, run: camscan diff --since 2026-03-01\n" in text
        assert "192.0.2.7" not in str(found)
        assert "src=" not in pack_report(found, "html")

    def test_full_detail_is_a_choice(self, known: Authority) -> None:
        with listeners.mail_server(known.context) as box:
            assert mail.send_mail(MESSAGE, replace(to_mail(box.port, known), detail="full")).is_sent
        assert "- ABCD-EFGH, Town Hall: was recorded as removed, and answers at 192.0.2.7" in pack_report(
            sent_mail(box), "plain"
        )

    def test_messages_about_one_device_are_one_thread(self) -> None:
        alone = replace(MESSAGE, counts={"reappeared_after_removal": 1})
        threads = [
            str(mail.write_mail(each, to_mail(25, Authority(Path("x"), None)))["In-Reply-To"])  # type: ignore[arg-type]  # no server is asked
            for each in (alone, replace(alone, id="f" * 32), MESSAGE)
        ]
        assert threads == ["<alarm-ABCD-EFGH@camscan.example.gov.uk>"] * 2 + ["<alarm@camscan.example.gov.uk>"]

    @pytest.mark.parametrize(("password", "is_sent"), [(PASSWORD, True), ("wrong", False)])
    def test_with_a_login(self, known: Authority, tmp_path: Path, password: str, is_sent: bool) -> None:
        (tmp_path / "password").write_text(password, encoding="utf-8")
        (tmp_path / "password").chmod(0o600)
        with listeners.mail_server(known.context, login=True) as box:
            found = replace(
                to_mail(box.port, known, user=USER), secrets={"password": Secret("x:1", tmp_path / "password")}
            )
            outcome = mail.send_mail(MESSAGE, found)
        assert outcome.is_sent is is_sent
        assert outcome.detail == (f"accepted by {HOST}" if is_sent else f"{HOST}: it refused the login (535)")

    def test_without_starttls_nothing_is_sent(self, known: Authority) -> None:
        with listeners.mail_server(None) as box:
            outcome = mail.send_mail(MESSAGE, to_mail(box.port, known))
        assert not outcome.is_sent
        assert "STARTTLS" in outcome.detail
        assert box.mails == []

    def test_a_certificate_of_somebody_else(self, known: Authority, other: Authority) -> None:
        with listeners.mail_server(other.context) as box:
            for trusted in (known, other):  # not trusted; trusted, and for another host
                outcome = mail.send_mail(MESSAGE, to_mail(box.port, trusted))
                assert (outcome.is_sent, box.mails) == (False, [])
                assert "its certificate is not trusted, so nothing was sent" in outcome.detail

    def test_a_server_that_refuses_the_mail(self, known: Authority) -> None:
        with listeners.mail_server(known.context) as box:
            box.refuses = "552 too \x1b[2Jlarge"
            outcome = mail.send_mail(MESSAGE, to_mail(box.port, known))
        assert outcome == notify.Outcome(False, f"{HOST}: it refused the mail (552 too �[2Jlarge)")

    @pytest.mark.parametrize(
        ("talk", "says"),
        [
            (listeners.says_nothing, "no answer within 0.5 seconds"),
            (listeners.drips, "no answer within 0.5 seconds"),
            (listeners.never_ends, "the server sent more than 65,536 bytes"),
            (listeners.hangs_up, "it refused the mail (554 no)"),
        ],
    )
    @pytest.mark.usefixtures("impatient")
    def test_servers_that_hold_it_up(self, known: Authority, talk: Any, says: str) -> None:
        began = time.monotonic()
        with listeners.raw_server(talk) as port:
            outcome = mail.send_mail(MESSAGE, to_mail(port, known))
        assert outcome == notify.Outcome(False, f"{HOST}: {says}")
        assert time.monotonic() - began < 3

    def test_nobody_there(self, known: Authority) -> None:
        assert mail.send_mail(MESSAGE, to_mail(listeners.free_port(), known)).detail == f"{HOST}: Connection refused"

    def test_by_the_mail_system_of_this_machine(self, tmp_path: Path) -> None:
        program = tmp_path / "sendmail"
        program.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/called\ncat > {tmp_path}/mail\n', encoding="utf-8")
        program.chmod(0o755)
        options = {"from": "camscan@example.gov.uk", "sendmail": str(program)}
        found = Recipient("CCTV team", "mail", to=("cctv@example.gov.uk",), options=options)
        assert mail.send_mail(MESSAGE, found) == notify.Outcome(True, f"accepted by {program}")
        assert (tmp_path / "called").read_text() == "-i -f camscan@example.gov.uk -- cctv@example.gov.uk\n"
        assert "3 devices are back" in (tmp_path / "mail").read_text()
        program.write_text("#!/bin/sh\necho no space >&2\nexit 75\n", encoding="utf-8")
        assert mail.send_mail(MESSAGE, found).detail == f"{program} failed (75 no space)"
        program.chmod(stat.S_IRUSR)
        program.unlink()
        assert mail.send_mail(MESSAGE, found).detail == f"{program} cannot be started: No such file or directory"


class TestWebhook:
    def test_it_is_signed_and_fits_its_schema(self, known: Authority, hub: Hub, kept: Path) -> None:
        hub.posts.clear()
        assert webhook.post_document(MESSAGE, to_hook(hub.url(), known, kept)).is_sent
        ((_, headers, body),) = hub.posts
        assert headers["idempotency-key"] == MESSAGE.id
        moment = headers["x-camscan-time"]
        wanted = hmac.new(SECRET.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
        assert headers["x-camscan-signature"] == f"sha256={wanted}"
        assert abs(time.time() - int(moment)) < 60
        found = json.loads(body)
        assert [error.message for error in Draft202012Validator(SCHEMA).iter_errors(found)] == []
        assert found["items"] == [
            {"kind": "reappeared_after_removal", "asset_id": "ABCD-EFGH", "site": "Town Hall", "what": ""}
        ]
        assert (found["counts"], found["more"]) == ({"reappeared_after_removal": 3}, 2)
        assert b"192.0.2.7" not in body

    def test_with_full_detail_it_fits_its_schema_too(self) -> None:
        found = webhook.message_document(MESSAGE, "full")
        assert [error.message for error in Draft202012Validator(SCHEMA).iter_errors(found)] == []
        assert found["items"][0]["detail"] == ALARM.detail

    @pytest.mark.parametrize(
        ("path", "says"),
        [
            ("/slow", "no answer within 0.5 seconds"),
            ("/redirect", "it redirects elsewhere (HTTP status 302), which is not followed"),
            ("/429", "it accepts no more messages at the moment (HTTP status 429)"),
            ("/500", "it did not accept the message (HTTP status 500)"),
            ("/404", "it did not accept the message (HTTP status 404: <b>as you�[2J like</b>)"),
            ("/lie", "it does not speak HTTP as it should (RemoteProtocolError)"),
        ],
    )
    @pytest.mark.usefixtures("impatient")
    def test_servers_that_do_not_take_it(self, known: Authority, hub: Hub, kept: Path, path: str, says: str) -> None:
        hub.posts.clear()
        assert webhook.post_document(MESSAGE, to_hook(hub.url(path), known, kept)) == notify.Outcome(False, says)
        assert [each for each, _, _ in hub.posts] == [path]

    def test_a_server_that_leaves_tls(self, known: Authority, kept: Path) -> None:
        def leave(connection: socket.socket) -> None:
            with known.context.wrap_socket(connection, server_side=True) as secure:
                secure.recv(65_536)
                os.write(secure.fileno(), b"no TLS any more" * 20)

        with listeners.raw_server(leave) as port:
            outcome = webhook.post_document(MESSAGE, to_hook(f"https://{HOST}:{port}/", known, kept))
        # Which of the two depends on whether the rest of its bytes, or the end of the connection, is read first.
        says = {f"it does not speak HTTP as it should ({error})" for error in ("SSLError", "ReadError")}
        assert (outcome.is_sent, outcome.detail in says) == (False, True), outcome

    def test_an_answer_without_end_is_not_read_to_its_end(self, known: Authority, hub: Hub, kept: Path) -> None:
        began = time.monotonic()
        assert webhook.post_document(MESSAGE, to_hook(hub.url("/flood"), known, kept)).is_sent
        assert time.monotonic() - began < 3

    def test_a_certificate_of_somebody_else(self, known: Authority, other: Authority, kept: Path) -> None:
        with listeners.web_server(other.context) as wrong:
            for trusted in (known, other):
                outcome = webhook.post_document(MESSAGE, to_hook(wrong.url(), trusted, kept))
                assert not outcome.is_sent
                assert outcome.detail.startswith("its certificate is not trusted, so nothing was sent")
            assert wrong.posts == []

    def test_nobody_there(self, known: Authority, kept: Path) -> None:
        port = listeners.free_port()
        detail = webhook.post_document(MESSAGE, to_hook(f"https://{HOST}:{port}/secret", known, kept)).detail
        assert detail.startswith(f"no connection to {HOST}, port {port}: ")
        assert "secret" not in detail

    def test_an_address_from_a_file_that_is_not_https(self, known: Authority, kept: Path, tmp_path: Path) -> None:
        (tmp_path / "url").write_text(f"http://{HOST}:9/\n", encoding="utf-8")
        (tmp_path / "url").chmod(0o600)
        found = to_hook("https://x", known, kept)
        found = replace(found, options={}, secrets={**found.secrets, "url": Secret("x:1", tmp_path / "url")})
        assert (
            webhook.post_document(MESSAGE, found).detail == "its address does not begin with https://; nothing was sent"
        )


class TestTeams:
    def test_a_card_arrives(self, known: Authority, hub: Hub) -> None:
        hub.posts.clear()
        options = MappingProxyType({"url": hub.url(), "ca_file": str(known.file)})
        outcome = teams.post_card(MESSAGE, Recipient("Channel", "teams", options=options))
        assert outcome.is_sent
        assert outcome.detail.endswith("only the channel itself can show whether it was posted")
        ((_, headers, body),) = hub.posts
        assert headers["content-type"] == "application/json"
        (attachment,) = json.loads(body)["attachments"]
        assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
        content = attachment["content"]
        assert (content["type"], content["version"]) == ("AdaptiveCard", "1.4")
        texts = [run["text"] for block in content["body"] for run in block["inlines"]]
        assert "ABCD-EFGH, Town Hall" in texts
        assert not any("192.0.2.7" in text for text in texts)

    def test_it_is_never_larger_than_teams_takes(self) -> None:
        items = tuple(replace(ALARM, subject=str(number), site="ф" * 300) for number in range(20))
        found = teams.make_card(replace(MESSAGE, items=items, counts={ALARM.kind: 900}), "full")
        text = json.dumps(found)
        assert len(text) <= teams.LIMIT
        (more,) = [run["text"] for run in runs(found) if "more" in run["text"]]
        shown = sum("ф" in run["text"] for run in runs(found))
        assert more == f"and {900 - shown} more"
        assert 0 < shown < 20


def runs(card: dict[str, Any]) -> list[dict[str, Any]]:
    return [run for block in card["attachments"][0]["content"]["body"] for run in block["inlines"]]


def test_hostile_text_stays_text_in_every_channel(known: Authority) -> None:
    item = replace(ALARM, asset_id=HOSTILE, site=HOSTILE, detail=HOSTILE, brief="")
    message = replace(MESSAGE, items=(item,), organisation="<script>alert(1)</script>\r\nBcc: x@example.com")
    found = mail.write_mail(message, replace(to_mail(25, known), detail="full"))
    assert found["Bcc"] is None
    text = found.as_bytes()
    assert b"\x1b" not in text
    assert b"<script>" not in pack_report(found, "html").encode()
    for document in (webhook.message_document(message, "full"), teams.make_card(message, "full")):
        assert json.loads(json.dumps(document)) == document
    assert not any("\x1b" in run["text"] or "\u202e" in run["text"] for run in runs(teams.make_card(message, "full")))
