"""The call context, and classes that travel."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import Pyro5.api
from Pyro5 import errors
from Pyro5.callcontext import current_context


def texts(annotations: dict[str, Any]) -> dict[str, str]:
    """Return annotations as texts."""
    return {name: bytes(chunk).decode() for name, chunk in annotations.items()}


@Pyro5.api.expose
class Witness:
    """Tells of the context of its calls."""

    def __init__(self) -> None:
        self.seen = threading.Event()
        self.noted: Any = None

    def look(self) -> dict[str, Any]:
        """Return what it sees."""
        assert current_context.client.sock.getpeername() == current_context.client_sock_addr
        return {
            "annotations": texts(current_context.annotations),
            "correlation": str(current_context.correlation_id),
            "seq": current_context.seq,
            "serializer": current_context.serializer_id,
            "flags": current_context.msg_flags,
            "response": dict(current_context.response_annotations),
        }

    def answer(self, text: str) -> None:
        """Send an annotation back."""
        current_context.response_annotations["BACK"] = text.encode()

    def answer_anew(self, text: str) -> None:
        """Send an annotation back, in a new dict."""
        current_context.response_annotations = {"BACK": text.encode()}

    def answer_and_fail(self) -> None:
        """Send an annotation back with an error."""
        current_context.response_annotations = {"BACK": b"failed"}
        raise ValueError("on purpose")

    def pass_on(self, uri: Any) -> Any:
        """Ask another one, and tell what it said."""
        with Pyro5.api.Proxy(uri) as other:
            seen = other.look()
            other.answer("inner")
        return seen, texts(current_context.response_annotations)

    def ask_and_answer(self, uri: Any) -> None:
        """Ask another one that has no annotations, then send one back."""
        with Pyro5.api.Proxy(uri) as other:
            other.look()
        current_context.response_annotations["BACK"] = b"outer"

    @Pyro5.api.oneway
    def note(self) -> None:
        """Keep what it sees."""
        self.noted = current_context.to_global()
        self.seen.set()

    def items(self) -> Iterator[int]:
        """Yield numbers, each with an annotation."""
        for number in range(2):
            current_context.response_annotations = {"ITEM": b"%d" % number}
            yield number


@pytest.fixture
def witness() -> Witness:
    """The object behind the proxy."""
    return Witness()


@pytest.fixture
def proxy(serve: Callable[..., Any], witness: Witness, server_type: str) -> Iterator[Any]:
    """A proxy for it."""
    with Pyro5.api.Proxy(serve(witness)) as proxy:
        yield proxy


def test_annotations_and_correlation_go_along_until_they_are_taken_back(proxy: Any) -> None:
    mine = uuid.uuid4()
    current_context.annotations = {"ABCD": b"hi"}
    current_context.correlation_id = mine
    seen = proxy.look()
    assert seen == {
        "annotations": {"ABCD": "hi"},
        "correlation": str(mine),
        "seq": 1,
        "serializer": 1,
        "flags": 64,
        "response": {},
    }
    current_context.annotations = {}
    current_context.correlation_id = None
    seen = proxy.look()
    assert seen["annotations"] == {}
    assert uuid.UUID(seen["correlation"]) != mine
    assert current_context.correlation_id is None


def test_a_correlation_id_is_a_uuid(proxy: Any) -> None:
    proxy._pyroBind()
    current_context.correlation_id = "me"  # type: ignore[assignment]  # that is the test
    with pytest.raises(AttributeError):
        proxy.answer("one")


def test_annotations_come_back_with_the_reply(proxy: Any) -> None:
    proxy.answer("one")
    assert current_context.response_annotations == {"BACK": b"one"}
    proxy.answer_anew("two")
    assert current_context.response_annotations == {"BACK": b"two"}
    with pytest.raises(ValueError, match="on purpose"):
        proxy.answer_and_fail()
    assert current_context.response_annotations == {"BACK": b"failed"}
    assert proxy.look()["response"] == {}
    assert current_context.response_annotations == {}


def test_annotations_come_with_the_items_of_a_stream(proxy: Any) -> None:
    got = [(item, dict(current_context.response_annotations)) for item in proxy.items()]
    assert got == [(0, {"ITEM": b"0"}), (1, {"ITEM": b"1"})]


def test_a_call_inside_a_call_carries_on_what_came(
    proxy: Any, serve: Callable[..., Any]
) -> None:
    mine = uuid.uuid4()
    current_context.annotations = {"ABCD": b"hi"}
    current_context.correlation_id = mine
    seen, inner = proxy.pass_on(serve(Witness()))
    assert (seen["annotations"], seen["correlation"]) == ({"ABCD": "hi"}, str(mine))
    assert inner == {"BACK": "inner"}
    assert current_context.response_annotations == {}


def test_a_call_inside_a_call_leaves_the_reply_alone(
    proxy: Any, serve: Callable[..., Any]
) -> None:
    proxy.ask_and_answer(serve(Witness()))
    assert current_context.response_annotations == {"BACK": b"outer"}


def test_a_oneway_call_has_its_context(proxy: Any, witness: Witness) -> None:
    mine = uuid.uuid4()
    current_context.correlation_id = mine
    proxy.note()
    assert witness.seen.wait(5)
    assert (witness.noted["correlation_id"], witness.noted["seq"]) == (mine, 1)


def test_each_thread_has_its_own_and_can_take_over_anothers() -> None:
    current_context.annotations = {"ABCD": b"hi"}
    values = current_context.to_global()
    seen = []

    def look() -> None:
        seen.append(current_context.annotations)
        current_context.from_global(values)
        seen.append(current_context.annotations)

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [{}, {"ABCD": b"hi"}]
    assert set(values) == {
        "client", "client_sock_addr", "seq", "msg_flags", "serializer_id", "annotations",
        "response_annotations", "correlation_id",
    }  # fmt: skip


def test_resources_belong_to_calls() -> None:
    with pytest.raises(errors.PyroError):
        current_context.track_resource(Witness())


class Point:
    """A class of the user."""

    def __init__(self, x: int) -> None:
        self.x = x


@Pyro5.api.expose
class Mirror:
    """Returns what came."""

    def echo(self, value: Any) -> Any:
        """Return what came."""
        return value


@pytest.fixture
def _points() -> Iterator[None]:
    Pyro5.api.register_class_to_dict(Point, lambda p: {"__class__": "geo.Point", "x": p.x})
    Pyro5.api.register_dict_to_class("geo.Point", lambda name, data: Point(data["x"]))
    yield
    Pyro5.api.unregister_class_to_dict(Point)
    Pyro5.api.unregister_dict_to_class("geo.Point")
    Pyro5.api.unregister_dict_to_class("never.Heard")


@pytest.mark.usefixtures("_points")
@pytest.mark.parametrize("serializer", ["serpent", "json", "msgpack"])
def test_registered_classes_travel(serve: Callable[..., Any], serializer: str) -> None:
    Pyro5.config.SERIALIZER = serializer
    with Pyro5.api.Proxy(serve(Mirror())) as proxy:
        back = proxy.echo([Point(5)])[0]
        assert (type(back), back.x) == (Point, 5)


@pytest.mark.usefixtures("_points")
def test_the_registry_converts_by_itself_too() -> None:
    base = Pyro5.api.SerializerBase
    assert base.class_to_dict(Point(1)) == {"__class__": "geo.Point", "x": 1}
    assert base.dict_to_class({"__class__": "geo.Point", "x": 2}).x == 2
    with pytest.raises(errors.SerializeError, match=r"unsupported serialized class: a\.B"):
        base.dict_to_class({"__class__": "a.B"})


def test_unregistered_classes_are_refused_by_the_receiver(
    serve: Callable[..., Any],
) -> None:
    with Pyro5.api.Proxy(serve(Mirror())) as proxy:
        text = f"unsupported serialized class: {Point.__module__}.Point"
        with pytest.raises(errors.SerializeError, match=text):
            proxy.echo(Point(5))
        assert proxy.echo(1) == 1


def test_bytes_are_a_dict_unless_asked_for_otherwise(serve: Callable[..., Any]) -> None:
    uri = serve(Mirror())
    with Pyro5.api.Proxy(uri) as proxy:
        assert proxy.echo(b"hi") == {"data": "aGk=", "encoding": "base64"}


def test_uris_travel(serve: Callable[..., Any]) -> None:
    with Pyro5.api.Proxy(serve(Mirror())) as proxy:
        for text in ("PYRO:a@b:1", "PYRO:a@./u:/b", "PYRONAME:a", "PYROMETA:a,b"):
            back = proxy.echo(Pyro5.api.URI(text))
            assert type(back) is Pyro5.api.URI
            assert back == Pyro5.api.URI(text)
