"""Everything that Linux and Windows do differently about networks (docs/adr/0030-the-seam.md).

Both folders have the same names (tests/test_system.py checks it), and the rest of camscan imports them from here. If a
system does not give a value, it is unknown and never guessed.
"""

import sys

from camscan.net.system.nouns import (
    Adapter,
    Datagram,
    Drain,
    InterfaceAddress,
    Neighbour,
    Refusal,
    Route,
    Source,
    Traffic,
)

if sys.platform == "win32":
    from camscan.net.system.windows.links import (
        adapters,
        affordable,
        neighbour_room,
        neighbours_lost,
        routes,
        tracked_share,
    )
    from camscan.net.system.windows.neighbours import (
        forget_neighbour,
        neighbours,
        neighbours_v6,
    )
    from camscan.net.system.windows.sockets import (
        AIM,
        AIM_GENTLY,
        GROUP_SOCKETS_HEAR_ALL,
        NO_RAW_PACKETS,
        READS_AHEAD,
        SYNS,
        acknowledge_late,
        bind_to_group,
        error_number,
        expect_reset,
        is_of_earlier,
        join_group,
        prepare,
        refusals,
        send_to_groups,
        traffic,
        tune_connection,
        tune_datagrams,
        unwatch,
        watch,
        zone_index,
        zone_name,
    )
else:
    from camscan.net.system.linux.links import (
        adapters,
        affordable,
        neighbour_room,
        neighbours_lost,
        routes,
        tracked_share,
    )
    from camscan.net.system.linux.neighbours import (
        forget_neighbour,
        neighbours,
        neighbours_v6,
    )
    from camscan.net.system.linux.sockets import (
        AIM,
        AIM_GENTLY,
        GROUP_SOCKETS_HEAR_ALL,
        NO_RAW_PACKETS,
        READS_AHEAD,
        SYNS,
        acknowledge_late,
        bind_to_group,
        error_number,
        expect_reset,
        is_of_earlier,
        join_group,
        prepare,
        refusals,
        send_to_groups,
        traffic,
        tune_connection,
        tune_datagrams,
        unwatch,
        watch,
        zone_index,
        zone_name,
    )

__all__ = [
    "AIM",
    "AIM_GENTLY",
    "GROUP_SOCKETS_HEAR_ALL",
    "NO_RAW_PACKETS",
    "READS_AHEAD",
    "SYNS",
    "Adapter",
    "Datagram",
    "Drain",
    "InterfaceAddress",
    "Neighbour",
    "Refusal",
    "Route",
    "Source",
    "Traffic",
    "acknowledge_late",
    "adapters",
    "affordable",
    "bind_to_group",
    "error_number",
    "expect_reset",
    "forget_neighbour",
    "is_of_earlier",
    "join_group",
    "neighbour_room",
    "neighbours",
    "neighbours_lost",
    "neighbours_v6",
    "prepare",
    "refusals",
    "routes",
    "send_to_groups",
    "tracked_share",
    "traffic",
    "tune_connection",
    "tune_datagrams",
    "unwatch",
    "watch",
    "zone_index",
    "zone_name",
]
