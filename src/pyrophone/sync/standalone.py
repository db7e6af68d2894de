"""A service with a daemon of its own, by threads."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Self

from .threads import Daemon

__all__ = ["Standalone"]


class Standalone:
    """A service with a daemon of its own, and helpers in threads beside; they end together.

    It listens from the start, and answers while :meth:`serve` runs. Leaving a ``with``
    block stops it. What is served, a second base says, which has ``_daemon`` made, and:

    Attributes:
        _helpers: What runs beside the daemon, by the names of the threads.
        _silence: Lets the helpers end, and whatever has no end.
        _longest: Seconds that helpers have for it before they are left alone; None is
            any time.
    """

    _daemon: Any
    _helpers: list[tuple[str, Callable[[], None]]]
    _silence: Callable[[], None]
    _longest: float | None

    def serve(self) -> None:
        """Serve until :meth:`stop` is called or Ctrl-C is pressed."""
        may_stay = self._longest is not None
        threads = [
            threading.Thread(target=serve, name=f"pyrophone-{name}", daemon=may_stay)
            for name, serve in self._helpers
        ]
        try:
            for thread in threads:
                thread.start()
            self._daemon.serve()
        finally:
            self.close()
            for thread in threads:
                with suppress(RuntimeError):  # Ctrl-C came before it had started to run
                    thread.join(self._longest)

    def stop(self, grace: float = 5.0) -> None:
        """End it, and what has no end, such as subscriptions.

        From another thread, return when the calls that run are answered.

        Args:
            grace: How long they may take, in seconds.
        """
        self._silence()
        self._daemon.stop(grace)

    def close(self) -> None:
        """End it without waiting for calls that run."""
        self.stop(0.0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *what: object) -> None:
        self.close()

    def _make_daemon(self, host: str, port: int, **options: Any) -> Daemon:
        return Daemon(host, port, **options)
