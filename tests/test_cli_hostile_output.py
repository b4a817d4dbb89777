"""What devices said, on a terminal: no command lets it through as anything but text."""

from __future__ import annotations

import dataclasses
import re
from datetime import timedelta
from pathlib import Path

import made_once
import pytest
from command_line import Camscan, command
from sample_report import HOSTILE, NOON, camera, enter, nameless, report

from camscan.model import Capability, Device, Observation
from camscan.register import open_register

_UNFIT = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_SAID = HOSTILE[:300]
_TARGETS = ("10.9.1.0/24",)


def hostile(number: int, **claims: object) -> Device:
    """A device all of whose words are hostile; the third is a recorder."""
    ip = f"10.9.1.{number}"
    words = {"brand": _SAID, "model": _SAID, "firmware": _SAID, "because": (_SAID,)}
    kind = "nvr" if number == 3 else "camera"
    able = {_SAID: Capability("fair", _SAID)}
    device = camera(number, ip=ip, kind=kind, capabilities=able, **{**words, **claims})  # type: ignore[arg-type]  # as in camera()
    channel = Observation(ip, 80, "isapi", "isapi.channel", f"1: name={_SAID}, ip=192.168.254.2, model={_SAID}", NOON)
    return dataclasses.replace(device, observations=(*device.observations, channel)) if number == 3 else device


@pytest.fixture
def camscan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Camscan:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("CAMSCAN_ROLE", "CCTV manager")
    made_once.put(hostile_register, tmp_path)
    return command(capsys)


def hostile_register(folder: Path) -> None:
    first = report(*map(hostile, (1, 2, 3)), nameless("10.9.1.9", model=_SAID), targets=_TARGETS, site=_SAID)
    later = (hostile(1, model=f"other {_SAID}"), hostile(2, maker="dahua"), camera(5, ip="10.9.1.9", mac=None))
    with open_register(folder / "camscan.db") as book:
        book.record(first)
        book.record(report(*later, scan_id="2", when=NOON + timedelta(days=1), targets=_TARGETS, site=_SAID))
        enter(book, book.find_devices("10.9.1.2")[0].asset_id, in_scope="yes")  # so that there is something to plan


@pytest.mark.parametrize(
    "words",
    [
        "show",
        "show 10.9.1.1",
        "show 10.9.1.3",
        "show 10.9.1.3 --evidence",
        "show 10.9.1.3 --json --evidence",
        "show --everything",
        "show --csv",
        "show --json",
        "diff --since 2020-01-01",
        "diff --since 2020-01-01 --json -",
        "review",
        "plan status",
        "plan status --by site",
        "plan status --by maker",
        "plan status --json",
        "plan propose --by 2040-01-01",
        "plan set 10.9.1.2 --on 2056-01-01",
        "removed 10.9.1.3 --evidence X --dry-run",
        "register reidentify",
        "register check",
        "register export -",
        *(f"export {name} -" for name in ("removals", "servicenow", "ocsf", "walk", "prometheus")),
    ],
)
def test_nothing_but_text_comes_through(camscan: Camscan, words: str) -> None:
    code, out, err = camscan(*words.split())
    assert code in {0, 1, 3}
    assert out
    found = _UNFIT.search((out + err).replace("\r\n", "\n"))
    assert not found, (out + err)[max(0, found.start() - 80) : found.end()]
