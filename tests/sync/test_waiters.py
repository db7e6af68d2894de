"""A waiter wakes once, with the first that comes."""

from __future__ import annotations

import threading
import time

import pytest

from pyrophone.sync.channels import LateError
from pyrophone.sync.waiters import Lost, Waiter, seconds_until
from running import LIMIT


def test_the_first_event_counts() -> None:
    waiter = Waiter()
    waiter.deliver("answer")
    waiter.deliver(Lost("too late"))
    waiter.wait(None)
    assert waiter.event == "answer"


def test_to_be_woken_without_an_event_is_to_read() -> None:
    waiter = Waiter()
    thread = threading.Thread(target=waiter.wake)
    thread.start()
    waiter.wait(time.monotonic() + LIMIT)
    assert waiter.event is None
    thread.join()


def test_it_waits_no_longer_than_told() -> None:
    with pytest.raises(LateError):
        Waiter().wait(time.monotonic() + 0.01)


def test_how_long_locks_wait() -> None:
    assert seconds_until(None) == -1
    assert seconds_until(0.0) == 0.0
    assert 0 < seconds_until(time.monotonic() + 5) <= 5
    assert seconds_until(1e300) == threading.TIMEOUT_MAX
