"""The transport servers and the pool, driven by hand."""

import contextlib
import socket
import threading
import time

import pytest

import Pyro4.socketutil
from Pyro4 import config, errors
from Pyro4.core import Daemon, Proxy, expose
from Pyro4.socketserver.existingconnectionserver import SocketServer_ExistingConnection
from Pyro4.socketserver.multiplexserver import SocketServer_Multiplex
from Pyro4.socketserver.threadpool import NoFreeWorkersError, Pool, PoolError, Worker
from Pyro4.socketserver.threadpoolserver import SocketServer_Threadpool

SERVERS = [SocketServer_Threadpool, SocketServer_Multiplex]


def eventually(condition, seconds=5):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


class Echoing:
    """Stands in for a daemon: answers each five bytes with those bytes twice."""

    def __init__(self):
        self.handshakes = []
        self.requests = 0
        self.housekeepings = 0
        self.disconnected = []

    def _handshake(self, connection, denied_reason=None):
        self.handshakes.append(denied_reason)
        return not denied_reason

    def handleRequest(self, connection):
        data = bytes(connection.recv(5))
        self.requests += 1
        connection.send(data * 2)

    def _housekeeping(self):
        self.housekeepings += 1

    def _clientDisconnect(self, connection):
        self.disconnected.append(connection)


@pytest.fixture(params=SERVERS)
def server(request):
    made = request.param()
    made.init(Echoing(), "localhost", 0)
    yield made
    with contextlib.suppress(Exception):
        made.shutdown()
    made.close()


@pytest.fixture
def looping(server):
    """The server, while its loop runs."""
    running = threading.Event()
    running.set()
    thread = threading.Thread(target=server.loop, args=(running.is_set,))
    thread.start()
    yield server
    running.clear()
    server.wakeup()
    thread.join(5)
    assert not thread.is_alive()


def client(server):
    sock = socket.create_connection(server.sock.getsockname(), 5)
    return Pyro4.socketutil.SocketConnection(sock)


def test_at_first(server):
    port = server.sock.getsockname()[1]
    assert server.locationStr == f"localhost:{port}"
    assert list(server.sockets) == [server.sock]
    assert isinstance(server.daemon, Echoing)


def test_unix_sockets(tmp_path):
    for kind in SERVERS:
        path = str(tmp_path / kind.__name__)
        server = kind()
        server.init(Echoing(), None, None, path)
        assert server.locationStr == f"./u:{path}"
        assert server.sock.getsockname() == path
        server.close()


def test_closing_twice(server):
    server.close()
    server.close()


def test_requests(looping):
    one, two = client(looping), client(looping)
    for connection in (one, two, one):
        connection.send(b"hello")
        assert bytes(connection.recv(10)) == b"hellohello"
    assert looping.daemon.requests == 3
    assert looping.daemon.handshakes == [None, None]
    one.close()
    eventually(lambda: len(looping.daemon.disconnected) == 1)
    two.close()
    eventually(lambda: len(looping.daemon.disconnected) == 2)


def test_housekeeping(looping):
    config.POLLTIMEOUT = 0.05
    looping.wakeup()
    connection = client(looping)
    connection.send(b"hello")
    connection.recv(10)
    eventually(lambda: looping.daemon.housekeepings > 0)
    connection.close()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_shutdown_ends_the_loop(server):
    thread = threading.Thread(target=server.loop)
    thread.start()
    connection = client(server)
    connection.send(b"hello")
    connection.recv(10)
    server.shutdown()
    thread.join(5)
    assert not thread.is_alive()
    connection.close()


def test_junk_does_not_end_it(looping):
    class Failing(Echoing):
        def handleRequest(self, connection):
            connection.recv(5)
            raise errors.ProtocolError("junk")

    looping.daemon = Failing()
    bad = client(looping)
    bad.send(b"hello")
    with pytest.raises(errors.ConnectionClosedError):
        bad.recv(1)
    bad.close()
    looping.daemon = Echoing()
    good = client(looping)
    good.send(b"hello")
    assert bytes(good.recv(10)) == b"hellohello"
    good.close()


