"""Reads the parts of a firmware text and of a serial number, and says how good each rule is. Pure."""

from __future__ import annotations

import functools
import re
from datetime import date

from camscan.dataclass import dataclass
from camscan.patterns import late

_LONGEST = 128
"""Maximum characters that are read: the longest real text of these kinds has 60."""

_VERSION = re.compile(r"V?(\d+(?:\.[0-9A-Za-z]+)+)", re.IGNORECASE)
_BUILD_SHORT = re.compile(r"build[ :_-]*(\d{2})(\d{2})(\d{2})(?!\d)", re.IGNORECASE)
_BUILD_LONG = re.compile(r"build(?: date)?[ :]*(20\d{2})([-/]?)(\d{2})\2(\d{2})(?!\d)", re.IGNORECASE)
_TAIL_SHORT = re.compile(r"[\d.](?:_b?|b)(\d{2})(\d{2})(\d{2})$", re.IGNORECASE)
_FILE = re.compile(r"\.(?:bin|dav|img|zip)$", re.IGNORECASE)
"""The end of the name of a firmware file, after its version and date."""
_TAIL_LONG = re.compile(r"\.[RT][.-](20\d{2})(-?)(\d{2})\2(\d{2})$")
_TAIL_FOREIGN = re.compile(r"(?<=\d\.\d\.\d)\.\d{6}$")
"""``1.0.0.200604``: a day after a version of three digits, which neither maker writes."""
_TAIL_TWO = re.compile(r"\.[RT][.-](\d{2})(\d{2})(\d{2})$")
"""``2.623.00AC004.0.R.200316``, as CVE-2020-5735 spells it."""

_DAY = late(
    r"(?:build(?: date)?[ :_-]*)?(?P<year>20\d{2}|\d{2})(?P<dash>[-/]?)(?P<month>\d{2})(?P=dash)(?P<day>\d{2})",
    re.IGNORECASE,
)

_REGIONS = frozenset({"WR", "CH", "RR", "EU", "NA", "TW", "JP", "EN"})
"""Regions in published serial numbers. Other regions are accepted if a model number comes before them."""
# Door terminals have the firmware of the factory, V and six digits, in place of the two letters.
_HIKVISION = re.compile(
    r"(?P<model>.*?)(?P<channels>0[1-9]|[1-9]\d)?"
    r"(?P<year>20[0-3]\d)(?P<month>0[1-9]|1[0-2])(?P<day>0[1-9]|[12]\d|3[01])"
    r"(?:(?P<letters>[A-D]{2})|V(?P<firmware>\d{6}))?(?P<region>[A-Z]{2})"
    r"(?P<number>[A-Z]{0,2}\d{7,9})(?P<tail>[A-Z]{0,5})"
)
_NO_CHANNEL = re.compile(r"(?i)DS-[KP][A-Z].*00")
"""Door stations and alarm panels write 00 where a recorder writes its channels."""
_SHORT_NUMBER = re.compile(r"(?i)(?:DS-[INTH]|IPC-[BDTCP]|HW[ID]-[BDTCP]?|THC-[BDTCP])\d")
"""Numbers of three digits, ``DS-I200``, whose last two digits are not a number of channels."""
_LETTERS = re.compile(r"[A-Za-z]{2}")
_DAHUA = re.compile(
    r"(?P<year>[0-9A-Z])(?P<month>[A-L])[0-9A-F]{5}P[A-Z]{2}[0-9A-Z]{4,5}|[0-9A-Z]{2}[0-9A-F]{5}P[A-Z]{2}[0-9A-Z]{4,5}"
    r"|[PT]Z[A-Z]\d[A-Z]{2}\d{2,3}[0-9A-Z]\d{5}"
)
"""The last form is that of units until about 2015: ``PZC4KW`` and nine digits."""
_BADGES = {
    "Amcrest": re.compile(r"AMC\d{2}[0-9A-Z]{8,16}"),
    "Lorex": re.compile(r"ND\d{6}[0-9A-Z]{3,12}"),
    "Intelbras": re.compile(r"[A-Z][0-9A-Z][A-Z]{2}\d{7,8}(?:[A-Z][0-9A-Z]?|\d[A-Z])"),
}
"""Sellers whose units have serial numbers in the seller's own form."""

_EMPTY_WORDS = frozenset(
    {"", "-", "--", "?", "n/a", "na", "none", "null", "nil", "unknown", "undefined", "redacted", "<redacted>"}
    | {"[redacted]", "hidden", "masked", "removed", "default", "default string", "not available", "not specified"}
    | {"to be filled by o.e.m.", "serial", "serialnumber", "serial number", "sn", "model", "test", "(null)", "empty"}
    | {"not set", "notset", "no serial", "0123456789", "123456789", "1234567890", "12345678"}
)
_FILLER = re.compile(r"(?i)\*{3}|x{5}|#{4}|\.{3}|0{8}|<.*>|redacted")
_UNIFORM = re.compile(r"(?i)([0-9a-z])\1*")
_DOTTED = late(r"[1-9][0-9]*(?:\.[0-9]+)+")


@dataclass(frozen=True, slots=True)
class Firmware:
    """The parts of a firmware text."""

    version: str
    """The version without a leading V: ``5.6.2``, ``2.800.0000000.13.R``."""
    build: date | None
    """The build date. Makers state their fixes as build dates, so build dates are compared."""


@dataclass(frozen=True, slots=True)
class HikvisionSerial:
    """The parts of a full Hikvision serial number.

    The date of manufacture is certain up to 2019 and fairly certain after that; the region is fairly certain.
    """

    model: str
    channels: int | None
    """For recorders and some other units; 0 if a door station writes 00; None if no number is written."""
    made: date
    region: str
    short: str
    """The number printed on the unit."""
    letters: str = ""
    """Two letters after the date, of unknown meaning."""
    first_firmware: str = ""
    """For door terminals: ``3.3.15`` for ``V030315``."""


