"""How functions travel: as class forms that name them, to be called from afar.

A function can be written, and read, only while a :class:`Crossing` is set: the business
of a connection whose both ends may call the other. Anywhere else it can't travel.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any, Protocol

from ..errors import SerializeError

__all__ = [
    "FUNCTIONS",
    "FUNCTION_CLASS",
    "Crossing",
    "Exporter",
    "FunctionFoundError",
    "Passable",
    "crossing",
    "function_form",
    "read_function",
]

FUNCTION_CLASS = "pyrophone.Function"


class Passable:
    """Base of objects that are passed as functions are, to be called from afar."""

    __slots__ = ()


FUNCTIONS = (
    types.FunctionType,
    types.MethodType,
    types.BuiltinFunctionType,
    functools.partial,
    Passable,
)


class Exporter(Protocol):
    """What is asked about each function that is written or read."""

    def export(self, function: Any) -> str:
        """Return the id under which the other side can call *function* from now on."""

    def stub(self, function_id: str) -> Any:
        """Return what calls the function of the other side that has this id."""


class Crossing(Exporter, Protocol):
    """Knows the functions that go over one connection, in both directions."""

    def retract(self, function_id: str) -> None:
        """Undo one :meth:`export`: what it was for has not been sent."""


class FunctionFoundError(SerializeError):
    """A function was to be written where none can cross; the text says which, and where."""


crossing: ContextVar[Exporter | None] = ContextVar("pyrophone.crossing", default=None)


def function_form(function: Any) -> dict[str, Any]:
    """Return the class form of *function*.

    Raises:
        FunctionFoundError: No crossing is set.
    """
    functions = crossing.get()
    if functions is None:
        raise FunctionFoundError(
            f"{type(function).__name__} object {_name(function)!r:.80}"
            " (the other side can't call back: serve it by a daemon)"
        )
    return {"__class__": FUNCTION_CLASS, "id": functions.export(function)}


def read_function(form: Mapping[str, Any]) -> Any:
    """Return what stands for the function of a class form.

    Raises:
        SerializeError: No crossing is set, or the form is malformed.
    """
    functions = crossing.get()
    if functions is None:
        raise SerializeError("a function came from where none can be called")
    function_id = form.get("id")
    if not isinstance(function_id, str):
        raise SerializeError(
            f"malformed {FUNCTION_CLASS}: id is {type(function_id).__name__}"
        )
    return functions.stub(function_id)


def _name(function: Any) -> str:
    inner = function.func if isinstance(function, functools.partial) else function
    return str(getattr(inner, "__qualname__", type(inner).__name__))