def test_combining_the_wrong_kind(server):
    other = type(server)()
    other.init(Echoing(), "localhost", 0)
    try:
        if isinstance(server, SocketServer_Threadpool):
            with pytest.raises(TypeError):
                server.combine_loop(other)
        else:
            server.combine_loop(other)
            assert set(server.sockets) == {server.sock, other.sock}
            assert server.selector is other.selector
    finally:
        with contextlib.suppress(Exception):
            other.close()


def test_a_connected_socket():
    one, two = socket.socketpair()
    server = SocketServer_ExistingConnection()
    daemon = Echoing()
    server.init(daemon, one)
    assert server.sock is one
    assert list(server.sockets) == [one]
    thread = threading.Thread(target=server.loop)
    thread.start()
    two.settimeout(5)
    two.sendall(b"hello")
    assert Pyro4.socketutil.receiveData(two, 10) == b"hellohello"
    with pytest.raises(errors.PyroError):
        server.events([one])
    with pytest.raises(errors.PyroError):
        server.combine_loop(server)
    with pytest.raises(TypeError):
        server.selector  # noqa: B018
    two.close()
    thread.join(5)
    assert not thread.is_alive()
    server.close()
    server.close()
    one.close()


class Job:
    def __init__(self):
        self.go = threading.Event()
        self.started = threading.Event()

    def __call__(self):
        self.started.set()
        self.go.wait(5)


@pytest.fixture
def pool():
    config.THREADPOOL_SIZE_MIN, config.THREADPOOL_SIZE = 2, 4
    made = Pool()
    yield made
    made.close()


def test_a_pool_at_first(pool):
    assert len(pool.idle) == 2
    assert len(pool.busy) == 0
    assert pool.num_workers() == 2


@pytest.mark.parametrize(("least", "size"), [(0, 1), (5, 4), (1, 0), (-1, 4)])
def test_wrong_sizes(least, size):
    config.THREADPOOL_SIZE_MIN, config.THREADPOOL_SIZE = least, size
    with pytest.raises(ValueError):  # noqa: PT011
        Pool()


def test_a_pool_grows_and_shrinks(pool):
    jobs = [Job() for _ in range(4)]
    for number, job in enumerate(jobs, 1):
        pool.process(job)
        assert job.started.wait(5)
        assert len(pool.busy) == number
        assert pool.num_workers() == max(2, number)
    assert len(pool.idle) == 0
    with pytest.raises(NoFreeWorkersError):
        pool.process(Job())
    for job in jobs:
        job.go.set()
    eventually(lambda: len(pool.busy) == 0 and len(pool.idle) == 2)
    assert pool.num_workers() == 2


def test_a_job_that_fails_costs_no_worker(pool):
    ran = threading.Event()

    def fail():
        ran.set()
        raise ZeroDivisionError("expected")

    for _ in range(5):
        ran.clear()
        pool.process(fail)
        assert ran.wait(5)
        eventually(lambda: len(pool.busy) == 0)
    assert len(pool.idle) == 2
    job = Job()
    pool.process(job)
    assert job.started.wait(5)
    job.go.set()


def test_a_closed_pool(pool):
    pool.process(lambda: None)
    eventually(lambda: len(pool.busy) == 0)
    pool.close()
    assert len(pool.idle) == 0
    assert len(pool.busy) == 0
    with pytest.raises(PoolError):
        pool.process(lambda: None)


def test_text_of_a_pool(pool):
    assert str(pool.num_workers()) in repr(pool)


def test_a_full_pool_denies(start):
    config.SERVERTYPE = "thread"
    config.THREADPOOL_SIZE_MIN = config.THREADPOOL_SIZE = 1
    server = SocketServer_Threadpool()
    daemon = Echoing()
    server.init(daemon, "localhost", 0)
    running = threading.Event()
    running.set()
    thread = threading.Thread(target=server.loop, args=(running.is_set,))
    thread.start()
    one = client(server)
    one.send(b"hello")
    one.recv(10)
    two = client(server)
    with pytest.raises(errors.ConnectionClosedError):
        two.recv(1)
    assert daemon.handshakes[0] is None
    assert "no free workers" in daemon.handshakes[1]
    running.clear()
    one.close()
    two.close()
    server.shutdown()
    thread.join(5)
    server.close()


