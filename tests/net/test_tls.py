"""TLS lets in whom it should, keeps out all others, and says why."""

from __future__ import annotations

import os
import pickle
import re
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from certificates import PASSWORD, Certificates
from pyrophone import Settings, current, expose
from pyrophone.errors import CallTimeoutError, ConnectError, NoNameServerError
from pyrophone.naming import NameService
from pyrophone.net.sockets import connect_tls, is_stale
from pyrophone.net.tls import client_context, server_context, trust
from pyrophone.serializers.classes import ClassTable
from pyrophone.serializers.codecs import make_codecs
from pyrophone.sync import Daemon, LoopDaemon, Proxy, connect, locate_names, options
from pyrophone.uri import URI
from pyrophone.wire.events import Greeting
from pyrophone.wire.metadata import Metadata
from pyrophone.wire.server import ServerSession
from running import LIMIT, running

CODECS = make_codecs(ClassTable(), Settings())


@expose
class Desk:
    def add(self, a: int, b: int) -> int:
        return a + b

    def whoami(self) -> Any:
        certificate = current().client.connection.peer_certificate()
        return certificate and certificate["subject"][0][0][1]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(params=[Daemon, LoopDaemon])
def kind(request: pytest.FixtureRequest) -> type[LoopDaemon]:
    cls: type[LoopDaemon] = request.param
    return cls


@pytest.fixture
def serving(files: Certificates) -> ssl.SSLContext:
    return server_context(files.server.certificate, files.server.key)


@contextmanager
def desk(kind: type[LoopDaemon], tls: ssl.SSLContext, **more: Any) -> Iterator[str]:
    with running(kind(tls=tls, **more)) as daemon:
        yield str(daemon.register(Desk(), "desk"))


def reach(uri: str | URI, tls: ssl.SSLContext | None, timeout: float = LIMIT) -> Proxy:
    return connect(uri, settings=Settings(tls=tls, timeout=timeout))


# Who gets in.


def test_one_way(kind: type[LoopDaemon], files: Certificates, serving: Any) -> None:
    with desk(kind, serving) as uri:
        with reach(uri, client_context(files.authority)) as proxy:
            assert proxy.add(1, 2) == 3
            assert proxy.whoami() is None


def test_two_way(kind: type[LoopDaemon], files: Certificates) -> None:
    mine = files.client
    tls = server_context(
        files.server.certificate, files.server.key, clients=files.authority
    )
    with desk(kind, tls) as uri:
        context = client_context(
            files.authority, certificate=mine.certificate, key=mine.key
        )
        with reach(uri, context) as proxy:
            assert proxy.whoami() == "client"
        with pytest.raises(ConnectError, match=r"ALERT_CERTIFICATE_REQUIRED|reset"):
            reach(uri, client_context(files.authority))
        stranger = client_context(
            files.authority,
            certificate=files.stranger.certificate,
            key=files.stranger.key,
        )
        with pytest.raises(ConnectError, match=r"ALERT_UNKNOWN_CA|reset"):
            reach(uri, stranger)
        with reach(uri, context) as proxy:
            assert proxy.add(1, 2) == 3


@pytest.mark.parametrize(
    ("which", "reason"),
    [
        ("expired", "certificate has expired"),
        (
            "elsewhere",
            r"Hostname mismatch, certificate is not valid for '(\w+)'",
        ),
    ],
)
def test_a_daemon_that_is_not_who_it_should_be_is_left(
    kind: type[LoopDaemon], files: Certificates, which: str, reason: str
) -> None:
    pair = getattr(files, which)
    with desk(kind, server_context(pair.certificate, pair.key)) as uri:
        text = rf"^cannot connect to localhost:\d+: \[SSL: CERTIFICATE_VERIFY.* {reason}"
        with pytest.raises(ConnectError, match=text):
            reach(uri, client_context(files.authority))


