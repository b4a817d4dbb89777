"""Reads the cells of other people's camera lists: what they write for nothing, for a type, an address or a price. Pure.

A cell is only read if its meaning is clear; otherwise it stays as it is, and the column says why it cannot hold it.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from decimal import Decimal

from camscan.asset.columns import Column, Kind
from camscan.sheets.faulty_cells import FaultyCell

_NOTHING = re.compile(
    r"n/?a|n\.a\.|[-\u2013\u2014]{1,3}|tb[cad]|not known|unknown|none|nil|\?{1,3}|null|n/?k|not applicable"
    r"|to be confirmed|not available|blank"
)
"""What people write for nothing, in small letters."""
_TYPES: Mapping[str, str] = {
    **dict.fromkeys(
        (
            *("camera", "cctv camera", "ip camera", "network camera", "dome", "dome camera", "fixed dome", "bullet"),
            *("bullet camera", "turret", "turret camera", "eyeball"),
            *("fixed", "fixed camera", "static", "static camera"),
        ),
        "ip_camera",
    ),
    **dict.fromkeys(("ptz camera", "ptz dome", "speed dome", "pan tilt zoom"), "ptz"),
    **dict.fromkeys(("nvr", "network video recorder", "network recorder"), "recorder_nvr"),
    **dict.fromkeys(("dvr", "digital video recorder"), "recorder_dvr"),
    **dict.fromkeys(("analogue", "analogue camera", "analog", "analog camera", "hd-tvi", "tvi"), "analogue_camera"),
    **dict.fromkeys(("door station", "door entry", "video door entry", "doorbell"), "intercom"),
    **dict.fromkeys(("anpr camera", "lpr", "number plate camera"), "anpr"),
    **dict.fromkeys(("thermal camera",), "thermal"),
    **dict.fromkeys(("switch", "poe switch"), "poe_switch"),
    **dict.fromkeys(("server", "vms"), "vms_server"),
}
"""What people write as a device's type -> the word of camscan."""
_IN_USE = frozenset(
    {
        *("in use", "in-use", "live", "active", "operational", "ok", "working", "online", "in service", "installed"),
        *("good", "current", "running", "up", "enabled", "functional", "existing"),
    }
)
"""What lists say about a device that is simply there: nothing that a lifecycle would record."""
_IS_GONE = re.compile(
    r"(?:now )?(?:removed|decommissioned|decom(?:m(?:ed)?)?\.?|retired|scrapped|taken down|stripped out"
    r"|no longer (?:there|installed|on site))\b.{0,40}",
    re.IGNORECASE,
)
_OF_THE_PAST = frozenset({"actual_removal_date", "disposal_date"})
_YES, _NO = frozenset({"y", "yes", "true"}), frozenset({"n", "no", "false", "not removed", "not yet", "still in place"})
_TIME = re.compile(r"(?<=\d)[T ]+\d{1,2}:\d\d(?::\d\d(?:\.\d+)?)?(?: ?[ap]m)?$", re.IGNORECASE)
_DAY_NUMBER = re.compile(r"\d{5}(?:\.0)?")
_DAY_0 = date(1899, 12, 30)
_DAY_NUMBERS = range(36526, 54789)
"""The numbers of the days from 2000 to 2049."""
_PRICE = re.compile(
    r"(?:gbp|£)?\s*(?P<amount>\d{1,3}(?:,\d{3})+(?:\.\d{1,2})?|\d+(?:\.\d{1,2})?)(?P<thousand>\s?k)?\s*(?:gbp|pounds)?"
    r"\s*[,(]?\s*(?:(?:\+|plus|ex|exc|excl|inc|incl|excluding|including)\.?\s*vat)?\s*(?:each|ea\.?|per unit)?\s*\)?",
    re.IGNORECASE,
)
_SERIAL_WORD = re.compile(r"(?:s/?n|serial(?: (?:no|number))?)\s*[.:#]?\s+(?=\S)|s/?n\s*[:#]\s*", re.IGNORECASE)
_REMARK = re.compile(r"\s*\([^()]{0,60}\)$")
_SHORTEST_SERIAL = 2
_NUMBER_OF_UNITS = re.compile(r"\d{1,3}\s?(?:off|no\.?|nr|units?|x)", re.IGNORECASE)
_ADDRESS = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?!\w|\.\d)")
_RANGE_OF_ADDRESSES = re.compile(r"\d\s*(?:-|\u2013|\bto\b)\s*\d")
_NETMASK = re.compile(r"255\.[\d.]+")
_PADDED = re.compile(r"(?:\d{3}\.){3}\d{3}")
_MAC = re.compile(
    r"(?<![0-9a-f:.-])(?:[0-9a-f]{2}(?P<by>[:-])(?:[0-9a-f]{2}(?P=by)){4}[0-9a-f]{2}|(?:[0-9a-f]{4}[.:-]){2}[0-9a-f]{4}"
    r"|(?:0x)?[0-9a-f]{12}|(?:[0-9a-f]{2} ){5}[0-9a-f]{2})(?![0-9a-f:.-])",
    re.IGNORECASE,
)


