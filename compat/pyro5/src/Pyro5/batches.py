"""Many calls in one message."""

from __future__ import annotations

from functools import partial
from typing import Any

from pyrophone.classic.batches import ClassicBatch, FailedCall, read_failure
from pyrophone.classic.methods import BatchedMethod
from pyrophone.serializers.classes import FAILURE_CLASS, Failure

from .generation import PYRO5
from .tables import CLASSES

__all__ = ["BatchProxy", "_BatchedRemoteMethod", "_ExceptionWrapper"]


class _ExceptionWrapper(FailedCall):
    """A call that failed, among the results of a batch."""

    __module__ = "Pyro5.core"
    generation = PYRO5


class _BatchedRemoteMethod(BatchedMethod):
    """Queues calls of one method."""


class BatchProxy(ClassicBatch):
    """Collects calls for the object of a proxy; calling the batch makes them all."""

    _pyroGeneration = PYRO5
    _pyroMethodClass = _BatchedRemoteMethod

    def __call__(self, oneway: bool = False) -> Any:
        """Make the calls; return their results one by one.

        The proxy then belongs to the calling thread.

        Args:
            oneway: Don't wait; there are no results then.
        """
        self._pyroProxy._pyroClaimOwnership()
        return super().__call__(oneway)


def _form(wrapper: _ExceptionWrapper) -> Any:
    return CLASSES.to_form(Failure(wrapper.exception))


CLASSES.register(_ExceptionWrapper, _form)
CLASSES.register_name(FAILURE_CLASS, partial(read_failure, CLASSES, _ExceptionWrapper))
