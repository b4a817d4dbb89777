"""Laws, statements and decisions about equipment.

``read`` holds the rules, ``companies`` who owns whom, ``use`` which rules the council uses, ``judge`` what they say of
a device, ``proof`` whether their examples hold.
"""

from camscan.policies.read import load_known_policies

__all__ = ["load_known_policies"]
