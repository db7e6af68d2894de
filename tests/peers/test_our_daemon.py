"""The real Pyro5's client against our daemons.

``client.value("...")`` is what the expression gives in the process of the real one, where
``p`` is its proxy. Each test ends with a call that works, where something failed before.
A defect of the real one has its number in ``spec/wire-protocol.md``, section 11.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pytest

import pyrophone
import things
from pyrophone import Blob, Settings, current, expose, instances
from pyrophone.context import Client
from pyrophone.errors import ConnectionLostError, NamingError, SecurityError, SerializeError
from pyrophone.sync import Daemon, LoopDaemon, connect
from running import running

if TYPE_CHECKING:
    from peers import Peer

pytestmark = pytest.mark.peers

TREE = {"n": None, "t": True, "i": [-1, 2**70, 2.5], "s": "héllo ☃ 'q' \"q\"\n", "e": []}
D3 = "'NoneType' object has no attribute 'items'"


class OverheatError(Exception):
    """An exception class that the real one does not have."""


OverheatError.__module__ = "lab"

ERRORS: dict[str, BaseException] = {
    "value": ValueError("bad", 7),
    "key": KeyError("k"),
    "index": IndexError(),
    "stop": StopIteration("early"),
    "os": FileNotFoundError(2, "no such thing"),
    "naming": NamingError("unknown name: x"),
    "lost": ConnectionLostError("downstream is gone"),
    "serialize": SerializeError("cannot write"),
    "security": SecurityError("not allowed"),
    "exit": SystemExit(3),
    "overheat": OverheatError("too hot", 451),
}


@expose
class Other:
    """What proxies are made for on the way."""

    def __init__(self, title: str) -> None:
        self._title = title

    def name(self) -> str:
        """Return its name."""
        return self._title


things.mark(pyrophone)


@expose
class Thing(things.Thing):
    """The rest, which is written in our way."""

    errors = ERRORS

    def __init__(self, daemon: LoopDaemon) -> None:
        super().__init__()
        self._daemon = daemon

    def annotated(self) -> Iterator[int]:
        """Return an item stream with an annotation for each item."""
        for number in (1, 2):
            current().reply_annotations["ITEM"] = b"%d" % number
            yield number

    def make(self, name: str) -> Other:
        """Return an object registered just now: a proxy arrives."""
        other = Other(name)
        self._daemon.register(other)
        return other

    def annotations(self) -> dict[str, str]:
        """Return the annotations that came with the call."""
        return {
            name: data.decode("latin-1") for name, data in current().annotations.items()
        }

    def answer(self, text: str) -> str:
        """Send an annotation back."""
        current().reply_annotations["BACK"] = text.encode()
        return text

    def correlation(self) -> str:
        """Return the correlation id of the call."""
        return str(current().correlation_id)

    def ask_correlation(self, uri: str) -> str:
        """Return the correlation id that a call of ours to another object has."""
        with connect(uri) as other:
            return str(other.correlation())

    def blob(self, blob: Blob) -> list[Any]:
        """Take an argument unread, then read it."""
        return [type(blob).__name__, blob.info, blob.value]

    def where(self, uri: str) -> None:
        """Set where ``forward`` sends to."""
        self._where = uri

    def forward(self, blob: Blob) -> Any:
        """Send an argument on unread."""
        with connect(self._where) as other:
            return other.blob(blob)


@instances("session")
@expose
class Counter:
    """One instance for each connection."""

    def __init__(self) -> None:
        self._count = 0

    def count(self) -> int:
        """Return how often this instance was called."""
        self._count += 1
        return self._count


class Judge:
    """What a daemon of ours may override, for both kinds."""

    def greets(self, client: Client, handshake: Any) -> Any:
        """Refuse who greets with ``intruder``."""
        if handshake == "intruder":
            raise ValueError("not you")
        return {"you said": handshake}

    def annotations(self) -> Mapping[str, bytes]:
        """Return what goes with every message."""
        return {"DAEM": b"on"}


class ThreadedJudge(Judge, Daemon):
    """Calls run in threads."""


class LoopJudge(Judge, LoopDaemon):
    """Calls run one by one."""


@pytest.fixture(params=[ThreadedJudge, LoopJudge], ids=["threads", "loop"])
def daemon(request: pytest.FixtureRequest, settings: Settings) -> Iterator[LoopDaemon]:
    """A daemon of ours that serves ``thing``."""
    with running(request.param(settings=settings)) as daemon:
        daemon.register(Thing(daemon), "thing")
        yield daemon


@pytest.fixture
def p(client: Peer, daemon: LoopDaemon, serializer: str) -> Peer:
    """The real one, with a proxy ``p`` for our ``thing``."""
    client.run(f"p = connect('PYRO:thing@{daemon.location}', {serializer!r})")
    return client


def kept(serializer: str, value: Any, *, else_: Any) -> Any:
    """Return *value* for serializers that have tuples and sets, *else_* for the others."""
    return value if serializer in ("serpent", "marshal") else else_


# Calls.


def test_a_call_returns_its_result(p: Peer) -> None:
    assert p.value("p.add(1, 2)") == 3
    assert p.value("p.add('a', 'b')") == "ab"


def test_keyword_arguments_arrive(p: Peer) -> None:
    assert p.value("[p.power(3), p.power(3, exponent=3)]") == [9, 27]
    assert p.value("p.power(exponent=4, base=2)") == 16
    assert p.value("p.keywords(a=1, b=[2], c={'d': None})") == {
        "a": 1,
        "b": [2],
        "c": {"d": None},
    }


def test_plain_values_come_back_as_they_were(p: Peer) -> None:
    assert p.value(f"p.echo({TREE!r})") == TREE
    assert p.value(f"p.echo([{TREE!r}] * 20)") == [TREE] * 20


def test_tuples_and_sets_keep_what_the_serializer_can_keep(
    p: Peer, serializer: str
) -> None:
    assert p.value("p.echo((1, (2,)))") == kept(serializer, (1, (2,)), else_=[1, [2]])
    assert p.value("p.echo({5})") == kept(serializer, {5}, else_=[5])


def test_bytes_arrive_where_the_serializer_has_them(p: Peer, serializer: str) -> None:
    if serializer == "json":
        assert "bytes" in p.failure("p.repr(b'\\0')").text
    elif serializer == "serpent":
        mapping = "{'data': 'AP8=', 'encoding': 'base64'}"
        assert p.value("p.repr(b'\\0\\xff')") == mapping
    else:
        assert p.value("p.repr(b'\\0\\xff')") == r"b'\x00\xff'"
    assert p.value("p.add(1, 2)") == 3


def test_a_large_value_travels_both_ways(p: Peer) -> None:
    assert (
        p.value("p.echo('0123456789abcdef' * 65536) == '0123456789abcdef' * 65536") is True
    )


def test_operators_reach_the_object(p: Peer) -> None:
    assert p.value("[len(p), p[1], list(p)]") == [3, "y", ["x", "y", "z"]]


def test_the_members_of_the_object_are_known(p: Peer) -> None:
    assert p.value("sorted(p._pyroAttrs)") == ["fixed", "letters", "value"]
    assert p.value("sorted(p._pyroOneway)") == ["note", "note_and_fail"]
    assert p.value("{'add', 'note', '__len__', 'faulty'} <= p._pyroMethods") is True
    assert p.failure("p.ad").name == "builtins.AttributeError"
    assert p.value("p.add(1, 2)") == 3


def test_a_method_that_is_not_exposed_is_refused_here_too(p: Peer) -> None:
    failed = p.failure("p._pyroInvoke('_daemon', (), {})")
    assert failed.name == "builtins.AttributeError"
    assert failed.text == "attempt to access private attribute '_daemon'"
    failed = p.failure("p._pyroInvoke('ad', (1, 2), {})")
    assert failed.name == "builtins.AttributeError"
    assert failed.text == (
        "attempt to access unexposed or unknown remote attribute 'ad' of Thing, "
        "did you mean 'add'?"
    )
    assert p.value("p.add(1, 2)") == 3


# Attributes.


def test_a_property_is_read_and_written(p: Peer, serializer: str) -> None:
    """D3: the real client can do neither in marshal."""
    if serializer == "marshal":
        assert p.failure("p.value").text == D3
        assert p.failure("setattr(p, 'value', 5)").text == D3
    else:
        assert p.value("p.value") == 3
        p.run("p.value = {'a': [1, 2]}")
        assert p.value("p.value") == {"a": [1, 2]}
    assert p.value("p.add(1, 2)") == 3


def test_a_property_without_setter_is_not_written(p: Peer, serializer: str) -> None:
    failed = p.failure("setattr(p, 'fixed', 'other')")
    assert failed.name == "builtins.AttributeError"
    if serializer == "marshal":
        assert failed.text == D3
    else:
        assert failed.text == "attribute 'fixed' of Thing can't be written"
        assert p.value("p.fixed") == "fixed"
    assert p.value("p.add(1, 2)") == 3


def test_a_property_may_give_a_stream(p: Peer, serializer: str) -> None:
    if serializer == "marshal":
        assert p.failure("p.letters").text == D3
    else:
        assert p.value("list(p.letters)") == ["a", "b", "c"]


# Exceptions.


@pytest.mark.parametrize(
    ("name", "class_name", "args"),
    [
        ("value", "builtins.ValueError", ("bad", 7)),
        ("key", "builtins.KeyError", ("k",)),
        ("index", "builtins.IndexError", ()),
        ("stop", "builtins.StopIteration", ("early",)),
        ("os", "builtins.FileNotFoundError", (2, "no such thing")),
        ("naming", "Pyro5.errors.NamingError", ("unknown name: x",)),
        ("serialize", "Pyro5.errors.SerializeError", ("cannot write",)),
        ("security", "Pyro5.errors.SecurityError", ("not allowed",)),
        ("lost", "Pyro5.errors.ConnectionClosedError", ("downstream is gone",)),
    ],
)
def test_an_exception_arrives_as_what_it_was(
    p: Peer, name: str, class_name: str, args: tuple[Any, ...]
) -> None:
    """Errors of the last kind, D9, our daemon answers like all others."""
    failed = p.failure(f"p.fail({name!r})")
    assert (failed.name, failed.args) == (class_name, args)
    assert p.value("p.add(1, 2)") == 3


def test_an_exception_brings_its_remote_traceback(p: Peer) -> None:
    failed = p.failure("p.fail('value')")
    assert failed.traceback.startswith("Traceback (most recent call last):\n")
    assert "raise self.errors[name]" in failed.traceback
    assert failed.traceback.endswith("ValueError: ('bad', 7)\n")
    assert p.value("p.add(1, 2)") == 3


def test_an_exception_of_an_unknown_class_is_refused_by_the_real_one(p: Peer) -> None:
    """It knows no class that is not registered, and drops name and traceback."""
    failed = p.failure("p.fail('overheat')")
    assert failed.name == "Pyro5.errors.SerializeError"
    assert failed.text == "unsupported serialized class: lab.OverheatError"
    assert p.value("p.add(1, 2)") == 3


def test_an_exception_of_a_class_registered_there_arrives(p: Peer) -> None:
    p.run(
        "made = []\nregister_dict_to_class('lab.OverheatError', lambda n, d: "
        "made.append(d) or ArithmeticError(*d['args']))"
    )
    failed = p.failure("p.fail('overheat')")
    assert (failed.name, failed.args) == ("builtins.ArithmeticError", ("too hot", 451))
    p.run("unregister_dict_to_class('lab.OverheatError')")
    assert p.value("p.add(1, 2)") == 3


def test_a_method_that_exits_ends_neither_daemon_nor_worker(p: Peer) -> None:
    """The real daemon does not answer, and loses a worker or its loop (D10)."""
    for _ in range(3):
        failed = p.failure("p.fail('exit')")
        assert (failed.name, failed.args) == ("Pyro5.errors.PyroError", ("SystemExit: 3",))
    assert p.value("p.add(1, 2)") == 3


def test_after_an_exception_of_a_callback_method_the_next_call_works(p: Peer) -> None:
    """The real daemon closes the connection here (D27)."""
    assert p.failure("p.fail_as_callback()").args == ("in a callback",)
    p.run("connected = p._pyroConnection")
    assert p.value("p.add(1, 2)") == 3
    assert p.value("p._pyroConnection is connected") is True


def test_wrong_arguments_are_the_method_s_type_error(p: Peer) -> None:
    failed = p.failure("p.add(1)")
    assert failed.name == "builtins.TypeError"
    assert failed.text == "Thing.add() missing 1 required positional argument: 'b'"
    assert p.value("p.add(1, 2)") == 3


def test_an_argument_of_an_unknown_class_is_an_error_and_the_next_call_works(
    p: Peer,
) -> None:
    p.run(
        "class Strange: pass\n"
        "Strange.__module__ = 'lab'\nstrange = Strange()\nstrange.x = 1"
    )
    failed = p.failure("p.echo(strange)")
    assert failed.name == "Pyro5.errors.SerializeError"
    assert "lab.Strange" in failed.text
    assert p.value("p.add(1, 2)") == 3


def test_a_result_that_cannot_travel_is_named_and_the_next_call_works(p: Peer) -> None:
    failed = p.failure("p.unlucky()")
    assert failed.name == "Pyro5.errors.SerializeError"
    assert failed.text == "result['a'][1]: lock object"
    assert p.value("p.add(1, 2)") == 3


# One-way calls.


def test_a_one_way_call_has_its_effect_and_no_result(p: Peer) -> None:
    assert p.value("p.note('first')") is None
    assert p.value("p.noted()") == "first"


def test_a_one_way_call_that_fails_goes_unseen(p: Peer) -> None:
    assert p.value("p.note_and_fail('second')") is None
    assert p.value("p.noted()") == "second"
    assert p.value("p.add(1, 2)") == 3


def test_a_one_way_method_called_without_the_flag_is_answered(p: Peer) -> None:
    p.run("p._pyroOneway.clear()")
    assert p.value("p.note('asked')") is None
    assert p.failure("p.note_and_fail('asked')").args == ("unseen",)
    assert p.value("[p.noted(), p.noted()]") == ["asked", "asked"]


# Batches.


def test_a_batch_gives_its_results_in_order(p: Peer, serializer: str) -> None:
    """D3: the real client can't send one in marshal."""
    p.run("b = BatchProxy(p)\nb.add(1, 2)\nb.power(2, exponent=5)\nb.note('in line')")
    if serializer == "marshal":
        assert p.failure("list(b())").text == D3
    else:
        assert p.value("list(b())") == [3, 32, None]
        assert p.value("p.noted()") == "in line"
    assert p.value("p.add(1, 2)") == 3


