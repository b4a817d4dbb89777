"""Texts on disk: what was written is read again, whole, in parts and by line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camscan import drafts
from camscan.drafts import Draft, pieces_of, whole_text
from camscan.errors import OutputError

TEXTS = st.lists(st.text(st.characters(codec="utf-8"), max_size=40), max_size=30)


@given(TEXTS)
def test_the_whole_and_its_parts(texts: list[str]) -> None:
    draft = Draft()
    spans = [draft.write(text) for text in texts]
    assert whole_text(draft) == "".join(texts)
    assert [whole_text(span) for span in reversed(spans)] == texts[::-1]
    draft.write("end")
    assert whole_text(draft) == "".join(texts) + "end"


def test_a_long_text_comes_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafts, "_SMALL", 10)
    monkeypatch.setattr(drafts, "_PIECE", 7)
    draft = Draft()
    lines = [f"line {number}, \N{VIDEO CAMERA}\n" for number in range(20)]
    spans = []
    for line in lines:
        spans.append(draft.write(line))
        assert whole_text(spans[0]) == lines[0]  # reading in between moves nothing
    assert {len(piece) for piece in list(draft)[:-1]} == {7}
    assert list(draft.lines()) == lines
    assert [whole_text(span) for span in spans] == lines
    assert b"".join(pieces_of("a text in memory")) == b"a text in memory"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_one_line() -> None:
    draft = Draft()
    with Path("/dev/full").open("w+b", buffering=0) as full, pytest.MonkeyPatch.context() as patched:
        patched.setattr(draft, "_file", full)
        with pytest.raises(OutputError, match=r"a temporary file .*: No space left on device; free"):
            draft.write("a text")
