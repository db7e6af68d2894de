"""Daemons that run while a test does."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import Pyro4.daemons
from looping import looping
from Pyro4.callcontext import current_context
from Pyro4.configuration import config


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    """Leave configuration and context as they were."""
    before = copy.deepcopy(config.asDict())  # there are sets in it
    values = current_context.to_global()
    yield
    for name, value in before.items():
        setattr(config, name, value)
    current_context.from_global(values)


@pytest.fixture(params=["thread", "multiplex"])
def server_type(request: pytest.FixtureRequest) -> str:
    """Run the test with both kinds of server."""
    config.SERVERTYPE = request.param
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
        daemon = Pyro4.daemons.Daemon()
        uri = daemon.register(target, object_id)
        running(daemon)
        return uri

    return run
