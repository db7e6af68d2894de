"""What is known about a call while it is served, from its message."""

from __future__ import annotations

import time

from ..context import CallContext, Client
from ..wire.events import Call
from .deadlines import FAR

__all__ = ["context_for"]


def context_for(client: Client, call: Call, place: str) -> CallContext:
    """Return the context to serve *call* in; the time that it has begins now.

    Args:
        client: Who calls.
        call: What is to be served.
        place: Where, as chains of calls have it; see :mod:`.chains`.
    """
    context = CallContext(
        client,
        call.seq,
        call.flags,
        call.serializer.name,
        call.annotations,
        call.correlation,
    )
    context.origin = call
    context.place = place
    if call.limit is not None and call.limit <= FAR:
        context.clock = time.monotonic
        context.deadline = time.monotonic() + call.limit
    return context
