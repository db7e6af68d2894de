"""The examples from attributes to eventloop show the same with both implementations."""

from __future__ import annotations

import pytest

from stage import Play

pytestmark = pytest.mark.slow

URI = r"uri = (\S+)"


def test_attributes(scene: Play) -> None:
    with scene("attributes") as play:
        server = play.start("server.py")
        uri = server.until(URI)[1]
        server.until("running")
        client = play.start("client.py")
        client.answer("uri of the server? ", uri)
        client.finish()
