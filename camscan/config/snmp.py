"""Logins for switches and routers over SNMP: the user or community, where its secret is kept, and its addresses."""

from __future__ import annotations

import ipaddress
from pathlib import Path

from camscan.config.secret import Secret, read_secret
from camscan.config.value import Network, read_entries, read_some_networks, read_word
from camscan.dataclass import dataclass
from camscan.errors import ConfigError
from camscan.strict_yaml import Node

V3, V2C = "3", "2c"
HASHES = ("SHA-1", "SHA-224", "SHA-256", "SHA-384", "SHA-512")
"""Hashes for authentication (RFC 3414, RFC 7860). MD5 is not offered."""
CIPHERS = ("AES-128", "AES-192", "AES-256", "AES-192-C", "AES-256-C")
"""Ciphers for privacy: RFC 3826, and the longer keys of draft-blumenthal-aes-usm-04; ``-C`` as Cisco makes them.

DES is not offered.
"""
_PASSWORD = dict(
    zip(("file", "env", "systemd_credential"), ("password_file", "password_env", "systemd_credential"), strict=True)
)
_PRIVACY = dict(
    zip(("file", "env", "systemd_credential"), ("privacy_file", "privacy_env", "privacy_credential"), strict=True)
)
_OF_V3 = ("user", *_PRIVACY.values(), "hash", "cipher")
KEYS = ("name", "version", "user", *_PASSWORD.values(), *_PRIVACY.values(), "hash", "cipher", "cidrs")
_SHORTEST = 8
"""Minimum characters of a password (RFC 3414, 11.2)."""


@dataclass(frozen=True, slots=True)
class SnmpLogin:
    """One login for questions over SNMP."""

    name: str
    cidrs: tuple[Network, ...]
    """The only addresses for which it may be used."""
    where: str
    """``file:line`` of the reference to the password."""
    password_reference: Secret
    """Where the password is kept; for SNMPv2c, the community."""
    version: str = V3
    user: str = ""
    privacy_reference: Secret | None = None
    """Where the password for encryption is kept; None if it is the same password."""
    hash: str = "SHA-256"
    cipher: str = "AES-128"

    @property
    def is_clear_text(self) -> bool:
        """Whether everybody on the network can read the community and the answers."""
        return self.version == V2C

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """The references to its secrets."""
        return (self.password_reference, *([self.privacy_reference] if self.privacy_reference else []))

    def covers(self, ip: str) -> bool:
        """Whether it may be used for the address."""
        address = ipaddress.ip_address(ip.partition("%")[0])
        return any(address in network for network in self.cidrs)

    def passwords(self) -> tuple[str, str]:
        """The password of the user (or the community), and the password for encryption. Raises ConfigError.

        They are read now; no error message contains a password.
        """
        first = self.password_reference.read()
        second = self.privacy_reference.read() if self.privacy_reference else first
        if self.version == V3 and min(len(first), len(second)) < _SHORTEST:
            raise ConfigError(f"{self.where}: SNMPv3 needs a password of at least {_SHORTEST} characters")
        return first, second


def read_snmp_login(node: Node, base: Path) -> SnmpLogin:
    """Read one entry of ``snmp``; paths are relative to ``base``."""
    for name in ("password", "community"):
        if name in node.entries():
            raise node.entries()[name].error(
                f"do not write a {name} here: put it into a file that only you can read, and give the file as "
                "password_file"
            )
    keys = read_entries(node, KEYS, "name", "cidrs")
    version = _one_of(keys["version"], (V3, V2C)) if "version" in keys else V3
    if version == V2C and (wrong := [name for name in _OF_V3 if name in keys]):
        raise keys[wrong[0]].error(f"version 2c does not have a {wrong[0]}: it only has a community")
    if version == V3 and "user" not in keys:
        raise node.error("'user' is missing: SNMPv3 needs one; only version: 2c works without a user")
    what = "community" if version == V2C else "password"
    password = read_secret(node, keys, _PASSWORD, base, what)
    if password is None:
        raise node.error(f"exactly one of {', '.join(_PASSWORD.values())} must say where the {what} is")
    return SnmpLogin(
        name=read_word(keys["name"]),
        cidrs=read_some_networks(keys["cidrs"]),
        where=password.where,
        password_reference=password,
        version=version,
        user=read_word(keys["user"]) if "user" in keys else "",
        privacy_reference=read_secret(node, keys, _PRIVACY, base, "privacy password"),
        hash=_one_of(keys["hash"], HASHES) if "hash" in keys else "SHA-256",
        cipher=_one_of(keys["cipher"], CIPHERS) if "cipher" in keys else "AES-128",
    )


def _one_of(node: Node, allowed: tuple[str, ...]) -> str:
    if node.text() not in allowed:
        raise node.error(f"'{node.text()}' is not one of {', '.join(allowed)}")
    return node.text()
