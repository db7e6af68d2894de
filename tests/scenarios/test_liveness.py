"""Peers that freeze, die, or can't be reached any more: both ends find out, and let go."""

from __future__ import annotations

import gc
import itertools
import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

import other_end
from fronts import FRONTS, Front, front_end
from gates import Gate
from kinds import KINDS, Kind, counting
from pyrophone import Settings
from pyrophone.errors import CommunicationError, ConnectionLostError, PyrophoneError
from relay import Relay
from running import LIMIT, takes_long
from wards import Guest, Ward

BEAT = 0.2  # seconds; who is silent for three of them is lost
CALM = 0.6  # seconds; the same where nobody is to be lost, however busy the machine
PROMISED = 15.0  # seconds until a dead peer is reported, with the default settings
QUICK = Settings(beat=BEAT)


class Hospital:
    """A daemon that counts its clients, with a Ward and with Guests.

    Attributes:
        daemon: It.
        ward: The object.
        ward_uri: Where it is.
        guest_uri: Likewise, of a class with an instance for each client.
        guest_gone: Opened when such an instance is no more.
    """

    def __init__(self, daemon: Any) -> None:
        self.daemon = daemon
        self.ward = Ward()
        self.ward_uri = daemon.register(self.ward, "ward")
        self.guest_gone = Gate()
        guest = type("Guest", (Guest,), {"gone": self.guest_gone})
        self.guest_uri = daemon.register(guest, "guest")

    def is_deserted(self) -> None:
        """Wait until all clients have left and nothing of them is there."""
        assert self.daemon.empty.wait(LIMIT)
        assert not self.daemon.present


@pytest.fixture
def hospital(kind: Kind) -> Iterator[Hospital]:
    with kind.serving(counting(kind.base), settings=QUICK) as daemon:
        hospital = Hospital(daemon)
        yield hospital
        hospital.ward.go.open()


def stop(process: Any) -> None:
    """Freeze a process; return when it is."""
    os.kill(process.pid, signal.SIGSTOP)
    os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)


# The server freezes, or dies.


@pytest.mark.slow
@pytest.mark.parametrize("kind_name", KINDS)
def test_a_server_that_freezes_is_reported_by_all_its_calls(
    front: Front, kind_name: str
) -> None:
    with other_end.serving(kind_name, BEAT) as (process, uri):
        ward = front.connect(uri, settings=QUICK)
        items = ward.count()
        next(items)
        calls = [front.start(ward.hold_soon) for _ in range(3)]
        ward.quick()
        start = time.monotonic()
        stop(process)
        for call in calls:
            assert isinstance(call.exception(LIMIT), ConnectionLostError)
        with pytest.raises(ConnectionLostError):
            for _ in items:
                pass
        assert time.monotonic() - start < LIMIT
        front.close(ward)


@takes_long
@pytest.mark.parametrize("kind_name", KINDS)
def test_a_server_that_froze_before_the_call_is_reported(
    front: Front, kind_name: str
) -> None:
    with other_end.serving(kind_name, BEAT) as (process, uri):
        ward = front.connect(uri, settings=QUICK)
        ward.quick()
        stop(process)
        with pytest.raises(CommunicationError):
            ward.quick()
        os.kill(process.pid, signal.SIGCONT)
        assert ward.quick("back") == "back"
        front.close(ward)


@pytest.mark.slow
@pytest.mark.parametrize("kind_name", KINDS)
def test_a_server_that_is_killed_is_reported_at_once(front: Front, kind_name: str) -> None:
    with other_end.serving(kind_name, BEAT) as (process, uri):
        ward = front.connect(uri, settings=QUICK)
        items = ward.count()
        next(items)
        inside = Gate()
        held = [front.start(ward.hold_soon)]
        if kind_name != "loop":

            def hear() -> None:
                inside.open()

            ward.apply(hear)
            assert inside.wait()
        ward.quick()
        process.kill()
        for call in held:
            assert isinstance(call.exception(LIMIT), ConnectionLostError)
        with pytest.raises(ConnectionLostError):
            for _ in items:
                pass
        with pytest.raises(CommunicationError):
            ward.quick()
        front.close(ward)


@takes_long
def test_the_promise_holds_with_the_default_settings(front: Front, kind: Kind) -> None:
    with other_end.serving(kind.name, 4.0) as (process, uri):
        ward = front.connect(uri)
        call = front.start(ward.hold_soon)
        ward.quick()
        start = time.monotonic()
        stop(process)
        assert isinstance(call.exception(2 * PROMISED), ConnectionLostError)
        assert time.monotonic() - start < PROMISED
        front.close(ward)


# The client freezes, or dies.

STEPS = ["track", "function", "guest", "count", "count_soon", "hold_soon"]


@pytest.mark.slow
@pytest.mark.parametrize("end", ["stop", "kill"])
@pytest.mark.parametrize("front_name", FRONTS)
def test_all_of_a_client_that_is_gone_is_released(
    hospital: Hospital, kind: Kind, front_name: str, end: str
) -> None:
    ward = hospital.ward
    with other_end.calling(
        front_name, BEAT, hospital.ward_uri, hospital.guest_uri, *STEPS
    ) as process:
        assert ward.function is not None
        assert ward.started.wait()  # what is over before it begins is not run
        if end == "stop":
            stop(process)
        else:
            process.kill()
        hospital.is_deserted()
        assert ward.ended.wait()  # the call that waited
        assert ward.dry.wait()
        assert ward.closed.wait()
        gc.collect()
        assert hospital.guest_gone.wait()
        with pytest.raises(ConnectionLostError):
            ward.function()


