"""How publishers send: again, until the service has answered or their time is over."""

from __future__ import annotations

import time

from ..errors import ConnectionLostError, DeadlineExceeded, PyrophoneError
from .following import is_passing

__all__ = ["Sending"]

_FIRST, _LONGEST = 0.05, 1.0  # seconds between attempts


class Sending:
    """One call that is repeated until it is answered, or its time is over.

    Args:
        timeout: How long that may take, in seconds.
        known: Whether the service was there before.
    """

    def __init__(self, timeout: float, *, known: bool) -> None:
        self._timeout = timeout
        self._known = known
        self._pause = _FIRST
        self._sent = False
        self._end = time.monotonic() + timeout

    @property
    def left(self) -> float:
        """Seconds that are left."""
        return max(0.0, self._end - time.monotonic())

    def pause_after(self, error: PyrophoneError) -> float:
        """Return for how many seconds to wait before the next attempt.

        Raises:
            DeadlineExceeded: There is no time for another.
            PyrophoneError: *error*, if trying again is of no use.
        """
        if not is_passing(error, known=self._known):
            raise error
        if isinstance(error, ConnectionLostError):
            self._sent |= getattr(error, "sent", True)
        if self._pause > self.left:
            state = "perhaps published" if self._sent else "not published"
            raise DeadlineExceeded(
                f"{state}, after {self._timeout:g} s: {error}", self._sent
            ) from error
        pause, self._pause = self._pause, min(2 * self._pause, _LONGEST)
        return pause
