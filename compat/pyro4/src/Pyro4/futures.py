"""Results that are not there yet."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from functools import partial
from typing import Any, Self

from pyrophone.classic.batches import FailedCall, read_failure
from pyrophone.serializers.classes import Failure

from .generation import PYRO4
from .pickles import pickle_as, sendable
from .tables import CLASSES

__all__ = ["Future", "FutureResult", "_ExceptionWrapper"]

log = logging.getLogger("Pyro4.futures")
_SLICE = 2.0  # seconds between looks at what a waiting future is told


class _ExceptionWrapper(FailedCall):
    """What stands for a result where there was an exception."""

    __module__ = "Pyro4.futures"
    generation = PYRO4

    def __serialized_dict__(self) -> dict[str, Any]:
        """Return the dict that is sent for it."""
        return {"__class__": _CLASS, "exception": CLASSES.to_form(self.exception)}


class FutureResult:
    """A result that another thread will give.

    Any number of threads may wait for it.
    """

    __module__ = "Pyro4.futures"

    def __init__(self) -> None:
        self._there = threading.Event()
        self._lock = threading.Lock()
        self._late = threading.RLock()  # steps for a result that is there, one by one
        self._chain: list[Callable[[Any], Any]] = []
        self._handler: Callable[[BaseException], Any] | None = None
        self._value: Any = None

    @property
    def ready(self) -> bool:
        """Whether the result is there, be it a value or an exception."""
        return self._there.is_set()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait, *timeout* seconds at most; tell whether the result is there."""
        return self._there.wait(timeout)

    def get_value(self) -> Any:
        """Wait for the value and return it; if there is an exception instead, raise it."""
        self._there.wait()
        value = self._value
        if isinstance(value, _ExceptionWrapper):
            value.raiseIt()
        return value

    def set_value(self, value: Any) -> None:
        """Give the result: a value, or an exception in its wrapper.

        What :meth:`then` and :meth:`iferror` left is called before anybody sees it.
        """
        while True:
            with self._lock:
                failed = isinstance(value, _ExceptionWrapper)
                handler = self._handler if failed else None
                if handler is not None:
                    self._handler = None  # it is called once
                elif failed or not self._chain:
                    self._value = value
                    self._there.set()
                    return
                call = None if failed else self._chain.pop(0)
            if handler is not None:
                _handle(handler, value.exception)
            elif call is not None:
                value = _attempt(call, value)

    value = property(get_value, set_value, doc="The result; see the methods.")

    def set_cancelled(self) -> None:
        """Give up on the result: who reads it gets a RuntimeError."""
        with self._lock:
            self._value = _ExceptionWrapper(RuntimeError("future has been cancelled"))
            self._there.set()

    def then(self, call: Callable[..., Any], *args: Any, **kwargs: Any) -> Self:
        """Call *call*\\ (result, ...) when there is a result; what it returns replaces it.

        A result that is there already is given to it at once. It is not called if there
        is an exception; what it raises itself becomes the result.
        """
        step = partial(_step, call, args, kwargs)
        with self._lock:
            if not self._there.is_set():
                self._chain.append(step)
                return self
        with self._late:  # a step of one's own may chain another one
            if not isinstance(self._value, _ExceptionWrapper):
                self._value = _attempt(step, self._value)
        return self

    def iferror(self, exceptionhandler: Callable[[BaseException], Any]) -> Self:
        """Call *exceptionhandler*\\ (exception) if one comes; not if it has come before."""
        self._handler = exceptionhandler
        return self


class Future:
    """A call that can be put off, or off altogether.

    Args:
        somecallable: What is called in a thread of its own, when the future is called.
    """

    __module__ = "Pyro4.futures"

    def __init__(self, somecallable: Callable[..., Any]) -> None:
        self.callable = somecallable
        self.chain: list[Any] | None = []
        self.exceptionhandler: Callable[[BaseException], Any] | None = None
        self.call_delay: float = 0
        self.cancelled = False
        self.completed = False
        self._lock = threading.Lock()
        self._told = threading.Event()

    def __call__(self, *args: Any, **kwargs: Any) -> FutureResult:
        """Start the call; return its future result. This can be done once.

        Raises:
            RuntimeError: It has been done, or it was cancelled.
        """
        with self._lock:
            chain, self.chain = self.chain, None
            if chain is None:
                raise RuntimeError("the future has already been evaluated")
            if self.cancelled:
                self.chain = chain
                raise RuntimeError("the future has been cancelled")
        result = FutureResult()
        for call, call_args, call_kwargs in chain:
            result.then(call, *call_args, **call_kwargs)
        threading.Thread(target=self._run, args=(result, args, kwargs), daemon=True).start()
        return result

    def _run(self, result: FutureResult, args: Any, kwargs: Any) -> None:
        while self.call_delay > 0 and not self.cancelled:
            pause = min(self.call_delay, _SLICE)
            self.call_delay -= pause
            self._told.wait(pause)
        with self._lock:
            self.completed = True
        if self.cancelled:
            result.set_cancelled()
            return
        if self.exceptionhandler is not None:
            result.iferror(self.exceptionhandler)
        result.set_value(_attempt(lambda _: self.callable(*args, **kwargs), None))

    def delay(self, seconds: float) -> bool:
        """Wait so long before the call; return False if it is too late for that."""
        with self._lock:
            if self.completed:
                return False
            self.call_delay = seconds
            return True

    def cancel(self) -> bool:
        """Don't make the call; return False if it is too late for that."""
        with self._lock:
            if self.completed:
                return False
            self.cancelled = True
        self._told.set()
        return True

    def then(self, call: Callable[..., Any], *args: Any, **kwargs: Any) -> Self:
        """Have *call*\\ (result, ...) called with the result, and so on.

        Raises:
            AttributeError: The future has been started; its result has the same method.
        """
        if self.chain is None:
            raise AttributeError("the future has been started: use 'then' of its result")
        self.chain.append((call, args, kwargs))
        return self

    def iferror(self, exceptionhandler: Callable[[BaseException], Any]) -> Self:
        """Have *exceptionhandler*\\ (exception) called if there is one."""
        self.exceptionhandler = exceptionhandler
        return self


def _step(call: Callable[..., Any], args: Any, kwargs: Any, value: Any) -> Any:
    return call(value, *args, **kwargs)


def _attempt(call: Callable[[Any], Any], value: Any) -> Any:
    """Return what *call* makes of *value*; an exception in its wrapper."""
    try:
        return call(value)
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt) and _is_main():
            raise  # Ctrl-C; in other threads it is a call's own, and somebody waits
        return _ExceptionWrapper(error)


def _is_main() -> bool:
    return threading.current_thread() is threading.main_thread()


def _handle(handler: Callable[[BaseException], Any], error: BaseException) -> None:
    try:
        handler(error)
    except Exception:  # of the program's own function, anything
        log.exception("the handler of a future's exception failed itself")


def _form(wrapper: _ExceptionWrapper) -> Any:
    return wrapper.__serialized_dict__()


def _wrapped(failure: Failure) -> _ExceptionWrapper:
    return _ExceptionWrapper(sendable(failure.error, failure.traceback))


_CLASS = "Pyro4.futures._ExceptionWrapper"
CLASSES.register(_ExceptionWrapper, _form)
CLASSES.register_name(_CLASS, partial(read_failure, CLASSES, _ExceptionWrapper))
pickle_as(Failure, _wrapped)
