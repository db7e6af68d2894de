"""Where commands get their keys from."""

from __future__ import annotations

import pytest

from Pyro4.keys import command_key, given_key


@pytest.fixture(autouse=True)
def _no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYRO_HMAC_KEY", raising=False)


def test_there_may_be_none() -> None:
    assert command_key(None) is None
    assert command_key("") is None


def test_the_environment_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYRO_HMAC_KEY", "sécret")
    assert command_key(None) == "sécret".encode()


def test_an_option_has_it_and_that_is_a_risk() -> None:
    with pytest.warns(
        UserWarning, match=r"^using -k to supply HMAC key on the command line"
    ):
        assert command_key("secret") == b"secret"


def test_it_is_not_said_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYRO_HTTPGATEWAY_KEY", "y")
    assert given_key("-g", None, "PYRO_HTTPGATEWAY_KEY") == b"y"
    with pytest.raises(SystemExit) as caught:
        given_key("-g", "x", "PYRO_HTTPGATEWAY_KEY")
    assert (
        caught.value.code == "error: don't use -g and PYRO_HTTPGATEWAY_KEY at the same time"
    )