def test_a_batch_stops_where_a_call_fails(p: Peer, serializer: str) -> None:
    p.run("b = BatchProxy(p)\nb.add(1, 2)\nb.fail('value')\nb.note('never')")
    if serializer == "marshal":
        assert p.failure("b()").text == D3
        return
    p.run("results = b()")
    assert p.value("next(results)") == 3
    failed = p.failure("next(results)")
    assert (failed.name, failed.args) == ("builtins.ValueError", ("bad", 7))
    assert "raise self.errors[name]" in failed.traceback
    assert p.value("list(results)") == []
    p.run("p.note('after')")
    assert p.value("p.noted()") == "after"


def test_a_batch_with_an_unknown_method_runs_nothing(p: Peer, serializer: str) -> None:
    p.run("b = BatchProxy(p)\nb.note('never')\nb.ad(1, 2)")
    failed = p.failure("b()")
    assert failed.name == "builtins.AttributeError"
    if serializer != "marshal":
        assert "did you mean 'add'" in failed.text
    p.run("p.note('after')")
    assert p.value("p.noted()") == "after"


def test_a_one_way_batch_is_carried_out(p: Peer, serializer: str) -> None:
    p.run("b = BatchProxy(p)\nb.note('a')\nb.note('b')")
    if serializer == "marshal":
        assert p.failure("b(oneway=True)").text == D3
    else:
        assert p.value("b(oneway=True)") is None
        assert p.value("[p.noted(), p.noted()]") == ["a", "b"]


