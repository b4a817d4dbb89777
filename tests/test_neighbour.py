"""The kernel's neighbour table, from the bytes in which Linux 6.18 told it; and what it proves of a unit's life."""

from __future__ import annotations

import ipaddress
import socket
import struct

from camscan.net.neighbour import KEPT, RENEWED, Neighbour, Neighbours, neighbours, neighbours_v6
from camscan.net.resolving import LIFETIME
from camscan.net.system.linux.neighbours import is_last, parse

DUMP = bytes.fromhex(
    # 10.9.0.4 fixed by an administrator, .3 stale, .2 reachable, .6 without a state, .5 failed; the end.
    "4c0000001c00020001000000f1440000020000000300000080000001080001000a0900040a00020002000000000400000800040000000000"
    "1400030006000000060000000600000000000000"
    "4c0000001c00020001000000f1440000020000000300000004000001080001000a0900030a00020002000000000300000800040000000000"
    "1400030076170000060000000600000000000000"
    "4c0000001c00020001000000f1440000020000000300000002000001080001000a0900020a00020002000000000200000800040000000000"
    "1400030007000000070000000700000001000000"
    "400000001c00020001000000f1440000020000000300000000000001080001000a0900060800040000000000140003007617000006000000"
    "0600000000000000"
    "400000001c00020001000000f1440000020000000300000020000001080001000a0900050800040000000000140003007617000006000000"
    "0600000000000000"
    "140000000300020001000000f144000000000000"
)
STALE = Neighbour("02:00:00:00:00:03", 60.06)
REACHABLE = Neighbour("02:00:00:00:00:02", 0.07, assumed=True)
FIXED = Neighbour("02:00:00:00:00:04", float("inf"), assumed=True)


def test_who_has_answered_has_a_mac_and_a_time() -> None:
    assert parse(DUMP) == {"10.9.0.4": FIXED, "10.9.0.3": STALE, "10.9.0.2": REACHABLE}
    assert is_last(DUMP)
    assert not is_last(DUMP[:-20])


def test_a_torn_dump_costs_only_what_is_torn() -> None:
    for length in range(len(DUMP)):
        assert parse(DUMP[:length]).items() <= parse(DUMP).items()


def test_this_machine_tells_its_own() -> None:
    assert all(len(entry.mac) == 17 and (entry.confirmed or 0) >= 0 for entry in neighbours().values())


class Table:
    """A kernel's table, at a time of the test's own."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.entries: dict[str, Neighbour] = {}
        self.looks = 0
        self.seen = Neighbours(self.read, clock=lambda: self.now)

    def read(self) -> dict[str, Neighbour]:
        self.looks += 1
        return dict(self.entries)


def test_only_who_answered_since_the_run_began_is_known_to_live() -> None:
    table = Table()
    table.now += 2
    table.entries = {"10.9.0.2": Neighbour("02:00:00:00:00:02", 1.5), "10.9.0.3": Neighbour("02:00:00:00:00:03", 2.5)}
    assert table.seen.mac("10.9.0.2", lives=False) == "02:00:00:00:00:02"
    assert not table.seen.mac("10.9.0.3", lives=False)
    assert table.seen.mac("10.9.0.3", lives=True) == "02:00:00:00:00:03"
    assert not table.seen.mac("10.9.0.4", lives=True)


def test_of_whom_the_kernel_does_not_ask_it_cannot_tell() -> None:
    table = Table()
    just_now = Neighbour("02:00:00:00:00:02", 5.0, assumed=True)
    table.entries = {"10.9.0.2": just_now, "10.9.0.3": STALE, "10.9.0.4": FIXED}
    assert [ip for ip in ("10.9.0.2", "10.9.0.3", "10.9.0.4", "10.9.0.5") if table.seen.is_assumed(ip)] == [
        "10.9.0.2",
        "10.9.0.4",
    ]
    assert not table.seen.mac("10.9.0.2", lives=False)
    assert not table.seen.mac("10.9.0.4", lives=False)
    assert table.seen.mac("10.9.0.4", lives=True) == FIXED.mac


def test_who_was_there_before_is_given_the_time_that_the_kernel_takes() -> None:
    table = Table()
    table.entries = {"10.9.0.3": STALE}
    assert table.seen.asked_for("10.9.0.3") == RENEWED
    assert table.seen.asked_for("10.9.0.4") == LIFETIME
    table.now += RENEWED
    table.entries = {"10.9.0.3": Neighbour(STALE.mac, 2.9)}  # it has answered the kernel's question
    assert table.seen.mac("10.9.0.3", lives=False) == STALE.mac


def test_the_table_is_not_read_for_every_address() -> None:
    table = Table()
    for number in range(100):
        table.seen.mac(f"10.9.0.{number}", lives=False)
        table.now += 0.01
    assert table.looks <= 7


def test_the_earliest_of_many_make_room_for_others_and_strangers_stay() -> None:
    forgotten: list[tuple[str, int]] = []
    seen = Neighbours(lambda: {"10.9.0.3": STALE}, forget=lambda ip, interface: forgotten.append((ip, interface)))
    for number in range(KEPT + 5):
        seen.release(f"10.9.{number // 250}.{number % 250}", 7)
    assert forgotten == [("10.9.0.0", 7), ("10.9.0.1", 7), ("10.9.0.2", 7), ("10.9.0.4", 7)]


def test_who_may_forget_nobody_asks_once() -> None:
    asked: list[str] = []

    def refuse(ip: str, _interface: int) -> None:
        asked.append(ip)
        raise PermissionError(1, "Operation not permitted")

    seen = Neighbours(dict, forget=refuse)
    for number in range(KEPT + 5):
        seen.release(f"10.9.{number // 250}.{number % 250}", 7)
    assert asked == ["10.9.0.0"]


def entry_v6(ip: str, mac: str, interface: int) -> bytes:
    """A reachable neighbour, as the kernel tells it of IPv6."""
    address = b"\x14\x00\x01\x00" + ipaddress.IPv6Address(ip).packed
    link = b"\x0a\x00\x02\x00" + bytes.fromhex(mac.replace(":", "")) + b"\0\0"
    times = b"\x14\x00\x03\x00" + struct.pack("=IIII", 7, 7, 7, 1)
    body = struct.pack("=BxxxiHBB", socket.AF_INET6, interface, 0x02, 0, 1) + address + link + times
    return struct.pack("=IHHII", 16 + len(body), 28, 2, 1, 0) + body


def test_neighbours_of_ipv6_are_reported_with_their_zone() -> None:
    dump = entry_v6("fe80::7", "02:00:00:00:00:07", 3) + entry_v6("2001:db8::7", "02:00:00:00:00:07", 3)
    found = parse(dump, name_of={3: "eth3"}.__getitem__)
    assert found == dict.fromkeys(["fe80::7%eth3", "2001:db8::7"], Neighbour("02:00:00:00:00:07", 0.07, assumed=True))


def test_a_neighbour_on_an_interface_that_has_gone_is_left_out() -> None:
    def gone(_index: int) -> str:
        raise OSError

    assert parse(entry_v6("fe80::7", "02:00:00:00:00:07", 3), name_of=gone) == {}


def test_this_machine_tells_its_own_of_ipv6() -> None:
    assert all(":" in ip and len(entry.mac) == 17 for ip, entry in neighbours_v6().items())
