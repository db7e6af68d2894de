"""Carries out procedures in a loop."""

from __future__ import annotations

import asyncio
import inspect
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, TypeVar

from ..frontend.deadlines import limit_of
from ..frontend.forms import asking
from ..settings import Settings
from ..steps import Ask, Broadcast, Connect, Invoke, Procedure, Step
from ..uri import URI
from ..wire.dialects import PYRO5, Dialect
from .opening import open_connection

__all__ = ["ask", "drive"]

T = TypeVar("T")


async def drive(
    procedure: Procedure[T],
    settings: Settings,
    connect: Callable[[URI], Awaitable[Any]] | None = None,
    dialect: Dialect = PYRO5,
) -> T:
    """Carry out each step of *procedure*; return its result.

    Args:
        procedure: What to carry out.
        settings: For connections that are made on the way.
        connect: What carries out ``Connect``.
        dialect: What those speak who are asked.
    """
    try:
        step = next(procedure)
        while True:
            try:
                result = await _carry_out(step, settings, connect, dialect)
            except BaseException as error:  # the procedure decides
                step = procedure.throw(error)
            else:
                step = procedure.send(result)
    except StopIteration as stop:
        value: T = stop.value
        return value


async def ask(
    uri: URI,
    method: str,
    args: tuple[Any, ...],
    settings: Settings,
    dialect: Dialect = PYRO5,
) -> Any:
    """Call *method* of the object at *uri*, over a connection of its own."""
    settings, codecs = asking(settings, dialect)
    connection = await open_connection(uri, settings, codecs, dialect=dialect)
    try:
        timeout = settings.timeout
        limit = limit_of(timeout)
        reply = await connection.exchange(method, args, {}, limit=limit, timeout=timeout)
        return reply.unwrap()
    finally:
        connection.close()


async def _carry_out(
    step: Step,
    settings: Settings,
    connect: Callable[[URI], Awaitable[Any]] | None,
    dialect: Dialect,
) -> Any:
    match step:
        case Invoke(function, args, kwargs):
            result = function(*args, **kwargs)
            return await result if inspect.isawaitable(result) else result
        case Ask(uri, method, args):
            return await ask(uri, method, args, settings, dialect)
        case Connect(uri):
            assert connect is not None
            return await connect(uri)
        case Broadcast():
            return await _broadcast(step)
        case _:
            await asyncio.sleep(step.seconds)
            return None


class _Asker(asyncio.DatagramProtocol):
    """Waits for the first answer; an address that refuses does not end the waiting."""

    def __init__(self) -> None:
        self.answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, addr: Any) -> None:
        if not self.answer.done():
            self.answer.set_result(data.decode("iso-8859-1"))


async def _broadcast(step: Broadcast) -> str | None:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setblocking(False)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    asked = 0
    for address in step.addresses:
        with suppress(OSError, OverflowError):  # the latter of a port that is none
            asked += sock.sendto(step.query, (address, step.port))
    if not asked:
        sock.close()
        return None
    loop = asyncio.get_running_loop()
    transport, asker = await loop.create_datagram_endpoint(_Asker, sock=sock)
    try:
        async with asyncio.timeout(step.seconds):
            return await asker.answer
    except TimeoutError:
        return None
    finally:
        transport.close()
