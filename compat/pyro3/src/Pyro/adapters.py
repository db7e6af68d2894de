"""The way from a proxy to its object: one connection, one call at a time."""

from __future__ import annotations

import dataclasses
import os
import threading
import time
from collections.abc import Iterable
from typing import Any

from pyrophone import URI as CoreURI
from pyrophone import Settings
from pyrophone.errors import (
    ConnectError,
    PyrophoneError,
    RefusedError,
    RemoteError,
)
from pyrophone.objects.proxy import remote_of
from pyrophone.sync import Proxy
from pyrophone.sync.client import codecs_for
from pyrophone.wire.framing import ONEWAY

from . import config
from .connections import Greeting
from .constants import (
    INTERNAL_DAEMON_GUID,
    TRACEBACK_ATTRIBUTE,
    RIF_Oneway,
    deniedReasons,
)
from .errors import (
    ConnectionClosedError,
    ConnectionDeniedError,
    ProtocolError,
    TimeoutError,
)
from .faults import LOST, as_ours, marked, unknown
from .secured import client_tls
from .uris import DIRECT, LOOKED_UP, PyroURI, on_wire
from .validators import DefaultConnValidator, Validated
from .values import CLASSES, known

__all__ = ["PYROAdapter", "PYROSSLAdapter", "getProtocolAdapter"]

_SECURED = {"PYROSSL": "PYROSSL", "PYROLOCSSL": "PYROSSL"}


