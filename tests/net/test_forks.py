"""A child of a fork is told before it goes on."""

from __future__ import annotations

import os

import pytest

from pyrophone.errors import ConnectError
from pyrophone.net.forks import Claim, in_children

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no forks"),
    pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning"),
]


def test_children_are_told_and_parents_are_not() -> None:
    told: list[int] = []
    in_children(lambda: told.append(os.getpid()))
    child = os.fork()
    if child == 0:
        os._exit(0 if told == [os.getpid()] else 1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert told == []


def test_what_a_process_has_claimed_its_children_can_not_have() -> None:
    unused, used = Claim(), Claim()
    used.take()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            unused.take()
            used.take()
        except ConnectError:
            status = 0
        finally:
            os._exit(status)
    _, ended = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(ended) == 0
    used.take()
    unused.take()


def test_what_one_process_claims_is_not_for_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    claim = Claim()
    claim.take()
    claim.take()
    monkeypatch.setattr(os, "getpid", lambda: 0)
    with pytest.raises(ConnectError, match="another proxy, with a socket of its own"):
        claim.take()


def test_where_there_is_no_fork_nothing_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "register_at_fork", raising=False)
    in_children(lambda: pytest.fail("there is no child"))
