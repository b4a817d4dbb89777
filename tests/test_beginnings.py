"""What a value must begin with to fit a pattern: never more than the pattern asks for."""

from __future__ import annotations

import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st

from camscan import fingerprints
from camscan.fingerprints.beginnings import LONGEST_BEGINNING, beginnings_of
from camscan.fingerprints.entry import Condition

PATTERNS = sorted(
    {
        (condition.operator, condition.text)
        for rule in fingerprints.load_database().rules
        for _, conditions in rule.when
        for condition in conditions
        if condition.operator in {"pattern", "search"}
    }
)


@pytest.mark.parametrize(
    ("pattern", "beginnings"),
    [
        ("^abc$", ["abc"]),
        (r"^a\.b\d+", ["a.b"]),
        ("^abc*d", ["ab"]),
        ("^ab+", ["a"]),
        ("^a?b", [""]),
        ("^a{2}", [""]),
        (r"^\d", [""]),
        ("abc", [""]),
        ("^abc|^d", [""]),
        ("^(?:MAC|IPv4)=", ["MAC", "IPv4"]),
        ("(?i)^(?:MAC|IPv4)=", ["mac", "ipv4"]),
        ("^x(?:a|b)?", ["x"]),
        (r"^(?:C:\\|/)x", ["C:\\", "/"]),
        (r"^(?:a\||b)x", ["a|", "b"]),
        ("^x[|]y", ["x"]),
        ("(?s)^abc", [""]),
    ],
)
def test_beginnings_of_a_pattern(pattern: str, beginnings: list[str]) -> None:
    assert [one.text for one in beginnings_of(Condition("pattern", pattern))] == beginnings


@given(st.sampled_from(PATTERNS), st.data())
def test_whatever_fits_begins_so(one: tuple[str, str], data: st.DataObject) -> None:
    operator, pattern = one
    known = beginnings_of(Condition(operator, pattern))
    # Python's dialect makes the values, RE2's judges them: the shipped patterns mean the same in both.
    value = data.draw(st.from_regex(pattern.replace(r"\z", r"\Z"), fullmatch=False))
    if not re2.search(pattern, value.encode(errors="replace")):
        return
    assert any((value[:LONGEST_BEGINNING].casefold() if one.is_folded else value).startswith(one.text) for one in known)
