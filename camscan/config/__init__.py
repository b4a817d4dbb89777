"""Reads ``camscan.yaml`` into :class:`Config`.

What only a file with such entries needs is loaded on first use.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

from camscan.config.authorisation import DAYS, Authorisation, Window
from camscan.config.find import find_config
from camscan.config.settings import FILE_NAME, PACES, Config

if TYPE_CHECKING:
    from camscan.config.credential import Credential
    from camscan.config.inventory import OtherInventory
    from camscan.config.read import load_config, read_config
    from camscan.config.site import Site, Subnet
    from camscan.config.snmp import SnmpLogin

__all__ = [
    "DAYS",
    "FILE_NAME",
    "PACES",
    "Authorisation",
    "Config",
    "Credential",
    "OtherInventory",
    "Site",
    "SnmpLogin",
    "Subnet",
    "Window",
    "find_config",
    "load_config",
    "read_config",
]
_HOMES: Mapping[str, str] = {
    "Credential": "credential",
    "OtherInventory": "inventory",
    "Site": "site",
    "SnmpLogin": "snmp",
    "Subnet": "site",
    "load_config": "read",
    "read_config": "read",
}
"""Name -> the module that defines it."""


def __getattr__(name: str) -> object:
    """One of the names above, loaded on first use."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
