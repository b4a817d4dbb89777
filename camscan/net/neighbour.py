"""The kernel's neighbour table: who lives on the attached link, readable without any privilege."""

from __future__ import annotations

from pathlib import Path

ARP_TABLE = Path("/proc/net/arp")
COMPLETE = 0x2  # ATF_COM of linux/if_arp.h: the entry holds an address that answered
NO_MAC = "00:00:00:00:00:00"


def neighbours(table: Path = ARP_TABLE) -> dict[str, str]:
    """IPv4 address -> MAC (lower case, colons) of every neighbour that answered ARP; empty without a table."""
    try:
        lines = table.read_text(encoding="ascii", errors="replace").splitlines()[1:]
    except OSError:
        return {}
    found = {}
    for line in lines:
        fields = line.split()
        if len(fields) < 4:  # noqa: PLR2004 - address, type, flags, MAC
            continue
        ip, _type, flags, mac = fields[:4]
        if int(flags, 16) & COMPLETE and mac != NO_MAC:
            found[ip] = mac.lower()
    return found
