"""Sites with cameras of their own, as parcels: one scan of emulated devices, repeated with other numbers everywhere.

`camscan demo` scans some hundred emulated devices. What they said, byte by byte, is repeated for as many devices at as
many sites as are wanted, with serial numbers, MAC and IP addresses of their own. An address is replaced only by one
that is as long, since some of these protocols say how long they are.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from camscan.asset import Asset
from camscan.model import Attempt, Completion, Coverage, Observation, Report
from camscan.parcel.seal import seal
from camscan.parcel.write import pack_report
from camscan.register import open_register
from camscan.report import scan_id_at
from camscan.version import __version__

ROOT = Path(__file__).resolve().parents[1]
MOST_SITES = 3900
"""More would need longer serial numbers."""
MOST_DEVICES = 251
_HOSTS = (*range(10, 100), *range(100, 255), *range(4, 10))
"""Of a site, in the order in which they are given to devices."""
_SERIAL = re.compile(r"\d{6,}(?!.*\d{6})|[0-9A-F]{5}$")
"""What differs from unit to unit: the last long run of digits of a serial number, else a hexadecimal end."""
_LONGEST = 4000
"""Bytes of a reply: a device that says more is there to be a nuisance."""
_SECONDS = 20.0
"""That a scan takes."""


@dataclass(frozen=True)
class Model:
    """One emulated device, ready to be repeated."""

    ip: str
    serial: str
    mac: str
    replies: tuple[Attempt, ...]

    @cached_property
    def _pattern(self) -> re.Pattern[bytes]:
        texts = sorted(self._own, key=len, reverse=True)
        return re.compile(b"|".join(map(re.escape, texts)))

    @cached_property
    def _own(self) -> Mapping[bytes, Callable[[str, int], str]]:
        """What differs from unit to unit, as it is spelled -> what it is of another."""
        found = _SERIAL.search(self.serial)
        assert found
        run = found[0] if len(found[0]) > len("12345") else self.serial  # five digits may stand anywhere
        own: dict[str, Callable[[str, int], str]] = {self.ip: lambda ip, _: ip, run: _serial_of}
        forms = [self.mac, self.mac.replace(":", "-"), self.mac.replace(":", "")]
        own |= dict.fromkeys([*forms, *map(str.upper, forms)], _mac_of)
        return {text.encode(): make for text, make in own.items()}

    def serial_of(self, number: int) -> str:
        """The serial number of the ``number``-th device."""
        return self._rewrite(self.serial.encode(), "", number).decode()

    def said_by(self, ip: str, number: int, when: datetime) -> list[Attempt]:
        """What the ``number``-th device said, at an address that is as long as that of the emulated one."""
        return [
            replace(
                each,
                ip=ip,
                payload=self._rewrite(each.payload, ip, number),
                seen_at=when,
                observations=(Observation(ip, 0, each.probe, "", "", when),),  # so that the parcel says that it counts
            )
            for each in self.replies
        ]

    def _rewrite(self, payload: bytes, ip: str, number: int) -> bytes:
        def other(found: re.Match[bytes]) -> bytes:
            text = found[0].decode()
            return (ip if text == self.ip else self._own[found[0]](text, number)).encode()

        return self._pattern.sub(other, payload)


def _serial_of(text: str, number: int) -> str:
    end = f"{number:06d}" if text.isdigit() else f"{number:05X}"
    return text[: -len(end)] + end


def _mac_of(text: str, number: int) -> str:
    mark = next((mark for mark in ":-" if mark in text), "")
    own, maker = f"{number:06x}", text[: 6 + 2 * len(mark)]
    made = mark.join((maker, own[:2], own[2:4], own[4:]))
    return made.upper() if text.upper() == text else made


def record_models(folder: Path) -> list[Model]:
    """Scan the emulated devices, and keep those that say who they are, and at which address."""
    line = [sys.executable, "-m", "camscan", "demo", "--output", str(folder / "demo")]
    subprocess.run(line, cwd=ROOT, check=True, capture_output=True)
    return read_models(folder / "demo" / "camscan.db")


def read_models(register: Path) -> list[Model]:
    """The same of a scan that was recorded before."""
    said: defaultdict[str, list[Attempt]] = defaultdict(list)
    with open_register(register, readonly=True, create=False) as book:
        for attempt in book.attempts(book.scans()[0].scan_id):
            if attempt.payload:
                said[attempt.ip].append(attempt)
        return [model for asset in book.devices() if (model := _model(asset, said))]


def _model(asset: Asset, said: Mapping[str, Sequence[Attempt]]) -> Model | None:
    ip, serial = asset.ip_addresses[0], asset.identification.serial or ""
    replies = tuple(said[ip])
    is_told = any(ip.encode() in each.payload for each in replies)
    if not (asset.mac_addresses and is_told and _SERIAL.search(serial)) or len(asset.mac_addresses) > 1:
        return None
    if any(len(each.payload) > _LONGEST for each in replies):
        return None
    return Model(ip, serial, asset.mac_addresses[0], replies)


@dataclass(frozen=True)
class Site:
    """A site, and its devices."""

    number: int
    models: Sequence[Model]
    devices: int

    @property
    def name(self) -> str:
        return f"Site {self.number}"

    @property
    def network(self) -> str:
        """In CIDR notation; its addresses are as long as those of ``camscan demo``."""
        return f"{self._base}.0/24"

    @property
    def _base(self) -> str:
        return f"10.{10 + self.number // 90}.{10 + self.number % 90}"

    def _placed(self) -> list[tuple[Model, str, int]]:
        """Each device: what it is, where, and its number."""
        found = []
        for place, host in enumerate(_HOSTS[: self.devices]):
            fitting = [each for each in self.models if len(each.ip.rpartition(".")[2]) == len(str(host))]
            model = fitting[(place + self.number) % len(fitting)]
            found.append((model, f"{self._base}.{host}", self.number * MOST_DEVICES + place))
        return found

    def truth(self) -> set[tuple[str, str, str]]:
        """Site, address and serial number of each device, as the register is to have them."""
        return {(self.name, ip, model.serial_of(number)) for model, ip, number in self._placed()}

    def parcel(self, ended: datetime, key: Ed25519PrivateKey) -> tuple[str, bytes]:
        """The id and the sealed parcel of a scan of it that ended then."""
        began, step = ended - timedelta(seconds=_SECONDS), timedelta(seconds=_SECONDS / (self.devices + 1))
        attempts = [
            attempt
            for place, (model, ip, number) in enumerate(self._placed())
            for attempt in model.said_by(ip, number, began + place * step)
        ]
        report = Report(
            scan_id=scan_id_at(began),
            started_at=began,
            finished_at=ended,
            completion=Completion.COMPLETE,
            site=self.name,
            targets=(self.network,),
            pace="gentle",
            version=__version__,
            database="",
            devices=(),
            coverage=self._coverage(attempts),
            attempts=tuple(attempts),
        )
        return report.scan_id, seal(pack_report(report), key)

    def _coverage(self, attempts: Sequence[Attempt]) -> Coverage:
        counts: defaultdict[str, int] = defaultdict(int)
        for each in attempts:
            counts[each.probe] += 1
        return Coverage(
            addresses=254,
            answered=self.devices,
            refused=0,
            silent=254 - self.devices,
            unreachable=0,
            not_tried=0,
            outcomes={probe: {"answered": count} for probe, count in counts.items()},
            living={self.network: self.devices},
        )
