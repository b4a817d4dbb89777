"""Reads a condition on one value from YAML, and allows only what RE2 can match in linear time. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import re2

from camscan.fingerprints.entry import Condition
from camscan.strict_yaml import Node

_FLAGS = re.compile(r"\(\?[imsU]+\)")


def read_condition(node: Node) -> Condition:
    """Read a condition. Raises ConfigError if it is not one, or not a pattern of RE2."""
    if isinstance(node.value, str):
        condition = Condition("pattern", node.text())
    else:
        members = node.only("contains", "search", "equals", "absent", "without", "begins", "any")
        if "any" in members:
            return _read_alternative(node, members)
        if len(members) != 1 or "begins" in members:
            raise node.error("one of contains, search, equals, absent, without, any; 'begins' goes before any")
        ((operator, value),) = members.items()
        condition = Condition(operator, value.text())
    if condition.operator == "absent" and condition.text != "true":
        raise node.error("write {absent: true}")
    if condition.operator == "contains" and not condition.text:
        raise node.error("contains: '' fits everything")
    if condition.operator in {"pattern", "search", "without"}:
        _require_compiles(node, condition)
    return condition


def _read_alternative(node: Node, members: Mapping[str, Node]) -> Condition:
    """One pattern for a list: the beginning of every item (``^`` if none is given), and its possible ends."""
    if not {*members} <= {"begins", "any"}:
        raise node.error("only 'begins' goes with any")
    items = [item.text() for item in members["any"].items()]
    if not items or not all(items):
        raise members["any"].error("an empty list or item fits everything that begins so")
    begins = members["begins"].text() if "begins" in members else "^"
    condition = Condition("pattern", f"{begins}(?:{'|'.join(items)})")
    _require_compiles(members["any"], condition)
    return condition


def _require_compiles(node: Node, condition: Condition) -> None:
    if condition.operator in {"pattern", "without"} and not is_anchored(condition.text):
        raise node.error(
            f"the pattern '{condition.text}' must begin with '^' (group alternatives: '^(?:a|b)'); "
            "to look inside a text write {contains: text} or {search: pattern}"
        )
    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(condition.text, options)
    except re2.error as error:
        reason = error.args[0] if error.args else error
        text = reason.decode() if isinstance(reason, bytes) else str(reason)
        raise node.error(f"the pattern '{condition.text}' is not RE2 syntax: {text}") from error


def group_names(condition: Condition) -> frozenset[str]:
    """Names of the groups in a condition."""
    if condition.operator not in {"pattern", "search"} or "(?P<" not in condition.text:
        return frozenset()
    return frozenset(re2.compile(condition.text).groupindex)


def is_anchored(pattern: str) -> bool:
    """Whether every top-level alternative begins with ``^`` (or RE2's other sign for it)."""
    flags = _FLAGS.match(pattern)
    return all(
        branch.startswith(("^", "\\A")) for branch in _split_alternatives(pattern[flags.end() :] if flags else pattern)
    )


def _split_alternatives(pattern: str) -> Iterator[str]:
    depth, start, at, in_class = 0, 0, 0, False
    while at < len(pattern):
        character = pattern[at]
        if character == "\\":
            at += 1
        elif in_class:
            in_class = character != "]"
        elif character == "[":
            in_class = True
            # A bracket right after the opening one, or after its '^', is itself a member of the class.
            at += len(re.match(r"\^?\]?", pattern[at + 1 :])[0])  # type: ignore[index]
        elif character in "()":
            depth += 1 if character == "(" else -1
        elif character == "|" and depth == 0:
            yield pattern[start:at]
            start = at + 1
        at += 1
    yield pattern[start:]
