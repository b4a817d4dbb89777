"""What Linux and Windows do differently about the sockets of the estate's units.

Both modules have the same names (tests/test_system.py checks it), and the rest of the estate imports them from here.
"""

import sys

if sys.platform == "win32":
    from camscan.demo.system.windows import (
        RESET,
        allow_files,
        group_socket,
        is_open,
        send_datagram,
        stream_socket,
        unit_socket,
        unwatch,
        watch_connections,
        watch_group,
        watch_unit,
        when_to_end,
    )
else:
    from camscan.demo.system.linux import (
        RESET,
        allow_files,
        group_socket,
        is_open,
        send_datagram,
        stream_socket,
        unit_socket,
        unwatch,
        watch_connections,
        watch_group,
        watch_unit,
        when_to_end,
    )

__all__ = [
    "RESET",
    "allow_files",
    "group_socket",
    "is_open",
    "send_datagram",
    "stream_socket",
    "unit_socket",
    "unwatch",
    "watch_connections",
    "watch_group",
    "watch_unit",
    "when_to_end",
]
