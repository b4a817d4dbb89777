"""Parcels: one scan in one signed file, to be carried to another register (``docs/parcels.md``).

A parcel holds what devices answered, not conclusions from it: the receiver reads it with their own parsers and
fingerprints. Nothing in a parcel is trusted beyond what was approved for the key that signed it.
"""

from __future__ import annotations

SUFFIX = ".camparcel"
MOST_BYTES = 64 << 20
"""The largest file of a parcel, in bytes."""
MOST_UNPACKED = 256 << 20
"""The most bytes of lines that a parcel may unpack to."""
MOST_RATIO = 500
"""The most bytes of lines for one byte of the file. A thousand cameras of one model with pages of 10 KB have 157."""
FREE_RATIO = 1 << 20
"""Bytes of lines to which the ratio does not apply: how well a small parcel packs shows little."""
LONGEST_LINE = 8 << 20
MOST_LINES = 500_000
"""Seven of each address of a /16 network."""
MOST_SILENT = 256
"""Questions without an answer that are kept of one address: a scan asks fewer."""
MOST_KEPT = 384 << 20
"""Bytes in memory that all attempts of a parcel may take. Twenty thousand devices of a /16 take 200 MiB."""
MOST_DEPTH = 32
"""How deeply objects and lists may be nested; what camscan writes has six levels."""
