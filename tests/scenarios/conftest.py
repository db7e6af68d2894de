"""What scenarios run over: daemons, clients and transports."""

from __future__ import annotations

import itertools
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from certificates import Certificates
from fronts import FRONTS, Front, front_end
from kettles import Kettle
from kinds import KINDS, Kind
from loops import UVLOOP
from pyrophone import Settings
from pyrophone.net.tls import client_context, server_context
from sleepers import Sleeper
from table import Table

# Daemon, client, transport. All of them meet over TCP and Unix sockets; what is left to say
# about the other transports is said once by each end.
WAYS = [
    *itertools.product(KINDS, FRONTS, ("tcp", "unix")),
    *itertools.product(("threads", "loop"), ("sync",), ("tcp6", "pair", "tls", "tls-pair")),
    *itertools.product(("aio",), ("aio",), ("tcp6", "pair", "tls")),
    ("threads", "aio", "tls"),
    ("aio", "sync", "tls"),
    *itertools.product(("aio-uvloop",), ("aio-uvloop",), ("tcp", "unix", "tls")),
]
needs_uvloop = pytest.mark.skipif(not UVLOOP, reason="uvloop is not installed")


def _cases(names: list[Any]) -> list[Any]:
    """Return parameters, those that need uvloop marked so."""
    marked = []
    for name in names:
        text = name if isinstance(name, str) else "-".join(name)
        marks = [needs_uvloop] if "uvloop" in text else []
        marked.append(pytest.param(name, id=text, marks=marks))
    return marked


@pytest.fixture(params=_cases([*KINDS]))
def kind(request: pytest.FixtureRequest) -> Kind:
    """Each kind of daemon."""
    return Kind(request.param)


@pytest.fixture(params=_cases([*FRONTS]))
def front(request: pytest.FixtureRequest) -> Iterator[Front]:
    """Each client."""
    with front_end(request.param) as front:
        yield front


@pytest.fixture
def daemon(kind: Kind) -> Iterator[Any]:
    """A daemon of each kind."""
    with kind.serving() as daemon:
        yield daemon


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Certificates for TLS."""
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(params=_cases(WAYS), scope="module")
def laid(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    files: Certificates,
) -> Iterator[Table]:
    """Each daemon and each client, over each transport; for all tests of a module."""
    kind_name, front_name, transport = request.param
    folder = tmp_path_factory.mktemp("sockets")
    kettle = Kettle()
    with front_end(front_name) as front:
        for proxy in _joined(Kind(kind_name), front, transport, folder, files, kettle):
            yield Table(front, proxy, kettle)


@pytest.fixture
def table(laid: Table) -> Table:
    """The same, with a Kettle that is as new."""
    laid.original.__init__()  # type: ignore[misc]
    return laid


@pytest.fixture
def kettle(table: Table) -> Any:
    """The proxy at the table."""
    return table.kettle


def _joined(
    kind: Kind,
    front: Front,
    transport: str,
    folder: Path,
    files: Certificates,
    kettle: Kettle,
) -> Iterator[Any]:
    serving = server_context(files.server.certificate, files.server.key)
    calling = client_context(files.authority)
    ours, theirs = socket.socketpair()
    if transport == "tls-pair":
        theirs = serving.wrap_socket(
            theirs, server_side=True, do_handshake_on_connect=False
        )
    transports: dict[str, dict[str, Any]] = {
        "tcp": {},
        "tcp6": {"host": "::1"},
        "unix": {"unix_socket": str(folder / "socket")},
        "pair": {"sock": theirs},
        "tls": {"tls": serving},
        "tls-pair": {"sock": theirs},
    }
    with ours, theirs, kind.serving(**transports[transport]) as daemon:
        uri = daemon.register(kettle, "kettle")
        if transport == "tls-pair":
            ours = calling.wrap_socket(ours, server_hostname="localhost")
        if transport.endswith("pair"):
            proxy = front.connect("kettle", sock=ours)
        elif transport == "tls":
            proxy = front.connect(uri, settings=Settings(tls=calling))
        else:
            proxy = front.connect(uri)
        with ours, proxy:
            yield proxy


@pytest.fixture
def sleeper() -> Iterator[Sleeper]:
    """An object whose methods wait; at the end they return."""
    sleeper = Sleeper()
    yield sleeper
    sleeper.go.open()


@pytest.fixture
def proxy(front: Front, daemon: Any, sleeper: Sleeper) -> Iterator[Any]:
    """A proxy of it."""
    with front.connect(daemon.register(sleeper)) as proxy:
        yield proxy
        sleeper.go.open()
