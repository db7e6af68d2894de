"""Exceptions to class forms and back.

On the wire an exception is a mapping: ``__class__`` (module and name),
``__exception__`` (true), ``args``, ``attributes``. Two keys are ours, and
ignored by other receivers: ``text``, what ``str()`` gives, where the class may
be unknown to the receiver; and ``pyrophone``, the name of one of our own errors
and its arguments, because ``__class__`` then holds the nearest name that every
peer knows, and ``args`` the text.

Nothing is imported by name: the classes that can arrive stand in tables.
"""

from __future__ import annotations

import base64
import builtins
import sqlite3
import struct
import types
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from .. import errors
from ..errors import RemoteError, SerializeError

__all__ = [
    "ERRORS",
    "TRACEBACK",
    "class_name",
    "error_form",
    "is_error_form",
    "read_error",
    "safe_repr",
    "safe_text",
    "set_attributes",
]

TRACEBACK = "_pyroTraceback"
_NOTE = "Remote traceback:\n"
_FIELDS = (types.MemberDescriptorType, types.GetSetDescriptorType)
ERRORS = "Pyro5.errors."  # what the wire's names of the library's own errors begin with

_BUILTINS = MappingProxyType(
    {
        name: value
        for name, value in vars(builtins).items()
        if isinstance(value, type) and issubclass(value, Exception)
    }
)
_SQLITE = MappingProxyType(
    {
        f"sqlite3.{name}": value
        for name, value in vars(sqlite3).items()
        if name.endswith("Error")
        and isinstance(value, type)
        and issubclass(value, Exception)
    }
)
_OURS = MappingProxyType(
    {name: getattr(errors, name) for name in errors.__all__ if name != "RemoteError"}
)
# The nearest class that every peer knows; what is not here goes by its parent.
_SENT_AS = MappingProxyType(
    {
        errors.PyrophoneError: "Pyro5.errors.PyroError",
        errors.CallError: "Pyro5.errors.DaemonError",
        errors.NotExposedError: "builtins.AttributeError",
        errors.CommunicationError: "Pyro5.errors.CommunicationError",
        errors.ConnectionLostError: "Pyro5.errors.ConnectionClosedError",
        errors.CallTimeoutError: "Pyro5.errors.TimeoutError",
        errors.ProtocolError: "Pyro5.errors.ProtocolError",
        errors.MessageTooLargeError: "Pyro5.errors.MessageTooLargeError",
        errors.SerializeError: "Pyro5.errors.SerializeError",
        errors.SecurityError: "Pyro5.errors.SecurityError",
        errors.NamingError: "Pyro5.errors.NamingError",
        errors.DaemonError: "Pyro5.errors.DaemonError",
    }
)
_RECEIVED_AS = MappingProxyType(
    {
        "PyroError": errors.PyrophoneError,
        "CommunicationError": errors.CommunicationError,
        "ConnectionClosedError": errors.ConnectionLostError,
        "TimeoutError": errors.CallTimeoutError,
        "ProtocolError": errors.RemoteProtocolError,
        "MessageTooLargeError": errors.RemoteProtocolError,
        "SerializeError": errors.SerializeError,
        "SecurityError": errors.SecurityError,
        "NamingError": errors.NamingError,
        "DaemonError": errors.DaemonError,
    }
)


def class_name(cls: type) -> str:
    """Return the name of *cls* on the wire: module and name."""
    return f"{cls.__module__}.{cls.__name__}"


def safe_text(error: object) -> str:
    """Return ``str(error)``, or its class where that fails."""
    try:
        return str(error)
    except Exception as problem:  # of a class of the program, anything
        return f"<{type(error).__name__} without text: {type(problem).__name__}>"


def safe_repr(value: object) -> str:
    """Return ``repr(value)``, or its class where that fails."""
    try:
        return repr(value)
    except Exception as problem:  # of a class of the program, anything
        return f"<{type(value).__name__} without repr: {type(problem).__name__}>"


def error_form(error: BaseException) -> dict[str, Any]:
    """Return the class form of *error*, its instance attributes included."""
    cls = type(error)
    form: dict[str, Any] = {"__class__": class_name(cls), "__exception__": True}
    attributes = dict(vars(error))
    notes = attributes.get("__notes__")
    if isinstance(notes, list):  # the receiver adds a traceback's note itself
        del attributes["__notes__"]
        notes = [note for note in notes if not str(note).startswith(_NOTE)]
        attributes.update({"__notes__": notes} if notes else {})
    if isinstance(error, RemoteError):
        for name in ("class_name", "arguments", "text"):
            attributes.pop(name, None)
        form["__class__"] = error.class_name
        form.update(args=error.arguments, attributes=attributes, text=error.text)
    elif not isinstance(error, Exception):  # a client would end by it, were it raised there
        text = safe_text(error)
        form["__class__"] = _SENT_AS[errors.PyrophoneError]
        form.update(args=(f"{cls.__name__}: {text}",), attributes=attributes)
        form["pyrophone"] = ["RemoteError", class_name(cls), error.args, text]
    elif _OURS.get(cls.__name__) is cls:
        form["__class__"] = next(_SENT_AS[base] for base in cls.__mro__ if base in _SENT_AS)
        form.update(args=(safe_text(error),), attributes=attributes)
        form["pyrophone"] = [cls.__name__, *error.args]
    else:
        args = error.args
        if isinstance(error, OSError) and getattr(error, "filename", None) is not None:
            args = error.__reduce__()[1]  # type: ignore[assignment]  # with the file names
        form.update(args=args, attributes=attributes)
        if _BUILTINS.get(cls.__name__) is not cls:
            form["text"] = safe_text(error)
    return form


