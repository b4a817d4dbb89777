"""A login to devices, by reference: camscan.yaml says where the password is, and never what it is."""

from __future__ import annotations

import ipaddress
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from camscan.config.value import Network, entries, some_networks, word
from camscan.errors import ConfigError
from camscan.strict_yaml import Node

REFERENCES = ("password_file", "password_env", "systemd_credential")
KEYS = ("name", "user", *REFERENCES, "cidrs")

_LONGEST = 4096
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class Credential:
    """One user name, where its password is kept, and the only addresses that it may be used for."""

    name: str
    user: str
    cidrs: tuple[Network, ...]
    where: str
    """``file:line`` of the reference to the password."""
    password_file: Path | None = None
    """Readable by its owner alone."""
    password_env: str = ""
    """Name of an environment variable."""
    systemd_credential: str = ""
    """Name of a file in ``$CREDENTIALS_DIRECTORY`` (systemd.exec(5), LoadCredential=)."""

    def covers(self, ip: str) -> bool:
        """Whether it may be used for the address."""
        try:
            address = ipaddress.ip_address(ip.partition("%")[0])
        except ValueError:
            return False
        return any(address in network for network in self.cidrs)

    def password(self) -> str:
        """Read it now. Raises ConfigError, without the password in it, where it is missing or others may read it."""
        if self.password_env:
            text = os.environ.get(self.password_env, "")
            source = f"the environment variable {self.password_env}"
        else:
            path = self._path()
            text, source = self._read(path), str(path)
        text = text.removesuffix("\n").removesuffix("\r")
        if not text:
            raise ConfigError(f"{self.where}: {source} holds no password")
        if not text.isprintable():
            raise ConfigError(f"{self.where}: {source} holds more than one line, or a control character")
        return text

    def _path(self) -> Path:
        if self.password_file:
            return self.password_file
        directory = os.environ.get("CREDENTIALS_DIRECTORY")
        if not directory:
            raise ConfigError(
                f"{self.where}: systemd gave no credentials to this run; start it as a unit with "
                f"LoadCredential={self.systemd_credential}:…"
            )
        return Path(directory) / self.systemd_credential

    def _read(self, path: Path) -> str:
        try:
            with path.open("rb") as stream:
                found = os.fstat(stream.fileno())
                if not stat.S_ISREG(found.st_mode):
                    raise ConfigError(f"{self.where}: {path} is no file")
                # On Windows the mode says nothing; there the folder's permissions are the operator's.
                if os.name == "posix" and found.st_mode & _OTHERS:
                    raise ConfigError(f"{self.where}: others may read {path}; chmod 600 it, and change the password")
                content = stream.read(_LONGEST + 1)
        except OSError as error:
            raise ConfigError(f"{self.where}: {path} cannot be read: {error.strerror or error}") from error
        if len(content) > _LONGEST:
            raise ConfigError(f"{self.where}: {path} is too long for a password")
        try:
            return content.decode()
        except UnicodeDecodeError:
            raise ConfigError(f"{self.where}: {path} is not UTF-8 text") from None


def credential(node: Node, base: Path) -> Credential:
    """One entry of ``credentials``; paths are relative to ``base``."""
    if "password" in node.entries():
        raise node.entries()["password"].wrong(
            "no password is written here: put it into a file that only you can read, and name that as password_file"
        )
    keys = entries(node, KEYS, "name", "user", "cidrs")
    given = [key for key in REFERENCES if key in keys]
    if len(given) != 1:
        raise node.wrong(f"exactly one of {', '.join(REFERENCES)} says where the password is")
    reference = keys[given[0]]
    text = word(reference)
    if given[0] == "systemd_credential" and ("/" in text or text.startswith(".")):
        raise reference.wrong(f"'{text}' is no name of a credential; it is what LoadCredential= has before the ':'")
    user = word(keys["user"])
    if ":" in user:
        raise keys["user"].wrong("a user name with ':' cannot be sent over HTTP (RFC 7617)")
    return Credential(
        name=word(keys["name"]),
        user=user,
        cidrs=some_networks(keys["cidrs"]),
        where=f"{reference.file}:{reference.line}",
        password_file=base / Path(text).expanduser() if given[0] == "password_file" else None,
        password_env=text if given[0] == "password_env" else "",
        systemd_credential=text if given[0] == "systemd_credential" else "",
    )