@expose
class Thing:
    def ping(self):
        return "pong"


class Greeting(Daemon):
    """Keeps what its own method was called with."""

    def __init__(self):
        super().__init__()
        self.reasons = []

    def _handshake(self, conn, denied_reason=None):
        self.reasons.append(denied_reason)
        return super()._handshake(conn, denied_reason)


def test_a_full_daemon_tells_the_client(start):
    config.SERVERTYPE = "thread"
    config.THREADPOOL_SIZE_MIN = config.THREADPOOL_SIZE = 2
    daemon = start(Greeting())
    uri = daemon.register(Thing())
    with Proxy(uri) as one, Proxy(uri) as two, Proxy(uri) as three:
        assert (one.ping(), two.ping()) == ("pong", "pong")
        with pytest.raises(errors.CommunicationError) as info:
            three.ping()
        assert "no free workers, increase server threadpool size" in str(info.value)
        assert daemon.reasons[:2] == [None, None]
        assert "no free workers" in daemon.reasons[2]


def test_the_pool_of_a_daemon(start):
    config.SERVERTYPE = "thread"
    daemon = start(Greeting())
    pool = daemon.transportServer.pool
    assert (len(pool.idle), len(pool.busy)) == (4, 0)
    with Proxy(daemon.register(Thing())) as proxy:
        proxy.ping()
        assert (len(pool.idle), len(pool.busy)) == (3, 1)
    eventually(lambda: (len(pool.idle), len(pool.busy)) == (4, 0))


def test_a_greeting_that_crashes_costs_no_worker(start):
    class Crashing(Daemon):
        def _handshake(self, conn, denied_reason=None):
            raise RuntimeError("expected")

    config.SERVERTYPE = "thread"
    config.THREADPOOL_SIZE_MIN = config.THREADPOOL_SIZE = 1
    daemon = start(Crashing())
    pool = daemon.transportServer.pool
    for _ in range(3):
        with pytest.raises(errors.CommunicationError):
            Proxy(daemon.uriFor("Pyro.Daemon"))._pyroBind()
        eventually(lambda: (len(pool.idle), len(pool.busy)) == (1, 0))


def test_many_open_connections_do_not_hold_up_shutdown(server_type):
    config.THREADPOOL_SIZE_MIN, config.THREADPOOL_SIZE = 1, 4
    daemon = Daemon()
    uri = daemon.register(Thing())
    thread = threading.Thread(target=daemon.requestLoop)
    thread.start()
    proxies = [Proxy(uri) for _ in range(4)]
    for proxy in proxies:
        proxy.ping()
    daemon.shutdown()
    thread.join(5)
    assert not thread.is_alive()
    for proxy in proxies:
        proxy._pyroRelease()


def test_names_of_threads():
    before = set(threading.enumerate())
    server = SocketServer_Threadpool()
    server.init(Echoing(), "localhost", 0)
    new = {thread.name for thread in set(threading.enumerate()) - before}
    workers = {name for name in new if name.startswith("Pyro-Worker-")}
    assert len(workers) == 4
    server.shutdown()
    server.close()


def test_sockets_of_a_multiplex_daemon(start):
    config.SERVERTYPE = "multiplex"
    daemon = start(Daemon())
    with Proxy(daemon.register(Thing())) as proxy:
        proxy.ping()
        assert len(list(daemon.sockets)) == 2
        (connection,) = [sock for sock in daemon.sockets if sock is not daemon.sock]
        assert isinstance(connection, Pyro4.socketutil.SocketConnection)
        assert connection.sock.getpeername() == proxy._pyroConnection.sock.getsockname()


def test_a_worker():
    pool = Pool()
    before = {thread for thread in threading.enumerate() if isinstance(thread, Worker)}
    assert len(before) >= config.THREADPOOL_SIZE_MIN
    assert all(thread.daemon for thread in before)
    pool.close()


def test_defaults_of_pools():
    assert issubclass(PoolError, Exception)
    assert issubclass(NoFreeWorkersError, PoolError)
    config.THREADPOOL_SIZE, config.THREADPOOL_SIZE_MIN = 3, 3
    pool = Pool()
    assert pool.num_workers() == 3
    pool.close()
    pool.close()
