"""The examples from exceptions to oneway show the same with both implementations."""

from __future__ import annotations

import shutil
from typing import Any

import pytest

from stage import Play, Program, Scene

pytestmark = pytest.mark.slow

RATE = {r"\d+\.\d MB/s": "<n> MB/s"}
LOG = {r"^127\.0\.0\.1 - - .*\n": "", r"http://127\.0\.0\.1:\d+": "http://<address>"}


def serve(play: Scene, *arguments: object, name: str = "", **env: Any) -> Program:
    """Start a server, and wait until it has printed a URI and runs."""
    server = play.start(*arguments, name=name, **env)
    server.until(r"URI of .*PYRO:\S+\n|running")
    return server


def uris(server: Program) -> list[str]:
    """Return the URIs that a server printed."""
    return [word for word in server.text.split() if word.startswith("PYRO:")]


def ask(
    play: Scene, server: Program, *arguments: object, name: str = "", status: int = 0
) -> Program:
    """Run a client that asks for the URI of the server."""
    client = play.start(*arguments, name=name)
    client.until(r"^URI of the [\w ]+: ")
    client.answer("", uris(server)[0])
    client.finish(status)
    return client


def test_exceptions(scene: Play) -> None:
    with scene("exceptions") as play:
        ask(play, serve(play, "server.py"), "client.py", status=1)


def test_filetransfer(scene: Play) -> None:
    with scene("filetransfer", replace=RATE) as play:
        ask(play, serve(play, "server.py", 300_000), "client.py", 3)


def test_gui_eventloop_shows_what_the_board_takes(scene: Play) -> None:
    """The board without its window."""
    with scene("gui_eventloop") as play:
        board = serve(play, "gui_text.py")
        ask(play, board, "client.py", "--close")
        board.finish()


@pytest.mark.parametrize("program", ["gui_threads.py", "gui_nothreads.py"])
def test_gui_eventloop_in_a_window(scene: Play, display: str, program: str) -> None:
    with scene("gui_eventloop", expected=f"expected-{program[:-3]}.txt") as play:
        window = serve(play, program, DISPLAY=display)
        ask(play, window, "client.py", "--close")
        window.finish()


@pytest.mark.parametrize("password", ["tangerine", "lemon"])
def test_handshake(scene: Play, password: str) -> None:
    with scene("handshake", expected=f"expected-{password}.txt") as play:
        server = serve(play, "server.py")
        client = play.start("client.py")
        client.answer("URI of the club: ", uris(server)[0])
        client.answer("Password: ", password)
        client.finish()
        if password == "tangerine":
            server.until("has left")


def start_gateway(play: Scene) -> tuple[Program, str]:
    """Start an echo server and a gateway to it, and return the gateway and its address."""
    serve(play, "-m", "Pyro5.utils.echoserver", "--naming", name="echo server")
    gateway = play.start(
        *("-m", "Pyro5.utils.httpgateway", "--port", play.free_port()),
        *("--expose", r"Pyro\.|test\."),
        name="gateway",
    )
    return gateway, gateway.until(r"running on (http://\S+)/pyro/")[1]


def test_http(scene: Play) -> None:
    with scene("http", with_names=True, replace=LOG) as play:
        gateway, address = start_gateway(play)
        play.run("client.py", address, name="client.py")
        gateway.kill()  # Ctrl-C shows a traceback


def test_http_from_javascript(scene: Play) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node")
    program = "import subprocess, sys; sys.exit(subprocess.run(sys.argv[1:]).returncode)"
    with scene("http", with_names=True, replace=LOG, expected="expected-js.txt") as play:
        gateway, address = start_gateway(play)
        play.run("-c", program, node, "client.js", address, name="node client.js")
        gateway.kill()


def test_hugetransfer(scene: Play) -> None:
    with scene("hugetransfer", replace=RATE) as play:
        ask(play, serve(play, "server.py"), "client.py", 0.5)


def test_instancemode(scene: Play) -> None:
    with scene("instancemode") as play:
        server = serve(play, "server.py")
        client = play.start("client.py")
        for mode, uri in zip(["percall", "session", "single"], uris(server), strict=True):
            client.answer(f"URI of example.{mode}: ", uri)
        client.finish()


def test_maxsize(scene: Play) -> None:
    with scene("maxsize") as play:
        server = serve(play, "-m", "Pyro5.utils.echoserver", name="echo server")
        ask(play, server, "client.py")


def test_messagebus(scene: Play) -> None:
    with scene("messagebus", with_names=True) as play:
        bus = serve(play, "-m", "messagebus.server", "-s", "memory", "--stats", 100)
        subscribers = [
            play.start("subscriber.py", 6, name=f"subscriber.py {number}")
            for number in (1, 2)
        ]
        careful = play.start("subscriber_manual_consume.py")
        for program in (*subscribers, careful):
            program.until("ready")
        play.run("publisher.py", 5, 0)
        careful.finish()
        play.run("publisher.py", 1, 0)
        for program in subscribers:
            program.finish()
        bus.interrupt()


def test_messagebus_with_a_database(scene: Play) -> None:
    with scene("messagebus", with_names=True, expected="expected-topics.txt") as play:
        arguments = ("-m", "messagebus.server", "-s", "test.sqlite", "--stats", 100)
        bus = serve(play, *arguments)
        subscriber = play.start("manytopics_subscriber.py", 2)
        subscriber.until("ready")
        play.run("manytopics_publisher.py", 2, 0)
        play.run("publisher.py", 2, 0)  # nobody waits for these
        subscriber.finish()
        bus.interrupt()


def test_messagebus_keeps_what_nobody_took(scene: Play) -> None:
    with scene("messagebus", with_names=True, expected="expected-kept.txt") as play:
        bus = ("-m", "messagebus.server", "-s", "test.sqlite", "--stats", 100)
        first = serve(play, *bus)
        gone = play.start("subscriber.py", 1)
        gone.until("ready")
        gone.kill()
        play.run("publisher.py", 2, 0)
        first.until("dropped")
        first.interrupt()
        serve(play, *bus, name="the bus, again")
        play.run("subscriber.py", 2)


def test_nameserverstress(scene: Play) -> None:
    digits = {r"^[0-4]{20}$": "<20 digits>"}
    with scene("nameserverstress", with_names=True, replace=digits) as play:
        play.run("stress.py", 200)


def test_nonameserver(scene: Play) -> None:
    with scene("nonameserver") as play:
        server = play.start("server.py")
        server.until("ready")
        client = play.start("client.py")
        for subject, uri in zip(["kitchen", "weather"], uris(server), strict=True):
            client.answer(f"URI of the {subject} proverbs: ", uri)
        client.finish()


def test_ns_metadata(scene: Play) -> None:
    with scene("ns-metadata", with_names=True) as play:
        play.run("example.py")


def test_oneway(scene: Play) -> None:
    asked = {r"(  no, trying again\n)+": "  no, trying again\n"}
    with scene("oneway", with_names=True, replace=asked) as play:
        server = serve(play, "server.py")
        play.run("client.py", 0.7)
        server.until("done")


def test_oneway_runs_in_other_threads(scene: Play) -> None:
    with scene("oneway", with_names=True, expected="expected-2.txt") as play:
        serve(play, "server2.py")
        play.run("client2.py")
