"""TLS with the real Pyro5 at the other end, in both directions.

The real one is configured by its environment: its contexts are made once in a process.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from certificates import Certificates, Pair
from pyrophone import Settings, current, expose
from pyrophone.errors import ConnectError
from pyrophone.net.tls import client_context, server_context
from pyrophone.sync import Daemon, LoopDaemon, batch, connect
from running import running

if TYPE_CHECKING:
    from peers import Peer

pytestmark = [pytest.mark.peers, pytest.mark.slow]

WAIT = 10.0  # seconds until something that does not come is an error

Start = Callable[..., "Peer"]


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


def server(pair: Pair) -> dict[str, str]:
    """Return what the real one needs in its environment to serve with *pair*."""
    return {
        "PYRO_SSL": "1",
        "PYRO_SSL_SERVERCERT": str(pair.certificate),
        "PYRO_SSL_SERVERKEY": str(pair.key),
    }


@expose
class Adder:
    def add(self, a: Any, b: Any) -> Any:
        return a + b

    def count(self, n: int) -> Any:
        yield from range(n)

    def whoami(self) -> Any:
        certificate = current().client.connection.peer_certificate()
        return certificate and certificate["subject"][0][0][1]


# Our client, their server.


@pytest.fixture(params=["thread", "multiplex"])
def servertype(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def serve(start_peer: Start, **environ: str) -> str:
    """Have the real one serve a thing; return its URI."""
    peer = start_peer(**environ)
    peer.forget()
    peer.run("daemon = serve(host='localhost')\nuri = daemon.register(Thing(), 'thing')")
    return str(peer.value("str(uri)"))


def test_our_client_calls_their_server(
    start_peer: Start, servertype: str, files: Certificates
) -> None:
    uri = serve(start_peer, PYRO_SERVERTYPE=servertype, **server(files.server))
    settings = Settings(tls=client_context(files.authority), timeout=WAIT)
    with connect(uri, settings=settings) as thing:
        assert thing.add(1, 2) == 3
        assert thing.echo("x" * 500_000) == "x" * 500_000
        assert list(thing.numbers(3)) == [0, 1, 2]
        thing.note("heard")
        assert thing.noted() == "heard"
        calls = batch(thing)
        calls.add(1, 2)
        calls.add(3, 4)
        assert list(calls()) == [3, 7]
    with pytest.raises(ConnectError, match=r"closed|lost"):
        connect(uri, settings=Settings(timeout=WAIT))
    stranger = Settings(tls=client_context(files.another), timeout=WAIT)
    with pytest.raises(ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        connect(uri, settings=stranger)
    with connect(uri, settings=settings) as thing:
        assert thing.add(3, 4) == 7


def test_our_client_shows_a_certificate_to_their_server(
    start_peer: Start, servertype: str, files: Certificates
) -> None:
    uri = serve(
        start_peer,
        PYRO_SERVERTYPE=servertype,
        PYRO_SSL_REQUIRECLIENTCERT="1",
        PYRO_SSL_CACERTS=str(files.authority),
        **server(files.server),
    )
    tls = client_context(
        files.authority, certificate=files.client.certificate, key=files.client.key
    )
    with connect(uri, settings=Settings(tls=tls, timeout=WAIT)) as thing:
        assert thing.add(1, 2) == 3
    nobody = Settings(tls=client_context(files.authority), timeout=WAIT)
    with pytest.raises(ConnectError, match="cannot connect to"):
        connect(uri, settings=nobody)


def test_our_client_leaves_their_server_if_it_is_another(
    start_peer: Start, files: Certificates
) -> None:
    settings = Settings(tls=client_context(files.authority), timeout=WAIT)
    uri = serve(start_peer, **server(files.elsewhere))
    with pytest.raises(ConnectError, match="Hostname mismatch"):
        connect(uri, settings=settings)


# Their client, our server.


@pytest.fixture(params=[Daemon, LoopDaemon])
def kind(request: pytest.FixtureRequest) -> type[LoopDaemon]:
    cls: type[LoopDaemon] = request.param
    return cls


@pytest.fixture
def trusting(start_peer: Start, files: Certificates) -> Peer:
    """The real one, as a client without a certificate."""
    peer = start_peer(
        PYRO_SSL="1", PYRO_SSL_CACERTS=str(files.authority), PYRO_COMMTIMEOUT="10"
    )
    peer.forget()
    return peer


@pytest.fixture
def showing(start_peer: Start, files: Certificates) -> Peer:
    """The real one, as a client with a certificate."""
    peer = start_peer(
        PYRO_SSL="1",
        PYRO_SSL_CACERTS=str(files.authority),
        PYRO_SSL_CLIENTCERT=str(files.client.certificate),
        PYRO_SSL_CLIENTKEY=str(files.client.key),
        PYRO_COMMTIMEOUT="10",
    )
    peer.forget()
    return peer


def test_their_client_calls_our_server(
    kind: type[LoopDaemon], trusting: Peer, files: Certificates
) -> None:
    tls = server_context(files.server.certificate, files.server.key)
    with running(kind(tls=tls)) as daemon:
        trusting.run(f"p = Proxy('{daemon.register(Adder())}')")
        assert trusting.value("p.add(1, 2)") == 3
        assert trusting.value("p.add('x' * 500_000, 'y') == 'x' * 500_000 + 'y'") is True
        assert trusting.value("list(p.count(3))") == [0, 1, 2]
        assert trusting.value("p.whoami()") is None
        subject = trusting.value("p._pyroConnection.getpeercert()['subject']")
        assert subject == ((("commonName", "server"),),)


def test_their_client_shows_a_certificate_to_our_server(
    kind: type[LoopDaemon], showing: Peer, trusting: Peer, files: Certificates
) -> None:
    tls = server_context(
        files.server.certificate, files.server.key, clients=files.authority
    )
    with running(kind(tls=tls)) as daemon:
        uri = daemon.register(Adder())
        showing.run(f"p = Proxy('{uri}')")
        assert showing.value("p.whoami()") == "client"
        trusting.run(f"p = Proxy('{uri}')")
        failure = trusting.failure("p.add(1, 2)")
        assert failure.name == "Pyro5.errors.ConnectionClosedError"
        assert "CERTIFICATE_REQUIRED" in failure.text
        assert showing.value("p.add(1, 2)") == 3


@pytest.mark.parametrize(
    ("which", "reason"),
    [("elsewhere", "Hostname mismatch"), ("expired", "certificate has expired")],
)
def test_their_client_leaves_our_server_if_it_is_another(
    kind: type[LoopDaemon], trusting: Peer, files: Certificates, which: str, reason: str
) -> None:
    pair = getattr(files, which)
    with running(kind(tls=server_context(pair.certificate, pair.key))) as daemon:
        trusting.run(f"p = Proxy('{daemon.register(Adder())}')")
        failure = trusting.failure("p.add(1, 2)")
        assert failure.name == "Pyro5.errors.CommunicationError"
        assert reason in failure.text


def test_their_client_without_tls_sees_its_connection_closed(
    kind: type[LoopDaemon], start_peer: Start, files: Certificates
) -> None:
    peer = start_peer(PYRO_COMMTIMEOUT="10")
    peer.forget()
    tls = server_context(files.server.certificate, files.server.key)
    with running(kind(tls=tls)) as daemon:
        peer.run(f"p = Proxy('{daemon.register(Adder())}')")
        failure = peer.failure("p.add(1, 2)")
        assert failure.name == "Pyro5.errors.ConnectionClosedError"
