"""The HTTP gateway: as an application, as a command, as a page, and beside the real one."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import Pyro5.api
from browser import Browser, find_browser
from peers import real_python
from Pyro5.errors import ConnectionClosedError, NamingError
from Pyro5.utils import httpgateway
from Pyro5.utils.httpgateway import pyro_app

LIMIT = 20
CORS = [
    ("Access-Control-Allow-Methods", "GET, POST, OPTIONS"),
    ("Access-Control-Allow-Headers", "Content-Type"),
]
TEXT = [("Content-Type", "text/plain"), ("Access-Control-Allow-Origin", ""), *CORS]
JSON = ("Content-Type", "application/json; charset=utf-8")


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
        return Pyro5.api.URI(self.known[name])

    def list(self, prefix: Any = None, regex: Any = None) -> dict[str, str]:
        """Return all names."""
        return dict(self.known)


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    """The stand-in, in the place of the name server."""
    names = Names()
    monkeypatch.setattr(httpgateway, "get_nameserver", lambda: names)
    return names


@Pyro5.api.expose
class Kettle:
    """Something to call."""

    level = 1

    def heat(self, degrees: Any = 100) -> Any:
        """Return the argument."""
        return degrees

    def who(self) -> str:
        """Return the correlation id."""
        return str(Pyro5.api.current_context.correlation_id)

    def fail(self) -> None:
        """Raise something."""
        raise ValueError("dry")

    def custom(self) -> Any:
        """Return an object."""
        return Pyro5.api.URI("PYRO:a@b:1")

    def slow(self) -> None:
        """Take some time."""
        time.sleep(0.2)

    def steam(self) -> Any:
        """Return an item stream."""
        yield 1

    @property
    def filled(self) -> int:
        """An attribute."""
        return self.level


@pytest.fixture
def kettle(names: Names, serve: Callable[..., Any]) -> str:
    """An object that has a name."""
    names.known["http.kettle"] = str(serve(Kettle()))
    return "/pyro/http.kettle"


# As an application.


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_the_root_is_redirected_with_one_header(method: str) -> None:
    expected = ("302 Found", [("Location", "/pyro/")], b"")
    assert ask("/", method=method) == ask("", method=method) == expected


@pytest.mark.usefixtures("names")
@pytest.mark.parametrize("path", ["/x", "/pyro", "/pyro/x", "/pyro/http.x/"])
def test_elsewhere_is_404(path: str) -> None:
    assert ask(path) == ("404 Not Found", TEXT, b"Error 404: Not Found")


@pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE"])
def test_other_methods_are_405(method: str) -> None:
    status, headers, body = ask("/pyro/http.x/y", method=method)
    assert (status, body) == ("405 Method Not Allowed", b"Error 405: Method Not Allowed")
    assert set(TEXT) <= set(headers)


def test_options_are_told() -> None:
    assert ask("/pyro/http.x/y", method="OPTIONS") == ("200 OK", TEXT, b"200 OK")


@pytest.mark.usefixtures("names")
def test_the_page_is_long_and_needs_no_key() -> None:
    pyro_app.cors = "*"
    status, headers, body = ask("/pyro/")
    cors = ("Access-Control-Allow-Origin", "*")
    assert (status, headers) == ("200 OK", [("Content-Type", "text/html"), cors, *CORS])
    assert body.startswith(b"<!DOCTYPE html>")
    assert len(body) > 1000
    assert b"http.gone" in body
    pyro_app.gateway_key = b"secret"
    locked = ask("/pyro/")
    assert (locked.status, b"http.gone" in locked.body) == ("200 OK", False)
    assert b"http.gone" in ask("/pyro/", HTTP_X_PYRO_GATEWAY_KEY="secret").body


def test_without_a_name_server_the_page_is_500() -> None:
    Pyro5.config.NS_PORT, Pyro5.config.BROADCAST_ADDRS = 1, []
    status, headers, body = ask("/pyro/")
    assert (status, headers) == ("500 Internal Server Error", TEXT)
    assert b"efresh" in body
    assert ask("/pyro/http.x/y").kind == "Pyro5.errors.NamingError"


def test_methods_and_attributes_give_json(kettle: str) -> None:
    status, headers, body = ask(f"{kettle}/heat", "degrees=1&degrees=2&x=")
    assert (status, body, headers[0]) == ("200 OK", b'["1", "2"]', JSON)
    assert [name for name, _ in headers[1:]] == [
        "X-Pyro-Correlation-Id",
        "Access-Control-Allow-Origin",
        "Access-Control-Allow-Methods",
        "Access-Control-Allow-Headers",
    ]
    assert ask(f"{kettle}/filled").body == b"1"
    assert ask(f"{kettle}/filled", "a=1").status == "500 Internal Server Error"
    custom = json.loads(ask(f"{kettle}/custom").body)
    assert custom == {"__class__": "Pyro5.core.URI", "state": ["PYRO", "a", None, "b", 1]}
    members = json.loads(ask(f"{kettle}/$meta").body)
    assert members["attributes"] == ["filled"]
    assert {"heat", "custom"} <= set(members["methods"])


def test_a_body_is_read_as_a_form_or_json_and_else_passed_over(kettle: str) -> None:
    def post(kind: str, body: bytes) -> bytes:
        how: dict[str, Any] = {"CONTENT_LENGTH": len(body), "wsgi.input": io.BytesIO(body)}
        return ask(f"{kettle}/heat", method="POST", CONTENT_TYPE=kind, **how).body

    assert post("application/x-www-form-urlencoded", b"degrees=5") == b'"5"'
    assert post("application/json", b'{"degrees": 5}') == b"5"
    assert post("text/plain", b"degrees=5") == b"100"
    assert post("", b"degrees=5") == b"100"


@pytest.mark.usefixtures("names")
def test_what_cannot_be_reached_is_500_with_its_class() -> None:
    body: dict[str, Any] = {"CONTENT_LENGTH": 4, "wsgi.input": io.BytesIO(b"body")}
    for answer in (
        ask("/pyro/http.gone/x"),
        ask("/pyro/http.gone/x", "a=1&b=2"),
        ask("/pyro/http.gone/x", method="POST", **body),
    ):
        assert answer.status == "500 Internal Server Error"
        assert answer.kind == "Pyro5.errors.CommunicationError"
    errors = io.StringIO()
    log: dict[str, Any] = {"wsgi.errors": errors}
    unknown = ask("/pyro/http.unknown/x", "a=1", **log)
    assert unknown.status == "500 Internal Server Error"
    assert unknown.kind == "Pyro5.errors.NamingError"
    assert errors.getvalue().startswith(
        "ERROR handling http.unknown/x with params {'a': '1'}: NamingError: unknown name"
    )


def test_errors_of_methods_are_500_and_have_their_traceback(kettle: str) -> None:
    answer = ask(f"{kettle}/fail")
    form = json.loads(answer.body)
    assert (answer.status, answer.headers[0]) == ("500 Internal Server Error", JSON)
    assert (form["__class__"], form["args"]) == ("builtins.ValueError", ["dry"])
    assert "in fail" in "".join(form["attributes"]["_pyroTraceback"])
    assert "X-Pyro-Correlation-Id" in dict(answer.headers)
    assert ask(f"{kettle}/nothing").kind == "builtins.AttributeError"
    assert ask(f"{kettle}/steam").kind == "Pyro5.errors.ProtocolError"


def test_a_correlation_id_goes_along(kettle: str) -> None:
    given = str(uuid.uuid4())
    answer = ask(f"{kettle}/who", HTTP_X_PYRO_CORRELATION_ID=given)
    assert json.loads(answer.body) == given
    assert dict(answer.headers)["X-Pyro-Correlation-Id"] == given
    assert (
        ask(f"{kettle}/who", HTTP_X_PYRO_CORRELATION_ID="x").kind == "builtins.ValueError"
    )


def test_one_way_is_one_of_the_options(kettle: str) -> None:
    for options in ("oneway", "a, oneway"):
        answer = ask(f"{kettle}/heat", HTTP_X_PYRO_OPTIONS=options)
        assert (answer.status, answer.body) == ("200 OK", b"")


def test_the_pattern_says_what_can_be_called(names: Names, kettle: str) -> None:
    pyro_app.ns_regex = r"kettle"
    answer = ask(f"{kettle}/heat")
    denied = b"403 Forbidden - access to the requested object has been denied"
    assert answer == ("403 Forbidden", TEXT, denied)
    names.known["other"] = names.known["http.kettle"]
    pyro_app.ns_regex = ""
    assert ask("/pyro/other/heat").body == b"100"


def test_a_key_is_needed_if_there_is_one(kettle: str) -> None:
    pyro_app.gateway_key = b"secret"
    wrong = ("403 Forbidden", TEXT, b"403 Forbidden - incorrect gateway api key")
    for query in ("", "$key=no", "$key=no&$key=secret"):
        assert ask(f"{kettle}/heat", query) == wrong
    assert ask(f"{kettle}/heat", HTTP_X_PYRO_GATEWAY_KEY="secret").body == b"100"
    assert ask(f"{kettle}/heat", "$key=secret&degrees=1").body == b'"1"'
    assert ask(f"{kettle}/heat", "$key=secret&$key=secret").body == b"100"
    pyro_app.gateway_key = None
    assert ask(f"{kettle}/heat", "$key=any").body == b"100"


def test_the_time_limit_is_that_of_the_application(kettle: str) -> None:
    pyro_app.comm_timeout = 0.05
    assert ask(f"{kettle}/slow").kind == "Pyro5.errors.TimeoutError"
    assert Pyro5.config.COMMTIMEOUT == 0.0
    assert Pyro5.config.SERIALIZER == "serpent"


def test_the_parts_can_be_used_by_themselves(kettle: str) -> None:
    started: list[Any] = []

    def start(status: str, headers: list[tuple[str, str]]) -> None:
        started.append((status, headers))

    assert httpgateway.redirect(start, "/y") == []
    assert httpgateway.not_found(start) == [b"Error 404: Not Found"]
    assert httpgateway.invalid_request(start) == [b"Error 405: Method Not Allowed"]
    assert httpgateway.option_request(start) == [b"200 OK"]
    assert started == [
        ("302 Found", [("Location", "/y")]),
        ("404 Not Found", TEXT),
        ("405 Method Not Allowed", TEXT),
        ("200 OK", TEXT),
    ]
    [page] = httpgateway.return_homepage({}, start)
    assert page.startswith(b"<!DOCTYPE html>")
    request = httpgateway.process_pyro_request
    assert request({}, "http.kettle/heat", {"degrees": "9"}, start) == [b'"9"']
    assert request({}, "x", {}, start) == [b"Error 404: Not Found"]
    assert httpgateway.cors_response_header([("A", "b")], "c") == [
        ("A", "b"),
        ("Access-Control-Allow-Origin", "c"),
        *CORS,
    ]
    given = {"a": [1], "b": [1, 2], "c": [], "d": "x", "e": ("y",)}
    assert httpgateway.singlyfy_parameters(given) is given
    assert given == {"a": 1, "b": [1, 2], "c": [], "d": "x", "e": "y"}


# With a name server.


@pytest.fixture
def name_server(running: Callable[[Any], Any]) -> Any:
    """A name server that is found."""
    _, daemon, _ = Pyro5.api.start_ns("localhost", 0, enableBroadcast=False)
    Pyro5.config.NS_PORT = daemon.sock.getsockname()[1]
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


# As a command, and with the real one.


class Processes:
    """Programs of both implementations, that end with the test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = 0
        self._running: list[subprocess.Popen[str]] = []

    def start(
        self, python: str | Path, module: str, *options: str
    ) -> subprocess.Popen[str]:
        """Start a command."""
        own = {k: v for k, v in os.environ.items() if not k.startswith("PYRO")}
        process = subprocess.Popen(
            [python, "-u", "-m", f"Pyro5.{module}", *options],
            env={**own, "PYRO_NS_PORT": str(self.port or 1), "PYRO_NS_BCPORT": "1"},
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._running.append(process)
        return process

    def names(self, python: str | Path) -> None:
        """Start a name server, which all that follows will find."""
        process = self.start(python, "nameserver", "-p", "0")
        self.port = int(until(process, "URI = ").rpartition(":")[2])

    def echo(self, python: str | Path) -> None:
        """Start an echo server that has a name."""
        until(self.start(python, "utils.echoserver", "-n"), "echoserver running.")

    def gateway(self, python: str | Path, *options: str) -> str:
        """Start a gateway; return where it is."""
        port = () if python == sys.executable else ("-p", str(free_port()))
        options = ("-e", r"Pyro\.|test\.|<", *(port or ("-p", "0")), *options)
        process = self.start(python, "utils.httpgateway", *options)
        return until(process, "Pyro HTTP gateway running on ").split()[-1]

    def end(self) -> None:
        """Interrupt what runs; the real ones don't always take notice."""
        for process in reversed(self._running):
            ours = isinstance(process.args, list) and process.args[0] == sys.executable
            process.send_signal(signal.SIGINT if ours else signal.SIGKILL)
        for process in self._running:
            process.communicate(timeout=LIMIT)


def free_port() -> int:
    """Return the number of a port that nobody uses."""
    with Pyro5.socketutil.create_socket(bind=("127.0.0.1", 0)) as sock:
        port: int = sock.getsockname()[1]
        return port


def until(process: subprocess.Popen[str], text: str) -> str:
    """Read what *process* prints up to a line with *text*; return that."""
    assert process.stdout is not None
    seen = []
    for line in process.stdout:
        seen.append(line)
        if text in line:
            return line.strip()
    raise AssertionError(f"no line with {text!r} in {''.join(seen)}")


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    """Start programs that end with the test."""
    processes = Processes(tmp_path)
    yield processes
    processes.end()


def get(address: str, **headers: str) -> tuple[int, Any]:
    """Return status and JSON of what is at *address*."""
    request = urllib.request.Request(address, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=LIMIT) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


@pytest.fixture
def real() -> Path:
    """The Python that has the real Pyro5."""
    return real_python("pyro5")


@pytest.mark.slow
def test_the_command_says_how_it_is_and_ends_clean(processes: Processes) -> None:
    process = processes.start(sys.executable, "utils.httpgateway", "-p", "0", "-e", "")
    seen = until(process, "exposing all")
    assert seen == "Warning: exposing all objects (no expose regex set)"
    assert until(process, "name server") == "Not yet connected to a name server."
    address = until(process, "running")
    assert address.startswith("Pyro HTTP gateway running on http://127.0.0.1:")
    assert address.endswith("/pyro/")
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(address.split()[-1] + "x", timeout=LIMIT)
    assert until(process, "GET").endswith('"GET /pyro/x HTTP/1.1" 404 20')
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=LIMIT)[0] == ""
    assert process.returncode == 0
    processes.names(sys.executable)
    process = processes.start(sys.executable, "utils.httpgateway", "-p", "0")
    matching = until(process, "matching")
    assert matching == r"Exposing objects with names matching:  http\."
    assert until(process, "server").startswith("Connected to name server at:  PYRO:Pyro.N")


