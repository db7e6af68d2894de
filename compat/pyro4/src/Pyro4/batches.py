"""Many calls in one message."""

from __future__ import annotations

import threading
from typing import Any

from pyrophone.classic.batches import ClassicBatch
from pyrophone.classic.methods import BatchedMethod
from pyrophone.objects.exposure import is_private

from .errors import PyroError
from .futures import FutureResult, _ExceptionWrapper
from .generation import PYRO4

__all__ = ["batch"]


class _BatchedRemoteMethod(BatchedMethod):
    """Queues calls of one method."""

    __module__ = "Pyro4.core"


class _BatchProxyAdapter(ClassicBatch):
    """Collects calls for the object of a proxy; calling the batch makes them all."""

    __module__ = "Pyro4.core"
    _pyroGeneration = PYRO4
    _pyroMethodClass = _BatchedRemoteMethod
    _pyroSendsNothing = True

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_pyro") or (name.startswith("__") and is_private(name)):
            raise AttributeError(f"a batch has no attribute {name!r}")
        return self._pyroMethodClass(self._pyroCalls, name)

    def __call__(
        self, oneway: bool = False, asynchronous: bool = False, **former: Any
    ) -> Any:
        """Make the calls; return their results one by one.

        The server stops at the first call that fails, whose error is raised in its
        place. The batch is empty again then, whatever came of it.

        Args:
            oneway: Don't wait; there are no results then.
            asynchronous: Return a :class:`FutureResult`, whose value will be the results.
            former: ``async``, as *asynchronous* was called once.

        Raises:
            PyroError: Both are wanted.
        """
        asynchronous = wanted(asynchronous, former)
        if oneway and asynchronous:
            raise PyroError("async oneway calls make no sense")
        if not asynchronous:
            return super().__call__(oneway)
        calls = self._pyroCalls[:]
        self._pyroCalls.clear()
        result = FutureResult()
        threading.Thread(target=self._run, args=(calls, result), daemon=True).start()
        return result

    def _run(self, calls: list[Any], result: FutureResult) -> None:
        try:
            value = self._pyroMake(calls, oneway=False)
        except BaseException as error:  # whatever it is, who asks for the result is told
            value = _ExceptionWrapper(error)
        result.set_value(value)


def batch(proxy: Any) -> Any:
    """Return what collects calls for the object of *proxy*, and makes them all at once."""
    return proxy._pyroBatch()


def wanted(asynchronous: bool, former: dict[str, Any]) -> bool:
    """Return *asynchronous*, or what stands under its former name.

    Raises:
        TypeError: There is something else.
    """
    asynchronous = former.pop("async", asynchronous)
    if former:
        raise TypeError(f"unexpected keyword argument {next(iter(former))!r}")
    return asynchronous
