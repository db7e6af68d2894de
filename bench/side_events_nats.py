"""The side of NATS: its server from Debian, its client for asyncio, msgpack."""

from __future__ import annotations

import asyncio
import platform
import re
import subprocess
import sys
from importlib.metadata import version

import msgpack
import nats

from driver import EVENT, EVENTS, answer_orders_async, one_by_one


def serve() -> None:
    """Run the server until standard input ends."""
    server = subprocess.Popen(
        ["nats-server", "--addr", "127.0.0.1", "--port", "-1"],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stderr is not None
        for line in server.stderr:
            if found := re.search(r"client connections on (\S+)", line):
                print(found[1], flush=True)
                break
        sys.stdin.read()
    finally:
        server.kill()
        server.wait()


async def measure(address: str) -> None:
    """Publish, and wait for what was published."""
    publisher, subscriber = [await nats.connect(f"nats://{address}") for _ in range(2)]
    subscription = await subscriber.subscribe("bench.>")
    await subscriber.flush()
    value = list(EVENT)

    async def receive(count: int) -> None:
        for _ in range(count):
            message = await subscription.next_msg(10)
            assert msgpack.unpackb(message.data) == value

    async def deliver() -> None:
        await publisher.publish("bench.value", msgpack.packb(EVENT))
        await publisher.flush()
        await receive(1)

    async def publish(count: int) -> None:
        for start in range(0, count, EVENTS):
            share = min(EVENTS, count - start)
            for _ in range(share):
                await publisher.publish("bench.value", msgpack.packb(EVENT))
            await publisher.flush()
            await receive(share)

    await answer_orders_async(
        f"nats-py {version('nats-py')}, msgpack {version('msgpack')}, "
        f"Python {platform.python_version()}",
        {"deliver": one_by_one(deliver), "publish": publish},
    )
    await publisher.close()
    await subscriber.close()


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve()
    else:
        asyncio.run(measure(sys.argv[2]))
