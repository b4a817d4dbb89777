"""One source of evidence per file, each with a ``SOURCE``. Files are found by their place; there is no registry.

Code that several sources share is beside this folder (``camscan/ingest/tables.py``). ``docs/development.md`` says how
to add a source.
"""

from __future__ import annotations

import importlib
import pkgutil

from camscan.ingest.source import Source


def source_names() -> tuple[str, ...]:
    """The names of all sources, in alphabetical order. Nothing is imported."""
    found = (module.name for module in pkgutil.iter_modules(__path__))
    return tuple(sorted(name.replace("_", "-") for name in found))


def load_source(name: str) -> Source:
    """Load one source by its name."""
    found: Source = importlib.import_module(f"{__name__}.{name.replace('-', '_')}").SOURCE
    return found
