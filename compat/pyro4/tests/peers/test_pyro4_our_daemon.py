"""The real Pyro4's client with our daemon: it notices no difference."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import Pyro4
from peers import Peer, PeerError
from Pyro4.configuration import config

pytestmark = pytest.mark.peers

LIMIT = 10.0
ALL = ("serpent", "json", "marshal", "msgpack", "pickle", "cloudpickle", "dill")


@Pyro4.expose
class Thing:
    """What is called."""

    def __init__(self) -> None:
        self._value = 1
        self._noted: list[Any] = []
        self._go = threading.Event()

    def add(self, one: Any, two: Any) -> Any:
        return one + two

    def fail(self, text: str) -> None:
        raise ValueError(text)

    def leave(self) -> None:
        raise SystemExit(3)

    def numbers(self, count: int) -> Iterator[int]:
        yield from range(count)

    def me(self) -> Any:
        return self

    def about(self) -> Any:
        context = Pyro4.current_context
        context.response_annotations = {"BACK": b"there"}
        return context.serializer_id, context.annotations.get("MINE"), context.seq

    @Pyro4.oneway
    def note(self, what: str) -> None:
        self._noted.append((what, threading.current_thread().name))
        self._go.set()

    def noted(self) -> list[Any]:
        assert self._go.wait(LIMIT)
        return self._noted

    @Pyro4.callback
    def call_back(self) -> None:
        raise ValueError("told twice")

    @property
    def value(self) -> Any:
        return self._value

    @value.setter
    def value(self, value: Any) -> None:
        self._value = value

    def secret(self) -> None: ...


class Bare:
    """Nothing of it is marked."""

    def hello(self) -> str:
        return "hello"

    @Pyro4.oneway
    def silent(self) -> None: ...


@pytest.fixture
def daemon(server_type: str, running: Callable[[Any], Any]) -> Any:
    """Our daemon, which accepts all serializers, with the object ``thing``."""
    config.SERIALIZERS_ACCEPTED = set(ALL)
    daemon = Pyro4.Daemon()
    daemon.register(Thing(), "thing")
    return running(daemon)


@pytest.fixture
def far(daemon: Any, client: Peer) -> Peer:
    """The real client, that knows where our daemon is."""
    client.run(f"where = {daemon.locationStr!r}")
    return client


@pytest.mark.parametrize("serializer", ALL)
def test_every_serializer_and_kind_of_call(far: Peer, serializer: str) -> None:
    far.run(f"p = connect('PYRO:thing@' + where, {serializer!r})")
    assert far.value("sorted(p._pyroMethods)[:3]") == ["about", "add", "call_back"]
    assert far.value("(p._pyroOneway, p._pyroAttrs)") == ({"note"}, {"value"})
    assert far.value("(p.add(1, 2), p.add('a', two='b'))") == (3, "ab")
    failure = far.failure("p.fail('on purpose')")
    assert (failure.name, failure.args) == ("builtins.ValueError", ("on purpose",))
    assert "in fail" in failure.traceback
    assert far.value("[p.note('x'), p.noted()[0][1]]") == [None, "oneway-call"]
    assert far.value("isinstance(p.me(), Pyro4.Proxy) and p.me() == p") is True
    if serializer != "marshal":  # whose client can't do these, in Pyro4
        assert far.value("list(p.numbers(3))") == [0, 1, 2]
        far.run("p.value = 7")
        assert far.value("p.value") == 7
        far.run("b = Pyro4.batch(p); b.add(1, 2); b.fail('third'); b.add(3, 4); r = b()")
        assert far.value("next(r)") == 3
        assert far.failure("next(r)").args == ("third",)


def test_what_is_not_there_and_what_ends_a_connection(far: Peer) -> None:
    far.run("p = connect('PYRO:thing@' + where, 'json')")
    for call, cls in [
        ("p.nothing()", "builtins.AttributeError"),
        ("p._pyroInvoke('nothing', (), {})", "builtins.AttributeError"),
        ("p._pyroInvoke('_x', (), {})", "builtins.AttributeError"),
        ("p._pyroInvoke('add', (1, 2), {}, 0, 'nobody')", "Pyro4.errors.DaemonError"),
        ("p.leave()", "Pyro4.errors.ConnectionClosedError"),
        ("p.call_back()", "builtins.ValueError"),
        ("p.add(1, 1)", "Pyro4.errors.ConnectionClosedError"),
    ]:
        assert far.failure(call).name == cls, call
    assert far.value("p.add(1, 1)") == 2
    refused = far.failure("connect('PYRO:nobody@' + where, 'json')")
    assert refused.name == "Pyro4.errors.CommunicationError"
    assert "unknown object" in refused.text


def test_the_context_goes_both_ways(far: Peer) -> None:
    far.run("p = connect('PYRO:thing@' + where, 'serpent')")
    far.run("Pyro4.current_context.annotations = {'MINE': b'here'}")
    assert far.value("p.about()[0]") == 1
    assert (
        far.value("bytes(Pyro4.current_context.response_annotations['BACK'])") == b"there"
    )


def test_without_metadata(far: Peer) -> None:
    far.run("Pyro4.config.METADATA = False")
    far.run("p = connect('PYRO:thing@' + where, 'json')")
    assert far.value("(p.add(1, 2), len(p._pyroMethods))") == (3, 0)
    assert far.failure("p.nothing()").name == "builtins.AttributeError"


def test_signed_messages(far: Peer, daemon: Any) -> None:
    daemon._pyroHmacKey = b"key"
    far.run("p = Pyro4.Proxy('PYRO:thing@' + where); p._pyroHmacKey = b'key'")
    assert far.value("p.add(1, 2)") == 3
    assert far.failure("p.fail('x')").args == ("x",)
    assert far.value("list(p.numbers(2))") == [0, 1]
    far.run("other = Pyro4.Proxy('PYRO:thing@' + where)")
    assert "hmac key config not symmetric" in far.failure("other.add(1, 2)").text


def test_compressed_messages(far: Peer) -> None:
    config.COMPRESSION = True
    far.run("Pyro4.config.COMPRESSION = True")
    far.run("p = connect('PYRO:thing@' + where, 'json')")
    assert far.value("p.add('x' * 5000, 'y') == 'x' * 5000 + 'y'") is True


def test_pickles_only_where_they_are_accepted(
    client: Peer, running: Callable[[Any], Any], server_type: str
) -> None:
    daemon = Pyro4.Daemon()
    uri = daemon.register(Thing())
    running(daemon)
    with pytest.raises(PeerError, match="serializer that is not accepted: 4"):
        client.run(f"connect({str(uri)!r}, 'pickle')")
    client.run(f"p = connect({str(uri)!r}, 'serpent')")
    client.run("p._pyroSerializer = 'pickle'")
    failure = client.failure("p.add(1, 2)")
    assert failure.name == "Pyro4.errors.SerializeError"
    assert failure.text == "message used serializer that is not accepted: 4"
    client.run("p._pyroSerializer = None")
    assert client.value("p.add(1, 2)") == 3


def test_a_bare_class_is_served_to_this_machine(
    client: Peer, running: Callable[[Any], Any], server_type: str
) -> None:
    daemon = Pyro4.Daemon()
    own = type("Own", (Bare,), {})
    with pytest.warns(UserWarning, match="has no @Pyro4.expose"):
        uri = daemon.register(own())
    running(daemon)
    client.run(f"p = connect({str(uri)!r}, 'serpent')")
    assert client.value("(p.hello(), p.silent(), p._pyroOneway)") == (
        "hello",
        None,
        {"silent"},
    )
    config.REQUIRE_EXPOSE = True
    failure = client.failure("p.hello()")
    assert failure.name == "builtins.AttributeError"
    assert "PYRO_REQUIRE_EXPOSE=false" in failure.text


@pytest.mark.slow
def test_one_client_too_many_is_told(client: Peer, running: Callable[[Any], Any]) -> None:
    config.THREADPOOL_SIZE = config.THREADPOOL_SIZE_MIN = 1
    daemon: Any = Pyro4.Daemon()
    left = threading.Event()
    daemon.clientDisconnect = lambda conn: left.set()
    uri = daemon.register(Thing())
    running(daemon)
    client.run(f"p = connect({str(uri)!r}, 'serpent')")
    failure = client.failure(f"connect({str(uri)!r}, 'serpent')")
    assert failure.name == "Pyro4.errors.CommunicationError"
    assert "no free workers, increase server threadpool size" in failure.text
    assert client.value("p.add(1, 2)") == 3
    # Its asynchronous calls each connect, and try until there is room.
    client.run("p._pyroAsync(); futures = [p.add(n, n) for n in range(3)]")
    client.run("p._pyroRelease()")
    assert left.wait(LIMIT)
    assert client.value("sorted(f.value for f in futures)") == [0, 2, 4]
