from __future__ import annotations

import time

import pytest

from conversing import ask, joined
from pyrophone.context import Client
from pyrophone.errors import DeadlineExceeded
from pyrophone.frontend.contexts import context_for
from pyrophone.frontend.deadlines import FAR


def test_a_context_tells_what_came_with_the_call() -> None:
    client = Client("somewhere")
    call = ask(
        *joined(),
        "add",
        (1, 2),
        {},
        annotations={"ABCD": b"x"},
        correlation=bytes(16),
        path="h:1 a.b",
    )
    context = context_for(client, call, "!h:2")
    assert (context.client, context.seq, context.flags) == (client, call.seq, call.flags)
    assert (context.serializer, context.annotations) == ("serpent", {"ABCD": b"x"})
    assert context.correlation == bytes(16)
    assert context.path == "h:1 a.b\n!h:2 demo.add"
    assert context.remaining() is None


def test_the_time_of_a_call_begins_with_its_context() -> None:
    call = ask(*joined(), "add", (), {}, limit=60.0)
    before = time.monotonic()
    context = context_for(Client("somewhere"), call, "h:2")
    assert context.deadline is not None
    assert before + 60 <= context.deadline <= time.monotonic() + 60
    context.check()
    over = ask(*joined(), "add", (), {}, limit=0.0)
    late = context_for(Client("somewhere"), over, "h:2")
    with pytest.raises(DeadlineExceeded):
        late.check()
    far = ask(*joined(), "add", (), {}, limit=FAR * 2)
    assert context_for(Client("somewhere"), far, "h:2").remaining() is None
