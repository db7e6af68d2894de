from __future__ import annotations

from typing import Any

import pytest

from pyrophone.errors import RemoteProtocolError
from pyrophone.objects.batch import BaseBatch, results
from pyrophone.objects.proxy import BaseProxy
from pyrophone.serializers.classes import Failure
from pyrophone.uri import URI
from pyrophone.wire.metadata import Metadata


class Far:
    """A remote that must not be asked."""

    uri = URI.parse("PYRO:lamp@host:1")

    @property
    def metadata(self) -> Metadata:
        raise AssertionError("a batch asks for nothing while it collects")

    def invoke(self, method: str, args: Any, kwargs: Any, flags: int = 0) -> Any:
        raise AssertionError("a batch calls nothing while it collects")


class Batch(BaseBatch):
    """What a front-end makes of it."""

    def __call__(self) -> list[tuple[str, Any, Any]]:
        return self._take()


def test_calls_are_collected_in_order_and_taken_once() -> None:
    batch = Batch(BaseProxy(Far()))
    assert len(batch) == 0
    assert batch.add(1, b=2) is None
    method = batch.fire
    method()
    method(3)
    assert len(batch) == 3
    assert batch() == [("add", (1,), {"b": 2}), ("fire", (), {}), ("fire", (3,), {})]
    assert (len(batch), batch()) == (0, [])


def test_a_method_that_was_collected_before_is_found_at_once_and_goes_on() -> None:
    batch = Batch(BaseProxy(Far()))
    batch.add(1)
    method = batch.add
    assert batch.add is method
    assert batch() == [("add", (1,), {})]
    method(2)
    batch.add(3)
    assert batch() == [("add", (2,), {}), ("add", (3,), {})]


def test_batches_of_one_proxy_collect_for_themselves() -> None:
    proxy = BaseProxy(Far())
    one, other = Batch(proxy), Batch(proxy)
    one.add(1)
    other.add(2)
    assert (one(), other()) == ([("add", (1,), {})], [("add", (2,), {})])


def test_a_batch_is_true_even_if_empty() -> None:
    assert Batch(BaseProxy(Far()))


@pytest.mark.parametrize("name", ["_private", "__enter__", "__setstate__"])
def test_private_names_cannot_be_collected(name: str) -> None:
    with pytest.raises(AttributeError, match=rf"^a batch has no attribute '{name}'$"):
        getattr(Batch(BaseProxy(Far())), name)


def test_exposed_double_underscore_names_can_be_collected() -> None:
    batch = Batch(BaseProxy(Far()))
    batch.__getitem__(1)
    assert batch() == [("__getitem__", (1,), {})]


def test_only_a_proxy_has_batches() -> None:
    with pytest.raises(TypeError, match=r"^str is no proxy$"):
        Batch("PYRO:lamp@host:1")  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", [list, tuple])
def test_results_come_one_by_one_and_a_failure_raises_in_its_place(kind: type) -> None:
    given = results(kind([1, None, Failure(KeyError("k")), 2]))
    assert (next(given), next(given)) == (1, None)
    with pytest.raises(KeyError, match=r"^'k'$"):
        next(given)
    assert list(given) == []


def test_an_exception_that_is_a_result_is_not_raised() -> None:
    error = KeyError("k")
    assert list(results([error])) == [error]


@pytest.mark.parametrize("values", [None, 5, "text", {"a": 1}])
def test_something_else_in_place_of_results_is_refused_at_once(values: Any) -> None:
    name = type(values).__name__
    with pytest.raises(
        RemoteProtocolError, match=rf"^{name} came in place of a batch's results$"
    ):
        results(values)
