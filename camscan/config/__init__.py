"""``camscan.yaml`` to :class:`Config`. With ``tree``, the strict reader, the room that reads YAML."""

from __future__ import annotations

from camscan.config.authorisation import Authorisation, Window
from camscan.config.credential import Credential
from camscan.config.read import find_config, load_config, read_config
from camscan.config.settings import FILE_NAME, PACES, Config
from camscan.config.site import Site, Subnet
from camscan.config.tree import MAX_BYTES, Node, load_yaml, parse_yaml

__all__ = [
    "FILE_NAME",
    "MAX_BYTES",
    "PACES",
    "Authorisation",
    "Config",
    "Credential",
    "Node",
    "Site",
    "Subnet",
    "Window",
    "find_config",
    "load_config",
    "load_yaml",
    "parse_yaml",
    "read_config",
]
