from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from pyrophone.errors import SerializeError
from pyrophone.serializers import ClassTable, make_serializers
from pyrophone.serializers.json import JsonSerializer
from pyrophone.testing.checks import check_serializer


@pytest.mark.slow
@pytest.mark.parametrize("name", ["serpent", "marshal", "json", "msgpack"])
def test_our_serializers_pass(name: str) -> None:
    check_serializer(lambda classes: make_serializers(classes)[name])


class Naive:
    """JSON as one would write it in a hurry."""

    name = "naive"
    id = 77

    def dumps(self, value: Any) -> bytes:
        return json.dumps(value).encode()

    def loads(self, data: bytes) -> Any:
        return json.loads(bytes(data))

    def dumps_call(
        self,
        object_id: str,
        method: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any] | None,
    ) -> bytes:
        return self.dumps([object_id, method, args, kwargs])

    def loads_call(
        self, data: bytes
    ) -> tuple[str, str, Sequence[Any], dict[str, Any] | None]:
        object_id, method, args, kwargs = self.loads(data)
        return object_id, method, args, kwargs


class Checked(Naive):
    """A bit less naive: calls are checked, but nothing else."""

    def loads_call(
        self, data: bytes
    ) -> tuple[str, str, Sequence[Any], dict[str, Any] | None]:
        match self.loads(data):
            case [str(object_id), str(method), list(args), (dict() | None) as kwargs]:
                return object_id, method, args, kwargs
        raise SerializeError("malformed call")


class Nameless(Naive):
    name = ""


class Numberless(Naive):
    id = 256


class Lossy(Naive):
    def loads(self, data: bytes) -> Any:
        value = super().loads(data)
        return 0 if value is False else value


class Partial(Naive):
    """Like the real one in json, but for errors of what it reads."""

    def __init__(self, classes: ClassTable) -> None:
        self.real = make_serializers(classes)["json"]
        self.dumps, self.dumps_call = self.real.dumps, self.real.dumps_call  # type: ignore[method-assign]

    def loads(self, data: bytes) -> Any:
        try:
            return self.real.loads(data)
        except SerializeError as error:
            if "not json" in str(error):
                raise KeyError("oops") from error
            raise

    def loads_call(
        self, data: bytes
    ) -> tuple[str, str, Sequence[Any], dict[str, Any] | None]:
        return self.real.loads_call(data)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("make", "promise"),
    [
        (lambda classes: Nameless(), "it has a name"),
        (lambda classes: Numberless(), "its id fits into a byte"),
        (lambda classes: Lossy(), "False arrives as it was"),
        (lambda classes: Naive(), "None is no call; it raised TypeError"),
        (lambda classes: Checked(), "converted|not JSON serializable"),
        (Partial, "garbage is refused; .*KeyError"),
    ],
)
def test_a_broken_promise_is_named(make: Any, promise: str) -> None:
    with pytest.raises((AssertionError, TypeError), match=promise):
        check_serializer(make)


def test_a_serializer_that_writes_anything_breaks_a_promise() -> None:
    class Careless(Naive):
        def __init__(self, classes: ClassTable) -> None:
            self.real = make_serializers(classes)["serpent"]
            self.loads, self.loads_call = self.real.loads, self.real.loads_call  # type: ignore[method-assign]
            self.dumps_call = self.real.dumps_call  # type: ignore[method-assign]

        def dumps(self, value: Any) -> bytes:
            return b"7" if type(value) is object else self.real.dumps(value)

    with pytest.raises(AssertionError, match="bare objects are refused; it returned b'7'"):
        check_serializer(Careless)


class Flat(JsonSerializer):
    """One that says it has values, and writes tuples as lists all the same."""

    has_values = True

    def _write(self, value: Any, depth: int, beside: list[Any] | None = None) -> bytes:
        flat = list(value) if type(value) is tuple else value
        return super()._write(flat, depth, beside)


class Inside(JsonSerializer):
    """One that puts nothing beside the text."""

    has_values = True

    def dumps_call_beside(
        self, object_id: str, method: str, args: Any, kwargs: Any, beside: Any
    ) -> bytes:
        return super().dumps_call_beside(object_id, method, args, kwargs, None)


@pytest.mark.parametrize(
    ("make", "promise"),
    [(Flat, r"\(.*\) arrives as it was"), (Inside, "large bytes go beside the text")],
)
def test_a_broken_promise_about_values_is_named(make: Any, promise: str) -> None:
    with pytest.raises(AssertionError, match=promise):
        check_serializer(make)
