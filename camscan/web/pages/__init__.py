"""The pages, one file each, found by their place: ``PAGE`` of ``pages/devices.py`` is the page ``devices``.

A file whose name begins with an underscore is not a page; several pages share it.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Mapping

from camscan.web.page import Page


@functools.cache
def pages() -> Mapping[str, Page]:
    """Every page by its name: file of ``pages/`` -> ``PAGE``."""
    names = sorted(each.name for each in pkgutil.iter_modules(__path__) if not each.name.startswith("_"))
    return {name: importlib.import_module(f"{__name__}.{name}").PAGE for name in names}