def decode_firmware(text: str) -> Firmware | None:
    """Version and build date of a firmware text, in any form of the two makers; None if it has none."""
    return _decode_firmware(text.strip()[:_LONGEST])


@functools.lru_cache(maxsize=4096)
def _decode_firmware(text: str) -> Firmware | None:
    text = _TAIL_FOREIGN.sub("", _FILE.sub("", text))
    found = _VERSION.search(text)
    if found is None:
        return None
    build = None
    for pattern in (_BUILD_LONG, _BUILD_SHORT, _TAIL_LONG, _TAIL_TWO, _TAIL_SHORT):
        hit = pattern.search(text)
        if hit:
            year, month, day = (int(part) for part in hit.groups() if part.isdigit())
            build = _make_date(year if year > 99 else 2000 + year, month, day)  # noqa: PLR2004 - two digits or four
            break
    version = found[1]
    return Firmware(re.sub(r"(?i)(?<=\.[RT])\.(?:(?:20)?\d{6}|20\d\d)$|b\d{6}$|build(?:\d{6})?$", "", version), build)


def decode_build(text: str) -> date | None:
    """The date in a text beside a firmware version: ``build 240606``, ``240606``, ``2020-06-05``."""
    hit = _DAY.fullmatch(text.strip()[:_LONGEST])
    if hit is None:
        return None
    year = int(hit["year"])
    return _make_date(year if year > 99 else 2000 + year, int(hit["month"]), int(hit["day"]))  # noqa: PLR2004 - as above


def firmware_text(text: str) -> str:
    """A firmware text in the form that is used for comparing: ``V5.6.2 build 190701`` for ``V5.6.2build 190701``.

    Dahua's ``2.820.0000000.18.R, Build Date: 2021-08-18`` becomes ``2.820.0000000.18.R build 2021-08-18``.
    """
    line = " ".join(text.split())
    line = re.sub(r"(?i)[ ,;_]*\bbuild(?: date)?[ :]*(?=\d)|(?<=\d)build[ :]*(?=\d)", " build ", line)
    return line.strip()


def hikvision_serial(text: str) -> HikvisionSerial | None:
    """The parts of a full Hikvision serial number; None if the text does not have that form."""
    return _hikvision_serial(text.strip()[:_LONGEST])


@functools.lru_cache(maxsize=4096)
def _hikvision_serial(text: str) -> HikvisionSerial | None:
    found = _HIKVISION.fullmatch(text)
    made = found and _make_date(int(found["year"]), int(found["month"]), int(found["day"]))
    if not found or not made:
        return None
    model, channels, region = found["model"], found["channels"], found["region"]
    if channels and _SHORT_NUMBER.fullmatch(model):
        model, channels = model + channels, None
    if _NO_CHANNEL.fullmatch(model):
        model, channels = model.removesuffix("00"), "00"
    if region not in _REGIONS and not _LETTERS.match(model):
        return None
    return HikvisionSerial(
        model=model.rstrip("-"),
        channels=int(channels) if channels else None,
        made=made,
        region=region,
        short=found["number"],
        letters=found["letters"] or "",
        first_firmware=".".join(str(int(pair)) for pair in re.findall("..", found["firmware"] or "")),
    )


def is_dahua_serial(text: str) -> bool:
    """Whether a text has a form of Dahua's own serial numbers.

    14 or 15 characters with ``P`` in the eighth place, or the older form that begins with ``PZ`` or ``TZ``.
    """
    return _DAHUA.fullmatch(text.strip()[:_LONGEST]) is not None


def badge_serial(text: str) -> str | None:
    """The brand whose serial numbers have this form; None for other texts. It does not say who built the unit."""
    line = text.strip()[:_LONGEST]
    return next((brand for brand, form in _BADGES.items() if form.fullmatch(line)), None)


def is_serial(text: str) -> bool:
    """Whether a text has the form of a full serial number, of either maker or of a brand."""
    return hikvision_serial(text) is not None or is_dahua_serial(text) or badge_serial(text) is not None


def dahua_serial_date(text: str) -> date | None:
    """The first day of the month in which a Dahua unit was made: an **estimate** from the first two characters.

    The rule fits about eight samples and has no published source. Never rely on it alone.
    """
    found = _DAHUA.fullmatch(text.strip()[:_LONGEST])
    if not found or not found["year"] or found["year"] not in "123456789ABC":
        return None
    return date(2014 + int(found["year"], 16), ord(found["month"]) - ord("A") + 1, 1)


def is_placeholder(text: str) -> bool:
    """Whether a text means "nothing": ``N/A``, zeros, ``REDACTED``, asterisks, a run of eight zeros or five X.

    ``111`` means nothing; ``1.11`` is a version.
    """
    return _is_placeholder(text.strip()[:_LONGEST])


@functools.lru_cache(maxsize=4096)
def _is_placeholder(line: str) -> bool:
    if line.casefold() in _EMPTY_WORDS or _FILLER.search(line):
        return True
    is_uniform = _UNIFORM.fullmatch(re.sub(r"[\W_]", "", line) or "0") is not None
    return is_uniform and not _DOTTED.fullmatch(line)


def is_hash(text: str) -> bool:
    """Whether a text is 16 or 32 hexadecimal digits: newer Dahua firmware sends such a hash in place of the serial.

    Digits alone are a number that somebody counted.
    """
    line = text.strip()
    return re.fullmatch(r"(?i)(?:[0-9a-f]{16}){1,2}", line) is not None and not line.isdigit()


def _make_date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
