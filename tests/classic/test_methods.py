"""Methods of remote objects try again when told to, and can be queued."""

from __future__ import annotations

from typing import Any

import pytest

from Pyro5 import errors
from Pyro5.generation import PYRO5
from pyrophone.classic.methods import BatchedMethod, ClassicMethod


class Method(ClassicMethod):
    """A method of some generation."""

    _pyroGeneration = PYRO5


class Line:
    """Raises what it was given, then returns the call."""

    def __init__(self, *problems: Exception) -> None:
        self.problems = list(problems)

    def send(self, *call: Any) -> Any:
        """Take a call."""
        if self.problems:
            raise self.problems.pop(0)
        return call


def test_a_call_hands_on_name_and_arguments() -> None:
    method = Method(Line().send, "add", 0)
    assert method(1, b=2) == ("add", (1,), {"b": 2})
    assert method.more(3) == ("add.more", (3,), {})


@pytest.mark.parametrize("cls", [errors.ConnectionClosedError, errors.TimeoutError])
def test_lost_calls_are_tried_as_often_as_allowed(cls: type[Exception]) -> None:
    assert Method(Line(cls("1"), cls("2")).send, "f", 2)() == ("f", (), {})
    with pytest.raises(cls, match="2"):
        Method(Line(cls("1"), cls("2")).send, "f", 1)()


def test_other_errors_and_those_of_the_method_itself_are_final() -> None:
    line = Line(errors.ProtocolError("odd"))
    with pytest.raises(errors.ProtocolError):
        Method(line.send, "f", 5)()
    remote = errors.TimeoutError("behind it")
    remote._pyroTraceback = ["lines"]  # type: ignore[attr-defined]
    with pytest.raises(errors.TimeoutError, match="behind"):
        Method(Line(remote).send, "f", 5)()


def test_a_batched_method_queues_its_calls() -> None:
    calls: list[Any] = []
    method = BatchedMethod(calls, "add")
    method(1, b=2)
    method.more()
    assert calls == [("add", (1,), {"b": 2}), ("add.more", (), {})]
