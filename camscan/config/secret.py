"""A secret by reference: camscan.yaml says where it is kept, never the secret itself."""

from __future__ import annotations

import codecs
import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path

from camscan import system
from camscan.config.value import read_path, read_word
from camscan.dataclass import dataclass
from camscan.errors import ConfigError
from camscan.patterns import late
from camscan.strict_yaml import Node

_LONGEST = 4096
_PROTECTED = late(r"01000000d08c9ddf0115d1118c7a00c04fc297eb", re.IGNORECASE)
"""The text that PowerShell's ``ConvertFrom-SecureString`` writes begins so: version and provider of DPAPI."""


@dataclass(frozen=True, slots=True)
class Secret:
    """Where one secret is kept: exactly one of ``file``, ``env`` and ``systemd_credential`` is set."""

    where: str
    """``file:line`` of the reference."""
    file: Path | None = None
    """A file that only its owner may read."""
    env: str = ""
    """Name of an environment variable."""
    systemd_credential: str = ""
    """Name of a file in ``$CREDENTIALS_DIRECTORY`` (systemd.exec(5), LoadCredential=)."""
    what: str = "password"
    """Its name in messages."""

    @property
    def is_elsewhere(self) -> bool:
        """Whether only a unit of systemd can read the secret, and this process is not one."""
        return bool(self.systemd_credential) and "CREDENTIALS_DIRECTORY" not in os.environ

    @property
    def place(self) -> str:
        """Where the secret is kept, for a person: ``the file secrets/mail``."""
        if self.file:
            return f"the file {self.file}"
        if self.env:
            return f"the environment variable {self.env}"
        return f"the systemd credential {self.systemd_credential}"

    def read(self) -> str:
        """Read the secret now.

        Raises ConfigError, without the secret in it, if the secret is missing or others may read it.
        """
        if self.env:
            text = os.environ.get(self.env, "")
            source = self.place
        else:
            path = self._secret_path()
            text, source = self._read_content(path), str(path)
        text = text.removesuffix("\n").removesuffix("\r")
        if not text:
            raise ConfigError(f"{self.where}: {source} holds no {self.what}")
        if not text.isprintable():
            raise ConfigError(f"{self.where}: {source} holds more than one line, or a control character")
        return text

    def _secret_path(self) -> Path:
        if self.file:
            return self.file
        directory = os.environ.get("CREDENTIALS_DIRECTORY")
        if not directory:
            raise ConfigError(
                f"{self.where}: systemd gave no credentials to this run; start it as a unit with "
                f"LoadCredential={self.systemd_credential}:…"
            )
        return Path(directory) / self.systemd_credential

    def _read_content(self, path: Path) -> str:
        try:
            with path.open("rb") as stream:
                found = os.fstat(stream.fileno())
                if not stat.S_ISREG(found.st_mode):
                    raise ConfigError(f"{self.where}: {path} is not a file")
                # A file from systemd may have the mode 0440: the right of its unit is shown as a right of the group.
                if system.may_be_read_by_others(found, group=not self.systemd_credential):
                    raise ConfigError(f"{self.where}: others may read {path}; chmod 600 it, and change the {self.what}")
                content = stream.read(_LONGEST + 1)
        except OSError as error:
            raise ConfigError(f"{self.where}: {path} cannot be read: {error.strerror or error}") from error
        if len(content) > _LONGEST:
            raise ConfigError(f"{self.where}: {path} is too long for a {self.what}")
        try:
            return _plain(content)
        except UnicodeDecodeError:
            raise ConfigError(f"{self.where}: {path} is not UTF-8 text") from None
        except OSError as error:
            raise ConfigError(f"{self.where}: {path} cannot be read: {error.strerror}") from None


def _plain(content: bytes) -> str:
    """The text of a file: UTF-8, or as PowerShell writes it, also if Windows has encrypted it for its user.

    Raises UnicodeDecodeError, and OSError if it was encrypted for somebody else.
    """
    text = content.decode("utf-16" if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig")
    if not _PROTECTED.match(text.strip()):
        return text
    try:
        blob = bytes.fromhex(text.strip())
    except ValueError:  # it must not be sent as if it were the password itself
        raise OSError(0, "it begins like a file that Windows has encrypted, and is damaged") from None
    return system.unprotect(blob).decode("utf-16-le")


def read_secret(
    node: Node, keys: Mapping[str, Node], names: Mapping[str, str], base: Path, what: str = "password"
) -> Secret | None:
    """Read the only reference among the keys of the entry ``node``; None if there is none.

    ``names`` has the key for each of ``file``, ``env`` and ``systemd_credential``; files are relative to ``base``.
    Raises ConfigError if there are two.
    """
    given = [kind for kind, name in names.items() if name in keys]
    if not given:
        return None
    reference = keys[names[given[0]]]
    if len(given) > 1:
        raise node.error(f"give exactly one of {', '.join(names.values())}, to say where the {what} is")
    text = read_word(reference)
    if given[0] == "systemd_credential" and ("/" in text or text.startswith(".")):
        raise reference.error(
            f"'{text}' is not the name of a credential; it is what LoadCredential= has before the ':'"
        )
    return Secret(
        where=f"{reference.file}:{reference.line}",
        file=read_path(reference, base) if given[0] == "file" else None,
        env=text if given[0] == "env" else "",
        systemd_credential=text if given[0] == "systemd_credential" else "",
        what=what,
    )
