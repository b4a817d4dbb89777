"""Laws, statements and decisions about equipment.

``read`` holds the rules, ``companies`` who owns whom, ``judge`` what they say of a device.
"""

from camscan.policies.read import load

__all__ = ["load"]
