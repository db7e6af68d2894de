"""The examples from privilege-separation to warehouse show the same with both."""

from __future__ import annotations

import os
import shutil
import sys
import zoneinfo
from typing import Any

import pytest

from stage import Play, Program, Scene

pytestmark = pytest.mark.slow

PROMPT = r"^URI of the [\w ]+: "


def serve(play: Scene, *arguments: object, name: str = "") -> Program:
    """Start a server, and wait until it has printed a URI and runs."""
    server = play.start(*arguments, name=name)
    server.until(r"URI of .*PYRO:\S+\n|running")
    return server


def ask(play: Scene, server: Program, *arguments: object, name: str = "") -> Program:
    """Run a client that asks for the URI of the server."""
    client = play.start(*arguments, name=name)
    client.until(PROMPT)
    client.answer("", next(word for word in server.text.split() if "PYRO:" in word))
    return client


def locked_accounts() -> str:
    """Return what the example tells about this machine."""
    with open("/etc/shadow") as file:
        fields = [line.split(":") for line in file]
    return ", ".join(sorted(name for name, password, *_ in fields if password[:1] in "!*"))


@pytest.mark.parametrize(
    ("who", "expected"), [("elevated", "expected.txt"), ("drop_privs", "expected-drop.txt")]
)
def test_privilege_separation(scene: Play, who: str, expected: str) -> None:
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("needs Linux, and root")
    options = [0] if who == "drop_privs" else []
    replace = {rf"locked are {locked_accounts()}$": "locked are <accounts>"}
    with scene("privilege-separation", replace=replace, expected=expected) as play:
        server = serve(play, f"{who}_server.py", *options)
        ask(play, server, f"{who}_client.py").finish()


def test_privilege_separation_needs_root(scene: Play) -> None:
    if sys.platform == "win32" or os.geteuid() == 0:
        pytest.skip("needs not to be root")
    with scene("privilege-separation", expected="expected-user.txt") as play:
        play.run("elevated_server.py", status=1)
        play.run("drop_privs_server.py", status=1)


def test_resourcetracking(scene: Play) -> None:
    with scene("resourcetracking") as play:
        server = serve(play, "server.py")
        client = ask(play, server, "client.py")
        client.answer("to leave (or Ctrl-C, or kill me): ", "")
        client.finish()
        server.until("drifts back")
        client = ask(play, server, "client.py", name="client.py that is killed")
        client.until("to leave")
        client.kill()
        server.until("drifts back")


def play_robots(play: Scene, *options: str, **env: Any) -> None:
    """Let three players play."""
    limits = ("--players", 3, "--pause", 0, "--rounds", 70)
    game = play.start("gameserver.py", *options, *limits, name="gameserver.py", **env)
    game.until("waiting for 3 players")
    players = []
    for name, character in ("Ada", "drunk"), ("Bob", "angry"), ("Cid", "scared"):
        players.append(play.start("client.py", name, character))
        game.until(f"{name} joins")
    for program in (*players, game):
        program.finish()


def test_robots(scene: Play) -> None:
    with scene("robots", with_names=True) as play:
        play_robots(play, "--text")


def test_robots_in_a_window(scene: Play, display: str) -> None:
    with scene("robots", with_names=True, expected="expected-window.txt") as play:
        play_robots(play, DISPLAY=display)


@pytest.mark.parametrize(("letter", "patience"), [("t", 20), ("m", 0.1)])
def test_servertypes(scene: Play, letter: str, patience: float) -> None:
    with scene("servertypes", expected=f"expected-{letter}.txt") as play:
        server = play.start("server.py")
        server.answer("m for multiplex: ", letter)
        server.until("running")
        ask(play, server, "client.py", patience).finish()


def test_shoppingcart(scene: Play) -> None:
    with scene("shoppingcart", with_names=True) as play:
        serve(play, "shopserver.py")
        play.run("clients.py", status=1)


