"""The one request that draws a 401, whose realm names the device. Asked once, only if nothing else settled the maker.

The request depends on what was seen. Nothing vendor-specific is sent to a device that shows no sign of the vendor:

1. Something else has already drawn a 401 (a realm is known): nothing, because a second one would say the same. 2. The
web server looks like Hikvision's: ``GET /ISAPI/Security/userCheck``. 3. The web server looks like Dahua's: ``GET
/cgi-bin/magicBox.cgi?action=getDeviceType``. 4. RTSP answered: one DESCRIBE without a credential; the realm of every
camera maker shows there. 5. Otherwise (a printer, a switch, a PC): nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from camscan.dataclass import dataclass
from camscan.errors import NotSpoken
from camscan.net.host import Answer, Host
from camscan.net.paths import build_request, build_rtsp, example_request
from camscan.probes import Facts, Probe, Seen, Stage

HIKVISION_PATH = "/ISAPI/Security/userCheck"
DAHUA_PATH = "/cgi-bin/magicBox.cgi?action=getDeviceType"

_REALMS = ("http.realm", "rtsp.realm", "onvif.realm")

# Weak marks on purpose: they only choose the question; the answer decides.
_HIKVISION = {
    "http.server": re.compile(r"(App-webs|DNVRS-Webs|DVRDVS-Webs|Hikvision-Webs|DVS-Webs|Webs|web|webserver)?/?"),
    "http.redirect": re.compile(r"\.?/?doc/(page/login\.asp|index\.html).*"),
    "rtsp.date": re.compile(r"  [A-Z][a-z]{2}, [A-Z][a-z]{2} \d{2} \d{4} .*"),
}
_DAHUA = {
    "http.title": re.compile(r"WEB SERVICE"),
    "http.header": re.compile(r"p3p: CP=CAO PSA OUR.*|set-cookie: ?secure; HttpOnly"),
    "http.header_order": re.compile(r"(.*,)?(CONNECTION|CONTENT-LENGTH|CACHE-CONTROL)(,.*)?"),
    "rtsp.server": re.compile(r"(Dahua )?Rtsp Server(/.*)?"),
}


@dataclass(frozen=True, slots=True)
class _Question:
    port: int
    path: str
    """HTTP path; empty for the RTSP DESCRIBE."""


def _choose_question(seen: Seen) -> _Question | None:
    """The one question for this device; None if there is none to ask."""
    speaks = any(seen.spoken.get(protocol) for protocol in ("http", "rtsp"))
    if not speaks or any(seen.facts.get(key) for key in _REALMS) or _is_maker_settled(seen) or seen.no_camera:
        return None
    for port in seen.spoken.get("http", ())[:1]:
        if _looks_like(seen, _DAHUA):
            return _Question(port, DAHUA_PATH)
        if _looks_like(seen, _HIKVISION):
            return _Question(port, HIKVISION_PATH)
    return next((_Question(port, "") for port in seen.spoken.get("rtsp", ())), None)


def _is_maker_settled(seen: Seen) -> bool:
    """Whether a maker is named; for Hikvision and Dahua, "probable" is not enough."""
    return seen.maker is not None and (seen.confirmed or seen.maker not in {"hikvision", "dahua"})


def _looks_like(seen: Seen, marks: dict[str, re.Pattern[str]]) -> bool:
    return any(pattern.fullmatch(value) for key, pattern in marks.items() for value in seen.facts.get(key, ()))


def parse_reply(_payload: bytes) -> Facts:
    """Never reads anything: the answers are HTTP and RTSP replies, and are read as such."""
    raise NotSpoken("replies to this question are read as http or rtsp")


def is_wanted(seen: Seen) -> bool:
    """Whether a question is left that nothing else has answered."""
    return _choose_question(seen) is not None


def learned_ports(seen: Seen) -> tuple[int, ...]:
    """The port for the one question."""
    question = _choose_question(seen)
    return (question.port,) if question else ()


async def ask_device(host: Host, port: int, seen: Seen) -> Sequence[Answer]:
    """At most one request per device: nothing on any port but the chosen one."""
    question = _choose_question(seen)
    if question is None or question.port != port:
        return []
    if question.path:
        return [replace(await host.http(port, build_request("GET", question.path, host.ip, port)), probe="http")]
    answer = await host.exchange(port, build_rtsp("DESCRIBE", host.ip, port), until=b"\r\n\r\n", limit=16384)
    return [replace(answer, probe="rtsp")]


PROBE = Probe(
    name="login401",
    title="One request that draws a login challenge, for a device that nothing else named",
    stage=Stage.CHALLENGE,
    never="Sends no user name and no password, no second request, and nothing to a device that is already named",
    parse=parse_reply,
    learned_ports=learned_ports,
    ask=ask_device,
    examples=(
        example_request(build_request("GET", HIKVISION_PATH, "192.0.2.1")),
        example_request(build_request("GET", DAHUA_PATH, "192.0.2.1")),
        example_request(build_rtsp("DESCRIBE", "192.0.2.1")),
    ),
    wants=is_wanted,
)
