"""What a probe may know about an address. Who it is, is worked out when a probe asks: many decide without it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from camscan.model import Confidence, Identification
from camscan.probes import Seen


class SeenSoFar(Seen):
    """The facts of an address, which identify it when somebody asks who it is."""

    __slots__ = ("_identify", "_may_be_complete")
    _identify: Callable[[], Identification]
    _may_be_complete: bool

    def __init__(
        self,
        facts: Mapping[str, tuple[str, ...]],
        spoken: Mapping[str, tuple[int, ...]],
        identify: Callable[[], Identification],
        *,
        may_be_complete: bool,
    ) -> None:
        """``identify`` is called whenever something depends on it, and remembers.

        Without ``may_be_complete``, something is missing, whoever it is.
        """
        for name, value in (
            ("facts", facts),
            ("spoken", spoken),
            ("_identify", identify),
            ("_may_be_complete", may_be_complete),
        ):
            object.__setattr__(self, name, value)

    @property
    def maker(self) -> str | None:
        """See Seen."""
        who = self._identify()
        return who.maker if _is_sure(who) else None

    @property
    def confirmed(self) -> bool:
        """See Seen."""
        who = self._identify()
        return who.maker is not None and who.confidence is Confidence.CONFIRMED

    @property
    def complete(self) -> bool:
        """See Seen."""
        if not self._may_be_complete:
            return False
        who = self._identify()
        return _is_sure(who) and None not in {who.maker, who.model, who.firmware, who.serial}

    @property
    def no_camera(self) -> bool:
        """See Seen."""
        who = self._identify()
        return _is_sure(who) and who.is_camera_system is False


def _is_sure(who: Identification) -> bool:
    return who.confidence in {Confidence.CONFIRMED, Confidence.PROBABLE}