@pytest.mark.parametrize("trusted", ["another", None])
def test_a_daemon_of_an_unknown_authority_is_left(
    kind: type[LoopDaemon], files: Certificates, serving: Any, trusted: str | None
) -> None:
    context = client_context(trusted and getattr(files, trusted))
    with desk(kind, serving) as uri:
        with pytest.raises(ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            reach(uri, context)


def test_the_host_as_it_is_written_is_what_is_verified(files: Certificates) -> None:
    names = [files.server, files.elsewhere]
    for pair, host, matches in [
        (names[0], "127.0.0.1", True),
        (names[0], "localhost", True),
        (names[1], "127.0.0.1", False),
    ]:
        with desk(Daemon, server_context(pair.certificate, pair.key)) as uri:
            uri = uri.replace("localhost", host)
            context = client_context(files.authority)
            if matches:
                reach(uri, context).__exit__(None, None, None)
                continue
            with pytest.raises(ConnectError, match=f"not valid for '{host}'"):
                reach(uri, context)


def test_at_a_unix_socket_the_name_is_localhost(
    kind: type[LoopDaemon], files: Certificates, serving: Any, tmp_path: Path
) -> None:
    context = client_context(files.authority)
    with desk(kind, serving, unix_socket=str(tmp_path / "good")) as uri:
        with reach(uri, context) as proxy:
            assert proxy.add(1, 2) == 3
    pair = files.elsewhere
    tls = server_context(pair.certificate, pair.key)
    with desk(kind, tls, unix_socket=str(tmp_path / "bad")) as uri:
        with pytest.raises(ConnectError, match="not valid for 'localhost'"):
            reach(uri, context)


def test_a_hook_of_the_daemon_may_judge_the_certificate(files: Certificates) -> None:
    class Choosy(Daemon):
        def greets(self, client: Any, handshake: Any) -> Any:
            subject = client.connection.peer_certificate()["subject"][0][0][1]
            if subject != handshake:
                raise ValueError(f"you are {subject}")
            return "welcome"

    tls = server_context(
        files.server.certificate, files.server.key, clients=files.authority
    )
    context = client_context(
        files.authority, certificate=files.client.certificate, key=files.client.key
    )
    settings = Settings(tls=context, timeout=LIMIT)
    with desk(Choosy, tls) as uri:
        with connect(uri, settings=settings, handshake="client") as proxy:
            assert proxy.add(1, 2) == 3
        with pytest.raises(ConnectError, match="rejected: you are client"):
            connect(uri, settings=settings, handshake="the boss")


def test_a_proxy_that_is_lost_comes_back_by_tls(
    kind: type[LoopDaemon], files: Certificates, serving: Any
) -> None:
    how = Settings(tls=client_context(files.authority), timeout=LIMIT, retries=1)
    with desk(kind, serving) as uri:
        proxy = connect(uri, settings=how)
        assert proxy.add(1, 2) == 3
    port = int(uri.rpartition(":")[2])
    with desk(kind, serving, port=port):
        with proxy:
            assert proxy.add(3, 4) == 7


def test_names_are_looked_up_by_tls(files: Certificates, serving: Any) -> None:
    settings = Settings(tls=client_context(files.authority), timeout=LIMIT)
    with running(NameService("localhost", 0, tls=serving)) as service:
        port = service.uri.port
        assert port is not None
        own = Settings(tls=settings.tls, name_port=port, timeout=LIMIT)
        with running(Daemon(tls=serving, settings=own)) as daemon:
            uri = daemon.register(Desk(), name="desk")
            with locate_names("localhost", port, settings=own) as names:
                assert names.lookup("desk") == uri
            with connect(f"PYRONAME:desk@localhost:{port}", settings=own) as proxy:
                assert proxy.add(1, 2) == 3
            with pytest.raises(NoNameServerError):
                locate_names("localhost", port, settings=Settings(timeout=LIMIT))


def test_a_quiet_connection_is_not_taken_for_a_lost_one(
    files: Certificates, serving: Any
) -> None:
    # TLS 1.3 sends tickets behind the handshake; they are no reason to connect anew.
    with desk(Daemon, serving) as uri:
        sock = connect_tls(URI.parse(uri), client_context(files.authority), LIMIT)
        with sock:
            assert sock.version() == "TLSv1.3"
            assert not is_stale(sock)
            assert sock.gettimeout() is not None
            sock.sendall(b"junk, which ends it")
            sock.settimeout(LIMIT)
            while sock.recv(65536):
                pass
            assert is_stale(sock)


# Who speaks something else.


def test_a_client_without_tls_sees_a_clean_end(
    kind: type[LoopDaemon], serving: Any
) -> None:
    with desk(kind, serving) as uri:
        with pytest.raises(ConnectError, match="closed: receiving: not enough data"):
            reach(uri, None)


def test_a_client_with_tls_at_a_daemon_without(
    kind: type[LoopDaemon], files: Certificates
) -> None:
    with running(kind()) as daemon:
        uri = daemon.register(Desk())
        with pytest.raises(ConnectError, match=r"WRONG_VERSION_NUMBER.*does it use TLS"):
            reach(uri, client_context(files.authority))


def test_a_daemon_that_stalls_meets_the_limit(files: Certificates) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        uri = URI("PYRO", "x", None, *listener.getsockname())
        text = rf"^cannot connect to {uri.location}: the TLS handshake took over 0.05 s$"
        with pytest.raises(ConnectError, match=text) as caught:
            reach(uri, client_context(files.authority), timeout=0.05)
        assert isinstance(caught.value.__cause__, TimeoutError)


@pytest.mark.slow
def test_a_limit_is_for_all_that_is_sent(files: Certificates, serving: Any) -> None:
    """However slowly the daemon takes it."""

    def take_slowly() -> None:
        plain, _ = listener.accept()
        with suppress(OSError), serving.wrap_socket(plain, server_side=True) as sock:
            session = ServerSession(CODECS)
            session.receive(sock.recv(65536))
            greeting = session.next()
            assert isinstance(greeting, Greeting)
            sock.sendall(session.welcome(greeting, "", Metadata(frozenset({"add"}))))
            while sock.recv(1000):
                done.wait(0.01)

    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=take_slowly)
        thread.start()
        uri = URI("PYRO", "x", None, *listener.getsockname())
        proxy = reach(uri, client_context(files.authority))
        with pytest.raises(CallTimeoutError, match=r"no reply within 0\.2 s"):
            options(proxy, timeout=0.2).add("x" * 20_000_000)
        done.set()
        thread.join(LIMIT)