# Item streams.


def test_a_generator_is_read_item_by_item(p: Peer) -> None:
    p.run("items = p.numbers(5)")
    assert p.value("[next(items), p.add(1, 2), list(items)]") == [0, 3, [1, 2, 3, 4]]
    assert p.value("next(items, 'end')") == "end"
    assert p.value("p.was_closed()") is True


def test_a_stream_that_is_closed_early_ends_here(p: Peer) -> None:
    p.run("items = p.numbers(1_000_000)")
    assert p.value("[next(items), next(items)]") == [0, 1]
    p.run("items.close()")
    assert p.value("p.was_closed()") is True


def test_a_stream_fails_where_its_iterator_fails(p: Peer) -> None:
    p.run("items = p.faulty()")
    assert p.value("next(items)") == 1
    failed = p.failure("next(items)")
    assert (failed.name, failed.args) == ("builtins.ValueError", ("second item", 2))
    failed = p.failure("next(items)")
    assert failed.name == "Pyro5.errors.PyroError"
    assert failed.text.startswith("item stream terminated")
    assert p.value("p.add(1, 2)") == 3


def test_a_stream_goes_on_after_reconnecting(p: Peer) -> None:
    p.run("items = p.numbers(4)")
    assert p.value("next(items)") == 0
    p.run("p._pyroRelease()\np._pyroBind()")
    assert p.value("list(items)") == [1, 2, 3]


