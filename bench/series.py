"""What was measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import median

__all__ = ["Found", "Series"]


@dataclass
class Series:
    """The figures of one action on one side, one per round.

    Attributes:
        values: Of a case of the plan, seconds per repetition; of what else is measured,
            see the measuring function.
    """

    side: str
    action: str
    values: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        """The middle one."""
        return median(self.values)


# The series by side and action.
Found = Mapping[tuple[str, str], Series]
