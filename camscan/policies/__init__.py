"""Laws, statements and decisions about equipment.

``read`` loads the rules, ``companies`` knows who owns whom, ``use`` chooses the rules that the council uses, ``judge``
applies them to a device, ``proof`` checks their examples.
"""

from camscan.policies.read import load_known_policies

__all__ = ["load_known_policies"]
