"""The strict YAML reader: everything is text, and what YAML would bend is refused with file and line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from camscan.errors import ConfigError
from camscan.strict_yaml import MAX_BYTES, load_yaml, parse_yaml


def test_scalars_stay_text() -> None:
    tree = parse_yaml("mac: 44:19:26\nanswer: no\nversion: 1.10\nserial: 0123\ndate: 2026-03-01\nnone: null\n", "f")
    assert tree.plain() == {
        "mac": "44:19:26",
        "answer": "no",
        "version": "1.10",
        "serial": "0123",
        "date": "2026-03-01",
        "none": "null",
    }


def test_lines_are_those_of_the_values() -> None:
    tree = parse_yaml("# comment\na: 1\nb:\n  - x\n  - y: 2\n", "f")
    assert tree.entries()["a"].line == 2
    assert [item.line for item in tree.entries()["b"].items()] == [4, 5]


@pytest.mark.parametrize("content", ["", "# nothing but a comment\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_an_empty_mapping(content: str | bytes) -> None:
    assert parse_yaml(content, "f").entries() == {}


@pytest.mark.parametrize(
    ("content", "line", "says"),
    [
        ("a: 1\na: 2\n", 2, "twice"),
        ("x:\n  a: 1\n  b: 2\n  a: 3\n", 4, "twice"),
        ("a: &anchor 1\n", 1, "anchors"),
        ("a: 1\nb: *anchor\n", 2, "anchors"),
        ("a: !!python/object/apply:os.system [ls]\n", 1, "tags"),
        ("---\na: 1\n---\nb: 2\n", 3, "second document"),
        ("a: b: c\n", 1, "not valid YAML: a second ': ' in one line; put a text that holds one into quotes$"),
        (
            'a: 1\nb: "C:\\cam"\n',
            2,
            "not valid YAML: a backslash between double .* write a Windows path",
        ),
        ('a: "C:\\Users"\n', 1, "write a Windows path"),
        ("a: 1\n\tb: 2\n", 2, "not valid YAML: the line begins with a tab; indent with spaces$"),
        ("a:\n\t- b: 2\n", 2, "the line begins with a tab; indent with spaces$"),
        ("a:\n  - b: 2\n\t  c: 3\n", 3, "the line begins with a tab; indent with spaces$"),
        ("a: 1\nb: 'open\n", 3, "not valid YAML: a quotation mark is not closed$"),
        ("a: [1, 2\nb: 3\n", 2, "a '\\[' is not closed$"),
        ("a: 1\n  b: 2\n", 2, "in one line; put|same column"),
        ("a: @home\n", 1, "put the text into quotes$"),
        ("a: 1\n? [b]\n: 2\n", 2, "a key must be text"),
        ("[" * 200, 1, "nested deeper"),
        ("a: 1\nb: '\x01'\n", 2, "control character"),
        ("a: 1\nb: '\ud800'\n", 2, "half a character"),
        (b"a: 1\nb: \xff\n", 2, "UTF-8"),
    ],
)
def test_what_is_refused_carries_file_and_line(content: str | bytes, line: int, says: str) -> None:
    with pytest.raises(ConfigError, match=says) as caught:
        parse_yaml(content, "camscan.yaml")
    assert str(caught.value).startswith(f"camscan.yaml:{line}: ")
    assert "\n" not in str(caught.value)


def test_typed_access_says_what_was_found() -> None:
    entries = parse_yaml("empty:\nquoted: ''\nlist: [a]\nmap: {a: b}\n", "f").entries()
    assert entries["quoted"].text() == ""
    for key in ("empty", "list", "map"):
        with pytest.raises(ConfigError):
            entries[key].text()
    for key in ("empty", "quoted", "map"):
        with pytest.raises(ConfigError, match="expected a list"):
            entries[key].items()
    for key in ("empty", "quoted", "list"):
        with pytest.raises(ConfigError, match="expected 'key: value' lines"):
            entries[key].entries()


def test_an_unknown_key_is_answered_with_the_nearest() -> None:
    tree = parse_yaml("a: 1\nexclusion: []\n", "f")
    with pytest.raises(ConfigError, match=r"^f:2: unknown key 'exclusion'; did you mean 'exclusions'\?$"):
        tree.only("a", "exclusions")


def test_a_file_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        load_yaml(tmp_path / "missing.yaml")
    with pytest.raises(ConfigError, match="it is a folder"):
        load_yaml(tmp_path)
    huge = tmp_path / "huge.yaml"
    with huge.open("wb") as stream:
        stream.truncate(MAX_BYTES + 1)
    with pytest.raises(ConfigError, match="larger than 16 MB"):
        load_yaml(huge)


@examples(200)
@given(st.binary(max_size=300) | st.text(max_size=200))
def test_any_content_is_a_tree_or_a_config_error(content: bytes | str) -> None:
    try:
        parse_yaml(content, "f").plain()
    except ConfigError as error:
        assert re.match(r"f:\d+: ", str(error))  # noqa: PT017 - no error is as good an end


TREES = st.recursive(
    st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abcdef:# '", min_size=1), inner, max_size=4),
    max_leaves=12,
)


@examples(200)
@given(st.dictionaries(st.text("abcdef", min_size=1), TREES, max_size=5))
def test_what_pyyaml_writes_as_text_comes_back_the_same(tree: dict[str, object]) -> None:
    class Plain(yaml.SafeDumper):
        def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - the signature is PyYAML's
            return True

    assert parse_yaml(yaml.dump(tree, Dumper=Plain, default_style='"'), "f").plain() == tree
