"""A process of the real Pyro4, in its own environment, that tests drive step by step.

Run by ``.peers/pyro4/bin/python``, never imported by a test. It takes one order per line
on stdin, as JSON, and answers each with one line on stdout:

- ``{"value": EXPRESSION}`` is answered with ``{"value": its repr()}``;
- ``{"run": STATEMENTS}`` with ``{"value": "None"}``;
- ``{"forget": true}`` drops all names, proxies, objects and settings of the orders before.

An order that raises is answered with ``{"error": {class, args, text, traceback}}``. The
names that orders find are those of ``Pyro4`` and those in :meth:`Peer.forget`. The
process ends with its stdin.
"""
# The package Pyro4 that mypy could find is ours, not the one that runs here.
# mypy: ignore-errors

from __future__ import annotations

import gc
import json
import os
import queue
import socket
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from typing import Any

import Pyro4
import Pyro4.errors
import Pyro4.futures

WAIT = 10  # seconds until something that does not come is an error


class OverheatError(Exception):
    """An exception class that only this side has, of a module with a usable name."""


OverheatError.__module__ = "lab"


class ScriptError(Exception):
    """Likewise, of a module whose name the wire does not allow: ``__main__``."""


ERRORS = {
    "value": ValueError("bad", 7),
    "key": KeyError("k"),
    "index": IndexError(),
    "stop": StopIteration("early"),
    "os": FileNotFoundError(2, "no such thing"),
    "unicode": UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"),
    "naming": Pyro4.errors.NamingError("unknown name: x"),
    "pyro": Pyro4.errors.PyroError("something"),
    "timeout": Pyro4.errors.TimeoutError("downstream is gone"),
    "serialize": Pyro4.errors.SerializeError("cannot write"),
    "security": Pyro4.errors.SecurityError("not allowed"),
    "overheat": OverheatError("too hot", 451),
    "script": ScriptError("odd", 1),
}


@Pyro4.expose
class Other:
    """What proxies are made for on the way."""

    def __init__(self, title: str) -> None:
        self._title = title

    def name(self) -> str:
        """Return its name."""
        return self._title


Other.__module__ = "lab"


@Pyro4.expose
class Thing:
    """One of each kind of member."""

    def __init__(self) -> None:
        self._value: Any = 3
        self._notes: queue.Queue[Any] = queue.Queue()
        self._closed = threading.Event()

    def add(self, a: Any, b: Any) -> Any:
        """Return the sum."""
        return a + b

    def power(self, base: int, exponent: int = 2) -> int:
        """Take a keyword argument with a default."""
        return base**exponent

    def keywords(self, **named: Any) -> dict[str, Any]:
        """Return all keyword arguments."""
        return named

    def echo(self, value: Any) -> Any:
        """Return *value*."""
        return value

    def repr(self, value: Any) -> str:
        """Tell what arrived."""
        return repr(value)

    def unlucky(self) -> Any:
        """Return what no serializer can write."""
        return {"a": [1, threading.Lock()]}

    @property
    def value(self) -> Any:
        """Can be read and written."""
        return self._value

    @value.setter
    def value(self, value: Any) -> None:
        self._value = value

    @property
    def fixed(self) -> str:
        """Can be read only."""
        return "fixed"

    def fail(self, name: str) -> None:
        """Raise an exception."""
        raise ERRORS[name]

    @Pyro4.callback
    def fail_as_callback(self) -> None:
        """Raise an exception that is logged here, too."""
        raise ValueError("in a callback")

    def sleep(self, seconds: float) -> float:
        """Take a while."""
        time.sleep(seconds)
        return seconds

    @Pyro4.oneway
    def note(self, text: Any) -> None:
        """Remember *text*, without an answer."""
        self._notes.put(text)

    @Pyro4.oneway
    def note_and_fail(self, text: Any) -> None:
        """Remember *text*, then raise what nobody will see."""
        self._notes.put(text)
        raise ValueError("unseen")

    def noted(self) -> Any:
        """Wait for the next note and return it."""
        return self._notes.get(timeout=WAIT)

    def numbers(self, count: int) -> Iterator[int]:
        """Return an item stream, whose end can be waited for."""
        try:
            yield from range(count)
        finally:
            self._closed.set()

    def was_closed(self) -> bool:
        """Wait until the stream of ``numbers`` has ended, whichever way."""
        return self._closed.wait(WAIT)

    def faulty(self) -> Iterator[int]:
        """Return an item stream that fails at its second item."""
        yield 1
        raise ValueError("second item", 2)

    def nested(self) -> Iterator[Iterator[int]]:
        """Return an item stream of item streams."""
        yield iter([1, 2])
        yield iter([3])

    def make(self, name: str) -> Other:
        """Return an object registered just now: a proxy arrives."""
        other = Other(name)
        self._pyroDaemon.register(other)
        return other

    def make_many(self, name: str) -> dict[str, Any]:
        """Return one inside a container."""
        return {"things": [self.make(name)]}

    def ask(self, other: Any) -> str:
        """Call *other*, which arrives as a proxy."""
        with other:
            return other.name()

    def ask_in(self, container: dict[str, Any]) -> str:
        """Call the proxy that *container* holds under ``it``."""
        return self.ask(container["it"])

    def annotations(self) -> dict[str, str]:
        """Return the annotations that came with the call."""
        received = Pyro4.current_context.annotations
        return {name: bytes(data).decode() for name, data in received.items()}

    def answer(self, text: str) -> str:
        """Send an annotation back."""
        Pyro4.current_context.response_annotations = {"BACK": text.encode()}
        return text

    def answer_and_fail(self, text: str) -> None:
        """Set an annotation for the reply, then fail."""
        Pyro4.current_context.response_annotations = {"BACK": text.encode()}
        raise ValueError(text)

    def answer_and_make(self, text: str) -> Other:
        """Set an annotation for the reply, then return a registered object."""
        Pyro4.current_context.response_annotations = {"BACK": text.encode()}
        return self.make(text)

    def correlation(self) -> str:
        """Return the correlation id of the call."""
        return str(Pyro4.current_context.correlation_id)

    def blob(self, blob: Any) -> list[Any]:
        """Take an argument unread, then read it."""
        return [type(blob).__name__, blob.info, blob.deserialized()]

    def where(self, uri: str) -> None:
        """Set where ``forward`` sends to."""
        self._where = uri

    def forward(self, blob: Any) -> Any:
        """Send an argument on unread, in the serializer of the caller."""
        with Pyro4.Proxy(self._where) as other:
            other._pyroSerializer = SERIALIZERS[Pyro4.current_context.serializer_id]
            return other.blob(blob)

    def __len__(self) -> int:
        return 3

    def __getitem__(self, index: int) -> str:
        return "xyz"[index]


