"""How long publishers try, and what they say when it was in vain."""

from __future__ import annotations

from typing import Any

import pytest

from pyrophone.errors import (
    ConnectError,
    ConnectionLostError,
    DeadlineExceeded,
    NamingError,
    NotExposedError,
)
from pyrophone.events.sending import Sending


def test_attempts_go_on_with_growing_pauses_while_there_is_time() -> None:
    sending = Sending(60.0, known=False)
    assert [sending.pause_after(ConnectError("no")) for _ in range(6)] == [
        0.05,
        0.1,
        0.2,
        0.4,
        0.8,
        1.0,
    ]
    assert 59 < sending.left <= 60


@pytest.mark.parametrize(
    ("error", "sent"),
    [
        (ConnectionLostError("lost"), True),
        (ConnectError("no"), False),
        (NamingError("who"), False),
        (DeadlineExceeded("late", sent=False), False),
        (DeadlineExceeded("late", sent=True), True),
    ],
)
def test_when_time_is_over_it_is_told_whether_the_event_may_be_there(
    error: Any, sent: bool
) -> None:
    with pytest.raises(DeadlineExceeded) as caught:
        Sending(0.0, known=True).pause_after(error)
    assert caught.value.sent is sent
    assert caught.value.__cause__ is error


def test_what_will_not_be_better_later_is_raised_as_it_is() -> None:
    with pytest.raises(NotExposedError):
        Sending(60.0, known=True).pause_after(NotExposedError("no"))
