"""Rows that stand for an address alone, and the device that has answered there since."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from planned import SEEN, asset, judgement

from camscan.asset import Asset
from camscan.plan.entered_twice import entered_twice, set_duplicates_apart

IP = "192.0.2.7"


def at(number: int, *ips: str, when: datetime | None = SEEN, maker: str | None = "hikvision") -> Asset:
    return replace(asset(number, last_seen=when, maker=maker), ip_addresses=ips)


def listed(number: int) -> Asset:
    """Entered by a person, and never seen."""
    return asset(number, maker=None, model=None, last_seen=None, stated_ip_address=IP)


def twice(*assets: Asset) -> dict[str, str]:
    return {row: device.asset_id for row, device in entered_twice(assets).items()}


def test_the_device_that_answers_there_is_the_row() -> None:
    assert twice(listed(1), at(2, IP)) == {"CAM-0001": "CAM-0002"}
    assert twice(listed(1), at(2, "192.0.2.8")) == {}
    assert twice(listed(1), at(2, IP, maker=None)) == {}, "it may be anything"
    assert twice(listed(1), at(2, IP, when=None)) == {}, "nobody has seen it there"


@pytest.mark.parametrize("order", [(2, 3), (3, 2)])
def test_of_two_it_is_the_one_seen_last(order: tuple[int, int]) -> None:
    ages = {2: SEEN - timedelta(days=30), 3: SEEN}
    devices = [at(number, IP, when=ages[number]) for number in order]
    assert twice(listed(1), *devices) == {"CAM-0001": "CAM-0003"}


@pytest.mark.parametrize("name", ["council_asset_tag", "stated_serial_number", "stated_mac_address"])
def test_a_row_that_says_more_is_a_device_of_its_own(name: str) -> None:
    row = listed(1)
    assert twice(replace(row, entries={**row.entries, name: "7"}), at(2, IP)) == {}
    assert twice(replace(listed(1), recorder_asset_id="CAM-0009"), at(2, IP)) == {}


def test_an_old_row_of_a_scanner_without_a_name_stands_for_its_address() -> None:
    nameless = at(1, IP, when=SEEN - timedelta(days=1), maker=None)
    assert twice(nameless, at(2, IP)) == {"CAM-0001": "CAM-0002"}
    assert twice(nameless, at(2, IP, when=nameless.last_seen)) == {}, "both were seen then"
    assert twice(replace(nameless, mac_addresses=("44:19:b6:00:00:01",)), at(2, IP)) == {}
    assert twice(replace(nameless, ip_addresses=(IP, "192.0.2.8")), at(2, IP)) == {}, "not at all of its addresses"


def test_such_a_row_is_in_no_count_and_says_why() -> None:
    rows = [listed(1), at(2, IP)]
    before = {row.asset_id: judgement("yes", 1) for row in rows}
    after = set_duplicates_apart(rows, before)
    assert after["CAM-0002"] == before["CAM-0002"]
    apart = after["CAM-0001"]
    assert (apart.in_scope, apart.priority, apart.score, apart.priority_reason) == ("no", None, 0, "")
    assert apart.in_scope_reason.startswith("counted as CAM-0002, which answers at its address")
    assert set_duplicates_apart(rows[:1], before) == before
