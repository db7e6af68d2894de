"""Errors, written in class form whatever they hold."""

from __future__ import annotations

from typing import Any

from ..errors import SecurityError, SerializeError
from .base import Serializer
from .classes import ClassTable
from .exceptions import TRACEBACK, error_form, safe_repr, safe_text
from .plain import attempt

__all__ = ["dump_error", "safe_error_form"]


def dump_error(
    serializer: Serializer,
    classes: ClassTable,
    error: BaseException,
    traceback: list[str] | None,
) -> bytes:
    """Return the bytes of *error* in class form, whatever it holds.

    Arguments that can't travel go as their ``repr()``; attributes that can't
    travel are left out. Class name and text are never lost.
    """
    try:
        return serializer.dumps(classes.error_to_form(error, traceback))
    except (SerializeError, SecurityError):
        return serializer.dumps(_reduced_form(serializer, classes, error, traceback))


def safe_error_form(
    serializer: Serializer,
    classes: ClassTable,
    error: BaseException,
    traceback: list[str] | None,
) -> dict[str, Any]:
    """Return the class form of *error* that :func:`dump_error` writes."""
    try:
        form = classes.error_to_form(error, traceback)
        serializer.dumps(form)
    except (SerializeError, SecurityError):
        return _reduced_form(serializer, classes, error, traceback)
    return form


def _reduced_form(
    serializer: Serializer,
    classes: ClassTable,
    error: BaseException,
    traceback: list[str] | None,
) -> dict[str, Any]:
    form = error_form(error)
    attributes = {
        name: value
        for name, value in form["attributes"].items()
        if attempt(serializer.dumps, {name: value}) is None
    }
    attributes[TRACEBACK] = None if traceback is None else [_sendable(t) for t in traceback]
    args = [
        arg if attempt(serializer.dumps, arg) is None else _sendable(safe_repr(arg))
        for arg in form["args"]
    ]
    reduced = {
        "__class__": _sendable(form["__class__"]),
        "__exception__": True,
        "args": tuple(args),
        "attributes": attributes,
        "text": _sendable(form.get("text", safe_text(error))),
    }
    ours = form.get("pyrophone")
    if ours is not None and attempt(serializer.dumps, ours) is None:
        reduced["pyrophone"] = ours
    return classes.respell(reduced)


def _sendable(text: str) -> str:
    return str(text).encode("utf-8", "backslashreplace").decode("utf-8")