class PYROAdapter(Validated):
    """Connects a proxy with its object.

    Attributes:
        URI: Where that is; a PYROLOC is replaced in place at the first call.
        timeout: Limit of connecting and of each call in seconds, None is none.
        onewayMethods: Names of the methods that are not waited for.
    """

    def __init__(self) -> None:
        self.URI: PyroURI | None = None
        self.timeout: float | None = None
        self.onewayMethods: list[str] = []
        self._ident: Any = ""
        self._validator: Any = None
        self._lock = threading.RLock()  # one call at a time
        self._remote: Any = None
        self._process = os.getpid()
        self._bound = False  # whether there should be a connection
        self._greeting = Greeting()

    def take(self, uri: PyroURI) -> None:
        """Be for the object at *uri*; nothing is connected yet."""
        self.URI = uri

    def copied(self, uri: PyroURI) -> PYROAdapter:
        """Return another one like this, not connected, for *uri*."""
        other = type(self)()
        other.take(uri)
        other.timeout = self.timeout
        other.onewayMethods = list(self.onewayMethods)
        other._ident = self._ident
        other._validator = self._validator
        return other

    def call(self, name: str, args: Any, kwargs: dict[str, Any]) -> Any:
        """Call a method of the object."""
        flags = ONEWAY if name in self.onewayMethods else 0
        return self.invoke("call", (name, args, kwargs), flags)

    def invoke(self, method: str, args: Any, flags: int = 0) -> Any:
        """Ask the object for something, once."""
        with self._turn():
            self._connect()
            assert self.URI is not None
            return self._send(method, args, flags, on_wire(self.URI.objectID))

    def remoteInvocation(self, method: str, flags: int, *args: Any) -> Any:
        """Call a method of the object with positional arguments."""
        oneway = bool(flags & RIF_Oneway) or method in self.onewayMethods
        return self.invoke("call", (method, args, {}), ONEWAY if oneway else 0)

    def bindToURI(self, URI: PyroURI) -> None:
        """Connect to what is at *URI*."""
        with self._turn():
            self.release()
            self.URI = URI
            self._remote = None
            self._connect()

    def rebindURI(self, tries: int = 2**31, wait: float = 1) -> None:
        """Connect again, as often as it takes.

        Raises:
            TimeoutError: It was in vain.
        """
        for attempt in range(tries):
            if attempt:
                time.sleep(wait)
            with self._turn():
                self.release()
                try:
                    self._connect()
                except ConnectionDeniedError:
                    raise
                except ProtocolError:
                    continue
                return
        raise TimeoutError(LOST)

    def release(self) -> None:
        """Close the connection."""
        self._turn()
        self._bound = False
        self._greeting.challenge = None
        if self._remote is not None:
            self._remote.line.drop()

    def connected(self) -> bool:
        """Tell whether there should be a connection."""
        return self._bound

    @property
    def conn(self) -> Any:
        """What stands for the connection; None if there is none."""
        return self if self._bound else None

    def setTimeout(self, timeout: float | None) -> None:
        """Limit connecting, and each call, in seconds; None is no limit."""
        self.timeout = timeout
        if self._remote is not None:
            self._remote.timeout = timeout
            line = self._remote.line
            line.settings = dataclasses.replace(line.settings, timeout=timeout)

    def setOneway(self, methods: str | Iterable[str]) -> None:
        """Call these methods without waiting from now on."""
        names = [methods] if isinstance(methods, str) else list(methods)
        self.onewayMethods += [name for name in names if name not in self.onewayMethods]

    def setIdentification(self, ident: Any) -> None:
        """Say who calls; something false is nobody."""
        self._ident = self.getNewConnectionValidator().mungeIdent(ident) if ident else ""

    def getIdentification(self) -> Any:
        """Return what is kept of the identification."""
        return self._ident

    def getNewConnectionValidator(self) -> Any:
        """Return what proves who calls."""
        if self._validator is None:
            self._validator = DefaultConnValidator()
        return self._validator

    # Helpers; who calls them has the lock.

    def _turn(self) -> threading.RLock:
        """Return the lock; a child of fork has one, and a connection, of its own."""
        if self._process != os.getpid():
            self._process, self._lock = os.getpid(), threading.RLock()
            self._bound, self._greeting = False, Greeting()
            self._remote = None
        return self._lock

    def _connect(self) -> None:
        """See to it that there is a connection; one that was lost is an error."""
        if self._remote is None:
            self._remote = self._make()
        greeting = self._greeting
        before, greeting.fresh = self._bound, False
        try:
            self._remote.connect()
        except PyrophoneError as error:
            self._bound = False
            refused = isinstance(error, RefusedError)
            if before and isinstance(error, ConnectError) and not refused:
                raise ConnectionClosedError(LOST) from error
            raise as_ours(error) from error
        if before and greeting.fresh:
            self.release()
            raise ConnectionClosedError(LOST)
        self._bound = True
        try:
            if greeting.challenge is not None:
                self._log_in()
            if self.URI is not None and self.URI.protocol in LOOKED_UP:
                self._locate(self.URI)
        except BaseException:
            self.release()
            raise

    def _make(self) -> Any:
        uri = self.URI
        assert uri is not None
        secured = uri.protocol in _SECURED
        settings = Settings(
            timeout=self.timeout,
            connections=1,
            beat=None,
            compression=bool(config.PYRO_COMPRESSION),
            tls=client_tls() if secured else None,
        )
        target = CoreURI("PYRO", INTERNAL_DAEMON_GUID, None, uri.address, uri.port)
        codecs = codecs_for(settings, CLASSES)
        proxy = Proxy.to(
            target, settings=settings, codecs=codecs, check=self._greeting.take
        )
        return remote_of(proxy)

    def _log_in(self) -> None:
        greeting = self._greeting
        challenge, greeting.challenge = greeting.challenge, None
        assert self.URI is not None
        place = (self.URI.address, self.URI.port)
        validator = self.getNewConnectionValidator()
        token = validator.createAuthToken(self._ident, challenge, place, self.URI, None)
        match self._send("login", (token,), 0, INTERNAL_DAEMON_GUID):
            case [1, int()]:
                return
            case [0, int() as code]:
                raise ConnectionDeniedError(deniedReasons.get(code, deniedReasons[0]))
        raise ProtocolError("the daemon gave no answer to the login")

    def _locate(self, uri: PyroURI) -> None:
        """Put into *uri* what the daemon knows by that name."""
        args: Any = ("ResolvePYROLOC", (uri.objectID,), {})
        found = self._send("call", args, 0, INTERNAL_DAEMON_GUID)
        if not isinstance(found, str):
            raise ProtocolError("the daemon gave no object id")
        uri.protocol = _SECURED.get(uri.protocol, "PYRO")
        uri.objectID = found

    def _send(self, method: str, args: Any, flags: int, object_id: str) -> Any:
        try:
            return known(self._remote.invoke(method, args, {}, flags, object_id))
        except RemoteError as error:
            raise unknown(error) from None
        except PyrophoneError as error:
            ours = as_ours(error)
            marked(error)
            vars(ours).update(vars(error))
            if isinstance(ours, ConnectionClosedError):
                self.release()
            raise ours from error
        except BaseException as error:
            marked(error)
            if not hasattr(error, TRACEBACK_ATTRIBUTE):  # it is of this side: Ctrl-C, maybe
                self._bound = False  # the program knows, and the next call connects
            raise


class PYROSSLAdapter(PYROAdapter):
    """Likewise, over TLS."""


def getProtocolAdapter(protocol: str) -> PYROAdapter:
    """Return what connects proxies in a protocol.

    Raises:
        ProtocolError: There is no such protocol.
    """
    if protocol not in DIRECT | LOOKED_UP:
        raise ProtocolError("unsupported protocol")
    return PYROSSLAdapter() if protocol in _SECURED else PYROAdapter()
