"""What the gateways of all generations share."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from Pyro5 import errors
from Pyro5.generation import PYRO5
from pyrophone import Settings
from pyrophone.classic.gateways import (
    Application,
    ClassicGateway,
    redirect,
    say,
    serve,
    singly,
)


class Servers:
    """A name server; of old, without patterns, if told so."""

    def __init__(self, old: bool = False) -> None:
        self._pyroUri = SimpleNamespace(location="there:9090")
        self.old = old

    def list(self, regex: str | None = None) -> dict[str, str]:
        """Return some names."""
        if regex and self.old:
            raise errors.NamingError("no patterns")
        return {"http.a": "", "other": ""} if regex is None else {"http.a": ""}


def make(server: Any) -> ClassicGateway:
    app = Application(PYRO5, lambda: made)
    made = ClassicGateway(app, lambda: server, Settings())
    return made


def answer_of(response: list[Any]) -> Any:
    def start(status: str, headers: list[tuple[str, str]]) -> None:
        response.extend([status, dict(headers)])

    return start


def test_an_application_has_the_defaults_of_the_generation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(PYRO5.config, "COMMTIMEOUT", 2.5)
    app = Application(PYRO5, lambda: make(None))
    assert (app.ns_regex, app.gateway_key, app.comm_timeout) == (r"http\.", None, 2.5)


@pytest.mark.parametrize("old", [False, True])
def test_names_are_those_that_the_pattern_matches(old: bool) -> None:
    where, names = make(Servers(old)).names()
    assert (where, list(names)) == ("there:9090", ["http.a"])


@pytest.mark.parametrize(
    ("path", "status"),
    [("nothing", "404 Not Found"), ("other/call", "403 Forbidden"), ("", "200 OK")],
)
def test_requests_are_answered(path: str, status: str) -> None:
    response: list[Any] = []
    body = make(Servers()).app.process({}, path, {}, answer_of(response))
    assert response[0] == status
    assert b"".join(body)


def test_only_get_and_post_unless_a_package_says_more() -> None:
    gateway = make(Servers())
    allowed = [
        m
        for m in ("GET", "HEAD", "POST", "OPTIONS", "PUT")
        if gateway.allows(m, reading=True)
    ]
    assert allowed == ["GET", "POST"]


def test_small_answers() -> None:
    response: list[Any] = []
    assert list(redirect(answer_of(response), "/pyro/")) == []
    assert list(say(answer_of(response), "404 Not Found", "no")) == [b"no"]
    assert response == [
        "302 Found",
        {"Location": "/pyro/"},
        "404 Not Found",
        {"Content-Type": "text/plain"},
    ]


def test_lists_of_one_become_their_element() -> None:
    assert singly({"a": ["x"], "b": ["x", "y"], "c": "z"}) == {
        "a": "x",
        "b": ["x", "y"],
        "c": "z",
    }


def test_what_can_not_be_served_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    app = Application(PYRO5, lambda: make(None))
    app.ns_regex = "("
    with pytest.raises(SystemExit) as caught:
        serve(PYRO5, "gateway", app, "localhost", 0, None)
    assert caught.value.code == 1
    assert capsys.readouterr().err.startswith("gateway: missing )")
