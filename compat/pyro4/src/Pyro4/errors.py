"""The errors of Pyro4.

Each derives from Pyrophone's where one fits. Those of lost connections and of time
outs don't: Pyrophone's are OSErrors, and Pyro4's are not.
"""

from __future__ import annotations

import sys

from pyrophone import errors as ours
from pyrophone.classic.classes import learn_errors

from .tables import CLASSES

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
]


class PyroError(ours.PyrophoneError):
    """Base of what Pyro4 itself raises."""


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


class NamingError(PyroError, ours.NamingError):
    """A name server said no, or there is none."""


class DaemonError(PyroError, ours.DaemonError):
    """A daemon can't do what it was asked for."""


class SecurityError(PyroError, ours.SecurityError):
    """Something was refused because it could be unsafe."""


learn_errors(CLASSES, sys.modules[__name__])
