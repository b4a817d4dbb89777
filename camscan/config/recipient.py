"""The recipients of alerts: ``notify`` of camscan.yaml. ``camscan/notify/channels/`` sends to each channel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from types import MappingProxyType

from camscan.config.secret import Secret, read_secret
from camscan.config.value import read_entries, read_number, read_path, read_word
from camscan.dataclass import dataclass
from camscan.errors import ConfigError
from camscan.strict_yaml import Node

CLASSES = ("alarm", "trouble", "news", "progress")
"""The classes of alerts, the most urgent first."""
DETAILS = ("counts", "full")
"""How much an alert says. ``counts``: numbers, site and asset number; ``full``: also addresses, models and changes."""
CHANNEL = ("channel", "name", "classes", "detail")
LISTS = ("to",)
TEXTS = ("from", "server", "user", "url")
FILES = ("sendmail", "ca_file")
SECRETS = {"password": "password", "secret": "secret", "url": "address"}
"""Option that may be kept in a file, the environment or systemd -> its name in messages."""
REFERENCES = {
    secret: {"file": f"{secret}_file", "env": f"{secret}_env", "systemd_credential": f"{secret}_credential"}
    for secret in SECRETS
}
KEYS = (
    *CHANNEL,
    *LISTS,
    *TEXTS,
    "port",
    *FILES,
    *(name for names in REFERENCES.values() for name in names.values()),
)
_LAST_PORT = 65535


@dataclass(frozen=True, slots=True)
class Recipient:
    """One recipient, and the alerts that it gets over its channel. Each channel says which options it needs."""

    name: str
    channel: str
    """Name of the channel: ``mail``, ``webhook`` …"""
    classes: tuple[str, ...] = CLASSES
    detail: str = DETAILS[0]
    to: tuple[str, ...] = ()
    options: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Key -> text; paths of files are absolute."""
    secrets: Mapping[str, Secret] = field(default_factory=lambda: MappingProxyType({}))
    """``password``, ``secret`` or ``url`` -> where it is kept."""
    where: str = ""
    """``file:line``."""

    def options_given(self) -> frozenset[str]:
        """The options that it has, as text or by reference."""
        return frozenset({*self.options, *self.secrets, *(["to"] if self.to else [])})

    def text(self, option: str) -> str:
        """An option; empty if there is none. A secret is read now. Raises ConfigError."""
        kept = self.secrets.get(option)
        return kept.read() if kept else self.options.get(option, "")

    def error_about(self, message: str) -> ConfigError:
        """The error about this recipient: ``file:line: message``."""
        return ConfigError(f"{self.where}: {message}")


def read_recipient(node: Node, base: Path) -> Recipient:
    """Read one entry of ``notify``; files are relative to ``base``. Raises ConfigError with file and line."""
    if isinstance(node.value, dict):
        for key in SECRETS:
            if key in node.value and key != "url":
                raise node.value[key].error(
                    f"do not write the {key} here: put it into a file that only you can read, and give the file as "
                    f"{key}_file"
                )
    keys = read_entries(node, KEYS, "channel", "name")
    options = {key: read_word(keys[key]) for key in TEXTS if key in keys}
    options |= {key: str(read_path(keys[key], base).absolute()) for key in FILES if key in keys}
    if "from" in keys:
        _read_address(keys["from"])
    if "port" in keys:
        options["port"] = str(read_number(keys["port"], 1, _LAST_PORT, "port"))
    if "url" in keys and not options["url"].lower().startswith("https://"):
        raise keys["url"].error("alerts go over HTTPS only; the address begins with https://")
    kept = {each: read_secret(node, keys, names, base, SECRETS[each]) for each, names in REFERENCES.items()}
    if "url" in options and kept["url"]:
        raise keys["url"].error("the address is given here and elsewhere; keep one")
    return Recipient(
        name=read_word(keys["name"]),
        channel=read_word(keys["channel"]),
        classes=_read_words(keys["classes"], CLASSES) if "classes" in keys else CLASSES,
        detail=_read_one(keys["detail"], DETAILS) if "detail" in keys else DETAILS[0],
        to=_read_addresses(keys["to"]) if "to" in keys else (),
        options=MappingProxyType(options),
        secrets=MappingProxyType({each: found for each, found in kept.items() if found}),
        where=f"{node.file}:{node.line}",
    )


def _read_one(node: Node, known: tuple[str, ...]) -> str:
    text = read_word(node)
    if text not in known:
        raise node.error(f"'{text}' is not one of: {', '.join(known)}")
    return text


def _read_words(node: Node, known: tuple[str, ...]) -> tuple[str, ...]:
    found = tuple(_read_one(item, known) for item in node.items())
    if not found:
        raise node.error(f"name at least one of {', '.join(known)}, or take the line out")
    return tuple(each for each in known if each in found)


def _read_addresses(node: Node) -> tuple[str, ...]:
    found = tuple(map(_read_address, node.items()))
    if not found:
        raise node.error("name at least one address, such as [cctv@example.gov.uk]")
    return found


def _read_address(node: Node) -> str:
    text = read_word(node)
    name, at, host = text.rpartition("@")
    if not (at and name and host) or not text.isascii() or set(text) & set(' ,;<>"\\'):
        raise node.error(f"'{text}' is not a mail address; write it as cctv@example.gov.uk")
    return text