@pytest.mark.parametrize("program", ["pair-thread.py", "pair-fork.py"])
def test_socketpair(scene: Play, program: str) -> None:
    if "fork" in program and not hasattr(os, "fork"):
        pytest.skip("needs fork")
    with scene("socketpair", expected=f"expected-{program[5:-3]}.txt") as play:
        play.run(program)


def test_ssl(scene: Play) -> None:
    if not shutil.which("openssl"):
        pytest.skip("needs the command openssl")
    with scene("ssl") as play:
        play.run("make_certificates.py")
        server = serve(play, "server.py")
        for who in ("client", "stranger", "nobody"):
            ask(play, server, "client.py", who).finish()


def test_stockquotes_in_one_process(scene: Play) -> None:
    with scene("stockquotes/phase1") as play:
        play.run("viewer.py", 8, 0)


def test_stockquotes_of_found_markets(scene: Play) -> None:
    with scene("stockquotes/phase2", with_names=True) as play:
        serve(play, "stockmarket.py", 0)
        play.run("viewer.py", 8)


def test_stockquotes_of_markets_at_addresses(scene: Play) -> None:
    with scene("stockquotes/phase3", with_names=True) as play:
        for name in ("north", "south"):
            play.start("stockmarket.py", name, "localhost", 0, 0).until("open")
        play.run("viewer.py", "localhost", 8)


def test_streaming(scene: Play) -> None:
    with scene("streaming") as play:
        ask(play, serve(play, "server.py"), "client.py", 0.02).finish()


@pytest.mark.parametrize("server", ["server", "server2"])
def test_thirdpartylib(scene: Play, server: str) -> None:
    with scene("thirdpartylib", expected=f"expected-{server}.txt") as play:
        ask(play, serve(play, f"{server}.py"), "client.py").finish()


def test_threadproxysharing(scene: Play) -> None:
    with scene("threadproxysharing", with_names=True) as play:
        play.run("client.py")


def test_timeout(scene: Play) -> None:
    with scene("timeout", with_names=True) as play:
        serve(play, "server.py")
        play.run("client.py", 0.5)


def test_timezones(scene: Play) -> None:
    if "Europe/Berlin" not in zoneinfo.available_timezones():
        pytest.skip("needs the time zone data")
    with scene("timezones") as play:
        ask(play, serve(play, "server.py"), "client.py").finish()


@pytest.mark.parametrize("kind", ["file", "abstract"])
def test_unixdomainsock(scene: Play, kind: str) -> None:
    if kind == "abstract" and sys.platform != "linux":
        pytest.skip("needs Linux")
    name = f"pyro_example_{os.getpid()}"
    with scene(
        "unixdomainsock", replace={name: "<name>"}, expected=f"expected-{kind}.txt"
    ) as play:
        program = "server.py" if kind == "file" else "abstract_namespace_server.py"
        server = serve(play, program, name, name=program)
        ask(play, server, "client.py").finish()
        server.interrupt()
        assert not (play.folder / name).exists()


def test_usersession(scene: Play) -> None:
    with scene("usersession", with_names=True) as play:
        serve(play, "server.py")
        play.run("client.py")


def visit(client: Program, *answers: str) -> None:
    """Answer what the visitors of the warehouse are asked."""
    for question, answer in zip(
        [f"{name} {does}" for name in ("Mia", "Noah") for does in ("bring", "take")],
        answers,
        strict=True,
    ):
        client.answer(f"What does {question} (or nothing)? ", answer)


def test_warehouse_in_one_process(scene: Play) -> None:
    with scene("warehouse/phase1") as play:
        client = play.start("visit.py")
        visit(client, "spade", "lamp", "", "globe")
        client.finish()


def test_warehouse_at_an_address(scene: Play) -> None:
    with scene("warehouse/phase2") as play:
        client = ask(play, serve(play, "warehouse.py"), "visit.py")
        visit(client, "spade", "lamp", "", "globe")
        client.finish()


def test_warehouse_with_a_name(scene: Play) -> None:
    with scene("warehouse/phase3", with_names=True) as play:
        serve(play, "warehouse.py")
        client = play.start("visit.py")
        visit(client, "spade", "lamp", "", "crown")
        client.finish(status=1)
