"""The main job on the simulated estate, on loopback, without any privilege: found, named, recorded, nobody harmed."""

from __future__ import annotations

import ipaddress
from collections import Counter
from dataclasses import replace
from pathlib import Path

from estate_truth import faults, serving

from camscan import fingerprints
from camscan.cli.demo import PORTS
from camscan.exports.json import device_object
from camscan.model import Completion, Outcome, Report
from camscan.net.door import Door
from camscan.net.pace import FAST, GENTLE
from camscan.net.scope import Scope
from camscan.net.target import parse_targets
from camscan.register import open_register
from camscan.scan.engine import Scan
from camscan.scan.plan import Plan, Progress

PACE = replace(FAST, in_flight=300)


async def scan(network: str) -> Report:
    targets = parse_targets([network])
    async with Door(Scope(targets.networks), PACE) as door:
        return await Scan(door, Plan(targets, ports=PORTS), fingerprints.load_database()).run()


async def test_every_unit_is_found_and_named_and_nobody_is_accused(tmp_path: Path) -> None:
    network = "127.31.0.0/24"
    async with serving("--base", network, "--delay-scale", "0.3") as estate:
        report = await scan(network)
    devices = [device_object(device) for device in report.devices]
    wrong = faults(estate["truth"], devices, {"group", "unicast", "tcp"})
    assert not wrong, "\n".join(wrong)
    assert estate["violations"] == []
    assert max(estate["peaks"].values()) == 1
    assert report.completion is Completion.COMPLETE
    assert not [attempt for attempt in report.attempts if attempt.outcome is Outcome.BUG]
    # Units of another test's estate may answer our question to the group; they are heard, and asked nothing.
    asked = [attempt.ip for attempt in report.attempts if attempt.probe in {"http", "rtsp", "tls", "dvrip"}]
    assert asked
    assert all(ipaddress.ip_address(ip) in ipaddress.ip_network(network) for ip in asked)
    with open_register(tmp_path / "camscan.db") as register:
        assert len(register.record(report).new) == len(report.devices)
        known = register.find_devices(estate["truth"][0]["serial"])
        assert [device.identification.model for device in known] == [estate["truth"][0]["model"]]


async def test_once_it_is_stopped_nobody_else_is_asked() -> None:
    targets = parse_targets(["127.31.7.0/24"])  # nobody there
    at_the_stop: Counter[str] = Counter()

    def stop(_progress: Progress) -> None:
        if running.tally.asked >= 4 and not at_the_stop:
            at_the_stop.update({**door.sent, "asked": running.tally.asked})
            running.stop()

    async with Door(Scope(targets.networks), GENTLE) as door:
        running = Scan(door, Plan(targets, ports=PORTS), fingerprints.load_database(), on_progress=stop)
        report = await running.run()
        after = Counter({**door.sent, "asked": running.tally.asked})
    assert report.completion is Completion.INTERRUPTED
    assert report.coverage.not_tried > 200
    # What was about to leave leaves: far less than the hundreds of addresses that were still to come.
    more = after - at_the_stop
    assert more["asked"] <= 4
    assert more["datagrams"] <= 20
    assert more["packets"] <= 60
