"""The real Pyro4's client, and that of Pyro5, at the port of a daemon of Pyrophone.

``client.value("...")`` is what the expression gives in the process of the real one, where
``p`` is its proxy.
"""

from __future__ import annotations

import queue
import socket
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from peers import Peer, PeerError, real_python
from Pyro4.dialect import Pyro4Dialect
from pyrophone import Blob, Settings, current, expose, oneway
from pyrophone.errors import NamingError, RefusedError
from pyrophone.naming import NameService
from pyrophone.sync import Daemon, LoopDaemon, connect
from running import LIMIT, running

if TYPE_CHECKING:
    from peers import Start

pytestmark = pytest.mark.peers

PYRO5 = Path(__file__).parents[4] / "tests" / "peers" / "real_pyro.py"
SAFE = ("serpent", "json", "marshal", "msgpack")
TREE = {"n": None, "t": True, "i": [-1, 2**40, 2.5], "s": "héllo ☃ 'q' \"q\"\n", "e": []}


class OverheatError(Exception):
    """An exception class that the real one does not have."""


OverheatError.__module__ = "lab"


@expose
class Other:
    """What proxies are made for on the way."""

    def __init__(self, title: str) -> None:
        self._title = title

    def name(self) -> str:
        return self._title


@expose
class Thing:
    """One of each kind of member."""

    def __init__(self, daemon: LoopDaemon) -> None:
        self._daemon = daemon
        self._value: Any = 3
        self._notes: queue.Queue[Any] = queue.Queue()

    def add(self, a: Any, b: Any = 1) -> Any:
        return a + b

    def echo(self, value: Any) -> Any:
        return value

    def dialect(self) -> str:
        return current().dialect

    @property
    def value(self) -> Any:
        return self._value

    @value.setter
    def value(self, value: Any) -> None:
        self._value = value

    def fail(self) -> None:
        raise ValueError("bad", 7)

    def fail_as(self, name: str) -> None:
        raise {"naming": NamingError("unknown name: x"), "lab": OverheatError("hot")}[name]

    @oneway
    def note(self, text: Any) -> None:
        self._notes.put(text)

    def noted(self) -> Any:
        return self._notes.get(timeout=LIMIT)

    def numbers(self, count: int) -> Iterator[int]:
        yield from range(count)

    def make(self, name: str) -> Other:
        other = Other(name)
        self._daemon.register(other)
        return other

    def ask(self, other: Any) -> str:
        with other:
            return str(other.name())

    def notes(self) -> dict[str, str]:
        current().reply_annotations["BACK"] = b"back"
        return {name: data.decode() for name, data in current().annotations.items()}

    def correlation(self) -> str:
        return str(current().correlation_id)

    def blob(self, blob: Blob) -> list[Any]:
        return [blob.info, blob.value]


@pytest.fixture(params=[Daemon, LoopDaemon], ids=["threads", "loop"])
def daemon(request: pytest.FixtureRequest) -> Iterator[LoopDaemon]:
    """A daemon of Pyrophone that answers both."""
    with running(request.param(dialects=["pyro4"])) as daemon:
        daemon.register(Thing(daemon), "thing")
        yield daemon


@pytest.fixture(params=SAFE)
def safe(request: pytest.FixtureRequest) -> str:
    """In what the client writes."""
    return str(request.param)


@pytest.fixture
def p(client: Peer, daemon: LoopDaemon, safe: str) -> Peer:
    """The real Pyro4, with a proxy ``p`` for our ``thing``."""
    client.run(f"p = connect('PYRO:thing@{daemon.location}', {safe!r})")
    return client


def test_calls_and_keywords(p: Peer) -> None:
    assert p.value("[p.add(1), p.add(1, b=2), p.add('a', 'b')]") == [2, 3, "ab"]
    assert p.value(f"p.echo({TREE!r})") == TREE
    assert p.value("p.echo('x' * 100000) == 'x' * 100000")
    assert p.value("p.dialect()") == "pyro4"


def test_exceptions_with_their_remote_traceback(p: Peer) -> None:
    error = p.failure("p.fail()")
    assert (error.name, tuple(error.args)) == ("builtins.ValueError", ("bad", 7))
    assert "in fail" in error.traceback
    assert error.traceback.endswith("ValueError: ('bad', 7)\n")
    error = p.failure("p.fail_as('naming')")
    assert (error.name, error.text) == ("Pyro4.errors.NamingError", "unknown name: x")
    assert p.failure("p.fail_as('lab')").name == "Pyro4.errors.SerializeError"
    assert p.failure("p.nothing()").name == "builtins.AttributeError"
    assert p.value("p.add(1)") == 2


