"""Results that are not there yet."""

from __future__ import annotations

import logging
import threading
from typing import Any

import pytest

from Pyro4.futures import Future, FutureResult, _ExceptionWrapper

WAIT = 10


def failure(text: str = "bad") -> _ExceptionWrapper:
    """Return a failed result."""
    return _ExceptionWrapper(ValueError(text))


def test_a_value_can_be_waited_for() -> None:
    result = FutureResult()
    assert (result.ready, result.wait(0.01)) == (False, False)
    threading.Timer(0.02, result.set_value, [5]).start()
    assert (result.wait(WAIT), result.value, result.get_value(), result.ready) == (
        True,
        5,
        5,
        True,
    )


def test_an_exception_is_raised_each_time() -> None:
    result = FutureResult()
    result.value = failure()
    assert (result.wait(), result.ready) == (True, True)
    for _ in range(2):
        with pytest.raises(ValueError, match="bad"):
            result.value  # noqa: B018


def test_chained_calls_feed_each_other_before_it_is_ready() -> None:
    result, seen = FutureResult(), list[Any]()

    def note(value: int) -> int:
        seen.append(result.ready)
        return value * 10

    assert result.then(lambda value, more: value + more, 2) is result
    result.then(note)
    result.value = 1
    assert (result.value, seen) == (30, [False])
    assert result.then(lambda value: value + 1).value == 31  # at once, if it is there


def test_a_failed_result_is_left_as_it_is() -> None:
    result, seen = FutureResult(), list[Any]()
    result.then(seen.append)
    result.iferror(seen.append)
    result.value = failure()
    result.then(seen.append)
    assert [type(error) for error in seen] == [ValueError]
    with pytest.raises(ValueError, match="bad"):
        result.value  # noqa: B018
    late: list[Any] = []
    result.iferror(late.append)
    assert late == []


@pytest.mark.parametrize("early", [True, False])
def test_what_a_chained_call_raises_is_the_result(early: bool) -> None:
    result, seen = FutureResult(), list[Any]()
    if not early:
        result.value = 1
    result.then(lambda value: value / 0).then(seen.append)
    if early:
        result.iferror(lambda error: seen.append(type(error)))
        result.value = 1
    with pytest.raises(ZeroDivisionError):
        result.value  # noqa: B018
    assert seen == ([ZeroDivisionError] if early else [])


def test_a_handler_that_fails_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("Pyro4").setLevel(logging.NOTSET)
    result = FutureResult()
    result.iferror(lambda error: 1 / 0)
    result.value = failure()
    assert result.ready
    assert "ZeroDivisionError" in caplog.text


def test_a_cancelled_result_raises() -> None:
    result = FutureResult()
    result.set_cancelled()
    with pytest.raises(RuntimeError, match="future has been cancelled"):
        result.value  # noqa: B018


def test_a_future_runs_once_in_a_thread_of_its_own() -> None:
    future = Future(lambda x, y=0: (x + y, threading.current_thread().daemon))
    assert future.then(lambda pair, more: [*pair, more], more=7) is future
    result = future(1, y=2)
    assert result.value == [3, True, 7]
    assert (future.completed, future.delay(1), future.cancel()) == (True, False, False)
    with pytest.raises(RuntimeError, match="already been evaluated"):
        future(1)
    with pytest.raises(AttributeError):
        future.then(len)


def test_a_future_can_be_called_off_while_it_waits_and_before() -> None:
    future = Future(lambda: 1 / 0)
    assert future.delay(3600)
    result = future()
    assert future.cancel()
    assert result.wait(1.9)  # at once, not when it next looks
    with pytest.raises(RuntimeError, match="cancelled"):
        result.value  # noqa: B018
    assert future.completed
    never = Future(len)
    assert never.cancel()
    with pytest.raises(RuntimeError, match="cancelled"):
        never([])
    assert not never.completed


def test_the_handler_of_a_future_hears_of_its_failure() -> None:
    seen: list[Any] = []
    result = Future(lambda: 1 / 0).iferror(seen.append)()
    assert result.wait(WAIT)
    assert isinstance(seen[0], ZeroDivisionError)


def test_an_interrupt_in_a_call_of_its_own_thread_is_its_result() -> None:
    def interrupted(value: object = None) -> None:
        raise KeyboardInterrupt("from the program itself")

    for result in (Future(interrupted)(), Future(lambda: 1).then(interrupted)()):
        assert result.wait(WAIT)
        with pytest.raises(KeyboardInterrupt, match="from the program itself"):
            result.get_value()


def test_ctrl_c_while_a_result_is_passed_on_interrupts_the_program() -> None:
    def interrupted(value: object) -> None:
        raise KeyboardInterrupt

    result = FutureResult()
    result.set_value(5)
    with pytest.raises(KeyboardInterrupt):
        result.then(interrupted)


def test_threads_that_chain_at_the_same_time_lose_no_step() -> None:
    """The first step waits until the second one is chained, so they would overlap."""
    result = FutureResult()
    result.set_value(0)
    inside, go_on = threading.Event(), threading.Event()

    def slow(value: int) -> int:
        inside.set()
        go_on.wait(0.2)  # nobody can set it while steps are made one by one
        return value + 1

    def quick(value: int) -> int:
        go_on.set()
        return value + 10

    first = threading.Thread(target=result.then, args=(slow,))
    first.start()
    assert inside.wait(10)
    second = threading.Thread(target=result.then, args=(quick,))
    second.start()
    first.join()
    second.join()
    assert result.value == 11
