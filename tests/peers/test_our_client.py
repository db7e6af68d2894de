"""Our client against the real Pyro5's daemon, of both server types.

Each test ends with a call that works, where something failed before. A defect of the
real one has its number in ``spec/wire-protocol.md``, section 11.
"""

from __future__ import annotations

import re
import threading
import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from pyrophone import Blob, RemoteError, Settings, annotate, correlate, expose
from pyrophone.errors import (
    ConnectionLostError,
    NamingError,
    NotExposedError,
    PyrophoneError,
    SecurityError,
    SerializeError,
    StreamError,
)
from pyrophone.sync import Daemon, Proxy, batch, close, connect, options, ping
from running import running

if TYPE_CHECKING:
    from peers import Peer

pytestmark = pytest.mark.peers

TREE = {"n": None, "t": True, "i": [-1, 2**70, 2.5], "s": "héllo ☃ 'q' \"q\"\n", "e": []}


# Calls.


def test_a_call_returns_its_result(thing: Proxy) -> None:
    assert thing.add(1, 2) == 3
    assert thing.add("a", "b") == "ab"


def test_keyword_arguments_arrive(thing: Proxy) -> None:
    assert thing.power(3) == 9
    assert thing.power(3, exponent=3) == 27
    assert thing.power(exponent=4, base=2) == 16
    assert thing.keywords(a=1, b=[2], c={"d": None}) == {"a": 1, "b": [2], "c": {"d": None}}


def test_plain_values_come_back_as_they_were(thing: Proxy) -> None:
    assert thing.echo(TREE) == TREE
    assert thing.echo([TREE] * 20) == [TREE] * 20


def test_tuples_and_sets_keep_what_the_serializer_can_keep(
    thing: Proxy, serializer: str
) -> None:
    kept = serializer in ("serpent", "marshal")
    assert thing.echo((1, (2,))) == ((1, (2,)) if kept else [1, [2]])
    assert thing.echo({5}) == ({5} if kept else [5])


def test_bytes_arrive_where_the_serializer_has_them(thing: Proxy, serializer: str) -> None:
    if serializer == "json":
        with pytest.raises(SerializeError, match="argument 1: bytes"):
            thing.repr(b"\x00\xff")
    elif serializer == "serpent":
        arrived = thing.repr(b"\x00\xff")
        assert arrived == "{'data': 'AP8=', 'encoding': 'base64'}"
    else:
        assert thing.repr(b"\x00\xff") == r"b'\x00\xff'"
        assert thing.echo(b"\x00\xff") == b"\x00\xff"
    assert thing.add(1, 2) == 3


def test_a_large_value_travels_both_ways(thing: Proxy) -> None:
    text = "0123456789abcdef" * 65536
    assert thing.echo(text) == text


def test_operators_reach_the_object(thing: Proxy) -> None:
    assert len(thing) == 3
    assert thing[1] == "y"
    assert list(thing) == ["x", "y", "z"]


def test_the_members_of_the_object_are_known(thing: Proxy) -> None:
    assert {"add", "note", "fixed", "__len__"} <= set(dir(thing))
    with pytest.raises(NotExposedError, match="did you mean 'add'"):
        thing.ad()
    assert thing.add(1, 2) == 3


