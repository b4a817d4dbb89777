"""A centre's register with a collector that is believed, and parcels of it that wait: for tests without HTTP."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from parcels import KEY, OAK, scan, some

from camscan.app.uploads import Upload, folder_of
from camscan.app.workspace import Workspace, find_workspace
from camscan.model import Report
from camscan.parcel.keys import public_key_of
from camscan.parcel.seal import seal
from camscan.parcel.write import pack_report
from camscan.register import open_register
from camscan.store import open_store
from camscan.store.collectors import Collector, Collectors
from camscan.store.database import Store
from camscan.store.parcels import Parcels

SITES = f"role: ICT\nsites:\n- name: Oak School\n  cidrs: [{OAK}]\n"
BEGIN = datetime.now(UTC) - timedelta(hours=1)


@dataclass
class Place:
    """A centre with its register and one collector."""

    space: Workspace
    store: Store
    collector: Collector

    def arrive(self, number: int = 0) -> Report:
        """Let the ``number``-th parcel of the collector arrive."""
        when = BEGIN + timedelta(minutes=number)
        return self.arrive_as(scan(*some(when), when=when))

    def arrive_as(self, report: Report, key: Ed25519PrivateKey = KEY) -> Report:
        """Let the parcel of this scan arrive from the collector that has this key."""
        content = seal(pack_report(report), key)
        upload = Upload(folder_of(self.space), self.store, public_key_of(key), report.scan_id)
        assert upload.add(content, 0)[0]
        said = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
        assert upload.end(said, datetime.now(UTC))[0] == 202
        return report

    def flood(self, floods: int = 3, parcels: int = 4) -> Report:
        """Let many parcels of some stolen collectors arrive, and then the one of an honest collector."""
        keys = [Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32) for number in range(floods + 1)]
        for number, key in enumerate(keys):
            Collectors(self.store).approve(
                public_key_of(key), name=f"Collector {number}", sites=["Oak School"], networks=[], role="ICT"
            )
        for number in range(floods * parcels):
            when = BEGIN + timedelta(seconds=number)
            self.arrive_as(scan(*some(when), when=when), keys[number % floods])
        when = BEGIN + timedelta(minutes=5)
        return self.arrive_as(scan(*some(when), when=when), keys[-1])

    def states(self) -> list[str]:
        """How many parcels of the collector are in each state."""
        return [f"{count} {state}" for state, count in Parcels(self.store).counts().get(self.collector.key, {}).items()]

    def scans(self) -> list[str]:
        """The ids of the scans in the register, each as often as it is there."""
        with open_register(self.space.where, readonly=True) as book:
            return sorted(each.scan_id for each in book.scans())


@contextmanager
def place(register: str) -> Iterator[Place]:
    """A centre in the working directory, whose register is there."""
    space = find_workspace(None, register)
    open_register(register).close()
    with open_store(register) as store:
        collector = Collectors(store).approve(
            public_key_of(KEY), name="Oak PC", sites=["Oak School"], networks=[], role="ICT"
        )
        yield Place(space, store, collector)
