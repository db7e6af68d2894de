"""The gateway, request by request."""

from __future__ import annotations

import io
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from wsgiref.validate import validator

import pytest

from pyrophone import Settings
from pyrophone.http import Gateway
from pyrophone.http.targets import Callee
from pyrophone.naming import NameService
from pyrophone.sync import Daemon
from running import LIMIT

if TYPE_CHECKING:
    from tests.http.conftest import Ask, Kettle

pytestmark = pytest.mark.usefixtures("kettle")
JSON = "application/json; charset=utf-8"


@pytest.fixture
def app(settings: Settings) -> Gateway:
    """A gateway for everybody."""
    return Gateway(settings=settings)


@pytest.fixture
def locked(settings: Settings) -> Gateway:
    """A gateway with a key."""
    return Gateway(key="secret", settings=settings)


@pytest.mark.parametrize("path", ["", "/"])
def test_the_root_leads_to_the_page(app: Gateway, ask: Ask, path: str) -> None:
    assert ask(app, path) == ("302 Found", [("Location", "/pyro/")], b"")
    mounted = ask(app, path, SCRIPT_NAME="/lab", method="POST")
    assert mounted.headers == [("Location", "/lab/pyro/")]


@pytest.mark.parametrize(
    "path", ["/pyro", "/x", "/pyro/x", "/pyro/x/", "/pyro//x", "/pyro//"]
)
def test_elsewhere_is_nothing(app: Gateway, ask: Ask, path: str) -> None:
    status, headers, body = ask(app, path)
    assert (status, body) == ("404 Not Found", b"Error 404: Not Found")
    assert headers[0] == ("Content-Type", "text/plain")


def test_the_page_names_what_is_exposed(app: Gateway, ask: Ask) -> None:
    status, headers, body = ask(app, "/pyro/")
    assert (status, headers[0]) == ("200 OK", ("Content-Type", "text/html"))
    assert body.startswith(b"<!DOCTYPE html>")
    assert b'data-name="http.kettle"' in body
    assert b"Pyro.NameServer" not in body


def test_without_a_name_server_the_page_says_so(ask: Ask) -> None:
    errors = io.StringIO()
    lonely = Gateway(settings=Settings(name_port=1, broadcast_addresses=(), timeout=LIMIT))
    answer = ask(lonely, "/pyro/", **{"wsgi.errors": errors})
    assert answer.status == "500 Internal Server Error"
    assert answer.body.startswith(b"Cannot connect to the name server.")
    assert errors.getvalue().startswith("ERROR asking the name server: NoNameServerError")
    answer = ask(lonely, "/pyro/http.kettle/heat")
    assert answer.error[0] == "Pyro5.errors.NamingError"


def test_a_pattern_that_the_name_server_refuses_is_applied_here(
    settings: Settings, ask: Ask
) -> None:
    slow = Gateway(expose=r"(h+)+ttp\.kett(l|e)+$", settings=settings)
    body = ask(slow, "/pyro/").body
    assert b'data-name="http.kettle"' in body
    assert b'data-name="Pyro.NameServer"' not in body


def test_a_call_gives_json_and_a_correlation_id(app: Gateway, ask: Ask) -> None:
    answer = ask(app, "/pyro/http.kettle/heat", "degrees=80&minutes=1&minutes=2&x=")
    assert answer.status == "200 OK"
    assert answer.headers[0] == ("Content-Type", JSON)
    assert answer.value == {"degrees": "80", "minutes": ["1", "2"]}
    uuid.UUID(dict(answer.headers)["X-Pyro-Correlation-Id"])


def test_a_subclass_may_reach_objects_in_its_own_way(settings: Settings, ask: Ask) -> None:
    class Echoes(Gateway):
        def open(self, name: str) -> Callee:
            target = super().open("http.kettle")
            assert target.metadata.methods
            return target

    answer = ask(Echoes(settings=settings), "/pyro/http.other/heat", "degrees=5")
    assert answer.value == {"degrees": "5", "minutes": 1}


