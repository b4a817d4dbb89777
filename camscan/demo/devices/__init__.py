"""The emulated devices, one per file, each with its ``DEVICE``. Files are found by their place.

The docstring of a file says in one line what is special about the device. ``DEVICE`` gives its true values (maker,
brand, model, firmware, kind), the form of its serials and MACs, and its services. The functions that make services are
in ``camscan.demo.wire``, one file per protocol. ``gives`` names the fields that the bytes of a service give; it names
``maker`` only if they are strong evidence. Models are real; serials and MACs are made up, and the tests check that.
"""
