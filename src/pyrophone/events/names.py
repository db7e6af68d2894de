"""The name of an event service in a name server: given, given again, and withdrawn."""

from __future__ import annotations

import dataclasses
import logging
import threading

from ..errors import PyrophoneError, UnknownNameError
from ..settings import Settings
from ..sync import locate_names
from ..uri import URI

__all__ = ["NameKeeper"]

_log = logging.getLogger("pyrophone.events")

_LIMIT = 2.0  # seconds for each question
_SOONEST, _LATEST = 1.0, 30.0  # seconds between looks, while there is no name server
_LOOK = 10.0  # seconds between looks while there is one


class NameKeeper:
    """Keeps a name registered, also with a name server that comes later or is restarted.

    One that somebody else has taken since is left to him.

    Args:
        name: The name.
        uri: Where it is to lead.
        settings: Where to look for the name server.

    Attributes:
        registered: Set once it was registered.
    """

    def __init__(self, name: str, uri: URI, settings: Settings) -> None:
        limit = min(settings.timeout or _LIMIT, _LIMIT)
        self._settings = dataclasses.replace(settings, timeout=limit)
        self._name = name
        self._uri = uri
        self._closing = threading.Event()
        self.registered = threading.Event()

    def serve(self) -> None:
        """Keep the name until :meth:`close` is called, then withdraw it."""
        pause = _SOONEST
        while True:
            try:
                self._look()
                pause = _LOOK
            except (PyrophoneError, OSError) as error:
                _log.debug("name %r is not registered yet: %s", self._name, error)
                pause = min(2 * pause, _LATEST)
            if self._closing.wait(pause):
                break
        if self.registered.is_set():
            try:
                self._withdraw()
            except (PyrophoneError, OSError) as error:
                _log.warning("name %r could not be withdrawn: %s", self._name, error)

    def close(self) -> None:
        """Stop; the name is withdrawn by who serves."""
        self._closing.set()

    def _look(self) -> None:
        """Register the name, unless it leads somewhere else already since it did here."""
        with locate_names(settings=self._settings) as names:
            if self.registered.is_set():
                try:
                    names.lookup(self._name)
                    return
                except UnknownNameError:  # it was started anew, and has forgotten
                    pass
            if not self._closing.is_set():
                names.register(self._name, self._uri)
                self.registered.set()

    def _withdraw(self) -> None:
        with locate_names(settings=self._settings) as names:
            try:
                if names.lookup(self._name) == self._uri:
                    names.remove(self._name)
            except UnknownNameError:
                return