@pytest.mark.parametrize("answer", [b"", b"\x15\x03\x03\x00\x02\x02\x28"])
def test_a_daemon_that_ends_the_handshake(files: Certificates, answer: bytes) -> None:
    def serve() -> None:
        sock, _ = listener.accept()
        with sock:
            sock.recv(65536)
            sock.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        text = "HANDSHAKE_FAILURE" if answer else "the TLS handshake was broken off"
        with pytest.raises(ConnectError, match=text):
            reach(
                URI("PYRO", "x", None, *listener.getsockname()),
                client_context(files.authority),
            )
        thread.join(LIMIT)


def test_a_host_that_can_be_no_name(files: Certificates, serving: Any) -> None:
    with desk(Daemon, serving) as uri:
        odd = URI("PYRO", "x", None, "", URI.parse(uri).port)
        connect_tls(odd, client_context(files.authority), LIMIT).close()
        with pytest.raises(ConnectError, match="cannot connect to"):
            reach(uri.replace("localhost", ".localhost"), client_context(files.authority))


# What daemons and clients are given.


def test_contexts_are_strict(files: Certificates) -> None:
    context = client_context(files.authority)
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname
    assert [each["subject"] for each in context.get_ca_certs()] == [
        ((("commonName", "ours"),),)
    ]
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
    server = server_context(files.server.certificate, files.server.key)
    assert server.verify_mode == ssl.CERT_NONE
    assert server.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert server.options & ssl.OP_NO_RENEGOTIATION


def test_a_context_of_the_wrong_kind_is_refused(files: Certificates, serving: Any) -> None:
    with pytest.raises(ValueError, match="for clients, a daemon needs one for servers"):
        Daemon(tls=client_context(files.authority))
    with desk(Daemon, serving) as uri:
        with pytest.raises(ConnectError, match="PROTOCOL_TLS_SERVER context"):
            reach(uri, serving)


