"""Proxies that are passed on and shared, serializers, tags: more that Pyro4 alone has."""

from __future__ import annotations

import pytest

from stage import Play

pytestmark = pytest.mark.slow


@pytest.mark.mixed
@pytest.mark.parametrize("copies", [False, True])
def test_autoproxy(scene: Play, copies: bool) -> None:
    file = "expected-copies.txt" if copies else "expected.txt"
    with scene("autoproxy", with_names=True, expected=file) as play:
        play.serve("server.py", *["copies"] * copies, name="server.py")
        play.run("client.py")


@pytest.mark.mixed
def test_blob_dispatch(scene: Play) -> None:
    with scene("blob-dispatch", with_names=True) as play:
        play.serve("dispatcher.py")
        play.start("receiver.py").until("ready")
        play.run("sender.py")


@pytest.mark.mixed
def test_callback(scene: Play) -> None:
    with scene("callback", with_names=True) as play:
        server = play.serve("server.py")
        play.run("client.py")
        server.until("complains")


def test_chatbox(scene: Play) -> None:
    with scene("chatbox", with_names=True) as play:
        play.serve("server.py")
        amy = play.start("client.py", name="client.py, Amy")
        amy.answer("room and nick? ", "hall amy")
        amy.until("amy is here\n")
        ben = play.start("client.py", name="client.py, Ben")
        ben.answer("room and nick? ", "hall ben")
        for member in (amy, ben):
            member.until("ben is here\n")
        ben.answer("", "good morning")
        for member in (amy, ben):
            member.until("<ben> good morning\n")
        ben.answer("", "")
        ben.finish()
        amy.until("ben is gone\n")
        amy.answer("", "")
        amy.finish()


@pytest.mark.mixed
def test_messagebus(scene: Play) -> None:
    with scene("messagebus", with_names=True) as play:
        bus = play.serve("bus.py")
        subscribers = [
            play.start("subscriber.py", number, name=f"subscriber.py {number}")
            for number in (1, 2)
        ]
        for subscriber in subscribers:
            subscriber.until("subscribed")
        publisher = play.start("publisher.py")
        publisher.answer("publish? ", "weather it rains")
        subscribers[0].finish()
        publisher.answer("publish? ", "sports they won")
        publisher.answer("publish? ", "weather it snows")
        bus.until("gone")
        publisher.answer("publish? ", "")
        publisher.finish()
        subscribers[1].finish()


def test_nameserverstress(scene: Play) -> None:
    with scene("nameserverstress", with_names=True) as play:
        play.run("stress.py", 4, 40, name="stress.py")


@pytest.mark.mixed
def test_ns_metadata(scene: Play) -> None:
    with scene("ns-metadata") as play:
        port = str(play.free_port())
        names = play.start("-m", "Pyro4.naming", "-x", name="names", PYRO_NS_PORT=port)
        names.until("^URI = ")
        play.start("program.py", PYRO_NS_PORT=port).finish()


def test_robots(scene: Play) -> None:
    with scene("robots", with_names=True) as play:
        server = play.serve("server.py")
        first = play.start("robot.py", "Anton", 1)
        first.until("joined")
        play.start("robot.py", "Berta", 2).finish()
        first.finish()
        server.until("met")


@pytest.mark.parametrize("kind", ["thread", "multiplex"])
def test_servertypes(scene: Play, kind: str) -> None:
    with scene("servertypes", expected=f"expected-{kind}.txt") as play:
        server = play.serve("server.py", kind)
        client = play.start("client.py")
        client.answer("uri? ", server.text.split("uri = ")[1].split()[0])
        client.finish()


def test_socketpair_with_a_thread(scene: Play) -> None:
    with scene("socketpair") as play:
        play.run("program.py", "thread")


def test_socketpair_with_a_process(scene: Play) -> None:
    with scene("socketpair", expected="expected-process.txt") as play:
        play.run("program.py", "process")


def test_stockquotes_old(scene: Play) -> None:
    with scene("stockquotes-old", with_names=True) as play:
        play.serve("market.py")
        play.run("viewer.py")


def test_timezones(scene: Play) -> None:
    with scene("timezones") as play:
        server = play.serve("server.py")
        client = play.start("client.py")
        client.answer("uri? ", server.text.split("uri = ")[1].split()[0])
        client.finish()


@pytest.mark.mixed
def test_usersession(scene: Play) -> None:
    with scene("usersession") as play:
        server = play.serve("server.py")
        client = play.start("client.py")
        client.answer("uri? ", server.text.split("uri = ")[1].split()[0])
        client.finish()


def test_distributed_computing_with_async_proxies(scene: Play) -> None:
    with scene("distributed-computing2", with_names=True) as play:
        play.serve("counters.py")
        play.run("client.py")


def test_distributed_mandelbrot(scene: Play) -> None:
    with scene("distributed-mandelbrot", with_names=True) as play:
        for number in (1, 2):
            play.serve("server.py", number)
        play.run("client.py")
