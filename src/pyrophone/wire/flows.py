"""How much of a stream may be under way: the bookkeeping of both its ends."""

from __future__ import annotations

__all__ = ["MOST_CREDIT", "Flow"]

MOST_CREDIT = 65536  # messages under way; whoever grants more means "as many as you like"


class Flow:
    """The credit of one stream, as one of its ends knows it, in messages of items.

    Each count is written by one side of a front-end only, the one that sends or the one
    that receives, so that both may run at once.

    Attributes:
        granted: Given so far.
        used: Used up so far.
        window: What was given first, so what the reader takes at once.
    """

    __slots__ = ("granted", "used", "window")

    def __init__(self) -> None:
        self.granted = 0
        self.used = 0
        self.window = 0

    @property
    def room(self) -> int:
        """How many messages may be sent now."""
        return self.granted - self.used

    @property
    def unread(self) -> int:
        """How many messages were sent that the reader has not used up."""
        return self.window - self.granted + self.used

    def grant(self, count: int) -> int:
        """Count *count* more, or what is left up to the most; return how many."""
        count = max(0, min(count, MOST_CREDIT - self.room))
        if not self.granted:
            self.window = count
        self.granted += count
        return count
