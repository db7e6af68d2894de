"""The serializers of one connection."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from pyrophone import Settings
from pyrophone.errors import NamingError, RemoteError, SerializeError
from pyrophone.objects.functions import (
    FunctionCrossing,
    FunctionTable,
    RemoteFunction,
    StubTable,
)
from pyrophone.serializers import ClassTable
from pyrophone.serializers.classes import Failure
from pyrophone.serializers.codecs import (
    Codecs,
    CrossingSerializer,
    beside_of,
    make_codecs,
)
from pyrophone.serializers.json import JsonSerializer
from pyrophone.serializers.tags import Tags
from toy import TOY_TAGS


def test_names_and_ids_lead_to_the_same_serializers() -> None:
    codecs = make_codecs(ClassTable(), Settings())
    assert {name: codec.id for name, codec in codecs.by_name.items()} == {
        "serpent": 1,
        "marshal": 2,
        "json": 3,
        "msgpack": 4,
    }
    assert all(codecs.by_id[codec.id] is codec for codec in codecs.by_name.values())


def test_settings_reach_the_serializers() -> None:
    codecs = make_codecs(ClassTable(), Settings(bytes_repr=True, max_depth=2))
    serpent = codecs.by_name["serpent"]
    assert serpent.loads(serpent.dumps(b"x")) == b"x"
    assert serpent.loads(b"[[1]]") == [[1]]


def test_an_error_is_written_whatever_it_holds() -> None:
    codecs = make_codecs(ClassTable(), Settings())
    for codec in codecs.by_id.values():
        data = codecs.dump_error(codec, LookupError(threading.Lock()), ["line\n"])
        error = codec.loads(data)
        assert isinstance(error, (LookupError, RemoteError))
        assert "lock" in str(error)


@pytest.mark.parametrize("tags", [None, TOY_TAGS])
def test_an_error_that_can_t_be_written_leaves_the_other_results_of_a_batch(
    tags: Tags | None,
) -> None:
    codecs = make_codecs(ClassTable(), Settings(), tags=tags)
    error = NamingError("x", threading.Lock())
    for codec in codecs.by_id.values():
        data = codecs.dump_results(codec, [1, codecs.failure(error, ["line\n"])])
        first, failure = codec.loads(data)
        assert (first, type(failure.error)) == (1, NamingError)
        assert "lock" in str(failure.error)
        assert failure.error.__notes__ == ["Remote traceback:\nline"]
        assert (b"Toy.Failure" in data, b"Toy.errors.NamingError" in data) == (
            (tags is not None,) * 2
        )
        with pytest.raises(SerializeError, match=r"result\[0\]: lock object"):
            codecs.dump_results(codec, [threading.Lock(), codecs.failure(error, [])])
        with pytest.raises(SerializeError, match=r"result\[0\]: lock object"):
            codecs.dump_results(codec, [threading.Lock()])


def test_a_failure_keeps_error_and_traceback() -> None:
    codecs = make_codecs(ClassTable(), Settings())
    error = ValueError("x")
    failure = codecs.failure(error, ["line\n"])
    assert isinstance(failure, Failure)
    assert (failure.error, failure.traceback) == (error, ["line\n"])


def test_those_for_values_are_made_once_and_know_the_plain_ones() -> None:
    codecs = make_codecs(ClassTable(), Settings(max_depth=3), numbers={"json": 7})
    extended = codecs.extended()
    assert codecs.extended() is extended
    assert extended.plain is codecs is codecs.plain
    assert extended.by_name["marshal"] is codecs.by_name["marshal"]
    assert extended.by_id[7] is extended.by_name["json"]
    with pytest.raises(SerializeError, match="nested deeper than 3 levels"):
        extended.by_name["json"].dumps([[[[]]]])


def test_values_add_no_serializer_and_replace_none_that_changes_a_format() -> None:
    class Shouting(JsonSerializer):
        def dumps(self, value: Any) -> bytes:
            return super().dumps(value).upper()

    classes = ClassTable()
    codecs = Codecs(classes, {"json": Shouting(classes)})
    codecs.refused = {9: Shouting(classes)}
    extended = codecs.extended()
    assert extended.by_name == codecs.by_name
    assert extended.refused is codecs.refused


def test_a_serializer_of_a_user_goes_on_without_values_and_buffers() -> None:
    class Own:
        name = "own"
        id = 99

        def dumps(self, value: Any) -> bytes:
            return repr(value).encode()

        def loads(self, data: bytes) -> Any:
            return bytes(data)

        def dumps_call(self, *parts: Any) -> bytes:
            return repr(parts).encode()

        def loads_call(self, data: bytes) -> Any:
            return "o", "m", [bytes(data)], {}

    own = beside_of(Codecs(ClassTable(), {"own": Own()}).extended().by_name["own"])
    beside: list[Any] = []
    assert own.dumps_beside((1,), beside) == own.dumps((1,)) == b"(1,)"
    assert own.dumps_call_beside("o", "m", (), {}, beside) == b"('o', 'm', (), {})"
    assert own.loads_beside(b"x", ()) == b"x"
    assert own.loads_call_beside(b"x", ()) == ("o", "m", [b"x"], {})
    assert (own.name, own.id, beside) == ("own", 99, [])


def test_functions_and_buffers_go_with_one_message() -> None:
    functions = FunctionCrossing(FunctionTable(), StubTable(RemoteFunction))
    codecs = make_codecs(ClassTable(), Settings()).extended()
    for name in ("serpent", "json", "msgpack", "marshal"):
        across = CrossingSerializer(codecs.by_name[name], functions)
        beside: list[Any] = []
        value = [print, (b"x" * 10_000).decode() if name == "marshal" else b"x" * 10_000]
        data = across.dumps_beside(value, beside)
        assert len(beside) == (name != "marshal")
        function, large = across.loads_beside(data, [bytes(view) for view in beside])
        assert isinstance(function, RemoteFunction)
        assert large == value[1]
        data = across.dumps_call_beside("o", "m", (print,), {}, beside)
        assert isinstance(across.loads_call_beside(data, [])[2][0], RemoteFunction)
