"""SSL in the configuration does what it says, for daemons, proxies and name servers."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import Pyro4
from certificates import PASSWORD, Certificates, Pair
from commands import OURS, commands
from peers import real_python
from Pyro4 import errors, naming, socketutil

LIMIT = 10.0  # seconds; more than anything here takes, however busy the machine


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(autouse=True)
def one_way(files: Certificates) -> None:
    """Switch TLS on, with a certificate for the server only."""
    Pyro4.config.SSL = True
    Pyro4.config.COMMTIMEOUT = LIMIT
    Pyro4.config.POLLTIMEOUT = 0.2
    Pyro4.config.SSL_CACERTS = str(files.authority)
    present_as_server(files.server)


def present_as_server(pair: Pair) -> None:
    Pyro4.config.SSL_SERVERCERT = str(pair.certificate)
    Pyro4.config.SSL_SERVERKEY = str(pair.key)


def present_as_client(pair: Pair) -> None:
    Pyro4.config.SSL_CLIENTCERT = str(pair.certificate)
    Pyro4.config.SSL_CLIENTKEY = str(pair.key)


@Pyro4.expose
class Adder:
    def add(self, a: Any, b: Any) -> Any:
        return a + b


class Careful(Pyro4.Daemon):
    """Greets clients by the names in their certificates."""

    def validateHandshake(self, conn: Any, data: Any) -> Any:
        certificate = conn.getpeercert()
        if not certificate:
            raise errors.CommunicationError("client cert missing")
        [[[_, name]]] = certificate["subject"]
        if name != data:
            raise ValueError(f"you are {name}")
        return f"hello {name}"


@pytest.fixture
def uri(server_type: str, serve: Callable[..., Any]) -> Any:
    return serve(Adder())


# One-way.


def test_a_call_by_tls(uri: Any) -> None:
    with Pyro4.Proxy(uri) as proxy:
        assert proxy.add(1, 2) == 3
        connection = proxy._pyroConnection
        [[[_, name]]] = connection.getpeercert()["subject"]
        assert name == "server"
        assert connection.sock.version() == "TLSv1.3"
        assert proxy.add("a" * 1_000_000, "b") == "a" * 1_000_000 + "b"


@pytest.mark.parametrize(
    ("which", "reason"),
    [("elsewhere", "Hostname mismatch"), ("expired", "has expired")],
)
def test_a_server_with_the_wrong_certificate(
    serve: Callable[..., Any],
    server_type: str,
    files: Certificates,
    which: str,
    reason: str,
) -> None:
    present_as_server(getattr(files, which))
    with Pyro4.Proxy(serve(Adder())) as proxy:
        with pytest.raises(errors.CommunicationError, match=reason) as caught:
            proxy.add(1, 2)
        assert isinstance(caught.value.__cause__, ssl.SSLError)


def test_authorities_count_at_once(uri: Any, files: Certificates) -> None:
    Pyro4.config.SSL_CACERTS = str(files.another)
    with Pyro4.Proxy(uri) as proxy:
        with pytest.raises(errors.CommunicationError, match="CERTIFICATE_VERIFY_FAILED"):
            proxy.add(1, 2)
        Pyro4.config.SSL_CACERTS = str(files.authority)
        assert proxy.add(1, 2) == 3


def test_a_client_without_tls_is_refused(uri: Any) -> None:
    Pyro4.config.SSL = False
    with Pyro4.Proxy(uri) as proxy:
        with pytest.raises(errors.CommunicationError):
            proxy.add(1, 2)


def test_a_silent_client_holds_up_nobody(uri: Any) -> None:
    with socket.create_connection(("localhost", uri.port)):
        with Pyro4.Proxy(uri) as proxy:
            assert proxy.add(1, 2) == 3


def test_names(running: Callable[[Any], Any], uri: Any) -> None:
    ns_uri, daemon, _ = naming.startNS("localhost", 0, enableBroadcast=False)
    running(daemon)
    Pyro4.config.NS_PORT = ns_uri.port
    with Pyro4.locateNS() as names:
        assert names._pyroConnection.getpeercert() is not None
        names.register("adder", uri)
    with Pyro4.Proxy("PYRONAME:adder") as proxy:
        assert proxy.add(1, 2) == 3


# Two-way.


def test_two_way(
    running: Callable[[Any], Any], server_type: str, files: Certificates
) -> None:
    Pyro4.config.SSL_REQUIRECLIENTCERT = True
    uri = running(Careful()).register(Adder())
    present_as_client(files.client)
    with Pyro4.Proxy(uri) as proxy:
        proxy._pyroHandshake = "client"
        assert proxy.add(1, 2) == 3
    with Pyro4.Proxy(uri) as proxy:
        proxy._pyroHandshake = "the boss"
        with pytest.raises(errors.CommunicationError, match="you are client"):
            proxy.add(1, 2)
    present_as_client(files.stranger)
    with Pyro4.Proxy(uri) as proxy:
        with pytest.raises(errors.CommunicationError):
            proxy.add(1, 2)


# Contexts.


def test_contexts_are_kept_until_a_file_changes(files: Certificates) -> None:
    pair = (str(files.locked.certificate), str(files.locked.key))
    context = socketutil.getSSLcontext(*pair, keypassword=PASSWORD)
    assert socketutil.getSSLcontext(*pair, keypassword=PASSWORD) is context
    with pytest.raises(OSError, match=r"\[SSL|password|PEM|bad decrypt"):
        socketutil.getSSLcontext(*pair, keypassword="wrong")


@pytest.mark.parametrize("item", ["SSL_SERVERCERT", "SSL_SERVERKEY"])
def test_a_daemon_needs_its_files(item: str) -> None:
    setattr(Pyro4.config, item, "/nowhere/it.pem")
    with pytest.raises(OSError, match="file not found"):
        Pyro4.Daemon()


# With the real Pyro4.

SERVER = """
import Pyro4

