from __future__ import annotations

import json
import marshal
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from pyrophone.errors import SerializeError
from pyrophone.serializers import ClassTable
from pyrophone.serializers.marshal import MarshalSerializer
from pyrophone.testing.strategies import plain_values, same

MARSHAL = MarshalSerializer(ClassTable())
VECTORS = [
    vector
    for vector in json.loads(
        (Path(__file__).parent.parent / "vectors/wire-vectors.json").read_text("utf-8")
    )["vectors"]
    if vector["kind"] == "payload" and vector["decoded"]["serializer"] == "marshal"
]


class Unconverted(ClassTable):
    """Leaves class forms as they are."""

    def from_form(self, form: dict[str, Any]) -> Any:
        return form


def untagged(value: Any) -> Any:
    if isinstance(value, list):
        return [untagged(item) for item in value]
    if not isinstance(value, dict):
        return value
    [(tag, content), *more] = list(value.items()) or [(None, None)]
    if more or tag is None or not tag.startswith("$"):
        return {key: untagged(item) for key, item in value.items()}
    make: dict[str, Callable[[], Any]] = {
        "$tuple": lambda: tuple(untagged(content)),
        "$set": lambda: set(untagged(content)),
        "$bytes": lambda: bytes.fromhex(content),
        "$float": lambda: float(content),
        "$int": lambda: int(content),
        "$complex": lambda: complex(*content),
        "$map": lambda: {untagged(key): untagged(item) for key, item in content},
    }
    return make[tag]()


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["name"] for vector in VECTORS])
def test_vectors_are_read_and_can_be_written(vector: dict[str, Any]) -> None:
    serializer = MarshalSerializer(Unconverted())
    value = serializer.loads(bytes.fromhex(vector["hex"]))
    expected = untagged(vector["decoded"]["value"])
    assert same(value, expected)
    assert same(marshal.loads(serializer.dumps(value)), expected)


@given(value=plain_values("marshal"))
def test_all_that_python_writes_is_read(value: Any) -> None:
    shared = [value, [value, {"k": value}], ...]
    assert same(MARSHAL.loads(marshal.dumps(shared, 4)), shared)
    assert same(MARSHAL.loads(marshal.dumps(shared, 1)), shared)


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"I" + (-5).to_bytes(8, "little", signed=True), -5),
        (b"f\x031.5", 1.5),
        (b"x\x031.5\x02-2", 1.5 - 2j),
        (b"l\0\0\0\0", 0),
        (b"l\xfe\xff\xff\xff\x01\0\x01\0", -(2**15) - 1),
        (b"a\x02\0\0\0ab", "ab"),
        (b"A\x02\0\0\0ab", "ab"),
        (b"Z\x02ab", "ab"),
        (b"u\x03\0\0\0\xed\xa0\x80", "\ud800"),
        (b"(\x01\0\0\0N", (None,)),
        (b".", ...),
        (b"\xdb\x02\0\0\0\xe9\x05\0\0\0r\x01\0\0\0", [5, 5]),
        (b"\xa9\x02\xda\x01ar\x01\0\0\0", ("a", "a")),
    ],
)
def test_these_are_read(data: bytes, value: Any) -> None:
    assert same(MARSHAL.loads(data), value)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "end early"),
        (b"NN", "more behind the end"),
        (b"i\0\0\0", "end early"),
        (b"[\0\0\0\x10", "268435456 items at 5 end early"),
        (b"(\xff\xff\xff\xffN", "end early"),
        (b"<\x02\0\0\0N", "end early"),
        (b")\xffN", "end early"),
        (b"s\xff\xff\xff\x7f", "end early"),
        (b"l\xff\xff\xff\x7f", "end early"),
        (b"l\x01\0\0\0\0\x80", "malformed integer"),
        (b"{N", "end early"),
        (b"{N0", "type '0' at 2 refused"),
        (b"r\0\0\0\0", "back-reference to unknown 0"),
        (b"\xdb\x01\0\0\0r\0\0\0\0", "circular structure"),
        (b"\xa9\x01r\0\0\0\0", "circular structure"),
        (b"S", "type 'S' at 0 refused"),
        (b":NNN", "type ':' at 0 refused"),
        (b"0", "type '0' at 0 refused"),
        (b"{[\0\0\0\0N0", "unhashable"),
        (b"<\x01\0\0\0[\0\0\0\0", "unhashable"),
        (b"z\x01\xff", "ascii"),
        (b"u\x01\0\0\0\xff", "utf-8"),
        (b"f\x01x", "could not convert"),
    ],
)
def test_malformed_data_is_refused(data: bytes, problem: str) -> None:
    with pytest.raises(SerializeError, match=problem):
        MARSHAL.loads(data)


