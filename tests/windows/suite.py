"""Which tests make sense on Windows, and what of them is left out there, each with its reason."""

from __future__ import annotations

from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
ELSEWHERE: dict[str, str] = {}
"""``tests/test_NAME.py`` -> why nothing of it can be there."""


def files() -> list[str]:
    """Every other file of tests."""
    names = (path.stem.removeprefix("test_") for path in TESTS.glob("test_*.py"))
    return sorted(name for name in names if name not in ELSEWHERE)


SMOKE = ("on_windows", "windows_secret", "identify_field", "probe_sadp", "probe_tls", "record_keys")
"""Those of them that .ci/run tries, with the first part of the story."""
_WINE = "Wine sends what is bound to 127.x.x.x from 127.0.0.1, and tells nothing of ICMP"
_MODES = "file modes, special files and the system's words are POSIX's"
_PATHS = "it looks for paths as POSIX writes them"
_LINKS = "symbolic links need a privilege there"
_COUNTS = "Windows does not count the packets of a connection"
_UNITS = "units for systemd and lines for cron, with paths of Linux"
LEFT_OUT: dict[str, str] = {
    "schedule.py::test_*": _UNITS,
    "schedule.py::TestRefused::*": _UNITS,
    "schedule.py::TestInstall::*": _UNITS,
    "door_udp.py::test_question_and_answer*": _WINE,
    "door_udp.py::test_answers_from_another_port_and_address_are_heard": _WINE,
    "door_udp.py::test_a_closed_port_is_told_and_disturbs_no_other_question": _WINE,
    "door_udp.py::test_multicast_question_is_answered_to_the_asker": _WINE,
    "door_udp.py::test_the_group_is_heard_and_our_own_question_is_not": _WINE,
    "door_udp.py::test_each_subnet_of_a_link_is_asked_from_our_address_on_it*": _WINE,
    "door_udp.py::test_an_address_answers_a_port_that_nobody_else_was_asked_from": _WINE,
    "door_udp.py::test_what_cannot_be_heard_is_said": _MODES,
    "door_tcp.py::test_refused_silent_and_open_ports": _WINE,
    "door_tcp.py::test_the_packets_of_a_connection_are_those_on_the_wire": _COUNTS,
    "door_tcp.py::test_behind_a_firewall_that_swallows_questions_each_port_costs_a_round_trip": _COUNTS,
    "exports.py::TestFiles::test_what_cannot_be_written_is_one_line_that_says_why*": _MODES,
    "exports.py::TestFiles::test_a_read_only_directory_is_found_out_before_the_scan": _MODES,
    "exports.py::TestFiles::test_a_full_disk_is_one_line": _MODES,
    "exports.py::TestFiles::test_a_file_is_replaced_whole": _MODES,
    "exports.py::TestFiles::test_a_device_file_is_written_to": _MODES,
    "export_all.py::test_every_one_by_its_command": _PATHS,
    "strict_yaml.py::test_a_file_that_cannot_be_read_is_one_line": _MODES,
    "fingerprints.py::test_a_cache_that_others_can_write_is_ignored": _MODES,
    "fingerprints.py::test_the_checker_*": _PATHS,
    "fingerprints.py::test_an_overlay_is_checked_like_ours": _PATHS,
    "register_backup.py::TestBackup::test_never_over_the_register_itself": _LINKS,
}
"""Pattern of what stands behind ``tests/test_`` -> why it cannot be there."""
