"""What may be used remotely: the marks, and looking them up by hand."""

from __future__ import annotations

import functools
from typing import Any

import pytest

import Pyro5.api
from Pyro5 import server


class Plain:
    """Nothing of it is exposed but one method."""

    kind = "plain"

    def hidden(self) -> None:
        """Do nothing."""

    @Pyro5.api.oneway
    def silent(self) -> None:
        """Do nothing."""

    @Pyro5.api.expose
    def shown(self) -> None:
        """Do nothing."""

    @property
    def secret(self) -> int:
        """Return something."""
        return 5


@Pyro5.api.expose
class Exposed(Plain):
    """All of its own is exposed."""

    def __init__(self) -> None:
        self._value = 1
        self.inner: Any = None
        self.number = 3

    def method(self) -> None:
        """Do nothing."""

    @staticmethod
    def oneway() -> None:
        """Do nothing."""

    @classmethod
    def made(cls) -> None:
        """Do nothing."""

    def __len__(self) -> int:
        return 1

    def _private(self) -> None:
        """Do nothing."""

    @functools.cached_property
    def cached(self) -> int:
        """Return something."""
        return 1

    @property
    def value(self) -> int:
        """Return something."""
        return self._value

    @value.setter
    def value(self, value: int) -> None:
        self._value = value

    @property
    def fixed(self) -> int:
        """Return something."""
        return 1

    def _write(self, value: int) -> None:
        self._value = value

    written = property(None, _write)


def test_the_decorators_leave_marks_for_others_to_see() -> None:
    marked: Any = Exposed
    assert marked._pyroExposed
    assert marked.method._pyroExposed
    assert marked.made._pyroExposed
    assert not hasattr(Plain, "_pyroExposed")
    assert not hasattr(marked._private, "_pyroExposed")
    assert marked.silent._pyroOneway
    assert not hasattr(marked.silent, "_pyroExposed")

    @Pyro5.api.callback
    @Pyro5.api.expose
    @Pyro5.api.oneway
    def function() -> None:
        """Do nothing."""

    assert vars(function).keys() > {"_pyroCallback", "_pyroExposed", "_pyroOneway"}

    def create(cls: Any) -> Any:
        return cls()

    @Pyro5.api.behavior("single", create)
    class Single(Exposed):
        pass

    assert vars(Single)["_pyroInstancing"] == ("single", create)
    with Pyro5.api.Daemon() as daemon:
        daemon.register(Plain, "plain")
        daemon.register(Single, "single")
    assert vars(Plain)["_pyroInstancing"] == ("session", None)
    assert vars(Single)["_pyroInstancing"] == ("single", create)
    del Plain._pyroInstancing  # type: ignore[attr-defined]
    for cls in (Plain, Single):
        del cls._pyroId, cls._pyroDaemon  # type: ignore[attr-defined]


def test_the_exposed_members_of_a_class_and_of_an_object() -> None:
    expected = {
        "methods": {"shown", "method", "oneway", "made", "__len__"},
        "oneway": set(),
        "attrs": {"value", "fixed", "written"},
    }
    assert server._get_exposed_members(Exposed) == expected
    assert server._get_exposed_members(Exposed()) == expected
    assert server._get_exposed_members(Exposed()) is server._get_exposed_members(Exposed)
    assert server._get_exposed_members(Plain) == {
        "methods": {"shown"},
        "oneway": set(),
        "attrs": set(),
    }
    assert server._get_exposed_members(Plain, only_exposed=False) == {
        "methods": {"shown", "hidden", "silent"},
        "oneway": {"silent"},
        "attrs": {"secret"},
    }


def test_members_are_looked_for_once_until_that_is_undone() -> None:
    class Growing(Plain):
        pass

    def later() -> None:
        """Do nothing."""

    Pyro5.api.expose(later)
    with Pyro5.api.Daemon() as daemon:
        growing = Growing()
        uri = daemon.register(growing)
        for reset in (
            lambda: server._reset_exposed_members(Growing),
            lambda: server._reset_exposed_members(growing),
            lambda: daemon.resetMetadataCache(growing),
            lambda: daemon.resetMetadataCache(uri.object),
        ):
            server._reset_exposed_members(Growing)
            assert server._get_exposed_members(growing)["methods"] == {"shown"}
            Growing.later = later  # type: ignore[attr-defined]
            assert server._get_exposed_members(growing)["methods"] == {"shown"}
            reset()  # type: ignore[no-untyped-call]
            found = server._get_exposed_members(growing)["methods"]
            assert found == {"shown", "later"}
            del Growing.later  # type: ignore[attr-defined]
        daemon.resetMetadataCache("unknown")


def test_exposed_attributes_by_hand() -> None:
    exposed = Exposed()
    exposed.inner = Exposed()
    assert server._get_attribute(exposed, "method") == exposed.method
    assert server._get_attribute(exposed, "inner") is exposed.inner
    for name, text in {
        "_private": "attempt to access private attribute '_private'",
        "__init__": "attempt to access private attribute '__init__'",
        "hidden": "attempt to access unexposed attribute 'hidden'",
        "number": "attempt to access unexposed attribute 'number'",
        "unheard": "'Exposed' object has no attribute 'unheard'",
        "inner.method": "'Exposed' object has no attribute 'inner.method'",
    }.items():
        with pytest.raises(AttributeError) as caught:
            server._get_attribute(exposed, name)
        assert str(caught.value) == text


def test_exposed_properties_by_hand() -> None:
    exposed = Exposed()
    server._set_exposed_property_value(exposed, "value", 7)
    assert server._get_exposed_property_value(exposed, "value") == 7
    server._set_exposed_property_value(exposed, "written", 8)
    assert exposed.value == 8
    assert server._get_exposed_property_value(exposed, "secret", only_exposed=False) == 5
    refused = "attempt to access unexposed or unknown remote attribute"
    for name in ("secret", "kind", "method", "written"):
        with pytest.raises(AttributeError, match=f"{refused} '{name}'"):
            server._get_exposed_property_value(exposed, name)
    for name in ("secret", "kind", "method", "fixed"):
        with pytest.raises(AttributeError, match=f"{refused} '{name}'"):
            server._set_exposed_property_value(exposed, name, 1)
    with pytest.raises(AttributeError, match="no attribute 'number'"):
        server._get_exposed_property_value(exposed, "number")


@pytest.mark.parametrize("name", ["_", "__", "____", "_x", "__x", "__init__", "__reduce__"])
def test_names_that_are_private(name: str) -> None:
    assert server.is_private_attribute(name)


@pytest.mark.parametrize("name", ["x", "x_", "__len__", "__a__", "_____", "__dict__"])
def test_names_that_are_not(name: str) -> None:
    assert not server.is_private_attribute(name)


def test_registered_objects_are_replaced_by_proxies_by_hand() -> None:
    exposed = Exposed()
    assert server._pyro_obj_to_auto_proxy(exposed) is exposed
    with Pyro5.api.Daemon() as daemon:
        uri = daemon.register(exposed)
        assert server._pyro_obj_to_auto_proxy(exposed) == Pyro5.api.Proxy(uri)
        assert server._pyro_obj_to_auto_proxy(None) is None
