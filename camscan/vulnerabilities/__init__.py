"""Known vulnerabilities of the two makers' firmware.

``read`` holds the table, ``kev`` the flags of known exploitation, ``assess`` which of them concern a device.
"""

from camscan.vulnerabilities.read import load_weaknesses

__all__ = ["load_weaknesses"]
