"""Events between processes: each subscriber has each event once, or its loss counted."""

from __future__ import annotations

import json
import random
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from pyrophone import events
from pyrophone.sync import connect
from running import takes_long

LONG = 120.0  # seconds; more than any of these programs takes

SUBSCRIBER = """
import json, sys, threading
from pyrophone.events import subscribe

uri, plans = sys.argv[1], json.loads(sys.argv[2])

lock = threading.Lock()

def say(line):
    with lock:  # in one piece, as other threads write, too
        print(line, flush=True)

def follow(plan):
    got, disorder, told = {}, 0, 0
    options = {"service": uri, "events": plan["events"]}
    with subscribe(*plan["patterns"], "end", **options) as subscription:
        subscription.start()
        say("ready")
        for event in subscription:
            told += event.missed
            key = event.publisher + " " + event.topic
            first, last, count = got.get(key, (event.number, 0, 0))
            disorder += event.number <= last
            got[key] = first, event.number, count + 1
            if event.topic == "end":
                break
        missed = subscription.missed
    say(json.dumps([got, missed, told, disorder]))

threads = [threading.Thread(target=follow, args=(plan,)) for plan in plans]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""

PUBLISHER = """
import sys
from pyrophone import Settings
from pyrophone.events import Publisher

uri, name, count, batch = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
with Publisher(uri, settings=Settings(timeout=60.0)) as publisher:
    for start in range(0, count, batch):
        numbers = range(start, min(start + batch, count))
        publisher.publish_many([(f"{name}.t{n % 10}", n) for n in numbers])
    print(publisher.id)
"""

# Publishes one by one for as long as it lives, and says what the service has.
LASTING = """
import sys
from pyrophone import Settings
from pyrophone.events import Publisher

with Publisher(sys.argv[1], settings=Settings(timeout=60.0)) as publisher:
    number = 0
    print(publisher.id, flush=True)
    while not sys.stdin.closed and number < 1_000_000:
        number += 1
        publisher.publish(f"t{number % 3}", number)
        print(number, flush=True)
