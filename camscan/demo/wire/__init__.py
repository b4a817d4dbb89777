"""The bytes of each protocol: one file per protocol, with functions that make the services of a device."""
