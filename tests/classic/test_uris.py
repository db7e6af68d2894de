"""URIs that programs may change."""

from __future__ import annotations

import copy

import pytest

import pyrophone
from Pyro5 import config, errors
from Pyro5.generation import PYRO5
from pyrophone.classic.uris import ClassicURI, plain


class Address(ClassicURI):
    """A URI of some generation."""

    generation = PYRO5


def test_it_is_made_of_text_of_another_and_of_a_plain_one() -> None:
    address = Address("pyro:thing@[::1]:4444")
    assert address.__getstate__() == ("PYRO", "thing", None, "::1", 4444)
    assert str(address) == "PYRO:thing@[::1]:4444"
    assert Address(address) == address == Address.of(plain(address))
    assert plain(address) == pyrophone.URI("PYRO", "thing", None, "::1", 4444)


def test_the_port_left_out_is_that_of_the_configuration_now(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(config, "NS_PORT", 1234)
    assert Address("PYRONAME:x@host").port == 1234


def test_errors_are_those_of_the_generation() -> None:
    with pytest.raises(errors.PyroError, match="invalid uri"):
        Address("nonsense")
    with pytest.raises(TypeError, match="wrong type"):
        Address(b"PYRO:a@b:1")  # type: ignore[arg-type]


def test_tags_are_a_set_and_the_uri_a_key_all_the_same() -> None:
    one, other = Address("PYROMETA:b,a@host:9"), Address("PYROMETA:a,b@host:9")
    assert one.object == {"a", "b"}
    assert {one: 1}[other] == 1
    assert str(one) == "PYROMETA:a,b@host:9"


def test_a_copy_and_a_changed_uri_are_independent() -> None:
    address = Address("PYRO:thing@./u:/tmp/sock")
    other = copy.copy(address)
    other.object = "that"
    assert (str(address), str(other)) == (
        "PYRO:thing@./u:/tmp/sock",
        "PYRO:that@./u:/tmp/sock",
    )
    assert Address.isUnixsockLocation(str(other.location))
    assert not Address.isUnixsockLocation("host:1")
