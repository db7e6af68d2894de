"""A name server, objects, and a way to send requests, all in this process."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeAlias

import pytest

from pyrophone import Settings, current, expose, oneway
from pyrophone.http import Gateway
from pyrophone.naming import NameService
from pyrophone.sync import Daemon
from running import LIMIT, running


class Answered(NamedTuple):
    """What came back for a request."""

    status: str
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def value(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.body)

    @property
    def error(self) -> tuple[str, list[Any]]:
        """Class and arguments of the error in the body."""
        form = self.value
        assert form["__exception__"] is True
        return form["__class__"], form["args"]


Ask: TypeAlias = Callable[..., Answered]


@expose
class Kettle:
    """Something to call."""

    def __init__(self) -> None:
        self.level = 0.5
        self.poured = threading.Event()
        self.released = threading.Event()

    @property
    def filled(self) -> float:
        """An attribute."""
        return self.level

    def heat(self, degrees: Any = 100, minutes: Any = 1) -> Any:
        """Give back the arguments."""
        return {"degrees": degrees, "minutes": minutes}

    def fail(self) -> None:
        """Raise something."""
        raise ValueError("dry")

    def correlation(self) -> str:
        """Return the correlation id of the call."""
        return str(current().correlation_id)

    def steam(self) -> Iterator[int]:
        """Return an item stream."""
        yield from range(3)

    def wait(self) -> str:
        """Wait until told to go on."""
        assert self.released.wait(LIMIT)
        return "waited"

    @oneway
    def pour(self) -> None:
        """Nobody waits for this."""
        self.poured.set()


@pytest.fixture(scope="session")
def service() -> Iterator[NameService]:
    """A name server."""
    with running(NameService("localhost", 0)) as service:
        yield service


@pytest.fixture
def settings(service: NameService) -> Settings:
    """Settings that find the name server."""
    return Settings(name_port=service.uri.port or 0, broadcast_addresses=(), timeout=LIMIT)


@pytest.fixture
def daemon(settings: Settings) -> Iterator[Daemon]:
    """A daemon that serves."""
    with running(Daemon(settings=settings)) as daemon:
        yield daemon


@pytest.fixture
def kettle(daemon: Daemon) -> Kettle:
    """An object that is registered as ``http.kettle``."""
    kettle = Kettle()
    daemon.register(kettle, "kettle", name="http.kettle")
    return kettle


@pytest.fixture
def ask() -> Ask:
    """A function that sends a request to a gateway, as a WSGI server does."""

    def ask(
        app: Gateway, path: str, query: str = "", *, method: str = "GET", **environ: Any
    ) -> Answered:
        started: list[tuple[str, list[tuple[str, str]]]] = []
        body = environ.pop("body", None)
        values = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path.encode().decode("latin-1"),
            "QUERY_STRING": query,
            "wsgi.input": io.BytesIO(body or b""),
            "wsgi.errors": io.StringIO(),
            **({} if body is None else {"CONTENT_LENGTH": str(len(body))}),
            **environ,
        }
        sent = app(values, lambda status, headers: started.append((status, headers)))
        [(status, headers)] = started
        return Answered(status, headers, b"".join(sent))

    return ask
