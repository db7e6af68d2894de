"""Names whose daemon is gone go, if NS_AUTOCLEAN says so."""

from __future__ import annotations

import logging
import threading
import time
from typing import Any, ClassVar

from ..naming import Sweeper
from .generation import Generation
from .providers import records_of

__all__ = ["AutoCleaner"]

_ATTEMPT = 5.0  # seconds for one daemon, where COMMTIMEOUT gives none


class AutoCleaner(threading.Thread):
    """Drops names whose daemon can't be reached, each NS_AUTOCLEAN seconds.

    Its four settings are read when they are needed; programs change them.

    Attributes:
        generation: Whose cleaner it is.

    Args:
        nameserver: Whose names.

    Raises:
        ValueError: NS_AUTOCLEAN is too small.
    """

    generation: ClassVar[Generation]
    min_autoclean_value = 3
    max_unreachable_time = 20.0
    loop_delay = 2.0
    override_autoclean_min = False

    def __init__(self, nameserver: Any) -> None:
        super().__init__(name="Pyro-autoclean", daemon=True)
        least = 0.0 if self.override_autoclean_min else self.min_autoclean_value
        interval = self.generation.config.NS_AUTOCLEAN
        if interval < least:
            raise ValueError(f"NS_AUTOCLEAN cannot be smaller than {least}")
        self._log = logging.getLogger(f"{self.generation.name}.naming")
        self.nameserver = nameserver
        self.stop = False
        self._ending = threading.Event()
        records = getattr(nameserver, "records", None) or records_of(nameserver.storage)
        timeout = self.generation.config.COMMTIMEOUT or _ATTEMPT
        self._sweeper = Sweeper(records, grace=self.max_unreachable_time, timeout=timeout)

    def run(self) -> None:
        """Clean until :meth:`end` is called, or ``stop`` is set."""
        last = time.monotonic()
        while not self._ending.wait(self.loop_delay) and not self.stop:
            if time.monotonic() - last >= self.generation.config.NS_AUTOCLEAN:
                last = time.monotonic()
                self._clean()

    def end(self) -> None:
        """Stop cleaning, and wait until it has."""
        self.stop = True
        self._ending.set()
        self._sweeper.close()
        if self.is_alive() and self is not threading.current_thread():
            self.join()

    def _clean(self) -> None:
        self._sweeper.grace = self.max_unreachable_time
        try:
            for name in self._sweeper.sweep():
                self._log.warning("removed %s, its daemon can't be reached", name)
        except Exception:  # the storage may be anybody's; the next time it may work
            self._log.exception("names could not be cleaned")
