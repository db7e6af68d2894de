"""The call context: annotations, correlation ids, nested calls, resources."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from typing import Any

import pytest

import Pyro4
from Pyro4.callcontext import current_context
from Pyro4.errors import PyroError

Serve = Callable[..., Any]
IDENTIFIER = uuid.UUID(int=7)


@Pyro4.expose
class Desk:
    """Tells what it sees of a call."""

    def __init__(self, other: Any = None) -> None:
        self._other = other
        self.closed = threading.Event()

    def seen(self) -> dict[str, Any]:
        """Return what the context holds."""
        return {
            "annotations": {k: v.decode("latin1") for k, v in seen_annotations().items()},
            "correlation": str(current_context.correlation_id),
            "seq": current_context.seq,
            "flags": current_context.msg_flags,
            "serializer": current_context.serializer_id,
            "address": list(current_context.client_sock_addr)[:1],
        }

    def nested(self) -> Any:
        """Ask another twice: annotations go along once."""
        with Pyro4.Proxy(self._other) as early:
            early._pyroBind()
            current_context.annotations = {"USER": b"on"}
            return [early.seen(), early.seen()]

    def fresh(self) -> Any:
        """Ask another by a new proxy, which drops the annotations."""
        with Pyro4.Proxy(self._other) as late:
            return [late.seen(), len(current_context.annotations)]

    def names(self) -> list[str]:
        """Return the names of all annotations that came."""
        return sorted(current_context.annotations)

    @Pyro4.oneway
    def tell(self) -> None:
        """Have no answer."""

    def answer(self) -> None:
        """Send something back."""
        current_context.response_annotations = {"BACK": b"b"}

    def track(self) -> None:
        """Have this object closed with the connection."""
        current_context.track_resource(self)

    def close(self) -> None:
        """Note that the connection is gone."""
        self.closed.set()


def seen_annotations() -> dict[str, bytes]:
    """Return the annotations but for the correlation id."""
    return {k: v for k, v in current_context.annotations.items() if k != "CORR"}


def test_a_request_brings_what_the_client_gave(serve: Serve, server_type: str) -> None:
    with Pyro4.Proxy(serve(Desk())) as proxy:
        current_context.annotations = {"USER": b"me"}
        current_context.correlation_id = IDENTIFIER
        assert proxy.seen() == {
            "annotations": {"USER": "me"},
            "correlation": str(IDENTIFIER),
            "seq": 1,
            "flags": 0,
            "serializer": 1,
            "address": ["127.0.0.1"],
        }
        assert current_context.annotations == {}
        assert current_context.response_annotations == {"CORR": IDENTIFIER.bytes}
        assert proxy.seen()["annotations"] == {}


def test_without_an_id_each_call_gets_one(serve: Serve) -> None:
    with Pyro4.Proxy(serve(Desk())) as proxy:
        first, second = proxy.seen()["correlation"], proxy.seen()["correlation"]
    assert uuid.UUID(first) != uuid.UUID(second)
    assert current_context.correlation_id is None


def test_what_a_method_leaves_comes_back(serve: Serve) -> None:
    with Pyro4.Proxy(serve(Desk())) as proxy:
        proxy.answer()
        assert current_context.response_annotations["BACK"] == b"b"
        proxy.seen()
        assert "BACK" not in current_context.response_annotations
        proxy.tell()
        assert current_context.response_annotations == {}


def test_the_id_is_one_of_the_annotations_if_it_was_sent(serve: Serve) -> None:
    with Pyro4.Proxy(serve(Desk())) as proxy:
        assert proxy.names() == []
        current_context.correlation_id = IDENTIFIER
        assert proxy.names() == ["CORR"]


def test_calls_within_calls_forward_the_id_and_once_the_annotations(serve: Serve) -> None:
    other = serve(Desk())
    with Pyro4.Proxy(serve(Desk(other))) as proxy:
        current_context.correlation_id = IDENTIFIER
        first, second = proxy.nested()
        assert (first["annotations"], second["annotations"]) == ({"USER": "on"}, {})
        assert first["correlation"] == second["correlation"] == str(IDENTIFIER)
        current_context.annotations = {"USER": b"me"}
        inner, left = proxy.fresh()
        assert (inner["annotations"], left) == ({}, 0)
        assert inner["correlation"] == str(IDENTIFIER)


def test_a_new_proxy_drops_the_annotations() -> None:
    current_context.annotations = {"USER": b"me"}
    current_context.response_annotations = {"BACK": b"b"}
    Pyro4.Proxy("PYRO:a@localhost:1")
    assert (current_context.annotations, current_context.response_annotations) == ({}, {})


def test_annotations_outlive_the_lookup_of_a_name(
    serve: Serve, running: Callable[[Any], Any]
) -> None:
    _, names, _ = Pyro4.naming.startNS(port=0, enableBroadcast=False)
    running(names)
    names.nameserver.register("desk", serve(Desk()))
    with Pyro4.Proxy(f"PYRONAME:desk@{names.locationStr}") as proxy:
        current_context.annotations = {"USER": b"me"}
        assert proxy.seen()["annotations"] == {"USER": "me"}


def test_resources_are_closed_with_the_connection(serve: Serve, server_type: str) -> None:
    desk = Desk()
    with pytest.raises(PyroError):
        current_context.track_resource(desk)
    with Pyro4.Proxy(serve(desk)) as proxy:
        proxy.track()
        assert not desk.closed.is_set()
    assert desk.closed.wait(10)


def test_values_go_to_another_thread_and_back() -> None:
    current_context.correlation_id = IDENTIFIER
    values = current_context.to_global()
    seen: list[Any] = []

    def work() -> None:
        seen.append(current_context.correlation_id)
        current_context.from_global(values)
        seen.append(current_context.correlation_id)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [None, IDENTIFIER]