def test_a_stream_of_streams_is_read(p: Peer) -> None:
    assert p.value("[list(items) for items in p.nested()]") == [[1, 2], [3]]


# Proxies.


def test_a_registered_object_arrives_as_a_proxy(p: Peer) -> None:
    """In marshal too: the real daemon can't send them so (D4), ours can."""
    p.run("other = p.make('new')")
    assert p.value("type(other) is Proxy") is True
    assert p.value("other.name()") == "new"


def test_a_registered_object_inside_a_result_arrives_as_a_proxy(p: Peer) -> None:
    p.run("other = p.make_many('inner')['things'][0]")
    assert p.value("other.name()") == "inner"


def test_we_call_a_proxy_of_the_real_one(p: Peer) -> None:
    p.run("mine = serve(host='localhost')\nother = Proxy(mine.register(Other('theirs')))")
    assert p.value("p.ask(other)") == "theirs"


def test_an_object_of_the_real_one_is_passed_as_a_proxy(p: Peer, serializer: str) -> None:
    """D4: marshal has no automatic proxies."""
    p.run("mine = serve(host='localhost')\nother = Other('theirs')\nmine.register(other)")
    if serializer == "marshal":
        assert "lab.Other" in p.failure("p.ask(other)").text
    else:
        assert p.value("p.ask(other)") == "theirs"
    assert p.value("p.add(1, 2)") == 3


