"""The emulated devices, one per file, each with its ``DEVICE``. Found by convention: a new file is a new device.

The file's docstring says in one line what is special about it. ``DEVICE`` says what is true of it (maker, brand,
model, firmware, kind), how its serials and MACs look, and which services it has; the functions that make services are
in ``camscan.demo.wire``, one file per protocol. ``gives`` names the fields that a service's bytes tell; ``maker`` only
where they are strong evidence. Models are real; serials and MACs are made up, and the tests hold them to it.
"""