def test_a_connected_socket_without_tls_is_refused(serving: Any) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        with pytest.raises(OSError, match="the connected socket has none"):
            Daemon(sock=ours, tls=serving)
        assert ours.fileno() >= 0


def test_a_key_with_a_password(files: Certificates) -> None:
    certificate, key = files.locked.certificate, files.locked.key
    server_context(certificate, key, password=PASSWORD)
    with pytest.raises(OSError, match=f"{re.escape(str(key))} has a password, and none"):
        server_context(certificate, key)
    with pytest.raises(OSError, match="has a password, not the given one"):
        server_context(certificate, key, password="wrong")


def test_a_certificate_and_key_in_one_file(files: Certificates, tmp_path: Path) -> None:
    both = tmp_path / "both.pem"
    both.write_bytes(files.server.certificate.read_bytes() + files.server.key.read_bytes())
    with desk(Daemon, server_context(both)) as uri:
        with reach(uri, client_context(files.authority)) as proxy:
            assert proxy.add(1, 2) == 3


Make = Callable[[Certificates, Path], object]


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda f, p: server_context(p / "no.pem", f.server.key), "No such.*no.pem"),
        (
            lambda f, p: server_context(f.server.certificate, p / "no.key"),
            "No such.*no.key",
        ),
        (
            lambda f, p: server_context(f.server.certificate, p),
            "Is a directory",
        ),
        (
            lambda f, p: server_context(f.server.key, f.server.key),
            "no certificate in PEM form in .*server.key",
        ),
        (
            lambda f, p: server_context(f.server.certificate),
            "no private key in PEM form in .*server.pem",
        ),
        (
            lambda f, p: server_context(f.server.certificate, f.client.key),
            "private key in .*client.key is not that of .*server.pem",
        ),
        (lambda f, p: client_context(p / "no.pem"), "No such.*no.pem"),
        (
            lambda f, p: client_context(f.server.key),
            "no certificate in PEM form in .*server.key",
        ),
        (
            lambda f, p: client_context(f.authority, certificate=p / "no.pem"),
            "No such.*no.pem",
        ),
        (lambda f, p: client_context(p), "no certificate in PEM form in "),
    ],
)
def test_a_file_that_cannot_be_used_is_named(
    files: Certificates, tmp_path: Path, make: Make, text: str
) -> None:
    with pytest.raises(OSError, match=text):
        make(files, tmp_path)


def test_a_damaged_certificate_is_named(files: Certificates, tmp_path: Path) -> None:
    bad = tmp_path / "bad.pem"
    bad.write_text("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n")
    with pytest.raises(OSError, match=r"bad\.pem with the private key in .* can't be used"):
        server_context(bad, files.server.key)


@pytest.mark.parametrize("hashed", [False, True])
def test_authorities_in_a_directory(
    files: Certificates, serving: Any, tmp_path: Path, hashed: bool
) -> None:
    shutil.copy(files.authority, tmp_path / "ca.crt")
    (tmp_path / "notes.txt").write_text("not a certificate")
    if hashed:
        found = subprocess.run(
            ["openssl", "x509", "-hash", "-noout", "-in", files.authority],
            check=True,
            capture_output=True,
            text=True,
        )
        os.rename(tmp_path / "ca.crt", tmp_path / f"{found.stdout.strip()}.0")
    with desk(Daemon, serving) as uri:
        with reach(uri, client_context(tmp_path)) as proxy:
            assert proxy.add(1, 2) == 3


def test_more_can_be_trusted_than_the_system_does(
    files: Certificates, serving: Any
) -> None:
    context = client_context()
    trust(context, files.authority)
    with desk(Daemon, serving) as uri:
        with reach(uri, context) as proxy:
            assert proxy.add(1, 2) == 3


def test_a_proxy_with_tls_is_not_pickled_without_it(
    files: Certificates, serving: Any
) -> None:
    with desk(Daemon, serving) as uri:
        with reach(uri, client_context(files.authority)) as proxy:
            with pytest.raises(TypeError, match="SSLContext"):
                pickle.dumps(proxy)
