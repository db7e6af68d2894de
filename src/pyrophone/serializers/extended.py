"""Class forms between peers that know the feature ``values``.

There, all values arrive as what they were. What has no literal in a format goes as a
class form, also inside others, and what arrives is made from the inside out. A mapping of
the user that looks like a form is none: it is escaped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from . import arrays, frames, moments, values
from .classes import FAILURE_CLASS, NO_FORM, ClassTable, Failure
from .exceptions import class_name
from .passages import Inlet, Outlet
from .plain import EXACT, plain_form
from .records import OBJECT, Record, full_name, kind_of, object_writer
from .tags import LayeredTable
from .values import Form, Outward, Read, Ready, Write

__all__ = ["ExtendedTable"]

_LONGEST_CHAIN = 10  # of exceptions, each the cause of the one before
_MOST_PLANS = 10_000


def _write_record(record: Record, out: Outward) -> Form:
    if record.kind == "object":
        return {**record.fields, "__class__": record.name}
    form = {"__class__": OBJECT, "name": record.name, "kind": record.kind}
    return {**form, "fields": record.fields}


_WRITERS: Mapping[type, Write] = MappingProxyType(
    {
        **values.WRITERS,
        **moments.WRITERS,
        **arrays.WRITERS,
        Ready: lambda value, out: dict(value),
        Record: _write_record,
    }
)
_READERS: Mapping[str, Read] = MappingProxyType(
    {**values.READERS, **moments.READERS, **arrays.READERS, **frames.READERS}
)


class ExtendedTable(LayeredTable):
    """A class table as peers see it who know ``values``.

    Args:
        base: The table; what is registered and allowed there, counts.
    """

    __slots__ = ("_converters", "_plans")

    def __init__(self, base: ClassTable) -> None:
        super().__init__(base)
        self._converters: Mapping[type, Any] = base.converters
        self._plans: dict[type, Write] = {}

    def outlet(self, beside: list[Any] | None = None, *, binary: bool = True) -> Outlet:
        """Return what replaces the values of one message that are not plain.

        Args:
            beside: Gets what goes beside the text; None if nothing can.
            binary: Whether the format has bytes.
        """
        return Outlet(self.plan, beside, binary)

    def reviver(self, buffers: Sequence[Any] = ()) -> Callable[[Any], Any]:
        """Return what makes objects of the class forms of one message."""
        return Inlet(self._base, _READERS, buffers).revive

    def revive(self, value: Any) -> Any:
        """Return *value* with the class forms in it converted, from the inside out."""
        return Inlet(self._base, _READERS, ()).revive(value)

    def registered_form(self, value: Any) -> Any:
        """Return what is written for *value*."""
        return Outlet(self.plan, None, True).replace(value)

    def generic_form(self, value: Any) -> Any:
        """Likewise."""
        return Outlet(self.plan, None, True).replace(value)

    def error_to_form(self, error: BaseException, traceback: list[str] | None) -> Form:
        """Return the class form of *error* with the lines of its traceback."""
        return Ready(_named(error, self._base.error_to_form(error, traceback)))

    def respell(self, form: Form) -> Form:
        """Return a class form of this library as one that is to be written."""
        return Ready(form)

    def from_form(self, form: Form) -> Any:
        """Return the object of a class form, in which all others are converted."""
        return Inlet(self._base, _READERS, ()).finish(form)

    # What is written for a value, by its type; found once.

    def plan(self, kind: type) -> Write:
        """Return what gives the form of values of that type."""
        if self._converters is not self._base.converters:  # something was registered
            self._converters, self._plans = self._base.converters, {}
        plan = self._plans.get(kind)
        if plan is None:
            if len(self._plans) >= _MOST_PLANS:  # somebody makes classes on and on
                self._plans = {}
            plan = self._plans[kind] = self._find(kind)
        return plan

    def _find(self, kind: type) -> Write:
        base = self._base
        if kind is Failure:
            return self._write_failure
        if any(issubclass(kind, cls) for cls in self._converters):
            return lambda value, out: _as_form(base.registered_form(value))
        exact = _WRITERS.get(kind) or arrays.numpy_writer(kind) or frames.writer(kind)
        if exact is not None:
            return exact
        write = self._own(kind)

        def ask_first(value: Any, out: Outward) -> Any:
            form = None if base.stand_in is None else base.stand_in_form(value)
            return write(value, out) if form is None else form

        return ask_first

    def _own(self, kind: type) -> Write:
        """Return what gives the form of a value of *kind*, a class of a user."""
        if issubclass(kind, BaseException):
            return lambda value, out: self._write_error(value)
        known = kind_of(kind)
        if known is not None:
            fields = object_writer(kind, known)
            return lambda value, out: fields(value)
        for cls in kind.__mro__:
            if cls in EXACT:
                return lambda value, out: plain_form(value)
            if cls in _WRITERS:
                return _WRITERS[cls]
        return lambda value, out: self._write_other(value)

    def _write_other(self, value: Any) -> Any:
        plain = plain_form(value)
        if plain is not NO_FORM:
            return plain
        state = self._base.own_state(value)
        if isinstance(state, Mapping):
            return {"__class__": class_name(type(value)), **state}
        return self._base.generic_form(value)

    def _write_failure(self, failure: Failure, out: Outward) -> Form:
        form = failure.form
        if form is None:
            form = self.error_to_form(failure.error, failure.traceback)
        return {"__class__": FAILURE_CLASS, "exception": form}

    def _write_error(self, error: BaseException) -> Form:
        form = _named(error, self._base.generic_form(error))
        cause = error.__cause__
        for _ in range(_LONGEST_CHAIN):
            if cause is None:
                return {**form, "cause": error.__cause__} if error.__cause__ else form
            cause = cause.__cause__
        return form


def _named(error: BaseException, form: Mapping[str, Any]) -> Form:
    """Return the form of *error*, with the whole name where its class is inside another."""
    short, name = class_name(type(error)), full_name(type(error))
    if form.get("__class__") == short != name:
        return {**form, "qualname": name}
    return dict(form)


def _as_form(form: Any) -> Any:
    return dict(form) if isinstance(form, Mapping) and type(form) is not dict else form
