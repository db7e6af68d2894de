"""Pyrophone's daemons ask the hooks of the package's, and follow its configuration."""

from __future__ import annotations

import pytest

import Pyro5.api
from looping import looping
from Pyro5 import config, errors
from Pyro5.generation import PYRO5
from pyrophone.classic.daemons import Ending, check


def test_changes_of_the_configuration_count_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Pyro5.api.Daemon() as daemon:
        served = daemon.pyroServed
        monkeypatch.setattr(config, "MAX_MESSAGE_SIZE", 4321)
        monkeypatch.setattr(config, "COMMTIMEOUT", 7.5)
        served.refresh()
        limits = (served.settings.max_message_size, served.settings.send_timeout)
        assert limits == (4321, 7.5)
        assert served.settings.idle_timeout == 7.5


def test_the_pace_is_that_of_the_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    with Pyro5.api.Daemon() as daemon:
        monkeypatch.setattr(config, "POLLTIMEOUT", 0.25)
        assert daemon.pyroServed.interval == 0.25
        monkeypatch.setattr(config, "POLLTIMEOUT", 0)
        assert daemon.pyroServed.interval == 0.01


def test_impossible_kinds_and_sizes_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    check(PYRO5)
    monkeypatch.setattr(config, "THREADPOOL_SIZE", 1)
    with pytest.raises(ValueError, match="THREADPOOL_SIZE=1"):
        check(PYRO5)
    monkeypatch.setattr(config, "SERVERTYPE", "carrier pigeon")
    with pytest.raises(errors.PyroError, match="carrier pigeon"):
        check(PYRO5)


class Thing:
    """Something to call."""

    @Pyro5.api.expose
    def fail(self) -> None:
        raise ValueError("on purpose")


@pytest.mark.parametrize("ending", Ending)
def test_an_error_may_end_the_connection(ending: Ending) -> None:
    with Pyro5.api.Daemon() as daemon, looping() as loop:
        uri = daemon.register(Thing())
        daemon.pyroServed.ending = lambda call, error, callback: ending
        loop(daemon)
        answered = ending is not Ending.HANG_UP
        with Pyro5.api.Proxy(uri) as proxy:
            with pytest.raises(ValueError if answered else errors.ConnectionClosedError):
                proxy.fail()
            if ending is Ending.FAREWELL:
                with pytest.raises(errors.ConnectionClosedError):
                    proxy.fail()


def test_an_address_has_its_version_whatever_is_preferred(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(config, "PREFER_IP_VERSION", 4)
    with Pyro5.api.Daemon("::1") as daemon:
        assert daemon.locationStr.startswith("[::1]:")