def test_several_threads_share_one_proxy(thing: Proxy) -> None:
    sums: dict[int, int] = {}

    def call(number: int) -> None:
        for _ in range(20):
            sums[number] = thing.add(number, 100)

    threads = [threading.Thread(target=call, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sums == {0: 100, 1: 101, 2: 102, 3: 103}


# Attributes.


def test_a_property_is_read_and_written(thing: Proxy) -> None:
    assert thing.value == 3
    thing.value = {"a": [1, 2]}
    assert thing.value == {"a": [1, 2]}


def test_a_property_without_setter_is_not_written(thing: Proxy) -> None:
    with pytest.raises(
        AttributeError, match="unexposed or unknown remote attribute 'fixed'"
    ):
        thing.fixed = "other"
    assert thing.fixed == "fixed"


def test_a_property_may_give_a_stream(thing: Proxy) -> None:
    assert list(thing.letters) == ["a", "b", "c"]


# Exceptions.


@pytest.mark.parametrize(
    ("name", "kind", "args"),
    [
        ("value", ValueError, ("bad", 7)),
        ("key", KeyError, ("k",)),
        ("index", IndexError, ()),
        ("os", FileNotFoundError, (2, "no such thing")),
    ],
)
def test_an_exception_arrives_as_what_it_was(
    thing: Proxy, name: str, kind: type[Exception], args: tuple[Any, ...]
) -> None:
    with pytest.raises(kind) as caught:
        thing.fail(name)
    assert type(caught.value) is kind
    assert caught.value.args == args
    assert thing.add(1, 2) == 3


def test_an_exception_brings_its_remote_traceback(thing: Proxy) -> None:
    with pytest.raises(ValueError, match="bad") as caught:
        thing.fail("value")
    assert "raise self.errors[name]" in "".join(caught.value._pyroTraceback)  # type: ignore[attr-defined]
    (note,) = caught.value.__notes__
    assert note.startswith("Remote traceback:\n")
    assert note.endswith("ValueError: ('bad', 7)")
    assert thing.add(1, 2) == 3


def test_stop_iteration_is_an_exception_like_others(thing: Proxy) -> None:
    with pytest.raises(StopIteration) as caught:
        thing.fail("stop")
    assert caught.value.value == "early"
    assert thing.add(1, 2) == 3


def test_errors_of_the_real_one_arrive_as_ours(thing: Proxy) -> None:
    with pytest.raises(NamingError) as refused:
        thing.fail("naming")
    assert str(refused.value) == "unknown name: x"
    with pytest.raises(PyrophoneError) as other:
        thing.fail("pyro")
    assert type(other.value) is PyrophoneError
    assert str(other.value) == "something"
    assert thing.add(1, 2) == 3


def test_an_exception_of_an_unknown_class_keeps_name_arguments_and_text(
    thing: Proxy,
) -> None:
    with pytest.raises(RemoteError) as caught:
        thing.fail("overheat")
    assert caught.value.class_name == "lab.OverheatError"
    assert caught.value.arguments == ("too hot", 451)
    assert caught.value.text == "('too hot', 451)"
    assert thing.add(1, 2) == 3


def test_an_exception_of_a_script_arrives_too(thing: Proxy) -> None:
    """The real client refuses it, for the underscores in ``__main__.ScriptError``."""
    with pytest.raises(RemoteError) as caught:
        thing.fail("script")
    assert caught.value.class_name == "__main__.ScriptError"
    assert caught.value.arguments == ("odd", 1)
    assert thing.add(1, 2) == 3


def test_an_exception_with_bytes_arrives_whole(thing: Proxy, serializer: str) -> None:
    """With json the real server can't write it, and sends its error about that (D20)."""
    with pytest.raises((UnicodeDecodeError, PyrophoneError)) as caught:
        thing.fail("unicode")
    if serializer == "json":
        assert type(caught.value) is PyrophoneError
        assert "invalid start byte" in str(caught.value)
    else:
        assert caught.value.args == ("utf-8", b"\xff", 0, 1, "invalid start byte")
    assert thing.add(1, 2) == 3


@pytest.mark.parametrize(
    ("name", "kind"), [("serialize", SerializeError), ("security", SecurityError)]
)
def test_after_an_error_behind_which_the_server_closes_the_next_call_works(
    thing: Proxy, name: str, kind: type[Exception]
) -> None:
    with pytest.raises(kind):
        thing.fail(name)
    assert thing.add(1, 2) == 3


def test_a_communication_error_of_a_method_is_a_closed_connection(thing: Proxy) -> None:
    """D9: the server closes, without an answer, when a method raises such an error."""
    with pytest.raises(ConnectionLostError):
        thing.fail("timeout")
    assert thing.add(1, 2) == 3


def test_after_an_exception_of_a_callback_method_the_next_call_works(thing: Proxy) -> None:
    """D27: the server answers, then closes the connection."""
    with pytest.raises(ValueError, match="in a callback"):
        thing.fail_as_callback()
    assert options(thing, retries=1).add(1, 2) == 3


def test_wrong_arguments_are_the_method_s_type_error(thing: Proxy) -> None:
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'b'"):
        thing.add(1)
    assert thing.add(1, 2) == 3


def test_an_argument_that_cannot_travel_is_named_and_nothing_is_sent(thing: Proxy) -> None:
    with pytest.raises(SerializeError, match=re.escape("argument 2['k'][0]: lock object")):
        thing.add(1, {"k": [threading.Lock()]})
    assert thing.add(1, 2) == 3


def test_a_result_that_cannot_travel_is_an_error(thing: Proxy, serializer: str) -> None:
    kind = {"serpent": TypeError, "marshal": ValueError}.get(serializer, SerializeError)
    text = (
        "unmarshallable"
        if serializer == "marshal"
        else "know how to serialize class .*lock"
    )
    with pytest.raises(kind, match=text):
        thing.unlucky()
    assert thing.add(1, 2) == 3


# One-way calls.


def test_a_one_way_call_has_its_effect_and_no_result(thing: Proxy) -> None:
    assert thing.note("first") is None
    assert thing.noted() == "first"


def test_a_one_way_call_that_fails_goes_unseen(thing: Proxy) -> None:
    assert thing.note_and_fail("second") is None
    assert thing.noted() == "second"
    assert thing.add(1, 2) == 3


# Batches.


def test_a_batch_gives_its_results_in_order(thing: Proxy) -> None:
    calls = batch(thing)
    calls.add(1, 2)
    calls.power(2, exponent=5)
    calls.note("in line")
    assert list(calls()) == [3, 32, None]
    assert thing.noted() == "in line"


def test_a_batch_stops_where_a_call_fails(thing: Proxy, serializer: str) -> None:
    """D3: in marshal the server can't write a list with a failed call in it."""
    calls = batch(thing)
    calls.add(1, 2)
    calls.fail("value")
    calls.note("never")
    if serializer == "marshal":
        with pytest.raises(ValueError, match="unmarshallable object"):
            calls()
    else:
        results = calls()
        assert next(results) == 3
        with pytest.raises(ValueError, match="bad") as caught:
            next(results)
        assert caught.value.args == ("bad", 7)
        assert "raise self.errors[name]" in caught.value.__notes__[0]
        assert list(results) == []
    thing.note("after")
    assert thing.noted() == "after"


def test_a_batch_with_an_unknown_method_fails_as_a_whole(thing: Proxy) -> None:
    calls = batch(thing)
    calls.add(1, 2)
    calls.unknown()
    with pytest.raises(AttributeError, match="unknown"):
        list(calls())
    assert thing.add(1, 2) == 3


def test_a_one_way_batch_is_carried_out(thing: Proxy) -> None:
    calls = batch(thing)
    calls.note("a")
    calls.note("b")
    assert list(calls(oneway=True)) == []
    assert [thing.noted(), thing.noted()] == ["a", "b"]


def test_an_empty_batch_has_no_results(thing: Proxy) -> None:
    assert list(batch(thing)()) == []


# Item streams.


def test_a_generator_is_read_item_by_item(thing: Proxy) -> None:
    items = thing.numbers(5)
    assert next(items) == 0
    assert thing.add(1, 2) == 3
    assert list(items) == [1, 2, 3, 4]
    assert next(items, "end") == "end"
    assert thing.was_closed()


def test_a_stream_that_is_closed_early_ends_on_the_server(thing: Proxy) -> None:
    items = thing.numbers(1_000_000)
    assert [next(items), next(items)] == [0, 1]
    items.close()
    assert thing.was_closed()
    assert next(items, "end") == "end"


def test_a_stream_fails_where_its_iterator_fails(thing: Proxy) -> None:
    items = thing.faulty()
    assert next(items) == 1
    with pytest.raises(ValueError, match="second item") as caught:
        next(items)
    assert caught.value.args == ("second item", 2)
    with pytest.raises(StreamError):
        next(items)
    assert thing.add(1, 2) == 3


def test_a_stream_goes_on_after_reconnecting(thing: Proxy) -> None:
    items = thing.numbers(4)
    assert next(items) == 0
    close(thing)
    assert list(items) == [1, 2, 3]


def test_a_stream_of_streams_is_read(thing: Proxy) -> None:
    assert [list(items) for items in thing.nested()] == [[1, 2], [3]]


# Proxies.


def test_a_registered_object_arrives_as_a_proxy(thing: Proxy, serializer: str) -> None:
    """D4: marshal has no automatic proxies: an object arrives as a value of its class."""
    if serializer == "marshal":
        with pytest.raises(SerializeError, match=r"lab\.Other"):
            thing.make("new")
        assert thing.add(1, 2) == 3
        return
    with thing.make("new") as other:
        assert isinstance(other, Proxy)
        assert other.name() == "new"
    assert thing.add(1, 2) == 3


def test_a_registered_object_inside_a_result_arrives_as_a_proxy(
    thing: Proxy, serializer: str
) -> None:
    """D4, again: nested, marshal refuses it altogether."""
    if serializer == "marshal":
        with pytest.raises(ValueError, match="unmarshallable object"):
            thing.make_many("inner")
        assert thing.add(1, 2) == 3
        return
    with thing.make_many("inner")["things"][0] as other:
        assert other.name() == "inner"


def test_an_object_returned_to_a_marshal_client_is_a_proxy_for_nobody_any_more(
    server: Peer, location: str, compression: bool
) -> None:
    """D4: the server's marshal forgets that the object is registered."""
    server.run(
        "thing.kept = Other('kept')\ndaemon.register(thing.kept)\nthing.value = thing.kept"
    )
    by_serpent = Settings(compression=compression, timeout=20.0)
    by_marshal = Settings(serializer="marshal", compression=compression, timeout=20.0)
    with connect(f"PYRO:thing@{location}", settings=by_serpent) as thing:
        with thing.value as other:
            assert other.name() == "kept"
        with (
            connect(f"PYRO:thing@{location}", settings=by_marshal) as broken,
            pytest.raises(SerializeError, match=r"lab\.Other"),
        ):
            _ = broken.value
        with pytest.raises(SerializeError, match=r"lab\.Other"):
            _ = thing.value
        assert thing.add(1, 2) == 3


@expose
class Target:
    """An object of ours that the real one calls."""

    def name(self) -> str:
        """Return its name."""
        return "target"

    def blob(self, blob: Blob) -> list[Any]:
        """Take an argument unread, then read it."""
        return [type(blob).__name__, blob.info, blob.value]


@pytest.fixture
def daemon(settings: Settings) -> Iterator[Daemon]:
    """A daemon of ours."""
    with running(Daemon(settings=settings)) as daemon:
        yield daemon


def test_the_real_one_calls_a_proxy_it_was_given(thing: Proxy, daemon: Daemon) -> None:
    with connect(daemon.register(Target())) as proxy:
        assert thing.ask(proxy) == "target"


def test_an_object_of_our_daemon_is_passed_as_a_proxy(
    location: str, settings: Settings, daemon: Daemon
) -> None:
    target = Target()
    daemon.register(target)
    with connect(f"PYRO:thing@{location}", settings=settings, daemon=daemon) as thing:
        assert thing.ask(target) == "target"


def test_a_proxy_inside_an_argument_arrives(thing: Proxy, daemon: Daemon) -> None:
    """In marshal too: the real one can't send it so, but reads what we send."""
    with connect(daemon.register(Target())) as proxy:
        assert thing.ask_in({"it": proxy}) == "target"


# Annotations and correlation ids.


def test_annotations_travel_both_ways(thing: Proxy) -> None:
    with annotate(TEST=b"to you") as received:
        assert thing.annotations() == {"TEST": "to you"}
        assert thing.answer("to me") == "to me"
        assert received == {"BACK": b"to me", "DAEM": b"on"}
    assert thing.annotations() == {}


def test_annotations_of_the_daemon_come_with_exceptions(thing: Proxy) -> None:
    with annotate() as received:
        with pytest.raises(ValueError, match="bad"):
            thing.fail("value")
        assert received == {"DAEM": b"on"}
    assert thing.add(1, 2) == 3


def test_an_annotation_of_a_failed_call_comes_with_a_later_answer(thing: Proxy) -> None:
    """D5: what a method set before it failed leaks into the next answer."""
    with annotate() as received:
        with pytest.raises(ValueError, match="leak"):
            thing.answer_and_fail("leak")
        assert received == {"DAEM": b"on"}
        ping(thing)
        assert thing.add(1, 2) == 3
        assert received == {"BACK": b"leak", "DAEM": b"on"}
        assert thing.add(1, 2) == 3
        assert received == {"DAEM": b"on"}


def test_an_annotation_set_before_an_automatic_proxy_is_lost(
    thing: Proxy, serializer: str
) -> None:
    """D6: making the proxy empties the annotations; marshal makes none, and keeps them."""
    with annotate() as received:
        if serializer == "marshal":
            with pytest.raises(SerializeError, match=r"lab\.Other"):
                thing.answer_and_make("kept")
            assert received == {"BACK": b"kept", "DAEM": b"on"}
        else:
            thing.answer_and_make("lost")
            assert received == {"DAEM": b"on"}


def test_the_correlation_id_arrives(thing: Proxy) -> None:
    with correlate(uuid.UUID(int=7)):
        assert thing.correlation() == "00000000-0000-0000-0000-000000000007"
    assert uuid.UUID(thing.correlation()).version == 4


# Blobs.


def test_a_blob_is_read_by_the_method_that_gets_it(thing: Proxy, serializer: str) -> None:
    """D8: in json what the real one reads is the text ``params``."""
    value = {"a": [1, 2, 3]}
    expected = "params" if serializer == "json" else value
    assert thing.blob(Blob("about", value)) == ["SerializedBlob", "about", expected]
    assert thing.add(1, 2) == 3


def test_a_blob_is_forwarded_unread(thing: Proxy, daemon: Daemon) -> None:
    thing.where(str(daemon.register(Target())))
    assert thing.forward(Blob("about", ["x" * 200, 7])) == ["Blob", "about", ["x" * 200, 7]]


def test_a_blob_with_another_argument_is_refused_here(thing: Proxy) -> None:
    with pytest.raises(SerializeError, match="a blob must be the only argument"):
        thing.add(Blob("about", 1), 2)
    assert thing.add(1, 2) == 3


# Instances, the control object, pings, the connection.


def test_each_connection_has_its_instance(
    server: Peer, location: str, settings: Settings
) -> None:
    server.run("daemon.register(Counter, 'counter')")
    uri = f"PYRO:counter@{location}"
    with connect(uri, settings=settings) as one, connect(uri, settings=settings) as two:
        assert [one.count(), one.count(), two.count()] == [1, 2, 1]
        close(one)
        assert [one.count(), two.count()] == [1, 2]


def test_the_control_object_tells_about_the_daemon(
    location: str, settings: Settings, server: Peer
) -> None:
    server.run("daemon.register(Other('o'), 'other')")
    with connect(f"PYRO:Pyro.Daemon@{location}", settings=settings) as control:
        assert control.ping() is None
        assert control.registered() == ["Pyro.Daemon", "thing", "other"]
        assert control.info().startswith(
            f"Pyro.Daemon bound on {location}, NAT None, 3 objects"
        )
        metadata = control.get_metadata(objectId="other")
        assert {name: list(names) for name, names in metadata.items()} == {
            "methods": ["name"],
            "oneway": [],
            "attrs": [],
        }
        with pytest.raises(PyrophoneError, match="unknown object"):
            control.get_metadata("nobody")
        assert control.ping() is None


def test_a_ping_is_answered(thing: Proxy) -> None:
    ping(thing)
    assert thing.add(1, 2) == 3
    ping(thing)


def test_an_unknown_object_is_refused(location: str, settings: Settings) -> None:
    with pytest.raises(PyrophoneError) as caught:
        connect(f"PYRO:nobody@{location}", settings=settings)
    assert str(caught.value) == f"connection to {location} rejected: unknown object"


def test_an_object_that_is_gone_is_an_error_of_the_call(thing: Proxy, server: Peer) -> None:
    server.run("daemon.unregister('thing')")
    with pytest.raises(PyrophoneError, match="unknown object"):
        thing.add(1, 2)
    server.run("daemon.register(thing, 'thing', force=True)")
    assert thing.add(1, 2) == 3


def test_the_handshake_and_its_answer_arrive(location: str, settings: Settings) -> None:
    answers: list[Any] = []
    with connect(
        f"PYRO:thing@{location}",
        settings=settings,
        handshake={"user": ["me", 1]},
        check=answers.append,
    ) as thing:
        assert thing.add(1, 2) == 3
    assert answers == [{"you said": {"user": ["me", 1]}}]


def test_a_refused_handshake_says_why(location: str, settings: Settings) -> None:
    with pytest.raises(PyrophoneError) as caught:
        connect(f"PYRO:thing@{location}", settings=settings, handshake="intruder")
    assert str(caught.value) == f"connection to {location} rejected: not you"
