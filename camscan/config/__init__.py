"""Reads ``camscan.yaml`` into :class:`Config`."""

from __future__ import annotations

from camscan.config.authorisation import DAYS, Authorisation, Window
from camscan.config.credential import Credential
from camscan.config.inventory import OtherInventory
from camscan.config.read import find_config, load_config, read_config
from camscan.config.settings import FILE_NAME, PACES, Config
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
