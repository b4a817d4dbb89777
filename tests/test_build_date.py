"""The build date of a firmware, told beside its version: kept with that version, and through the register."""

from __future__ import annotations

import pytest

from camscan.model import Identification
from camscan.register.codec import identification_from_json, identification_to_json
from camscan.register.knowledge import last_known

ISAPI = Identification(maker="hikvision", certainty=0.96, firmware="V5.7.17", build="2024-06-06")


def test_the_register_keeps_it() -> None:
    assert identification_from_json(identification_to_json(ISAPI)) == ISAPI


def test_a_register_of_before_has_none() -> None:
    old = identification_to_json(ISAPI)
    del old["build"]
    assert identification_from_json(old).build is None


@pytest.mark.parametrize(
    ("firmware", "build", "known"),
    [
        ("V5.7.17", None, ("V5.7.17", "2024-06-06")),
        (None, None, ("V5.7.17", "2024-06-06")),
        ("V5.7.18", None, ("V5.7.18", None)),
        ("V5.7.18", "2024-08-26", ("V5.7.18", "2024-08-26")),
        ("V5.7.17 build 240606", "2024-06-06", ("V5.7.17 build 240606", "2024-06-06")),
    ],
)
def test_it_goes_with_its_version(firmware: str | None, build: str | None, known: tuple[str, str | None]) -> None:
    now = Identification(maker="hikvision", certainty=0.96, firmware=firmware, build=build)
    after = last_known(ISAPI, now)
    assert (after.firmware, after.build) == known
