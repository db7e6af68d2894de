"""The HTTP gateway, called as any WSGI server would."""

import io
import json
import re
import threading
import uuid

import pytest

from Pyro4 import config
from Pyro4.core import Daemon
from Pyro4.naming import NameServerDaemon
from Pyro4.test.echoserver import EchoServer
from Pyro4.utils import httpgateway
from Pyro4.utils.httpgateway import pyro_app

JSON = ("Content-Type", "application/json; charset=utf-8")
CORRELATION = "01234567-89ab-cdef-0123-456789abcdef"


@pytest.fixture(scope="module")
def network():
    """A name server and an echo object, running."""

    before = config.POLLTIMEOUT
    config.POLLTIMEOUT = 0.1
    ns, daemon = NameServerDaemon(port=0), Daemon()
    ns.nameserver.register("http.echo", daemon.register(EchoServer()))
    ns.nameserver.register("http.a/b", daemon.register(EchoServer()))
    ns.nameserver.register("http.dead", "PYRO:x@localhost:1")
    ns.nameserver.register("other", daemon.uriFor("Pyro.Daemon"))
    threads = [threading.Thread(target=each.requestLoop) for each in (ns, daemon)]
    for thread in threads:
        thread.start()
    yield ns
    for each, thread in zip((ns, daemon), threads, strict=True):
        each.shutdown()
        thread.join(5)
    config.POLLTIMEOUT = before


@pytest.fixture(autouse=True)
def _settings(monkeypatch, network):
    config.NS_HOST = "localhost"
    config.NS_PORT = network.sock.getsockname()[1]
    config.BROADCAST_ADDRS = ""
    for name, value in (("ns_regex", r"http\."), ("gateway_key", None), ("hmac_key", None)):
        monkeypatch.setattr(pyro_app, name, value)
    monkeypatch.setattr(pyro_app, "comm_timeout", 5.0)
    httpgateway._nameserver = None
    yield
    if httpgateway._nameserver is not None:
        httpgateway._nameserver._pyroRelease()
    httpgateway._nameserver = None


class Answer:
    """What came back."""

    def __init__(self, path, method="GET", query="", headers=None, body=b""):
        self.status = self.headers = None
        environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(),
            **(headers or {}),
        }
        self.body = b"".join(pyro_app(environ, self._start)).decode()
        self.log = environ["wsgi.errors"].getvalue()
        assert isinstance(self.status, str)

    def _start(self, status, headers, exc_info=None):
        assert self.status is None
        self.status, self.headers = status, headers

    @property
    def json(self):
        assert JSON in self.headers
        return json.loads(self.body)


def test_settings_at_first():
    assert pyro_app.ns_regex == r"http\."
    assert pyro_app.gateway_key is None
    assert pyro_app.hmac_key is None


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_the_root_leads_on(method):
    answer = Answer("/", method)
    assert answer.status == "302 Found"
    assert answer.headers == [("Location", "/pyro/")]
    assert answer.body == ""


@pytest.mark.parametrize(
    ("path", "method", "status", "body"),
    [
        ("/nosuch", "GET", "404 Not Found", "Error 404: Not Found"),
        ("/pyro", "GET", "404 Not Found", "Error 404: Not Found"),
        ("/nosuch", "PUT", "404 Not Found", "Error 404: Not Found"),
        ("/pyro/http.echo", "GET", "404 Not Found", "Error 404: Not Found"),
        ("/pyro/http.echo/", "GET", "404 Not Found", "Error 404: Not Found"),
        ("/pyro/", "PUT", "405 Method Not Allowed", "Error 405: Method Not Allowed"),
        ("/pyro/http.echo/echo", "HEAD", "405 Method Not Allowed", None),
        ("/pyro/http.echo/echo", "DELETE", "405 Method Not Allowed", None),
        ("/pyro/http.echo/echo", "PUT", "405 Method Not Allowed", None),
    ],
)
def test_plain_answers(path, method, status, body):
    answer = Answer(path, method)
    assert answer.status == status
    assert answer.body == body or body is None
    headers = [header for header in answer.headers if header[0] != "Allow"]
    assert headers == [("Content-Type", "text/plain")]


def test_the_page():
    answer = Answer("/pyro/")
    assert answer.status == "200 OK"
    assert ("Content-Type", "text/html") in answer.headers
    assert answer.body.startswith("<!DOCTYPE html>")
    assert len(answer.body) > 1000
    for text in ("http.echo", "pyro_call", "pyro_response", "http.dead"):
        assert text in answer.body
    assert "Pyro.Daemon" not in answer.body


def test_no_name_server():
    config.NS_HOST, config.NS_PORT = "127.0.0.1", 1
    config.PREFER_IP_VERSION = 6  # it looks around, else
    answer = Answer("/pyro/")
    assert answer.status == "500 Internal Server Error"


def test_calls():
    answer = Answer("/pyro/http.echo/echo", query="message=hello%20there")
    assert answer.status == "200 OK"
    assert answer.json == "hello there"
    assert answer.headers[0] == JSON
    name, value = answer.headers[1]
    assert name == "X-Pyro-Correlation-Id"
    uuid.UUID(value)
    assert len(answer.headers) == 2


def test_lists_of_values():
    assert Answer("/pyro/http.echo/echo", query="message=a&message=b").json == ["a", "b"]


def test_names_with_slashes():
    assert Answer("/pyro/http.a/b/echo", query="message=x").json == "x"


