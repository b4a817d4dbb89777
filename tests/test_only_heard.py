"""An IPv6 network of a site is too large to be swept: its groups are asked, and who answers from it is of the site."""

from __future__ import annotations

from ipaddress import ip_interface
from pathlib import Path

import pytest

from camscan import fingerprints
from camscan.app.request import PreparedScan, Request, prepare_request
from camscan.errors import TargetError
from camscan.model import Attempt, Outcome
from camscan.net import door
from camscan.net.door import Door
from camscan.net.interface import Interface
from camscan.scan import multicast
from camscan.scan.coverage import Tally, make_coverage
from camscan.scan.state import ScanState

SITES = """\
sites:
  - name: Hall
    cidrs: [10.1.2.0/28, "fd00:1:2::/64"]
    exclusions: ["fd00:1:2::bad"]
  - name: Depot
    cidrs: [10.1.3.0/28, "fd00:1:3::/64"]
"""
LINK = Interface("eth7", 7, (ip_interface("10.1.2.1/28"), ip_interface("fd00:1:2::1/64"), ip_interface("fe80::1/64")))


@pytest.fixture
def hall(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PreparedScan:
    path = tmp_path / "camscan.yaml"
    path.write_text(SITES.replace('\n    exclusions: ["fd00:1:2::bad"]', ""), encoding="utf-8")
    monkeypatch.setattr(door, "interfaces", lambda: (LINK,))
    return prepare_request(Request((), site="Hall", config=path), database=fingerprints.load_database())


async def test_its_groups_are_asked_where_it_is_attached(hall: PreparedScan) -> None:
    async with Door(hall.scope, hall.pace) as opened:
        assert opened.attached(hall.plan.targets) == (LINK,)
        assert multicast.ip_families(opened, LINK) == {4, 6}
    elsewhere = Interface("eth8", 8, (ip_interface("fd00:1:3::1/64"),))
    async with Door(hall.scope, hall.pace) as opened:
        assert multicast.ip_families(opened, elsewhere) == frozenset()


def test_who_answers_from_it_is_one_of_the_targets_and_it_is_not_swept(hall: PreparedScan) -> None:
    targets = hall.plan.targets
    assert "fd00:1:2::77" in targets
    assert hall.scope.allows("fd00:1:2::77")
    assert "fd00:1:3::77" not in targets
    assert not hall.scope.allows("fd00:1:3::77")
    assert targets.count == len(list(targets)) == 14
    assert any(note.startswith("fd00:1:2::/64 was not swept") for note in hall.notes)


def test_a_unit_of_it_is_counted_beside_those_that_were_swept(hall: PreparedScan) -> None:
    state, tally = ScanState(hall.database), Tally()
    for ip in ("10.1.2.3", "fd00:1:2::77"):
        state.record(Attempt("wsd", ip, 3702, Outcome.ANSWERED, payload=b"a reply"))
    tally.asked = hall.plan.targets.count
    tally.datagrams["sadp"] = 9
    found = make_coverage(state, tally, hall.plan.targets, listened=False)
    assert (found.addresses, found.answered, found.silent, found.not_tried) == (15, 2, 13, 0)
    assert found.strangers == ()


def test_an_exclusion_in_it_keeps_its_groups_from_being_asked(tmp_path: Path) -> None:
    path = tmp_path / "camscan.yaml"
    path.write_text(SITES, encoding="utf-8")
    hall = prepare_request(Request((), site="Hall", config=path), database=fingerprints.load_database())
    assert "fd00:1:2::bad" not in hall.plan.targets
    assert "fd00:1:2::77" in hall.plan.targets
    assert not hall.scope.covers_hosts(LINK.addresses[1].network)


def test_one_that_nobody_allows_is_left_out_and_the_rest_is_scanned(tmp_path: Path) -> None:
    path = tmp_path / "camscan.yaml"
    role = "authorisations:\n  - {role: Head of ICT, date: 2020-01-01, expires: 2999-12-31, cidrs: [10.1.0.0/16]}\n"
    path.write_text(SITES.replace("fd00:1:3::/64", "2001:db8::/64") + role, encoding="utf-8")
    for site, ip in (("Hall", "fd00:1:2::77"), ("Depot", "2001:db8::77")):
        prepared = prepare_request(Request((), site=site, config=path), database=fingerprints.load_database())
        assert ip not in prepared.plan.targets
        assert prepared.plan.targets.count == 14
        assert [note for note in prepared.notes if note.endswith("; list its addresses")]


def test_a_network_that_is_typed_is_refused_as_before(tmp_path: Path) -> None:
    path = tmp_path / "camscan.yaml"
    path.write_text(SITES.replace('\n    exclusions: ["fd00:1:2::bad"]', ""), encoding="utf-8")
    with pytest.raises(TargetError, match="cannot be swept"):
        prepare_request(Request(("fd00:1:2::/64",), config=path))
