"""Functions as arguments: the other side calls them, over the same connection."""

from __future__ import annotations

import functools
import gc
import inspect
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from fronts import Front, front_end
from gates import Gate
from kinds import Kind, counting
from pyrophone import RemoteError, aio, expose, oneway, sync
from pyrophone.errors import ConnectionLostError
from running import LIMIT

_GLANCES = 10_000  # round trips in which what nobody waits for must have arrived


@expose
class Player:
    """Calls what it is given, from a thread."""

    def __init__(self) -> None:
        self.kept: list[Any] = []

    def apply(self, function: Any, *args: Any) -> Any:
        return function(*args)

    def repeat(self, function: Any, times: int) -> list[Any]:
        return [function(number) for number in range(times)]

    def same(self, one: Any, other: Any) -> list[bool]:
        return [one == other, hash(one) == hash(other), len({one, other}) == 1]

    def keep(self, function: Any) -> None:
        self.kept.append(function)

    def play(self, *args: Any) -> Any:
        return self.kept[-1](*args)

    def give_back(self) -> None:
        function = self.kept.pop()
        (sync if isinstance(function, sync.RemoteFunction) else aio).release(function)

    def total(self, function: Any) -> Any:
        return sum(function())

    def in_a_thread(self, function: Any) -> Any:
        results: list[Any] = []
        thread = threading.Thread(target=lambda: results.append(function("thread")))
        thread.start()
        thread.join(LIMIT)
        return results

    async def apply_soon(self, function: Any, *args: Any) -> Any:
        result = function(*args)
        return await result if inspect.isawaitable(result) else result


