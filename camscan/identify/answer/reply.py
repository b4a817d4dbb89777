"""What a line of a device's reply means: a header, a title, the names in a certificate or a login window. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from camscan.fingerprints import Database
from camscan.fingerprints.badges import plain_name
from camscan.identify.answer.reading import Reading, maker_name
from camscan.identify.box import identify_box
from camscan.identify.explain import Line
from camscan.model import Identification, Observation

_PAIR = re.compile(r"(?i)(?:^|[,/;\n+]|\s)\s*(CN|OU|O|L|ST|C|DC|emailAddress|serialNumber)\s*=\s*([^,/;\n+]+)")
_HEADER = re.compile(r"(?i)^(server|www-authenticate|location|set-cookie|x-powered-by|p3p|etag)\s*:\s*(\S.*)$")
_REALM = re.compile(r"(?i)\brealm\s*[=:]\s*\"?([^\"]+)\"?")
_TITLE = re.compile(r"(?i)^(?:<title>|title\s*[:=])\s*(.*?)(?:</title>)?$")
_BARE = (
    ("http.server", "as the Server header of a web page"),
    ("rtsp.server", "as the Server header of a video stream"),
    ("http.realm", "as the name in a login window"),
    ("http.title", "as the title of a web page"),
)
_SHARED = re.compile(
    r"(?i)^(nginx|apache|lighttpd|boa|thttpd|mini_httpd|goahead(?:-webs)?|uhttpd|mongoose)(?:/[\w.+~-]*)?$"
)


def names_its_place(text: str) -> bool:
    """Whether the text itself says which part of a reply it is, as ``Server: …`` does."""
    return bool(_PAIR.search(text) or _HEADER.match(text) or _REALM.search(text) or _TITLE.match(text))


def readings_of_reply(text: str, database: Database) -> Iterator[Reading]:
    """What a device with this reply is; for a text that :func:`names_its_place`."""
    if title := _TITLE.match(text):
        yield _verdict_reading("header", "title of a web page", {"http.title": title[1]}, database)
    elif header := _HEADER.match(text):
        name, value = header[1].lower(), header[2].strip()
        facts = {"http.header": f"{name}: {value}"}
        realm = _REALM.search(value)
        if name == "server" and (shared := _SHARED.match(value)):
            yield _web_server(shared[1])
            return
        facts |= {"http.server": value} if name == "server" else {}
        facts |= {"http.redirect": value} if name == "location" else {}
        facts |= {"http.realm": realm[1].strip()} if realm else {}
        yield _verdict_reading("header", f"{header[1]} header", facts, database)
    elif (realm := _REALM.search(text)) and "cn=" not in text.lower():
        yield _verdict_reading("header", "name in a login window", {"http.realm": realm[1].strip()}, database)
    else:
        yield _reading_of_certificate(text, database)


def _reading_of_certificate(text: str, database: Database) -> Reading:
    owner = "issuer" if text.lower().lstrip().startswith("issuer") else "subject"
    pairs = [(name.upper(), value.strip()) for name, value in _PAIR.findall(text)]
    facts = {f"tls.{owner}": ",".join(f"{name}={value}" for name, value in pairs)}
    for name, value in pairs:
        if name in {"CN", "O", "OU"}:
            facts.setdefault(f"tls.{owner}_{name.lower()}", value)
    return _verdict_reading("certificate", f"{owner} of a certificate", facts, database)


def readings_of_bare_text(text: str, database: Database) -> Iterator[Reading]:
    """The readings of a text without a label: what it would mean in each place where devices send such texts."""
    if shared := _SHARED.match(text):
        yield _web_server(shared[1])
        return
    told: set[str] = set()
    for key, place in _BARE:
        found = _identify_facts({key: text}, database)
        reading = _make_reading("header", f"text, {place}", found, database)
        if found.because and reading.answer not in told:
            told.add(reading.answer)
            yield reading


def _web_server(name: str) -> Reading:
    told = (
        f"{name} is a web server that computers and cameras alike are built with. It says nothing about who built the "
        "device: scan it."
    )
    return Reading("header", "name of a web server", told, ())


def _verdict_reading(kind: str, about: str, facts: Mapping[str, str], database: Database) -> Reading:
    return _make_reading(kind, about, _identify_facts(facts, database), database)


def _identify_facts(facts: Mapping[str, str], database: Database) -> Identification:
    now = datetime.now(UTC)
    return identify_box(
        [Observation("", 0, key.partition(".")[0], key, value, now) for key, value in facts.items()], database
    )


def _make_reading(kind: str, about: str, found: Identification, database: Database) -> Reading:
    who = maker_name(found.maker, database) if found.maker else ""
    what = (found.kind or "").replace("_", " ")
    sure = found.confidence.value
    if who and found.kind == "vms":
        told = f"This is {who}'s management software on a server: {sure}. It is not a camera, but a system of {who}."
    elif who:
        sold = f" and sold as {found.brand}" if found.brand and plain_name(found.brand) != plain_name(who) else ""
        told = f"A device that says this was built by {who}{sold}: {sure}."
        told += f" It is: {what}." if what else ""
        told += "" if found.is_camera_system else " It does not say that it is a camera."
    elif found.is_camera_system is False:
        told = f"A device that says this is not a camera: {sure}." + (f" It is: {what}." if what else "")
    elif found.is_camera_system:
        told = "A device that says this is a camera, or part of a camera system. It does not say who built it."
    elif found.brand or what:
        told = f"A device that says this is: {' '.join(filter(None, (found.brand, what)))}."
    else:
        told = (
            "camscan cannot conclude anything from this. Hikvision or Dahua may still have built the device: scan it."
        )
    lines = tuple(Line("", because, found.confidence.value, "") for because in found.because)
    return Reading(kind, about, told, lines)
