"""Everything this library raises.

The tree answers the first question after a failed call: did it run? ::

    PyrophoneError
    ├── CallError                        it arrived, and was turned down: no
    │   ├── NoSuchObjectError
    │   ├── NotExposedError              (also an AttributeError)
    │   ├── DeadlockError                it would have waited for itself
    │   └── CallCancelledError           but this one perhaps: the daemon gave it up
    ├── CommunicationError               the conversation failed
    │   ├── ConnectError                 it never came about: no
    │   │   └── RefusedError             the daemon answered, and said no
    │   ├── ConnectionLostError          it broke before the reply came: maybe
    │   │   └── CallTimeoutError         (also a TimeoutError)
    │   │       └── DeadlineExceeded     it knows whether the call was sent
    │   └── ProtocolError                a peer broke the rules
    │       ├── LocalProtocolError       this side, before anything was sent: no
    │       ├── RemoteProtocolError      the other side: maybe
    │       └── MessageTooLargeError     one of the two accepts less
    ├── SerializeError                   a value can't travel, or can't be read
    ├── SecurityError                    a value is not allowed to travel
    ├── StreamError                      an item stream is gone
    ├── NamingError                      a name server said no, or there is none
    │   ├── UnknownNameError             (also a LookupError)
    │   ├── NameTakenError
    │   └── NoNameServerError
    ├── EventError                       a topic, a pattern, or a limit of events
    │   └── SubscriberTooSlowError       its events were more than it may leave waiting
    ├── DaemonError                      a daemon was asked for what it can't do
    └── InvalidURIError                  (also a ValueError)

What the remote method itself raises is not in this tree: it arrives as what
it was, or as :class:`RemoteError` if its class is unknown here.
"""

from __future__ import annotations

from typing import Any

__all__ = [
    "CallCancelledError",
    "CallError",
    "CallTimeoutError",
    "CommunicationError",
    "ConnectError",
    "ConnectionLostError",
    "DaemonError",
    "DeadlineExceeded",
    "DeadlockError",
    "EventError",
    "InvalidURIError",
    "LocalProtocolError",
    "MessageTooLargeError",
    "NameTakenError",
    "NamingError",
    "NoNameServerError",
    "NoSuchObjectError",
    "NotExposedError",
    "ProtocolError",
    "PyrophoneError",
    "RefusedError",
    "RemoteError",
    "RemoteProtocolError",
    "SecurityError",
    "SerializeError",
    "StreamError",
    "SubscriberTooSlowError",
    "UnknownNameError",
]


class PyrophoneError(Exception):
    """Base of every error that this library raises itself."""


class CallError(PyrophoneError):
    """The daemon turned the call down; it did not run."""


class NoSuchObjectError(CallError):
    """The daemon has no object of that id."""


class NotExposedError(CallError, AttributeError):
    """The object has no exposed member of that name."""


class DeadlockError(CallError):
    """The call would have waited for itself; the text is the chain of calls."""


class CallCancelledError(CallError):
    """The method was told to end before it was done: by its caller, or by the daemon."""


class CommunicationError(PyrophoneError):
    """The conversation with the other side failed."""


class ConnectError(CommunicationError, ConnectionError):
    """No conversation came about; nothing was called."""


class RefusedError(ConnectError):
    """The daemon answered the greeting with a refusal; the text is its reason."""


class ConnectionLostError(CommunicationError, ConnectionError):
    """The connection ended before the reply came; the call may have run."""


class CallTimeoutError(ConnectionLostError, TimeoutError):
    """The reply did not come in time; the call may still be running."""


class DeadlineExceeded(CallTimeoutError):  # noqa: N818, the field's own term
    """The time of the call was over before its reply came.

    Attributes:
        sent: Whether the call was sent. If so it may have run, or run still; if not it
            never will.
    """

    def __init__(self, text: str = "the deadline has passed", sent: bool = True) -> None:
        super().__init__(text)
        self.sent = sent


class ProtocolError(CommunicationError):
    """A peer broke the rules of the wire."""


class LocalProtocolError(ProtocolError):
    """This side was asked to send what the protocol forbids; nothing was sent."""


class RemoteProtocolError(ProtocolError):
    """The other side sent what the protocol forbids."""


class MessageTooLargeError(ProtocolError):
    """A message is larger than one of the two sides accepts.

    Attributes:
        size: Bytes after the header, as announced or as inflated so far.
        limit: What is accepted, likewise.
    """

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(size, limit)
        self.size = size
        self.limit = limit

    def __str__(self) -> str:
        return f"message too large ({self.size} bytes, max={self.limit})"


class SerializeError(PyrophoneError):
    """A value can't be written for the wire, or can't be read from it."""


class SecurityError(PyrophoneError):
    """A value was refused because reading it could be unsafe."""


class StreamError(PyrophoneError):
    """The item stream has ended, has expired, or never was."""


class NamingError(PyrophoneError):
    """A name server said no, or none was found."""


class UnknownNameError(NamingError, LookupError):
    """The name server does not know the name."""


class NameTakenError(NamingError):
    """The name is registered already."""


class NoNameServerError(NamingError):
    """No name server answered."""


class EventError(PyrophoneError):
    """What was asked of events can't be: of a bad topic or pattern, or over a limit."""


class SubscriberTooSlowError(EventError):
    """The subscription has ended: more events waited for it than it said may wait."""


class DaemonError(PyrophoneError):
    """A daemon was asked for what it can't do."""


class InvalidURIError(PyrophoneError, ValueError):
    """The text is not the URI of a remote object."""


class RemoteError(Exception):
    """An exception of a class that exists only on the other side.

    Attributes:
        class_name: Module and name of the original class, ``lab.OverheatError``.
        arguments: What the original was made with.
        text: What ``str()`` of the original gave.
    """

    def __init__(
        self, class_name: str, arguments: tuple[Any, ...] = (), text: str = ""
    ) -> None:
        class_name, arguments, text = str(class_name), tuple(arguments), str(text)
        super().__init__(class_name, arguments, text)
        self.class_name = class_name
        self.arguments = arguments
        self.text = text

    def __str__(self) -> str:
        return f"{self.class_name}: {self.text}" if self.text else self.class_name
