"""A daemon and what runs beside it begin and end together."""

from __future__ import annotations

import threading

import pytest

from pyrophone import expose
from pyrophone.sync import Standalone, connect
from running import LIMIT, running


@expose
class Thing:
    """Says what thread its helper was in."""

    helper = ""

    def name(self) -> str:
        return self.helper


class Service(Standalone):
    """A thing, whose helper ends when it is told to; unless it hangs."""

    def __init__(self, longest: float | None = None, *, hangs: bool = False) -> None:
        self.thing = Thing()
        self.started = threading.Event()
        self.told = threading.Event()
        self.released = threading.Event()
        self.ended = threading.Event()
        self._longest = longest
        self._hangs = hangs
        self._daemon = self._make_daemon("localhost", 0)
        self.uri = self._daemon.register(self.thing)
        self._helpers = [("helper", self._help)]

    def _help(self) -> None:
        self.thing.helper = threading.current_thread().name
        self.started.set()
        assert self.told.wait(LIMIT)
        assert not self._hangs or self.released.wait(LIMIT)
        self.ended.set()

    def _silence(self) -> None:
        self.told.set()


def test_helpers_run_beside_the_daemon_and_end_with_it() -> None:
    with running(Service()) as service:
        assert service.started.wait(LIMIT)
        with connect(service.uri) as thing:
            assert thing.name() == "pyrophone-helper"
        assert not service.ended.is_set()
    assert service.ended.is_set()


def test_its_block_ends_what_was_never_served() -> None:
    with Service() as service:
        pass
    assert service.told.is_set()
    service.serve()  # is over at once
    assert service.ended.is_set()


@pytest.mark.parametrize("longest", [0.01, None])
def test_who_hangs_is_left_behind_only_if_that_may_be(longest: float | None) -> None:
    service = Service(longest, hangs=True)
    serving = threading.Thread(target=service.serve)
    serving.start()
    assert service.started.wait(LIMIT)
    service.stop()
    if longest is None:
        threading.Timer(0.05, service.released.set).start()
    serving.join(LIMIT)
    assert not serving.is_alive()
    assert service.ended.is_set() is (longest is None)
    service.released.set()
    assert service.ended.wait(LIMIT)
