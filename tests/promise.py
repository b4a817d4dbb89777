"""The promise that every parser makes, whatever the bytes: facts that are in order, or one of its two errors."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from camscan.errors import Malformed, NotSpoken, ProtocolError
from camscan.model import Fact

VOCABULARY = Path(__file__).parents[1] / "fingerprints" / "vocabulary.yaml"
AS_SENT = {"http.body", "rtsp.body", "rtsp.date"}
"""Bodies are cut, not trimmed, and the blanks before a date are a mark of their maker."""
MAC = re.compile(r"[0-9a-f]{2}(?::[0-9a-f]{2}){5}")
LONGEST_REASON = 200
"""Maximum characters of an error, which is in a table of attempts."""
GROWTH, HEAD = 4, 1024
"""How much longer than the reply its facts may be together: escapes and hexadecimal digits take their room."""


@functools.cache
def words() -> frozenset[str]:
    """Every key that a fact may have."""
    return frozenset(re.findall(r"^([\w.]+):", VOCABULARY.read_text(encoding="utf-8"), re.MULTILINE))


def keeps_its_promise(parse: Callable[[bytes], list[Fact]], payload: bytes) -> None:
    """Hold that a parser says what it may say of these bytes, and says the same when it is asked again."""
    try:
        facts = parse(payload)
    except (NotSpoken, Malformed) as error:
        _is_a_reason(error)
        with pytest.raises(type(error), match=re.escape(str(error))):
            parse(payload)
        return
    assert facts, "no facts is no answer"
    assert facts == parse(payload)
    for key, value in facts:
        assert key in words()
        _is_harmless(key, value)
    assert sum(len(value) for _, value in facts) <= GROWTH * len(payload) + HEAD


def _is_a_reason(error: ProtocolError) -> None:
    assert 0 < len(str(error)) <= LONGEST_REASON
    assert str(error).isprintable()


def _is_harmless(key: str, value: str) -> None:
    if key not in AS_SENT:
        name, sign, said = value.partition(": ") if key.endswith(".header") else ("", "", value)
        assert (name, sign, said) == (name.strip(), sign, said.strip())
    assert "\0" not in value
    assert value.encode("utf-8").decode("utf-8") == value
    if key.endswith((".mac", "mac.address")):
        assert MAC.fullmatch(value)