# Annotations and correlation ids.


def received(p: Peer) -> Any:
    """Return the annotations that the real one has received."""
    return p.value("{k: bytes(v) for k, v in current_context.response_annotations.items()}")


def test_annotations_travel_both_ways(p: Peer) -> None:
    p.run("current_context.annotations = {'TEST': b'to you'}")
    assert p.value("p.annotations()") == {"TEST": "to you"}
    assert p.value("p.answer('to me')") == "to me"
    assert received(p) == {"BACK": b"to me", "DAEM": b"on"}
    p.run("current_context.annotations = {}")
    assert p.value("p.annotations()") == {}
    assert received(p) == {"DAEM": b"on"}


def test_annotations_come_with_exceptions_too_and_leak_nowhere(p: Peer) -> None:
    """The real daemon sends them with a later answer instead (D5)."""
    assert p.failure("p.answer_and_fail('failed')").args == ("failed",)
    assert p.value("p.add(1, 2)") == 3
    assert received(p) == {"DAEM": b"on"}


def test_an_annotation_beside_an_automatic_proxy_is_sent(p: Peer) -> None:
    """The real client then loses it, by making the proxy that arrives (D6)."""
    p.run("p._pyroRawWireResponse = True\nmessage = p.answer_and_make('sent')")
    assert p.value("bytes(message.annotations['BACK'])") == b"sent"
    p.run("p._pyroRawWireResponse = False\nother = p.answer_and_make('sent')")
    assert p.value("other.name()") == "sent"


