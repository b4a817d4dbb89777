"""Matches to an identification; observations to devices. Pure: the same observations always give the same answer."""

from __future__ import annotations

from camscan.identify.box import identify
from camscan.identify.decide import word
from camscan.identify.merge import Cluster, clusters, device, merge

__all__ = ["Cluster", "clusters", "device", "identify", "merge", "word"]
