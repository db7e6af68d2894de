"""Carries out procedures in a thread."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

from ..frontend.forms import asking
from ..net import beacon
from ..settings import Settings
from ..steps import Ask, Broadcast, Connect, Invoke, Procedure, Sleep, Step
from ..uri import URI
from ..wire.dialects import PYRO5, Dialect
from .connection import Connection

__all__ = ["ask", "drive"]

T = TypeVar("T")


def drive(
    procedure: Procedure[T],
    settings: Settings,
    connect: Callable[[URI], Any] | None = None,
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
                result = _carry_out(step, settings, connect, dialect)
            except BaseException as error:  # the procedure decides
                step = procedure.throw(error)
            else:
                step = procedure.send(result)
    except StopIteration as stop:
        value: T = stop.value
        return value


def ask(
    uri: URI,
    method: str,
    args: tuple[Any, ...],
    settings: Settings,
    dialect: Dialect = PYRO5,
) -> Any:
    """Call *method* of the object at *uri*, over a connection of its own."""
    settings, codecs = asking(settings, dialect)
    connection = Connection(uri, settings, codecs, dialect=dialect)
    try:
        reply = connection.call(method, args, {}, timeout=settings.timeout)
        assert reply is not None
        return reply.unwrap()
    finally:
        connection.close()


def _carry_out(
    step: Step,
    settings: Settings,
    connect: Callable[[URI], Any] | None,
    dialect: Dialect,
) -> Any:
    match step:
        case Invoke(function, args, kwargs):
            return function(*args, **kwargs)
        case Ask(uri, method, args):
            return ask(uri, method, args, settings, dialect)
        case Connect(uri):
            assert connect is not None
            return connect(uri)
        case Broadcast(query, addresses, port, seconds):
            return beacon.ask(query, addresses, port, seconds)
        case Sleep(seconds):
            time.sleep(seconds)
            return None
