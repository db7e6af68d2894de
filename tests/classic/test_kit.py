"""The parts of a package that daemons are made with."""

from __future__ import annotations

import dataclasses
import socket

import pytest

from Pyro5 import config
from Pyro5.svr_base import KIT


def test_it_listens_and_knocks_where_it_is_told() -> None:
    with KIT.listen(("localhost", 0)) as listener:
        listener.settimeout(5)
        KIT.knock(listener.getsockname())
        caller, _ = listener.accept()
        caller.close()


def test_its_codecs_are_those_of_the_process() -> None:
    assert KIT.codecs.by_id[1].name == "serpent"


def test_members_that_are_forgotten_are_looked_up_anew() -> None:
    told = []
    kit = dataclasses.replace(KIT, reset_members=lambda *what: told.append(what))
    kit.forget_members("it")
    assert told == [("it", True), ("it", False)]


def test_what_is_live_is_in_the_configuration() -> None:
    assert [name for name in KIT.live if not hasattr(config, name)] == []


def test_a_traceback_is_shown_plain_and_with_all_values() -> None:
    with pytest.raises(OSError, match="illegal") as caught:
        socket.inet_aton("nowhere at all")
    assert "inet_aton" in "".join(KIT.show(caught.value))
    assert "nowhere at all" in "".join(KIT.show_all(caught.value))
