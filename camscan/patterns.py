"""Regular expressions that are compiled when they are first used.

Compiling one takes a fifth of a millisecond, and a scan loads modules with 160. These here are for other commands,
seldom replies, or slips of people.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, AnyStr, cast

if TYPE_CHECKING:

    def late(text: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
        """The pattern, as of ``re.compile``."""
        return re.compile(text, flags)

else:

    class late:  # noqa: N801 - it is called like a function
        """Stands in for a compiled pattern: each of its methods is the pattern's own from its first use on."""

        def __init__(self, text: AnyStr, flags: int = 0) -> None:
            self._text, self._flags = text, flags

        def __getattr__(self, name: str) -> Any:
            found = getattr(re.compile(self._text, self._flags), name)
            setattr(self, name, found)
            return cast("Any", found)
