"""Proxies: what they are by themselves, and who may share them."""

from __future__ import annotations

import copy
import os
import pickle
import socket
import threading
from collections.abc import Callable
from typing import Any

import pytest

import Pyro4
from Pyro4.configuration import config
from Pyro4.core import Proxy, SerializedBlob
from Pyro4.errors import CommunicationError, PyroError, SerializeError
from Pyro4.message import Message

Serve = Callable[..., Any]
TEXT = "PYRO:thing@localhost:1"


@Pyro4.expose
class Thing:
    """Answers."""

    value = property(lambda self: 7)

    def echo(self, value: Any) -> Any:
        """Return *value*."""
        return value

    def blob(self, blob: Any) -> Any:
        """Read what came unread."""
        return [type(blob).__name__, blob.info, blob.deserialized()]

    def count(self, limit: int) -> Any:
        """Stream numbers."""
        return iter(range(limit))

    def __len__(self) -> int:
        return 3


def test_making_one_asks_nobody_and_checks_what_can_be_checked() -> None:
    proxy = Proxy(TEXT)
    assert repr(proxy).endswith(f"; not connected; for {TEXT}>")
    assert (proxy._pyroHandshake, proxy._pyroSeq, proxy._pyroTimeout) == ("hello", 0, 0.0)
    for wrong in (5, None, b"PYRO:a@b:1"):
        with pytest.raises(TypeError):
            Proxy(wrong)  # type: ignore[arg-type]
    config.SERIALIZER = "nothing"
    with pytest.raises(SerializeError, match="'nothing'"):
        Proxy(TEXT)


def test_proxies_are_keys_by_their_uris() -> None:
    class Special(Proxy):
        """A proxy."""

    viewers = {Proxy(TEXT): 1, Special(TEXT): 2}
    assert viewers == {Proxy(TEXT): 2}
    assert len({Proxy(TEXT), Proxy(TEXT), Proxy("PYRO:other@localhost:1")}) == 2
    assert Proxy(TEXT) != TEXT
    assert hash(Proxy(TEXT)) == hash(Pyro4.URI(TEXT))


def test_nothing_of_python_s_own_reaches_out() -> None:
    proxy = Proxy(TEXT)
    for use in (len, iter, lambda p: p[0]):  # by type there is nothing
        with pytest.raises(TypeError):
            use(proxy)
    assert bool(proxy)
    assert "_pyroBind" in dir(proxy)
    copy.deepcopy(proxy)
    with pytest.raises(CommunicationError):
        hasattr(proxy, "something")


def test_settings_of_its_own() -> None:
    config.COMMTIMEOUT, config.MAX_RETRIES = 2.5, 4
    proxy = Proxy(TEXT)
    assert (proxy._pyroTimeout, proxy._pyroMaxRetries) == (2.5, 4)
    proxy._pyroHmacKey = "kéy"
    assert proxy._pyroHmacKey == "kéy".encode()
    ours, theirs = socket.socketpair()
    with ours, theirs:
        proxy._pyroConnection = Pyro4.socketutil.SocketConnection(ours)
        proxy._pyroTimeout = 9
        assert ours.gettimeout() == 9
        proxy._pyroTimeout = None
        assert ours.gettimeout() is None


def rich() -> Proxy:
    """Return a proxy with something in all of its parts."""
    proxy = Proxy(TEXT)
    proxy._pyroMethods, proxy._pyroOneway, proxy._pyroAttrs = {"m", "o"}, {"o"}, {"a"}
    proxy._pyroTimeout, proxy._pyroMaxRetries = 5, 3
    proxy._pyroHmacKey, proxy._pyroHandshake = b"abc", "words"
    proxy._pyroSerializer, proxy._pyroRawWireResponse = "json", True
    return proxy


def test_a_copy_has_everything_but_the_connection() -> None:
    class Special(Proxy):
        def __init__(self, uri: Any) -> None:
            super().__init__(uri)

    special = Special(TEXT)
    special._pyroResemble(rich())
    for new in (copy.copy(rich()), copy.copy(special)):
        assert new.__getstate__() == rich().__getstate__()
        assert (new._pyroRawWireResponse, new._pyroConnection) == (True, None)
    assert type(copy.copy(special)) is Special


