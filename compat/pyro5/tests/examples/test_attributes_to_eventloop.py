"""The examples from attributes to eventloop show the same with both implementations."""

from __future__ import annotations

import pytest

from stage import Play, Program, Scene

pytestmark = pytest.mark.slow

QUESTION = "uri of the server? "


def serve(play: Scene, *arguments: object, any_order: bool = False) -> str:
    """Start a server, and return the last URI that it printed before it runs."""
    server = play.start(*arguments, any_order=any_order)
    server.until("daemon running")
    return str(server.text.rpartition("uri = ")[2].split()[0])


def ask(play: Scene, uri: str, *arguments: object) -> Program:
    """Run a client that asks for a URI."""
    client = play.start(*arguments)
    client.answer(QUESTION, uri)
    client.finish()
    return client


def test_attributes(scene: Play) -> None:
    with scene("attributes") as play:
        ask(play, serve(play, "server.py"), "client.py")


def test_autoproxy(scene: Play) -> None:
    with scene("autoproxy") as play:
        ask(play, serve(play, "server.py"), "client.py")


def test_autoreconnect_to_a_fixed_port(scene: Play) -> None:
    with scene("autoreconnect") as play:
        port = play.free_port()
        server = play.start("server.py", port, name="server.py")
        server.until("uri = ")
        client = play.start(
            "client.py", "--port", port, "--calls", 3, "--step", name="client.py"
        )
        client.answer("next call: ", "")
        client.until("next call: ")
        server.interrupt()
        play.start("server.py", port, name="server.py, again").until("uri = ")
        client.answer("", "")
        client.answer("next call: ", "")
        client.finish()


def test_autoreconnect_by_name(scene: Play) -> None:
    with scene("autoreconnect", with_names=True, expected="expected-names.txt") as play:
        server = play.start("serverNS.py")
        first = server.until(r"^uri = (\S+)")[1]
        client = play.start("clientNS.py", "--calls", 2, "--step", name="clientNS.py")
        client.until("next call: ")
        server.interrupt()
        server = play.start("serverNS.py", name="serverNS.py, again")
        assert server.until(r"^uri = (\S+)")[1] == first
        client.answer("", "")
        client.answer("next call: ", "")
        client.finish()


def test_autoretry(scene: Play) -> None:
    with scene("autoretry", with_names=True) as play:
        server = play.start("server.py", 0.5, name="server.py")
        server.until("running")
        client = play.start("client.py")
        for _ in range(2):
            client.until("press Enter: ")
            server.until("closed")
            client.answer("", "")
        client.finish()
        server.until("closed")


def test_banks(scene: Play) -> None:
    with scene("banks", with_names=True) as play:
        serve(play, "server.py")
        play.run("client.py")


def test_batchedcalls(scene: Play) -> None:
    with scene("batchedcalls", replace={r"is \d+ times": "is <n> times"}) as play:
        ask(play, serve(play, "server.py"), "client.py", 100)


def test_benchmark(scene: Play) -> None:
    rates = {r" +\d+\.\d us": " <n> us", r"\d+ (calls )?per second": r"<n> \1per second"}
    with scene("benchmark", replace=rates) as play:
        uri = serve(play, "server.py")
        ask(play, uri, "client.py", 10)
        ask(play, uri, "connections.py", 10)


def test_blob_dispatch(scene: Play) -> None:
    with scene("blob-dispatch", with_names=True) as play:
        serve(play, "dispatcher.py")
        for topic in ("blue", "red"):
            play.start("listener.py", topic).until("listening")
        play.run("client.py")


def test_callback(scene: Play) -> None:
    with scene("callback", with_names=True) as play:
        server = play.start("server.py", 0, name="server.py")
        server.until("running")
        play.run("client.py")


def test_callback_that_fails(scene: Play) -> None:
    with scene("callback", with_names=True, expected="expected-2.txt") as play:
        server = play.start("server2.py")
        server.until("running")
        play.start("client2.py").until("log: ")
        for _ in range(2):
            server.until("End of remote traceback\n\n")


def test_callcontext(scene: Play) -> None:
    with scene("callcontext") as play:
        server = play.start("server.py")
        uri = server.until(r"uri = (\S+)")[1]
        server.until("running")
        client = ask(play, uri, "client.py")
        sent = client.text.partition("correlation id ")[2][:36]
        for _ in range(2):
            assert server.until(r"correlation id (.*)")[1] == sent
        server.until("ready")


def test_chatbox(scene: Play) -> None:
    with scene("chatbox", with_names=True) as play:
        serve(play, "server.py")
        amy = play.start("client.py", name="client.py, Amy")
        amy.answer("Your nick? ", "Amy")
        amy.until("Amy joined\n")
        ben = play.start("client.py", name="client.py, Ben")
        ben.answer("Your nick? ", "Ben")
        ben.until("Ben joined\n")
        amy.until("Ben joined\n")
        amy.answer("", "hello all")
        for member in (amy, ben):
            member.until(r"\[Amy\] hello all\n")
        ben.answer("", "/quit")
        ben.finish()
        amy.until("Ben left\n")
        amy.answer("", "/quit")
        amy.finish()


