"""The table of rooms in docs/development.md, made from the code: ``make docs`` writes it, a test compares.

The order is that of the layers in pyproject.toml, the words are the first sentence of each room's docstring.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "development.md"
BEGIN, END = "<!-- rooms: written by make docs -->\n", "<!-- end of rooms -->\n"
_SENTENCE = re.compile(r"(.+?\.)(?:\s|$)", re.DOTALL)
_LINK = re.compile(r":\w+:`~?([^`]+)`")


def layers() -> list[list[str]]:
    """The rooms from top to bottom; those side by side do not import each other. Rooms that are yet to be built too."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    layered = next(each for each in contracts["contracts"] if each["type"] == "layers")
    return [[name.strip(" ()") for name in layer.split("|")] for layer in layered["layers"]]


def module_of(name: str) -> Path | None:
    """The file that says what a room is for; None for one that is yet to be built."""
    package, module = ROOT / "camscan" / name / "__init__.py", ROOT / "camscan" / f"{name}.py"
    return package if package.is_file() else module if module.is_file() else None


def sentence(path: Path) -> str:
    """The first sentence of a module's docstring, on one line, as Markdown."""
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    found = _SENTENCE.match(" ".join(text.split()))
    return _LINK.sub(r"`\1`", found[1] if found else text).replace("``", "`")


def table() -> str:
    """The block between the two marks."""
    return "".join([BEGIN, "| floor | room | what it is for |\n|---|---|---|\n", *_rows(), END])


def _rows() -> Iterator[str]:
    floors = [[name for name in layer if module_of(name) and name != "__main__"] for layer in layers()]
    built = [each for each in floors if each]
    for number, floor in enumerate(built):
        for name in floor:
            path = module_of(name)
            assert path is not None
            shown = f"`{name}/`" if path.name == "__init__.py" else f"`{name}.py`"
            yield f"| {len(built) - number} | {shown} | {sentence(path)} |\n"


def page() -> str:
    """The whole page with today's table in it."""
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    return before + table() + rest.partition(END)[2]


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
