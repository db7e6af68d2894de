"""Class forms: how objects travel that are not plain data.

A class form is a mapping with the key ``__class__``. Which classes have one,
and what is made of one that arrives, stands in a :class:`ClassTable`. Each
daemon and each connection has its own.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..errors import SecurityError, SerializeError
from ..uri import URI
from . import exceptions
from .annotations import is_buildable, mentioned_classes
from .forms import (
    DAEMON_CLASS,
    FAILURE_CLASS,
    NO_FORM,
    PROXY_CLASS,
    SERIALIZER_CLASSES,
    URI_CLASS,
    Failure,
    Form,
    Placeholder,
    placeholder_form,
    read_uri,
    slots_of,
    state_of,
    uri_form,
)
from .functions import FUNCTION_CLASS, FUNCTIONS, function_form, read_function
from .records import Allowed

__all__ = [
    "DAEMON_CLASS",
    "FAILURE_CLASS",
    "NO_FORM",
    "PROXY_CLASS",
    "SERIALIZER_CLASSES",
    "URI_CLASS",
    "ClassTable",
    "Failure",
    "Form",
    "Placeholder",
]

_CONTAINERS = frozenset({dict, list, tuple})
_NO_DATA = (type, types.ModuleType)


class ClassTable:
    """Turns objects into class forms, and class forms into objects.

    URIs, exceptions, and what a batch needs are known from the start. Threads
    may share it, also while classes are registered.

    Attributes:
        stand_in: Asked first, about every object that is not plain data: what
            to send in its place, or None to go on.
        tags: The :class:`.tags.Tags` of the names in its forms; None for those of 502.
        allowed: The classes of which values may be built, where the feature ``values`` is
            in force.
    """

    __slots__ = ("_from_form", "_to_form", "allowed", "stand_in")

    tags: Any = None

    def __init__(self) -> None:
        self.stand_in: Callable[[Any], Mapping[str, Any] | None] | None = None
        # Replaced, never changed: a thread may be reading the old one.
        self._to_form: dict[type, Callable[[Any], Any]] = {
            URI: uri_form,
            Failure: self._failure_form,
            Placeholder: placeholder_form,
        }
        self._from_form: dict[str, Callable[[str, Form], Any]] = {}
        self.allowed = Allowed()

    @property
    def converters(self) -> Mapping[type, Callable[[Any], Any]]:
        """What is registered for sending, by class; another one after each change."""
        return self._to_form

    def allow(self, *classes: type) -> None:
        """Let values of *classes* be built, and of those that their fields name.

        They have to be dataclasses, enumerations, named tuples, models of attrs or
        pydantic, or exceptions. It counts between peers that know the feature ``values``;
        their own ``__init__`` judges what others send, if they have one.

        Raises:
            TypeError: One is of no such kind: use :meth:`register`, :meth:`register_name`.
        """
        for cls in classes:
            if not is_buildable(cls):
                raise TypeError(
                    f"{cls!r} is no dataclass, enumeration, named tuple, exception, or "
                    "model of attrs or pydantic: register what makes it"
                )
        self.allowed.update(mentioned_classes(classes))

    def register(self, cls: type, to_form: Callable[[Any], Any]) -> None:
        """Send instances of *cls* and its subclasses as what *to_form* returns for them.

        The first class registered wins, where an object is of several.
        """
        self._to_form = {**self._to_form, cls: to_form}

    def unregister(self, cls: type) -> None:
        """Undo :meth:`register`; a class that is not registered is no error."""
        self._to_form = {c: f for c, f in self._to_form.items() if c is not cls}

    def register_name(self, name: str, from_form: Callable[[str, Form], Any]) -> None:
        """Make what arrives as class *name*, exactly, by *from_form*\\ (name, form)."""
        self._from_form = {**self._from_form, name: from_form}

    def unregister_name(self, name: str) -> None:
        """Undo :meth:`register_name`; a name that is not registered is no error."""
        self._from_form = {n: f for n, f in self._from_form.items() if n != name}

    def has_name(self, name: str) -> bool:
        """Tell whether something is registered for what arrives as class *name*."""
        return name in self._from_form

    def to_form(self, value: Any) -> Any:
        """Return what to send in place of *value*, which is not plain data.

        Raises:
            SerializeError: It has no class form, or its converter failed.
        """
        form = self.registered_form(value)
        return self.generic_form(value) if form is NO_FORM else form

    def registered_form(self, value: Any) -> Any:
        """Return what the stand-in or a registered class gives for *value*, or NO_FORM."""
        if self.stand_in is not None:
            form = self.stand_in_form(value)
            if form is not None:
                return form
        for cls, to_form in self._to_form.items():
            if isinstance(value, cls):
                return self._convert(to_form, value)
        return NO_FORM

    def stand_in_form(self, value: Any) -> Any:
        """Return what the stand-in gives for *value*; None if it gives nothing."""
        return None if self.stand_in is None else self._convert(self.stand_in, value)

    def generic_form(self, value: Any) -> Any:
        """Return the class form of an object of which nothing special is known."""
        if isinstance(value, BaseException):
            return exceptions.error_form(value)
        if isinstance(value, FUNCTIONS):
            return function_form(value)
        state = self.own_state(value)
        if isinstance(state, Mapping):
            return dict(state)
        cls = type(value)
        slots = list(slots_of(cls))
        if isinstance(value, _NO_DATA) or not (slots or hasattr(value, "__dict__")):
            raise SerializeError(f"{cls.__name__} object")
        form = {name: getattr(value, name) for name in slots if hasattr(value, name)}
        form.update(getattr(value, "__dict__", {}))
        form["__class__"] = exceptions.class_name(cls)
        return form

    def own_state(self, value: Any) -> Any:
        """Return what the class's own ``__getstate__`` gives for *value*, or NO_FORM."""
        own: Any = type(value).__getstate__
        if isinstance(value, type) or own is object.__getstate__:
            return NO_FORM
        return self._convert(own, value)

    def error_to_form(self, error: BaseException, traceback: list[str] | None) -> Form:
        """Return the class form of *error* with the lines of its traceback."""
        form: Any = self.to_form(error)
        if not isinstance(form, Mapping):
            raise SerializeError(f"the form of a {type(error).__name__} is no mapping")
        if form.get("__exception__") is not True:
            return dict(form)  # a converter's own invention
        attributes = {**(form.get("attributes") or {}), exceptions.TRACEBACK: traceback}
        return {**form, "attributes": attributes}

    def respell(self, form: Form) -> Form:
        """Return a class form of this library in the names of this table's peers."""
        return form

    def from_form(self, form: Form) -> Any:
        """Return the object of a class form.

        Raises:
            SerializeError: Its class is unknown, or the form malformed.
            SecurityError: Its class name looks like an internal one.
        """
        name = form.get("__class__")
        if not isinstance(name, str):
            raise SerializeError(
                f"malformed class form: __class__ is {type(name).__name__}"
            )
        registered = self._from_form.get(name)
        if registered is not None:
            return self._convert(registered, name, form)
        if exceptions.is_error_form(form):
            return exceptions.read_error(form, self.from_form)
        if "__" in name:
            raise SecurityError(f"refused to make an object of class {name}")
        if name == URI_CLASS:
            return read_uri(state_of(form, 5))
        if name == DAEMON_CLASS:
            state_of(form, 0)
            return Placeholder(name)
        if name in SERIALIZER_CLASSES:
            return SERIALIZER_CLASSES[name]
        if name == FAILURE_CLASS:
            return self._read_failure(form)
        if name == FUNCTION_CLASS:
            return read_function(form)
        raise SerializeError(f"unsupported serialized class: {name}")

    def revive(self, value: Any) -> Any:
        """Return *value* with the class forms in it converted, from the top down.

        Forms inside forms stay what they are. Lists and mappings are changed
        in place.
        """
        if type(value) is dict:
            if "__class__" in value:
                return self.from_form(value)
            for key, item in value.items():
                if type(item) in _CONTAINERS:
                    value[key] = self.revive(item)
        elif type(value) is list:
            for index, item in enumerate(value):
                if type(item) in _CONTAINERS:
                    value[index] = self.revive(item)
        elif type(value) is tuple:
            return tuple([self.revive(item) for item in value])
        return value

    def reviver(self, buffers: Sequence[Any] = ()) -> Callable[[Any], Any]:
        """Return what does as :meth:`revive` for one message; no buffers belong to any."""
        return self.revive

    @staticmethod
    def _convert(function: Callable[..., Any], *args: Any) -> Any:
        """Run a converter of the user; whatever it raises is a SerializeError."""
        try:
            return function(*args)
        except (SerializeError, SecurityError):
            raise
        except Exception as error:  # of the program's converter, anything
            what = args[0] if isinstance(args[0], str) else type(args[0]).__name__
            raise SerializeError(
                f"converting a {what} failed: {exceptions.safe_repr(error)}"
            ) from error

    def _failure_form(self, failure: Failure) -> Form:
        if failure.form is not None:
            form = failure.form
        elif failure.traceback is None:
            form = self.to_form(failure.error)
        else:
            form = self.error_to_form(failure.error, failure.traceback)
        return {"__class__": FAILURE_CLASS, "exception": form}

    def _read_failure(self, form: Form) -> Failure:
        error = form.get("exception")
        if type(error) is dict and "__class__" in error:
            error = self.from_form(error)
        if not isinstance(error, BaseException):
            raise SerializeError(f"malformed {FAILURE_CLASS}: no exception in it")
        return Failure(error)
