"""camscan finds Hikvision and Dahua equipment on your own estate and keeps the register of it."""

__version__ = "0.1.0"
__all__ = ["__version__"]