def test_items_of_a_stream_bring_their_annotations(p: Peer) -> None:
    p.run("items = p.annotated()")
    assert p.value("next(items)") == 1
    assert received(p) == {"ITEM": b"1", "DAEM": b"on"}
    assert p.value("next(items)") == 2
    assert received(p) == {"ITEM": b"2", "DAEM": b"on"}


def test_the_correlation_id_arrives_and_goes_along(
    p: Peer, daemon: LoopDaemon, settings: Settings
) -> None:
    p.run("current_context.correlation_id = uuid.UUID(int=7)")
    number_seven = "00000000-0000-0000-0000-000000000007"
    assert p.value("p.correlation()") == number_seven
    with running(Daemon(settings=settings)) as second:
        uri = second.register(Thing(second))
        assert p.value(f"p.ask_correlation({str(uri)!r})") == number_seven
    p.run("current_context.correlation_id = None")
    assert uuid.UUID(p.value("p.correlation()")).version == 4


# Blobs.


def test_a_blob_is_read_by_the_method_that_gets_it(p: Peer, serializer: str) -> None:
    """In marshal the real client makes a list of a mapping's keys, before it is sent."""
    expected = ["a"] if serializer == "marshal" else {"a": [1, 2, 3]}
    assert p.value("p.blob(SerializedBlob('about', {'a': [1, 2, 3]}))") == [
        "Blob",
        "about",
        expected,
    ]
    assert p.value("p.add(1, 2)") == 3


def test_a_blob_is_forwarded_unread(p: Peer, serializer: str) -> None:
    """D8: in json what the real target reads is the text ``params``."""
    p.run("mine = serve(host='localhost')")
    p.run("p.where(str(mine.register(Thing())))")
    value = ["x" * 200, 7]
    expected = "params" if serializer == "json" else value
    assert p.value(f"p.forward(SerializedBlob('about', {value!r}))") == [
        "SerializedBlob",
        "about",
        expected,
    ]


def test_a_blob_leaves_its_annotation_in_the_client(p: Peer) -> None:
    """D7: every later message carries it, which does no harm here."""
    p.value("p.blob(SerializedBlob('about', [1]))")
    assert list(p.value("p.annotations()")) == ["BLBI"]
    assert p.value("p.add(1, 2)") == 3


# What the real client does not look at, and others may.


def test_our_answers_bear_the_flags_they_should(p: Peer, serializer: str) -> None:
    """A call's, an exception's, a stream's, a batch's, without that of compression."""
    p.run("p._pyroRawWireResponse = True\nseen = ~64")  # of the correlation id
    assert p.value("p.add(1, 2).flags & seen") == 0
    assert p.value("p.fail('value').flags & seen") == 0x01
    assert p.value("p.numbers(3).flags & seen") == 0x11
    if serializer != "marshal":  # D3
        batch = "p._pyroInvokeBatch([('add', (1, 2), {})])"
        assert p.value(f"{batch}.flags & seen") == 0x08
    p.run("p._pyroRawWireResponse = False")
    assert p.value("p.add(1, 2)") == 3


# Instances, the control object, pings, the connection.


def test_each_connection_has_its_instance(
    client: Peer, daemon: LoopDaemon, serializer: str
) -> None:
    uri = str(daemon.register(Counter))
    client.run(
        f"one, two = connect({uri!r}, {serializer!r}), connect({uri!r}, {serializer!r})"
    )
    assert client.value("[one.count(), one.count(), two.count()]") == [1, 2, 1]
    client.run("one._pyroRelease()")
    assert client.value("[one.count(), two.count()]") == [1, 2]


