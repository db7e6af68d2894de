"""What the tests of the facts share. They use names of Pyro4 only, so the real one runs them."""

from __future__ import annotations

import importlib.util
import threading
import time

import pytest

import Pyro4
from Pyro4 import config, message, util
from Pyro4.core import current_context

# The same tests run against Pyro4 itself; what we fix on purpose fails there.
REAL = importlib.util.find_spec("pyrophone") is None


def pytest_configure(config):
    config.addinivalue_line(
        "markers", "fixed(*defects, run=True): fails with Pyro4 itself, a defect there"
    )
    config.addinivalue_line("markers", "slow: takes over 0.25 s")


def pytest_collection_modifyitems(items):
    """Expect those to fail with Pyro4 that say so."""
    if not REAL:
        return
    for item in items:
        mark = item.get_closest_marker("fixed")
        if mark is not None:
            reason = ", ".join(mark.args)
            run = mark.kwargs.get("run", True)
            item.add_marker(pytest.mark.xfail(reason=reason, run=run, strict=True))


@pytest.fixture(autouse=True)
def _as_before():
    """Leave configuration and context as they were."""
    config.reset(False)
    config.POLLTIMEOUT = 0.1
    values = current_context.to_global()
    yield
    config.reset()
    current_context.from_global(values)


class Running:
    """Daemons whose request loops run in threads, and how to end them."""

    def __init__(self):
        self._started = []

    def start(self, daemon):
        """Run the request loop of *daemon*, and return it."""
        thread = threading.Thread(target=daemon.requestLoop, daemon=True)
        thread.start()
        self._started.append((daemon, thread))
        return daemon

    def stop(self):
        """End all of them."""
        for daemon, _ in self._started:
            daemon.shutdown()
        for _, thread in self._started:
            thread.join(5)
            assert not thread.is_alive()
        self._started.clear()


@pytest.fixture(scope="session")
def _shared_daemons():
    """Daemons that many tests share, and what ends them."""
    running = Running()
    yield {}, running
    running.stop()


@pytest.fixture
def shared(_shared_daemons):
    """A function that makes and runs a daemon the first time only."""
    daemons, running = _shared_daemons

    def get(name, server_type, make):
        if (name, server_type) not in daemons:
            daemons[name, server_type] = running.start(make())
        return daemons[name, server_type]

    return get


@pytest.fixture(params=["thread", "multiplex"])
def server_type(request):
    """Both kinds of server."""
    config.SERVERTYPE = request.param
    return request.param


@pytest.fixture
def daemon(shared, server_type):
    """A running daemon that is shared between tests: don't change or end it."""
    with_all = {*config.SERIALIZERS_ACCEPTED, "msgpack", "pickle", "dill", "cloudpickle"}
    before, config.SERIALIZERS_ACCEPTED = config.SERIALIZERS_ACCEPTED, with_all
    made = shared("daemon", server_type, Pyro4.Daemon)
    config.SERIALIZERS_ACCEPTED = before
    return made


@pytest.fixture
def start():
    """A function that runs a daemon of the test's own until the test is over."""
    running = Running()
    yield running.start
    running.stop()


@pytest.fixture
def eventually():
    """A function that waits until something is true."""

    def wait(condition, seconds=5):
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end
            time.sleep(0.005)

    return wait


class Named:
    """Stands in for a socket, as far as a server asks it something."""

    def getpeername(self):
        return ("127.0.0.1", 54321)

    def getsockname(self):
        return ("127.0.0.1", 54322)


class Wire:
    """Stands in for a connection: gives what was put in, keeps what is sent."""

    def __init__(self, *messages):
        self.incoming = b"".join(messages)
        self.sent = b""
        self.closed = False
        self.keep_open = False
        self.sock = Named()
        self.objectId = None
        self.tracked_resources = set()
        self.pyroInstances = {}

    def recv(self, size):
        if size > len(self.incoming):
            raise Pyro4.errors.ConnectionClosedError("receiving: not enough data")
        chunk, self.incoming = self.incoming[:size], self.incoming[size:]
        return chunk

    def send(self, data):
        self.sent += bytes(data)

    def close(self):
        self.closed = True

    def answer(self, hmac_key=None):
        """Return the first message that was sent, and forget it."""
        reader = Wire(self.sent)
        found = message.Message.recv(reader, hmac_key=hmac_key)
        self.sent = reader.incoming
        return found


def connect_message(object_id, handshake="hello", serializer="serpent", seq=0, **more):
    """Return the bytes of a greeting."""
    codec = util.get_serializer(serializer)
    payload, _ = codec.serializeData({"handshake": handshake, "object": object_id})
    flags = message.FLAGS_META_ON_CONNECT
    return message.Message(
        message.MSG_CONNECT, payload, codec.serializer_id, flags, seq, **more
    ).to_bytes()


def call_message(object_id, method, *args, serializer="serpent", seq=0, flags=0, **more):
    """Return the bytes of a call."""
    codec = util.get_serializer(serializer)
    payload, _ = codec.serializeCall(object_id, method, args, {})
    return message.Message(
        message.MSG_INVOKE, payload, codec.serializer_id, flags, seq, **more
    ).to_bytes()


@pytest.fixture
def wire():
    """The class of connections that have only what Pyro needs of them."""
    return Wire


@pytest.fixture
def greeting():
    """The function that makes greetings."""
    return connect_message


@pytest.fixture
def calling():
    """The function that makes calls."""
    return call_message
