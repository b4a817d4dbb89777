"""A strict YAML reader: it gives the tree of a file, every scalar as text, and every value with its line.

YAML 1.1 turns ``44:19:26`` into 159566 and ``no`` into False, lets the second of two equal keys win without a message,
and lets a few aliases explode. Here nothing is converted. Tags, anchors and duplicate keys are refused with file and
line.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import yaml

from camscan import system
from camscan.dataclass import dataclass
from camscan.errors import ConfigError

MAX_DEPTH = 50
MAX_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Node:
    """One value of a YAML file, and its position."""

    file: str
    line: int
    """1-based."""
    value: str | tuple[Node, ...] | dict[str, Node]
    quoted: bool = False
    """Whether the text was quoted or a block: ``key: ''`` is empty on purpose, ``key:`` is not."""

    def error(self, message: str) -> ConfigError:
        """The error about this value: ``file:line: message``."""
        return ConfigError(message, self.file, self.line)

    def text(self) -> str:
        """The text. Raises ConfigError if it is a list, a mapping or missing."""
        if not isinstance(self.value, str):
            raise self.error(f"expected text, found {self._kind()}")
        if not self.value and not self.quoted:
            raise self.error("no value; write one, or take the line out")
        return self.value

    def items(self) -> tuple[Node, ...]:
        """The entries of a list. Raises ConfigError if it is not one."""
        if not isinstance(self.value, tuple):
            raise self.error(f"expected a list (lines that start with '- ', or [] for none), found {self._kind()}")
        return self.value

    def entries(self) -> dict[str, Node]:
        """The entries of a mapping. Raises ConfigError if it is not one."""
        if not isinstance(self.value, dict):
            raise self.error(f"expected 'key: value' lines, found {self._kind()}")
        return self.value

    def only(self, *allowed: str) -> dict[str, Node]:
        """The entries of a mapping. Raises ConfigError for a key that is not allowed."""
        entries = self.entries()
        for key, node in entries.items():
            if key not in allowed:
                close = difflib.get_close_matches(key, allowed, n=1)
                hint = f"did you mean '{close[0]}'?" if close else f"the keys are: {', '.join(allowed)}"
                raise node.error(f"unknown key '{key}'; {hint}")
        return entries

    def plain(self) -> Any:
        """The same tree as str, list and dict, without lines."""
        if isinstance(self.value, str):
            return self.value
        if isinstance(self.value, tuple):
            return [node.plain() for node in self.value]
        return {key: node.plain() for key, node in self.value.items()}

    def _kind(self) -> str:
        if isinstance(self.value, str):
            return f"the text '{self.value[:40]}'" if self.value or self.quoted else "no value"
        return "a list" if isinstance(self.value, tuple) else "a mapping"


def require_member(node: Node, members: Mapping[str, Node], name: str) -> Node:
    """The member of that name. Raises ConfigError if it is missing."""
    if name not in members:
        raise node.error(f"'{name}' is missing")
    return members[name]


def read_contents(path: Path) -> bytes:
    """The contents of a file. Raises ConfigError if it cannot be read, or is larger than any configuration."""
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {system.why_not_read(error, path)}") from error
    if len(content) > MAX_BYTES:
        raise ConfigError(f"{path}: larger than {MAX_BYTES // 1024 // 1024} MB; is this the right file?")
    return content


def load_yaml(path: Path) -> Node:
    """The tree of one YAML file. Raises ConfigError with file and line."""
    return parse_yaml(read_contents(path), str(path))


def parse_yaml(content: bytes | str, file: str) -> Node:
    """The tree of one YAML document; raises ConfigError with ``file`` and line."""
    import yaml  # noqa: PLC0415 - it takes 15 ms to load, and most files are read from a cache

    try:
        text = content.decode("utf-8-sig") if isinstance(content, bytes) else content
        return _Tree(text, file).read_document()
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigError("not UTF-8 text; save the file as UTF-8", file, line) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise ConfigError(f"not valid YAML: {_plain_fault(error, text, line)}", file, line) from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise ConfigError("not valid YAML: a control character; retype the line", file, line) from error
    except UnicodeEncodeError as error:
        line = text.count("\n", 0, error.start) + 1
        raise ConfigError("not valid YAML: half a character; retype the line", file, line) from error


_BACKSLASH = (
    "a backslash between double quotation marks has a special meaning; write a Windows path such as C:\\camscan "
    "without them"
)
_PLAINLY = {
    "escape": _BACKSLASH,
    "hexdecimal": _BACKSLASH,
    "mapping values are not allowed": "a second ': ' in one line; put a text that holds one into quotes",
    "unexpected end of stream": "a quotation mark is not closed",
    "expected ',' or ']'": "a '[' is not closed",
    "expected ',' or '}'": "a '{' is not closed",
    "expected ':'": "expected 'key: value'; is a colon missing in the line before?",
    "expected key": "expected 'key: value'; do all keys of one entry begin in the same column?",
    "block end": "expected 'key: value' or '- '; do all entries begin in the same column?",
    "cannot start any token": "a character that means something in YAML; put the text into quotes",
}
"""Message of PyYAML -> what it usually means."""


def _plain_fault(error: yaml.MarkedYAMLError, text: str, line: int) -> str:
    """The message of a YAML error, in words that say what to do."""
    lines = text.splitlines()
    if "\t" in "".join(re.findall(r"^\s*", "".join(lines[line - 1 : line]))):
        return "the line begins with a tab; indent with spaces"
    said = error.problem or error.context or "it cannot be read"
    return next((plain for theirs, plain in _PLAINLY.items() if theirs in said), said)


class _Tree:
    """Turns parser events into nodes.

    It is built from events because the composer hides anchors and accepts duplicate keys.
    """

    def __init__(self, content: str, file: str) -> None:
        import yaml  # noqa: PLC0415 - loaded by now

        self._file = file
        self._kinds = yaml
        loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        self._next: Callable[[], Any] = loader(content).get_event  # yaml.parse asks for each event twice

    def read_document(self) -> Node:
        self._next()
        event = self._next()
        if isinstance(event, self._kinds.StreamEndEvent):
            return Node(self._file, 1, {})
        root = self._read_node(self._next(), 0)
        self._next()
        event = self._next()
        if not isinstance(event, self._kinds.StreamEndEvent):
            raise self._make_error(event, "a second document ('---'); one file holds one")
        return root

    def _make_error(self, event: Any, message: str) -> ConfigError:
        return ConfigError(message, self._file, _line_of(event))

    def _read_node(self, event: Any, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise self._make_error(event, f"nested deeper than {MAX_DEPTH}")
        if isinstance(event, self._kinds.AliasEvent) or event.anchor:
            raise self._make_error(
                event, "anchors and aliases ('&', '*') are not used here; quote the text if it is text"
            )
        if event.tag:
            raise self._make_error(event, "tags ('!') are not used here; quote the text if it is text")
        line = event.start_mark.line + 1
        if isinstance(event, self._kinds.ScalarEvent):
            return Node(self._file, line, event.value, bool(event.style))
        if isinstance(event, self._kinds.SequenceStartEvent):
            return Node(self._file, line, self._read_list(depth))
        return Node(self._file, line, self._read_mapping(depth))

    def _read_list(self, depth: int) -> tuple[Node, ...]:
        found: list[Node] = []
        while not isinstance(event := self._next(), self._kinds.SequenceEndEvent):
            found.append(self._read_node(event, depth + 1))
        return tuple(found)

    def _read_mapping(self, depth: int) -> dict[str, Node]:
        found: dict[str, Node] = {}
        lines: dict[str, int] = {}
        while not isinstance(event := self._next(), self._kinds.MappingEndEvent):
            key = self._read_node(event, depth + 1)
            name = key.value
            if not isinstance(name, str):
                raise key.error("a key must be text")
            if name in found:
                raise key.error(f"the key '{name}' is used twice, first in line {lines[name]}; keep one of them")
            lines[name] = key.line
            found[name] = self._read_node(self._next(), depth + 1)
        return found


def _line_of(event: Any) -> int:
    return int(event.start_mark.line) + 1 if event.start_mark else 1