def is_error_form(form: Mapping[str, Any]) -> bool:
    """Whether a class form that nobody converts is one of an exception."""
    name = form["__class__"]
    return (
        form.get("__exception__") is True
        or name == "struct.error"
        or (name.startswith(ERRORS) and name.removeprefix(ERRORS) in _RECEIVED_AS)
    )


def read_error(form: Mapping[str, Any], read_form: Callable[[Any], Any]) -> BaseException:
    """Return the exception of a class form; :class:`RemoteError` if its class is unknown.

    Args:
        form: With ``args``, perhaps ``attributes``.
        read_form: Turns a nested class form into its object.

    Raises:
        SerializeError: The form is malformed.
    """
    name = form["__class__"]
    args = form.get("args")
    attributes = form.get("attributes")
    if not isinstance(args, (list, tuple)):
        raise SerializeError(f"malformed exception {name}: args are {_kind(form, 'args')}")
    if attributes is not None and type(attributes) is not dict:
        raise SerializeError(f"malformed exception {name}: attributes are no mapping")
    error = _make_ours(form.get("pyrophone")) or _make(_find(name), args, read_form)
    if error is None:
        error = RemoteError(name, tuple(args), _text(form, args))
    set_attributes(error, attributes or {})
    return error


def _kind(form: Mapping[str, Any], key: str) -> str:
    return f"{type(form[key]).__name__}, no sequence" if key in form else "missing"


def _find(name: str) -> type[Exception] | None:
    module, _, bare = name.rpartition(".")
    if module in ("builtins", "exceptions"):
        return _BUILTINS.get(bare)
    if name.startswith(ERRORS) or not module:
        return _RECEIVED_AS.get(bare) or (None if module else _BUILTINS.get(bare))
    return struct.error if name == "struct.error" else _SQLITE.get(name)


def _make_ours(parts: Any) -> BaseException | None:
    if not isinstance(parts, (list, tuple)) or not parts or not isinstance(parts[0], str):
        return None
    if parts[0] == "RemoteError" and len(parts) == 4:
        return _try(RemoteError, parts[1:])
    cls = _OURS.get(parts[0])
    return None if cls is None else _try(cls, parts[1:])


def _make(
    cls: type[Exception] | None, args: Sequence[Any], read_form: Callable[[Any], Any]
) -> BaseException | None:
    if cls is None:
        return None
    error = _try(cls, args)
    return error or _try(cls, [_repair(arg, read_form) for arg in args])


def _try(cls: type[Exception], args: Sequence[Any]) -> BaseException | None:
    try:
        return cls(*args)
    except Exception:  # whatever it says, they don't fit
        return None


def _repair(arg: Any, read_form: Callable[[Any], Any]) -> Any:
    """Return *arg* with nested class forms converted, and base64 mappings as bytes."""
    if isinstance(arg, (list, tuple)):
        return [_repair(item, read_form) for item in arg]
    if type(arg) is not dict:
        return arg
    if arg.keys() == {"data", "encoding"} and arg["encoding"] == "base64":
        try:
            return base64.b64decode(arg["data"], validate=True)
        except (TypeError, ValueError):
            return arg
    try:
        return read_form(arg) if "__class__" in arg else arg
    except (errors.SerializeError, errors.SecurityError):
        return arg


def _text(form: Mapping[str, Any], args: Sequence[Any]) -> str:
    """Return what ``str()`` of the original gave, from the best source there is."""
    text = form.get("text")
    if isinstance(text, str):
        return text
    lines = _traceback_of(form.get("attributes") or {})
    last = "".join(lines or ()).rstrip().rpartition("\n")[2]
    head, colon, rest = last.partition(": ")
    if colon and head.rpartition(".")[2] == form["__class__"].rpartition(".")[2]:
        return rest
    if len(args) == 1:
        return safe_text(args[0])
    return safe_repr(tuple(args)) if args else ""


def _traceback_of(attributes: Mapping[str, Any]) -> list[str] | None:
    lines = attributes.get(TRACEBACK)
    if isinstance(lines, (list, tuple)) and all(isinstance(line, str) for line in lines):
        return list(lines)
    return None


def set_attributes(error: BaseException, attributes: Mapping[Any, Any]) -> None:
    """Give *error* the attributes, notes and traceback of its class form.

    No code of its class runs: no ``__setattr__``, no setter of a property.
    """
    for name, value in attributes.items():
        if not isinstance(name, str) or name.startswith("__"):
            continue
        if not _is_plain(type(error), name):
            continue
        try:
            object.__setattr__(error, name, value)
        except (AttributeError, TypeError, ValueError):
            continue  # belongs to the class, and can't be set
    notes = attributes.get("__notes__")
    kept = list(notes) if isinstance(notes, (list, tuple)) else []
    lines = _traceback_of(attributes)
    if lines:
        kept.append(_NOTE + "".join(lines).rstrip("\n"))
    kept = [note for note in kept if isinstance(note, str)]
    if kept:
        object.__setattr__(error, "__notes__", kept)


def _is_plain(cls: type, name: str) -> bool:
    """Tell whether nothing in *cls* takes care of setting the attribute *name*."""
    for base in cls.__mro__:
        if name in vars(base):
            own = vars(base)[name]
            return isinstance(own, _FIELDS) or not hasattr(type(own), "__set__")
    return True
