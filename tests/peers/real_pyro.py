"""A process of a real Pyro, in its own environment, that tests drive step by step.

Run by ``.peers/pyro5/bin/python`` or ``.peers/pyro4/bin/python``, each of which has one of
the two; never imported by a test. It takes one order per line on stdin, as JSON, and
answers each with one line on stdout:

- ``{"value": EXPRESSION}`` is answered with ``{"value": its repr()}``;
- ``{"run": STATEMENTS}`` with ``{"value": "None"}``;
- ``{"forget": true}`` drops all names, proxies, objects and settings of the orders before.

An order that raises is answered with ``{"error": {class, args, text, traceback}}``. The
names that orders find are those of ``Pyro5.api``, or of ``Pyro4``, and those in
:meth:`Peer.forget`. The process ends with its stdin.
"""
# The packages that mypy could find are ours, not those that run here.
# mypy: ignore-errors

from __future__ import annotations

import gc
import importlib
import importlib.util
import json
import os
import socket
import sys
import threading
import time
import uuid
from typing import Any

NAME = "Pyro5" if importlib.util.find_spec("Pyro5") else "Pyro4"
pyro = importlib.import_module("Pyro5.api" if NAME == "Pyro5" else NAME)
errors = importlib.import_module(f"{NAME}.errors")

sys.path.append(os.path.join(os.path.dirname(__file__), "..", "support"))
things = importlib.import_module("things")

if NAME == "Pyro5":
    SERIALIZERS = {1: "serpent", 2: "marshal", 3: "json", 4: "msgpack"}
    defaults = pyro.config.as_dict
else:
    importlib.import_module("Pyro4.futures")  # orders find it then
    SERIALIZERS = {1: "serpent", 2: "json", 3: "marshal", 4: "pickle", 5: "dill"}
    SERIALIZERS |= {6: "msgpack", 7: "cloudpickle"}
    defaults = pyro.config.asDict


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
    "naming": errors.NamingError("unknown name: x"),
    "pyro": errors.PyroError("something"),
    "timeout": errors.TimeoutError("downstream is gone"),
    "serialize": errors.SerializeError("cannot write"),
    "security": errors.SecurityError("not allowed"),
    "overheat": OverheatError("too hot", 451),
    "script": ScriptError("odd", 1),
}


@pyro.expose
class Other:
    """What proxies are made for on the way."""

    def __init__(self, title: str) -> None:
        self._title = title

    def name(self) -> str:
        """Return its name."""
        return self._title


Other.__module__ = "lab"


things.mark(pyro)


@pyro.expose
class Thing(things.Thing):
    """The rest, which is written in the way of the real one."""

    errors = ERRORS

    def sleep(self, seconds: float) -> float:
        """Take a while."""
        time.sleep(seconds)
        return seconds

    def make(self, name: str) -> Other:
        """Return an object registered just now: a proxy arrives."""
        other = Other(name)
        self._pyroDaemon.register(other)
        return other

    def ask_in(self, container: dict[str, Any]) -> str:
        """Call the proxy that *container* holds under ``it``."""
        return self.ask(container["it"])

    def annotations(self) -> dict[str, str]:
        """Return the annotations that came with the call."""
        received = pyro.current_context.annotations
        return {name: bytes(data).decode() for name, data in received.items()}

    def answer(self, text: str) -> str:
        """Send an annotation back."""
        pyro.current_context.response_annotations = {"BACK": text.encode()}
        return text

    def correlation(self) -> str:
        """Return the correlation id of the call."""
        return str(pyro.current_context.correlation_id)

    def blob(self, blob: Any) -> list[Any]:
        """Take an argument unread, then read it."""
        return [type(blob).__name__, blob.info, blob.deserialized()]

    def where(self, uri: str) -> None:
        """Set where ``forward`` sends to."""
        self._where = uri

    def forward(self, blob: Any) -> Any:
        """Send an argument on unread, in the serializer of the caller."""
        with pyro.Proxy(self._where) as other:
            other._pyroSerializer = SERIALIZERS[pyro.current_context.serializer_id]
            return other.blob(blob)


@pyro.behavior(instance_mode="session")
@pyro.expose
class Counter:
    """One instance for each connection."""

    def __init__(self) -> None:
        self._count = 0

    def count(self) -> int:
        """Return how often this instance was called."""
        self._count += 1
        return self._count


class Daemon(pyro.Daemon):
    """A daemon that may refuse clients, and may annotate all it sends."""

    def validateHandshake(self, conn: Any, data: Any) -> Any:  # noqa: N802
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
        self.defaults = defaults()
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
            setattr(pyro.config, name, value)
        pyro.current_context.annotations = {}
        pyro.current_context.response_annotations = {}
        pyro.current_context.correlation_id = None
        self.names.update(vars(pyro))
        self.names.update(
            Counter=Counter,
            Daemon=Daemon,
            Other=Other,
            Thing=Thing,
            connect=connect,
            serve=self.serve,
            socket=socket,
            uuid=uuid,
            **{NAME: importlib.import_module(NAME)},
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
    proxy = pyro.Proxy(uri)
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
