"""Connecting to who does not answer, or answers with errors of its own."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import pytest

import Pyro.core
import Pyro.errors
import Pyro.protocol


def test_connecting_to_who_says_nothing_takes_as_long_as_the_program_allows() -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        uri = Pyro.core.PyroURI("127.0.0.1", "object", deaf.getsockname()[1])
        proxy = uri.getProxy()
        proxy._setTimeout(0.05)
        with pytest.raises(Pyro.errors.TimeoutError, match=r"^connection timeout$"):
            proxy.method()


class Broken(Pyro.protocol.DefaultConnValidator):
    def acceptIdentification(self, *args: Any) -> Any:
        raise ValueError("of the server's own")


def test_an_error_of_a_validator_lets_nobody_in(serve: Callable[..., Any]) -> None:
    target = Pyro.core.ObjBase()
    proxy = serve(target)
    target.getDaemon().setNewConnectionValidator(Broken())
    for _ in range(2):
        with pytest.raises(Pyro.errors.ConnectionDeniedError, match=r"^unspecified rea"):
            proxy.GUID()
