"""Items of streams come to whom they belong, and not faster than they are taken."""

from __future__ import annotations

import time
from typing import Any

import pytest

from manyfold import End, script
from pyrophone import Settings
from pyrophone.errors import ConnectionLostError
from pyrophone.serializers.classes import ClassTable
from pyrophone.serializers.codecs import make_codecs
from pyrophone.sync.channels import LateError
from pyrophone.sync.connection import Connection
from pyrophone.sync.portions import Inbox
from pyrophone.wire.events import Cancel, Credit

CODECS = make_codecs(ClassTable(), Settings())


def opened(uri: Any) -> Connection:
    return Connection(uri, Settings(beat=None), CODECS)


def stream(connection: Connection) -> Inbox:
    reply = connection.call("items", (), {})
    assert reply is not None
    assert reply.flows
    return connection.inbox(reply.seq)


def test_items_are_kept_for_who_asks_later() -> None:
    def part(end: End) -> None:
        call = end.call()
        end.send(end.session.flow(call))
        credit = end.event()
        assert isinstance(credit, Credit)
        assert credit.count == 2
        end.send(end.session.items(call, [1]))
        end.send(end.session.items(call, [2, 3], last=True))
        end.answer(end.call(), "between")

    with script(part) as uri:
        connection = opened(uri)
        inbox = stream(connection)
        connection.grant(inbox, 2)
        reply = connection.call("f", (), {})  # reads the items, too
        assert reply is not None
        assert reply.unwrap() == "between"
        assert connection.portion(inbox, None).unwrap() == [1]
        last = connection.portion(inbox, None)
        assert (last.unwrap(), last.last) == ([2, 3], True)
        assert connection.session.calls == 0
        connection.close()


def test_one_that_is_given_up_is_cancelled() -> None:
    def part(end: End) -> None:
        call = end.call()
        end.send(end.session.flow(call))
        assert isinstance(end.event(), Cancel)
        end.send(end.session.items(call, [], last=True))
        end.answer(end.call(), "next")

    with script(part) as uri:
        connection = opened(uri)
        connection.drop(stream(connection))
        reply = connection.call("f", (), {})
        assert reply is not None
        assert reply.unwrap() == "next"
        assert connection.session.calls == 0
        connection.close()


def test_who_is_late_may_ask_again() -> None:
    def part(end: End) -> None:
        call = end.call()
        end.send(end.session.flow(call))
        assert isinstance(end.event(), Credit)
        other = end.call()
        end.send(end.session.items(call, ["at last"], last=True))
        end.answer(other, None)

    with script(part) as uri:
        connection = opened(uri)
        inbox = stream(connection)
        connection.grant(inbox, 1)
        with pytest.raises(LateError):
            connection.portion(inbox, time.monotonic() + 0.01)
        connection.call("f", (), {})
        assert connection.portion(inbox, None).unwrap() == ["at last"]
        connection.close()


def test_a_stream_is_lost_with_its_connection_but_for_what_came() -> None:
    def part(end: End) -> None:
        call = end.call()
        end.send(end.session.flow(call))
        assert isinstance(end.event(), Credit)
        end.send(end.session.items(call, ["came"]))

    with script(part) as uri:
        connection = opened(uri)
        inbox = stream(connection)
        connection.grant(inbox, 2)
        assert connection.portion(inbox, None).unwrap() == ["came"]
        with pytest.raises(ConnectionLostError, match="closed"):
            connection.portion(inbox, None)
        with pytest.raises(ConnectionLostError, match="closed"):
            connection.portion(inbox, None)