def test_a_correlation_id_is_handed_on_and_given_back(app: Gateway, ask: Ask) -> None:
    given = str(uuid.uuid4())
    for member in ("correlation", "fail"):
        answer = ask(app, f"/pyro/http.kettle/{member}", HTTP_X_PYRO_CORRELATION_ID=given)
        assert dict(answer.headers)["X-Pyro-Correlation-Id"] == given
        assert member == "fail" or answer.value == given
    answer = ask(app, "/pyro/http.kettle/heat", HTTP_X_PYRO_CORRELATION_ID="x")
    assert answer.status == "400 Bad Request"
    assert answer.error[0] == "builtins.ValueError"


@pytest.mark.parametrize(
    ("kind", "body", "value"),
    [
        ("application/x-www-form-urlencoded", b"degrees=80", "80"),
        ("application/json", b'{"degrees": [80, null]}', [80, None]),
        ("application/JSON; charset=utf-8", b'{"degrees": 1e400}', float("inf")),
    ],
)
def test_a_body_has_parameters_beside_the_query(
    app: Gateway, ask: Ask, kind: str, body: bytes, value: object
) -> None:
    how = {"method": "POST", "body": body, "CONTENT_TYPE": kind}
    answer = ask(app, "/pyro/http.kettle/heat", "minutes=5&degrees=1", **how)
    assert answer.value == {"degrees": value, "minutes": "5"}


def test_a_body_that_holds_no_parameters_is_refused(app: Gateway, ask: Ask) -> None:
    how = {"method": "POST", "body": b"degrees=80", "CONTENT_TYPE": "text/plain"}
    answer = ask(app, "/pyro/http.kettle/heat", **how)
    assert answer.status == "415 Unsupported Media Type"
    how = {"method": "POST", "body": b"", "CONTENT_TYPE": "text/plain"}
    assert ask(app, "/pyro/http.kettle/heat", **how).status == "200 OK"


def test_a_long_body_is_refused(settings: Settings, ask: Ask) -> None:
    small = Gateway(max_body=20, settings=settings)
    kind = "application/x-www-form-urlencoded"
    for size, status in ((20, "200 OK"), (21, "413 Content Too Large")):
        body = b"degrees=" + b"1" * (size - 8)
        how = {"method": "POST", "body": body, "CONTENT_TYPE": kind}
        assert ask(small, "/pyro/http.kettle/heat", **how).status == status


def test_attributes_and_members_are_told(app: Gateway, ask: Ask, kettle: Kettle) -> None:
    kettle.level = float("nan")
    assert ask(app, "/pyro/http.kettle/filled").body == b"NaN"
    members = ask(app, "/pyro/http.kettle/$meta").value
    assert members == {
        "methods": ["correlation", "fail", "heat", "pour", "steam", "wait"],
        "attributes": ["filled"],
    }
    answer = ask(app, "/pyro/http.kettle/filled", "a=1")
    assert (answer.status, answer.error[0]) == ("400 Bad Request", "builtins.TypeError")


def test_an_error_of_the_method_comes_as_its_daemon_wrote_it(
    app: Gateway, ask: Ask
) -> None:
    answer = ask(app, "/pyro/http.kettle/fail")
    assert answer.status == "500 Internal Server Error"
    assert answer.headers[0] == ("Content-Type", JSON)
    assert answer.error == ("builtins.ValueError", ["dry"])
    assert "in fail" in "".join(answer.value["attributes"]["_pyroTraceback"])


