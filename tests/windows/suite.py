"""Which tests make sense on Windows, and what of them is left out there, each with its reason."""

from __future__ import annotations

import fnmatch
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
FILES: tuple[str, ...] = (
    *("addresses", "alerts", "allowance", "answer", "app_by_site", "app_streaming", "asset_row", "beginnings"),
    *("briefing", "build_date", "cache", "capability_rules", "captures", "centre", "centre_limits", "centre_watch"),
    *("certainty", "cli", "cli_config", "cli_diff", "cli_edit", "cli_enrich", "cli_foi", "cli_hostile_output"),
    *("cli_import", "cli_import_lists", "cli_import_netbox", "cli_import_snmp", "cli_plan", "cli_register_sheets"),
    *("cli_review", "cli_show", "cli_sites", "cli_summary", "cli_table", "cli_weakness", "collect", "collect_line"),
    *("columns", "config", "config_credential", "config_schema", "config_sites", "cross_accusation", "dataclass"),
    *("dates", "decode", "door_tcp", "door_udp", "drafts", "due_errands", "edition", "enrich", "enrich_onvif"),
    *("explain", "export_all", "export_command", "export_glpi", "export_netbox", "export_ocsf", "export_pages"),
    *("export_removals", "export_snipe_it", "exports", "files", "fingerprint_database", "fingerprint_tools"),
    *("fingerprints", "foi_pack", "foi_withholding", "headline", "http_reader", "identify", "identify_field"),
    *("identify_merge", "ingest_headed", "ingest_inventory", "ingest_leases", "ingest_nmap", "ingest_pcap"),
    *("ingest_snmp", "ingest_sources", "ingest_tables", "kept", "link_arp", "link_sadp", "link_streams"),
    *("link_syn", "log", "memory_flat", "message", "mistakes", "model_rules", "neighbour", "net_paths", "net_text"),
    *("newer_models", "notify_channels", "notify_decide", "on_windows", "one_net", "only_heard", "oui_import"),
    *("own_files", "pace", "page", "page_charts", "page_palette", "parcel", "parcel_register", "parcel_signature"),
    *("pasted_tables", "plan_config", "plan_docs", "plan_entered_twice", "plan_judging", "plan_proposal"),
    *("plan_status", "policies", "probe_dahua5050", "probe_dahua_cgi", "probe_dhcp", "probe_dhip", "probe_dvrip"),
    *("probe_favicon", "probe_ftp", "probe_http", "probe_isapi", "probe_login401", "probe_mac", "probe_mdns"),
    *("probe_onvif", "probe_restraint", "probe_rpc2", "probe_rtsp", "probe_sadp", "probe_snmp", "probe_ssdp"),
    *("probe_telnet", "probe_tls", "probe_upnp", "probe_wsd", "probes", "protocols", "public_samples", "reasons"),
    *("rebrand_recall", "record_channels", "record_conflicts", "record_entry", "record_keys", "record_matching"),
    *("record_news", "record_presence", "register", "register_backup", "register_channels", "register_docs"),
    *("register_earlier", "register_entries", "register_events", "register_identity", "register_import_hostile"),
    *("register_impostor", "register_judging", "register_late", "register_listing", "register_merged_row"),
    *("register_migrations", "register_paging", "register_presence", "register_reidentify", "register_review"),
    *("register_same_device", "register_short", "register_sites", "register_twins", "register_units", "report"),
    *("rounds", "run", "scan_replies", "scan_state", "schedule", "scope", "sheets", "sheets_contractor"),
    *("sheets_import", "sheets_reading", "show_damaged", "simulated_sites", "software", "statement", "store"),
    *("store_acts", "store_packs", "store_people", "store_sessions", "story", "stranger_marks", "strict_yaml"),
    *("target", "tcp_parsers", "timing", "tls", "two_programs", "unrecordable", "vulnerabilities", "web"),
    *("web_acts", "web_answers", "web_attacks", "web_collectors", "web_draft", "web_enter", "web_files"),
    *("web_golden", "web_import", "web_load", "web_log", "web_people", "web_plan_pages", "web_proxy", "web_review"),
    *("web_rights", "web_static", "windows_secret", "work_queue", "xml"),
)
"""``tests/test_NAME.py`` each: parsers, identification, register, plan, spreadsheets, exports, commands, the door."""
ELSEWHERE: dict[str, str] = {
    "adversary": "a timer by signal bounds each case, which Windows lacks",
    "door_scope": "it watches calls of sockets that the Proactor loop does not make",
    **dict.fromkeys(("backoff", "interface", "resolving", "route", "system"), "of Linux' own modules"),
    **dict.fromkeys(
        ("link_capture", "link_input", "link_reader"), "scapy does not start under Wine, or is not installed"
    ),
    **dict.fromkeys(("web_browser*", "web_journeys", "report_browser", "web_oidc"), "Chromium or node runs on Linux"),
    **dict.fromkeys(("snmp_agent", "ingest_nmap_engine", "metrics"), "a program of Linux judges or answers"),
    **dict.fromkeys(
        ("benchmarks", "bundles", "deploy", "development_page", "docs", "docs_commands", "house", "image", "install"),
        "of this repository and its tools, which are Linux's",
    ),
    **dict.fromkeys(
        ("library", "mutants", "plain_words", "rooms", "supported", "windows_suite", "words"),
        "of this repository and its tools, as above",
    ),
    **dict.fromkeys(("register_durability", "register_failures", "ten_nights", "two_processes"), "POSIX processes"),
    **dict.fromkeys(("cli_loading", "web_serve"), "signals as POSIX has them"),
    **dict.fromkeys(
        ("many_sites", "register_postgresql", "restore_drill"), "it starts PostgreSQL servers and programs of Linux"
    ),
    "corpus": "lists that are not part of this repository",
    "answer_story": "runs an estate",
    **dict.fromkeys(
        ("demo_*", "*_estate", "scan_*", "hostile_*", "cli_scan", "cli_resume"), "runs an estate; see the story"
    ),
    "*": "nobody has tried it there yet",
}
"""Pattern of the name after ``tests/test_`` -> why the file is not run there; the first pattern counts."""