@Pyro4.expose
class Adder(object):
    def add(self, a, b):
        return a + b

class Daemon(Pyro4.Daemon):
    def validateHandshake(self, conn, data):
        [[[_, name]]] = conn.getpeercert()["subject"]
        return "hello " + name

daemon = Daemon()
print(daemon.register(Adder()))
daemon.requestLoop()
"""

CLIENT = """
import sys
import Pyro4, Pyro4.errors

class Proxy(Pyro4.Proxy):
    def _pyroValidateHandshake(self, response):
        [[[_, name]]] = self._pyroConnection.getpeercert()["subject"]
        print(response, name)

with Proxy(sys.argv[1]) as proxy:
    print(proxy.add(1, 2), len(proxy.add("x" * 500000, "y")))
Pyro4.config.COMMTIMEOUT = 5
try:
    Pyro4.Proxy(sys.argv[1].replace("localhost", "127.0.0.1")).add(1, 2)
except Pyro4.errors.CommunicationError as error:
    print("not valid for '127.0.0.1'" in str(error))
"""


@pytest.mark.slow
@pytest.mark.peers
@pytest.mark.parametrize("ours", ["server", "client"])
def test_two_way_with_the_real_one(
    server_type: str, files: Certificates, tmp_path: Path, ours: str
) -> None:
    real = real_python("pyro4")
    values = {
        "SERVERTYPE": server_type,
        "SSL": "1",
        "SSL_SERVERCERT": str(files.named.certificate),
        "SSL_SERVERKEY": str(files.named.key),
        "SSL_REQUIRECLIENTCERT": "1",
        "SSL_CLIENTCERT": str(files.client.certificate),
        "SSL_CLIENTKEY": str(files.client.key),
        "SSL_CACERTS": str(files.authority),
    }
    with commands() as programs:
        python = OURS if ours == "server" else real
        server = programs.start_script(python, SERVER, **values)
        assert server.stdout is not None
        uri = server.stdout.readline().strip()
        python = OURS if ours == "client" else real
        done = programs.run(python, "-c", CLIENT, uri, **values)
    assert (done.stdout, done.stderr) == ("hello client named\n3 500001\nTrue\n", "")
