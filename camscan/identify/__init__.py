"""Turns matches into an identification, and observations into devices.

Pure: the same observations give the same answer.
"""

from __future__ import annotations

from camscan.identify.box import identify_box
from camscan.identify.decide import certainty_word
from camscan.identify.merge import Cluster, group_by_box, make_device, merge_attempts

__all__ = ["Cluster", "certainty_word", "group_by_box", "identify_box", "make_device", "merge_attempts"]
