"""What was read from a YAML file before: the same tree, and only where nobody else could have written it."""

from __future__ import annotations

from pathlib import Path

import pytest

from camscan import kept, strict_yaml
from camscan.errors import ConfigError

TEXT = "name: 'one'\nlist:\n  - a\n  - {b: c, empty: ''}\nnothing:\nlong: |\n  two\n  lines\n"


def load_in_new_program(file: Path, cache: Path) -> strict_yaml.Node:
    """Load a file as a program does that has read none yet."""
    kept._load_contents.cache_clear()
    return kept.load_yaml(file, cache)


def test_a_tree_from_the_cache_is_the_tree_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, cache = tmp_path / "one.yaml", tmp_path / "cache"
    file.write_text(TEXT, encoding="utf-8")
    first = load_in_new_program(file, cache)
    assert first == strict_yaml.load_yaml(file)
    monkeypatch.setattr(kept, "parse_yaml", None)  # what is read from the cache is not parsed
    assert load_in_new_program(file, cache) == first
    moved = file.rename(tmp_path / "other.yaml")
    assert load_in_new_program(moved, cache).entries()["name"].file == str(moved)


def test_a_program_reads_a_file_again_only_if_it_was_changed(tmp_path: Path) -> None:
    file, cache = tmp_path / "one.yaml", tmp_path / "cache"
    for text in ("a: b\n", "a: c\n"):
        file.write_text(text, encoding="utf-8")
        found = kept.load_yaml(file, cache)
        assert kept.load_yaml(file, cache) is found
        assert found.entries()["a"].text() == text[3]


@pytest.mark.parametrize("spoil", ["cut", "open to others"])
def test_a_cache_that_is_cut_or_that_others_may_write_is_not_believed(tmp_path: Path, spoil: str) -> None:
    file, cache = tmp_path / "one.yaml", tmp_path / "cache"
    file.write_text("a: b\n", encoding="utf-8")
    load_in_new_program(file, cache)
    (place,) = cache.iterdir()
    if spoil == "cut":
        place.write_bytes(place.read_bytes()[:-3])
    else:
        kept.write_kept(place, [1, False, {"a": [1, False, "forged"]}], "none")
        assert load_in_new_program(file, cache).entries()["a"].text() == "forged"  # so it would be believed
        place.chmod(0o666)
    assert load_in_new_program(file, cache).entries()["a"].text() == "b"
    assert kept.read_kept(place) is not None  # and it is mended


def test_a_mistake_is_reported_with_its_line_and_not_kept(tmp_path: Path) -> None:
    file, cache = tmp_path / "one.yaml", tmp_path / "cache"
    file.write_text("a: b\na: c\n", encoding="utf-8")
    for _ in range(2):
        with pytest.raises(ConfigError, match="is used twice, first in line 1"):
            load_in_new_program(file, cache)
    assert not cache.exists()


def test_a_cache_folder_that_cannot_be_made_costs_nothing(tmp_path: Path) -> None:
    file, cache = tmp_path / "one.yaml", tmp_path / "cache"
    file.write_text("a: b\n", encoding="utf-8")
    cache.write_text("in the way", encoding="utf-8")
    assert load_in_new_program(file, cache).entries()["a"].text() == "b"
