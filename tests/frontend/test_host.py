from __future__ import annotations

from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest

from pyrophone import URI, Settings, expose
from pyrophone.context import Client
from pyrophone.frontend.host import Host
from pyrophone.objects.control import DaemonObject
from pyrophone.sync import Proxy
from pyrophone.wire.client import ClientSession
from pyrophone.wire.events import Greeting, Refusal, Welcome


class Still(Host):
    """A host that nobody waits for."""

    proxies = Proxy

    def greets(self, client: Client, handshake: Any) -> Any:
        if handshake != "please":
            raise PermissionError("say please")
        return "thanks"


@expose
class Echo:
    def echo(self, value: Any) -> Any:
        return value


@pytest.fixture
def host() -> Still:
    still = Still(
        URI("PYRO", "x", host="h", port=1), Settings(), None, DaemonObject, nullcontext
    )
    still.objects.register(Echo(), "echo")
    return still


def greeted(host: Still, handshake: str) -> tuple[Any, Any]:
    client = ClientSession("echo", host.codecs)
    link: Any = SimpleNamespace(
        session=host.session(), client=Client("somewhere"), greeted=False, deadline=5.0
    )
    link.session.receive(client.greet(handshake))
    greeting = link.session.next()
    assert isinstance(greeting, Greeting)
    client.receive(host.greet(link, greeting))
    return link, client.next()


def test_a_greeting_is_judged_and_answered(host: Still) -> None:
    link, event = greeted(host, "please")
    assert isinstance(event, Welcome)
    assert (event.handshake, event.metadata.methods) == ("thanks", frozenset({"echo"}))
    assert (link.greeted, link.deadline) == (True, None)
    link, event = greeted(host, "hello")
    assert isinstance(event, Refusal)
    assert (event.text, link.greeted, link.deadline) == ("say please", False, 5.0)


def test_what_a_client_had_is_released(
    host: Still, caplog: pytest.LogCaptureFixture
) -> None:
    class Resource:
        closed = 0

        def close(self) -> None:
            self.closed += 1
            raise OSError("on purpose")

    link, _ = greeted(host, "please")
    resource = Resource()
    link.client.track(resource)
    link.client.instances[Echo] = Echo()
    stream = host.streams.open(iter("ab"), link.client, 0.0)
    host.release(link)
    assert resource.closed == 1
    assert "error closing a tracked resource" in caplog.text
    assert not link.client.instances
    assert host.streams.streams[stream].client is None


def test_a_host_offers_no_feature_unless_its_front_end_does(host: Still) -> None:
    assert host.features == frozenset()
    assert host.describe() == "Still at h:1, 2 objects"
