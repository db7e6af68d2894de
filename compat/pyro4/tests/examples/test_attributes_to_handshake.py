"""The examples from attributes to handshake that Pyro5 has, too, in Pyro4's way."""

from __future__ import annotations

import pytest

from stage import Play, Program, Scene

pytestmark = pytest.mark.slow


def ask(play: Scene, server: Program, *arguments: object) -> Program:
    """Start a client, and tell it the last URI that the server printed."""
    client = play.start(*arguments)
    client.answer("uri? ", server.text.rpartition("uri = ")[2].split()[0])
    return client


@pytest.mark.mixed
@pytest.mark.parametrize("example", ["attributes", "filetransfer"])
def test_server_and_client(scene: Play, example: str) -> None:
    with scene(example) as play:
        ask(play, play.serve("server.py"), "client.py").finish()


@pytest.mark.mixed
def test_exceptions(scene: Play) -> None:
    with scene("exceptions") as play:
        ask(play, play.serve("server.py"), "client.py").finish(status=1)


@pytest.mark.mixed
def test_handshake(scene: Play) -> None:
    with scene("handshake") as play:
        server = play.serve("server.py", any_order=True)  # who leaves may do it slowly
        ask(play, server, "client.py").finish()
        server.until("(?s)leaves.*leaves.*\n")


def test_benchmark(scene: Play) -> None:
    with scene("benchmark", replace={r" +\d+ per": " <n> per"}) as play:
        ask(play, play.serve("server.py"), "client.py", 0.02).finish()


@pytest.mark.mixed
@pytest.mark.parametrize("named", [False, True])
def test_autoreconnect(scene: Play, named: bool) -> None:
    file = "expected-name.txt" if named else "expected.txt"
    with scene("autoreconnect", named, expected=file) as play:
        place = "named" if named else play.free_port()
        server = play.serve("server.py", place, name="server.py")
        client = play.start("client.py", place, name="client.py")
        client.answer("draw? ", "")
        client.until(r"draw\? ")
        server.interrupt()
        again = play.serve("server.py", place, name="server.py, again")
        client.answer("", "")
        client.answer("draw? ", "")
        client.until(r"and without a server\? ")
        again.interrupt()
        client.answer("", "")
        client.finish()


@pytest.mark.mixed
@pytest.mark.parametrize(
    ("example", "closed"), [("autoretry", [1, 1, 2]), ("disconnects", [1])]
)
def test_idle_clients(scene: Play, example: str, closed: list[int]) -> None:
    with scene(example) as play:
        server = play.serve("server.py")
        client = ask(play, server, "client.py")
        for connections in closed:  # until it is the client's
            client.until(r"server\.\.\. ")
            for _ in range(connections):
                server.until("closed a connection")
            client.answer("", "")
        client.finish()
        if example == "disconnects":
            server.until("closed a connection")


def test_banks(scene: Play) -> None:
    with scene("banks", with_names=True) as play:
        for name in ("North", "South"):
            play.serve("bank.py", name)
        play.run("client.py")


def test_circular(scene: Play) -> None:
    with scene("circular", with_names=True) as play:
        for ends in ("AB", "BC", "CA"):
            play.serve("station.py", *ends)
        play.run("client.py")


def test_distributed_computing(scene: Play) -> None:
    with scene("distributed-computing", True, replace={r"^done: .*\n": ""}) as play:
        play.serve("dispatcher.py")
        for number in (1, 2):
            play.start("worker.py", name=f"worker.py {number}").until("at work")
        play.run("client.py")


def test_distributed_computing_by_tags(scene: Play) -> None:
    with scene("distributed-computing3", with_names=True) as play:
        for name in ("Kim", "Lee"):
            play.serve("worker.py", name)
        play.run("client.py")


@pytest.mark.mixed
def test_echoserver(scene: Play) -> None:
    dates = {r"^\w{3} \w{3} .* \d{4} - ": "<date> - "}
    with scene("echoserver", replace=dates) as play:
        server = play.start("-m", "Pyro4.test.echoserver", "-v", name="echo server")
        uri = server.until(r"uri: (\S+)")[1]
        server.until("running")
        client = play.start("client.py")
        client.answer("uri? ", uri)
        client.finish()
        server.finish()


@pytest.mark.parametrize("kind", ["thread", "multiplex"])
def test_eventloop(scene: Play, kind: str) -> None:
    with scene("eventloop", expected=f"expected-{kind}.txt") as play:
        port = str(play.free_port())
        server = play.start("program.py", kind, port, name="program.py")
        server.until("running")
        play.start("client.py", PYRO_NS_PORT=port).finish()
        server.finish()


@pytest.mark.parametrize("kind", ["thread", "polled"])
def test_gui_eventloop(scene: Play, kind: str, display: str) -> None:
    with scene("gui_eventloop", expected=f"expected-{kind}.txt") as play:
        window = play.start("window.py", kind, DISPLAY=display)
        window.until("running")
        ask(play, window, "client.py").finish()
        window.finish()
