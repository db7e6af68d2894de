"""What the transports and daemons of this package are made with."""

from __future__ import annotations

import logging
from types import SimpleNamespace

from pyrophone.classic.kit import LIVE, Kit
from pyrophone.wire.framing import Message

from .blobs import wrapped
from .callcontext import current_context
from .client import Proxy
from .connections import SocketConnection, connection_of
from .generation import PYRO5
from .makers import create_socket
from .members import _reset_exposed_members
from .protocol import log_wiredata
from .serializers import CODECS
from .tls import server_tls
from .tracebacks import get_pyro_traceback
from .uris import URI

__all__ = ["KIT"]

_log = logging.getLogger("Pyro5.server")


def _trace(way: str, message: Message) -> None:
    shown = SimpleNamespace(
        type=message.kind,
        flags=message.flags,
        serializer_id=message.serializer_id,
        seq=message.seq,
        annotations=message.annotations,
        corr_id=message.correlation,
        data=message.payload,
    )
    words = {"received": "daemon wiredata received", "sent": "daemon wiredata sending"}
    log_wiredata(_log, words[way], shown)


KIT = Kit(
    generation=PYRO5,
    log=_log,
    live=(*LIVE, "SERPENT_BYTES_REPR"),
    connection=SocketConnection,
    connection_of=connection_of,
    create_socket=create_socket,
    tls=server_tls,
    codecs=CODECS,
    context=current_context,
    traceback=get_pyro_traceback,
    trace=_trace,
    wrapped=wrapped,
    uri=URI,
    proxy=Proxy,
    reset_members=_reset_exposed_members,
)
