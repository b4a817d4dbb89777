"""What a text means, answered for a person: a name on a camera, a number on its label, what a device says. Pure."""

from __future__ import annotations

import difflib
import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from camscan.fingerprints import Database, Maker
from camscan.fingerprints.badges import FOUNDED, Badge, plain
from camscan.fingerprints.naming import Grammar
from camscan.identify.box import identify
from camscan.identify.explain import Explanation, Line, explain
from camscan.model import Identification, Observation
from camscan.words import listed

OURS = ("hikvision", "dahua")
"""The makers that people ask about."""
NOT_KNOWN = "not known"
_LONG_NAME = 12
_CLOSE = 0.75
_MOST_CLOSE = 3
_SHOWN = 30
"""Badges that are listed of one maker."""
_LONGEST = 400
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


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read the text."""

    kind: str
    """badge, maker, model, serial, mac, firmware, certificate, header or address."""
    about: str
    """What it was read as, for a heading."""
    answer: str
    """The answer in sentences that can be read aloud."""
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """Every reading of a text, the surest first; and where there is none, names that are spelled nearly so."""

    readings: tuple[Reading, ...]
    closest: tuple[str, ...] = ()


def answer(text: str, database: Database, grammars: Sequence[Grammar], badges: Sequence[Badge]) -> Answer:
    """What is known about a text that a person found on a device, a label, an invoice or in a reply."""
    text = text.strip()
    if not text or len(text) > _LONGEST:
        return Answer(())
    address = _address(text)
    if address and _is_of_an_estate(text):
        return Answer((address,))
    says = list(_says(text, database)) if _is_spoken(text) else []
    found = says or list(_name(text, database, badges)) or list(_technical(text, database, grammars, badges))
    found = found or list(_badge_and_model(text, database, grammars, badges)) or list(_bare(text, database))
    found += [address] if address else []  # four numbers may be a firmware as well
    return Answer(tuple(found), () if found else _closest(text, database, badges))


def _address(text: str) -> Reading | None:
    """That a text is an address, or a network of them."""
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
    if network.num_addresses > 1:
        told = (
            "This is a network of addresses, not a text that a maker wrote. "
            f"`camscan scan {text}` asks the devices there what they are."
        )
        return Reading("address", "network", told, ())
    this = "This is" if _is_of_an_estate(text) else "If it is an address, it is"
    told = (
        f"{this} the address of a device, not a text that a maker wrote. "
        f"`camscan show {text}` says what the register knows of the device there; `camscan scan {text}` asks it."
    )
    return Reading("address", "IP address", told, ())


def _is_of_an_estate(text: str) -> bool:
    """Whether an address is one that nobody takes for a version: a private one, one of IPv6, a network."""
    network = ipaddress.ip_network(text, strict=False)
    return network.version == 6 or "/" in text or network.is_private or network.is_link_local  # noqa: PLR2004 - IPv6


def _maker_name(key: str, database: Database) -> str:
    return database.makers[key].name if key in database.makers else key


# A name on a camera


def _name(text: str, database: Database, badges: Sequence[Badge]) -> Iterator[Reading]:
    badge = _badge_of(text, database, badges)
    maker = next((key for key, maker in database.makers.items() if _is_called(maker, plain(text))), None)
    if badge and not (maker in OURS and badge.makers == (maker,)):
        yield _badge(badge, database, text)
    elif maker:
        yield _maker(maker, database, badges)


def _is_called(maker: Maker, name: str) -> bool:
    """Whether a plain name is the maker's, or a beginning of its full name, long enough to be nobody else's."""
    names = [plain(one) for one in (maker.key, maker.name, *maker.aliases)]
    return name in names or (len(name) >= _LONG_NAME and any(one.startswith(name) for one in names))


def _badge_of(text: str, database: Database, badges: Sequence[Badge]) -> Badge | None:
    """The badge of that name; a name that a pattern knows too (TruVision is Interlogix's) counts as that badge."""
    by_name = {plain(badge.name): badge for badge in badges}
    matches = database.derive({}, {"id.brand": text})
    known = [match.claims["brand"] for match in matches if match.family == "brand" and "brand" in match.claims]
    return next((by_name[plain(name)] for name in (*known, text) if plain(name) in by_name), None)


def _badge(badge: Badge, database: Database, asked: str = "") -> Reading:
    makers = [_maker_name(key, database) for key in badge.makers]
    known = listed(makers, "or")
    told = _who_builds(badge, database)
    if badge.since:
        told += f" Since when: {badge.since}."
    if badge.not_lines:
        told += f" Not, or not certainly: {badge.not_lines}."
    told += (
        ' From the name alone a report says "possible" at most: go and look, or scan the device. '
        "Its own answers then say who built it."
    )
    source = "; ".join(badge.sources)
    lines = [
        Line("Sold by", badge.sold_by or NOT_KNOWN, "", ""),
        Line("Built by", known, FOUNDED[badge.founded], source),
        Line("How sure", f'{badge.certainty:.2f} from the name alone, which is "possible"', "", ""),
        Line("Since when", badge.since or NOT_KNOWN, "", ""),
        Line("Which lines", badge.lines or NOT_KNOWN, "", ""),
        Line("Which not", badge.not_lines or ("none known" if badge.founded == "own" else NOT_KNOWN), "", ""),
    ]
    lines += [Line("Model numbers", f"such as {', '.join(badge.models)}", "", "")] if badge.models else []
    lines += [Line("Note", badge.note, "", "")] if badge.note and not (badge.lines or badge.not_lines) else []
    other = asked if asked and plain(asked) != plain(badge.name) else ""
    about = f"{other}, listed as {badge.name}" if other else badge.name
    return Reading("badge", f"{about}: a name on cameras", told, tuple(lines))


def _who_builds(badge: Badge, database: Database) -> str:
    makers = [_maker_name(key, database) for key in badge.makers]
    ours = listed([_maker_name(key, database) for key in badge.makers if key in OURS] or makers, "or")
    lines = f": {badge.lines}" if badge.lines else ""
    if badge.founded == "own":
        return f"{badge.name} is a name of {ours}'s own group. What is sold under it is built by {ours}."
    if plain(badge.name) in {plain(name) for name in makers}:
        return f"{badge.name} sells cameras of its own, and some that {ours} builds{lines}."
    if len(makers) > 1:
        told = (
            f"{badge.name} buys from several makers: {listed(makers)}. The name alone does not say who built a camera."
        )
        known = "What is known" if len({*badge.makers} & {*OURS}) > 1 else f"Built by {ours}"
        return f"{told} {known}{lines}." if lines else told
    if badge.founded == "lists":
        return f"{badge.name} is a name that is said to be on cameras that {ours} builds{lines}. Nobody has shown one."
    return f"{badge.name} is a name on cameras and recorders that {ours} builds{lines}."


def _maker(key: str, database: Database, badges: Sequence[Badge]) -> Reading:
    name = _maker_name(key, database)
    sold = [badge.name for badge in badges if key in badge.makers and plain(badge.name) != plain(name)]
    if key in OURS:
        more = [f"{len(sold) - _SHOWN} more"] if len(sold) > _SHOWN else []
        names = listed([*sold[:_SHOWN], *more]) or "no other name"
        told = f"{name} is a maker. What it builds is sold under its own name and, in whole or in part, as {names}."
    else:
        told = (
            f"{name} is a maker of its own. camscan recognises its devices as {name}'s, and knows of none under this "
            "name that Hikvision or Dahua build."
        )
    group = database.makers[key].group
    lines = [Line("Group", f"part of {_maker_name(group, database)}", "", "makers.yaml")] if group else []
    lines += (
        [Line("Also", ", ".join(database.makers[key].aliases), "", "makers.yaml")]
        if database.makers[key].aliases
        else []
    )
    return Reading("maker", f"{name}, a maker", told, tuple(lines))


# What is printed on a label, or said in a protocol's field


def _technical(
    text: str, database: Database, grammars: Sequence[Grammar], badges: Sequence[Badge]
) -> Iterator[Reading]:
    for one in explain(text, database, grammars):
        kind = _kind(one.about)
        yield Reading(kind, one.about, _SENTENCES[kind](one, database), one.lines)
        brands = [line.says.removeprefix("brand: ") for line in one.lines if line.says.startswith("brand: ")]
        whose = re.fullmatch(r"serial number of (.+)'s form", one.about)
        if one.about.startswith("badge") or (whose and plain(whose[1]) not in OURS):
            named = [badge for badge in badges if badge.name in brands or (whose and badge.name == whose[1])]
            yield from (_badge(badge, database) for badge in named if badge.makers != (plain(badge.name),))


def _kind(about: str) -> str:
    for word, kind in (("MAC", "mac"), ("firmware", "firmware"), ("serial", "serial"), ("hash", "serial")):
        if word in about:
            return kind
    return "model"


def _of_mac(one: Explanation, database: Database) -> str:
    last = one.lines[-1]
    if last.source in database.sections:
        claims = dict(database.sections[last.source].then)
        who = claims.get("brand") or _maker_name(claims.get("maker", ""), database)
        if not who:
            return "This block of addresses belongs to a maker of parts that many devices have: it says nothing."
        return (
            f"This block of addresses is registered to {who}, or to a company that sells its devices. That is a hint, "
            'and "possible" at most: an address can be changed, and a part can be bought.'
        )
    if last.says.startswith("in no block"):
        return (
            "This block of addresses is not one of a camera maker that camscan knows. That does not clear the device: "
            "rebadged cameras often have other addresses. camscan oui import brings a newer table."
        )
    return f"This address says nothing about the maker: it is {last.says}."


def _of_serial(one: Explanation, database: Database) -> str:  # noqa: ARG001 - one form for all
    if one.about.startswith("hash"):
        return "This is not a serial number: newer Dahua firmware sends such a number in its place. It does mean Dahua."
    made = next((line.says for line in one.lines if line.says.startswith("made ")), "")
    model = next((line.part for line in one.lines if line.says == "factory model"), "")
    told = f"This is a {one.about}."
    told += f" The model is {model}." if model else ""
    told += f" It was {made}." if made else ""
    return told


def _of_firmware(one: Explanation, database: Database) -> str:  # noqa: ARG001 - one form for all
    whose = " and ".join(name for name in ("Hikvision", "Dahua") if name in one.about)
    built = next((line.says for line in one.lines if line.says.startswith("built on")), "")
    told = f"This is how {whose} writes its firmware." if whose else "This is a version of firmware."
    told += (
        f" It was {built}." if built else " It says no build date, so it cannot be compared with what was mended when."
    )
    return f"{told} A version number alone does not prove who built the device." if whose else told


def _of_model(one: Explanation, database: Database) -> str:  # noqa: ARG001 - one form for all
    if one.about.startswith("badge"):
        brand = next((line.says.removeprefix("brand: ") for line in one.lines if line.says.startswith("brand: ")), "")
        return f'This is how {brand} writes its model numbers. A model number alone is "possible" at most.'
    said = dict(line.says.partition(": ")[::2] for line in one.lines)
    parts = [said[name].replace("_", " ") for name in ("kind", "type", "form", "resolution") if said.get(name)]
    can = [line.says.removeprefix("can: ").replace("_", " ") for line in one.lines if line.says.startswith("can: ")]
    maker = re.search(r"where (.+) made it", one.about)
    told = f"If {maker[1]} built it, it is this" if maker else f"This is a {one.about.partition(':')[0]}"
    told += f": {', '.join(dict.fromkeys(parts))}." if parts else "."
    return f"{told} What it can do: {', '.join(can)}." if can else told


_SENTENCES: Mapping[str, Callable[[Explanation, Database], str]] = {
    "mac": _of_mac,
    "serial": _of_serial,
    "firmware": _of_firmware,
    "model": _of_model,
}


def _badge_and_model(
    text: str, database: Database, grammars: Sequence[Grammar], badges: Sequence[Badge]
) -> Iterator[Reading]:
    """``Amcrest IP8M-2496E``: a name, and a model number after it."""
    words = text.split()
    for count in range(len(words) - 1, 0, -1):
        name, rest = " ".join(words[:count]), " ".join(words[count:])
        if found := list(_name(name, database, badges)):
            about = list(_technical(rest, database, grammars, badges))
            if not about:
                told = f"{found[0].answer} Nothing is known about '{rest}' itself."
                found = [replace(found[0], answer=told), *found[1:]]
            yield from found
            yield from (one for one in about if one.about != found[0].about)
            return


# What a device says in a certificate or a header


def _is_spoken(text: str) -> bool:
    return bool(_PAIR.search(text) or _HEADER.match(text) or _REALM.search(text) or _TITLE.match(text))


def _says(text: str, database: Database) -> Iterator[Reading]:
    if title := _TITLE.match(text):
        yield _verdict("header", "title of a web page", {"http.title": title[1]}, database)
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
        yield _verdict("header", f"{header[1]} header", facts, database)
    elif (realm := _REALM.search(text)) and "cn=" not in text.lower():
        yield _verdict("header", "name in a login window", {"http.realm": realm[1].strip()}, database)
    else:
        yield _certificate(text, database)


def _certificate(text: str, database: Database) -> Reading:
    owner = "issuer" if text.lower().lstrip().startswith("issuer") else "subject"
    pairs = [(name.upper(), value.strip()) for name, value in _PAIR.findall(text)]
    facts = {f"tls.{owner}": ",".join(f"{name}={value}" for name, value in pairs)}
    for name, value in pairs:
        if name in {"CN", "O", "OU"}:
            facts.setdefault(f"tls.{owner}_{name.lower()}", value)
    return _verdict("certificate", f"{owner} of a certificate", facts, database)


def _bare(text: str, database: Database) -> Iterator[Reading]:
    """A text of which nobody said what it is: what it would mean in each place where devices say such texts."""
    if shared := _SHARED.match(text):
        yield _web_server(shared[1])
        return
    told: set[str] = set()
    for key, place in _BARE:
        found = _identified({key: text}, database)
        reading = _reading("header", f"text, {place}", found, database)
        if found.because and reading.answer not in told:
            told.add(reading.answer)
            yield reading


def _web_server(name: str) -> Reading:
    told = (
        f"{name} is a web server that computers and cameras alike are built with. It says nothing about who built the "
        "device: scan it."
    )
    return Reading("header", "name of a web server", told, ())


def _verdict(kind: str, about: str, facts: Mapping[str, str], database: Database) -> Reading:
    return _reading(kind, about, _identified(facts, database), database)


def _identified(facts: Mapping[str, str], database: Database) -> Identification:
    now = datetime.now(UTC)
    return identify(
        [Observation("", 0, key.partition(".")[0], key, value, now) for key, value in facts.items()], database
    )


def _reading(kind: str, about: str, found: Identification, database: Database) -> Reading:
    who = _maker_name(found.maker, database) if found.maker else ""
    what = (found.kind or "").replace("_", " ")
    sure = found.confidence.value
    if who and found.kind == "vms":
        told = f"This is {who}'s management software on a server: {sure}. It is not a camera, but a system of {who}."
    elif who:
        sold = f" and sold as {found.brand}" if found.brand and plain(found.brand) != plain(who) else ""
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
        told = "Nothing that camscan knows follows from this. That does not clear the device: scan it."
    lines = tuple(Line("", because, found.confidence.value, "") for because in found.because)
    return Reading(kind, about, told, lines)


def _closest(text: str, database: Database, badges: Sequence[Badge]) -> tuple[str, ...]:
    names = {
        plain(name): name for name in (*(maker.name for maker in database.makers.values()), *(b.name for b in badges))
    }
    close = difflib.get_close_matches(plain(text), names, n=_MOST_CLOSE, cutoff=_CLOSE)
    return tuple(names[name] for name in close)
