"""What contradicts itself about one device, in sentences that a councillor can read. Pure.

The sentences are made from the lines of ``Identification.conflicts``, which the register keeps and the JSON report
holds, such as ``maker: hipcam (0.72) or hikvision (0.20)``.
"""

from __future__ import annotations

import re

from camscan.fingerprints.wording import load_words

_ABOUT = {
    "maker": "its maker",
    "camera": "whether it is part of video surveillance",
    "model": "its model",
    "firmware": "its firmware",
    "serial": "its serial number",
    "address": "its address",
}
"""The word that begins a line -> what the line is about."""
_LINE = re.compile(r"([a-z]+): (.+)", re.DOTALL)
_MAKER = re.compile(r"([a-z0-9_-]+) \((\d\.\d\d)\)")
"""A maker's key and how certain it is."""


def describe_contradiction(line: str) -> str:
    """A line of ``Identification.conflicts`` as a sentence; a line of another form is unchanged."""
    match = _LINE.fullmatch(line)
    if not match or match[1] not in _ABOUT:
        return line
    said = _MAKER.sub(_name_maker, match[2]) if match[1] == "maker" else match[2]
    return f"Contradiction about {_ABOUT[match[1]]}: {said}"


def _name_maker(match: re.Match[str]) -> str:
    return f"{load_words().maker_name(match[1])} ({float(match[2]):.0%})"