def test_attributes(p: Peer, safe: str) -> None:
    if safe == "marshal":
        pytest.skip("the real one can't read attributes in marshal")
    assert p.value("p.value") == 3
    p.run("p.value = [1]")
    assert p.value("p.value") == [1]


def test_one_way_calls(p: Peer) -> None:
    assert p.value("p.note('text')") is None
    assert p.value("p.noted()") == "text"


@pytest.mark.parametrize("more", ["", "oneway=True", "asynchronous=True"])
def test_batches(p: Peer, safe: str, more: str) -> None:
    if safe == "marshal":
        pytest.skip("the real one has no batches in marshal")
    p.run("b = Pyro4.batch(p)\nb.add(1)\nb.note('text')\nb.add(1, b=2)")
    p.run(f"results = b({more})")
    if not more:
        assert p.value("list(results)") == [2, None, 3]
    elif more.startswith("asyn"):
        assert p.value("list(results.value)") == [2, None, 3]
    assert p.value("p.noted()") == "text"


def test_a_batch_raises_where_it_failed(p: Peer, safe: str) -> None:
    if safe == "marshal":
        pytest.skip("the real one has no batches in marshal")
    p.run("b = Pyro4.batch(p)\nb.add(1)\nb.fail()\nb.add(2)\nresults = b()")
    assert p.value("next(results)") == 2
    assert p.failure("next(results)").name == "builtins.ValueError"


def test_item_streams(p: Peer) -> None:
    assert p.value("list(p.numbers(3))") == [0, 1, 2]
    p.run("numbers = p.numbers(5)")
    assert p.value("next(numbers)") == 0
    p.run("numbers.close()")
    assert p.value("p.add(1)") == 2


def test_objects_of_both_sides_arrive_as_proxies(p: Peer, safe: str) -> None:
    assert p.value("type(p.make('ours')).__module__") == "Pyro4.core"
    assert p.value("p.make('ours').name()") == "ours"
    assert p.value("p.echo(p.make('ours')).name()") == "ours"
    if safe == "marshal":  # on Python 3.11 it loses the class of what is in there
        return
    p.run("own = serve(host='localhost')\nmine = Other('theirs')\nown.register(mine)")
    assert p.value("p.ask(mine)") == "theirs"
    assert p.value("p.echo(Pyro4.URI('PYRO:a@b:1')) == Pyro4.URI('PYRO:a@b:1')") is True


def test_annotations_and_correlation_ids(p: Peer) -> None:
    number = str(uuid.UUID(int=7))
    p.run(f"Pyro4.current_context.correlation_id = uuid.UUID({number!r})")
    assert p.value("p.correlation()") == number
    p.run("Pyro4.current_context.annotations = {'USRX': b'abc'}")
    assert p.value("p.notes()") == {"USRX": "abc"}
    assert p.value("bytes(Pyro4.current_context.response_annotations['BACK'])") == b"back"


def test_blobs(p: Peer) -> None:
    p.run("from Pyro4.core import SerializedBlob")
    assert list(p.value("p.blob(SerializedBlob('info', [1, 2]))")) == ["info", [1, 2]]


def test_pings_reconnecting_and_a_serializer_that_changes(p: Peer) -> None:
    p.run("from Pyro4.message import Message\nMessage.ping(p._pyroConnection)")
    p.run("p._pyroRelease()")
    assert p.value("p.add(1)") == 2
    p.run("p._pyroReconnect(1)")
    assert p.value("p.add(1)") == 2
    p.run("p._pyroSerializer = 'json'")
    assert p.value("p.add(1)") == 2


def test_large_messages_are_compressed_both_ways(p: Peer) -> None:
    p.run("Pyro4.config.COMPRESSION = True")
    assert p.value("p.echo('x' * 100000) == 'x' * 100000")


def test_without_metadata(client: Peer, daemon: LoopDaemon) -> None:
    client.run(
        "Pyro4.config.METADATA = False\n"
        f"p = Pyro4.Proxy('PYRO:thing@{daemon.location}')\np._pyroBind()"
    )
    assert client.value("p.add(1, b=4)") == 5
    assert client.failure("p.nothing()").name == "builtins.AttributeError"
    assert client.value("p.note('text')") is None
    assert client.value("p.noted()") == "text"


def test_many_proxies_and_an_asynchronous_one(client: Peer, daemon: LoopDaemon) -> None:
    client.run(
        f"p = Pyro4.Proxy('PYRO:thing@{daemon.location}')\np._pyroAsync()\n"
        "results = [p.add(n) for n in range(5)]"
    )
    assert client.value("[result.value for result in results]") == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("name", ["pickle", "dill", "cloudpickle"])
