"""One channel per file. Each has a ``CHANNEL`` and is found by its place; there is no registry."""
