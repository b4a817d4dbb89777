"""How each protocol's bytes are put together: one file per protocol, functions that make services of a device."""
