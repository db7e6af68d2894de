"""What the wire calls classes; not every dialect of it uses the same names.

The names in :mod:`.classes` and :mod:`.exceptions` are those of protocol 502, and all
that is written or read inside this library has them. For a peer who knows others, a
:class:`TaggedTable` translates the class forms on their way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from . import exceptions
from .classes import (
    DAEMON_CLASS,
    FAILURE_CLASS,
    PROXY_CLASS,
    SERIALIZER_CLASSES,
    URI_CLASS,
    ClassTable,
    Form,
)

__all__ = ["LayeredTable", "TaggedTable", "Tags"]

_CONTAINERS = (dict, list, tuple)


class Tags:
    """The names that one dialect has for classes; by default those of 502.

    Args:
        uri: Of a URI.
        proxy: Of a proxy.
        daemon: Of a daemon.
        failure: Of what stands for a failed call in the result of a batch.
        errors: What the names of the library's own errors begin with.
        serializers: Of serializers, by their names.
    """

    def __init__(
        self,
        *,
        uri: str = URI_CLASS,
        proxy: str = PROXY_CLASS,
        daemon: str = DAEMON_CLASS,
        failure: str = FAILURE_CLASS,
        errors: str = exceptions.ERRORS,
        serializers: Mapping[str, str] | None = None,
    ) -> None:
        ours = {name: tag for tag, name in SERIALIZER_CLASSES.items()}
        theirs = ours if serializers is None else dict(serializers)
        self.proxy = proxy
        self._errors = errors
        self._written = {
            URI_CLASS: uri,
            PROXY_CLASS: proxy,
            DAEMON_CLASS: daemon,
            FAILURE_CLASS: failure,
            **{ours[name]: tag for name, tag in theirs.items() if name in ours},
        }
        self._read = {tag: ours for ours, tag in self._written.items()}

    def write(self, form: Mapping[str, Any]) -> Form:
        """Return *form*, which has the names of 502, with those of this dialect."""
        errors = exceptions.ERRORS, self._errors
        respelled = _respelled(form, self._written, errors, self.write)
        if form["__class__"] == PROXY_CLASS:
            return self.write_proxy(respelled)
        return respelled

    def read(self, form: Mapping[str, Any]) -> Form:
        """Undo :meth:`write`; names that this dialect does not have stay as they are.

        Raises:
            SerializeError: The form is malformed.
        """
        errors = self._errors, exceptions.ERRORS
        respelled = _respelled(form, self._read, errors, self.read)
        if form["__class__"] == self.proxy:
            return self.read_proxy(respelled)
        return respelled

    def write_proxy(self, form: Form) -> Form:
        """Return the form of a proxy, with the state of 502, as this dialect has it."""
        return form

    def read_proxy(self, form: Form) -> Form:
        """Undo :meth:`write_proxy`.

        The result may have an item ``dialect``, what to speak with the proxy's daemon.

        Raises:
            SerializeError: The state is something else; it comes from a stranger.
        """
        return form


class LayeredTable(ClassTable):
    """A class table as some peers see it; what it knows is in another.

    What is registered with one of the two is registered with both.

    Args:
        base: The other.
    """

    __slots__ = ("_base",)

    def __init__(self, base: ClassTable) -> None:
        super().__init__()
        self._base = base

    @property
    def converters(self) -> Mapping[type, Callable[[Any], Any]]:
        """What is registered for sending, by class."""
        return self._base.converters

    def allow(self, *classes: type) -> None:
        """Let values of *classes* be built."""
        self._base.allow(*classes)

    def register(self, cls: type, to_form: Callable[[Any], Any]) -> None:
        """Send instances of *cls* as what *to_form* returns for them."""
        self._base.register(cls, to_form)

    def unregister(self, cls: type) -> None:
        """Undo :meth:`register`."""
        self._base.unregister(cls)

    def register_name(self, name: str, from_form: Callable[[str, Form], Any]) -> None:
        """Make what arrives as class *name*, exactly, by *from_form*."""
        self._base.register_name(name, from_form)

    def unregister_name(self, name: str) -> None:
        """Undo :meth:`register_name`."""
        self._base.unregister_name(name)

    def has_name(self, name: str) -> bool:
        """Tell whether something is registered for what arrives as class *name*."""
        return self._base.has_name(name)

    def own_state(self, value: Any) -> Any:
        """Return what the class's own ``__getstate__`` gives for *value*."""
        return self._base.own_state(value)


class TaggedTable(LayeredTable):
    """A class table as peers see it who have other names for classes.

    Args:
        base: The table.
        tags: The names that the peers know.
    """

    __slots__ = ("_tags",)

    def __init__(self, base: ClassTable, tags: Tags) -> None:
        super().__init__(base)
        self._tags = tags

    def registered_form(self, value: Any) -> Any:
        """Return what the base gives for *value*, in the names of these peers."""
        return self._out(self._base.registered_form(value))

    def generic_form(self, value: Any) -> Any:
        """Likewise, for an object of which nothing special is known."""
        return self._out(self._base.generic_form(value))

    def error_to_form(self, error: BaseException, traceback: list[str] | None) -> Form:
        """Return the class form of *error* with the lines of its traceback."""
        return self.respell(self._base.error_to_form(error, traceback))

    def respell(self, form: Form) -> Form:
        """Return a class form of the base in the names of these peers."""
        if self._base.tags is not None:
            form = self._base.tags.read(form)
            form.pop("dialect", None)  # for those here who read it
        return self._tags.write(form)

    def from_form(self, form: Form) -> Any:
        """Return the object of a class form; see the base."""
        name = form.get("__class__")
        if isinstance(name, str) and not self._base.has_name(name):
            form = self._tags.read(form)
            if self._base.tags is not None:
                form = self._base.tags.write(form)
        return self._base.from_form(form)

    def _out(self, form: Any) -> Any:
        if isinstance(form, Mapping) and isinstance(form.get("__class__"), str):
            return self.respell(dict(form))
        return form


def _respelled(
    form: Mapping[str, Any],
    names: Mapping[str, str],
    errors: tuple[str, str],
    inner: Callable[[Mapping[str, Any]], Form],
) -> Form:
    """Return *form* with other names of its class, and of all inside an exception."""
    name = form["__class__"]
    respelled = dict(form)
    if name in names:
        respelled["__class__"] = names[name]
        if _is_form(form.get("exception")):  # of a failed call in a batch
            respelled["exception"] = inner(form["exception"])
    elif name.startswith(errors[0]):
        respelled["__class__"] = errors[1] + name.removeprefix(errors[0])
    args = form.get("args")
    if form.get("__exception__") is True and isinstance(args, (list, tuple)):
        respelled["args"] = tuple(_each(list(args), inner))
    return respelled


def _deeply(value: Any, inner: Callable[[Mapping[str, Any]], Form]) -> Any:
    """Return *value* with all class forms in it done by *inner*, which sees to theirs."""
    if _is_form(value):
        return inner(value)
    if type(value) is dict:
        return dict(zip(value, _each(list(value.values()), inner), strict=True))
    if type(value) in (list, tuple):
        return type(value)(_each(list(value), inner))
    return value


def _each(values: list[Any], inner: Callable[[Mapping[str, Any]], Form]) -> list[Any]:
    for index, value in enumerate(values):
        if type(value) in _CONTAINERS:
            values[index] = _deeply(value, inner)
    return values


def _is_form(value: Any) -> bool:
    return type(value) is dict and isinstance(value.get("__class__"), str)