SERIALIZERS = ("", "serpent", "json", "marshal", "pickle", "dill", "msgpack", "cloudpickle")


@Pyro4.behavior(instance_mode="session")
@Pyro4.expose
class Counter:
    """One instance for each connection."""

    def __init__(self) -> None:
        self._count = 0

    def count(self) -> int:
        """Return how often this instance was called."""
        self._count += 1
        return self._count


class Daemon(Pyro4.Daemon):
    """A daemon that may refuse clients, and may annotate all it sends."""

    def validateHandshake(self, conn: Any, data: Any) -> Any:
        """Refuse who greets with ``intruder``."""
        if data == "intruder":
            raise ValueError("not you")
        return {"you said": data}

    def annotations(self) -> dict[str, bytes]:
        """Return what goes with every message."""
        return {"DAEM": b"on"}


class Peer:
    """Carries out the orders."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = {}
        self.daemons: list[Any] = []
        self.defaults = Pyro4.config.asDict()
        self.forget()

    def serve(self, **where: Any) -> Any:
        """Return a daemon that is served by a thread of its own."""
        daemon = Daemon(**where)
        self.daemons.append(daemon)
        threading.Thread(target=daemon.requestLoop, daemon=True).start()
        return daemon

    def forget(self) -> None:
        """Drop what earlier orders left behind; close daemons they made."""
        self.names.clear()
        gc.collect()  # closes proxies
        for daemon in self.daemons:  # each takes 0.3 s, for which nobody has to wait
            threading.Thread(target=daemon.shutdown, daemon=True).start()
        self.daemons.clear()
        for name, value in self.defaults.items():
            setattr(Pyro4.config, name, value)
        Pyro4.current_context.annotations = {}
        Pyro4.current_context.response_annotations = {}
        Pyro4.current_context.correlation_id = None
        self.names.update(vars(Pyro4))
        self.names.update(
            Counter=Counter,
            Daemon=Daemon,
            Other=Other,
            Pyro4=Pyro4,
            Thing=Thing,
            connect=connect,
            serve=self.serve,
            socket=socket,
            uuid=uuid,
        )

    def obey(self, order: dict[str, Any]) -> Any:
        """Carry out one order."""
        if "value" in order:
            return eval(order["value"], self.names)
        if "run" in order:
            exec(order["run"], self.names)
        else:
            self.forget()
        return None


def connect(uri: str, serializer: str) -> Any:
    """Return a connected proxy."""
    proxy = Pyro4.Proxy(uri)
    proxy._pyroSerializer = serializer
    proxy._pyroBind()
    return proxy


def describe(error: BaseException) -> dict[str, Any]:
    """Return what tests want to know of *error*."""
    cls = type(error)
    return {
        "class": f"{cls.__module__}.{cls.__name__}",
        "args": repr(error.args),
        "text": str(error),
        "traceback": "".join(getattr(error, "_pyroTraceback", None) or ()),
    }


def main() -> None:
    """Obey until stdin ends."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    sys.stdout = sys.stderr  # what the library prints is no answer
    peer = Peer()
    for line in sys.stdin:
        try:
            answer = {"value": repr(peer.obey(json.loads(line)))}
        except BaseException as error:
            answer = {"error": describe(error)}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
