"""``pyrophone events``: what one process publishes, another one prints."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from pyrophone.events import EventService, Publisher
from pyrophone.events.records import pack_event, publisher_of
from pyrophone.naming import NameService
from pyrophone.sync import connect
from running import LIMIT, running

if TYPE_CHECKING:
    from tests.cli.conftest import Run


@pytest.fixture
def events(names: NameService) -> Iterator[EventService]:
    """An event service that is found by its name."""
    service = EventService(name=None)
    names.names.register("Pyrophone.Events", service.uri)
    with running(service):
        yield service


def start(*argv: str) -> subprocess.Popen[str]:
    """Run a command as a process."""
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "pyrophone", *argv],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.usefixtures("events")
def test_what_is_published_is_printed(run: Run) -> None:
    assert run("events", "publish", "lab.temperature", "21.5", "--keep") == (0, "", "")
    assert run("events", "publish", "lab.state", "warming up", "--keep") == (0, "", "")
    status, out, err = run("events", "watch", "lab.", "--count", "2")
    assert (status, err) == (0, "")
    rows = [line.split("\t") for line in out.splitlines()]
    assert [row[1:] for row in rows] == [
        ["lab.temperature", "21.5"],
        ["lab.state", "'warming up'"],
    ]
    assert len(rows[0][0]) == len("2026-11-21 22:00:00.000+00:00")
    assert run("events", "topics") == (0, "lab.state\nlab.temperature\n", "")
    assert run("events", "topics", "lab.t*").out == "lab.temperature\n"


def test_json_has_all_there_is_to_know(run: Run, events: EventService) -> None:
    with Publisher(events.uri, keep=True) as publisher:
        publisher.publish("a", [1, "x"])
        publisher.publish("b", float("nan"))
    status, out, _ = run(
        "events", "watch", "--json", "--count", "2", "--service", str(events.uri)
    )
    assert status == 0
    one, other = map(json.loads, out.splitlines())
    moment = one.pop("time")
    assert one == {
        "topic": "a",
        "number": 1,
        "publisher": publisher.id,
        "kept": True,
        "missed": 0,
        "value": [1, "x"],
    }
    assert isinstance(moment, float)
    assert (other["text"], "value" in other) == ("nan", False)


def test_lines_of_the_standard_input_are_events(
    run: Run, events: EventService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("1\ntwo\n"))
    assert run("events", "publish", "a").status == 0
    assert events.events.describe()["published"] == 2


def test_what_strangers_publish_harms_no_terminal(run: Run, events: EventService) -> None:
    with connect(events.uri) as proxy:
        own = publisher_of(b"key")
        proxy.publish(pack_event("a", own, 1, 1e300, b"\xff\xff", keep=True), b"key")
    out = run("events", "watch", "--count", "1").out
    assert out.startswith("1e+300\ta\t<SerializeError: a sealed value")
    with Publisher(events.uri) as publisher:
        publisher.publish("b", "\x1b[31m", keep=True)
    assert run("events", "watch", "b", "--count", "1").out.endswith("\tb\t'\\x1b[31m'\n")


@pytest.mark.usefixtures("events")
@pytest.mark.parametrize(
    ("argv", "status", "problem"),
    [
        (["publish", "a..b", "1"], 1, "publish: bad topic 'a..b': a part between dots"),
        (["publish", "a", "[1"], 2, "publish: VALUE is no Python literal: '[1'"),
        (["watch", "a..b"], 1, "watch: bad pattern 'a..b'"),
        (["watch", "--count", "0"], 2, "0 is not above 0"),
        (["watch", "--full", "all"], 2, "invalid choice: 'all'"),
        (["topics", "."], 1, "topics: bad pattern '.'"),
    ],
)
def test_what_is_wrong_is_said(
    run: Run, argv: list[str], status: int, problem: str
) -> None:
    result = run("events", *argv)
    assert (result.status, result.out) == (status, "")
    assert problem in result.err
    assert "Traceback" not in result.err


def test_without_a_service_it_says_so(
    run: Run, names: NameService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYROPHONE_TIMEOUT", "0.2")  # for so long it may still come
    for argv in (["publish", "a", "1"], ["watch"], ["topics"]):
        result = run("events", *argv)
        assert result.status == 1
        assert "Pyrophone.Events" in result.err
    where = ["--host", "localhost", "--port", str(names.uri.port)]
    assert "unknown name: Pyrophone.Events" in run("events", "topics", *where).err


def test_a_port_that_is_taken_is_said(run: Run, names: NameService) -> None:
    result = run("events", "serve", "--port", str(names.uri.port))
    assert result.status == 1
    assert "cannot listen: Address already in use" in result.err


@pytest.mark.slow
def test_a_service_serves_until_it_is_told_to_end(run: Run, names: NameService) -> None:
    with start("events", "serve") as service:
        assert service.stdout is not None
        name, uri = service.stdout.readline().rstrip("\n").split("\t")
        assert name == "Pyrophone.Events"
        with start("events", "watch", "lab.", "--service", uri) as watcher:
            assert watcher.stdout is not None
            wait_for_a_subscription(uri)
            run("events", "publish", "--service", uri, "lab.a", "1")
            assert watcher.stdout.readline().endswith("\tlab.a\t1\n")
            watcher.send_signal(signal.SIGINT)
            assert watcher.wait(LIMIT) == 0
            assert watcher.communicate() == ("", "")
        service.send_signal(signal.SIGTERM)
        assert service.wait(LIMIT) == 0
        assert service.communicate() == ("", "")
    assert names.names.count() == 1


def wait_for_a_subscription(uri: str) -> None:
    with connect(uri) as proxy:
        for _ in range(10_000):
            if proxy.describe()["subscriptions"]:
                return
    raise AssertionError("nobody has subscribed")


@pytest.mark.slow
def test_a_name_server_can_be_one_too(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with start("names", "serve", "--port", "0", "--events") as service:
        assert service.stdout is not None
        uri = service.stdout.readline().rstrip("\n").split("\t")[1]
        monkeypatch.setenv("PYROPHONE_NAME_PORT", uri.rpartition(":")[2])
        assert run("events", "publish", "a", "1", "--keep").status == 0
        assert run("events", "watch", "--count", "1").out.endswith("\ta\t1\n")
        service.send_signal(signal.SIGINT)
        assert service.wait(LIMIT) == 0
