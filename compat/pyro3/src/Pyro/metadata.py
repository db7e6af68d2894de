"""User's meta information: plain data, kept as bytes so that its size is known."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from .errors import NamingError

__all__ = ["MAX_META", "opened", "sealed"]

MAX_META = 65_536  # bytes for one name
_DEPTH = 50

# JSON has lists only; each starts with the letter of what it was.
_ROWS: Mapping[type, str] = MappingProxyType(
    {list: "l", tuple: "t", set: "s", frozenset: "z"}
)
_MAKERS: Mapping[str, Callable[[list[Any]], Any]] = MappingProxyType(
    {
        "l": list,
        "t": tuple,
        "s": set,
        "z": frozenset,
        "d": dict,
        "b": lambda parts: base64.b64decode(parts[0]),
        "c": lambda parts: complex(*parts),
    }
)


def sealed(value: Any, name: str) -> bytes | None:
    """Return the bytes of plain data; None for None.

    Raises:
        NamingError: It is something else, nests deeper than 50 levels, or is too large.
    """
    if value is None:
        return None
    room = iter(range(MAX_META))  # each value takes a byte at least
    try:
        data = json.dumps(_form(value, _DEPTH, room), separators=(",", ":")).encode("ascii")
    except StopIteration:
        data = b""
    except (TypeError, ValueError):
        raise NamingError("meta information must be plain data", name) from None
    if not 0 < len(data) <= MAX_META:
        raise NamingError("meta information is too large", name)
    return data


def opened(data: bytes | None) -> Any:
    """Return the value of what :func:`sealed` returned.

    Raises:
        NamingError: It is something else, from a damaged file.
    """
    try:
        return None if data is None else _value(json.loads(data))
    except (ValueError, TypeError, KeyError, IndexError, RecursionError):
        raise NamingError("damaged meta information") from None


def _form(value: Any, depth: int, room: Iterator[int]) -> Any:
    next(room)  # or StopIteration
    kind = type(value)
    if value is None or kind in (bool, int, float, str):
        return value
    if kind is bytes:
        return ["b", base64.b64encode(value).decode("ascii")]
    if kind is complex:
        return ["c", value.real, value.imag]
    if depth == 0:
        raise ValueError("too deep")
    if kind is dict:
        return ["d", *[_form(pair, depth - 1, room) for pair in value.items()]]
    if kind in _ROWS:
        return [_ROWS[kind], *[_form(one, depth - 1, room) for one in value]]
    raise TypeError(kind)


def _value(form: Any) -> Any:
    if not isinstance(form, list):
        return form
    return _MAKERS[form[0]]([_value(one) for one in form[1:]])