def elsewhere() -> dict[str, str]:
    """Every file of tests that is not run there, and why."""
    names = sorted(path.stem.removeprefix("test_") for path in TESTS.glob("test_*.py"))
    return {
        name: next(reason for pattern, reason in ELSEWHERE.items() if fnmatch.fnmatchcase(name, pattern))
        for name in names
        if name not in FILES
    }


SMOKE = ("on_windows", "windows_secret", "identify_field", "probe_sadp", "probe_tls", "record_keys")
"""Those of them that .ci/run tries, with the first part of the story."""
_WINE = "Wine sends what is bound to 127.x.x.x from 127.0.0.1, and tells nothing of ICMP"
_MODES = "file modes, special files and the system's words are POSIX's"
_PATHS = "it looks for paths as POSIX writes them"
_FOLDERS = "it looks for a user's folders where Linux has them"
_LINKS = "symbolic links need a privilege there"
_COUNTS = "Windows does not count the packets of a connection"
_SHELL = "a shell's pipe, full disk or locale, as POSIX has them"
_HOSTS = "a dozen servers in one process are slower under Wine than a device may be"
_SIGNALS = "signals as POSIX has them"
_UNITS = "units for systemd and lines for cron, with paths of Linux"
LEFT_OUT: dict[str, str] = {
    "cli.py::TestBadRequest::test_broken_fingerprint_of_ones_own": _PATHS,
    "cli.py::TestCannotKeep::test_register_in_a_directory_that_is_not_there": _PATHS,
    "cli.py::TestCannotKeep::test_output_in_a_directory_that_is_not_there*": _PATHS,
    "cli.py::TestTerminal::test_a_reader_that_goes_away_is_not_an_error*": _SHELL,
    "cli.py::TestTerminal::test_results_to_a_reader_that_goes_away": _SHELL,
    "cli.py::TestTerminal::test_a_full_disk_behind_standard_output*": _SHELL,
    "cli.py::TestTerminal::test_a_locale_without_the_characters*": _SHELL,
    "cli.py::TestTerminal::test_a_mistake_is_reported_in_a_locale_without_the_characters": _SHELL,
    "enrich.py::test_many_devices_are_asked_once_one_has_accepted": _HOSTS,
    "cli_register_sheets.py::TestExport::test_where_it_cannot_be_written": _PATHS,
    "cli_table.py::test_a_checkout_is_called_as_it_was_typed": _PATHS,
    "cli_table.py::test_it_is_called_as_briefly_as_it_can_be": _PATHS,
    "cli_config.py::TestInit::test_not_through_a_dangling_link_either": _LINKS,
    "cli_config.py::TestInit::test_a_directory_that_is_missing": _PATHS,
    "config_credential.py::*that home folder is not known*": "any name may have a folder beside the user's own",
    "cli_enrich.py::test_a_password_that_others_may_read_is_not_used": _MODES,
    "cli_foi.py::TestDraft::test_it_writes_the_files_for_their_owner_alone_and_says_what_to_do": _MODES,
    "cli_foi.py::TestRelease::test_nothing_is_remembered_where_a_file_cannot_be_written": _PATHS,
    "cli_foi.py::TestWrongArguments::test_a_file_or_a_link_is_not_a_folder": _LINKS,
    "cli_import_lists.py::test_a_file_that_cannot_be_read_to_its_end_is_named": _MODES,
    "link_arp.py::test_this_machines_loopback_is_listed": "it asks Linux for an interface",
    "log.py::test_only_the_owner_can_read_the_file_and_what_was_in_it_stays": _MODES,
    "log.py::test_it_follows_no_link_and_writes_to_nothing_but_a_file_of_its_own*": _MODES,
    "log.py::TestOptions::test_a_file_that_cannot_be_written_ends_it_before_anything_is_sent": _LINKS,
    "mistakes.py::*register export no/such/out.ods*": _PATHS,
    "notify_channels.py::TestWebhook::test_a_server_that_leaves_tls": "it writes to a socket as to a file",
    "notify_channels.py::TestMail::test_by_the_mail_system_of_this_machine": "the mail system is a script of a shell",
    "one_net.py::test_a_unit_that_cannot_be_read_stands_in_the_report*": _WINE,
    "one_net.py::test_what_was_left_unread_is_reported": _WINE,
    "parcel.py::TestKeys::test_a_new_one_is_for_its_owner_alone_and_found_again": _MODES,
    "parcel_register.py::TestExport::test_the_newest_that_is_kept": _MODES,
    "schedule.py::TestInstallForWindows::*": "its schtasks is a script of a shell",
    "schedule.py::test_*": _UNITS,
    "schedule.py::TestRefused::*": _UNITS,
    "schedule.py::TestInstall::*": _UNITS,
    "door_udp.py::test_question_and_answer*": _WINE,
    "door_udp.py::test_answers_from_another_port_and_address_are_heard": _WINE,
    "door_udp.py::test_a_closed_port_is_reported_and_disturbs_no_other_question": _WINE,
    "door_udp.py::test_multicast_question_is_answered_to_the_asker": _WINE,
    "door_udp.py::test_the_group_is_heard_and_our_own_question_is_not": _WINE,
    "door_udp.py::test_each_subnet_of_a_link_is_asked_from_our_address_on_it*": _WINE,
    "door_udp.py::test_an_address_answers_to_a_port_of_its_own": _WINE,
    "door_udp.py::test_what_cannot_be_heard_is_reported": _MODES,
    "door_tcp.py::test_refused_silent_and_open_ports": _WINE,
    "door_tcp.py::test_the_packets_of_a_connection_are_those_on_the_wire": _COUNTS,
    "door_tcp.py::test_each_piece_that_a_device_sends_is_not_acknowledged_alone*": _COUNTS,
    "door_tcp.py::test_behind_a_firewall_that_swallows_questions_each_port_costs_a_round_trip": _COUNTS,
    "export_command.py::TestOneFile::test_a_folder": _MODES,
    "export_command.py::TestOneFile::test_where_no_folder_can_be": _LINKS,
    "export_command.py::TestOneFile::test_a_link_in_a_folder_is_not_followed": _LINKS,
    "kept.py::*open to others*": _MODES,
    "register.py::TestHouse::test_a_name_that_a_uri_would_bend_is_only_a_name": "Windows has no such names of files",
    "report.py::TestFile::test_it_is_written_for_its_owner_alone*": _MODES,
    "report.py::TestFile::test_a_link_is_not_followed": _LINKS,
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
    "store.py::TestFiles::test_it_lies_beside_the_register_for_its_owner_alone": _MODES,
    "store.py::TestFiles::test_a_link_in_its_place_is_not_followed": _LINKS,
    "web.py::TestReaders::test_one_that_is_old_or_failed_or_of_another_file_is_not": "an open file cannot be replaced",
    "work_queue.py::TestRecording::test_on_another_machine_it_says_so_and_loses_nothing": _FOLDERS,
    "work_queue.py::TestKilled::test_in_the_middle_of_a_parcel*": _SIGNALS,
    "work_queue.py::TestServer::test_sigterm_ends_it": _SIGNALS,
}
"""Pattern of the name after ``tests/test_`` -> why the test cannot run there."""
