"""``web:`` of camscan.yaml: the address of ``camscan serve``, and how people sign in there."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

from camscan.config.secret import Secret, read_secret
from camscan.config.value import Network, read_entries, read_networks, read_word
from camscan.dataclass import dataclass
from camscan.strict_yaml import Node

RIGHTS = ("owner", "officer", "site_manager", "finance", "foi", "auditor", "ict")
"""Rights that a person may have (``camscan/web/rights.py``; a test compares them)."""
_SECRET = {
    "file": "client_secret_file",
    "env": "client_secret_env",
    "systemd_credential": "client_secret_credential",
}
_OIDC = ("issuer", "client_id", *_SECRET.values(), "tenant", "roles", "roles_claim")
_HEADERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")
_TAKEN = ("x-forwarded", "forwarded", "host", "cookie", "origin", "sec-", "content-", "authorization")


@dataclass(frozen=True, slots=True, kw_only=True)
class Oidc:
    """A service that signs people in by OpenID Connect."""

    issuer: str
    """The issuer's own name: tokens must contain the same text, letter by letter."""
    client_id: str
    secret: Secret
    tenant: str = ""
    """For Entra: ``tid`` must have this value, and ``oid`` identifies an account."""
    roles: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Name of a role at the service -> one of ``RIGHTS``; if several apply, the first counts."""
    roles_claim: str = "roles"
    where: str = ""
    """``file:line``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Web:
    """The settings in ``web:``; without it, the pages are only for the person who starts them."""

    url: str = ""
    """``https://host`` or ``https://host:port``, without a path."""
    trusted_proxies: tuple[Network, ...] = ()
    """Proxies whose headers about the real client are trusted, by the address of their connection."""
    oidc: Oidc | None = None
    proxy_header: str = ""
    """The header, in lower case, in which a trusted proxy names the person who has signed in."""

    @property
    def is_shared(self) -> bool:
        """Whether people sign in, so that other people than the one who started it may use the pages."""
        return bool(self.oidc or self.proxy_header)


def read_web(node: Node, base: Path) -> Web:
    """Read the section; files are relative to ``base``. Raises ConfigError with file and line."""
    keys = node.only("url", "trusted_proxies", "auth")
    url = _url(keys["url"], "the address of the pages") if "url" in keys else ""
    proxies = read_networks(keys["trusted_proxies"]) if "trusted_proxies" in keys else ()
    if any(proxy.prefixlen == 0 for proxy in proxies):
        raise keys["trusted_proxies"].error("that is everybody; name the addresses of your own proxies")
    ways = keys["auth"].only("oidc", "proxy") if "auth" in keys else {}
    if len(ways) > 1 or ("auth" in keys and not ways):
        raise keys["auth"].error("name one way to sign in: oidc or proxy")
    if ways and not url:
        raise node.error("'url' is missing: people who sign in are sent back to it")
    if ways and not proxies and ("proxy" in ways or url.startswith("https:")):
        raise node.error("'trusted_proxies' is missing: camscan serve runs behind a proxy, which has the certificate")
    return Web(
        url=url,
        trusted_proxies=proxies,
        oidc=_oidc(ways["oidc"], base) if "oidc" in ways else None,
        proxy_header=_header(ways["proxy"]) if "proxy" in ways else "",
    )


def _oidc(node: Node, base: Path) -> Oidc:
    if isinstance(node.value, dict) and "client_secret" in node.value:
        raise node.value["client_secret"].error(
            "do not write the secret here: put it into a file that only you can read, and give the file as "
            "client_secret_file"
        )
    keys = read_entries(node, _OIDC, "issuer", "client_id")
    kept = read_secret(node, keys, _SECRET, base, "client secret")
    if kept is None:
        raise node.error(f"exactly one of {', '.join(_SECRET.values())} must say where the client secret is")
    return Oidc(
        issuer=_url(keys["issuer"], "an issuer", may_have_path=True),
        client_id=read_word(keys["client_id"]),
        secret=kept,
        tenant=read_word(keys["tenant"]) if "tenant" in keys else "",
        roles=_roles(keys["roles"]) if "roles" in keys else MappingProxyType({}),
        roles_claim=read_word(keys["roles_claim"]) if "roles_claim" in keys else "roles",
        where=f"{node.file}:{node.line}",
    )


def _roles(node: Node) -> Mapping[str, str]:
    found = {}
    for name, value in node.entries().items():
        text = read_word(value)
        if text not in RIGHTS:
            raise value.error(f"'{text}' is not one of: {', '.join(RIGHTS)}")
        found[name] = text
    return MappingProxyType(found)


def _header(node: Node) -> str:
    name = read_word(read_entries(node, ("header",), "header")["header"]).lower()
    if not _HEADERS.issuperset(name):
        raise node.error(f"'{name}' is not the name of a header; it has letters, digits and '-', and no '_'")
    if name.startswith(_TAKEN):
        raise node.error(f"'{name}' has another meaning; name the header in which the proxy says who signed in")
    return name


def _url(node: Node, what: str, *, may_have_path: bool = False) -> str:
    text = read_word(node)
    example = "write it as https://cameras.example.gov.uk"
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise node.error(f"'{text}' is not {what}; {example}") from None
    is_plain = parts.scheme == "http" and _is_this_machine(host)
    if not host or port == 0 or not text.isascii() or not (parts.scheme == "https" or is_plain):
        raise node.error(f"'{text}' is not {what}; {example}")
    if parts.query or parts.fragment or "@" in parts.netloc or (parts.path.strip("/") and not may_have_path):
        raise node.error(f"'{text}' is more than the name of a host; {example}")
    return text if may_have_path else f"{parts.scheme}://{parts.netloc.lower()}"


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
