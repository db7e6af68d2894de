from __future__ import annotations

import pytest

from conversing import crossing, decode, feed, joined, streaming
from pyrophone.errors import (
    CallCancelledError,
    LocalProtocolError,
    SerializeError,
)
from pyrophone.objects.functions import (
    RemoteFunction,
)
from pyrophone.wire.events import Call, Cancel, Credit, Portion
from pyrophone.wire.framing import (
    CREDIT,
    END,
    EXCEPTION,
    ITEMS,
    Message,
)


def test_items_flow_by_credit() -> None:
    client, server, call = streaming()
    assert call.flow.room == 0  # type: ignore[union-attr]
    data = client.credit(1, 2)
    assert decode(data) == Message(CREDIT, 0, 0, 1, bytes.fromhex("00000002"))
    (credit,) = feed(server, data)
    assert isinstance(credit, Credit)
    assert (credit.seq, credit.count, credit.call) == (1, 2, call)
    data = server.items(call, [1, 2]) + server.items(call, [3])
    with pytest.raises(LocalProtocolError, match="no more items for now"):
        server.items(call, [4])
    portions = feed(client, data + server.items(call, [4], last=True))
    assert [(p.seq, p.last, p.unwrap()) for p in portions] == [
        (1, False, [1, 2]),
        (1, False, [3]),
        (1, True, [4]),
    ]
    assert (client.calls, server.owed) == (0, 0)
    assert client.credit(1, 1) == server.items(call, [5]) == b""


def test_an_error_ends_a_stream() -> None:
    client, server, call = streaming()
    data = server.items_fault(call, ValueError("no more"), [])
    message = decode(data)
    assert (message.kind, message.flags) == (ITEMS, EXCEPTION | END)
    (portion,) = feed(client, data)
    assert isinstance(portion, Portion)
    assert portion.last
    with pytest.raises(ValueError, match="no more"):
        portion.unwrap()
    assert (client.calls, server.owed) == (0, 0)


def test_an_item_that_cannot_be_written_changes_nothing() -> None:
    client, server, call = streaming()
    feed(server, client.credit(1, 1))
    with pytest.raises(SerializeError, match=r"^result\[1\]: object object$"):
        server.items(call, [1, object()])
    (portion,) = feed(client, server.items(call, [1]))
    assert portion.unwrap() == [1]


def test_an_abandoned_stream_is_cancelled_and_ends_unheard() -> None:
    client, server, call = streaming()
    feed(server, client.credit(1, 2))
    under_way = server.items(call, [1])
    (cancel,) = feed(server, client.abandon(1))
    assert isinstance(cancel, Cancel)
    assert cancel.call is call
    assert feed(client, under_way) == []
    assert client.calls == 1
    assert feed(client, server.items(call, [], last=True)) == []
    assert (client.calls, server.owed) == (0, 0)


def test_a_cancelled_call_is_not_answered_by_a_stream() -> None:
    client, server = joined()
    (call,) = feed(server, client.call("count", (), {}))
    feed(server, client.abandon(1))
    data = server.flow(call)
    assert decode(data).flags == EXCEPTION
    assert call.flow is None
    assert feed(client, data) == []
    assert (client.calls, server.owed) == (0, 0)


def test_a_call_is_answered_once() -> None:
    client, server = joined()
    (call,) = feed(server, client.call("a", (), {}))
    (reply,) = feed(client, server.fault(call, CallCancelledError("gone"), []))
    with pytest.raises(CallCancelledError):
        reply.unwrap()
    assert server.result(call, 1) == server.fault(call, ValueError(), []) == b""
    assert server.flow(call) == server.stream(call, "id") == b""
    assert server.items(call, [1]) == server.items_fault(call, ValueError(), []) == b""


def test_functions_cross_and_are_called_over_the_same_connection() -> None:
    client, server = joined()
    client.crossing, server.crossing = mine, theirs = crossing(), crossing()
    (call,) = feed(server, client.call("watch", (print,), {}))
    assert isinstance(call, Call)
    (function,) = call.args
    assert isinstance(function, RemoteFunction)
    assert mine.functions.find(function.function_id) is print
    assert (call.problem, call.annotations, len(theirs.functions)) == (None, {}, 0)
    back = server.call("__call__", (5,), {}, object_id=function.function_id)
    (inner,) = feed(client, back)
    assert isinstance(inner, Call)
    assert (inner.object_id, inner.method, list(inner.args)) == ("1", "__call__", [5])
    (reply,) = feed(server, client.result(inner, "called"))
    assert reply.unwrap() == "called"
    (reply,) = feed(client, server.result(call, [len]))
    assert isinstance(reply.unwrap()[0], RemoteFunction)
    assert (client.calls, client.owed, server.calls, server.owed) == (0, 0, 0, 0)


def test_functions_in_items_cross() -> None:
    client, server, call = streaming()
    client.crossing, server.crossing = crossing(), crossing()
    feed(server, client.credit(1, 1))
    (portion,) = feed(client, server.items(call, [len, 2]))
    function, two = portion.unwrap()
    assert (type(function), two, portion.annotations) == (RemoteFunction, 2, {})


def test_what_was_not_sent_was_not_passed() -> None:
    client, _ = joined(max_size=300)
    client.crossing = mine = crossing()
    with pytest.raises(Exception, match="too large"):
        client.call("watch", (print, "x" * 300), {})
    assert (len(mine.functions), client.calls) == (0, 0)


def test_without_flow_no_function_crosses_and_no_client_is_called() -> None:
    client, server = joined(frozenset({"many"}))
    client.crossing = crossing()
    with pytest.raises(SerializeError, match=r"^argument 1: .*print.*serve it by a daemon"):
        client.call("watch", (print,), {})
    with pytest.raises(LocalProtocolError, match=r"^the client takes no calls$"):
        server.call("__call__", (), {}, object_id="1")
    with pytest.raises(LocalProtocolError, match=r"^the client takes no calls$"):
        server.compose("__call__", (), {}, object_id="1")
