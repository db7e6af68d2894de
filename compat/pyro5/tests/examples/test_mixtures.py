"""One example with each serializer and each kind of server, whoever plays it."""

from __future__ import annotations

import pytest

from stage import Cast, Play

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("server_type", ["thread", "multiplex"])
@pytest.mark.parametrize("serializer", ["serpent", "json", "marshal", "msgpack"])
def test_streaming(scene: Play, cast: Cast, serializer: str, server_type: str) -> None:
    if serializer == "marshal" and cast.others.name == "Pyro5":
        pytest.skip("the real one can't read attributes with marshal [wire D3]")
    with scene("streaming") as play:
        server = play.start("server.py", PYRO_SERVERTYPE=server_type)
        uri = server.until(r"(PYRO:\S+)\n")[1]
        server.until("running")
        client = play.start(
            "client.py", 0.02, name="client.py 0.02", PYRO_SERIALIZER=serializer
        )
        client.answer("URI of the counter: ", uri)
        client.finish()