def test_its_state_has_nine_parts_and_eight_are_enough() -> None:
    uri = Pyro4.URI(TEXT)
    state = (uri, {"o"}, {"m", "o"}, {"a"}, 5, b"abc", "words", 3, "json")
    assert rich().__getstate__() == state
    assert rich().__getstate_for_dict__()[5] == "b64:YWJj"
    new = Proxy.__new__(Proxy)
    new.__setstate__(state[:8])
    assert (new._pyroTimeout, new._pyroMaxRetries, new._pyroSerializer) == (0.0, 0, None)
    assert (new._pyroHmacKey, new._pyroMethods) == (b"abc", {"m", "o"})


@pytest.mark.parametrize("name", ["serpent", "json", "marshal", "msgpack", "pickle"])
def test_it_travels_in_every_serializer(name: str) -> None:
    class Special(Proxy):
        """A subclass travels as what it is a kind of [8]."""

    codec = Pyro4.util.get_serializer(name)
    for proxy in (rich(), Special(TEXT)):
        if name == "pickle" and type(proxy) is Special:
            continue  # pickle looks for the class
        new = codec.loads(codec.dumps(proxy))
        assert (type(new), new) == (Proxy, proxy)
        assert (new._pyroHmacKey, new._pyroMethods) == (
            proxy._pyroHmacKey,
            proxy._pyroMethods,
        )
        assert (new._pyroTimeout, new._pyroMaxRetries) == (0.0, 0)


def test_its_pickle_names_its_public_home() -> None:
    assert b"cPyro4.core\nProxy\n" in pickle.dumps(rich(), 2)


def test_who_sends_a_proxy_can_t_have_pickles_read_here() -> None:
    codec = Pyro4.util.get_serializer("json")
    proxy = rich()
    proxy._pyroSerializer = "pickle"
    data = codec.dumps(proxy)
    assert codec.loads(data)._pyroSerializer is None
    config.SERIALIZERS_ACCEPTED = {"pickle"}
    assert codec.loads(data)._pyroSerializer == "pickle"


@pytest.mark.parametrize(
    ("part", "value"),
    [(0, 5), (0, "nonsense"), (1, "text"), (2, [5]), (5, "abc"), (5, "b64:?"), (8, 5)],
)
def test_a_malformed_state_is_refused(part: int, value: Any) -> None:
    codec = Pyro4.util.get_serializer("json")
    state = [*rich().__getstate_for_dict__()]
    state[part] = value
    for wrong in (state, state[:3], 5):
        with pytest.raises(SerializeError):
            codec.loads(codec.dumps({"__class__": "Pyro4.core.Proxy", "state": wrong}))


def test_special_methods_can_be_called_by_name(serve: Serve) -> None:
    with Proxy(serve(Thing())) as proxy:
        assert proxy.__len__() == 3
        with pytest.raises(TypeError):
            len(proxy)


def test_blobs_and_streams(serve: Serve, server_type: str) -> None:
    with Proxy(serve(Thing())) as proxy:
        assert proxy.blob(SerializedBlob("i", [1])) == ["SerializedBlob", "i", [1]]
        with pytest.raises(SerializeError, match="only argument"):
            proxy.blob(SerializedBlob("i", 1), 2)
        stream = proxy.count(3)
        assert [next(stream), stream.next(), *stream] == [0, 1, 2]


def test_a_blob_is_read_from_a_message_when_asked() -> None:
    codec = Pyro4.util.get_serializer("serpent")
    data, deflated = codec.serializeCall("o", "m", (["x"],), {}, compress=True)
    message = Message(4, data, 1, 0x40 | 2 * deflated, 1)
    assert SerializedBlob("i", message, is_blob=True).deserialized() == (["x"],)
    with pytest.raises(TypeError, match="message object"):
        SerializedBlob("i", b"x", is_blob=True)


