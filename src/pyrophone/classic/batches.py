"""Many calls in one message."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Self

from ..errors import SecurityError, SerializeError
from ..objects.exposure import is_private
from ..serializers import ClassTable
from .generation import Generation
from .methods import BatchedMethod

__all__ = ["ClassicBatch", "FailedCall", "read_failure", "results"]


class FailedCall:
    """A call that failed, among the results of a batch.

    Attributes:
        exception: What it raised.
    """

    generation: ClassVar[Generation]

    def __init__(self, exception: BaseException) -> None:
        self.exception = exception

    def raiseIt(self) -> None:
        """Raise it."""
        with self.generation.translated():
            raise self.exception


class ClassicBatch:
    """Collects calls for the object of *proxy*; calling the batch makes them all."""

    _pyroGeneration: ClassVar[Generation]
    _pyroMethodClass: ClassVar[type[BatchedMethod]]
    _pyroSendsNothing: ClassVar[bool] = False  # a message, that is, if there are no calls

    def __init__(self, proxy: Any) -> None:
        self._pyroProxy = proxy
        self._pyroCalls: list[Any] = []

    def __getattr__(self, name: str) -> Any:
        if is_private(name) and not name.startswith("_pyro"):
            raise AttributeError(f"a batch has no attribute {name!r}")
        return self._pyroMethodClass(self._pyroCalls, name)

    def __call__(self, oneway: bool = False) -> Any:
        """Make the calls; return their results one by one.

        The server stops at the first call that fails, whose error is raised in its
        place. The batch is empty again then, whatever came of it.

        Args:
            oneway: Don't wait; there are no results then.
        """
        calls = self._pyroCalls[:]
        self._pyroCalls.clear()
        return self._pyroMake(calls, oneway)

    def _pyroMake(self, calls: list[Any], oneway: bool) -> Any:
        """Make *calls*; return their results one by one."""
        needed = calls or self._pyroSendsNothing
        values = self._pyroProxy._pyroInvokeBatch(calls, oneway) if needed else []
        if oneway:
            return None
        if not isinstance(values, (list, tuple)):
            kind = type(values).__name__
            raise self._pyroGeneration.errors.ProtocolError(
                f"{kind} came in place of a batch's results"
            )
        return results(values)

    def _pyroInvoke(self, name: str, args: Any, kwargs: Any) -> Any:
        """Make the calls; the arguments are not looked at."""
        return self()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *what: object) -> None:
        """Do nothing; the calls are made by calling the batch."""

    def __copy__(self) -> Self:
        new = type(self)(self._pyroProxy)
        new._pyroCalls = self._pyroCalls[:]
        return new


def results(values: Any) -> Iterator[Any]:
    """Give the results one by one; a failed call raises in its place."""
    for value in values:
        if isinstance(value, FailedCall):
            value.raiseIt()
        yield value


def read_failure(
    classes: ClassTable, kind: type[FailedCall], name: str, form: dict[str, Any]
) -> FailedCall:
    """Return the failed call, of class *kind*, of a class form.

    Raises:
        SerializeError: There is no exception in it.
    """
    error = form.get("exception")
    if type(error) is dict and "__class__" in error:
        try:
            error = classes.from_form(error)
        except (SecurityError, SerializeError) as problem:
            error = problem  # belongs to this call; the others have results
    if not isinstance(error, BaseException):
        raise SerializeError(f"malformed {name}: no exception in it")
    return kind(error)
