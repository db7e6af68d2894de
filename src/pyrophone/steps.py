"""Procedures that wait, written once for threads and for asyncio.

A procedure is a generator. It yields a step, is sent the step's result or thrown
its error, and returns its own result. It never waits; a driver does, in
``sync/`` or in ``aio/``. Rule: one wait, write it; two waits, procedure.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar

from .uri import URI

__all__ = ["Ask", "Broadcast", "Connect", "Invoke", "Procedure", "Sleep", "Step"]

T = TypeVar("T")


@dataclasses.dataclass(frozen=True, slots=True)
class Connect:
    """Connect to the object at *uri* and greet its daemon; the result is the connection."""

    uri: URI


@dataclasses.dataclass(frozen=True, slots=True)
class Ask:
    """Call *method* of the object at *uri*, over a connection of its own.

    The result is the call's, the error too.
    """

    uri: URI
    method: str
    args: tuple[Any, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Broadcast:
    """Send *query* to the UDP *port* of all *addresses*.

    The result is the first answer, as text, or None if none came in *seconds*.
    """

    query: bytes
    addresses: tuple[str, ...]
    port: int
    seconds: float


@dataclasses.dataclass(frozen=True, slots=True)
class Invoke:
    """Run *function*, which is user code; the result is what it gives."""

    function: Callable[..., Any]
    args: Sequence[Any]
    kwargs: Mapping[str, Any]


@dataclasses.dataclass(frozen=True, slots=True)
class Sleep:
    """Do nothing for *seconds*."""

    seconds: float


Step: TypeAlias = Connect | Ask | Broadcast | Invoke | Sleep
Procedure: TypeAlias = Generator[Step, Any, T]