def test_code_objects_are_refused_and_never_written() -> None:
    code = (lambda: 5).__code__
    for flag in (0, 0x80):
        data = marshal.dumps([code], 4)
        where = data.index(b"\xe3")
        data = data[:where] + bytes([0x63 | flag]) + data[where + 1 :]
        with pytest.raises(SerializeError, match="type 'c' at"):
            MARSHAL.loads(data)
    with pytest.raises(SerializeError, match=r"result\[0\]: code object"):
        MARSHAL.dumps([code])


def test_back_references_can_neither_hide_depth_nor_grow_without_bound() -> None:
    serializer = MarshalSerializer(ClassTable(), max_depth=4)
    three = b"\xdb\x01\0\0\0\xdb\x01\0\0\0\xdb\0\0\0\0"  # references 0, 1, 2
    pair = b"[\x02\0\0\0"
    assert serializer.loads(pair + three + b"r\0\0\0\0") == [[[[]]], [[[]]]]
    nested = pair + three + b"[\x01\0\0\0"
    assert serializer.loads(nested + b"r\x01\0\0\0") == [[[[]]], [[[]]]]
    with pytest.raises(SerializeError, match="nested deeper than 4 levels"):
        serializer.loads(nested + b"r\0\0\0\0")

    # The height of what is referred to is that of its highest part, not of its last.
    uneven = b"\xdb\x02\0\0\0\xdb\x01\0\0\0\xdb\0\0\0\0\xdb\0\0\0\0"
    again = pair + uneven + b"[\x01\0\0\0" * 2 + b"r\0\0\0\0"
    value: list[Any] = [[[]], []]
    generous = MarshalSerializer(ClassTable(), max_depth=6)
    assert generous.loads(again) == [value, [[value]]]
    with pytest.raises(SerializeError, match="nested deeper than 5 levels"):
        MarshalSerializer(ClassTable(), max_depth=5).loads(again)

    laughs = b"[\x18\0\0\0" + b"\xdb\0\0\0\0"  # each list holds the one before ten times
    for index in range(23):
        laughs += b"\xdb\x0a\0\0\0" + b"r" * 0
        laughs += b"".join(b"r" + index.to_bytes(4, "little") for _ in range(10))
    with pytest.raises(SerializeError, match="too many back-references"):
        MARSHAL.loads(laughs)


def test_shared_values_are_counted_with_their_depth_behind_references() -> None:
    value: Any = ["x"]
    for _ in range(6):
        value = [value, value]
    assert MARSHAL.loads(marshal.dumps(value, 4)) == value
    chain: Any = marshal.loads(marshal.dumps([["x"]], 4))
    deep = [chain, [[chain]]]
    limited = MarshalSerializer(ClassTable(), max_depth=5)
    assert limited.loads(marshal.dumps(deep, 4)) == deep
    with pytest.raises(SerializeError, match="nested deeper than 4"):
        MarshalSerializer(ClassTable(), max_depth=4).loads(marshal.dumps(deep, 4))


def test_integers_of_any_size_take_linear_time() -> None:
    for value in (10**5000, -(10**5000), 2**30, -(2**31) - 1):
        assert MARSHAL.loads(MARSHAL.dumps(value)) == value


def test_calls_have_their_arguments_in_a_list() -> None:
    data = MARSHAL.dumps_call("demo", "echo", (1, (2,)), {"k": b"b"})
    assert marshal.loads(data) == ("demo", "echo", [1, (2,)], {"k": b"b"})
    assert MARSHAL.loads_call(data) == ("demo", "echo", [1, (2,)], {"k": b"b"})


def test_class_forms_are_found_behind_back_references_too() -> None:
    form = {"__class__": "builtins.ValueError", "__exception__": True, "args": ["v"]}
    back = MARSHAL.loads(marshal.dumps([form, (form, {"k": form})], 4))
    assert [type(back[0]), type(back[1][0]), type(back[1][1]["k"])] == [ValueError] * 3


def test_not_a_number_survives() -> None:
    assert math.isnan(MARSHAL.loads(MARSHAL.dumps(math.nan)))
