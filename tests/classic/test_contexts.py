"""What a thread sees of the call that it serves, and of those it makes."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Mapping
from typing import Any

import pytest

from Pyro5 import errors
from Pyro5.generation import PYRO5
from pyrophone.classic.contexts import Context
from pyrophone.context import CallContext, Client, serving


class Own(Context):
    """The context of some generation."""

    generation = PYRO5

    def connection_of(self, client: Client) -> Any:
        """Return the client itself."""
        client.tracked_resources = client.resources  # type: ignore[attr-defined]
        return client

    def number_of(self, serializer: str) -> int:
        """Return a number."""
        return len(serializer)

    def views(self, chunks: Mapping[str, Any]) -> dict[str, Any]:
        """Return bytes."""
        return {name: bytes(data) for name, data in chunks.items()}


class Peer(Client):
    """A client that can be given attributes."""


@pytest.fixture
def context() -> Own:
    """A context of the test's own."""
    return Own()


def call() -> CallContext:
    """Return a call to be served."""
    return CallContext(Peer("where"), 7, 4, "json", {"ABCD": b"x"}, bytes(16))


def test_each_thread_has_values_of_its_own(context: Own) -> None:
    context.annotations = {"ABCD": b"mine"}
    seen: list[Any] = []
    thread = threading.Thread(target=lambda: seen.append(context.annotations))
    thread.start()
    thread.join()
    assert seen == [{}]
    assert context.annotations == {"ABCD": b"mine"}


def test_a_served_call_covers_the_values_of_the_thread(context: Own) -> None:
    context.seq = 1
    served = call()
    token = serving.set(served)
    try:
        assert context.to_global() == {
            "client": served.client,
            "client_sock_addr": "where",
            "seq": 7,
            "msg_flags": 4,
            "serializer_id": 4,
            "annotations": {"ABCD": b"x"},
            "response_annotations": {},
            "correlation_id": uuid.UUID(int=0),
        }
        context.response_annotations = {"EFGH": b"back"}
        assert served.reply_annotations == {"EFGH": b"back"}
        serving.set(call())
        assert context.response_annotations == {}
    finally:
        serving.reset(token)
    context.forget()
    assert (context.seq, context.response_annotations) == (1, {})


def test_values_can_be_taken_to_another_thread(context: Own) -> None:
    context.correlation_id = uuid.UUID(int=5)
    values = context.to_global()
    seen: list[Any] = []

    def take() -> None:
        context.from_global(values)
        seen.append(context.correlation_id)

    thread = threading.Thread(target=take)
    thread.start()
    thread.join()
    assert seen == [uuid.UUID(int=5)]


def test_resources_can_be_tracked_only_while_a_call_is_served(context: Own) -> None:
    with pytest.raises(errors.PyroError, match="no call is being served"):
        context.track_resource(object())
    served, resource = call(), Peer()
    token = serving.set(served)
    try:
        context.track_resource(resource)
        assert list(served.client.resources) == [resource]
        context.untrack_resource(resource)
        assert list(served.client.resources) == []
    finally:
        serving.reset(token)


def test_it_has_no_other_values_but_may_be_given_some(context: Own) -> None:
    with pytest.raises(AttributeError, match="no session"):
        context.session  # noqa: B018
    context.session = 1  # as with any threading.local
    assert context.session == 1
