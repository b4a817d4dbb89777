"""Logins by reference: the password is never in camscan.yaml, never in an error, and nobody else may read it."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from camscan.config import Credential, load_config
from camscan.errors import ConfigError

SECRET = "correct horse"
ENTRY = "credentials:\n  - name: recorders\n    user: camscan\n    {}\n    cidrs: [127.20.0.0/24, 'fd00::/64']\n"


def config(directory: Path, reference: str) -> Credential:
    path = directory / "camscan.yaml"
    path.write_text(ENTRY.format(reference), encoding="utf-8")
    return load_config(path).credential("Recorders")


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_text(f"{SECRET}\n", encoding="utf-8")
    path.chmod(0o600)
    return path


def test_a_file_beside_camscan_yaml(tmp_path: Path, secret: Path) -> None:
    found = config(tmp_path, f"password_file: {secret.name}")
    assert found.password() == SECRET
    assert SECRET not in repr(found)
    assert (found.user, found.where) == ("camscan", f"{tmp_path / 'camscan.yaml'}:4")


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_the_end_of_the_line_is_not_a_part_of_it(tmp_path: Path, secret: Path, ending: str) -> None:
    secret.write_bytes(f" {SECRET} {ending}".encode())
    assert config(tmp_path, "password_file: secret").password() == f" {SECRET} "


def test_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = config(tmp_path, "password_env: CAMSCAN_TEST_SECRET")
    monkeypatch.delenv("CAMSCAN_TEST_SECRET", raising=False)
    with pytest.raises(ConfigError, match="holds no password"):
        found.password()
    monkeypatch.setenv("CAMSCAN_TEST_SECRET", SECRET)
    assert found.password() == SECRET


def test_systemd(tmp_path: Path, secret: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = config(tmp_path, "systemd_credential: secret")
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    with pytest.raises(ConfigError, match="LoadCredential=secret:"):
        found.password()
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(secret.parent))
    assert found.password() == SECRET


@pytest.mark.skipif(os.name != "posix", reason="file modes mean nothing here")
@pytest.mark.parametrize(("mode", "is_read"), [(0o400, True), (0o440, True), (0o444, False)])
def test_a_credential_of_systemd_may_have_the_mode_that_systemd_gives_it(
    tmp_path: Path, secret: Path, monkeypatch: pytest.MonkeyPatch, mode: int, *, is_read: bool
) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    secret.chmod(mode)
    found = config(tmp_path, f"systemd_credential: {secret.name}")
    if is_read:
        assert found.password() == SECRET
    else:
        with pytest.raises(ConfigError, match="others may read"):
            found.password()


@pytest.mark.skipif(os.name != "posix", reason="file modes mean nothing here")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620])
def test_a_file_that_others_may_read_is_not_used(tmp_path: Path, secret: Path, mode: int) -> None:
    secret.chmod(mode)
    with pytest.raises(ConfigError, match="chmod 600"):
        config(tmp_path, "password_file: secret").password()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "holds no password"),
        (b"\n", "holds no password"),
        (b"one\ntwo\n", "more than one line"),
        (b"one\x00two", "control character"),
        (b"\xe4\xf6", "not UTF-8"),
        (b"x" * 5000, "too long"),
    ],
)
def test_a_file_that_holds_no_password(tmp_path: Path, secret: Path, content: bytes, says: str) -> None:
    secret.write_bytes(content)
    found = config(tmp_path, "password_file: secret")
    with pytest.raises(ConfigError, match=says) as caught:
        found.password()
    assert str(caught.value).startswith(f"{tmp_path / 'camscan.yaml'}:4: ")
    assert "one" not in str(caught.value).replace("more than one line", "")


def test_a_missing_file_and_a_directory(tmp_path: Path, secret: Path) -> None:
    secret.unlink()
    with pytest.raises(ConfigError, match="cannot be read"):
        config(tmp_path, "password_file: secret").password()
    secret.mkdir()
    with pytest.raises(ConfigError, match=r"cannot be read|is not a file"):
        config(tmp_path, "password_file: secret").password()


def test_it_is_for_its_addresses_alone(tmp_path: Path) -> None:
    found = config(tmp_path, "password_env: X")
    assert [ip for ip in ("127.20.0.9", "127.21.0.9", "fd00::9", "fd01::9", "camera.example") if found.covers(ip)] == [
        "127.20.0.9",
        "fd00::9",
    ]


def test_an_unknown_one_is_answered_with_the_known(tmp_path: Path) -> None:
    path = tmp_path / "camscan.yaml"
    path.write_text(ENTRY.format("password_env: X"), encoding="utf-8")
    with pytest.raises(ConfigError, match="no credential 'cameras'; the credentials are: recorders"):
        load_config(path).credential("cameras")


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        (ENTRY.format(f"password: {SECRET}"), 4, "do not write a password here"),
        (ENTRY.format("password_file: ~"), 4, ""),
        (ENTRY.format("pasword_file: x"), 4, "did you mean 'password_file'?"),
        (ENTRY.format("password_env: X\n    password_file: y"), 2, "exactly one of"),
        (ENTRY.replace("    {}\n", ""), 2, "exactly one of"),
        (ENTRY.format("systemd_credential: ../x"), 4, "not the name of a credential"),
        (ENTRY.format("password_env: X").replace("user: camscan", "user: 'a:b'"), 3, "user name with ':'"),
        (ENTRY.format("password_file: ~nobody-here/password"), 4, "that home folder is not known"),
        (ENTRY.format("password_env: X").replace("    user: camscan\n", ""), 2, "'user' is missing"),
        (re.sub("cidrs: .*", "cidrs: []", ENTRY.format("password_env: X")), 5, "at least one network"),
        (ENTRY.format("password_env: X") + ENTRY.format("password_env: X").partition("\n")[2], 6, "listed twice"),
    ],
)
def test_every_mistake_is_one_line_with_file_and_line(tmp_path: Path, text: str, line: int, says: str) -> None:
    path = tmp_path / "camscan.yaml"
    path.write_text(text, encoding="utf-8")
    if not says:  # '~' is a file name like any other: the home directory
        assert load_config(path).credentials[0].password_file == Path("~").expanduser()
        return
    with pytest.raises(ConfigError, match=re.escape(says)) as caught:
        load_config(path)
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert SECRET not in str(caught.value)
    assert "\n" not in str(caught.value)
