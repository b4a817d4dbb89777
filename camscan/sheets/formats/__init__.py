"""One spreadsheet format per file; each exposes ``SHEET``."""
