"""A login to devices, by reference: camscan.yaml says where the password is kept, never the password itself."""

from __future__ import annotations

import ipaddress
from pathlib import Path

from camscan.config.secret import Secret, read_secret
from camscan.config.value import Network, read_entries, read_some_networks, read_word
from camscan.dataclass import dataclass
from camscan.strict_yaml import Node

REFERENCES = ("password_file", "password_env", "systemd_credential")
KEYS = ("name", "user", *REFERENCES, "cidrs")


@dataclass(frozen=True, slots=True)
class Credential:
    """One user name, where its password is kept, and the only addresses for which it may be used."""

    name: str
    user: str
    cidrs: tuple[Network, ...]
    where: str
    """``file:line`` of the reference to the password."""
    password_file: Path | None = None
    """A file that only its owner may read."""
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
        """Read the password now.

        Raises ConfigError, without the password in it, if the password is missing or others may read it.
        """
        return self.secret.read()

    @property
    def secret(self) -> Secret:
        """The reference to the password."""
        return Secret(self.where, self.password_file, self.password_env, self.systemd_credential)


def read_credential(node: Node, base: Path) -> Credential:
    """Read one entry of ``credentials``; paths are relative to ``base``."""
    if "password" in node.entries():
        raise node.entries()["password"].error(
            "do not write a password here: put it into a file that only you can read, and give the file as "
            "password_file"
        )
    keys = read_entries(node, KEYS, "name", "user", "cidrs")
    found = read_secret(node, keys, dict(zip(("file", "env", "systemd_credential"), REFERENCES, strict=True)), base)
    if found is None:
        raise node.error(f"exactly one of {', '.join(REFERENCES)} must say where the password is")
    user = read_word(keys["user"])
    if ":" in user:
        raise keys["user"].error("a user name with ':' cannot be sent over HTTP (RFC 7617)")
    return Credential(
        name=read_word(keys["name"]),
        user=user,
        cidrs=read_some_networks(keys["cidrs"]),
        where=found.where,
        password_file=found.file,
        password_env=found.env,
        systemd_credential=found.systemd_credential,
    )
