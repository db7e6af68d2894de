"""How values travel: as plain data, and what is registered; nothing is pickled."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pyrophone.errors import RemoteError, SerializeError
from pyrophone.serializers import ClassTable
from pyrophone.serializers.records import Allowed, Record

from .errors import NoModuleError, PyroExceptionCapsule
from .uris import DIRECT, LOOKED_UP, PyroURI

__all__ = ["CLASSES", "known", "registerClass", "uri_of"]

_URI = "Pyro.core.PyroURI"
_CAPSULE = "Pyro.errors.PyroExceptionCapsule"
_OF_WIRE = "Pyro5."  # how names of Pyrophone's own errors begin there
_LONGEST_NAME = 500  # characters
_MISSED = threading.local()  # whether a class was looked for in vain


class _Loaded(Allowed):
    """What is registered, and exceptions of modules that this program has imported.

    Nothing is ever imported here, and their constructors are not called.
    """

    __slots__ = ()

    def find(self, name: str) -> type | None:
        """Return the class that a peer calls *name*."""
        return super().find(name) or _loaded_error(name)


class _Table(ClassTable):
    """Refuses values of classes that were not registered."""

    __slots__ = ()

    def has_name(self, name: str) -> bool:
        """Tell whether values of a class that is called so can be read."""
        found = super().has_name(name)
        if not found:
            _MISSED.names = True
        return found

    def generic_form(self, value: Any) -> Any:
        """Return the form of an exception; nothing else has one."""
        if isinstance(value, BaseException):
            return super().generic_form(value)
        cls = f"{type(value).__module__}.{type(value).__qualname__}"
        way = "register it with Pyro.util.registerClass"
        if hasattr(type(value), "getAttrProxy"):
            way = "connect it, and pass its getProxy()"
        raise SerializeError(f"{cls} can't travel: {way}")


def known(value: Any) -> Any:
    """Return what came from afar if all classes in it are known.

    Raises:
        NoModuleError: One is not.
    """
    if getattr(_MISSED, "names", False):
        _MISSED.names = False
        for one in _parts(value):
            if isinstance(one, Record):
                raise NoModuleError(f"class {one.name} is not known here: register it")
            if isinstance(one, RemoteError):  # what stands for an exception
                raise NoModuleError(f"exception {one.class_name} is not known here")
    return value


def _parts(value: Any) -> Iterator[Any]:
    """Yield *value* and what is in it, for as far as plain containers go."""
    left = [value]
    while left:
        one = left.pop()
        yield one
        if isinstance(one, dict):
            left += [*one.keys(), *one.values()]
        elif isinstance(one, (list, tuple, set, frozenset)):
            left += one


def _loaded_error(name: Any) -> type | None:
    if not isinstance(name, str) or len(name) > _LONGEST_NAME:
        return None
    if name.startswith(_OF_WIRE):  # though the program may have such a class, too
        return None
    parts = name.split(".")
    for size in range(len(parts) - 1, 0, -1):
        module = sys.modules.get(".".join(parts[:size]))
        if module is None:
            continue
        found: Any = vars(module).get(parts[size])  # runs no code of the module
        for part in parts[size + 1 :]:
            found = vars(found).get(part) if isinstance(found, type) else None
        if isinstance(found, type) and issubclass(found, Exception):
            return found
        return None
    return None


CLASSES = _Table()
CLASSES.allowed = _Loaded()


def registerClass(
    cls: type,
    to_dict: Callable[[Any], Mapping[str, Any]] | None = None,
    from_dict: Callable[[dict[str, Any]], Any] | None = None,
) -> None:
    """Let values of *cls* travel; both programs have to do it.

    Args:
        cls: A class of the program.
        to_dict: Returns the plain data of a value. Neither function is needed for
            dataclasses, enumerations and named tuples.
        from_dict: Returns the value of such data.

    Raises:
        TypeError: The class needs the two functions.
    """
    if to_dict is None or from_dict is None:
        CLASSES.allow(cls)
        return
    write, read = to_dict, from_dict
    name = f"{cls.__module__}.{cls.__qualname__}"

    def written(value: Any) -> dict[str, Any]:
        return {"__class__": name, "state": dict(write(value))}

    def made(_: str, form: dict[str, Any]) -> Any:
        state = form.get("state")
        if type(state) is not dict:
            raise NoModuleError(f"malformed value of class {name}")
        return read(state)

    CLASSES.register(cls, written)
    CLASSES.register_name(name, made)


def _write_uri(uri: PyroURI) -> dict[str, Any]:
    parts = (uri.protocol, uri.address, uri.port, uri.objectID)
    return {"__class__": _URI, "parts": parts}


def _read_uri(_: str, form: dict[str, Any]) -> PyroURI:
    return uri_of(form.get("parts"))


def uri_of(parts: Any) -> PyroURI:
    """Return the URI of its four parts, which a peer sent; no host is looked up.

    Raises:
        ValueError: They are none.
    """
    if not isinstance(parts, (list, tuple)) or len(parts) != 4:
        raise ValueError("malformed URI")
    protocol, address, port, object_id = parts
    texts = (protocol, address, object_id)
    if not all(isinstance(text, str) and text.isprintable() for text in texts):
        raise ValueError("malformed URI")
    if protocol not in DIRECT | LOOKED_UP or type(port) is not int:
        raise ValueError("malformed URI")
    uri = object.__new__(PyroURI)
    uri.protocol, uri.address, uri.port, uri.objectID = protocol, address, port, object_id
    return uri


def _write_capsule(capsule: PyroExceptionCapsule) -> dict[str, Any]:
    return {"__class__": _CAPSULE, "error": capsule.excObj, "args": capsule.args}


def _read_capsule(_: str, form: dict[str, Any]) -> PyroExceptionCapsule:
    error = form.get("error")
    if not isinstance(error, Exception):
        raise ValueError("malformed capsule")
    return PyroExceptionCapsule(error, form.get("args"))


CLASSES.register(PyroURI, _write_uri)
CLASSES.register_name(_URI, _read_uri)
CLASSES.register(PyroExceptionCapsule, _write_capsule)
CLASSES.register_name(_CAPSULE, _read_capsule)
