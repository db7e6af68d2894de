"""Who may connect to a daemon, and what is kept for each connection."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

from pyrophone.errors import PyrophoneError

from .connections import LocalStorage, TCPConnection, packed
from .constants import DENIED_UNSPECIFIED, deniedReasons
from .engines import served
from .faults import DENIED
from .logs import Log
from .validators import BasicSSLValidator, DefaultConnValidator, Validated

__all__ = ["Admission"]


class Refused(PyrophoneError):
    """A client may not connect; the text is for it."""


class Admission(Validated):
    """The connections of a daemon, and what judges them.

    Attributes:
        connections: Those of the clients at this moment.
        guard: Held where they change.
        threaded: Whether each has a thread.
    """

    threaded: bool

    def __init__(self, secured: bool) -> None:
        self.connections: list[TCPConnection] = []
        self.guard = threading.RLock()
        validator = BasicSSLValidator() if secured else DefaultConnValidator()
        self._validator: DefaultConnValidator = validator
        self._initTLS: Callable[[LocalStorage], object] | None = None
        self._shared: LocalStorage | None = None
        self._others = threading.local()

    def setAllowedIdentifications(self, ids: Sequence[Any] | None) -> None:
        """Say what clients may identify with; None is everybody.

        Raises:
            TypeError: It is neither a list nor None.
        """
        self._validator.setAllowedIdentifications(ids)

    def getNewConnectionValidator(self) -> DefaultConnValidator:
        """Return what judges clients."""
        return self._validator

    def judge(self, connection: TCPConnection) -> dict[str, Any]:
        """Judge a client who comes; return what it has to answer, if anything.

        Raises:
            Refused: It may not connect.
        """
        validator = self._validator
        try:
            ok, code = validator.acceptHost(self, connection)
            if ok:
                if _takes_all(validator):
                    connection.admitted = True
                    return {"challenge": None}
                connection.challenge = validator.createAuthChallenge(self, connection)
                return {"challenge": packed(connection.challenge)}
        except Exception as error:  # of the program's validator, anything
            Log.error("Daemon", "error in connection validator:", repr(error))
            code = DENIED_UNSPECIFIED
        Log.warn("Daemon", "connection refused:", connection.addr)
        reason = deniedReasons.get(code, deniedReasons[DENIED_UNSPECIFIED])
        raise Refused(DENIED.format(int(code), reason))

    def admit(self, token: Any) -> tuple[int, int]:
        """Judge what the client that is being served answered; it may answer once."""
        connection = served()
        if connection is None or not connection.connected or connection.challenge is None:
            return (1, 0) if connection is not None and connection.admitted else (0, 0)
        challenge, connection.challenge = connection.challenge, None
        accept = self._validator.acceptIdentification
        try:
            ok, code = accept(self, connection, token, challenge)
        except Exception as error:  # of the program's validator, anything
            Log.error("Daemon", "error in connection validator:", repr(error))
            ok, code = 0, DENIED_UNSPECIFIED
        if ok:
            connection.admitted = True
        else:
            Log.warn("Daemon", "connection refused:", connection.addr)
            connection.close()  # behind the answer
        return (1, 0) if ok else (0, int(code))

    # Storage.

    def setInitTLS(self, initTLS: Callable[[LocalStorage], object]) -> None:
        """Have each new storage made ready by a function of the program.

        Raises:
            TypeError: It can't be called.
        """
        if not callable(initTLS):
            raise TypeError("initTLS must be callable object")
        self._initTLS = initTLS
        if not self.threaded:
            initTLS(self.shared_storage())

    def getLocalStorage(self) -> LocalStorage:
        """Return the storage of the connection that is being served.

        Outside of calls it is one of the thread.
        """
        found = getattr(threading.current_thread(), "localStorage", None)
        connection = served()
        if connection is not None and isinstance(found, LocalStorage):
            found.caller = connection  # another one, if a method served others meanwhile
            return found
        if not self.threaded:
            return self.shared_storage()
        if not hasattr(self._others, "storage"):
            self._others.storage = self.new_storage()
        storage: LocalStorage = self._others.storage
        return storage

    def shared_storage(self) -> LocalStorage:
        """Return the one storage of a daemon without threads."""
        if self._shared is None:
            self._shared = LocalStorage()
        return self._shared

    def new_storage(self) -> LocalStorage:
        """Return a storage for a thread, made ready by the program."""
        storage = LocalStorage()
        if self._initTLS is not None:
            self._initTLS(storage)
        return storage


def _takes_all(validator: DefaultConnValidator) -> bool:
    """Tell whether there is no need to ask a client who it is."""
    kind = type(validator)
    usual = kind.acceptIdentification is DefaultConnValidator.acceptIdentification
    return usual and validator.allowedIDs is None
