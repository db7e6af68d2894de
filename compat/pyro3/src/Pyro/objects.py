"""Base classes of objects that others may call."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

from .errors import PyroError
from .util import getGUID

if TYPE_CHECKING:
    from .proxies import DynamicProxy, DynamicProxyWithAttrs

__all__ = ["CallbackObjBase", "FixedObjBase", "ObjBase", "SynchronizedObjBase"]

_DAEMONIC: Any = vars(threading.Thread)["daemon"]  # the attribute of threads
_FIELDS = frozenset({"codeValidator", "daemon", "delegate", "lastUsed", "objectGUID"})
_NO_CODE = "code does not travel: install the module on both sides, or pass a proxy"


class ObjBase:
    """Base of an object that others may call, or what stands in front of such an object.

    Subclasses call this constructor.

    Attributes:
        objectGUID: Its identity.
        delegate: What answers in its place, None if nothing does.
        lastUsed: When the last call began.
    """

    _daemon: Callable[[], Any] | None  # not there before the object is connected
    _closed_to_peers: frozenset[str] = frozenset()  # names that are for the program alone

    def __init__(self) -> None:
        self.objectGUID = getGUID()
        self.delegate: Any = None
        self.lastUsed = time.time()
        self.codeValidator: Any = None

    def GUID(self) -> str:
        """Return the identity."""
        return self.objectGUID

    def setGUID(self, guid: str) -> None:
        """Have another identity; to be called before the object is connected."""
        self.objectGUID = guid

    def delegateTo(self, delegate: Any) -> None:
        """Have *delegate* answer calls."""
        self.delegate = delegate

    def setPyroDaemon(self, daemon: Any) -> None:
        """Remember the daemon, weakly; it calls this."""
        self._daemon = None if daemon is None else weakref.ref(daemon)

    def getDaemon(self) -> Any:
        """Return the daemon, None if the object is disconnected.

        Raises:
            AttributeError: It was never connected.
        """
        if not hasattr(self, "_daemon"):
            raise AttributeError("daemon: the object is not connected")
        found = self._daemon
        return None if found is None else found()

    @property
    def daemon(self) -> Any:
        """The daemon, likewise. Programs may put something else there.

        Threads have an attribute of this name, too: of an object that is a thread, it is
        that one until the object is connected, and whenever it is set.
        """
        if isinstance(self, threading.Thread) and not hasattr(self, "_daemon"):
            return _DAEMONIC.__get__(self)
        return self.getDaemon()

    @daemon.setter
    def daemon(self, value: Any) -> None:
        if isinstance(self, threading.Thread):
            _DAEMONIC.__set__(self, value)
        else:
            self._daemon = None if value is None else lambda: value

    def getProxy(self) -> DynamicProxy:
        """Return a proxy for this object."""
        proxy: DynamicProxy = self.getDaemon().getProxyForObj(self)
        return proxy

    def getAttrProxy(self) -> DynamicProxyWithAttrs:
        """Return an attribute proxy for this object."""
        proxy: DynamicProxyWithAttrs = self.getDaemon().getAttrProxyForObj(self)
        return proxy

    def getLocalStorage(self) -> Any:
        """Return what the connection that is being served keeps."""
        return self.getDaemon().getLocalStorage()

    def setCodeValidator(self, v: Any) -> None:
        """Take a validator, of no effect: no code travels.

        Raises:
            TypeError: It can't be called.
        """
        if not callable(v):
            raise TypeError("codevalidator must be a callable object")
        self.codeValidator = v

    def remote_supply_code(self, *args: Any) -> NoReturn:
        """Raise: code does not travel.

        Raises:
            PyroError: Always.
        """
        raise PyroError(_NO_CODE)

    remote_retrieve_code = remote_supply_code

    def _gotReaped(self) -> None:
        """Called when nobody has used the object for too long, and it was disconnected."""


class FixedObjBase(ObjBase):
    """Takes no new attributes, with which attribute proxies could fill it."""

    def __setattr__(self, name: str, value: Any) -> None:
        if not name.startswith("_") and name not in _FIELDS:
            raise AttributeError("not an attribute")
        super().__setattr__(name, value)


class SynchronizedObjBase(ObjBase):
    """Runs one remote call or access at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.synlock = threading.RLock()


class CallbackObjBase(ObjBase):
    """An error of a remote call is raised in this process, too."""
