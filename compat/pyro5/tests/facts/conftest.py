"""What the tests of the facts share. They use names of Pyro5 only, so the real one runs them."""

from __future__ import annotations

import importlib.util
import struct
import threading

import pytest

import Pyro5.api
from Pyro5 import config, protocol, serializers
from Pyro5.callcontext import current_context

# The same tests run against Pyro5 itself; what we fix on purpose fails there.
REAL = importlib.util.find_spec("pyrophone") is None


def pytest_configure(config):
    config.addinivalue_line(
        "markers", "fixed(*defects, run=True): fails with Pyro5 itself, a defect there"
    )
    config.addinivalue_line("markers", "slow: takes over 0.25 s")


def pytest_collection_modifyitems(items):
    """Expect those to fail with Pyro5 that say so."""
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
    return shared("daemon", server_type, Pyro5.api.Daemon)


@pytest.fixture
def start():
    """A function that runs a daemon of the test's own until the test is over."""
    running = Running()
    yield running.start
    running.stop()


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
        self.keep_open = False
        self.sock = Named()
        self.objectId = None
        self.tracked_resources = set()
        self.pyroInstances = {}

    def recv(self, size):
        if size > len(self.incoming):
            raise Pyro5.errors.ConnectionClosedError("receiving: not enough data")
        chunk, self.incoming = self.incoming[:size], self.incoming[size:]
        return chunk

    def send(self, data):
        self.sent += data

    def close(self):
        pass

    def answer(self):
        """Return the first message that was sent, and forget it."""
        reader = Wire(self.sent)
        message = protocol.recv_stub(reader)
        self.sent = reader.incoming
        return message


def connect_message(object_id, handshake="hello", serializer="serpent", seq=0):
    """Return the bytes of a greeting."""
    codec = serializers.serializers[serializer]
    payload = codec.dumps({"handshake": handshake, "object": object_id})
    message = protocol.SendingMessage(
        protocol.MSG_CONNECT, 0, seq, codec.serializer_id, payload
    )
    return message.data


def call_message(object_id, method, *args, serializer="serpent", seq=0, flags=0):
    """Return the bytes of a call."""
    codec = serializers.serializers[serializer]
    payload = codec.dumpsCall(object_id, method, args, {})
    message = protocol.SendingMessage(
        protocol.MSG_INVOKE, flags, seq, codec.serializer_id, payload
    )
    return message.data


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


@pytest.fixture
def header():
    """A function that makes the 40 bytes of a header by hand."""

    def make(
        kind, serializer, flags, seq, size, notes=0, magic=0x4DC5, version=502, tag=b"PYRO"
    ):
        return struct.pack(
            "!4sHBBHHII16sHH",
            *(tag, version, kind, serializer, flags, seq, size, notes),
            *(b"\0" * 16, 0, magic),
        )

    return make
