"""How people spell names and choices, and which one they may have meant. Pure."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Mapping, Sequence

_ABBREVIATED = frozenset({"ip", "nvr", "dvr", "vms", "anpr", "ptz", "poe", "nhs"})
SHOWN_AS: Mapping[tuple[str, str], str] = {("lifecycle_status", "confirmed"): "visited"}
"""Column and choice -> the word that people read and may type; files and the register store the choice."""
_READ_AS: Mapping[tuple[str, str], str] = {
    ("connection", "cellular"): "Mobile network",
    ("connection", "ip"): "Network cable",
    ("connection", "nvr_poe"): "Port of the recorder",
    ("connection", "wifi"): "Wi-Fi",
    ("controller", "nhs"): "NHS",
    ("controller", "own"): "The council",
    ("device_type", "anpr"): "Number plate camera",
    ("device_type", "body_worn_dock"): "Dock for body-worn cameras",
    ("device_type", "encoder"): "Video encoder",
    ("device_type", "ip_camera"): "Network camera",
    ("device_type", "poe_switch"): "Network switch",
    ("device_type", "ptz"): "Camera that turns (PTZ)",
    ("device_type", "recorder_dvr"): "Analogue recorder (DVR)",
    ("device_type", "recorder_nvr"): "Network recorder (NVR)",
    ("device_type", "thermal"): "Thermal camera",
    ("device_type", "vms_server"): "Video server (VMS)",
    ("network_zone", "core"): "Core network",
    ("network_zone", "internet_facing"): "Reachable from the internet",
    ("network_zone", "segregated"): "Separate network",
}
"""Column and choice -> how people read it, if that is not just its words. A sheet may hold this text or the choice."""
_TELLING = 5
"""How many characters must be right before a name is suggested."""


def in_words(choice: str) -> str:
    """A choice as people read it: "Accepted risk" for ``accepted_risk``. ``entry.normalise`` reverses it."""
    words = [word.upper() if word in _ABBREVIATED else word for word in choice.split("_")]
    return " ".join(words)[:1].upper() + " ".join(words)[1:]


def choice_in_words(column: str, choice: str) -> str:
    """A choice of a column as people read it.

    The status ``confirmed`` is "Visited", because only makers are confirmed.
    """
    of = "device_type" if column == "stated_device_type" else column
    return _READ_AS.get((of, choice)) or in_words(SHOWN_AS.get((column, choice), choice))


def choice_of_words(column: str, text: str) -> str:
    """The choice that people read as ``text``, in upper or lower case; any other text unchanged."""
    of = "device_type" if column == "stated_device_type" else column
    read = " ".join(text.split()).casefold()
    return next((choice for (name, choice), words in _READ_AS.items() if name == of and words.casefold() == read), text)


class Spellings:
    """Names that people, scans and the site map write, and how often in which spelling; upper and lower case are one.

    The most frequent spelling of a name is shown. If two are equally frequent, a name in mixed case comes before one
    in capitals or small letters.
    """

    def __init__(self) -> None:
        self._written: dict[str, Counter[str]] = {}

    def add(self, name: str) -> str:
        """Note one more use of a name. Returns the key of all its spellings."""
        key = name.casefold()
        self._written.setdefault(key, Counter())[name] += 1
        return key

    def shown(self, key: str) -> str:
        """The spelling that is shown for all."""
        written = self._written[key]
        return min(written, key=lambda name: (-written[name], name.isupper(), name.islower(), name))

    def all_shown(self) -> tuple[str, ...]:
        """Each name once, in the order in which the names were first used."""
        return tuple(map(self.shown, self._written))


def nearest_hint(name: str, among: Sequence[str]) -> str:
    """The end of a sentence that suggests similar names, in upper or lower case; empty if none is similar."""
    names = {each.casefold(): each for each in reversed(among)}  # the first spelling counts
    text = name.strip().casefold()
    near = (
        difflib.get_close_matches(text, names, 3, 0.7)
        or [each for each in names if len(text) >= _TELLING and text in each][:3]
    )
    return f"; did you mean {' or '.join(names[each] for each in near)}?" if near else ""


def plain_name(text: str) -> str:
    """The name of a column from a person's spelling: planned_removal_date for ``Planned Removal-Date``."""
    return re.sub(r"[\s_-]+", "_", text.strip().casefold())
