"""What event services have in common, whoever waits."""

from __future__ import annotations

import pytest

from pyrophone.events.hosting import BaseEventService
from pyrophone.events.serve import EventService


def test_a_front_end_makes_the_daemon() -> None:
    with pytest.raises(NotImplementedError):
        BaseEventService()


def test_where_it_is_is_known_before_it_serves() -> None:
    with EventService("127.0.0.1", name=None) as service:
        assert str(service.uri) == f"PYRO:Pyrophone.Events@127.0.0.1:{service.uri.port}"
        assert service._helpers == []
    with EventService("127.0.0.1", public="lab.example:99") as service:
        assert str(service.uri) == "PYRO:Pyrophone.Events@lab.example:99"
        assert [name for name, _ in service._helpers] == ["names"]
