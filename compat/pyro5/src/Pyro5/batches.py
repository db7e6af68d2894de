"""Many calls in one message."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Self

from pyrophone.classic.methods import BatchedMethod
from pyrophone.errors import SecurityError, SerializeError
from pyrophone.objects.exposure import is_private
from pyrophone.serializers.classes import FAILURE_CLASS, Failure

from .border import translated
from .errors import ProtocolError
from .tables import CLASSES

__all__ = ["BatchProxy", "_BatchedRemoteMethod", "_ExceptionWrapper"]


class _ExceptionWrapper:
    """A call that failed, among the results of a batch.

    Attributes:
        exception: What it raised.
    """

    __module__ = "Pyro5.core"

    def __init__(self, exception: BaseException) -> None:
        self.exception = exception

    def raiseIt(self) -> None:
        """Raise it."""
        with translated():
            raise self.exception


class _BatchedRemoteMethod(BatchedMethod):
    """Queues calls of one method."""


class BatchProxy:
    """Collects calls for the object of *proxy*; calling the batch makes them all."""

    def __init__(self, proxy: Any) -> None:
        self.__proxy = proxy
        self.__calls: list[Any] = []

    def __getattr__(self, name: str) -> Any:
        if is_private(name) and not name.startswith("_pyro"):
            raise AttributeError(f"a batch has no attribute {name!r}")
        return _BatchedRemoteMethod(self.__calls, name)

    def __call__(self, oneway: bool = False) -> Any:
        """Make the calls; return their results one by one.

        The server stops at the first call that fails, whose error is raised in its
        place. The batch is empty again then, whatever came of it.

        Args:
            oneway: Don't wait; there are no results then.
        """
        self.__proxy._pyroClaimOwnership()
        calls = self.__calls[:]
        self.__calls.clear()
        if not calls:
            return None if oneway else _results(())
        values = self.__proxy._pyroInvokeBatch(calls, oneway)
        if oneway:
            return None
        if not isinstance(values, (list, tuple)):
            kind = type(values).__name__
            raise ProtocolError(f"{kind} came in place of a batch's results")
        return _results(values)

    def _pyroInvoke(self, name: str, args: Any, kwargs: Any) -> Any:
        """Make the calls; the arguments are not looked at."""
        return self()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *what: object) -> None:
        """Do nothing; the calls are made by calling the batch."""

    def __copy__(self) -> BatchProxy:
        new = type(self)(self.__proxy)
        new.__calls = self.__calls[:]
        return new


def _results(values: Any) -> Iterator[Any]:
    """Give the results one by one; a failed call raises in its place."""
    for value in values:
        if isinstance(value, _ExceptionWrapper):
            value.raiseIt()
        yield value


def _form(wrapper: _ExceptionWrapper) -> Any:
    return CLASSES.to_form(Failure(wrapper.exception))


def _read(name: str, form: dict[str, Any]) -> _ExceptionWrapper:
    error = form.get("exception")
    if type(error) is dict and "__class__" in error:
        try:
            error = CLASSES.from_form(error)
        except (SecurityError, SerializeError) as problem:
            error = problem  # belongs to this call; the others have results
    if not isinstance(error, BaseException):
        raise SerializeError(f"malformed {FAILURE_CLASS}: no exception in it")
    return _ExceptionWrapper(error)


CLASSES.register(_ExceptionWrapper, _form)
CLASSES.register_name(FAILURE_CLASS, _read)