def test_the_command_fails_with_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    for options in (["-p", "99999"], ["-e", "("], ["-H", "nohost.invalid"]):
        with pytest.raises(SystemExit) as caught:
            httpgateway.main(options)
        assert caught.value.code == 1
        out, err = capsys.readouterr()
        assert (out, err.count("\n")) == ("", 1)
        assert err.startswith("pyro5-httpgateway: ")
    with pytest.raises(SystemExit) as caught:
        httpgateway.main(["--wrong"])
    assert caught.value.code == 2


def test_the_command_without_its_files_for_tls_fails_with_one_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Pyro5.config.SSL = True
    Pyro5.config.SSL_CACERTS = "/nowhere/it.pem"
    with pytest.raises(SystemExit, match="1"):
        httpgateway.main(["-p", "0"])
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert "/nowhere/it.pem" in err


OURS = sys.executable


@pytest.mark.slow
@pytest.mark.parametrize(
    "roles", ["real names", "real echo", "real gateway", "real all but it"]
)
def test_each_role_may_be_the_real_one(
    processes: Processes, real: Path, roles: str
) -> None:
    theirs = roles.removeprefix("real ")
    both = theirs == "all but it"
    processes.names(real if both or theirs == "names" else OURS)
    processes.echo(real if both or theirs == "echo" else OURS)
    page = processes.gateway(real if theirs == "gateway" else OURS)
    echo = f"{page}test.echoserver"
    assert get(f"{echo}/echo?message=hello") == (200, "hello")
    assert get(f"{echo}/verbose") == (200, False)
    status, error = get(f"{echo}/error")
    assert (status, error["__class__"]) == (500, "builtins.ValueError")
    text = "this is the generated error from echoserver echo() method"
    assert error["args"] == [text]
    status, members = get(f"{echo}/$meta")
    assert {"echo", "generator"} <= set(members["methods"])
    status, names = get(f"{page}Pyro.NameServer/list?prefix=test")
    assert (status, list(names)) == (200, ["test.echoserver"])
    status, error = get(f"{page}test.unknown/x")
    assert (status, error["__class__"]) == (500, "Pyro5.errors.NamingError")
    if theirs != "gateway":  # which gives up without JSON
        status, error = get(f"{echo}/generator")
        assert (status, error["__class__"]) == (500, "Pyro5.errors.ProtocolError")