def test_circular(scene: Play) -> None:
    with scene("circular", with_names=True) as play:
        for letter in "ABC":
            serve(play, f"serv{letter}.py")
        play.run("client.py")


def test_custom_serialization(scene: Play) -> None:
    with scene("custom-serialization") as play:
        ask(play, serve(play, "server.py"), "client.py")


def test_diffie_hellman(scene: Play) -> None:
    with scene(
        "diffie-hellman", with_names=True, replace={r"[0-9a-f]{64}": "<key>"}
    ) as play:
        server = play.start("server.py")
        server.until("running")
        keys = []
        for _ in range(2):
            client = play.run("client.py")
            keys.append(client.until("key: (.*)")[1])
            assert server.until("key: (.*)")[1] == keys[-1]
        assert keys[0] != keys[1]


def test_disconnects(scene: Play) -> None:
    with scene("disconnects") as play:
        server = play.start("server.py", 0.5, name="server.py")
        uri = server.until(r"uri = (\S+)")[1]
        client = play.start("client.py")
        client.answer(QUESTION, uri)
        client.until("press Enter: ")
        server.until("closed")
        client.answer("", "")
        client.finish()
        server.until("closed")


def test_distributed_computing(scene: Play) -> None:
    # Who does what is chance, and so is how long it takes.
    drop = {r"^done: .*\n": "", r"^\d+ so far.*\n": ""}
    with scene("distributed-computing", with_names=True, replace=drop) as play:
        serve(play, "dispatcher.py")
        workers = [play.start("worker.py", name=f"worker.py {number}") for number in (1, 2)]
        for worker in workers:
            worker.until("sizes at the start")
        play.run("client.py")
        for worker in workers:
            worker.interrupt()
        done = sum(worker.text.count("done: item") for worker in workers)
        assert done == 40


def test_distributed_computing_by_names(scene: Play) -> None:
    times = {r"\d\.\d+ times": "<n> times"}
    with scene("distributed-computing2", with_names=True, replace=times) as play:
        play.start("servers.py", 0.1, name="servers.py").until("running")
        play.run("client.py", 200, name="client.py")


def test_distributed_computing_by_tags(scene: Play) -> None:
    with scene("distributed-computing3", with_names=True) as play:
        for number in (1, 2):
            play.start("worker.py", name=f"worker.py {number}").until("ready")
        play.run("client.py", 30, name="client.py")


def test_distributed_mandelbrot(scene: Play) -> None:
    rates = {r"[\d.]+ frames": "<n> frames"}
    with scene("distributed-mandelbrot", with_names=True, replace=rates) as play:
        normal = play.run("normal.py", 2, 60, 16)
        for number in (1, 2):
            play.start("server.py", number).until("ready")
        client = play.run("client_asciizoom.py", 2, 60, 16)
        assert normal.text.splitlines()[:-1] == client.text.splitlines()[1:-1]


def test_distributed_mandelbrot_in_a_window(scene: Play, display: str) -> None:
    size = ("--width", 60, "--height", 40, "--close")
    with scene(
        "distributed-mandelbrot", with_names=True, expected="expected-window.txt"
    ) as play:
        play.start("server.py", 1).until("ready")
        play.start("client_graphics.py", *size, DISPLAY=display).finish()


def test_echoserver(scene: Play) -> None:
    with scene("echoserver") as play:
        server = play.start("-m", "Pyro5.utils.echoserver", name="echo server")
        uri = server.until(r"uri: (\S+)")[1]
        server.until("running")
        ask(play, uri, "client.py")
        server.finish()


def test_eventloop_with_threads(scene: Play) -> None:
    # What the loop wakes up for differs; it is the servers' business.
    hide = {
        r"^Waiting.*\n": "",
        r"(something for .*\n)+": "something\n",
        r"port: \d+": "port: <port>",
    }
    with scene("eventloop", replace=hide) as play:
        port = str(play.free_port())
        server = play.start("server_threads.py", PYRO_NS_PORT=port)
        beacon = server.until(r"port: (\d+)")[1]
        server.until("ready")
        play.start("client.py", beacon, name="client.py", PYRO_NS_PORT=port).finish()


def test_eventloop_with_one_thread(scene: Play) -> None:
    # How often the condition is asked depends on what arrives together.
    rounds = {r"(one more round\n)+": "one more round\n", r"port: \d+": "port: <port>"}
    with scene("eventloop", expected="expected-multiplexed.txt", replace=rounds) as play:
        port = str(play.free_port())
        server = play.start("server_multiplexed.py", PYRO_NS_PORT=port)
        beacon = server.until(r"port: (\d+)")[1]
        server.until("ready")
        play.start("client.py", beacon, name="client.py", PYRO_NS_PORT=port).finish()
