"""Proxies for asyncio: what is awaited, and what says that it can't be."""

from __future__ import annotations

import asyncio
import copy
import pickle
import threading
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest

from counters import Counter
from pyrophone import Settings, expose
from pyrophone.aio import (
    close,
    connect,
    get,
    options,
    put,
)
from pyrophone.errors import (
    NotExposedError,
)
from pyrophone.sync import Daemon
from running import LIMIT, running

Run = Callable[[Coroutine[Any, Any, Any]], Any]
FAR = Settings(name_port=1, broadcast_addresses=())


@pytest.fixture
def counter() -> Iterator[tuple[Counter, str]]:
    """A counter, and its URI."""
    counter = Counter()
    with running(Daemon()) as daemon:
        yield counter, str(daemon.register(counter, "counter"))
        counter.release.set()


def test_attributes_are_read_and_written(run: Run, counter: tuple[Counter, str]) -> None:
    async def main() -> None:
        proxy = await connect(counter[1])
        assert await get(proxy, "size") == 3
        await put(proxy, "size", 5)
        assert await proxy.size == 5
        with pytest.raises(AttributeError, match="await put"):
            proxy.size = 6
        with pytest.raises(NotExposedError, match="did you mean 'size'"):
            await get(proxy, "siz")
        with pytest.raises(NotExposedError):
            await put(proxy, "_private", 1)
        await close(proxy)

    run(main())


def test_members_of_an_object_not_connected_to(
    run: Run, counter: tuple[Counter, str]
) -> None:
    async def main() -> None:
        known = await connect(counter[1])
        fresh = type(known).to(known.__dict__["_pyrophone"].uri)
        assert await fresh.add() == 1
        fresh = copy.copy(type(known).to(known.__dict__["_pyrophone"].uri))
        assert await fresh.size == 3
        late = type(known).to(known.__dict__["_pyrophone"].uri)
        hear, nothing = late.hear, late.nothing
        await hear(7)
        assert await asyncio.to_thread(counter[0].changed.wait, LIMIT)
        with pytest.raises(NotExposedError):
            await nothing()
        assert repr(nothing) == "<remote member nothing>"
        assert repr(late.add) == "<remote method add>"

    run(main())


def test_operators_have_methods(run: Run, counter: tuple[Counter, str]) -> None:
    async def main() -> None:
        proxy = await connect(counter[1])
        assert await proxy.__len__() == 3
        assert [item async for item in proxy] == [1, 2, 3]
        for wrong, text in (
            (lambda: len(proxy), r"await proxy.__len__\(\)"),
            (lambda: proxy[1], r"await proxy.__getitem__\(key\)"),
            (lambda: list(proxy), "async for"),
            (lambda: 2 in proxy, r"await proxy.__contains__\(item\)"),
        ):
            with pytest.raises(TypeError, match=text):
                wrong()

    run(main())


def test_objects_with_items_by_index(run: Run) -> None:
    @expose
    class Row:
        def __getitem__(self, index: int) -> str:
            return "abc"[index]

        def __setitem__(self, index: int, value: str) -> None: ...

        def __delitem__(self, index: int) -> None: ...

    @expose
    class Nothing:
        def nothing(self) -> None: ...

    async def main(row_uri: str, nothing_uri: str) -> None:
        row = await connect(row_uri)
        assert [item async for item in row] == ["a", "b", "c"]
        await row.__setitem__(1, "x")
        await row.__delitem__(1)
        with pytest.raises(TypeError, match=r"await proxy\.__setitem__"):
            row[1] = "x"
        with pytest.raises(TypeError, match=r"await proxy\.__delitem__"):
            del row[1]
        with pytest.raises(TypeError, match="can't be iterated over"):
            async for _ in await connect(nothing_uri):
                pass

    with running(Daemon()) as daemon:
        run(main(str(daemon.register(Row())), str(daemon.register(Nothing()))))


def test_its_text_its_copies_and_variants(run: Run, counter: tuple[Counter, str]) -> None:
    async def main() -> None:
        proxy = await connect(counter[1])
        assert repr(proxy) == f"<pyrophone.aio.proxy.Proxy for {counter[1]}>"
        assert {"add", "hear", "size"} <= set(dir(proxy))
        with pytest.raises(NotExposedError, match="did you mean 'add'"):
            proxy.ad  # noqa: B018
        with pytest.raises(AttributeError, match="_private"):
            proxy._private  # noqa: B018
        with pytest.raises(TypeError, match="no proxy"):
            await close("something else")
        for other in (
            copy.copy(proxy),
            copy.deepcopy(proxy),
            pickle.loads(pickle.dumps(proxy)),
        ):
            assert other == proxy
            await other.add()
            await close(other)
        quick = options(options(proxy, retries=2), timeout=5.0, patience=3.0)
        remote = quick.__dict__["_pyrophone"]
        assert (remote.timeout, remote.retries, remote.patience) == (5.0, 2, 3.0)
        assert await quick.add() == 4

    run(main())


def test_a_proxy_received_is_one_of_this_kind(
    run: Run, counter: tuple[Counter, str]
) -> None:
    async def main() -> None:
        proxy = await connect(counter[1])
        other = await proxy.echo(proxy)
        assert type(other) is type(proxy)
        assert await other.add() == 1

    run(main())


def test_one_proxy_in_loops_of_two_threads(run: Run, counter: tuple[Counter, str]) -> None:
    proxies: list[Any] = []
    both = threading.Barrier(2)

    async def first() -> None:
        proxies.append(await connect(counter[1]))

    async def use() -> None:
        await proxies[0].add()
        await asyncio.to_thread(both.wait, LIMIT)
        for _ in range(10):
            await proxies[0].add()

    run(first())
    threads = [threading.Thread(target=run, args=(use(),)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT)
    assert counter[0].value == 22
