"""Parcels: one scan in one signed file, to be carried to another register (``docs/parcels.md``).

A parcel holds what devices said, not what was concluded from it: the receiver reads it with their own parsers and
fingerprints. Nothing in it is trusted beyond what was approved for the key that signed it.
"""

from __future__ import annotations

SUFFIX = ".camparcel"
MOST_BYTES = 64 << 20
"""Of a file."""
MOST_UNPACKED = 256 << 20
"""Bytes of its lines."""
MOST_RATIO = 500
"""Bytes of lines for one byte of the file. A thousand cameras of one model with pages of 10 KB have 157."""
FREE_RATIO = 1 << 20
"""Bytes of lines to which the ratio does not apply: a small parcel says little of how well it packs."""
LONGEST_LINE = 8 << 20
MOST_LINES = 1_000_000
MOST_DEPTH = 32
"""Of objects and lists in one another; what camscan writes has six."""
