"""Secrets in files that PowerShell wrote, in its encodings and encrypted for one user (DPAPI)."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest

from camscan import system
from camscan.config.secret import Secret
from camscan.errors import ConfigError

BLOB = "01000000d08c9ddf0115d1118c7a00c04fc297eb" + "00ff" * 80


def kept(folder: Path, content: bytes) -> Secret:
    path = folder / "secret"
    path.write_bytes(content)
    path.chmod(0o600)
    return Secret("camscan.yaml:3", file=path)


@pytest.mark.parametrize(
    "content",
    [
        "pässword\n".encode(),
        codecs.BOM_UTF8 + "pässword\r\n".encode(),
        codecs.BOM_UTF16_LE + "pässword\r\n".encode("utf-16-le"),
        codecs.BOM_UTF16_BE + "pässword\r\n".encode("utf-16-be"),
    ],
)
def test_a_file_may_be_in_the_encodings_of_powershell(tmp_path: Path, content: bytes) -> None:
    assert kept(tmp_path, content).read() == "pässword"


def test_what_windows_encrypted_is_decrypted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "unprotect", lambda blob: "pässword".encode("utf-16-le") if blob[:1] == b"\1" else b"")
    for content in (BLOB.encode(), codecs.BOM_UTF16_LE + f"{BLOB}\r\n".encode("utf-16-le")):
        assert kept(tmp_path, content).read() == "pässword"


def test_a_secret_is_not_readable_on_another_machine(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"^camscan.yaml:3: .* cannot be read: (Windows has encrypted|it was encr)"):
        kept(tmp_path, BLOB.encode()).read()


def test_a_damaged_file_that_windows_encrypted_is_not_taken_for_the_password(tmp_path: Path) -> None:
    for damaged in (BLOB[:-1], f"{BLOB}x", f"{BLOB}\n{BLOB[:7]}"):
        with pytest.raises(ConfigError, match="begins like a file that Windows has encrypted, and is damaged"):
            kept(tmp_path, damaged.encode()).read()
    with pytest.raises(ConfigError, match="cannot be read"):
        kept(tmp_path, BLOB[:40].encode()).read()