def test_correlation():
    headers = {"HTTP_X_PYRO_CORRELATION_ID": CORRELATION}
    answer = Answer("/pyro/http.echo/echo", query="message=x", headers=headers)
    assert ("X-Pyro-Correlation-Id", CORRELATION) in answer.headers


def test_metadata():
    answer = Answer("/pyro/http.echo/$meta")
    assert set(answer.json) == {"methods", "attributes"}
    assert answer.json["attributes"] == ["verbose"]
    assert {"echo", "error", "slow"} <= set(answer.json["methods"])


def test_attributes():
    answer = Answer("/pyro/http.echo/verbose")
    assert answer.status == "200 OK"
    assert answer.json is False
    answer = Answer("/pyro/http.echo/verbose", query="x=1")
    assert answer.status == "500 Internal Server Error"


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/pyro/http.echo/oneway_echo", {}),
        ("/pyro/http.echo/echo", {"HTTP_X_PYRO_OPTIONS": "oneway"}),
    ],
)
def test_oneway(path, headers):
    answer = Answer(path, query="message=x", headers=headers)
    assert answer.status == "200 OK"
    assert answer.body == ""


@pytest.mark.parametrize(
    ("path", "kind", "text"),
    [
        ("http.echo/error", "builtins.ValueError", "expected error from echoserver"),
        ("http.dead/echo", "Pyro4.errors.CommunicationError", "cannot connect"),
        ("http.nosuch/echo", "Pyro4.errors.NamingError", "unknown name: http.nosuch"),
        ("http.echo/nosuch", "builtins.AttributeError", "nosuch"),
        ("http.echo/echo", "builtins.TypeError", "message"),
        ("http.echo/generator", "Pyro4.errors.ProtocolError", "iterator"),
    ],
)
def test_failures(path, kind, text):
    answer = Answer(f"/pyro/{path}")
    assert answer.status == "500 Internal Server Error"
    assert answer.json["__class__"] == kind
    assert answer.json["__exception__"] is True
    assert text in answer.json["args"][0]


FORM = {"CONTENT_TYPE": "application/x-www-form-urlencoded"}


def test_forms():
    answer = Answer("/pyro/http.echo/echo", "POST", headers=FORM, body=b"message=x+y")
    assert (answer.status, answer.json) == ("200 OK", "x y")
    answer = Answer(
        "/pyro/http.echo/echo", "POST", headers=FORM, body=b"message=a&message=b"
    )
    assert answer.json == ["a", "b"]


def test_objects_that_are_not_shown():
    answer = Answer("/pyro/other/ping")
    assert answer.status == "403 Forbidden"
    assert answer.body == "403 Forbidden - access to the requested object has been denied"
    pyro_app.ns_regex = ""
    assert Answer("/pyro/other/ping").status == "200 OK"


def test_the_key():
    pyro_app.gateway_key = b"secret"
    for headers, query in (
        ({}, "message=x"),
        ({"HTTP_X_PYRO_GATEWAY_KEY": "wrong"}, "message=x"),
        ({}, "message=x&$key=wrong"),
    ):
        answer = Answer("/pyro/http.echo/echo", query=query, headers=headers)
        assert answer.status == "403 Forbidden"
        assert answer.body == "403 Forbidden - incorrect gateway api key"
    for headers, query in (
        ({"HTTP_X_PYRO_GATEWAY_KEY": "secret"}, "message=x"),
        ({}, "message=x&$key=secret"),
    ):
        assert Answer("/pyro/http.echo/echo", query=query, headers=headers).json == "x"
    assert Answer("/pyro/").status == "200 OK"


def test_helpers():
    assert httpgateway.singlyfy_parameters({"a": ["1"], "b": ["1", "2"], "c": "x"}) == {
        "a": "1",
        "b": ["1", "2"],
        "c": "x",
    }
    started = []
    assert b"".join(httpgateway.not_found(lambda *what: started.append(what))) == (
        b"Error 404: Not Found"
    )
    assert started[0][0] == "404 Not Found"
    started.clear()
    assert b"".join(httpgateway.redirect(lambda *what: started.append(what), "/x")) == b""
    assert started == [("302 Found", [("Location", "/x")])]


def test_the_name_server_is_kept():
    first = httpgateway.get_nameserver()
    assert httpgateway.get_nameserver() is first
    first.ping()
    assert re.match("PYRO:Pyro.NameServer@", str(first._pyroUri))


@pytest.mark.parametrize("arguments", ["x=1", "message=1&x=2"])
def test_wrong_arguments(arguments):
    answer = Answer("/pyro/http.echo/echo", query=arguments)
    assert answer.status == "500 Internal Server Error"
    assert answer.json["__class__"] == "builtins.TypeError"
    assert answer.json["__exception__"] is True
    assert ("X-Pyro-Correlation-Id" in dict(answer.headers)) in {True, False}


def test_the_correlation_reaches_the_object(network):
    headers = {"HTTP_X_PYRO_CORRELATION_ID": CORRELATION}
    first = Answer("/pyro/http.echo/echo", query="message=x", headers=headers)
    second = Answer("/pyro/http.echo/echo", query="message=x")
    assert dict(first.headers)["X-Pyro-Correlation-Id"] == CORRELATION
    assert dict(second.headers)["X-Pyro-Correlation-Id"] != CORRELATION


def test_the_serializer_is_json():
    Answer("/pyro/http.echo/echo", query="message=x")
    assert config.SERIALIZER == "json" or Answer("/pyro/http.echo/nan").body == "NaN"