def test_the_control_object_tells_about_the_daemon(
    client: Peer, daemon: LoopDaemon, serializer: str
) -> None:
    daemon.register(Other("o"), "other")
    client.run(f"c = connect('PYRO:Pyro.Daemon@{daemon.location}', {serializer!r})")
    assert client.value("c.ping()") is None
    assert client.value("c.registered()") == ["Pyro.Daemon", "thing", "other"]
    assert daemon.location in client.value("c.info()")
    client.run("members = c.get_metadata(objectId='other')")
    assert client.value("{name: list(names) for name, names in members.items()}") == {
        "methods": ["name"],
        "oneway": [],
        "attrs": [],
    }
    failed = client.failure("c.get_metadata('othe')")
    assert failed.name == "Pyro5.errors.DaemonError"
    assert failed.text == "unknown object 'othe', did you mean 'other'?"
    assert client.value("sorted(c._pyroMethods)") == [
        "close_stream",
        "get_metadata",
        "get_next_stream_item",
        "info",
        "ping",
        "registered",
        "watch",
    ]


def test_a_ping_is_answered(p: Peer) -> None:
    assert p.value("Pyro5.protocol.SendingMessage.ping(p._pyroConnection)") is None
    assert p.value("p.add(1, 2)") == 3


def test_an_unknown_object_is_refused(
    client: Peer, daemon: LoopDaemon, serializer: str
) -> None:
    failed = client.failure(f"connect('PYRO:thin@{daemon.location}', {serializer!r})")
    host, port = daemon.location.split(":")
    assert failed.name == "Pyro5.errors.CommunicationError"
    assert failed.text == (
        f"connection to ({host!r}, {port}) rejected: unknown object 'thin', "
        "did you mean 'thing'?"
    )


def test_an_object_that_is_gone_is_an_error_of_the_call(
    p: Peer, daemon: LoopDaemon
) -> None:
    daemon.unregister("thing")
    failed = p.failure("p.add(1, 2)")
    assert failed.name == "Pyro5.errors.DaemonError"
    assert failed.text == "unknown object 'thing'"
    daemon.register(Thing(daemon), "thing")
    assert p.value("p.add(1, 2)") == 3


def test_the_handshake_and_its_answer_arrive(
    client: Peer, daemon: LoopDaemon, serializer: str
) -> None:
    client.run(
        "class Asker(Proxy):\n"
        "    def _pyroValidateHandshake(self, response):\n"
        "        answers.append(response)\n"
        f"answers = []\np = Asker('PYRO:thing@{daemon.location}')\n"
        f"p._pyroSerializer = {serializer!r}\np._pyroHandshake = {{'user': ['me', 1]}}"
    )
    assert client.value("p.add(1, 2)") == 3
    assert client.value("answers") == [{"you said": {"user": ["me", 1]}}]


def test_a_refused_handshake_says_why(
    client: Peer, daemon: LoopDaemon, serializer: str
) -> None:
    client.run(f"p = Proxy('PYRO:thing@{daemon.location}')\np._pyroHandshake = 'intruder'")
    client.run(f"p._pyroSerializer = {serializer!r}")
    failed = client.failure("p.add(1, 2)")
    assert failed.name == "Pyro5.errors.CommunicationError"
    assert failed.text.endswith("rejected: not you")
    client.run("p._pyroHandshake = 'friend'")
    assert client.value("p.add(1, 2)") == 3


def test_a_client_that_refuses_us_connects_all_the_same(
    client: Peer, daemon: LoopDaemon, serializer: str
) -> None:
    """D1: after its own refusal the real client goes on with the connection."""
    client.run(
        "class Suspicious(Proxy):\n"
        "    def _pyroValidateHandshake(self, response):\n"
        "        raise ValueError('not you')\n"
        f"p = Suspicious('PYRO:thing@{daemon.location}')\n"
        f"p._pyroSerializer = {serializer!r}"
    )
    assert client.failure("p.add(1, 2)").text == "not you"
    assert client.value("p.add(1, 2)") == 3
