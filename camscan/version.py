"""The version of camscan."""

__version__ = "0.1.0"