"""


def start(program: str, *argv: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", program, *map(str, argv)],
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
    )


@contextmanager
def service(port: int) -> Iterator[subprocess.Popen[str]]:
    command = ["events", "serve", "--no-name", "--host", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen(
        [sys.executable, "-m", "pyrophone", *command], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("Pyrophone.Events")
        yield process
    finally:
        process.kill()
        process.communicate()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def memory(process: subprocess.Popen[str]) -> int:
    """Return the most memory that a process had so far, in MB; 0 if that is not known."""
    status = Path(f"/proc/{process.pid}/status")
    if not status.exists():
        return 0
    (line,) = [row for row in status.read_text().splitlines() if row.startswith("VmHWM")]
    return int(line.split()[1]) // 1024


def play(
    plans: Sequence[list[dict[str, Any]]], counts: Sequence[int], batch: int, stopped: int
) -> int:
    """Let events go through; check what each subscriber got; return the service's memory.

    Args:
        plans: Of each process, what its subscribers subscribe to.
        counts: How many events each publisher publishes.
        batch: In pieces of how many.
        stopped: How many of the processes read nothing until all is published.
    """
    port = free_port()
    uri = f"PYRO:Pyrophone.Events@127.0.0.1:{port}"
    with service(port) as server, ExitStack() as stack:
        readers = [start(SUBSCRIBER, uri, json.dumps(p)) for p in plans]
        for reader in readers:
            stack.callback(reader.kill)
        for reader, plan in zip(readers, plans, strict=True):
            assert reader.stdout is not None
            assert [reader.stdout.readline() for _ in plan] == ["ready\n"] * len(plan)
        for reader in readers[:stopped]:
            reader.send_signal(signal.SIGSTOP)
        writers = [
            start(PUBLISHER, uri, f"p{number}", count, batch)
            for number, count in enumerate(counts)
        ]
        ids = [writer.communicate(timeout=LONG)[0].strip() for writer in writers]
        for reader in readers[:stopped]:
            reader.send_signal(signal.SIGCONT)
        with events.Publisher(uri) as last:  # all else is before it, in each queue
            last.publish("end", keep=True)
        published = {f"{last.id} end": 1}
        for number, (by, count) in enumerate(zip(ids, counts, strict=True)):
            for topic in range(10):
                share = len(range(topic, count, 10))
                published[f"{by} p{number}.t{topic}"] = share
        for reader, plan in zip(readers, plans, strict=True):
            out = reader.communicate(timeout=LONG)[0]
            check(plan, [json.loads(line) for line in out.splitlines()], published)
        return memory(server)


def check(
    plan: list[dict[str, Any]], results: list[Any], published: dict[str, int]
) -> None:
    """Check what the subscribers of one process got."""
    assert len(results) == len(plan)
    expected = [
        sum(
            count
            for key, count in published.items()
            if any(fnmatchcase(key.split()[1], p) for p in [*one["patterns"], "end"])
        )
        for one in plan
    ]
    totals = []
    for got, missed, told, disorder in results:
        assert disorder == 0
        assert told == missed
        for key, (_, last, _) in got.items():
            assert last <= published[key]
        totals.append(sum(count for _, _, count in got.values()) + missed)
    assert sorted(totals) == sorted(expected)


def plans_for(processes: int, each: int, events: int) -> list[list[dict[str, Any]]]:
    """Return what is subscribed to: all by the first of each process, a tenth by others."""
    return [
        [
            {"patterns": ["**" if not n else f"*.t{(each * p + n) % 10}"], "events": size}
            for n in range(each)
            for size in [events if n % 2 else 1000]
        ]
        for p in range(processes)
    ]


def test_each_of_some_subscribers_has_each_event_or_its_loss() -> None:
    play(plans_for(2, 4, 10_000), [1000, 500], 20, stopped=0)


@takes_long
@pytest.mark.timeout(400)
def test_each_of_fifty_subscribers_has_each_of_many_events_or_its_loss() -> None:
    used = play(plans_for(10, 5, 50_000), [40_000, 30_000, 30_000], 50, stopped=2)
    assert used < 300


class Killed:
    """A process that is killed now and then, and started anew."""

    def __init__(self, make: Any) -> None:
        self.make = make
        self.process: subprocess.Popen[str] = make()

    def kill(self) -> str:
        """End it as hard as possible; return what it had printed that was not read."""
        self.process.kill()
        return self.process.communicate()[0]

    def renew(self) -> None:
        self.process = self.make()


def kill_at_random(rounds: int, seed: int) -> None:
    """Kill publishers, subscribers and the service; check what one subscriber sees."""
    choices = random.Random(seed)
    port = free_port()
    uri = f"PYRO:Pyrophone.Events@127.0.0.1:{port}"

    def serve() -> subprocess.Popen[str]:
        command = ["events", "serve", "--no-name", "--host", "127.0.0.1", "--port", port]
        process = subprocess.Popen(
            [sys.executable, "-m", "pyrophone", *map(str, command)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        assert process.stdout.readline()
        return process

    def publish() -> subprocess.Popen[str]:
        process = start(LASTING, uri)
        assert process.stdout is not None
        assert process.stdout.readline()
        return process

    plan = json.dumps([{"patterns": ["t*"], "events": 1000}])
    actors = [
        Killed(serve),
        Killed(publish),
        Killed(publish),
        Killed(lambda: start(SUBSCRIBER, uri, plan)),
    ]
    got: dict[tuple[str, str], list[int]] = {}
    told = 0
    try:
        with events.subscribe("t*", service=uri, events=100_000) as subscription:
            subscription.start()
            for _ in range(rounds):
                actor = choices.choice(actors)
                actor.kill()
                told += read(
                    subscription, got, choices.randrange(50, 200), actor is actors[0]
                )
                actor.renew()
                told += read(subscription, got, choices.randrange(50, 200), False)
            # Now those who live are heard, each with something new.
            told += read(subscription, got, 500, False)
            assert told == subscription.missed
    finally:
        for actor in actors:
            actor.kill()
    assert got
    gaps = 0
    for numbers in got.values():
        assert numbers == sorted(set(numbers))
        gaps += numbers[-1] - numbers[0] + 1 - len(numbers)
    # What never came between two events that did, was told; and what came at no end.
    assert gaps <= told


def read(
    subscription: Any, got: dict[tuple[str, str], list[int]], count: int, silent: bool
) -> int:
    """Read events into *got*; return how many were told to be missing.

    Args:
        subscription: From where.
        got: The numbers by publisher and topic.
        count: How many events.
        silent: Whether nothing comes after what is here already.
    """
    missed = 0
    for _ in range(count):
        try:
            event = subscription.get(0.1 if silent else LONG)
        except TimeoutError:
            assert silent
            break
        got.setdefault((event.publisher, event.topic), []).append(event.number)
        missed += event.missed
    return missed


@takes_long
@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", [1, 2])
def test_whoever_is_killed_order_is_kept_and_losses_are_told(seed: int) -> None:
    kill_at_random(12, seed)


def test_the_service_may_be_killed_and_what_it_had_is_told_as_lost() -> None:
    port = free_port()
    uri = f"PYRO:Pyrophone.Events@127.0.0.1:{port}"
    with events.Publisher(uri) as publisher:
        with service(port):
            with connect(uri) as proxy:
                proxy.hello()
            subscription = events.subscribe("**", service=uri)
            subscription.start()
            publisher.publish("a", 1)
            assert subscription.get(LONG).value == 1
        with pytest.raises(TimeoutError):
            subscription.get(0.01)
        with service(port):
            for number in range(2, 1000):  # the subscriber comes back in between
                publisher.publish("a", number)
                try:
                    event = subscription.get(0.05)
                    break
                except TimeoutError:
                    continue
            assert event.value == 2 + event.missed
            subscription.close()