@takes_long
@pytest.mark.parametrize("front_name", FRONTS)
def test_a_client_that_dies_in_a_function_ends_the_call_that_asked(
    hospital: Hospital, front_name: str
) -> None:
    with other_end.calling(
        front_name, BEAT, hospital.ward_uri, hospital.guest_uri, "callback"
    ) as process:
        process.kill()
        hospital.is_deserted()


# The cable.


def test_a_cable_that_swallows_bytes_is_noticed_by_both_ends(
    front: Front, kind: Kind
) -> None:
    """One that swallows all, and one for each direction; all at once, for it takes time."""
    with ExitStack() as stack:
        cut = [Cable(front, kind, stack) for _ in range(3)]
        for cable, (up, down) in zip(
            cut, [(True, True), (True, False), (False, True)], strict=True
        ):
            cable.relay.swallow(up=up, down=down)
        for cable in cut:
            assert isinstance(cable.call.exception(LIMIT), ConnectionLostError)
            cable.hospital.is_deserted()
            assert cable.hospital.ward.ended.wait()
            assert cable.hospital.ward.dry.wait()
            assert cable.hospital.ward.closed.wait()
            cable.relay.swallow(up=False, down=False)
            assert cable.ward.quick("again") == "again"
            front.close(cable.ward)


class Cable:
    """A conversation over a relay, with a call, a stream and a resource.

    Attributes:
        hospital: The daemon.
        relay: What can be cut.
        ward: The proxy.
        call: The call.
    """

    def __init__(self, front: Front, kind: Kind, stack: ExitStack) -> None:
        daemon = stack.enter_context(kind.serving(counting(kind.base), settings=QUICK))
        self.hospital = Hospital(daemon)
        stack.callback(self.hospital.ward.go.open)
        self.relay = stack.enter_context(Relay(daemon.location))
        self.ward = front.connect(self.relay.uri("ward"), settings=QUICK)
        self.ward.track()
        self._items = self.ward.count()
        next(self._items)
        self.call = front.start(self.ward.hold_soon)
        self.ward.quick()


def test_quiet_connections_are_watched_by_both_ends_too(
    front: Front, hospital: Hospital
) -> None:
    with Relay(hospital.daemon.location) as relay:
        ward = front.connect(relay.uri("ward"), settings=QUICK)
        ward.keep(len)
        relay.swallow()
        hospital.is_deserted()
        relay.swallow(up=False, down=False)
        with pytest.raises(ConnectionLostError):
            hospital.ward.function("x")
        front.close(ward)


@pytest.mark.slow
def test_a_peer_that_is_only_slow_is_not_lost() -> None:
    calm = Settings(beat=CALM)
    with ExitStack() as stack:
        wards, calls, daemons = [], [], []
        for name, front_name in itertools.product(KINDS, FRONTS):
            front = stack.enter_context(front_end(front_name))
            kind = Kind(name)
            daemon = stack.enter_context(kind.serving(counting(kind.base), settings=calm))
            ward = Ward()
            proxy = front.connect(daemon.register(ward), settings=calm)
            stack.callback(front.close, proxy)
            calls.append(front.start(proxy.hold, "after a while"))
            assert ward.started.wait()
            wards.append(ward)
            daemons.append(daemon)
        wards[0].ended.wait(4 * CALM)  # nobody gives up meanwhile
        assert not any(call.done() for call in calls)
        assert not any(ward.ended.is_open for ward in wards)
        for ward in wards:
            ward.go.open()
        assert [call.result(LIMIT) for call in calls] == ["after a while"] * len(calls)
        assert [daemon.arrivals for daemon in daemons] == [1] * len(calls)


def talk(front: Front, uri: str) -> bool:
    """Do some of everything; return whether it went through."""
    try:
        ward = front.connect(uri, settings=QUICK)
    except PyrophoneError:
        return False
    try:
        assert ward.quick("a") == "a"
        assert ward.apply(lambda: "b") == "b"
        items = ward.count()
        assert len(next(items)) == 30_000
        items.close()
        assert ward.quick("c") == "c"
    except PyrophoneError:
        return False
    finally:
        front.close(ward)
    return True


def cut_everywhere(front: Front, hospital: Hospital, way: str, cuts: Any) -> None:
    """Cut the cable after so many bytes: nothing hangs, and nobody stays."""
    for cut in cuts:
        with Relay(hospital.daemon.location, **{way: cut}) as relay:
            talk(front, relay.uri("ward"))
        if hospital.daemon.present:
            hospital.is_deserted()
    with Relay(hospital.daemon.location) as relay:
        assert talk(front, relay.uri("ward"))
    assert len(hospital.daemon.objects.ids) == 3


@pytest.mark.parametrize("way", ["up", "down"])
def test_a_cable_that_is_cut_anywhere(front: Front, hospital: Hospital, way: str) -> None:
    cut_everywhere(front, hospital, way, range(0, 1500, 97))


@takes_long
@pytest.mark.parametrize("way", ["up", "down"])
def test_a_cable_that_is_cut_at_every_byte(
    front: Front, hospital: Hospital, way: str
) -> None:
    cut_everywhere(front, hospital, way, range(1500))
