"""Small changes to the functions of a module, one at a time: what ``make mutants`` tries.

A change is made in the text, so that it can be shown as a difference; the rest of the file keeps its lines. Words for
people (texts with a space), docstrings, annotations, decorators and what stands outside of functions stay as they are.
"""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_OTHER_COMPARISON: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_OTHER_OPERATION: dict[type[ast.operator], str] = {
    ast.Add: "-",
    ast.Sub: "+",
    ast.Mult: "/",
    ast.Div: "*",
    ast.FloorDiv: "/",
    ast.Mod: "*",
    ast.BitAnd: "|",
    ast.BitOr: "&",
}
_OTHER_FUNCTION = {"min": "max", "max": "min", "any": "all", "all": "any"}
_TESTED_ITSELF = (ast.Compare, ast.BoolOp, ast.UnaryOp, ast.Constant)
"""Conditions whose own changes turn them round."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change to one function."""

    path: Path
    function: str
    """The qualified name of the function."""
    defined: int
    """The first line of the function, decorators included."""
    first: int
    """The first line of the statement that is changed, or of its head where it has a body."""
    last: int
    start: int
    """Where the changed text begins, in bytes of the file."""
    end: int
    change: str

    def text(self) -> str:
        """The whole file with the change in it; every other line has the number that it had."""
        whole = self.path.read_bytes()
        missing = whole[self.start : self.end].count(b"\n") - self.change.count("\n")
        inside = len(self.change) - self.change.endswith(")")  # a line break outside of parentheses ends a statement
        change = self.change[:inside] + "\n" * missing + self.change[inside:]
        return (whole[: self.start] + change.encode() + whole[self.end :]).decode()

    def difference(self) -> str:
        """What is changed, as ``diff -u`` shows it, without the lines that only keep the count."""
        whole = self.path.read_bytes()
        changed = (whole[: self.start] + self.change.encode() + whole[self.end :]).decode()
        lines = difflib.unified_diff(whole.decode().splitlines(), changed.splitlines(), lineterm="", n=1)
        return "\n".join(list(lines)[2:])


def mutants(path: Path) -> list[Mutant]:
    """Every change to the functions of a file, in the order of its lines."""
    source = path.read_bytes()
    offsets = [0]
    for line in source.splitlines(keepends=True):
        offsets.append(offsets[-1] + len(line))
    tree = ast.parse(source)
    branches = (node for node in ast.walk(tree) if isinstance(node, ast.If | ast.While | ast.IfExp))
    turned = {node.test for node in branches if not isinstance(node.test, _TESTED_ITSELF)}
    changes = [
        Mutant(
            path=path,
            function=name,
            defined=min(node.lineno for node in (function, *function.decorator_list)),
            first=first,
            last=last,
            start=offsets[node.lineno - 1] + node.col_offset,
            end=offsets[(node.end_lineno or 0) - 1] + (node.end_col_offset or 0),
            change=change,
        )
        for name, function in _functions(tree, "")
        for statement in function.body
        for node, first, last in _nodes(statement, statement.lineno, statement.end_lineno or 0)
        for change in (*_changes(node), *([f"(not ({ast.unparse(node)}))"] if node in turned else ()))
    ]
    return sorted(changes, key=lambda mutant: (mutant.start, mutant.end, mutant.change))


def _functions(node: ast.AST, within: str) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield within + child.name, child
        elif isinstance(child, ast.ClassDef):
            yield from _functions(child, f"{within}{child.name}.")


def _nodes(node: ast.AST, first: int, last: int) -> Iterator[tuple[ast.expr | ast.stmt, int, int]]:
    """Every node that may be changed, with the lines of the statement around it."""
    if isinstance(node, ast.stmt):
        first, last = node.lineno, node.end_lineno or node.lineno
        if isinstance(node, ast.If | ast.While | ast.For | ast.With | ast.Try | ast.Match | ast.FunctionDef):
            body = node.cases[0].pattern if isinstance(node, ast.Match) else node.body[0]
            last = max(first, body.lineno - 1)
    if isinstance(node, ast.expr | ast.stmt):
        yield node, first, last
    for child in _children(node):
        yield from _nodes(child, first, last)


def _children(node: ast.AST) -> Iterator[ast.AST]:
    for field, value in ast.iter_fields(node):
        # Python 3.11 does not know where the parts of an f-string stand.
        if field in {"annotation", "returns", "decorator_list"} or isinstance(node, ast.JoinedStr):
            continue
        for child in value if isinstance(value, list) else [value]:
            docstring = isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)
            if isinstance(child, ast.AST) and not docstring:
                yield child


def _changes(node: ast.expr | ast.stmt) -> Iterator[str]:
    match node:
        case ast.Compare() | ast.BoolOp() | ast.UnaryOp():
            yield from _other_condition(node)
        case ast.Constant(value=value):
            yield from _other_constant(value)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OTHER_OPERATION:
            yield f"({ast.unparse(left)} {_OTHER_OPERATION[type(op)]} ({ast.unparse(right)}))"
        case ast.Call(func=ast.Name(id=name), args=[_, *_]) if name in _OTHER_FUNCTION:
            call = ast.Call(func=ast.Name(id=_OTHER_FUNCTION[name]), args=node.args, keywords=node.keywords)
            yield f"({ast.unparse(call)})"
        case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
            yield from _without_conditions(node)
        case ast.stmt():
            yield from _other_statement(node)


def _other_condition(node: ast.Compare | ast.BoolOp | ast.UnaryOp) -> Iterator[str]:
    match node:
        case ast.Compare(left=left, ops=ops, comparators=others):
            for at, op in enumerate(ops):
                changed = [*ops[:at], _OTHER_COMPARISON[type(op)](), *ops[at + 1 :]]
                yield f"({ast.unparse(ast.Compare(left=left, ops=changed, comparators=others))})"
        case ast.BoolOp(op=op, values=values):
            for at in range(len(values)):
                rest = [*values[:at], *values[at + 1 :]]
                yield f"({ast.unparse(ast.BoolOp(op=op, values=rest) if len(rest) > 1 else rest[0])})"
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield f"({ast.unparse(operand)})"
        case _:
            return


def _other_constant(value: object) -> Iterator[str]:
    if isinstance(value, bool):
        yield str(not value)
    elif isinstance(value, int):
        yield str(value + 1)
    elif isinstance(value, str) and not any(character.isspace() for character in value):
        yield repr(value + "x")


def _without_conditions(node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp) -> Iterator[str]:
    for at, loop in enumerate(node.generators):
        if loop.ifs:
            free = ast.comprehension(target=loop.target, iter=loop.iter, ifs=[], is_async=loop.is_async)
            parts = {field: value for field, value in ast.iter_fields(node) if field != "generators"}
            changed = type(node)(**parts, generators=[*node.generators[:at], free, *node.generators[at + 1 :]])
            yield f"({ast.unparse(changed)})"


def _other_statement(node: ast.stmt) -> Iterator[str]:
    match node:
        case ast.Return(value=ast.expr() as value) if not (isinstance(value, ast.Constant) and value.value is None):
            yield "return (None)"
        case ast.Assign(targets=targets, value=value) if not isinstance(value, ast.Constant):
            yield f"{' = '.join(ast.unparse(target) for target in targets)} = (None)"
        case ast.Break():
            yield "continue"
        case ast.Continue():
            yield "break"
        case ast.Expr(value=ast.Call()) | ast.Raise() | ast.AugAssign() | ast.Delete():
            yield "pass"
        case _:
            return
