"""An event loop in a thread of its own, whose user is another thread."""

from __future__ import annotations

import asyncio
import concurrent.futures
import importlib.util
import inspect
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

from running import LIMIT

__all__ = ["UVLOOP", "LoopThread", "loop_thread"]

UVLOOP = importlib.util.find_spec("uvloop") is not None


class LoopThread:
    """Runs what other threads want done on an event loop.

    Args:
        uvloop: Whether it is one of uvloop.

    Attributes:
        loop: It.
        complaints: What its exception handler was told: tasks whose errors nobody saw,
            transports that failed. A test fails if there is any at the end.
    """

    def __init__(self, *, uvloop: bool = False) -> None:
        if uvloop:
            import uvloop as fast

            self.loop: asyncio.AbstractEventLoop = fast.new_event_loop()
        else:
            self.loop = asyncio.new_event_loop()
        self.complaints: list[dict[str, Any]] = []
        self.loop.set_exception_handler(lambda loop, facts: self.complaints.append(facts))
        self._thread = threading.Thread(target=self._run, name="loop of a test")
        self._thread.start()

    def begin(self, steps: Coroutine[Any, Any, Any]) -> concurrent.futures.Future[Any]:
        """Run *steps* in a task that sees the context variables of the caller."""
        return asyncio.run_coroutine_threadsafe(steps, self.loop)

    def do(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Call *function* on the loop and, if that can be awaited, await what it gives."""

        async def steps() -> Any:
            outcome = function(*args, **kwargs)
            return await outcome if inspect.isawaitable(outcome) else outcome

        if threading.current_thread() is self._thread:
            raise RuntimeError("the loop would wait for itself")
        return self.begin(steps()).result(LIMIT)

    def close(self) -> None:
        """End the loop; what still runs on it is a failure of the test."""
        left = self.do(self._left)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(LIMIT)
        assert not self._thread.is_alive()
        self.loop.close()
        assert not left, f"tasks that nobody ended: {left}"
        assert not self.complaints, self.complaints

    async def _left(self) -> set[asyncio.Task[Any]]:
        """Return the tasks that run, once those that are about to end have ended."""
        mine = asyncio.current_task()
        async with asyncio.timeout(LIMIT):
            for _ in range(100):
                left = {task for task in asyncio.all_tasks() if task is not mine}
                if not left:
                    break
                await asyncio.wait(left, timeout=0.01)
        return left

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        self.loop.run_until_complete(self.loop.shutdown_default_executor())


@contextmanager
def loop_thread(*, uvloop: bool = False) -> Iterator[LoopThread]:
    """Run an event loop for as long as the block lasts."""
    thread = LoopThread(uvloop=uvloop)
    try:
        yield thread
    finally:
        thread.close()
