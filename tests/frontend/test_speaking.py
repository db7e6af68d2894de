"""The sessions of a daemon's clients, in the dialects that it answers."""

from __future__ import annotations

import dataclasses
from contextlib import nullcontext

import pytest

from pyrophone import URI, Settings
from pyrophone.errors import DaemonError
from pyrophone.frontend.speaking import Speaker
from pyrophone.sync import Proxy
from pyrophone.wire.client import ClientSession
from pyrophone.wire.dialects import PYRO5
from pyrophone.wire.states import NEW, OPEN
from toy import TOY

SETTINGS = Settings(max_message_size=12345)


class Silent(Speaker):
    """It speaks, but nobody waits for it."""

    proxies = Proxy


def speaker() -> Silent:
    return Silent(URI("PYRO", "x", host="h", port=1), SETTINGS, None, nullcontext, [TOY])


def test_a_new_client_gets_a_session_in_the_usual_dialect() -> None:
    silent = speaker()
    assert silent.session().dialect is PYRO5
    assert (silent.session().state, silent.session(greeted=True).state) == (NEW, OPEN)
    assert silent.features == frozenset()


def test_another_dialect_shows_in_the_first_bytes() -> None:
    silent = speaker()
    start = ClientSession("x", silent.codecs_in(TOY), dialect=TOY).greet()[:40]
    session = silent.session_for(start)
    assert session is not None
    assert session.dialect is TOY
    assert silent.session_for(b"GET / HTTP/1.1\r\n") is None


def test_a_dialect_that_is_not_installed_is_an_error() -> None:
    with pytest.raises(DaemonError, match="klingon"):
        Silent(URI("PYRO", "x"), SETTINGS, None, nullcontext, ["klingon"])


def test_what_is_written_with_is_made_once_for_each_dialect_and_settings() -> None:
    silent = speaker()
    usual, toy = silent.codecs_in(PYRO5), silent.codecs_in(TOY)
    assert usual is silent.codecs
    assert toy is silent.codecs_in(TOY)
    silent.reconfigure(dataclasses.replace(SETTINGS, serializer="json"))
    assert silent.settings.serializer == "json"
    assert silent.codecs_in(PYRO5) is not usual
    assert silent.codecs_in(TOY) is not toy
