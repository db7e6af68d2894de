"""What the transports and daemons of this package are made with."""

from __future__ import annotations

import logging

from pyrophone.classic.kit import LIVE, Kit
from pyrophone.wire.framing import Message

from .blobs import wrapped
from .callcontext import current_context
from .connections import SocketConnection, connection_of
from .generation import PYRO4
from .makers import createSocket
from .members import reset_exposed_members
from .proxies import Proxy
from .serializers import CODECS
from .tls import server_tls
from .tracebacks import getPyroTraceback
from .uris import URI

__all__ = ["KIT"]

_log = logging.getLogger("Pyro4.core")


def _trace(way: str, message: Message) -> None:
    _log.debug(
        "daemon wiredata %s: msgtype=%d flags=0x%x ser=%d seq=%d annotations=%r data=%r",
        "received" if way == "received" else "sending",
        message.kind,
        message.flags,
        message.serializer_id,
        message.seq,
        message.annotations,
        message.payload,
    )


KIT = Kit(
    generation=PYRO4,
    log=_log,
    live=(*LIVE, "REQUIRE_EXPOSE"),
    connection=SocketConnection,
    connection_of=connection_of,
    create_socket=createSocket,
    tls=server_tls,
    codecs=CODECS,
    context=current_context,
    traceback=getPyroTraceback,
    trace=_trace,
    wrapped=wrapped,
    uri=URI,
    proxy=Proxy,
    reset_members=reset_exposed_members,
)
