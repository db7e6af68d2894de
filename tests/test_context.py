from __future__ import annotations

import gc
import threading
import uuid

import pytest

from pyrophone import context
from pyrophone.context import CallContext, Client, annotate, answered, correlate, to_send

ONE, TWO = uuid.UUID(int=1), uuid.UUID(int=2)


def served(number: uuid.UUID | None = None) -> CallContext:
    return CallContext(
        Client(("host", 1)), 7, 4, "json", {"INFO": b"in"}, number.bytes if number else None
    )


def test_outside_of_a_served_call_there_is_no_current_one() -> None:
    with pytest.raises(LookupError, match=r"^no call is being served here$"):
        context.current()


def test_the_call_being_served_is_the_current_one() -> None:
    call = served()
    token = context.serving.set(call)
    assert context.current() is call
    context.serving.reset(token)
    with pytest.raises(LookupError):
        context.current()


def test_a_call_tells_what_its_client_speaks() -> None:
    call = served()
    assert call.dialect == "pyro5"
    call.client.dialect = "pyro4"
    assert call.dialect == "pyro4"


def test_each_thread_serves_its_own_call() -> None:
    seen: list[object] = []

    def look() -> None:
        try:
            seen.append(context.current())
        except LookupError as error:
            seen.append(str(error))
        seen.append(to_send())

    token = context.serving.set(served())
    with annotate(INFO=b"out"):
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
    context.serving.reset(token)
    assert seen == ["no call is being served here", (None, None)]


def test_a_call_tells_what_came_with_it() -> None:
    call = served(ONE)
    assert (call.client.address, call.seq, call.flags) == (("host", 1), 7, 4)
    assert (call.serializer, call.annotations) == ("json", {"INFO": b"in"})
    assert (call.correlation_id, call.correlation) == (ONE, ONE.bytes)
    assert call.reply_annotations == {}


def test_a_correlation_id_is_made_up_once_and_only_if_asked_for() -> None:
    call = served()
    assert not call.correlation
    made_up = call.correlation_id
    assert made_up.version == 4
    again, sent = call.correlation_id, call.correlation
    assert (again, sent) == (made_up, made_up.bytes)


def test_without_anything_nothing_goes_along_with_a_call() -> None:
    assert to_send() == (None, None)


def test_inner_annotations_add_to_the_outer_ones() -> None:
    with annotate({"ONE_": b"1", "BOTH": b"outer"}):
        with annotate({"TWO_": b"2"}, BOTH=b"inner"):
            assert to_send() == ({"ONE_": b"1", "TWO_": b"2", "BOTH": b"inner"}, None)
        assert to_send() == ({"ONE_": b"1", "BOTH": b"outer"}, None)
    assert to_send() == (None, None)


def test_annotations_and_correlation_go_along_in_any_nesting() -> None:
    with annotate(INFO=b"x"), correlate(ONE) as given:
        assert given == ONE
        assert to_send() == ({"INFO": b"x"}, ONE.bytes)
        with correlate(TWO):
            assert to_send() == ({"INFO": b"x"}, TWO.bytes)
        assert to_send() == ({"INFO": b"x"}, ONE.bytes)
    with correlate(ONE), annotate(INFO=b"x"):
        assert to_send() == ({"INFO": b"x"}, ONE.bytes)


def test_a_block_ends_also_with_an_error() -> None:
    with pytest.raises(ZeroDivisionError), annotate(INFO=b"x"), correlate(ONE):
        raise ZeroDivisionError
    assert to_send() == (None, None)


def test_a_new_correlation_id_is_made_if_none_is_given() -> None:
    with correlate() as first:
        assert first.version == 4
        assert to_send() == ({}, first.bytes)
    with correlate() as second:
        assert second != first


def test_calls_made_by_a_served_call_carry_its_id_but_not_its_annotations() -> None:
    token = context.serving.set(served(ONE))
    assert to_send() == (None, ONE.bytes)
    with annotate(INFO=b"out"):
        assert to_send() == ({"INFO": b"out"}, ONE.bytes)
    with correlate(TWO):
        assert to_send() == ({}, TWO.bytes)
    context.serving.reset(token)


def test_calls_made_by_a_served_call_without_id_share_a_new_one() -> None:
    call = served()
    token = context.serving.set(call)
    assert to_send() == to_send() == (None, call.correlation_id.bytes)
    context.serving.reset(token)


def test_a_block_holds_what_came_back_with_the_last_reply() -> None:
    with annotate() as received:
        assert received == {}
        answered({"ONE_": b"1"})
        assert received == {"ONE_": b"1"}
        answered({"TWO_": b"2"})
        assert received == {"TWO_": b"2"}
        answered({})
        assert received == {}


def test_what_comes_back_reaches_the_innermost_annotations_block() -> None:
    with annotate() as outer, annotate() as inner:
        answered({"INFO": b"x"})
    assert (outer, inner) == ({}, {"INFO": b"x"})


def test_a_correlation_block_does_not_hide_what_comes_back() -> None:
    with annotate() as received, correlate():
        answered({"INFO": b"x"})
    assert received == {"INFO": b"x"}


def test_what_comes_back_without_a_block_is_dropped() -> None:
    answered({"INFO": b"x"})
    with correlate():
        answered({"INFO": b"x"})
    assert to_send() == (None, None)


class Resource:
    """Something to be closed."""


def test_a_client_keeps_weak_references_to_what_it_tracks() -> None:
    client = Client()
    kept, forgotten, dying = Resource(), Resource(), Resource()
    for resource in (kept, forgotten, dying):
        client.track(resource)
    client.untrack(forgotten)
    client.untrack(Resource())
    del dying, resource
    gc.collect()
    assert list(client.resources) == [kept]


def test_a_new_client_has_nothing() -> None:
    client = Client("here", "connection")
    assert (client.address, client.connection) == ("here", "connection")
    assert (client.storage, client.instances, list(client.resources)) == ({}, {}, [])
