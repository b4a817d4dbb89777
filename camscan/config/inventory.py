"""Inventories of other programs that camscan reads over HTTPS: their address, and where the token is kept."""

from __future__ import annotations

from pathlib import Path

from camscan.config.secret import Secret, read_secret
from camscan.config.value import read_entries, read_path, read_word
from camscan.dataclass import dataclass
from camscan.strict_yaml import Node

_TOKEN = dict(zip(("file", "env", "systemd_credential"), ("token_file", "token_env", "token_credential"), strict=True))
KEYS = ("name", "url", *_TOKEN.values(), "ca_file")


@dataclass(frozen=True, slots=True)
class OtherInventory:
    """One NetBox."""

    name: str
    url: str
    """``https://…``, up to the folder in which it is installed."""
    token: Secret
    where: str
    """``file:line``."""
    ca_file: str = ""
    """The authority of its certificate, if it is not one of the system's; an absolute path."""


def read_inventory(node: Node, base: Path) -> OtherInventory:
    """Read one entry of ``inventories``; paths are relative to ``base``."""
    if "token" in node.entries():
        raise node.entries()["token"].error(
            "do not write a token here: put it into a file that only you can read, and give the file as token_file"
        )
    keys = read_entries(node, KEYS, "name", "url")
    url = read_word(keys["url"]).rstrip("/")
    if not url.lower().startswith("https://") or "@" in url or "?" in url:
        raise keys["url"].error("expected an address that begins with https://, without a password and without a query")
    token = read_secret(node, keys, _TOKEN, base, "token")
    if token is None:
        raise node.error(f"exactly one of {', '.join(_TOKEN.values())} must say where the token is")
    return OtherInventory(
        name=read_word(keys["name"]),
        url=url.removesuffix("/api"),
        token=token,
        where=f"{node.file}:{node.line}",
        ca_file=str(read_path(keys["ca_file"], base)) if "ca_file" in keys else "",
    )
