from __future__ import annotations

from conversing import call_of
from pyrophone.sync.returns import Returns


def test_what_is_given_back_waits_for_calls_that_came_earlier() -> None:
    returns = Returns()
    first, second, third, last = calls = [call_of() for _ in range(4)]
    done: list[str] = []
    for call in calls:
        returns.come(call)
    returns.begun(second, lambda: done.append("second"))
    returns.begun(third, lambda: done.append("third"))
    returns.begun(third)  # twice is no harm
    assert done == []
    returns.begun(first)
    assert done == ["second", "third"]
    returns.begun(last, lambda: done.append("last"))
    assert done == ["second", "third", "last"]


def test_what_is_given_back_without_having_waited_waits_for_all_that_came() -> None:
    returns = Returns()
    first, at_once = call_of(), call_of()
    done: list[str] = []
    returns.come(first)
    returns.begun(at_once, lambda: done.append("at once"))
    assert done == []
    returns.begun(first)
    assert done == ["at once"]


def test_calls_that_came_later_are_not_waited_for() -> None:
    returns = Returns()
    first, later = call_of(), call_of()
    done: list[str] = []
    returns.come(first)
    returns.come(later)
    returns.begun(first, lambda: done.append("first"))
    assert done == ["first"]
    returns.begun(later)
    assert done == ["first"]