@expose
class Adder:
    """Is somewhere else, in turn."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def add(self, one: int, other: int) -> int:
        return one + other

    @oneway
    def note(self, text: str) -> None:
        self.notes.append(text)

    def told(self) -> list[str]:
        return self.notes

    def adding(self, one: int) -> Any:
        return lambda other: one + other


class Listener:
    """Has a method that is passed."""

    def __init__(self) -> None:
        self.heard: list[Any] = []

    def hear(self, *what: Any) -> int:
        self.heard.append(what)
        return len(self.heard)


def double(number: int) -> int:
    return 2 * number


async def double_soon(number: int) -> int:
    return 2 * number


def fail() -> None:
    raise ValueError("here", 7)


class OddError(Exception):
    """Unknown to nobody but this module."""


def fail_oddly() -> None:
    raise OddError("odd")


def count() -> Iterator[int]:
    yield from range(100)


@pytest.fixture
def player() -> Player:
    return Player()


@pytest.fixture
def proxy(front: Front, daemon: Any, player: Player) -> Iterator[Any]:
    with front.connect(daemon.register(player)) as proxy:
        yield proxy


@pytest.mark.parametrize("form", ["apply", "apply_soon"])
def test_functions_are_called_while_their_call_runs(proxy: Any, form: str) -> None:
    listener = Listener()
    apply: Callable[..., Any] = getattr(proxy, form)
    assert apply(double, 21) == 42
    assert apply(lambda text: text + "!", "so") == "so!"
    assert apply(listener.hear, "a", 1) == 1
    assert apply(functools.partial(listener.hear, "b"), 2) == 2
    assert apply(len, "four") == 4
    assert listener.heard == [("a", 1), ("b", 2)]


def test_functions_are_called_many_times(proxy: Any) -> None:
    assert proxy.repeat(double, 100) == [2 * number for number in range(100)]


def test_their_errors_arrive(proxy: Any) -> None:
    with pytest.raises(ValueError, match="here") as caught:
        proxy.apply(fail)
    assert caught.value.args == ("here", 7)
    with pytest.raises(RemoteError, match="OddError: odd"):
        proxy.apply(fail_oddly)
    assert proxy.apply(double, 1) == 2


def test_they_are_called_after_the_method_too(proxy: Any, player: Player) -> None:
    listener = Listener()
    proxy.keep(listener.hear)
    assert proxy.play("one") == 1
    # Here it is the server's own thread that calls, and no call of the client is under way.
    assert player.play("two") == 2
    assert listener.heard == [("one",), ("two",)]


def test_they_are_called_from_other_threads_of_the_server(proxy: Any) -> None:
    listener = Listener()
    assert proxy.in_a_thread(listener.hear) == [1]
    assert listener.heard == [("thread",)]


def test_a_function_that_is_passed_twice_is_equal_to_itself(proxy: Any) -> None:
    listener = Listener()
    assert proxy.same(double, double) == [True] * 3
    assert proxy.same(listener.hear, listener.hear) == [True] * 3
    assert proxy.same(double, listener.hear) == [False] * 3


def test_what_they_return_may_be_an_iterator(proxy: Any, kind: Kind) -> None:
    if kind.name.startswith("aio"):
        pytest.skip("there it is read by 'async for'")
    assert proxy.total(count) == 4950


def test_functions_call_back_in_turn(proxy: Any, kind: Kind) -> None:
    if kind.one_at_a_time:
        pytest.skip("its one thread waits for the function")
    assert proxy.apply(lambda n: proxy.apply(double, n) + 1, 5) == 11


def test_a_function_given_back_is_forgotten_here(proxy: Any) -> None:
    listener = Listener()
    gone = Gate()
    weakref.finalize(listener, gone.open)
    proxy.keep(listener.hear)
    assert proxy.play("once") == 1
    proxy.give_back()
    del listener
    proxy.apply(double, 1)  # what it sends comes behind the release
    gc.collect()
    assert gone.wait()


def test_functions_end_with_their_connection(front: Front, kind: Kind) -> None:
    player = Player()
    listener = Listener()
    gone = Gate()
    weakref.finalize(listener, gone.open)
    with kind.serving(counting(kind.base)) as daemon:
        with front.connect(daemon.register(player)) as proxy:
            proxy.keep(listener.hear)
            assert proxy.play("once") == 1
        assert daemon.empty.wait(LIMIT)
        with pytest.raises(ConnectionLostError):
            player.play("too late")
        assert listener.heard == [("once",)]
        del listener
        gc.collect()
        assert gone.wait()


def test_a_function_may_be_a_coroutine(proxy: Any) -> None:
    assert proxy.apply(double_soon, 21) == 42
    assert proxy.apply_soon(double_soon, 21) == 42


def test_a_method_of_a_proxy_is_called_through_us(
    proxy: Any, front: Front, kind: Kind
) -> None:
    with kind.serving() as other:
        uri = other.register(Adder())
        with front.connect(uri) as adder:
            assert proxy.apply(adder.add, 20, 22) == 42
            assert proxy.apply_soon(adder.add, 20, 22) == 42
            assert proxy.same(adder.add, adder.add) == [True] * 3
            proxy.apply(adder.note, "said")  # which nobody waits for
            assert any(adder.told() == ["said"] for _ in range(_GLANCES))
            if front.name == "aio":  # and one that was not connected yet
                assert proxy.apply(front.lazily(uri).add, 1, 2) == 3


def test_what_is_of_the_other_front_end_is_called_through_us(
    proxy: Any, front: Front, kind: Kind
) -> None:
    with (
        kind.serving() as other,
        front_end("sync" if front.name == "aio" else "aio") as stranger,
        stranger.connect(other.register(Adder())) as adder,
    ):
        add, note, adding = (
            getattr(method, "bare", method)
            for method in (adder.add, adder.note, adder.adding(2))
        )
        assert proxy.apply(add, 20, 22) == 42
        assert proxy.apply_soon(add, 20, 22) == 42
        assert proxy.same(add, add) == [True] * 3
        assert proxy.apply(adding, 5) == 7  # a function that we were given ourselves
        assert proxy.apply_soon(adding, 5) == 7
        proxy.apply(note, "said")
        assert any(adder.told() == ["said"] for _ in range(_GLANCES))


def test_functions_of_many_threads_do_not_mix(proxy: Any, kind: Kind) -> None:
    rounds = range(20)
    wrong: list[Any] = []

    def play(mine: int) -> None:
        for number in rounds:
            got = proxy.apply(lambda n: (mine, n), number)
            if tuple(got) != (mine, number):
                wrong.append((mine, number, got))

    threads = [threading.Thread(target=play, args=(mine,)) for mine in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT)
        assert not thread.is_alive()
    assert wrong == []
