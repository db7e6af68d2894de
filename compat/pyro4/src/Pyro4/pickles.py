"""The serializers that can send almost anything, and whose bytes can do anything.

To read a pickle is to run what its writer likes. So all three are off until a program or
the environment puts them into SERIALIZERS_ACCEPTED, as a server, or chooses them, as a
client. A daemon that accepts them trusts all who can reach it.
"""

from __future__ import annotations

import contextlib
import copy
import copyreg
import functools
import importlib
import importlib.util
import io
import warnings
from collections import ChainMap
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

from pyrophone import errors as ours
from pyrophone.classic.serializers import check_replaceable
from pyrophone.net.addresses import is_loopback
from pyrophone.serializers.exceptions import safe_text

from . import errors
from .border import refusal, translated
from .configuration import config
from .converters import SerializerBase

__all__ = [
    "FAMILY",
    "CloudpickleSerializer",
    "DillSerializer",
    "PickleSerializer",
    "Pickling",
    "available",
    "pickle_as",
    "sendable",
    "unsendable",
    "warn_of_pickles",
]

FAMILY = ("pickle", "dill", "cloudpickle")
_CALL_PARTS = 4
# What to pickle for objects of exactly these types. Private: with those of copyreg, to copy
# such an object would be changed, too.
_REDUCERS: dict[type, Callable[[Any], Any]] = {}


class _UnpicklableError(errors.SerializeError, TypeError, ValueError):
    """A value that can't be pickled. Its cause is what a client is told."""

    # For whoever looks, it is what it is first of all.
    __module__ = errors.__name__
    __qualname__ = "SerializeError"

    def __reduce__(self) -> Any:
        return errors.SerializeError, self.args, vars(self) or None


_UnpicklableError.__name__ = "SerializeError"


class Pickling(SerializerBase):
    """One of the three."""

    module: ClassVar[str]

    def dumps(self, data: Any) -> bytes:
        """Return the bytes of a value.

        Raises:
            SerializeError: Something in it can't travel.
        """
        try:
            file = io.BytesIO()
            _pickler(self.module)(file, self.protocol()).dump(data)
            return file.getvalue()
        except Exception as error:  # the objects' own code ran
            text = f"{type(error).__name__}: {safe_text(error)}"
            raise _UnpicklableError(text) from error

    def loads(self, data: Any) -> Any:
        """Return the value of bytes, for which they may run whatever is in them.

        Raises:
            SerializeError: They can't be read, or what they ran raised something.
        """
        try:
            return importlib.import_module(self.module).loads(data)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # of whatever the bytes make, anything
            text = f"not {self.name} data: {type(error).__name__}: {safe_text(error)}"
            raise refusal(errors.SerializeError(text)) from error

    def dumpsCall(self, obj: str, method: str, vargs: Any, kwargs: Any) -> bytes:
        """Return the bytes of a call; raises as :meth:`dumps` does."""
        return self.dumps((obj, method, vargs, kwargs))

    def loadsCall(self, data: Any) -> Any:
        """Return the four parts of a call; raises as :meth:`loads` does."""
        parts = self.loads(data)
        if type(parts) not in (tuple, list) or len(parts) != _CALL_PARTS:
            raise refusal(errors.SerializeError("malformed call: not a sequence of four"))
        object_id, method, args, kwargs = parts
        if type(object_id) is not str or type(method) is not str:
            raise refusal(
                errors.SerializeError("malformed call: object and method must be strings")
            )
        if type(args) not in (tuple, list) or not isinstance(kwargs, dict | None):
            raise refusal(errors.SerializeError("malformed call: no arguments in it"))
        return object_id, method, args, kwargs

    def dump_error(self, error: BaseException, traceback: list[str] | None) -> bytes:
        """Return the bytes of what a method raised; never fails, whatever it holds."""
        try:
            return self.dumps(sendable(error, traceback))
        except errors.SerializeError as problem:
            return self.dumps(sendable(unsendable(error, problem), traceback))

    def protocol(self) -> int:
        """Return the version of the format to write, as the configuration says now."""
        version: int = config.PICKLE_PROTOCOL_VERSION
        return version

    @classmethod
    def register_type_replacement(
        cls, object_type: type, replacement_function: Callable[[Any], Any]
    ) -> None:
        """Write objects of exactly *object_type* as what the function gives for them.

        All three of the family do so then.

        Raises:
            ValueError: It is no class, or the class of all classes.
        """
        check_replaceable(object_type)
        pickle_as(object_type, replacement_function)

    def __reduce__(self) -> Any:
        return type(self), ()