@pytest.mark.parametrize(
    ("path", "status", "kind"),
    [
        ("http.nothing/x", "404 Not Found", "Pyro5.errors.NamingError"),
        ("http.kettle/x", "404 Not Found", "builtins.AttributeError"),
        ("http.kettle/__init__", "404 Not Found", "builtins.AttributeError"),
        ("http.gone/x", "500 Internal Server Error", "Pyro5.errors.CommunicationError"),
        ("http.kettle/steam", "500 Internal Server Error", "Pyro5.errors.ProtocolError"),
    ],
)
def test_an_error_of_this_side_looks_the_same_and_is_logged(
    app: Gateway, ask: Ask, service: NameService, path: str, status: str, kind: str
) -> None:
    service.names.register("http.gone", "PYRO:gone@localhost:1")
    errors = io.StringIO()
    query = "" if path.endswith("steam") else "a=1"
    answer = ask(app, f"/pyro/{path}", query, **{"wsgi.errors": errors})
    assert (answer.status, answer.error[0]) == (status, kind)
    assert list(answer.value) == ["__class__", "__exception__", "args", "attributes"]
    assert "X-Pyro-Correlation-Id" in dict(answer.headers)
    [line] = errors.getvalue().splitlines()
    params = {"a": "1"} if query else {}
    assert line.startswith(f"ERROR handling {path} with params {params}: ")


def test_a_daemon_that_does_not_answer_is_given_up(
    settings: Settings, ask: Ask, kettle: Kettle
) -> None:
    app = Gateway(settings=Settings(name_port=settings.name_port, timeout=0.1))
    answer = ask(app, "/pyro/http.kettle/wait")
    kettle.released.set()
    assert answer.status == "500 Internal Server Error"
    assert answer.error[0] == "Pyro5.errors.TimeoutError"


def test_what_is_logged_stays_on_one_line(app: Gateway, ask: Ask) -> None:
    errors = io.StringIO()
    ask(app, "/pyro/http.x\nERROR y/m", "a=%0Aforged", **{"wsgi.errors": errors})
    assert errors.getvalue().count("\n") == 1


def test_names_may_have_slashes_and_any_letters(
    app: Gateway, ask: Ask, daemon: Daemon, kettle: Kettle
) -> None:
    daemon.register(kettle, "other", name="http.a/b é", force=True)
    assert ask(app, "/pyro/http.a/b é/filled").value == 0.5


def test_only_names_that_match_can_be_called(settings: Settings, ask: Ask) -> None:
    other = Gateway(expose=r"kettle", settings=settings)  # it must match from the start
    answer = ask(other, "/pyro/http.kettle/heat")
    assert (answer.status, answer.body) == (
        "403 Forbidden",
        b"403 Forbidden - access to the requested object has been denied",
    )
    every = Gateway(expose="", settings=settings)
    assert ask(every, "/pyro/Pyro.NameServer/ping").value is None


def test_a_pattern_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="'\\(' is no regular expression"):
        Gateway(expose="(")


def test_a_key_opens_in_the_header_or_as_parameter(locked: Gateway, ask: Ask) -> None:
    path = "/pyro/http.kettle/heat"
    expected = {"degrees": "80", "minutes": 1}
    header = {"HTTP_X_PYRO_GATEWAY_KEY": "secret"}
    assert ask(locked, path, "degrees=80", **header).value == expected
    for query in ("degrees=80&$key=secret", "%24key=secret&$key=secret&degrees=80"):
        assert ask(locked, path, query).value == expected
    how = {"method": "POST", "CONTENT_TYPE": "application/json"}
    body = b'{"$key": "secret", "degrees": "80"}'
    assert ask(locked, path, body=body, **how).value == expected


@pytest.mark.parametrize("query", ["", "$key=", "$key=no", "$key=no&$key=secret"])
def test_without_the_key_nothing_is_called_or_told(
    locked: Gateway, ask: Ask, query: str
) -> None:
    for path in ("http.kettle/heat", "http.kettle/$meta", "other/heat", "http.none/x"):
        answer = ask(locked, f"/pyro/{path}", query)
        assert (answer.status, answer.body) == (
            "403 Forbidden",
            b"403 Forbidden - incorrect gateway api key",
        )
    page = ask(locked, "/pyro/", query)
    assert page.status == "200 OK"
    assert b"http.kettle" not in page.body
    assert b'id="key"' in page.body
    assert b'id="locked"' in page.body