def without_time(text: str) -> str:
    """A day without the time that follows it: other systems export ``31/03/2027 09:30``."""
    return _TIME.sub("", text.strip())


def cell_meaning(column: Column, text: str) -> str:
    """The value of a cell in somebody else's list: empty if the text means "nothing"; types in the words of camscan.

    Raises FaultyCell for words in place of a serial number.
    """
    plain = " ".join(text.casefold().split())
    if not plain or (
        _NOTHING.fullmatch(plain)
        and (column.kind is not Kind.TEXT or column.name.startswith("stated_") or column.name == "council_asset_tag")
    ):
        return ""
    if column.name in _READERS:
        return _READERS[column.name](text)
    if column.name in _OF_THE_PAST and plain in _NO:
        return ""
    if {"yes", "no"} <= set(column.choices):
        return "yes" if plain in _YES else "no" if plain in _NO else text
    if column.kind is Kind.DATE:
        return day_of_number(column, without_time(text))
    return _read_price(text) if column.kind is Kind.MONEY else text


def day_of_number(column: Column, text: str) -> str:
    """The day for its number, which a spreadsheet shows in a cell that lost its format; any other text unchanged."""
    if (
        column.kind is Kind.DATE
        and _DAY_NUMBER.fullmatch(text)
        and (number := int(text.partition(".")[0])) in _DAY_NUMBERS
    ):
        return (_DAY_0 + timedelta(days=number)).isoformat()
    return text


def _read_price(text: str) -> str:
    """Pounds without the words beside them, such as ``ex VAT``; ``1.2k`` in full."""
    match = _PRICE.fullmatch(text.strip())
    if match is None:
        return text
    amount = match["amount"].replace(",", "")
    return f"{Decimal(amount) * 1000:.2f}" if match["thousand"] else amount


def _read_type(text: str) -> str:
    return _TYPES.get(" ".join(text.casefold().split()), text)


def _read_status(text: str) -> str:
    plain = " ".join(text.split())
    if plain.casefold() in _IN_USE:
        return ""
    return "removed" if _IS_GONE.fullmatch(plain) else text


def _read_serial(text: str) -> str:
    """A serial number without the words before it. Words such as "see photo" are not one."""
    plain = _REMARK.sub("", text.strip())
    plain = plain[match.end() :] if (match := _SERIAL_WORD.match(plain)) else plain
    known = [letter for letter in plain if letter.isalnum()]
    is_number = any(map(str.isdigit, known)) and set(known) != {"0"} and not _NUMBER_OF_UNITS.fullmatch(plain)
    if not is_number or len(known) < _SHORTEST_SERIAL:
        raise FaultyCell(f"'{' '.join(text.split())}' is not a serial number")
    return plain.removesuffix(".0") if plain.removesuffix(".0").isdecimal() else plain


def _read_address(text: str) -> str:
    """The only IPv4 address in a cell, without its port, page, prefix length, mask or remarks; else the text itself."""
    if _RANGE_OF_ADDRESSES.search(text):
        return text
    found = dict.fromkeys(
        each for match in _ADDRESS.finditer(text) if not _NETMASK.fullmatch(match[0]) and (each := _plain(match[0]))
    )
    return next(iter(found)) if len(found) == 1 else text


def _plain(text: str) -> str:
    """An IPv4 address, also if each part has three digits; empty if it is not one."""
    if _PADDED.fullmatch(text):
        text = ".".join(str(int(part)) for part in text.split("."))
    try:
        return str(ipaddress.IPv4Address(text))
    except ValueError:
        return ""


def _read_mac(text: str) -> str:
    """The only MAC address in a cell, without remarks; else the text itself."""
    found = {"".join(filter(str.isalnum, match[0].casefold().removeprefix("0x"))) for match in _MAC.finditer(text)}
    return ":".join(re.findall("..", found.pop())) if len(found) == 1 else text


_READERS: Mapping[str, Callable[[str], str]] = {
    "stated_device_type": _read_type,
    "lifecycle_status": _read_status,
    "stated_serial_number": _read_serial,
    "stated_ip_address": _read_address,
    "stated_mac_address": _read_mac,
}
"""Column -> the function that reads its cells."""
