"""The sites of ``make load CASES=collectors``: real parcels, and every device is another one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from parcels import KEY, make_attempt
from simulated_sites import Model, Site
from udp_replies import SADP_CAMERA

from camscan import fingerprints
from camscan.parcel.seal import unseal
from camscan.parcel.unpack import unpack
from camscan.probes import load
from camscan.scan.decision import weigh_attempts

NOW = datetime.now(UTC)


def model(host: int) -> Model:
    """A camera that says at which address it is."""
    ip = f"127.20.0.{host}"
    reply = make_attempt(ip, SADP_CAMERA.replace(b"192.0.2.40", ip.encode()))
    return Model(ip, "DS-2CD2385G1-I20200414AAWRE33700001", "58:50:ed:00:00:01", (reply,))


def test_a_parcel_holds_the_devices_that_the_register_is_to_have() -> None:
    load()
    found = set()
    sites = [Site(number, (model(9), model(10), model(100)), 251) for number in (0, 90)]
    for site in sites:
        scan_id, sealed = site.parcel(NOW - timedelta(minutes=1), KEY)
        content = unpack(unseal(sealed, "a parcel").body, "a parcel", NOW)
        assert (content.tail.scan_id, content.unread, content.mistimed) == (scan_id, 0, 0)
        devices, notes = weigh_attempts(content.attempts, fingerprints.kept_database())
        assert notes == []
        there = {(site.name, each.ip_addresses[0], each.identification.serial or "") for each in devices}
        assert there == site.truth()
        assert len({mac for each in devices for mac in each.mac_addresses}) == 251
        found |= there
    assert len({serial for *_, serial in found}) == len({ip for _, ip, _ in found}) == 2 * 251


def test_an_address_is_as_long_as_the_one_that_it_replaces() -> None:
    """DHIP says how long its JSON is."""
    (first, *_) = Site(3, (model(10),), 1).truth()
    assert len(first[1]) == len("127.20.0.10")
