"""Brings a person's entry into the form in which it is stored. Pure."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation

from camscan.asset.columns import Column, Kind
from camscan.asset.spelling import SHOWN_AS, choice_of_words, nearest_hint
from camscan.dates import read_day

LONGEST = 2000
"""Maximum characters of one entry."""
_PASTED = {ord("\t"): " ", 0x200B: None, 0xFEFF: None}
"""Characters that come with pasted text: tabs, zero-width spaces, byte order marks."""
_UNFIT = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
"""Control characters, marks that change the direction of text, and characters that XML cannot hold."""
_MONEY = re.compile(r"£?\s*(\d{1,3}(?:,\d{3})+|\d+)(\.\d{1,2})?$")
_LONG_PENCE = re.compile(r"\d{1,9}\.\d{4,}")
"""What a formula leaves: ``333.333333333333`` in a cell that shows 333.33."""
_MAC_DIGITS = 12
_GROUP_BIT = 0x01
"""The bit in the first octet that marks a MAC address of a group (IEEE 802)."""


def normalise(  # noqa: PLR0911 - one for each kind of column
    column: Column, text: str
) -> str:
    """A person's text in its stored form: dates in ISO 8601, money in pounds and pence, choices as spelled here.

    Empty text stays empty (it clears the entry). Raises ValueError with a sentence that says what would be right.
    """
    text = unicodedata.normalize("NFC", text.translate(_PASTED).replace("\r\n", "\n").replace("\r", "\n")).strip()
    if not text:
        return ""
    if len(text) > LONGEST:
        raise ValueError(f"longer than {LONGEST} characters; put the rest into a document and name that")
    if _UNFIT.search(text):
        raise ValueError("holds control characters or hidden marks; type it again")
    if column.name in _READERS:
        return _READERS[column.name](text)
    match column.kind:
        case Kind.CHOICE:
            return _read_choice(column, text)
        case Kind.DATE:
            return read_day(text).isoformat()
        case Kind.MONEY:
            return _read_money(text)
        case Kind.NUMBER:
            return _read_number(text)
    return text


def _read_choice(column: Column, text: str) -> str:
    wanted = re.sub(r"[\s-]+", "_", choice_of_words(column.name, text).casefold())
    wanted = next((choice for choice in column.choices if SHOWN_AS.get((column.name, choice)) == wanted), wanted)
    if wanted not in column.choices:
        choices = [SHOWN_AS.get((column.name, choice), choice) for choice in column.choices]
        raise ValueError(f"'{text}' is not one of: {', '.join(choices)}{nearest_hint(wanted, choices)}")
    return wanted


def _read_money(text: str) -> str:
    if _LONG_PENCE.fullmatch(text):
        text = f"{Decimal(text):.2f}"
    match = _MONEY.match(text)
    if not match:
        raise ValueError(f"'{text}' is not an amount in pounds; write it as 1250 or 1250.50")
    return str(Decimal(match[1].replace(",", "") + (match[2] or "")).quantize(Decimal("0.01")))


def _read_number(text: str) -> str:
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal(-1)
    if number != number.to_integral_value() or not 0 <= number < 10**9:
        raise ValueError(f"'{text}' is not a whole number; write it in digits, such as 10")
    return str(int(number))


def _read_mac(text: str) -> str:
    digits = re.sub(r"[:.\-\s]", "", text.lower())
    if len(digits) != _MAC_DIGITS or not set(digits) <= set("0123456789abcdef"):
        raise ValueError(f"'{text}' is not a MAC address; write it as 44:19:b6:12:34:56")
    if int(digits[:2], 16) & _GROUP_BIT or not int(digits, 16):
        raise ValueError(f"'{text}' is not the MAC address of one device; leave it empty if it is not known")
    return ":".join(digits[place : place + 2] for place in range(0, _MAC_DIGITS, 2))


def _read_address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise ValueError(f"'{text}' is not an IP address; write it as 10.1.2.34") from None


def _read_site(text: str) -> str:
    """The name of a site on one line, with single blanks: a site is recognised by its name."""
    return " ".join(text.split())


_READERS: Mapping[str, Callable[[str], str]] = {
    "site_name": _read_site,
    "stated_mac_address": _read_mac,
    "stated_ip_address": _read_address,
}
"""Column -> the function that reads its texts, if they have a form of their own."""
