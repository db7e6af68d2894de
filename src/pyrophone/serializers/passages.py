"""What the values of one message pass through, on their way out and on their way in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..errors import SecurityError, SerializeError
from .classes import (
    DAEMON_CLASS,
    FAILURE_CLASS,
    PROXY_CLASS,
    SERIALIZER_CLASSES,
    URI_CLASS,
    ClassTable,
)
from .exceptions import is_error_form, safe_text
from .functions import FUNCTION_CLASS
from .records import KINDS, OBJECT, Allowed, Record, build_error
from .values import Form, Inward, Outward, Read, Ready, Write, field, write_base64

__all__ = ["MOST_BUFFERS", "THRESHOLD", "Flattening", "Inlet", "Outlet"]

# Bytes; what is less goes in the text. To go beside it costs the same for any size, as
# much as to read and write 8 KiB of any bytes in the text: see docs/explanation/speed.md.
THRESHOLD = 8192
MOST_BUFFERS = 1024  # beside one text
_BUFFER = "pyrophone.Buffer"
_CONTAINERS = frozenset({dict, list, tuple})
_LIBRARY = frozenset(
    {DAEMON_CLASS, FAILURE_CLASS, FUNCTION_CLASS, PROXY_CLASS, URI_CLASS}
).union(SERIALIZER_CLASSES)


class Outlet(Outward):
    """Replaces the values of one message that have no literal.

    Args:
        plan: Gives what writes values of a type.
        beside: Gets views of what goes beside the text; None if nothing can. Those of
            ``bytes`` arrive as such, all others as something that can be written to.
        binary: Whether the format has bytes; else they go as base64.
    """

    __slots__ = ("_beside", "_binary", "_plan")

    def __init__(
        self, plan: Callable[[type], Write], beside: list[Any] | None, binary: bool
    ) -> None:
        self._plan = plan
        self._beside = beside
        self._binary = binary

    def replace(self, value: Any) -> Any:
        """Return what to write in place of *value*; a mapping is then no value but a form.

        Raises:
            SerializeError: It can't travel.
        """
        return self._plan(type(value))(value, self)

    def block(self, value: bytes | bytearray | memoryview) -> Any:
        beside = self._beside
        if beside is None or len(value) < THRESHOLD:
            return bytes(value) if self._binary else write_base64(value)
        if len(beside) >= MOST_BUFFERS:
            return write_base64(value)
        beside.append(memoryview(value))
        return Ready({"__class__": _BUFFER, "n": len(beside) - 1})

    def takes(self, value: bytes) -> bool:
        """Tell whether bytes are to be replaced: whether they are to go beside the text."""
        return self._beside is not None and len(value) >= THRESHOLD


class Flattening:
    """Makes of any value one that a library for a plain format can write.

    Args:
        replace: Gives the form of what the format has no literal for.
        takes: Tells whether an atom is to be replaced all the same; None is never.
        atoms: The types that have one, but for lists and mappings.
        is_key: Tells whether something may be the key of a mapping.
        max_depth: How deep containers may nest.
    """

    __slots__ = ("_atoms", "_is_key", "_max_depth", "_outlet")

    def __init__(
        self,
        outlet: Outlet,
        atoms: frozenset[type],
        is_key: Callable[[Any], bool],
        max_depth: int,
    ) -> None:
        self._outlet = outlet
        self._atoms = atoms
        self._is_key = is_key
        self._max_depth = max_depth

    def flat(self, value: Any, depth: int) -> Any:
        """Return *value* with forms in it, which may have *depth* levels.

        Raises:
            SerializeError: Something in it can't travel.
        """
        kind = type(value)
        if kind in self._atoms and (kind is not bytes or not self._outlet.takes(value)):
            return value
        if depth <= 0:
            raise SerializeError(f"nested deeper than {self._max_depth} levels")
        if kind is list:
            return self.items(value, depth)
        if kind is dict and "__class__" not in value and all(map(self._is_key, value)):
            return self.mapping(value, depth)
        form = self._outlet.replace(value)
        if type(form) is dict:
            return self.mapping(form, depth)
        return self.flat(form, depth)

    def items(self, values: Sequence[Any], depth: int) -> list[Any]:
        """Return *values*, likewise, which are of a list."""
        atoms, flat = self._atoms, self.flat
        simple = atoms if bytes not in atoms else atoms - {bytes}
        return [v if type(v) in simple else flat(v, depth - 1) for v in values]

    def mapping(self, value: Mapping[Any, Any], depth: int) -> Form:
        """Return a mapping, likewise, whatever its keys are."""
        return {key: self.flat(item, depth - 1) for key, item in value.items()}


class Inlet(Inward):
    """Makes objects of the class forms of one message, from the inside out.

    Args:
        table: What is registered and allowed.
        readers: What makes the values of the library's own kinds.
        buffers: What came beside the text. Each may be used once.
    """

    __slots__ = ("_buffers", "_readers", "_table", "_used")

    def __init__(
        self, table: ClassTable, readers: Mapping[str, Read], buffers: Sequence[Any]
    ) -> None:
        self._table = table
        self._readers = readers
        self._buffers = buffers
        self._used: set[int] = set()

    def revive(self, value: Any) -> Any:
        """Return *value* with the forms in it converted; containers may be changed."""
        kind = type(value)
        if kind is dict:
            for key, item in value.items():
                if type(item) in _CONTAINERS:
                    value[key] = self.revive(item)
            return self.finish(value) if "__class__" in value else value
        if kind is list:
            for index, item in enumerate(value):
                if type(item) in _CONTAINERS:
                    value[index] = self.revive(item)
        elif kind is tuple:
            return tuple([self.revive(item) for item in value])
        return value

    def finish(self, form: Form) -> Any:
        """Return the object of a form in which all others are converted.

        Raises:
            SerializeError: It fits nothing.
            SecurityError: Its name looks like an internal one.
        """
        name = form["__class__"]
        if type(name) is not str:
            raise SerializeError(
                f"malformed class form: __class__ is {type(name).__name__}"
            )
        try:
            read = self._readers.get(name)
            if read is not None:
                return read(form, self)
            if name == _BUFFER:
                return self._buffer(field(form, "n", int))
            return self._object(form) if name == OBJECT else self._other(name, form)
        except (SerializeError, SecurityError):
            raise
        except Exception as error:  # of a constructor that got what others wrote
            reason = safe_text(error) or type(error).__name__
            raise SerializeError(f"malformed {name:.80}: {reason:.200}") from error

    def block(self, value: Any) -> Any:
        if type(value) not in (bytes, bytearray, memoryview):
            raise SerializeError(f"{type(value).__name__} in place of bytes")
        return value

    def record(self, form: Mapping[str, Any]) -> Record:
        fields = dict(form)
        return Record(fields.pop("__class__"), fields)

    def _buffer(self, number: int) -> Any:
        if not 0 <= number < len(self._buffers):
            raise SerializeError(f"buffer {number} of {len(self._buffers)} is missing")
        if number in self._used:  # one may be made something larger, and no more than once
            raise SerializeError(f"buffer {number} is used twice")
        self._used.add(number)
        return self._buffers[number]

    def _object(self, form: Form) -> Any:
        """Return the value of a user's class, or the record of one that is not known."""
        name, kind = field(form, "name", str), field(form, "kind", str)
        fields = field(form, "fields", dict)
        if kind not in KINDS or not all(type(key) is str for key in fields):
            raise SerializeError(f"malformed {OBJECT} {name:.80} of kind {kind:.80}")
        if self._table.has_name(name):
            return self._table.from_form({**fields, "__class__": name})
        allowed = self._table.allowed
        cls = allowed.find(name)
        if cls is not None and not issubclass(cls, BaseException):
            return allowed.build(cls, fields)
        return Record(_checked(name), fields, kind)

    def _other(self, name: str, form: Form) -> Any:
        table = self._table
        if table.has_name(name) or name in _LIBRARY:
            return table.from_form(form)
        if is_error_form(form):
            return self._error(table.allowed, form)
        if not all(type(key) is str for key in form):
            raise SerializeError(f"malformed class form {name:.80}: a key is no text")
        _checked(name)
        return self.record(form)

    def _error(self, allowed: Allowed, form: Form) -> BaseException:
        cls = allowed.find(form.get("qualname") or form["__class__"])
        error: BaseException
        if cls is not None and issubclass(cls, Exception):
            error = build_error(cls, form)
        else:
            error = self._table.from_form(form)
        cause = form.get("cause")
        if isinstance(cause, BaseException):
            error.__cause__ = cause
        return error


def _checked(name: str) -> str:
    if "__" in name.removeprefix("__main__."):
        raise SecurityError(f"refused to make an object of class {name:.80}")
    return name
