"""What only Pyro4 has: results that come later, keys, serializers that take everything."""

from __future__ import annotations

import pytest

from stage import Play, Program, Scene

pytestmark = pytest.mark.slow


def ask(play: Scene) -> Program:
    """Start a server, then a client that asks for its URI; return the server."""
    server = play.serve("server.py")
    client = play.start("client.py")
    client.answer("uri? ", server.text.rpartition("uri = ")[2].split()[0])
    client.finish()
    return server


@pytest.mark.mixed
def test_async(scene: Play) -> None:
    with scene("async") as play:
        ask(play)
        play.run("handmade.py")


def test_futures(scene: Play) -> None:
    with scene("futures") as play:
        play.run("program.py")


@pytest.mark.mixed
def test_batchedcalls(scene: Play) -> None:
    with scene("batchedcalls") as play:
        ask(play)


@pytest.mark.mixed
def test_callcontext(scene: Play) -> None:
    with scene("callcontext") as play:
        ask(play).until("one-way .*\n")


@pytest.mark.mixed
@pytest.mark.parametrize("serializer", ["dill", "cloudpickle"])
def test_extended_pickle(scene: Play, serializer: str) -> None:
    with scene("extended-pickle") as play:
        server = play.serve("server.py", serializer, name="server.py")
        client = play.start("client.py", serializer, name="client.py")
        client.answer("uri? ", server.text.split("uri = ")[1].split()[0])
        client.finish()


@pytest.mark.mixed
def test_flame(scene: Play) -> None:
    console = {r"^Python 3.*\n": "", r"exiting \w+": "exiting"}
    with scene("flame", replace=console) as play:
        server = play.start(
            "-m",
            "Pyro4.utils.flameserver",
            name="flame server",
            PYRO_FLAME_ENABLED="true",
        )
        uri = server.until(r"uri: (\S+)")[1]
        server.until("running")
        client = play.start("client.py")
        client.answer("uri? ", uri)
        client.answer(">>> ", "6 * 7")
        client.answer(">>> ", "unheard_of")
        client.until(">>> ")
        client.end_input()
        client.finish()


@pytest.mark.mixed
def test_diffie_hellman(scene: Play) -> None:
    with scene("diffie-hellman") as play:
        ask(play)


@pytest.mark.parametrize("threaded", [True, False])
def test_oneway(scene: Play, threaded: bool) -> None:
    file = "expected-threaded.txt" if threaded else "expected.txt"
    with scene("oneway", with_names=True, expected=file) as play:
        server = play.serve("server.py", *["threaded"] * threaded, name="server.py")
        play.run("client.py")
        server.until("printed .*\n")


def test_proxysharing(scene: Play) -> None:
    with scene("proxysharing") as play:
        ask(play)


def test_deadlock(scene: Play) -> None:
    with scene("deadlock") as play:
        ask(play)
