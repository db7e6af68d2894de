"""Sealed values: any value of a call, as bytes, and back."""

from __future__ import annotations

import dataclasses
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyrophone import aio, sync
from pyrophone.errors import SecurityError, SerializeError
from pyrophone.events.sealed import seal, unseal
from pyrophone.frontend.forms import codecs_for
from pyrophone.objects.proxy import remote_of
from pyrophone.serializers import ClassTable
from pyrophone.serializers.codecs import Codecs
from pyrophone.settings import Settings
from pyrophone.uri import URI


def codecs(*classes: type, front: Any = sync) -> Codecs:
    table = ClassTable()
    table.allow(*classes)
    return codecs_for(front.Proxy.to, Settings(), table)


@dataclasses.dataclass
class Reading:
    value: float
    unit: str


@pytest.mark.parametrize(
    "value",
    [
        None,
        21.5,
        "a text",
        b"\x00\xff",
        bytes(20_000),
        bytearray(9000),
        {"a": (1, {2}), 3: [Decimal("1.5")]},
        datetime(2026, 1, 2, tzinfo=UTC),
    ],
)
def test_a_value_comes_back_as_what_it_was(value: Any) -> None:
    back = unseal(seal(value, codecs()), codecs())
    assert (type(back), back) == (type(value), value)


def test_what_is_large_is_laid_behind_as_it_is_in_memory() -> None:
    array = numpy.arange(10_000, dtype="float64")
    data = seal([array, bytes(range(256)) * 64], codecs())
    assert array.tobytes() in data
    assert bytes(range(256)) * 64 in data
    back = unseal(data, codecs())
    assert numpy.array_equal(back[0], array)
    assert back[0].flags.writeable


def test_objects_are_built_of_classes_that_the_reader_allows() -> None:
    data = seal(Reading(21.5, "C"), codecs())
    assert unseal(data, codecs(Reading)) == Reading(21.5, "C")
    assert not isinstance(unseal(data, codecs()), Reading)


@pytest.mark.parametrize("front", [sync, aio])
def test_a_proxy_is_one_of_the_readers_front_end(front: Any) -> None:
    proxy = sync.Proxy.to(URI.parse("PYRO:cam@localhost:1"))
    back = unseal(seal(proxy, codecs()), codecs(front=front))
    assert type(back) is front.Proxy
    assert str(remote_of(back).uri) == "PYRO:cam@localhost:1"


def test_what_cannot_travel_is_named() -> None:
    with pytest.raises(SerializeError, match="iterator"):
        seal({"a": iter([1])}, codecs())
    with pytest.raises(SerializeError, match="function"):
        seal([lambda: 1], codecs())


@given(data=st.binary(max_size=60))
def test_any_bytes_give_a_value_or_our_errors(data: bytes) -> None:
    with suppress(SerializeError, SecurityError):
        unseal(data, codecs())


@given(cut=st.integers(0, 20_000), extra=st.binary(max_size=3))
def test_bytes_that_are_missing_or_too_many_are_noticed(cut: int, extra: bytes) -> None:
    data = seal([bytes(9000), "x"], codecs())
    other = data[:cut] + extra
    if other != data:
        with pytest.raises(SerializeError, match=r"sealed value|serpent|Buffer"):
            unseal(other, codecs())
