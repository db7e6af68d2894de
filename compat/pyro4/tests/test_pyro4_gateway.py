"""The HTTP gateway: as an application, and as a command, beside the real one."""

from __future__ import annotations

import io
import json
import threading
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import Pyro4
from commands import LIMIT, OURS, Commands, commands, lines
from peers import real_python
from Pyro4 import naming, socketutil
from Pyro4.errors import ConnectionClosedError, NamingError
from Pyro4.utils import httpgateway
from Pyro4.utils.httpgateway import _Target, pyro_app
from pyrophone.classic import gateways

TEXT = [("Content-Type", "text/plain")]
JSON = ("Content-Type", "application/json; charset=utf-8")
FAILED = "500 Internal Server Error"


class Answered(NamedTuple):
    """What came back for a request."""

    status: str
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def kind(self) -> Any:
        """The class of the error in the body."""
        return json.loads(self.body)["__class__"]


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Leave the settings of the application as they were."""
    before = dict(vars(pyro_app))
    monkeypatch.setattr(httpgateway, "_nameserver", None)
    for name in ("PYRO_HMAC_KEY", "PYRO_HTTPGATEWAY_KEY"):
        monkeypatch.delenv(name, raising=False)
    yield
    vars(pyro_app).update(before)


def ask(path: str, query: str = "", method: str = "GET", **more: Any) -> Answered:
    """Send a request to the application, as a WSGI server does."""
    started: list[Any] = []
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "wsgi.input": io.BytesIO(b""),
        "wsgi.errors": io.StringIO(),
        **more,
    }
    body = pyro_app(environ, lambda *what: started.append(what))
    [(status, headers)] = started
    return Answered(status, headers, b"".join(body))


class Names:
    """A stand-in for a name server that has just what is needed of one."""

    def __init__(self) -> None:
        self.known = {"http.gone": "PYRO:gone@localhost:1"}

    def lookup(self, name: str) -> Any:
        """Return where a name leads."""
        if name not in self.known:
            raise NamingError(f"unknown name: {name}")
        return Pyro4.URI(self.known[name])

    def list(self, prefix: Any = None, regex: Any = None) -> dict[str, str]:
        """Return all names."""
        return dict(self.known)


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    """The stand-in, in the place of the name server."""
    names = Names()
    monkeypatch.setattr(httpgateway, "get_nameserver", lambda: names)
    return names


@Pyro4.expose
class Kettle:
    """Something to call."""

    def heat(self, degrees: Any = 100) -> Any:
        """Return the argument."""
        return degrees

    def who(self) -> str:
        """Return the correlation id."""
        return str(Pyro4.current_context.correlation_id)

    def fail(self) -> None:
        """Raise something."""
        raise ValueError("dry")

    @Pyro4.oneway
    def whistle(self) -> None:
        """Return nothing to nobody."""

    def steam(self) -> Any:
        """Return an item stream."""
        yield 1

    @property
    def filled(self) -> int:
        """An attribute."""
        return 1


@pytest.fixture
def kettle(names: Names, serve: Callable[..., Any]) -> str:
    """An object that has a name."""
    names.known["http.kettle"] = str(serve(Kettle()))
    return "/pyro/http.kettle"


# As an application.


def test_its_settings() -> None:
    assert (pyro_app.ns_regex, pyro_app.hmac_key, pyro_app.gateway_key) == (
        r"http\.",
        None,
        None,
    )
    assert pyro_app.comm_timeout == 0.0


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_the_root_is_redirected(method: str) -> None:
    assert ask("/", method=method) == ("302 Found", [("Location", "/pyro/")], b"")


@pytest.mark.usefixtures("names")
@pytest.mark.parametrize("path", ["/x", "/pyro", "/pyro/x", "/pyro/http.x/"])
def test_elsewhere_is_404(path: str) -> None:
    assert ask(path) == ("404 Not Found", TEXT, b"Error 404: Not Found")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS"])
def test_other_methods_are_405(method: str) -> None:
    status, headers, body = ask("/pyro/http.x/y", method=method)
    assert (status, body) == ("405 Method Not Allowed", b"Error 405: Method Not Allowed")
    assert headers == [*TEXT, ("Allow", "GET, POST")]


@pytest.mark.usefixtures("names")
def test_the_page_has_names() -> None:
    status, headers, body = ask("/pyro/")
    assert (status, headers) == ("200 OK", [("Content-Type", "text/html")])
    assert b"http.gone" in body


def test_methods_and_attributes_give_json(kettle: str) -> None:
    status, headers, body = ask(f"{kettle}/heat", "degrees=1&degrees=2&x=")
    assert (status, body, headers[0]) == ("200 OK", b'["1", "2"]', JSON)
    assert headers[1][0] == "X-Pyro-Correlation-Id"
    assert ask(f"{kettle}/filled").body == b"1"
    assert ask(f"{kettle}/filled", "a=1").status == FAILED
    members = json.loads(ask(f"{kettle}/$meta").body)
    assert members["attributes"] == ["filled"]
    assert set(members["methods"]) == {"fail", "heat", "steam", "whistle", "who"}


def test_forms_are_read(kettle: str) -> None:
    body = "degrees=é".encode()
    how: dict[str, Any] = {"CONTENT_LENGTH": len(body), "wsgi.input": io.BytesIO(body)}
    kind = "application/x-www-form-urlencoded"
    answer = ask(f"{kettle}/heat", method="POST", CONTENT_TYPE=kind, **how)
    assert json.loads(answer.body) == "é"


@pytest.mark.usefixtures("names")
def test_what_cannot_be_reached_is_500_with_its_class() -> None:
    for name, error in (("gone", "CommunicationError"), ("unknown", "NamingError")):
        answer = ask(f"/pyro/http.{name}/x")
        assert (answer.status, answer.kind) == (FAILED, f"Pyro4.errors.{error}")


def test_errors_of_methods_are_500_and_have_their_traceback(kettle: str) -> None:
    answer = ask(f"{kettle}/fail")
    form = json.loads(answer.body)
    assert (answer.status, answer.headers[0]) == (FAILED, JSON)
    assert (form["__class__"], form["args"]) == ("builtins.ValueError", ["dry"])
    assert "in fail" in "".join(form["attributes"]["_pyroTraceback"])
    assert ask(f"{kettle}/nothing").kind == "builtins.AttributeError"
    assert ask(f"{kettle}/steam").kind == "Pyro4.errors.ProtocolError"


def test_a_stream_that_nobody_can_read_is_closed(
    names: Names, running: Callable[[Any], Any]
) -> None:
    Pyro4.config.SERVERTYPE = "multiplex"  # runs one call behind the other
    daemon = running(Pyro4.Daemon())
    names.known["http.kettle"] = str(daemon.register(Kettle()))
    assert ask("/pyro/http.kettle/steam").status == FAILED
    assert ask("/pyro/http.kettle/heat").body == b"100"
    assert not daemon.streaming_responses


def test_each_request_lets_go_of_its_connection(
    names: Names, running: Callable[[Any], Any]
) -> None:
    gone = threading.Event()

    class Noticing(Pyro4.Daemon):
        def clientDisconnect(self, conn: Any) -> None:
            gone.set()

    names.known["http.kettle"] = str(running(Noticing()).register(Kettle()))
    kept = _Target(Pyro4.URI(names.known["http.kettle"]))
    with kept:
        assert kept.call("heat", {}).data == b"100"
        assert not gone.is_set()
    assert gone.wait(LIMIT)


def test_a_correlation_id_goes_along_and_is_not_kept(kettle: str) -> None:
    given, mine = str(uuid.uuid4()), uuid.uuid4()
    Pyro4.current_context.correlation_id = mine
    answer = ask(f"{kettle}/who", HTTP_X_PYRO_CORRELATION_ID=given)
    assert json.loads(answer.body) == given
    assert dict(answer.headers)["X-Pyro-Correlation-Id"] == given
    assert Pyro4.current_context.correlation_id == mine
    assert (
        ask(f"{kettle}/who", HTTP_X_PYRO_CORRELATION_ID="x").kind == "builtins.ValueError"
    )


def test_one_way(kettle: str) -> None:
    for answer in (
        ask(f"{kettle}/heat", HTTP_X_PYRO_OPTIONS="oneway"),
        ask(f"{kettle}/whistle"),
    ):
        assert (answer.status, answer.body) == ("200 OK", b"")


def test_the_pattern_says_what_can_be_called(names: Names, kettle: str) -> None:
    pyro_app.ns_regex = r"kettle"
    denied = b"403 Forbidden - access to the requested object has been denied"
    assert ask(f"{kettle}/heat") == ("403 Forbidden", TEXT, denied)
    names.known["other"] = names.known["http.kettle"]
    pyro_app.ns_regex = ""
    assert ask("/pyro/other/heat").body == b"100"


def test_a_key_is_needed_if_there_is_one(kettle: str) -> None:
    pyro_app.gateway_key = b"secret"
    wrong = ("403 Forbidden", TEXT, b"403 Forbidden - incorrect gateway api key")
    for query in ("", "$key=no"):
        assert ask(f"{kettle}/heat", query) == wrong
    assert ask(f"{kettle}/heat", HTTP_X_PYRO_GATEWAY_KEY="secret").body == b"100"
    assert ask(f"{kettle}/heat", "$key=secret&degrees=1").body == b'"1"'


def test_the_key_of_the_servers(names: Names, running: Callable[[Any], Any]) -> None:
    daemon = Pyro4.Daemon()
    daemon._pyroHmacKey = "secret"
    names.known["http.kettle"] = str(daemon.register(Kettle()))
    running(daemon)
    assert ask("/pyro/http.kettle/heat").kind == "Pyro4.errors.CommunicationError"
    pyro_app.hmac_key = "secret"
    assert ask("/pyro/http.kettle/heat").body == b"100"


def test_the_parts_can_be_used_by_themselves(kettle: str) -> None:
    started: list[Any] = []

    def start(status: str, headers: list[tuple[str, str]]) -> None:
        started.append((status, headers))

    assert list(httpgateway.redirect(start, "/y")) == []
    assert list(httpgateway.not_found(start)) == [b"Error 404: Not Found"]
    assert list(httpgateway.invalid_request(start)) == [b"Error 405: Method Not Allowed"]
    assert started == [
        ("302 Found", [("Location", "/y")]),
        ("404 Not Found", TEXT),
        ("405 Method Not Allowed", TEXT),
    ]
    [page] = httpgateway.return_homepage({}, start)
    assert page.startswith(b"<!DOCTYPE html>")
    request = httpgateway.process_pyro_request
    assert list(request({}, "http.kettle/heat", {"degrees": "9"}, start)) == [b'"9"']
    given = {"a": [1], "b": [1, 2], "c": [], "d": "x"}
    assert httpgateway.singlyfy_parameters(given) is given
    assert given == {"a": 1, "b": [1, 2], "c": [], "d": "x"}


# With a name server.


@pytest.fixture
def name_server(running: Callable[[Any], Any]) -> Any:
    """A name server that is found."""
    _, daemon, _ = naming.startNS("localhost", 0, enableBroadcast=False)
    Pyro4.config.NS_PORT = daemon.sock.getsockname()[1]
    return running(daemon)


@pytest.mark.usefixtures("name_server")
def test_the_name_server_is_kept_and_any_thread_may_ask_it() -> None:
    first = httpgateway.get_nameserver()
    assert httpgateway.get_nameserver() is first is httpgateway._nameserver
    pyro_app.ns_regex = "Pyro"
    assert ask("/pyro/Pyro.NameServer/count").body == b"1"
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(ask, "/pyro/Pyro.NameServer/count") for _ in range(12)]
        assert [each.result(LIMIT).body for each in asked] == [b"1"] * 12


@pytest.mark.usefixtures("name_server")
def test_a_name_server_that_was_lost_is_looked_for_again(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = httpgateway.get_nameserver()

    def lost(*args: Any, **kwargs: Any) -> None:
        raise ConnectionClosedError("gone")

    monkeypatch.setattr(type(first), "_pyroInvoke", lost)
    with pytest.raises((ConnectionClosedError, NamingError)):
        httpgateway.get_nameserver().ping()
    monkeypatch.undo()
    out = capsys.readouterr().out
    assert out == "Connection with nameserver lost, reconnecting...\n"
    assert httpgateway.get_nameserver().count() == 1


def test_without_a_name_server_the_page_is_500() -> None:
    Pyro4.config.NS_PORT, Pyro4.config.BROADCAST_ADDRS = 1, ""
    status, headers, body = ask("/pyro/")
    assert (status, headers) == (FAILED, TEXT)
    assert b"efresh" in body


# As a command, and with the real one.


@pytest.fixture
def programs() -> Iterator[Commands]:
    """Start programs that end with the test."""
    with commands() as started:
        yield started


def free_port() -> str:
    """Return the number of a port that nobody uses."""
    with socketutil.createSocket(bind=("127.0.0.1", 0)) as sock:
        return str(sock.getsockname()[1])


def start(programs: Commands, python: str | Path, *options: str) -> tuple[list[str], str]:
    """Start a gateway; return what it says, and where it is."""
    port = "0" if python == OURS else free_port()
    process = programs.start(python, "utils.httpgateway", "-p", port, *options)
    said = lines(process, "Pyro HTTP gateway running on ")
    return said, said[-1].split()[-1]


def get(address: str, **headers: str) -> tuple[int, Any]:
    """Return status and JSON of what is at *address*."""
    request = urllib.request.Request(address, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=LIMIT) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


@pytest.mark.slow
def test_the_command_says_how_it_is(programs: Commands) -> None:
    said, address = start(programs, OURS, "-e", "")
    assert said[:2] == [
        "Warning: exposing all objects (no expose regex set)",
        "Not yet connected to a name server.",
    ]
    assert address.startswith("http://127.0.0.1:")
    assert address.endswith("/pyro/")
    programs.names(OURS)
    said, _ = start(programs, OURS)
    assert said[:2] == [
        r"Exposing objects with names matching:  http\.",
        f"Connected to name server at:  PYRO:Pyro.NameServer@localhost:{programs.port}",
    ]


def test_the_command_fails_with_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    for options in (["-p", "99999"], ["-e", "("], ["-H", "nohost.invalid"]):
        with pytest.raises(SystemExit) as caught:
            httpgateway.main(options)
        assert caught.value.code == 1
        out, err = capsys.readouterr()
        assert (out, err.count("\n")) == ("", 1)
        assert err.startswith("pyro4-httpgateway: ")
    assert Pyro4.config.SERIALIZER == "json"


def test_the_defaults_of_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[Any] = []
    monkeypatch.setattr(gateways, "serve", lambda *how: called.append(how[3:5]))
    Pyro4.config.COMMTIMEOUT = 2.5
    httpgateway.main([])
    assert called == [("localhost", 8080)]
    assert (pyro_app.ns_regex, pyro_app.comm_timeout) == (r"http\.", 2.5)
    httpgateway.main(["-H", "::1", "-p", "99", "-e", "x.*", "-t", "0"])
    assert called[1] == ("::1", 99)
    assert (pyro_app.ns_regex, pyro_app.comm_timeout) == ("x.*", 0.0)
    assert Pyro4.config.COMMTIMEOUT == 0.0


@pytest.mark.parametrize("option", ["-k", "-g"])
def test_keys_are_given_once(monkeypatch: pytest.MonkeyPatch, option: str) -> None:
    name = {"-k": "PYRO_HMAC_KEY", "-g": "PYRO_HTTPGATEWAY_KEY"}[option]
    monkeypatch.setenv(name, "y")
    with pytest.warns(UserWarning, match="using -k and/or -g"):
        with pytest.raises(SystemExit, match=f"don't use {option} and {name}"):
            httpgateway.main([option, "x"])


@pytest.mark.slow
@pytest.mark.peers
@pytest.mark.parametrize(
    "roles", ["real names", "real echo", "real gateway", "real all but it"]
)
@pytest.mark.parametrize("key", ["", "secret"])
def test_each_role_may_be_the_real_one(programs: Commands, roles: str, key: str) -> None:
    real, theirs = real_python("pyro4"), roles.removeprefix("real ")
    both = theirs == "all but it"
    own = {"HMAC_KEY": key} if key else {}
    programs.names(real if both or theirs == "names" else OURS, **own)
    python = real if both or theirs == "echo" else OURS
    lines(programs.start(python, "test.echoserver", "-n", **own), "echoserver running.")
    python = real if theirs == "gateway" else OURS
    options = ("-p", "0" if python == OURS else free_port(), "-e", r"Pyro\.|test\.")
    gateway = programs.start(python, "utils.httpgateway", *options, **own)
    page = lines(gateway, "Pyro HTTP gateway running on ")[-1].split()[-1]
    echo = f"{page}test.echoserver"
    assert get(f"{echo}/echo?message=hello") == (200, "hello")
    assert get(f"{echo}/verbose") == (200, False)
    status, error = get(f"{echo}/error")
    assert (status, error["__class__"]) == (500, "builtins.ValueError")
    assert error["args"] == ["expected error from echoserver error() method"]
    status, members = get(f"{echo}/$meta")
    assert {"echo", "generator"} <= set(members["methods"])
    status, names = get(f"{page}Pyro.NameServer/list?prefix=test")
    assert (status, list(names)) == (200, ["test.echoserver"])
    status, error = get(f"{page}test.unknown/x")
    assert (status, error["__class__"]) == (500, "Pyro4.errors.NamingError")
    status, error = get(f"{echo}/generator")
    assert (status, error["__class__"]) == (500, "Pyro4.errors.ProtocolError")
