"""Calls in threads of their own, and batches without waiting."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

import Pyro4
from Pyro4.callcontext import current_context
from Pyro4.configuration import config
from Pyro4.errors import CommunicationError, PyroError

Serve = Callable[..., Any]


@Pyro4.expose
class Kitchen:
    """Cooks when all are there."""

    title = property(lambda self: "kitchen")

    def __init__(self) -> None:
        self._all = threading.Barrier(3)

    def meet(self, value: Any) -> Any:
        """Wait for two others."""
        self._all.wait(10)
        return value

    def echo(self, value: Any) -> Any:
        """Return *value*."""
        return value

    def fail(self) -> None:
        """Raise an exception."""
        raise ValueError("burnt")

    def annotated(self) -> list[str]:
        """Return what came along."""
        return sorted(current_context.annotations)

    @Pyro4.oneway
    def tell(self) -> int:
        """Return what nobody sees."""
        return 1


@pytest.fixture
def proxy(serve: Serve) -> Any:
    """A proxy whose calls return at once."""
    return Pyro4.asyncproxy(Pyro4.Proxy(serve(Kitchen())))


def test_calls_run_side_by_side_and_attributes_are_waited_for(proxy: Any) -> None:
    results = [proxy.meet(number) for number in range(3)]
    assert [result.value for result in results] == [0, 1, 2]
    assert proxy.title == "kitchen"
    with pytest.raises(AttributeError):
        proxy.nothing  # noqa: B018


def test_failures_and_one_way_calls(proxy: Any) -> None:
    seen: list[Any] = []
    result = proxy.fail()
    with pytest.raises(ValueError, match="burnt"):
        result.value  # noqa: B018
    assert proxy.tell().value is None
    assert proxy.echo(2).then(lambda value: value + 1).then(seen.append).value is None
    assert seen == [3]


def test_the_mode_is_kept_by_copies_and_can_be_ended(proxy: Any) -> None:
    with Pyro4.core.Proxy.__copy__(proxy) as other:
        assert other.echo(1).value == 1
    assert Pyro4.asyncproxy(proxy, **{"async": False}) is proxy
    assert proxy.echo(1) == 1
    assert proxy._pyroAsync().echo(1).value == 1
    with pytest.raises(TypeError, match="'other'"):
        Pyro4.asyncproxy(proxy, other=1)
    assert getattr(Pyro4, "async") is Pyro4.asyncproxy


def test_the_context_of_the_caller_stays_at_home(proxy: Any) -> None:
    proxy._pyroBind()
    current_context.annotations = {"USER": b"me"}
    assert proxy.annotated().value == []
    assert current_context.annotations == {"USER": b"me"}


def test_a_connection_that_fails_is_the_result() -> None:
    proxy = Pyro4.Proxy("PYRO:a@localhost:1")
    proxy._pyroMethods = {"f"}
    result = proxy._pyroAsync().f()
    with pytest.raises(CommunicationError, match="cannot connect"):
        result.value  # noqa: B018


@pytest.mark.slow
def test_a_busy_server_is_asked_again(running: Callable[[Any], Any]) -> None:
    config.THREADPOOL_SIZE = config.THREADPOOL_SIZE_MIN = 1
    daemon = running(Pyro4.Daemon())
    uri = daemon.register(Kitchen())
    with Pyro4.Proxy(uri) as first, Pyro4.Proxy(uri) as second:
        first._pyroBind()
        second._pyroMethods = {"echo"}
        result = second._pyroAsync().echo(1)
        assert not result.wait(0.2)
        first._pyroRelease()
        assert result.value == 1


def test_batches_without_waiting(proxy: Any) -> None:
    Pyro4.asyncproxy(proxy, False)
    batch = Pyro4.batch(proxy)
    batch.echo(1)
    batch.fail()
    result = batch(asynchronous=True)
    values = result.value
    assert next(values) == 1
    with pytest.raises(ValueError, match="burnt"):
        next(values)
    batch.echo(2)  # the queue was emptied [8]
    assert list(batch(**{"async": True}).value) == [2]
    with pytest.raises(PyroError, match="make no sense"):
        batch(oneway=True, asynchronous=True)


def test_a_batch_that_could_not_be_sent_is_empty_and_its_result_fails() -> None:
    batch = Pyro4.batch(Pyro4.Proxy("PYRO:a@localhost:1"))
    batch.f()
    result = batch(asynchronous=True)
    with pytest.raises(CommunicationError):
        result.value  # noqa: B018
    batch._private()
    with pytest.raises(CommunicationError):
        batch()
    with pytest.raises(AttributeError):
        batch.__deepcopy__  # noqa: B018
