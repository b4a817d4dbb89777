"""The emulated devices, one per file, each with its ``DEVICE``. Found by convention: a new file is a new device."""
