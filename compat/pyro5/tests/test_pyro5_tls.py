"""SSL in the configuration does what it says, for daemons, proxies and name servers."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import Pyro5.api
from certificates import PASSWORD, Certificates, Pair
from peers import real_python
from Pyro5 import errors, nameserver, nsc, socketutil
from Pyro5.protocol import MSG_INVOKE, MSG_RESULT, SendingMessage, recv_stub
from Pyro5.serializers import serializers
from Pyro5.socketutil import SocketConnection
from Pyro5.utils import echoserver

LIMIT = 10.0  # seconds; more than anything here takes, however busy the machine


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(autouse=True)
def one_way(files: Certificates) -> None:
    """Switch TLS on, with a certificate for the server only."""
    Pyro5.config.SSL = True
    Pyro5.config.COMMTIMEOUT = LIMIT
    Pyro5.config.POLLTIMEOUT = 0.2
    Pyro5.config.SSL_CACERTS = str(files.authority)
    present_as_server(files.server)


def present_as_server(pair: Pair) -> None:
    Pyro5.config.SSL_SERVERCERT = str(pair.certificate)
    Pyro5.config.SSL_SERVERKEY = str(pair.key)


def present_as_client(pair: Pair) -> None:
    Pyro5.config.SSL_CLIENTCERT = str(pair.certificate)
    Pyro5.config.SSL_CLIENTKEY = str(pair.key)


@Pyro5.api.expose
class Adder:
    def add(self, a: Any, b: Any) -> Any:
        return a + b


class Careful(Pyro5.api.Daemon):
    """Greets clients by the names in their certificates."""

    def validateHandshake(self, conn: Any, data: Any) -> Any:
        certificate = conn.getpeercert()
        if not certificate:
            raise errors.CommunicationError("client cert missing")
        [[[_, name]]] = certificate["subject"]
        if name != data:
            raise ValueError(f"you are {name}")
        return f"hello {name}"


class OldStyle(Careful):
    """Has a transport of its own, because it sees each request."""

    def handleRequest(self, conn: Any) -> None:
        super().handleRequest(conn)


@pytest.fixture
def uri(server_type: str, serve: Callable[..., Any]) -> Any:
    return serve(Adder())


# One-way.


def test_a_call_by_tls(uri: Any) -> None:
    with Pyro5.api.Proxy(uri) as proxy:
        assert proxy.add(1, 2) == 3
        connection = proxy._pyroConnection
        assert [
            [list(pair) for pair in rdn] for rdn in connection.getpeercert()["subject"]
        ] == [[["commonName", "server"]]]
        assert connection.sock.version() == "TLSv1.3"
        assert proxy.add("a" * 1_000_000, "b") == "a" * 1_000_000 + "b"


def test_the_time_limit_is_whole_again_behind_the_tls_handshake(uri: Any) -> None:
    Pyro5.config.COMMTIMEOUT = 5.0
    with Pyro5.api.Proxy(uri) as proxy:
        assert proxy.add(1, 2) == 3
        assert proxy._pyroConnection.timeout == 5.0


def test_a_proxy_may_judge_the_certificate_and_what_it_refuses_stays_refused(
    uri: Any,
) -> None:
    class Strict(Pyro5.api.Proxy):
        def _pyroValidateHandshake(self, response: Any) -> None:
            certificate = self._pyroConnection.getpeercert()
            if certificate["subject"] != ((("commonName", "somebody else"),),):
                raise ValueError("not who I want")

    with Strict(uri) as proxy:
        for _ in range(2):
            with pytest.raises(ValueError, match="not who I want"):
                proxy.add(1, 2)


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
    uri = serve(Adder())
    with Pyro5.api.Proxy(uri) as proxy:
        text = rf"^cannot connect to .*: \[SSL: CERTIFICATE_VERIFY_FAILED\].*{reason}"
        with pytest.raises(errors.CommunicationError, match=text) as caught:
            proxy.add(1, 2)
        assert isinstance(caught.value.__cause__, ssl.SSLError)


def test_a_server_of_an_unknown_authority(uri: Any, files: Certificates) -> None:
    for authorities in ("", str(files.another)):
        Pyro5.config.SSL_CACERTS = authorities
        with Pyro5.api.Proxy(uri) as proxy:
            with pytest.raises(errors.CommunicationError, match="CERTIFICATE_VERIFY_FAILE"):
                proxy.add(1, 2)
    Pyro5.config.SSL_CACERTS = str(files.authority)  # and counts at once
    with Pyro5.api.Proxy(uri) as proxy:
        assert proxy.add(1, 2) == 3


def test_a_client_without_tls_sees_its_connection_closed(uri: Any) -> None:
    Pyro5.config.SSL = False
    with Pyro5.api.Proxy(uri) as proxy:
        with pytest.raises(errors.ConnectionClosedError):
            proxy.add(1, 2)


def test_a_server_that_stalls() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with Pyro5.api.Proxy(f"PYRO:x@localhost:{port}") as proxy:
            proxy._pyroTimeout = 0.05
            text = r"cannot connect to .*: the TLS handshake took over 0\.05 s"
            with pytest.raises(errors.CommunicationError, match=text):
                proxy.add(1, 2)


def test_a_silent_client_holds_up_nobody(uri: Any) -> None:
    with socket.create_connection(("localhost", uri.port)):
        with Pyro5.api.Proxy(uri) as proxy:
            assert proxy.add(1, 2) == 3


def test_a_silent_client_costs_a_daemon_by_hand_a_worker_but_holds_up_nobody(
    running: Callable[[Any], Any],
) -> None:
    Pyro5.config.SERVERTYPE = "thread"
    daemon = running(OldStyle())
    uri = daemon.register(Adder())
    with socket.create_connection(("localhost", uri.port)):
        with Pyro5.api.Proxy(uri) as proxy:
            proxy._pyroTimeout = LIMIT / 2
            with pytest.raises(errors.CommunicationError, match="client cert missing"):
                proxy.add(1, 2)


def test_a_unix_socket(
    running: Callable[[Any], Any], server_type: str, files: Certificates, tmp_path: Path
) -> None:
    daemon = running(Pyro5.api.Daemon(unixsocket=str(tmp_path / "socket")))
    uri = daemon.register(Adder())
    with Pyro5.api.Proxy(uri) as proxy:
        assert proxy.add(1, 2) == 3


def test_a_socket_made_by_hand(
    uri: Any, running: Callable[[Any], Any], tmp_path: Path
) -> None:
    path = str(tmp_path / "socket")
    running(Pyro5.api.Daemon(unixsocket=path))
    context = socketutil.get_ssl_context(cacerts=Pyro5.config.SSL_CACERTS)
    for where in (("localhost", uri.port), path):
        sock = socketutil.create_socket(connect=where, sslContext=context)
        with sock:
            assert isinstance(sock, ssl.SSLSocket)
            assert sock.server_hostname == "localhost"
            assert sock.getpeercert()


def test_names(running: Callable[[Any], Any], uri: Any) -> None:
    ns_uri, daemon, _ = nameserver.start_ns("localhost", 0, enableBroadcast=False)
    running(daemon)
    Pyro5.config.NS_PORT = ns_uri.port
    with Pyro5.api.locate_ns() as names:
        assert names._pyroConnection.getpeercert() is not None
        names.register("adder", uri)
    with Pyro5.api.Proxy("PYRONAME:adder") as proxy:
        assert proxy.add(1, 2) == 3


# Two-way.


@pytest.mark.parametrize("kind", [Careful, OldStyle])
def test_two_way(
    running: Callable[[Any], Any],
    server_type: str,
    files: Certificates,
    kind: type[Pyro5.api.Daemon],
) -> None:
    Pyro5.config.SSL_REQUIRECLIENTCERT = True
    daemon = running(kind())
    uri = daemon.register(Adder())
    present_as_client(files.client)
    with Pyro5.api.Proxy(uri) as proxy:
        proxy._pyroHandshake = "client"
        assert proxy.add(1, 2) == 3
    with Pyro5.api.Proxy(uri) as proxy:
        proxy._pyroHandshake = "the boss"
        with pytest.raises(errors.CommunicationError, match="rejected: you are client"):
            proxy.add(1, 2)
    for pair in (Pair(Path(), Path()), files.stranger):
        if pair is files.stranger:
            present_as_client(pair)
        else:
            Pyro5.config.SSL_CLIENTCERT = Pyro5.config.SSL_CLIENTKEY = ""
        with Pyro5.api.Proxy(uri) as proxy:
            with pytest.raises(errors.ConnectionClosedError):
                proxy.add(1, 2)


def test_clients_need_no_certificate_if_none_is_required(
    running: Callable[[Any], Any], server_type: str
) -> None:
    uri = running(Careful()).register(Adder())
    with Pyro5.api.Proxy(uri) as proxy:
        with pytest.raises(errors.CommunicationError, match="client cert missing"):
            proxy.add(1, 2)


def test_requests_that_came_together_are_all_answered(
    running: Callable[[Any], Any], server_type: str, files: Certificates
) -> None:
    class Plain(Pyro5.api.Daemon):
        def handleRequest(self, conn: Any) -> None:
            super().handleRequest(conn)

    for kind in (Pyro5.api.Daemon, Plain):
        uri = running(kind()).register(Adder(), "adder")
        with Pyro5.api.Proxy(uri) as proxy:
            proxy._pyroBind()
            line: SocketConnection = proxy._pyroConnection
            messages = [
                SendingMessage(
                    MSG_INVOKE,
                    0,
                    number,
                    1,
                    serializers["serpent"].dumpsCall("adder", "add", (number, 1), {}),
                ).data
                for number in range(5)
            ]
            line.send(b"".join(messages))  # in one record
            answers = [recv_stub(line, [MSG_RESULT]) for _ in messages]
            values = [serializers["serpent"].loads(each.data) for each in answers]
            assert values == [1, 2, 3, 4, 5]


# Connected sockets.


def test_a_connected_socket_must_have_tls() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        with pytest.raises(OSError, match=r"(ssl|SSL) socket"):
            Pyro5.api.Daemon(connected_socket=ours)
        assert ours.fileno() >= 0


def test_connected_sockets_with_tls(
    running: Callable[[Any], Any], files: Certificates
) -> None:
    ours, theirs = socket.socketpair()
    serving = socketutil.get_ssl_context(
        str(files.server.certificate), str(files.server.key)
    )
    calling = socketutil.get_ssl_context(cacerts=str(files.authority))
    server = serving.wrap_socket(theirs, server_side=True, do_handshake_on_connect=False)
    with server:
        daemon = running(Pyro5.api.Daemon(connected_socket=server))
        daemon.register(Adder(), "adder")
        with calling.wrap_socket(ours, server_hostname="localhost") as client:
            with Pyro5.api.Proxy("adder", connected_socket=client) as proxy:
                assert proxy.add(1, 2) == 3


# Contexts.


def test_a_context_is_for_a_server_or_for_a_client(files: Certificates) -> None:
    context = socketutil.get_ssl_context()
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    context = socketutil.get_ssl_context(
        str(files.server.certificate), str(files.server.key)
    )
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_NONE, False)
    Pyro5.config.SSL_REQUIRECLIENTCERT = True
    context = socketutil.get_ssl_context(
        str(files.server.certificate), str(files.server.key)
    )
    assert context.verify_mode == ssl.CERT_REQUIRED
    with pytest.raises(ValueError, match="can't have both server cert and client cert"):
        socketutil.get_ssl_context(servercert="a", clientcert="b")


def test_a_key_may_have_a_password(files: Certificates) -> None:
    pair = str(files.locked.certificate), str(files.locked.key)
    socketutil.get_ssl_context(*pair, keypassword=PASSWORD)
    with pytest.raises(OSError, match="has a password, and none was given"):
        socketutil.get_ssl_context(*pair)
    present_as_server(files.locked)
    Pyro5.config.SSL_SERVERKEYPASSWD = "wrong"
    with pytest.raises(OSError, match="has a password, not the given one"):
        Pyro5.api.Daemon()
    Pyro5.config.SSL_SERVERKEYPASSWD = PASSWORD
    Pyro5.api.Daemon().close()


@pytest.mark.parametrize(
    ("item", "text"),
    [
        ("SSL_SERVERCERT", "server cert file not found"),
        ("SSL_SERVERKEY", "server key file not found"),
    ],
)
def test_a_server_without_its_files(server_type: str, item: str, text: str) -> None:
    setattr(Pyro5.config, item, "/nowhere/it.pem")
    with pytest.raises(OSError, match=f"^{text}$") as caught:
        Pyro5.api.Daemon()
    assert isinstance(caught.value.__cause__, FileNotFoundError)
    assert caught.value.__cause__.filename == "/nowhere/it.pem"


def test_a_server_without_a_certificate_says_so_and_spoils_nothing(
    server_type: str, serve: Callable[..., Any], files: Certificates
) -> None:
    Pyro5.config.SSL_SERVERCERT = ""
    with pytest.raises(OSError, match="SSL is on, SSL_SERVERCERT is empty"):
        Pyro5.api.Daemon()
    present_as_server(files.server)
    with Pyro5.api.Proxy(serve(Adder())) as proxy:
        assert proxy.add(1, 2) == 3


def test_a_client_without_its_files(uri: Any) -> None:
    Pyro5.config.SSL_CLIENTCERT = "/nowhere/it.pem"
    with Pyro5.api.Proxy(uri) as proxy:
        with pytest.raises(OSError, match="client cert file not found"):
            proxy.add(1, 2)


@pytest.mark.parametrize(
    ("command", "arguments", "item"),
    [
        (nsc.main, ["-n", "localhost", "ping"], "SSL_CACERTS"),
        (nameserver.main, ["-n", "localhost", "-p", "0", "-x"], "SSL_CACERTS"),
        (nameserver.main, ["-n", "localhost", "-p", "0", "-x"], "SSL_SERVERCERT"),
        (echoserver.main, [], "SSL_CACERTS"),
        (echoserver.main, [], "SSL_SERVERCERT"),
    ],
)
def test_commands_without_their_files_say_so_in_one_line(
    capsys: pytest.CaptureFixture[str],
    command: Callable[[list[str]], None],
    arguments: list[str],
    item: str,
) -> None:
    setattr(Pyro5.config, item, "/nowhere/it.pem")
    with pytest.raises(SystemExit, match="1"):
        command(arguments)
    captured = capsys.readouterr()
    [line] = (captured.err or captured.out).splitlines()
    assert "/nowhere/it.pem" in line or "server cert file not found" in line


def test_contexts_follow_the_configuration_and_the_files(
    files: Certificates, tmp_path: Path
) -> None:
    def current() -> ssl.SSLContext:
        return socketutil.get_ssl_context(
            Pyro5.config.SSL_SERVERCERT, Pyro5.config.SSL_SERVERKEY
        )

    first = current()
    assert current() is first
    present_as_server(files.elsewhere)
    other = current()
    assert other is not first
    copies = Pair(tmp_path / "cert.pem", tmp_path / "key.pem")
    for pair in (files.server, files.elsewhere):
        shutil.copy(pair.certificate, copies.certificate)
        shutil.copy(pair.key, copies.key)
        os.utime(copies.key, ns=(1, len(str(pair))))
        present_as_server(copies)
        assert current() not in (first, other)
        first = current()


def test_a_renewed_certificate_counts_for_the_next_daemon(
    serve: Callable[..., Any], server_type: str, files: Certificates, tmp_path: Path
) -> None:
    copies = Pair(tmp_path / "cert.pem", tmp_path / "key.pem")
    present_as_server(copies)
    seen = []
    for pair in (files.elsewhere, files.server):
        shutil.copy(pair.certificate, copies.certificate)
        shutil.copy(pair.key, copies.key)
        with Pyro5.api.Proxy(serve(Adder())) as proxy:
            try:
                seen.append(proxy.add(1, 2))
            except errors.CommunicationError as error:
                seen.append("Hostname mismatch" in str(error))
    assert seen == [True, 3]


def test_a_program_whose_client_goes_at_once(
    running: Callable[[Any], Any], server_type: str
) -> None:
    daemon = running(OldStyle())
    host, _, port = daemon.locationStr.rpartition(":")
    for _ in range(5):
        socket.create_connection((host, int(port))).close()
    Pyro5.config.SSL_REQUIRECLIENTCERT = False
    with Pyro5.api.Proxy(daemon.register(Adder())) as proxy:
        with pytest.raises(errors.CommunicationError, match="client cert missing"):
            proxy.add(1, 2)


# With the real Pyro5.


SERVER = """
import Pyro5.api