class PickleSerializer(Pickling):
    """Python's own format for objects."""

    __module__ = "Pyro4.util"

    name = module = "pickle"
    serializer_id = 4


class DillSerializer(Pickling):
    """Pickles of functions, classes and more, by the library dill."""

    __module__ = "Pyro4.util"

    name = module = "dill"
    serializer_id = 5

    def protocol(self) -> int:
        """Return the version of the format to write, as the configuration says now."""
        version: int = config.DILL_PROTOCOL_VERSION
        return version


class CloudpickleSerializer(Pickling):
    """Pickles of functions, classes and more, by the library cloudpickle."""

    __module__ = "Pyro4.util"

    name = module = "cloudpickle"
    serializer_id = 7


def available(name: str) -> bool:
    """Tell whether the library of one of the three is installed."""
    return importlib.util.find_spec(name) is not None


def pickle_as(object_type: type, replace: Callable[[Any], Any]) -> None:
    """Pickle objects of exactly *object_type* as what *replace* gives for them."""
    _REDUCERS[object_type] = functools.partial(_reduce, replace)


def sendable(error: BaseException, traceback: list[str] | None) -> BaseException:
    """Return what is pickled for what a method raised, with its traceback."""
    if isinstance(error, _UnpicklableError) and error.__cause__ is not None:
        error = error.__cause__
    if not isinstance(error, Exception):  # would end the client, were it raised there
        error = errors.PyroError(f"{type(error).__name__}: {safe_text(error)}")
    with contextlib.suppress(Exception):  # some classes let nothing be set
        error._pyroTraceback = traceback  # type: ignore[attr-defined]
    return error


def unsendable(error: BaseException, problem: Exception) -> errors.PyroError:
    """Return what is sent in place of an exception that can't be written."""
    return errors.PyroError(
        f"Error serializing exception: {safe_text(problem)}. "
        f"Original exception: {type(error)}: {safe_text(error)}"
    )


def warn_of_pickles(names: Iterable[str], host: str | None) -> None:
    """Warn if a daemon that accepts serializers *names* can be reached from elsewhere.

    Args:
        names: All that it accepts.
        host: Where it listens; None is at a Unix socket, or at a connected one.
    """
    risky = sorted(set(names).intersection(FAMILY))
    if risky and host is not None and not is_loopback(host):
        warnings.warn(
            f"this daemon accepts {', '.join(risky)} and listens on {host!r}: whoever can "
            f"reach it can run anything here, with the rights of this process. Take that "
            f"out of SERIALIZERS_ACCEPTED, or listen on localhost or a Unix socket.",
            RuntimeWarning,
            stacklevel=3,
        )


def _reduce(replace: Callable[[Any], Any], value: Any) -> Any:
    new = replace(value)
    if new is value:
        return value.__reduce_ex__(2)  # understood by every protocol
    try:
        return new.__reduce__()
    except TypeError:  # of a type that picklers know by themselves
        return copy.copy, (new,)


@functools.cache
def _pickler(module: str) -> Any:
    """Return the class of a library's picklers, one that knows what to replace."""
    base: Any = importlib.import_module(module).Pickler
    known: Any = getattr(base, "dispatch_table", None)
    if not isinstance(known, Mapping):  # that of the standard library is not the class's
        known = copyreg.dispatch_table
    # dill asks whose a pickler is, by the name of its module.
    inside = {"__module__": base.__module__, "dispatch_table": ChainMap(_REDUCERS, known)}
    return type("Pickler", (base,), inside)


# Peers that have a Pyro4 have no Pyrophone.
for _name in ours.__all__:
    pickle_as(getattr(ours, _name), translated().translate)