def test_without_the_key_no_name_server_is_asked(ask: Ask) -> None:
    nobody = Settings(name_port=1, broadcast_addresses=(), timeout=LIMIT)
    assert ask(Gateway(key="secret", settings=nobody), "/pyro/").status == "200 OK"


def test_with_the_key_the_page_tells_all(locked: Gateway, ask: Ask) -> None:
    page = ask(locked, "/pyro/", HTTP_X_PYRO_GATEWAY_KEY="secret")
    assert b'data-name="http.kettle"' in page.body
    assert b"secret" not in page.body


def test_a_key_that_nobody_asked_for_is_not_handed_on(app: Gateway, ask: Ask) -> None:
    assert ask(app, "/pyro/http.kettle/heat", "$key=x").value["degrees"] == 100


def test_a_one_way_call_gives_an_empty_answer(
    app: Gateway, ask: Ask, kettle: Kettle
) -> None:
    answer = ask(app, "/pyro/http.kettle/heat", HTTP_X_PYRO_OPTIONS="a, oneway")
    assert (answer.status, answer.body) == ("200 OK", b"")
    assert ask(app, "/pyro/http.kettle/pour").body == b""
    assert kettle.poured.wait(LIMIT)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "HEAD", "TRACE"])
def test_other_methods_are_refused(app: Gateway, ask: Ask, method: str) -> None:
    answer = ask(app, "/pyro/http.kettle/heat", method=method)
    assert answer.status == "405 Method Not Allowed"
    assert ("Allow", "GET, POST, OPTIONS") in answer.headers
    assert answer.body == (b"" if method == "HEAD" else b"Error 405: Method Not Allowed")


def test_head_is_like_get_where_nothing_is_called(app: Gateway, ask: Ask) -> None:
    for path in ("/pyro/", "/pyro/http.kettle/$meta"):
        got, head = ask(app, path), ask(app, path, method="HEAD")
        assert (head.status, head.body) == ("200 OK", b"")
        assert dict(head.headers)["Content-Length"] == str(len(got.body))


def test_options_are_told_without_a_key(locked: Gateway, ask: Ask) -> None:
    answer = ask(locked, "/pyro/http.kettle/heat", method="OPTIONS")
    assert (answer.status, answer.body) == ("200 OK", b"200 OK")


def test_pages_of_others_may_read_what_they_are_allowed_to(
    settings: Settings, app: Gateway, ask: Ask
) -> None:
    assert "Access-Control-Allow-Origin" not in dict(ask(app, "/pyro/").headers)
    shared = Gateway(cors="https://lab.example", settings=settings)
    for path in ("/pyro/", "/pyro/http.kettle/heat", "/x", "/pyro/http.nothing/x"):
        headers = dict(ask(shared, path).headers)
        assert headers["Access-Control-Allow-Origin"] == "https://lab.example"
        assert headers["Access-Control-Allow-Methods"] == "GET, POST, OPTIONS"
        assert "X-Pyro-Gateway-Key" in headers["Access-Control-Allow-Headers"]


def test_requests_are_answered_side_by_side(app: Gateway, ask: Ask, kettle: Kettle) -> None:
    with ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(ask, app, "/pyro/http.kettle/wait") for _ in range(3)]
        quick = [ask(app, "/pyro/http.kettle/filled").value for _ in range(5)]
        assert not any(each.done() for each in waiting)
        kettle.released.set()
        assert [each.result(LIMIT).value for each in waiting] == ["waited"] * 3
    assert quick == [0.5] * 5
    assert threading.active_count() < 40


def test_it_keeps_the_rules_of_wsgi(app: Gateway) -> None:
    started = []
    environ = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/pyro/http.kettle/filled",
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }

    def start(status: str, headers: list[tuple[str, str]], error: object = None) -> object:
        started.append(status)
        return lambda data: None

    checked = validator(app)(environ, start)  # type: ignore[arg-type]
    body = b"".join(checked)
    checked.close()  # type: ignore[attr-defined]
    assert (started, body) == (["200 OK"], b"0.5")
