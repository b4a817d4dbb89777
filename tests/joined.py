"""A collector and its centre in one process: what happens on the way between the two is up to the test."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import httpx
import pytest
from command_line import Camscan
from parcels import make_attempt, sadp, scan

from camscan.app import collect
from camscan.app.arrivals import ArrivalCounts, record_arrivals
from camscan.app.resume import journal_folder
from camscan.model import Report
from camscan.output import make_folder, write_bytes_atomically
from camscan.parcel.write import pack_report
from camscan.scan.journal import kept_path
from camscan.web.application import make_application
from camscan.web.desk import Desk

ADDRESS = "http://127.0.0.1:8377"
ALLOWED = """\
centre: {centre}
allowed_by: Site manager
until: 2099-12-31
sites:
- name: {site}
  networks: [{network}]
"""
_REAL = httpx.AsyncClient


@dataclass
class Way(httpx.AsyncBaseTransport):
    """Between a collector and the application of its centre."""

    desk: Desk
    is_cut: bool = False
    """Whether all requests fail."""
    rewrites: Callable[[httpx.Request], bytes | None] = lambda _request: None
    """Another body, in place of what is sent; None leaves it."""
    loses: Callable[[httpx.Request], bool] = lambda _request: False
    """Whether the answer to a request is lost, though it arrived."""
    passed: list[str] = field(default_factory=list)
    """Method and path of each request that arrived."""

    def __post_init__(self) -> None:
        self._inner = httpx.ASGITransport(make_application(self.desk))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Pass the request on, or fail."""
        if self.is_cut:
            raise httpx.ConnectError("cut off")
        await request.aread()
        if (other := self.rewrites(request)) is not None:
            headers = {name: value for name, value in request.headers.items() if name != "content-length"}
            request = httpx.Request(request.method, request.url, headers=headers, content=other)
        answer = await self._inner.handle_async_request(request)
        self.passed.append(f"{request.method} {request.url.path.removeprefix('/api/collector/v1')}")
        if self.loses(request):
            raise httpx.ReadTimeout("the answer was lost")
        return answer

    def stands(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let every collector of this process go this way."""
        monkeypatch.setattr(httpx, "AsyncClient", lambda **_: _REAL(transport=self))


def collector_at(folder: Path, site: str = "Oak School", network: str = "10.12.0.0/24") -> collect.Place:
    """A collector that is not enrolled yet."""
    folder.mkdir(exist_ok=True)
    path = folder / "collector.yaml"
    path.write_text(ALLOWED.format(centre=ADDRESS, site=site, network=network))
    return collect.read_place(path)


def enrol(own: collect.Place, camscan: Camscan, name: str = "Oak", site: str = "Oak School") -> None:
    """Enrol a collector and approve it."""
    code, out, err = camscan("collector", "add", name, "--site", site)
    assert (code, err) == (0, "")
    collect.enrol_collector(own, out.splitlines()[-1])
    assert camscan("collector", "approve", name, "--words", own.words())[0] == 0


def finish_scan(own: collect.Place, when: datetime, cameras: Sequence[int], site: str = "Oak School") -> Report:
    """Leave a finished scan at the site, as one leaves it that has just found these cameras."""
    report = lived(when, cameras, site)
    make_folder(own.folder)
    path = kept_path(journal_folder(str(own.register)), report.scan_id)
    write_bytes_atomically(path, lambda stream: stream.writelines([pack_report(report)]))
    return report


def lived(when: datetime, cameras: Sequence[int], site: str = "Oak School") -> Report:
    """A scan of a site in which these cameras answered."""
    return scan(*(make_attempt(f"10.12.0.{each}", sadp(each), when=when) for each in cameras), when=when, site=site)


def take_in(desk: Desk) -> ArrivalCounts:
    """Record what has come, as the centre does every few seconds."""
    return record_arrivals(desk.space, desk.store)
