"""What the transports and daemons of this package are made with."""

from __future__ import annotations

import logging
from typing import Any

from pyrophone.classic.kit import Kit
from pyrophone.wire.framing import Message

from .blobs import wrapped
from .callcontext import current_context
from .configuration import config
from .connections import SocketConnection, connection_of
from .generation import PYRO4
from .makers import createSocket, interruptSocket
from .members import reset_exposed_members
from .proxies import Proxy
from .serializers import CODECS
from .tls import server_tls
from .tracebacks import formatTraceback, getPyroTraceback
from .uris import URI

__all__ = ["KIT"]

_log = logging.getLogger("Pyro4.core")


def _listen(where: Any) -> Any:
    return createSocket(
        bind=where,
        reuseaddr=config.SOCK_REUSE,
        nodelay=config.SOCK_NODELAY,
        noinherit=True,
    )


def _knock(where: Any) -> None:
    if isinstance(where, tuple):
        interruptSocket(where)
    else:
        createSocket(connect=where, timeout=1.0).close()


def _show(error: BaseException) -> list[str]:
    return getPyroTraceback(type(error), error, error.__traceback__)


def _show_all(error: BaseException) -> list[str]:
    return formatTraceback(type(error), error, error.__traceback__, detailed=True)


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


def _forget_members(obj: Any) -> None:
    for only_exposed in (True, False):
        reset_exposed_members(obj, only_exposed)


KIT = Kit(
    generation=PYRO4,
    log=_log,
    live=(
        "COMMTIMEOUT",
        "COMPRESSION",
        "ITER_STREAMING",
        "ITER_STREAM_LIFETIME",
        "ITER_STREAM_LINGER",
        "LOGWIRE",
        "MAX_MESSAGE_SIZE",
        "REQUIRE_EXPOSE",
    ),
    connection=SocketConnection,
    connection_of=connection_of,
    key=f"{PYRO4.name}.connection",
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
