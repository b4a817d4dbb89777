"""Numbers and lists as an English sentence says them. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from camscan.version import __version__


def counted(number: int, one: str = "device", several: str = "") -> str:
    """``1 device``, ``1,200 devices``, ``2 entries`` (with ``several``)."""
    return f"{number:,} {one if number == 1 else several or plural_of(one)}"


def begin_sentence(number: int, one: str = "device") -> str:
    """How a sentence begins: ``No device``, ``1 device``, ``1,200 devices``; its verb is ``verb(number or 1, …)``."""
    return counted(number, one) if number else f"No {one}"


def verb(number: int, one: str, several: str) -> str:
    """``is`` or ``are``: the form that goes with so many."""
    return one if number == 1 else several


def plural_of(one: str) -> str:
    """``devices`` of ``device``, ``addresses`` of ``address``; irregular ones are given to :func:`counted`."""
    return f"{one}es" if one.endswith("s") else f"{one}s"


def how_to_add(extra: str) -> str:
    """What to do where the libraries of an extra are missing; camscan is in no index, so none is named."""
    wheel = f"camscan-{__version__}-py3-none-any.whl[{extra}]"
    return f"run `make install EXTRAS={extra}` in camscan's folder, or pip install '{wheel}' where you have the wheel"


def listed(names: Sequence[str], last: str = "and") -> str:
    """``a``, ``a and b``, ``a, b and c``; empty where there are none."""
    return f"{', '.join(names[:-1])} {last} {names[-1]}" if len(names) > 1 else "".join(names)
