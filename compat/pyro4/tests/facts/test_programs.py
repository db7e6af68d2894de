"""What programs of the tutorial do: serving by one call, observers, sockets of their own."""

import contextlib
import os
import socket
import threading

import pytest

import Pyro4
from Pyro4 import config, errors, message, socketutil, util
from Pyro4.core import Daemon, Proxy, SerializedBlob, expose
from Pyro4.naming import NameServerDaemon, locateNS


@expose
class Thing:
    def __init__(self):
        self.seen = []

    def ping(self):
        return "pong"

    def note(self, value):
        self.seen.append(value)


@pytest.fixture
def ns(shared, server_type):
    """A running name server, empty, that the configuration points at."""
    made = shared("ns of programs", server_type, lambda: NameServerDaemon("localhost", 0))
    made.nameserver.remove(regex=".*")
    config.NS_HOST = "localhost"
    config.NS_PORT = made.sock.getsockname()[1]
    config.BROADCAST_ADDRS = ""
    return made


class Ending(Daemon):
    """Serves nobody."""

    def requestLoop(self, loopCondition=lambda: True):
        pass


def test_serving_with_names(ns, capsys):
    thing, other = Thing(), Thing()
    daemon = Ending()
    where = daemon.locationStr
    Daemon.serveSimple({thing: "example.thing", other: None}, daemon=daemon)
    lines = capsys.readouterr().out.splitlines()
    uri = f"PYRO:{thing._pyroId}@{where}"
    assert lines == [
        f"Object {thing!r}:",
        f"    uri = {uri}",
        "    name = example.thing",
        f"Object {other!r}:",
        f"    uri = PYRO:{other._pyroId}@{where}",
        "Pyro daemon running.",
    ]
    assert thing._pyroId.startswith("obj_")
    assert ns.nameserver.list(prefix="example") == {"example.thing": uri}


def test_serving_a_name_again(ns, capsys):
    ns.nameserver.register("example.thing", "PYRO:old@localhost:1")
    Daemon.serveSimple({Thing(): "example.thing"}, daemon=Ending(), verbose=False)
    assert str(ns.nameserver.lookup("example.thing")) != "PYRO:old@localhost:1"
    assert capsys.readouterr().out == ""


def test_serving_without_a_name_server(server_type):
    config.NS_HOST, config.NS_PORT = "localhost", socketutil.findProbablyUnusedPort()
    daemon = Ending()
    config.BROADCAST_ADDRS, config.PREFER_IP_VERSION = "", 6
    with pytest.raises(errors.NamingError):
        Daemon.serveSimple({Thing(): "example.thing"}, daemon=daemon, verbose=False)


def test_serving_a_class_and_at_another_place(server_type, capsys, monkeypatch):
    class Some(Thing):
        pass

    monkeypatch.setattr(Daemon, "requestLoop", Ending.requestLoop)
    port = socketutil.findProbablyUnusedPort()
    Daemon.serveSimple({Some: "some"}, host="127.0.0.1", port=port, ns=False)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"Object {Some!r}:"
    assert lines[1] == f"    uri = PYRO:some@127.0.0.1:{port}"


def test_names_that_are_used(ns, daemon):
    thing = Thing()
    uri = daemon.register(thing)
    with locateNS() as names:
        names.register("example.one", uri)
        names.register("example.two", str(uri), metadata=["blue"])
        listed = names.list(prefix="example.")
        assert sorted(listed.items()) == [
            ("example.one", str(uri)),
            ("example.two", str(uri)),
        ]
        assert type(listed) is dict
        with pytest.raises(errors.NamingError):
            names.register("example.one", uri, safe=True)
        with Proxy(names.lookup("example.one")) as proxy:
            assert proxy.ping() == "pong"
    for text in ("PYRONAME:example.one", "PYROMETA:blue", "PYRONAME:example.two@localhost"):
        with Proxy(text) as proxy:
            before = hash(proxy)
            assert proxy.ping() == "pong"
            assert str(proxy._pyroUri).startswith(text)
            proxy._pyroRelease()
            assert proxy._pyroBind() is True
            assert proxy._pyroUri == uri
            assert hash(proxy) == hash(uri) != before
    daemon.unregister(thing)


# Observers.


class Market:
    def __init__(self):
        self.viewers = {}
        self.threads = []

    @expose
    def view(self, viewer, symbols):
        self.viewers[viewer] = symbols

    @expose
    def publish(self, values):
        for viewer in self.viewers:
            viewer.note(values)
        return len(self.viewers)

    @expose
    def publish_later(self, values):
        thread = threading.Thread(target=self.publish, args=(values,))
        self.threads.append(thread)
        thread.start()

    @expose
    def kinds(self):
        return [type(viewer).__name__ for viewer in self.viewers]


