"""The errors of Pyro5, and texts that show where they happened.

Each derives from Pyrophone's where one fits. Those of lost connections and of time
outs don't: Pyrophone's are OSErrors, and Pyro5's are not.
"""

from __future__ import annotations

from typing import Any

from pyrophone import errors as ours
from pyrophone.serializers.exceptions import read_error

from .tables import CLASSES
from .tracebacks import excepthook, format_traceback, get_pyro_traceback

__all__ = [
    "CommunicationError",
    "ConnectionClosedError",
    "DaemonError",
    "MessageTooLargeError",
    "NamingError",
    "ProtocolError",
    "PyroError",
    "SecurityError",
    "SerializeError",
    "TimeoutError",
    "excepthook",
    "format_traceback",
    "get_pyro_traceback",
]


class PyroError(ours.PyrophoneError):
    """Base of what Pyro5 itself raises."""


class NamingError(PyroError, ours.NamingError):
    """A name server said no, or there is none."""


class DaemonError(PyroError, ours.DaemonError):
    """A daemon can't do what it was asked for."""


class SecurityError(PyroError, ours.SecurityError):
    """Something was refused because it could be unsafe."""


class CommunicationError(PyroError, ours.CommunicationError):
    """The conversation with the other side failed."""


class ConnectionClosedError(CommunicationError):
    """The connection was closed."""


class TimeoutError(CommunicationError):
    """There was no answer in time."""


class ProtocolError(CommunicationError, ours.ProtocolError):
    """One side broke the rules of the protocol."""


class MessageTooLargeError(ProtocolError):
    """A message is larger than MAX_MESSAGE_SIZE."""


class SerializeError(ProtocolError, ours.SerializeError):
    """A value can't be sent, or what came can't be read."""


# What ends a process at home, or is no Exception; from afar it is an answer like others.
_ENDINGS = (BaseException, GeneratorExit, KeyboardInterrupt, SystemExit)


def _learn(cls: type[BaseException], module: str) -> None:
    """Make exceptions that arrive under the name of *cls* instances of it."""

    def read(name: str, form: dict[str, Any]) -> BaseException:
        if module != __name__ and form.get("__exception__") is not True:
            raise SerializeError(f"unsupported serialized class: {name}")
        plain = {**form, "__class__": "Pyro5.errors.PyroError", "pyrophone": None}
        like = read_error(plain, CLASSES.from_form)
        error = cls(*like.args)
        vars(error).update(vars(like))
        return error

    CLASSES.register_name(f"{module}.{cls.__name__}" if module else cls.__name__, read)


def _learn_all() -> None:
    for name in __all__:
        cls = globals()[name]
        if isinstance(cls, type):
            _learn(cls, __name__)
            _learn(cls, "")
    for cls in _ENDINGS:
        for module in ("builtins", "exceptions", ""):  # the second is that of Python 2
            _learn(cls, module)


_learn_all()
