"""Each generation knows itself."""

from __future__ import annotations

import pytest

from Pyro5 import config, errors
from Pyro5.generation import PYRO5
from pyrophone import Settings
from pyrophone import errors as ours


def test_settings_follow_the_configuration_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "SERIALIZER", "json")
    found = PYRO5.settings(timeout=3.0)
    assert isinstance(found, Settings)
    assert (found.serializer, found.timeout) == ("json", 3.0)


def test_errors_of_pyrophone_become_those_of_the_generation() -> None:
    with pytest.raises(errors.NamingError, match="no such"):
        with PYRO5.translated():
            raise ours.NamingError("no such")


def test_it_is_frozen() -> None:
    with pytest.raises(AttributeError):
        PYRO5.name = "Pyro6"  # type: ignore[misc]