@pytest.fixture
def market(shared, daemon):
    """A market in a daemon of its own, which accepts pickles."""
    config.SERIALIZERS_ACCEPTED.update({"pickle", "msgpack"})
    kind, config.SERVERTYPE = config.SERVERTYPE, "thread"
    other = shared("market", "thread", Daemon)
    config.SERVERTYPE = kind
    made = Market()
    other.register(made)
    yield made
    for thread in made.threads:
        thread.join(5)
    for viewer in made.viewers:
        viewer._pyroRelease()
    other.unregister(made)


@pytest.mark.parametrize("serializer", ["serpent", "json", "msgpack", "pickle"])
def test_observers(market, daemon, serializer, eventually):
    config.SERIALIZER = serializer
    viewer, second = Thing(), Thing()
    for each in (viewer, second):
        daemon.register(each)
    with Proxy(market._pyroDaemon.uriFor(market)) as proxy:
        proxy.view(viewer, ["a"])
        proxy.view(viewer, ["b"])
        proxy.view(second, ["c"])
        assert proxy.kinds() == ["Proxy", "Proxy"]
        assert proxy.publish({"a": 1.5}) == 2
        assert viewer.seen == second.seen == [{"a": 1.5}]
        proxy.publish_later({"a": 2.5})
        eventually(lambda: len(second.seen) == 2)
        assert proxy.publish({}) == 2
    assert sorted(market.viewers.values()) == [["b"], ["c"]]
    for each in (viewer, second):
        daemon.unregister(each)


def test_an_observer_that_is_gone(market, daemon):
    viewer = Thing()
    daemon.register(viewer)
    with Proxy(market._pyroDaemon.uriFor(market)) as proxy:
        proxy.view(viewer, [])
        assert proxy.publish({}) == 1
        daemon.unregister(viewer)
        with pytest.raises(errors.DaemonError, match="unknown object") as info:
            proxy.publish({})
        assert "viewer.note(values)" in "".join(info.value._pyroTraceback)


def test_no_proxies_when_switched_off(market, daemon):
    config.AUTOPROXY = False
    viewer = type("Viewer", (Thing,), {"__module__": "facts"})()
    daemon.register(viewer)
    with Proxy(market._pyroDaemon.uriFor(market)) as proxy:
        with pytest.raises(
            (errors.ProtocolError, errors.SecurityError, TypeError, ValueError)
        ):
            proxy.view(viewer, [])
    assert market.viewers == {}
    daemon.unregister(viewer)


# Sockets that are connected already.


@contextlib.contextmanager
def over_a_pair(obj):
    """Serve *obj* over a pair of sockets; give the other one."""
    one, two = socket.socketpair()
    daemon = Daemon(connected_socket=one)
    daemon.register(obj, "thing")
    thread = threading.Thread(target=daemon.requestLoop)
    thread.start()
    two.settimeout(5)
    yield two
    two.close()
    thread.join(5)
    assert not thread.is_alive()
    daemon.close()
    one.close()


def test_a_pair_of_sockets():
    with over_a_pair(Thing()) as sock:
        proxy = Proxy("thing", connected_socket=sock)
        assert proxy.ping() == "pong"
        assert proxy._pyroSeq == 2  # the first was for metadata
        batch = Pyro4.batch(proxy)
        batch.ping()
        assert list(batch()) == ["pong"]
        with pytest.raises(AttributeError):
            proxy.nonexisting()


def test_a_pair_of_sockets_without_metadata():
    config.METADATA = False
    with over_a_pair(Thing()) as sock:
        proxy = Proxy("thing", connected_socket=sock)
        assert proxy._pyroSeq == 0
        assert proxy.ping() == "pong"
        assert proxy._pyroSeq == 1


def test_nobody_greets_over_a_pair():
    one, two = socket.socketpair()
    config.METADATA = False
    proxy = Proxy("thing", connected_socket=one)
    answer = message.Message(message.MSG_RESULT, b"5", 2, 0, 1).to_bytes()
    two.sendall(answer)
    proxy._pyroSerializer = "json"
    assert proxy.method(1) == 5
    sent = message.Message.recv(socketutil.SocketConnection(two), [message.MSG_INVOKE])
    assert (sent.seq, sent.serializer_id) == (1, 2)
    found = util.get_serializer("json").loadsCall(sent.data)
    assert (found[0], found[1], list(found[2]), found[3]) == ("thing", "method", [1], {})
    one.close()
    two.close()


# Raw sockets.


@pytest.fixture
def raw(daemon):
    """A connection to a daemon with a thing, by hand."""
    thing = Thing()
    daemon.register(thing, "raw", force=True)
    sock = socketutil.createSocket(connect=daemon.sock.getsockname(), timeout=5)
    with socketutil.SocketConnection(sock) as connection:
        yield connection
    daemon.unregister("raw")


