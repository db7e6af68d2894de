"""The steps of the old usage chapter, as programs."""

from __future__ import annotations

import pytest

from stage import Play

pytestmark = pytest.mark.slow


def test_telescope(scene: Play) -> None:
    with scene("telescope", with_names=True) as play:
        play.serve("server.py")
        play.run("client.py")


def test_delegation(scene: Play) -> None:
    with scene("delegation", with_names=True) as play:
        play.serve("server.py")
        play.run("client.py")


def test_finding(scene: Play) -> None:
    with scene("finding", with_names=True, replace={r"^port \d+": "port <n>"}) as play:
        server = play.serve("server.py")
        port = server.text.split()[1]
        play.run("client.py", port, name="client.py")


def test_attributes(scene: Play) -> None:
    with scene("attributes") as play:
        server = play.serve("server.py")
        play.run("client.py", uri_of(server.text), name="client.py")


@pytest.mark.parametrize("single", [False, True])
def test_eventloop(scene: Play, single: bool) -> None:
    file = "expected-single.txt" if single else "expected.txt"
    with scene("eventloop", expected=file) as play:
        server = play.serve("server.py", *["single"] * single, name="server.py")
        client = play.start("client.py", uri_of(server.text), name="client.py")
        for phase in ("own loop", "one round", "its loop"):
            server.until(f"{phase}: !\n")
            client.answer("Press Enter when it was heard: ", "")
        client.finish()
        server.finish()


def test_echoserver(scene: Play) -> None:
    with scene("echoserver", with_names=True) as play:
        server = play.start("-m", "Pyro.test.echoserver", "-n", name="echo server")
        uris = [server.until(r"echo uri = (\S+)\n")[1] for _ in range(2)]
        server.until("running")
        play.run("client.py", *uris, name="client.py")


def test_events(scene: Play) -> None:
    with scene("events", with_names=True) as play:
        server = play.start("-m", "Pyro.EventService.Server", name="event server")
        server.until("started")
        exact = play.start("subscriber.py", "weather.RAIN", "dome.done", name="exact")
        pattern = play.start("subscriber.py", "--", "weather", r"\w+\.rain", name="pattern")
        for subscriber in (exact, pattern):
            subscriber.until("listening")
        publisher = play.start("publisher.py")
        for line in ("weather.Rain 3", "weather.wind 7", "dome.rain 1", "dome.open 1", ""):
            publisher.answer("subject and value? ", line)
        for program in (publisher, exact, pattern):
            program.finish()


def test_callback(scene: Play) -> None:
    with scene("callback", with_names=True) as play:
        play.serve("server.py")
        play.run("client.py")


def test_disconnecting(scene: Play) -> None:
    with scene("disconnecting", with_names=True) as play:
        server = play.serve("server.py")
        play.run("client.py")
        server.finish()


def test_persistent(scene: Play) -> None:
    with scene("persistent", with_names=True, replace={r"port \d+": "port <n>"}) as play:
        port = play.free_port()
        server = play.serve("server.py", port, name="server.py")
        client = play.start("client.py")
        client.until("End the server")
        server.interrupt()
        client.answer(": ", "")
        client.until("Start the server")
        play.serve("server.py", port, name="server.py, again")
        client.answer(": ", "")
        client.finish()
        play.run("-m", "Pyro.nsc", "remove", "counter", name="nsc remove counter")


def test_exceptions(scene: Play) -> None:
    with scene("exceptions") as play:
        server = play.serve("server.py")
        play.run("client.py", uri_of(server.text), name="client.py")


def uri_of(text: str) -> str:
    """Return the URI that a server has printed."""
    return text.partition("uri = ")[2].split()[0]
