"""Daemons that run while a test does."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import Pyro5.api
from looping import looping
from Pyro5.callcontext import current_context


def _import_layer() -> None:
    """Import the layer for Pyro4, which calls itself that, and give the name back.

    Or the tests of the package Pyro4 would find the layer, if one before them imports it.
    """
    ours = {name: sys.modules.pop(name) for name in _named_pyro4()}
    importlib.import_module("Pyro5.compatibility.Pyro4")
    for name in _named_pyro4():
        del sys.modules[name]
    sys.modules.update(ours)


def _named_pyro4() -> list[str]:
    return [name for name in sys.modules if name.partition(".")[0] == "Pyro4"]


_import_layer()


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    """Leave configuration and context as they were."""
    before = Pyro5.config.as_dict()
    values = current_context.to_global()
    yield
    for name, value in before.items():
        setattr(Pyro5.config, name, value)
    current_context.from_global(values)


@pytest.fixture(params=["thread", "multiplex"])
def server_type(request: pytest.FixtureRequest) -> str:
    """Run the test with both kinds of server."""
    Pyro5.config.SERVERTYPE = request.param
    return str(request.param)


@pytest.fixture
def running() -> Iterator[Callable[[Any], Any]]:
    """Give a function that runs the request loop of a daemon until the test is over."""
    with looping() as run:
        yield run


@pytest.fixture
def serve(running: Callable[[Any], Any]) -> Callable[..., Any]:
    """Give a function that serves an object or class, and returns its URI."""

    def run(target: Any, object_id: str | None = None) -> Any:
        daemon = Pyro5.api.Daemon()
        uri = daemon.register(target, object_id)
        running(daemon)
        return uri

    return run
