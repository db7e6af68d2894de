"""A process that forks while its threads are in calls: each one gets its own answers."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

import other_end
from fronts import Front, Tasks
from kinds import KINDS, Kind
from pyrophone.errors import ConnectError
from pyrophone.sync import close, connect
from running import LIMIT, takes_long
from sleepers import Sleeper

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here"),
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded"),
    pytest.mark.slow,
]

BUSY = 4  # threads that call all the time
CALLS = 5  # of each child


@pytest.fixture(params=KINDS)
def ward(request: pytest.FixtureRequest) -> Iterator[Any]:
    with other_end.serving(request.param, 4.0) as (_, uri):
        ward = connect(uri)
        yield ward
        close(ward)


def wrong_answers(ward: Any, calls: int) -> list[Any]:
    """Ask so many questions that only this process and thread asks."""
    wrong = []
    for number in range(calls):
        question = [os.getpid(), threading.get_native_id(), number]
        if (got := ward.quick(question)) != question:
            wrong.append((question, got))
    return wrong


def status_of_child(ward: Any) -> int:
    """Fork, and call in the child; return 0 if all went well there."""
    child = os.fork()
    if not child:
        status = 1
        try:
            status = 1 if wrong_answers(ward, CALLS) else 0
            if list(zip(ward.count(), range(3), strict=False))[2][1] != 2:
                status = 2
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def fork_often(ward: Any, times: int) -> None:
    ended = threading.Event()
    wrong: list[Any] = []

    def call() -> None:
        try:
            while not ended.is_set():
                wrong.extend(wrong_answers(ward, 20))
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=call) for _ in range(BUSY)]
    for thread in threads:
        thread.start()
    try:
        statuses = [status_of_child(ward) for _ in range(times)]
    finally:
        ended.set()
        for thread in threads:
            thread.join()
    assert statuses == [0] * times
    assert wrong == []


@pytest.mark.timeout(30)
def test_children_and_parent_never_read_each_others_answers(ward: Any) -> None:
    fork_often(ward, 20)


@takes_long
@pytest.mark.timeout(50)
def test_two_hundred_children(ward: Any) -> None:
    fork_often(ward, 200)


def test_a_socket_that_was_given_is_not_shared_with_children(
    front: Front, kind: Kind
) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, kind.serving(sock=theirs) as daemon:
        daemon.register(Sleeper(), "sleeper")
        with front.connect("sleeper", sock=ours) as proxy:
            assert proxy.quick(1) == 1

            async def refused(bare: Any) -> bool:
                try:
                    await bare.quick(2)
                except ConnectError as error:
                    return "of its own" in str(error)
                return False

            child = os.fork()
            if not child:
                signal.alarm(int(LIMIT))  # or a child that is not refused would stay
                status = 1
                try:
                    if isinstance(front, Tasks):
                        status = 0 if asyncio.run(refused(proxy.bare)) else 2
                    else:
                        with pytest.raises(ConnectError, match="of its own"):
                            proxy.quick(2)
                        status = 0
                finally:
                    os._exit(status)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
            assert proxy.quick(3) == 3
