"""The daemon of a package, as its programs have it."""

from __future__ import annotations

from typing import Any

import pytest

import Pyro5.api
from Pyro5 import errors
from pyrophone.classic.serving import serve


@Pyro5.api.expose
class Clock:
    """Something to serve."""

    def __repr__(self) -> str:
        return "<a clock>"

    def hour(self) -> int:
        return 11


class Names(dict[str, Any]):
    """A name server."""

    register = dict.__setitem__


@pytest.mark.parametrize("named", [True, False])
def test_it_prints_what_it_serves_and_closes_at_the_end(
    capsys: pytest.CaptureFixture[str], named: bool
) -> None:
    daemon = Pyro5.api.Daemon()
    daemon.requestLoop = lambda: None  # type: ignore[assignment, misc]
    names = Names() if named else None
    serve(daemon, {Clock(): "clock"}, names, True)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Object <a clock>:"
    assert lines[-1] == "Pyro daemon running."
    if names is None:
        assert lines[1:-1] == [f"    uri = PYRO:clock@{daemon.locationStr}"]
    else:
        assert lines[1:-1] == [f"    uri = {names['clock']}", "    name = clock"]
    with pytest.raises(errors.PyroError, match="cannot reuse"):
        daemon.__enter__()


def test_a_public_place_needs_a_host() -> None:
    with pytest.raises(ValueError, match="natport with nathost"):
        Pyro5.api.Daemon(natport=80)
    with pytest.raises(ValueError, match="together with unixsocket"):
        Pyro5.api.Daemon(nathost="example.org", unixsocket="/tmp/x")
    with Pyro5.api.Daemon(nathost="example.org", natport=80) as daemon:
        assert daemon.natLocationStr == "example.org:80"
        assert daemon.locationStr.startswith("localhost:")


def test_the_control_object_may_fail() -> None:
    def fail(daemon: Any) -> Any:
        raise ZeroDivisionError(daemon.locationStr)

    with pytest.raises(ZeroDivisionError) as caught:
        Pyro5.api.Daemon(interface=fail)
    host, port = str(caught.value).split(":")
    with Pyro5.api.Daemon(host, int(port)) as daemon:  # the port is free again
        assert daemon.locationStr == f"{host}:{port}"