def test_serializers_that_run_what_they_read_are_refused(
    client: Peer, daemon: LoopDaemon, name: str
) -> None:
    with pytest.raises(PeerError, match="serializer that is not accepted"):
        client.run(f"p = connect('PYRO:thing@{daemon.location}', {name!r})")
    client.run(f"p = connect('PYRO:thing@{daemon.location}', 'serpent')")
    assert client.value("p.add(1)") == 2
    client.run(f"p._pyroSerializer = {name!r}")
    assert client.failure("p.add(1)").name == "Pyro4.errors.ConnectionClosedError"


@pytest.mark.parametrize("kind", [Daemon, LoopDaemon])
def test_signatures(client: Peer, kind: type[LoopDaemon]) -> None:
    with running(kind(dialects=[Pyro4Dialect(b"secret")])) as daemon:
        uri = daemon.register(Thing(daemon))
        for key in ("None", "b'wrong'"):
            client.run(f"p = Pyro4.Proxy('{uri}')\np._pyroHmacKey = {key}")
            error = client.failure("p._pyroBind()")
            assert error.name == "Pyro4.errors.CommunicationError"
        client.run("p._pyroHmacKey = 'secret'")
        assert client.value("p.add(1)") == 2
        assert client.failure("p.fail()").name == "builtins.ValueError"
        assert client.value("list(p.numbers(2))") == [0, 1]


def test_a_key_where_none_is_asked_for(client: Peer, daemon: LoopDaemon) -> None:
    client.run(
        f"p = Pyro4.Proxy('PYRO:thing@{daemon.location}')\np._pyroHmacKey = 'secret'"
    )
    assert client.failure("p._pyroBind()").name == "Pyro4.errors.CommunicationError"


def test_a_connected_socket(start_peer: Start) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, running(Daemon(sock=ours, dialects=["pyro4"])) as daemon:
        daemon.register(Thing(daemon), "thing")
        peer = start_peer(fds=(theirs.fileno(),))
        peer.run(
            f"s = socket.socket(fileno={theirs.fileno()})\n"
            "p = Pyro4.Proxy('thing', connected_socket=s)"
        )
        assert peer.value("p.add(1)") == 2
        assert peer.value("list(p.numbers(2))") == [0, 1]


def test_all_three_at_one_port_and_one_name_server(
    client: Peer, daemon: LoopDaemon
) -> None:
    pyro5 = Peer(real_python("pyro5"), PYRO5, {})
    try:
        with running(NameService(port=0, broadcast=False, dialects=["pyro4"])) as names:
            port = int(names.uri.port or 0)
            names.names.register("lab.thing", daemon.uri_of("thing"))
            client.run(
                f"Pyro4.config.NS_PORT = {port}\np = Pyro4.Proxy('PYRONAME:lab.thing')"
            )
            pyro5.run(f"config.NS_PORT = {port}\np = Proxy('PYRONAME:lab.thing')")
            how = Settings(name_port=port, timeout=LIMIT)
            with connect("lab.thing", settings=how) as ours:
                for _ in range(3):
                    assert client.value("p.dialect()") == "pyro4"
                    assert pyro5.value("p.dialect()") == "pyro5"
                    assert ours.dialect() == "pyro5"
                client.run("p.note('from Pyro4')")
                assert pyro5.value("p.noted()") == "from Pyro4"
                pyro5.run("p.note('from Pyro5')")
                assert ours.noted() == "from Pyro5"
    finally:
        pyro5.close()


def test_our_client_at_a_server_of_the_real_one(
    server: Peer, location: str, safe: str
) -> None:
    how = Settings(serializer=safe, timeout=LIMIT)
    uri = f"PYRO:thing@{location}"
    with connect(uri, settings=how, dialect="pyro4") as thing:
        assert thing.add(1, 2) == 3
        with pytest.raises(ValueError, match="bad"):
            thing.fail("value")
        assert list(thing.numbers(3)) == [0, 1, 2]
        if safe != "marshal":  # in which the real one sends none
            with thing.make("other") as other:
                assert other.name() == "other"
        assert thing.note("text") is None
        assert thing.noted() == "text"
        assert thing.keywords(a=1) == {"a": 1}
        if safe != "marshal":
            thing.value = 5
            assert thing.value == 5
    with pytest.raises(RefusedError, match="not you"):
        connect(uri, settings=how, dialect="pyro4", handshake="intruder")


def test_our_client_signs_for_a_server_of_the_real_one(server: Peer, location: str) -> None:
    server.run("daemon._pyroHmacKey = 'secret'")
    with connect(f"PYRO:thing@{location}", dialect=Pyro4Dialect(b"secret")) as thing:
        assert thing.add(1, 2) == 3
    with pytest.raises(Exception, match="hmac"):
        connect(f"PYRO:thing@{location}", dialect="pyro4")