def test_a_talk(raw, greeting, calling):
    raw.send(greeting("raw", seq=7))
    answer = message.Message.recv(raw)
    assert (answer.type, answer.flags, answer.seq) == (message.MSG_CONNECTOK, 16, 7)
    assert list(answer.annotations) == ["CORR"]
    raw.send(calling("raw", "ping", seq=8))
    answer = message.Message.recv(raw)
    assert (answer.type, answer.flags, answer.seq) == (message.MSG_RESULT, 0, 8)
    assert list(answer.annotations) == ["CORR"]
    raw.send(message.Message(message.MSG_PING, b"ping", 42, 0, 9).to_bytes())
    answer = message.Message.recv(raw)
    assert (answer.type, answer.seq, answer.serializer_id) == (message.MSG_PING, 9, 42)
    assert answer.data == b"pong"
    raw.send(calling("nonexisting", "ping", seq=10))
    answer = message.Message.recv(raw)
    assert (answer.flags, answer.seq, answer.annotations) == (1, 10, {})
    raw.send(calling("raw", "note", 1, seq=11, flags=message.FLAGS_ONEWAY))
    raw.send(calling("raw", "ping", seq=12))
    assert message.Message.recv(raw).seq == 12


def test_messages_in_pieces(raw, greeting, calling):
    for data in (greeting("raw"), calling("raw", "ping")):
        for number in range(len(data)):
            raw.send(data[number : number + 1])
        message.Message.recv(raw, [message.MSG_CONNECTOK, message.MSG_RESULT])


@pytest.mark.parametrize(
    "junk",
    [b"GET / HTTP/1.1\r\n\r\n" + b"x" * 100, b"\0" * 100, b"PYRO\0\x2f" + b"\0" * 50],
)
def test_junk_at_first(raw, daemon, junk):
    raw.send(junk)
    answer = message.Message.recv(raw)
    assert (answer.type, answer.seq) == (message.MSG_CONNECTFAIL, 0)
    assert answer.serializer_id == util.MarshalSerializer.serializer_id
    with pytest.raises(errors.ConnectionClosedError):
        message.Message.recv(raw)
    with Proxy(daemon.uriFor("raw")) as proxy:
        assert proxy.ping() == "pong"


@pytest.mark.parametrize("kind", ["junk", "type", "serializer", "sum"])
def test_junk_later(raw, daemon, greeting, calling, kind):
    raw.send(greeting("raw"))
    message.Message.recv(raw, [message.MSG_CONNECTOK])
    data = calling("raw", "ping")
    raw.send(
        {
            "junk": b"x" * 100,
            "type": message.Message(message.MSG_RESULT, b"", 1, 0, 1).to_bytes(),
            "serializer": message.Message(message.MSG_INVOKE, b"x", 99, 0, 1).to_bytes(),
            "sum": data[:22] + b"\0\0" + data[24:],
        }[kind]
    )
    with contextlib.suppress(errors.ConnectionClosedError):  # it may be answered before
        assert message.Message.recv(raw).flags & message.FLAGS_EXCEPTION
    with pytest.raises(errors.ConnectionClosedError):
        message.Message.recv(raw)
    with Proxy(daemon.uriFor("raw")) as proxy:
        assert proxy.ping() == "pong"


def test_a_client_that_says_nothing(raw, daemon):
    with Proxy(daemon.uriFor("raw")) as proxy:
        if config.SERVERTYPE == "thread":
            assert proxy.ping() == "pong"
    assert raw.fileno() > 0


# Blobs that are handed on.


class Dispatcher:
    def __init__(self):
        self.next = None
        self.infos = []

    @expose
    def work(self, blob):
        self.infos.append(blob.info)
        if self.next is None:
            return blob.deserialized()
        return self.next.work(blob)


WRONG = pytest.mark.fixed("2.14: what is in a blob is read wrongly with this serializer")


@pytest.mark.parametrize(
    "serializer",
    [
        "serpent",
        "pickle",
        pytest.param("json", marks=WRONG),
        pytest.param("marshal", marks=WRONG),
    ],
)
def test_blobs_are_handed_on(shared, daemon, serializer):
    def make():
        kind, config.SERVERTYPE = config.SERVERTYPE, "thread"
        config.SERIALIZERS_ACCEPTED.add("pickle")
        made = Daemon()
        config.SERVERTYPE = kind
        return made

    first, last = Dispatcher(), Dispatcher()
    other = shared("dispatcher", "thread", make)
    first.next = Proxy(daemon.register(last))
    config.SERIALIZER = serializer
    with Proxy(other.register(first)) as proxy:
        blob = SerializedBlob({"topic": "news"}, {"a": [1, 2]})
        assert proxy.work(blob) == {"a": [1, 2]}
    assert first.infos == last.infos == [{"topic": "news"}]
    first.next._pyroRelease()
    other.unregister(first)
    daemon.unregister(last)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no processes of that kind here")
def test_addresses_of_unix_sockets(tmp_path, server_type, start):
    path = str(tmp_path / "with blanks in it")
    daemon = Daemon(unixsocket=path)
    uri = daemon.register(Thing(), "thing")
    start(daemon)
    assert str(uri) == f"PYRO:thing@./u:{path}"
    with Proxy(str(uri)) as proxy:
        assert proxy.ping() == "pong"
        assert proxy._pyroConnection.family() == "Unix"