@pytest.mark.slow
def test_two_hundred_threads_share_one(serve: Serve, server_type: str) -> None:
    wrong: list[Any] = []

    def work(number: int) -> None:
        for turn in range(3):
            if proxy.echo([number, turn]) != [number, turn]:
                wrong.append(number)
            if turn == 1 and number % 50 == 0:
                proxy._pyroRelease()

    with Proxy(serve(Thing())) as proxy:
        threads = [threading.Thread(target=work, args=(each,)) for each in range(200)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert wrong == []


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # there are threads
def test_a_forked_child_connects_by_itself(serve: Serve) -> None:
    with Proxy(serve(Thing())) as proxy:
        proxy._pyroBind()
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:  # no test code must go on here
            try:
                seen = (
                    f"{proxy.echo('child')} {proxy._pyroConnection.process == os.getpid()}"
                )
                proxy._pyroRelease()
                os.write(writer, seen.encode())
            finally:
                os._exit(0)
        os.close(writer)
        os.waitpid(child, 0)
        assert os.read(reader, 99) == b"child True"
        os.close(reader)
        kept = proxy._pyroConnection
        assert proxy.echo("parent") == "parent"
        assert proxy._pyroConnection is kept


class Interrupted:
    """A connection in the middle of which Ctrl-C is pressed."""

    objectId = "thing"

    def __init__(self, error: BaseException) -> None:
        self.error = error
        self.closed = False

    def send(self, data: bytes) -> None:
        """Take it."""

    def recv(self, size: int) -> bytes:
        """Be interrupted."""
        raise self.error

    def close(self) -> None:
        """Note it."""
        self.closed = True


@pytest.mark.parametrize(
    "error", [KeyboardInterrupt(), CommunicationError("gone"), SystemExit()]
)
def test_an_interrupted_call_gives_its_answer_to_nobody(error: BaseException) -> None:
    proxy = Proxy(TEXT)
    proxy._pyroMethods = {"echo"}
    proxy._pyroConnection = line = Interrupted(error)
    with pytest.raises(type(error)):
        proxy.echo(1)
    assert (proxy._pyroConnection, line.closed) == (None, True)


def test_an_overridden_call_is_used_for_all() -> None:
    class Special(Proxy):
        def _pyroInvoke(self, *args: Any, **kwargs: Any) -> Any:
            return args

    proxy = Special(TEXT)
    proxy._pyroMethods, proxy._pyroAttrs = {"f"}, {"a"}
    assert proxy.f(1, b=2) == ("f", (1,), {"b": 2})
    assert proxy.a == ("__getattr__", ("a",), None)
    assert proxy._pyroAsync().f().value == ("f", (), {})
    batch = proxy._pyroBatch()
    batch.g(1)
    assert list(batch()) == ["<batch>", [("g", (1,), {})], None, 8]


def test_what_is_too_large_to_send_is_not_sent(serve: Serve) -> None:
    with Proxy(serve(Thing())) as proxy:
        assert proxy.echo(1) == 1
        line = proxy._pyroConnection
        config.MAX_MESSAGE_SIZE = 1000
        with pytest.raises(Pyro4.errors.MessageTooLargeError):
            proxy.echo("x" * 2000)
        assert proxy._pyroConnection is line
        assert proxy.echo(2) == 2


def test_known_members_must_be_some() -> None:
    proxy = Proxy(TEXT)
    nothing: dict[str, list[str]] = {"methods": [], "oneway": [], "attrs": []}
    with pytest.raises(PyroError, match=r"^remote object doesn't expose .*REQUIRE_EXPOSE"):
        proxy._pyroGetMetadata(known_metadata=nothing)
    proxy._pyroGetMetadata(known_metadata={**nothing, "methods": ["f"]})
    assert proxy._pyroMethods == {"f"}


def test_all_names_but_those_with_an_underscore_are_the_object_s() -> None:
    for cls in (Proxy, type(Pyro4.batch(Proxy(TEXT))), Pyro4.core._RemoteMethod):
        assert [name for name in dir(cls) if not name.startswith("_")] == []


def test_members_of_any_name_are_the_object_s(serve: Serve) -> None:
    names = ("blob_flag", "generation", "log", "method_class", "stream_class", "uri")
    methods = {name: (lambda self, given=name: given) for name in names}
    cls: Any = type("Named", (), methods)
    with Proxy(serve(Pyro4.expose(cls)())) as proxy:
        assert [getattr(proxy, name)() for name in names] == list(names)
        batch = Pyro4.batch(proxy)
        for name in names:
            getattr(batch, name)()
        assert list(batch()) == list(names)
