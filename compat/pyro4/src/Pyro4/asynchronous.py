"""Calls that are made in threads of their own."""

from __future__ import annotations

import copy
import logging
import random
import threading
import time
from typing import Any, Self

from .batches import wanted
from .configuration import config
from .errors import CommunicationError
from .futures import FutureResult, _ExceptionWrapper
from .methods import _RemoteMethod

__all__ = ["asyncproxy"]

_LOG = logging.getLogger("Pyro4.core")
_BUSY = "no free workers"  # in what a daemon says that has none left


class _AsyncRemoteMethod:
    """A method of a remote object, of which each call has a thread and a connection."""

    __module__ = "Pyro4.core"

    def __init__(self, proxy: Any, name: str, max_retries: int) -> None:
        self.__proxy = proxy
        self.__name = name
        self.__max_retries = max_retries

    def __getattr__(self, name: str) -> Self:
        return type(self)(self.__proxy, f"{self.__name}.{name}", self.__max_retries)

    def __call__(self, *args: Any, **kwargs: Any) -> FutureResult:
        """Start the call, and return its result, which is not there yet."""
        result = FutureResult()
        thread = threading.Thread(
            target=self.__run, args=(result, args, kwargs), daemon=True
        )
        thread.start()
        return result

    def __run(self, result: FutureResult, args: Any, kwargs: Any) -> None:
        value: Any
        try:
            with copy.copy(self.__proxy) as proxy:
                method = _RemoteMethod(proxy._pyroInvoke, self.__name, self.__max_retries)
                value = _patiently(method, args, kwargs)
        except BaseException as error:  # whatever came from afar: nobody else hears of it
            value = _ExceptionWrapper(error)
        result.set_value(value)


def _patiently(method: _RemoteMethod, args: Any, kwargs: Any) -> Any:
    """Make the call; again and again, with ever longer pauses, while the server is busy."""
    pause = random.uniform(0.1, 0.3)
    while True:
        try:
            return method(*args, **kwargs)
        except CommunicationError as error:
            limit = config.COMMTIMEOUT
            if _BUSY not in str(error) or (limit and pause > limit / 2):
                raise
        _LOG.debug("the server is busy, trying again in %.1f s", pause)
        time.sleep(pause)
        pause += random.uniform(0.4, 0.9)


def asyncproxy(proxy: Any, asynchronous: bool = True, **former: Any) -> Any:
    """Have the methods of *proxy* return future results, or values again.

    Args:
        proxy: The proxy; it is returned, too.
        asynchronous: Which of the two.
        former: ``async``, as *asynchronous* was called once.
    """
    proxy._pyroAsync(wanted(asynchronous, former))
    return proxy
