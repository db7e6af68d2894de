from __future__ import annotations

import dataclasses

import pytest

from pyrophone.steps import Ask, Broadcast, Connect, Invoke, Procedure, Sleep, Step
from pyrophone.uri import URI

HERE = URI.parse("PYRO:o@h:1")


def test_a_procedure_yields_steps_and_is_sent_their_results() -> None:
    def procedure() -> Procedure[str]:
        yield Sleep(1.5)
        try:
            yield Ask(HERE, "lookup", ("name",))
        except LookupError:
            return str((yield Connect(HERE)))
        return "not reached"

    running = procedure()
    assert next(running) == Sleep(1.5)
    assert running.send(None) == Ask(HERE, "lookup", ("name",))
    assert running.throw(LookupError()) == Connect(HERE)
    with pytest.raises(StopIteration) as stop:
        running.send("connection")
    assert stop.value.value == "connection"


@pytest.mark.parametrize(
    "step",
    [
        Connect(HERE),
        Ask(HERE, "ping"),
        Broadcast(b"GET_NSURI", ("127.0.0.1",), 9091, 0.7),
        Invoke(print, (1,), {}),
        Sleep(1),
    ],
    ids=lambda step: type(step).__name__,
)
def test_a_step_is_a_value_that_cannot_be_changed(step: Step) -> None:
    assert step == dataclasses.replace(step)
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(step, dataclasses.fields(step)[0].name, None)


def test_a_step_tells_what_it_needs() -> None:
    assert [field.name for field in dataclasses.fields(Invoke)] == [
        "function",
        "args",
        "kwargs",
    ]
    assert Ask(HERE, "ping").args == ()
