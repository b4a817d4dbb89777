"""One channel per file. Each exposes ``CHANNEL``; files are found by their place, there is no registry."""
