"""A live configuration as settings, at the moment when they are needed."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from pyrophone.classic.current import current


def live(**items: Any) -> Any:
    """Return what a configuration has that settings are made of."""
    common = {
        "SERIALIZER": "json",
        "COMPRESSION": True,
        "MAX_MESSAGE_SIZE": 1000,
        "COMMTIMEOUT": 0.0,
        "ITER_STREAMING": False,
        "ITER_STREAM_LIFETIME": 0.0,
        "ITER_STREAM_LINGER": 3.0,
        "NS_HOST": "localhost",
        "NS_PORT": 91,
        "NS_BCPORT": 92,
    }
    return SimpleNamespace(**{**common, **items})


def test_settings_are_those_of_this_moment() -> None:
    config = live()
    made = current(config, lambda: None, {}, name_wait=5.0)
    assert (made.serializer, made.compression, made.max_message_size) == (
        "json",
        True,
        1000,
    )
    assert (made.streaming, made.stream_linger, made.name_wait) == (False, 3.0, 5.0)
    assert (made.name_host, made.name_port, made.broadcast_port) == ("localhost", 91, 92)
    config.SERIALIZER = "marshal"
    assert current(config, lambda: None, {}).serializer == "marshal"


def test_a_time_of_zero_is_none_at_all() -> None:
    made = current(live(), lambda: None, {})
    assert (made.timeout, made.stream_lifetime) == (None, None)
    made = current(live(COMMTIMEOUT=1.5, ITER_STREAM_LIFETIME=2.5), lambda: None, {})
    assert (made.timeout, made.stream_lifetime) == (1.5, 2.5)


@pytest.mark.parametrize(("host", "first"), [("localhost", False), ("192.0.2.1", True)])
def test_a_name_server_elsewhere_is_looked_for_by_broadcast(host: str, first: bool) -> None:
    assert current(live(NS_HOST=host), lambda: None, {}).broadcast_first is first


def test_changes_count_more_and_tls_is_asked_for_only_if_wanted() -> None:
    def unusable() -> None:
        raise OSError("no such file")

    made = current(live(), unusable, {"tls": None, "timeout": 7.0}, timeout=8.0)
    assert (made.tls, made.timeout) == (None, 7.0)
    with pytest.raises(OSError, match="no such file"):
        current(live(), unusable, {})