# As a page.


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    """A browser."""
    find_browser()
    browser = Browser(tmp_path / "profile")
    yield browser
    browser.close()


ANSWER = "document.getElementById('pyro_response')"
DONE = f"{ANSWER}.getAttribute('aria-busy') === 'false' && {ANSWER}.textContent"
EVIL = "<img src=x onerror=document.title='hacked'>"


@pytest.mark.slow
def test_the_page_calls_objects(
    processes: Processes, browser: Browser, tmp_path: Path
) -> None:
    processes.names(OURS)
    processes.echo(OURS)
    Pyro5.config.NS_PORT = processes.port
    with Pyro5.api.locate_ns("localhost") as names:
        names.register(EVIL, "PYRO:x@localhost:1")
    page = processes.gateway(OURS)
    browser.open(page)
    summaries = "[...document.querySelectorAll('summary')].map(e => e.textContent)"
    assert browser.value(summaries) == [EVIL, "Pyro.NameServer", "test.echoserver"]
    assert browser.value("document.title") == "Pyro HTTP gateway"

    # By mouse: open an object, choose its method, fill in parameters, call.
    browser.click("details:last-of-type summary")
    browser.wait("document.querySelectorAll('.members').length === 2")
    buttons = "[...document.querySelectorAll('.members button')].map(e => e.textContent)"
    assert {"echo", "slow", "verbose"} <= set(browser.value(buttons))
    browser.click("details:last-of-type ul[aria-label=Methods] li:nth-child(2) button")
    assert browser.value("document.getElementById('member').value") == "echo"
    assert browser.value("document.activeElement.id") == "params"
    browser.type('{"message": {"n": [1, 12345678901234567890], "é": ""}}')
    browser.click("#call button")
    expected = {"n": [1, 12345678901234567890], "é": ""}
    assert json.loads(browser.wait(DONE)) == expected
    request = browser.value("document.getElementById('pyro_call').textContent")
    assert request.startswith(f"POST {page}test.echoserver/echo\n")
    browser.screenshot(tmp_path / "page.png")

    # By keyboard: back to the one-way box and the button behind the parameters.
    browser.value("document.getElementById('params').focus()")
    browser.press("Tab", 9)
    browser.press(" ", 32, " ")
    browser.press("Tab", 9)
    browser.press("Enter", 13, "\r")
    assert browser.wait(f"{ANSWER}.textContent.startsWith('(nothing') && 'yes'") == "yes"

    # By script, as pages of one's own would.
    browser.value("pyro_call('test.echoserver', 'echo', {message: ['a b', '&']})")
    assert json.loads(browser.value(DONE)) == ["a b", "&"]
    browser.value("pyro_call('test.echoserver', 'error')")
    text = browser.value(DONE)
    assert text.startswith("SERVER ERROR 500\n\n{")
    assert '"builtins.ValueError"' in text
    browser.value("pyro_call('test.echoserver', 'nan')")
    assert browser.value(DONE) == "NaN"
    browser.click("details:last-of-type ul[aria-label=Attributes] button")
    assert browser.wait(f"{ANSWER}.textContent === 'false' && 'yes'") == "yes"
    browser.click("a.call")
    assert "Pyro.NameServer" in browser.wait(f"{ANSWER}.textContent.length > 50 && {DONE}")
    browser.click("details summary")
    error = "document.querySelector('details:first-of-type .note')?.textContent"
    assert browser.wait(error).startswith("??error: Pyro5.errors.CommunicationError")
    assert browser.value("document.title") == "Pyro HTTP gateway"
    assert browser.problems == []
    browser.screenshot(tmp_path / "page-end.png")


@pytest.mark.slow
def test_the_page_asks_for_the_key(
    processes: Processes, browser: Browser, tmp_path: Path
) -> None:
    processes.names(OURS)
    browser.open(processes.gateway(OURS, "-g", "sesam öffne dich €"))
    assert browser.value("document.querySelectorAll('details').length") == 0
    browser.click("#key")
    browser.type("abracadabra")
    browser.press("Enter", 13, "\r")
    problem = "document.getElementById('key-problem').textContent"
    assert browser.wait(problem) == "That is not the key."
    browser.screenshot(tmp_path / "locked.png")
    browser.value("document.getElementById('key').value = ''")
    browser.click("#key")
    browser.type("sesam öffne dich €")
    browser.press("Enter", 13, "\r")
    assert browser.wait("document.querySelectorAll('details').length") == 1
    assert browser.value(problem) == ""
    browser.value("pyro_call('Pyro.NameServer', 'count')")
    assert browser.value(DONE) == "1"
    assert browser.problems == []
