"""What the transports and daemons of this package are made with."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any

from pyrophone.classic.kit import Kit
from pyrophone.wire.framing import Message

from . import socketutil
from .blobs import wrapped
from .callcontext import current_context
from .client import Proxy
from .configure import global_config as config
from .connections import KEY, SocketConnection, connection_of
from .generation import PYRO5
from .members import _reset_exposed_members
from .protocol import log_wiredata
from .serializers import CODECS
from .tls import server_tls
from .tracebacks import format_traceback, get_pyro_traceback
from .uris import URI

__all__ = ["KIT"]

_log = logging.getLogger("Pyro5.server")


def _listen(where: Any) -> Any:
    return socketutil.create_socket(
        bind=where,
        reuseaddr=config.SOCK_REUSE,
        nodelay=config.SOCK_NODELAY,
        noinherit=True,
    )


def _knock(where: Any) -> None:
    if isinstance(where, tuple):
        socketutil.interrupt_socket(where)
    else:
        socketutil.create_socket(connect=where, timeout=1.0).close()


def _show(error: BaseException) -> list[str]:
    return get_pyro_traceback(type(error), error, error.__traceback__)


def _show_all(error: BaseException) -> list[str]:
    return format_traceback(type(error), error, error.__traceback__, detailed=True)


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


def _forget_members(obj: Any) -> None:
    for only_exposed in (True, False):
        _reset_exposed_members(obj, only_exposed)


KIT = Kit(
    generation=PYRO5,
    log=_log,
    live=(
        "COMMTIMEOUT",
        "COMPRESSION",
        "ITER_STREAMING",
        "ITER_STREAM_LIFETIME",
        "ITER_STREAM_LINGER",
        "LOGWIRE",
        "MAX_MESSAGE_SIZE",
        "SERPENT_BYTES_REPR",
    ),
    connection=SocketConnection,
    connection_of=connection_of,
    key=KEY,
    listen=_listen,
    knock=_knock,
    tls=server_tls,
    codecs=CODECS,
    context=current_context,
    show=_show,
    show_all=_show_all,
    trace=_trace,
    wrapped=wrapped,
    uri=URI,
    proxy=Proxy,
    forget_members=_forget_members,
)
