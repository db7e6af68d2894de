"""The errors of Pyro 3.

``from Pyro.errors import *`` shadows the built-in ``TimeoutError``, as it always did.
"""

from __future__ import annotations

from typing import Any, NoReturn

__all__ = [
    "ConnectionClosedError",
    "ConnectionDeniedError",
    "DaemonError",
    "NamingError",
    "NoModuleError",
    "ProtocolError",
    "PyroError",
    "PyroExceptionCapsule",
    "TimeoutError",
    "URIError",
]


class PyroError(Exception):
    """Base of all errors of this package."""


class URIError(PyroError):
    """A text is no URI, or its host is unknown."""


class DaemonError(PyroError):
    """A daemon can't start, or can't do what it was asked for."""


class NamingError(PyroError):
    """The name server says no, or there is none; the arguments are text and name."""


class NoModuleError(PyroError):
    """A value is of a class that is not known here."""


class ProtocolError(PyroError):
    """Something went wrong on the way."""


class ConnectionClosedError(ProtocolError):
    """A connection that there was is lost."""


class TimeoutError(ConnectionClosedError):
    """It took too long."""


class ConnectionDeniedError(ProtocolError):
    """The daemon refuses the connection; the text is its reason."""


class PyroExceptionCapsule(BaseException):
    """Carries an exception as a value; it is deliberately none that is caught as one.

    Args:
        excObj: The exception.
        args: What stands for its arguments; without it they are its own.
    """

    args: Any = ()  # whatever it is; that of BaseException makes a tuple of it

    def __init__(self, excObj: BaseException, args: Any = None) -> None:
        super().__init__(*excObj.args)
        self.excObj = excObj
        self.args = excObj.args if args is None else args

    def raiseEx(self) -> NoReturn:
        """Raise the exception."""
        raise self.excObj
