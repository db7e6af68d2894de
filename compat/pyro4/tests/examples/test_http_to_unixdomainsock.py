"""The examples from http to unixdomainsock that Pyro5 has, too, in Pyro4's way."""

from __future__ import annotations

import shutil

import pytest

from stage import Play, Program, Scene

pytestmark = pytest.mark.slow


def ask(play: Scene, server: Program, *arguments: object) -> Program:
    """Run a client, and tell it the last URI that the server printed."""
    client = play.start(*arguments)
    client.answer("uri? ", server.text.rpartition("uri = ")[2].split()[0])
    client.finish()
    return client


@pytest.mark.parametrize(
    "example", ["instancemode", "nonameserver", "thirdpartylib", "timeout"]
)
def test_server_and_client(scene: Play, example: str) -> None:
    with scene(example) as play:
        ask(play, play.serve("server.py"), "client.py")


@pytest.mark.mixed
@pytest.mark.parametrize("example", ["ser_custom", "streaming"])
def test_mixed_server_and_client(scene: Play, example: str) -> None:
    with scene(example) as play:
        server = play.serve("server.py")
        ask(play, server, "client.py")
        if example == "streaming":
            server.until("(?s)ends.*ends")


@pytest.mark.mixed
def test_http(scene: Play) -> None:
    log = {
        r"^127\.0\.0\.1 - - .*\n": "",
        r"http://\S+": "http://<address>",
        r"^/.*DeprecationWarning: 'cgi'.*\n.*\n": "",
    }
    with scene("http", replace=log) as play:
        port = str(play.free_port())
        names = play.start("-m", "Pyro4.naming", "-x", name="names", PYRO_NS_PORT=port)
        names.until("^URI = ")
        number = play.free_port()
        gateway = play.start(
            *("-m", "Pyro4.utils.httpgateway", "-e", "Pyro", "-p", number),
            name="gateway",
            PYRO_NS_PORT=port,
        )
        gateway.until("http://")
        play.run("client.py", number, name="client.py")
        gateway.kill()  # Ctrl-C shows a traceback


def test_hugetransfer(scene: Play) -> None:
    with scene("hugetransfer", replace={r"[\d.]+ MB/s": "<rate> MB/s"}) as play:
        ask(play, play.serve("server.py"), "client.py", 0.5)


def test_itunes(scene: Play) -> None:
    with scene("itunes", with_names=True) as play:
        play.serve("player.py")
        remote = play.start("remote.py")
        for key in ("play", "next", "loud", "loud", "Evening", "Midnight", "pause", ""):
            remote.answer("> ", key)
        remote.finish()


def test_maxsize(scene: Play) -> None:
    with scene("maxsize") as play:
        server = play.start("-m", "Pyro4.test.echoserver", name="echo server")
        uri = server.until(r"uri: (\S+)")[1]
        server.until("running")
        client = play.start("client.py")
        client.answer("uri? ", uri)
        client.finish()


def test_resourcetracking(scene: Play) -> None:
    with scene("resourcetracking") as play:
        server = play.serve("server.py")
        ask(play, server, "client.py")
        server.until("hammer is put back")


def test_shoppingcart(scene: Play) -> None:
    with scene("shoppingcart", with_names=True) as play:
        play.serve("shop.py")
        play.run("customers.py")


@pytest.mark.mixed
def test_ssl(scene: Play) -> None:
    if not shutil.which("openssl"):
        pytest.skip("needs the command openssl")
    with scene("ssl") as play:
        play.run("certificates.py")
        server = play.serve("server.py")
        for name in ("ada", "eve", "nobody"):
            ask(play, server, "client.py", name)


def test_stockquotes(scene: Play) -> None:
    with scene("stockquotes", with_names=True) as play:
        play.serve("market.py", "Oslo", "FISH", "WOOD", name="market.py Oslo")
        play.serve("market.py", "Lisbon", "CORK", "SALT", name="market.py Lisbon")
        play.run("viewer.py")


def test_unixdomainsock_in_a_file(scene: Play) -> None:
    with scene("unixdomainsock") as play:
        play.serve("server.py", "example socket")
        play.run("client.py", "example socket")


def test_unixdomainsock_without_a_file(scene: Play) -> None:
    folder = {r"example /[^']+": "example <folder>"}
    with scene("unixdomainsock", expected="expected-abstract.txt", replace=folder) as play:
        name = f"\\0example {play.folder.parent}"
        play.serve("server.py", name, name="server.py")
        play.run("client.py", name, name="client.py")