class Adder:
    @Pyro5.api.expose
    def add(self, a, b):
        return a + b

class Daemon(Pyro5.api.Daemon):
    def validateHandshake(self, conn, data):
        [[[_, name]]] = conn.getpeercert()["subject"]
        return "hello " + name

daemon = Daemon()
print(daemon.register(Adder()), flush=True)
daemon.requestLoop()
"""

CLIENT = """
import sys
import Pyro5.api, Pyro5.errors

class Proxy(Pyro5.api.Proxy):
    def _pyroValidateHandshake(self, response):
        [[[_, name]]] = self._pyroConnection.getpeercert()["subject"]
        print(response, name)

with Proxy(sys.argv[1]) as proxy:
    print(proxy.add(1, 2), len(proxy.add("x" * 500_000, "y")))
Pyro5.config.COMMTIMEOUT = 5
try:
    Pyro5.api.Proxy(sys.argv[1].replace("localhost", "127.0.0.1")).add(1, 2)
except Pyro5.errors.CommunicationError as error:
    print("not valid for '127.0.0.1'" in str(error))
"""


@pytest.mark.slow
@pytest.mark.peers
@pytest.mark.parametrize("ours", ["server", "client"])
def test_two_way_with_the_real_one(
    server_type: str, files: Certificates, tmp_path: Path, ours: str
) -> None:
    real = str(real_python("pyro5"))
    values = {
        "SERVERTYPE": server_type,
        "SSL": 1,
        "SSL_SERVERCERT": files.named.certificate,
        "SSL_SERVERKEY": files.named.key,
        "SSL_REQUIRECLIENTCERT": 1,
        "SSL_CLIENTCERT": files.client.certificate,
        "SSL_CLIENTKEY": files.client.key,
        "SSL_CACERTS": files.authority,
    }
    own = {name: value for name, value in os.environ.items() if "PYRO" not in name}
    environ = {**own, **{f"PYRO_{name}": str(value) for name, value in values.items()}}
    pythons = {"server": real, "client": real, ours: sys.executable}
    with subprocess.Popen(
        [pythons["server"], "-c", SERVER], stdout=subprocess.PIPE, text=True, env=environ
    ) as server:
        try:
            assert server.stdout is not None
            uri = server.stdout.readline().strip()
            done = subprocess.run(
                [pythons["client"], "-c", CLIENT, uri],
                stdout=subprocess.PIPE,
                text=True,
                env=environ,
                timeout=30,
                check=True,
            )
            assert done.stdout == "hello client named\n3 500001\nTrue\n"
        finally:
            server.kill()
