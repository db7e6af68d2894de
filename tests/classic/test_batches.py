"""Batches queue calls, send them at once, and give results in order."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from Pyro5 import errors
from Pyro5.generation import PYRO5
from pyrophone.classic.batches import ClassicBatch, FailedCall, read_failure, results
from pyrophone.classic.methods import BatchedMethod
from pyrophone.errors import SerializeError


class Batch(ClassicBatch):
    """The batch of some generation."""

    _pyroGeneration = PYRO5
    _pyroMethodClass = BatchedMethod


class Failed(FailedCall):
    """Its failed call."""

    generation = PYRO5


class Stub:
    """Stands in for a proxy: notes the calls, gives what it was told to."""

    def __init__(self, answer: Any = None) -> None:
        self.answer = answer
        self.calls: list[Any] = []

    def _pyroInvokeBatch(self, calls: Any, oneway: bool) -> Any:
        self.calls.append((calls, oneway))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


ADD = [("add", (1,), {}), ("add", (), {"b": 2})]


def test_results_come_in_order_and_the_batch_is_empty_then() -> None:
    proxy = Stub([1, 2])
    batch = Batch(proxy)
    batch.add(1)
    batch.add(b=2)
    assert (list(batch()), proxy.calls) == ([1, 2], [(ADD, False)])
    assert (list(batch()), len(proxy.calls)) == ([], 1)  # nothing to send


def test_the_failed_call_raises_in_its_place() -> None:
    values = results([1, Failed(KeyError("k"))])
    assert next(values) == 1
    with pytest.raises(KeyError):
        next(values)
    with pytest.raises(StopIteration):
        next(values)


def test_without_waiting_there_are_no_results() -> None:
    proxy = Stub(5)
    batch = Batch(proxy)
    batch.add(1)
    assert (batch(oneway=True), proxy.calls[0][1]) == (None, True)


@pytest.mark.parametrize("answer", [errors.ConnectionClosedError("gone"), 5])
def test_a_batch_that_failed_is_empty(answer: Any) -> None:
    proxy = Stub(answer)
    batch = Batch(proxy)
    batch.add(1)
    with pytest.raises(errors.CommunicationError):
        batch()
    assert list(batch()) == []


def test_a_copy_has_the_calls_so_far() -> None:
    batch = Batch(proxy := Stub([1]))
    batch.add(1)
    other = copy.copy(batch)
    batch.add(b=2)
    with other:
        other._pyroInvoke("ignored", (), {})
    assert proxy.calls == [(ADD[:1], False)]


def test_private_names_are_no_methods() -> None:
    with pytest.raises(AttributeError, match="no attribute '_x'"):
        Batch(Stub())._x  # noqa: B018


def test_a_failure_is_read_also_if_its_exception_is_refused() -> None:
    def read(form: Any) -> FailedCall:
        return read_failure(PYRO5.classes, Failed, "tag", {"exception": form})

    error = {"__class__": "builtins.ValueError", "__exception__": True, "args": ["x"]}
    assert repr(read(error).exception) == "ValueError('x')"
    assert isinstance(read({"__class__": "unheard.of"}).exception, SerializeError)
    with pytest.raises(SerializeError, match="malformed tag"):
        read(5)
