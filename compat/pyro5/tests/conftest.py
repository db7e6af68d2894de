"""Daemons that run while a test does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

import Pyro5.api
from looping import looping
from Pyro5.callcontext import current_context


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
