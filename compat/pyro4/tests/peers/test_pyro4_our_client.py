"""Our proxies against the daemon of the real Pyro4, of both server types."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

import Pyro4
from peers import Peer
from Pyro4.callcontext import current_context
from Pyro4.configuration import config
from Pyro4.core import SerializedBlob
from Pyro4.errors import (
    CommunicationError,
    ConnectionClosedError,
    DaemonError,
    NamingError,
    PyroError,
    SecurityError,
    SerializeError,
    TimeoutError,
)

pytestmark = pytest.mark.peers

PICKLES = ("pickle", "cloudpickle", "dill")
TREE = {"n": None, "t": True, "i": [-1, 2**70, 2.5], "s": "héllo ☃ 'q' \"q\"\n", "e": []}


@pytest.fixture
def thing(location: str, serializer: str) -> Iterator[Pyro4.Proxy]:
    """Our proxy for the ``thing`` of the real server, in every serializer."""
    with Pyro4.Proxy(f"PYRO:thing@{location}") as proxy:
        proxy._pyroSerializer = serializer
        proxy._pyroTimeout = 20
        yield proxy


@pytest.fixture
def plain(location: str) -> Iterator[Pyro4.Proxy]:
    """Likewise, in serpent alone."""
    with Pyro4.Proxy(f"PYRO:thing@{location}") as proxy:
        proxy._pyroTimeout = 20
        yield proxy


@pytest.fixture
def elsewhere(server: Peer) -> str:
    """Where there is another thing, of a daemon that can be asked during a call."""
    server.run("second = serve(host='localhost')")
    return server.value("str(second.register(Thing(), 'thing'))")


# In every serializer.


def test_calls_return_what_was_asked(thing: Pyro4.Proxy) -> None:
    assert thing.add(1, 2) == 3
    assert thing.power(3, exponent=3) == 27
    assert thing.keywords(a=1, b=[2], c={"d": None}) == {"a": 1, "b": [2], "c": {"d": None}}
    assert thing.echo(TREE) == TREE
    assert thing.__len__() == 3


def test_a_compressed_call_arrives(thing: Pyro4.Proxy) -> None:
    config.COMPRESSION = True
    assert thing.echo([TREE] * 20) == [TREE] * 20


def test_attributes_are_read_and_written(thing: Pyro4.Proxy, serializer: str) -> None:
    if serializer == "marshal":
        thing._pyroSerializer = "json"  # the real daemon can't read it [8]
    thing.value = [1, "x"]
    assert thing.value == [1, "x"]
    assert thing.fixed == "fixed"
    with pytest.raises(AttributeError):
        thing.fixed = 2
    with pytest.raises(AttributeError, match="has no exposed attribute 'add'"):
        thing.add = 2


def test_exceptions_arrive_with_their_tracebacks(thing: Pyro4.Proxy) -> None:
    with pytest.raises(ValueError, match="bad") as caught:
        thing.fail("value")
    assert caught.value.args == ("bad", 7)
    assert vars(caught.value)["_pyroTraceback"][0] == "Traceback (most recent call last):\n"
    with pytest.raises(NamingError, match="unknown name: x"):
        thing.fail("naming")
    assert thing.add(1, 1) == 2


def test_a_batch_gives_results_in_order(thing: Pyro4.Proxy, serializer: str) -> None:
    if serializer == "marshal":
        thing._pyroSerializer = "json"  # the real daemon can't read it [8]
    batch = Pyro4.batch(thing)
    batch.add(1, 2)
    batch.echo("x")
    batch.fail("value")
    batch.note("never")
    results = batch()
    assert [next(results), next(results)] == [3, "x"]
    with pytest.raises(ValueError, match="bad"):
        next(results)
    assert list(results) == []
    batch.note("in one go")
    assert batch(oneway=True) is None
    assert thing.noted() == "in one go"


def test_streams_give_items_and_can_be_closed(thing: Pyro4.Proxy) -> None:
    assert list(thing.numbers(3)) == [0, 1, 2]
    assert thing.was_closed()
    items = thing.faulty()
    assert next(items) == 1
    with pytest.raises(ValueError, match="second item"):
        items.next()
    endless = thing.numbers(10**9)
    assert next(endless) == 0
    endless.close()
    assert list(endless) == []
    assert thing.add(1, 1) == 2


def test_a_returned_object_becomes_a_proxy(
    thing: Pyro4.Proxy, serializer: str, elsewhere: str
) -> None:
    if serializer == "marshal":
        pytest.skip("the real one forgets the daemon of what it marshals [8]")
    other = thing.make("it")
    assert type(other) is Pyro4.Proxy
    with other:
        assert other.name() == "it"
    with Pyro4.Proxy(elsewhere) as second:
        second._pyroSerializer = serializer
        assert second.ask(other) == "it"


def test_one_way_calls_are_not_waited_for(thing: Pyro4.Proxy) -> None:
    assert thing.note("a") is None
    assert thing.noted() == "a"
    thing.note_and_fail("b")
    assert thing.noted() == "b"


def test_a_blob_arrives_unread_and_is_passed_on(
    thing: Pyro4.Proxy, elsewhere: str, serializer: str
) -> None:
    # The real one takes the third key of JSON's mapping for the argument.
    values: Any = "params" if serializer == "json" else [1, 2]
    assert thing.blob(SerializedBlob("label", [1, 2])) == [
        "SerializedBlob",
        "label",
        values,
    ]
    thing.where(elsewhere)
    assert thing.forward(SerializedBlob("far", [1, 2])) == ["SerializedBlob", "far", values]


def test_a_proxy_of_ours_is_understood(thing: Pyro4.Proxy, location: str) -> None:
    other = Pyro4.Proxy(f"PYRO:thing@{location}")
    other._pyroTimeout = 3.5
    other._pyroHmacKey = "key"
    seen = thing.repr(other)
    assert seen.startswith("<Pyro4.core.Proxy at ")
    assert seen.endswith(f"; not connected; for PYRO:thing@{location}>")
    assert thing.repr(Pyro4.URI("PYRO:a@b:1")).endswith("; PYRO:a@b:1>")


# Once is enough.


def test_an_unknown_member_is_refused_here(plain: Pyro4.Proxy) -> None:
    with pytest.raises(AttributeError, match="no exposed attribute or method 'nothing'"):
        plain.nothing  # noqa: B018
    with pytest.raises(TypeError):
        len(plain)
    assert bool(plain)
    assert "power" in dir(plain)
    with pytest.raises(AttributeError):
        plain.add.deep(1)


def test_without_metadata_names_are_not_checked(location: str) -> None:
    config.METADATA = False
    with Pyro4.Proxy(f"PYRO:thing@{location}") as proxy:
        assert proxy.add(1, 2) == 3
        assert proxy._pyroMethods == set()
        with pytest.raises(AttributeError):
            proxy.nothing()
        proxy.own = 5
        assert proxy.own == 5
        assert proxy.note("waited for") is None
        config.METADATA = True
        assert proxy.fixed == "fixed"
        assert "add" in proxy._pyroMethods


def test_annotations_travel_and_are_used_once(plain: Pyro4.Proxy) -> None:
    current_context.annotations = {"USER": b"me"}
    current_context.correlation_id = uuid.UUID(int=5)
    correlation = uuid.UUID(int=5).bytes
    assert plain.correlation() == str(uuid.UUID(int=5))
    assert current_context.annotations == {}
    assert current_context.response_annotations == {"CORR": correlation, "DAEM": b"on"}
    current_context.correlation_id = None
    current_context.annotations = {"USER": b"me"}
    assert plain.annotations() == {"USER": "me"}
    assert plain.answer("x") == "x"
    assert current_context.response_annotations["BACK"] == b"x"


def test_hooks_see_what_travels(location: str) -> None:
    class Watched(Pyro4.Proxy):
        def _pyroAnnotations(self) -> dict[str, bytes]:
            return {"HOOK": b"h"}

        def _pyroResponseAnnotations(self, annotations: Any, msgtype: int) -> None:
            seen.append((msgtype, sorted(annotations)))

        def _pyroValidateHandshake(self, response: Any) -> None:
            seen.append(response)

    seen: list[Any] = []
    with Watched(f"PYRO:thing@{location}") as proxy:
        proxy._pyroHandshake = "it is me"
        assert proxy.annotations() == {"HOOK": "h"}
    assert seen == [{"you said": "it is me"}, (2, ["CORR", "DAEM"]), (5, ["CORR", "DAEM"])]


def test_refusals_tell_why(location: str, plain: Pyro4.Proxy) -> None:
    plain._pyroHandshake = "intruder"
    with pytest.raises(CommunicationError, match=r"^connection to .* rejected: not you$"):
        plain._pyroBind()
    with pytest.raises(CommunicationError, match="unknown object"):
        Pyro4.Proxy(f"PYRO:nobody@{location}")._pyroBind()
    plain._pyroHandshake = "hello"
    with pytest.raises(DaemonError, match="unknown object"):
        plain._pyroInvoke("f", (), {}, objectId="nobody")


def test_an_object_that_exposes_nothing_names_the_switch(
    server: Peer, location: str
) -> None:
    server.run("class Mute: pass\nhidden = daemon.register(Mute(), 'mute')")
    with pytest.raises(PyroError, match=r"forget setting @expose.*REQUIRE_EXPOSE"):
        Pyro4.Proxy(f"PYRO:mute@{location}")._pyroBind()


@pytest.mark.slow
def test_keys_must_be_the_same(start_peer: Any) -> None:
    peer = start_peer()
    peer.forget()
    peer.run("daemon = serve(host='localhost')\ndaemon._pyroHmacKey = b'secret'")
    uri = peer.value("str(daemon.register(Thing(), 'thing'))")
    with Pyro4.Proxy(uri) as proxy:
        proxy._pyroHmacKey = "secret"
        assert (proxy.add(1, 2), proxy.value) == (3, 3)
        with pytest.raises(ValueError, match="bad"):
            proxy.fail("value")
        assert list(proxy.numbers(2)) == [0, 1]
        assert current_context.response_annotations.keys() >= {"DAEM", "HMAC"}
    for key in (None, b"other"):
        with Pyro4.Proxy(uri) as proxy:
            proxy._pyroHmacKey = key
            with pytest.raises(CommunicationError, match="hmac"):
                proxy.add(1, 2)
    peer.forget()


def test_asynchronous_calls_run_side_by_side(server: Peer, plain: Pyro4.Proxy) -> None:
    plain._pyroBind()
    assert plain._pyroAsync() is plain
    if server.value("config.SERVERTYPE") == "thread":  # the other one makes one at a time
        waiting = [plain.noted() for _ in range(2)]  # each for a note that comes later
        assert [plain.note(text).value for text in ("a", "b")] == [None, None]
        assert {result.value for result in waiting} == {"a", "b"}
    assert [result.value for result in [plain.echo(1), plain.echo(2)]] == [1, 2]
    failed = plain.fail("value")
    with pytest.raises(ValueError, match="bad"):
        failed.value  # noqa: B018
    assert plain.add(1, 2).then(lambda value: value * 10).value == 30
    assert plain.note("later").value is None
    assert plain.fixed == "fixed"
    Pyro4.asyncproxy(plain, False)
    assert plain.noted() == "later"


@pytest.mark.slow
def test_threads_take_turns(plain: Pyro4.Proxy) -> None:
    seen: list[int] = []

    def work(number: int) -> None:
        for turn in range(5):
            assert plain.echo([number, turn]) == [number, turn]
        seen.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(seen) == list(range(50))


def test_a_late_answer_reaches_nobody(plain: Pyro4.Proxy) -> None:
    plain._pyroBind()
    plain._pyroTimeout = 0.05
    with pytest.raises(TimeoutError):
        plain.sleep(0.2)  # of the real one: longer than is waited for
    assert plain._pyroConnection is None
    plain._pyroTimeout = 20
    assert plain.echo("next") == "next"


def test_a_lost_connection_is_made_again_if_retries_are_allowed(
    server: Peer, plain: Pyro4.Proxy
) -> None:
    plain._pyroBind()
    plain._pyroConnection.sock.shutdown(2)
    with pytest.raises(ConnectionClosedError):
        plain.add(1, 2)
    plain._pyroBind()
    plain._pyroConnection.sock.shutdown(2)
    plain._pyroMaxRetries = 1
    assert plain.add(1, 2) == 3


def test_sessions_end_with_their_connections(server: Peer, location: str) -> None:
    server.run("daemon.register(Counter, 'counter')")
    with Pyro4.Proxy(f"PYRO:counter@{location}") as proxy:
        assert [proxy.count(), proxy.count()] == [1, 2]
        proxy._pyroReconnect(tries=1)
        assert proxy.count() == 1


@pytest.mark.parametrize(
    ("name", "kind"), [("security", SecurityError), ("serialize", SerializeError)]
)
def test_an_error_of_the_daemon_s_own_leaves_a_proxy_that_works(
    plain: Pyro4.Proxy, name: str, kind: type[Exception]
) -> None:
    with pytest.raises(kind):
        plain.fail(name)
    assert plain.add(1, 2) == 3  # the real one closes behind that answer


def test_a_result_that_can_t_be_written_leaves_a_proxy_that_works(
    plain: Pyro4.Proxy,
) -> None:
    plain._pyroSerializer = "json"
    with pytest.raises(SerializeError):
        plain.unlucky()
    assert plain.add(1, 2) == 3


def test_a_raw_answer_is_the_message(plain: Pyro4.Proxy) -> None:
    config.COMPRESSION = True
    plain._pyroRawWireResponse = True
    message = plain.echo("x" * 500)
    assert (message.type, message.flags, message.serializer_id) == (5, 0, 1)
    assert message.data == b"# serpent utf-8 python3.2\n'" + b"x" * 500 + b"'"
    assert plain.fail("value").flags == 1
