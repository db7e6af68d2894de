from __future__ import annotations

import datetime
import json
import math
import struct
import tracemalloc
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyrophone.errors import SecurityError, SerializeError
from pyrophone.serializers import ClassTable
from pyrophone.serializers.msgpack import MsgpackSerializer

MSGPACK = MsgpackSerializer(ClassTable())
VECTORS = [
    vector
    for vector in json.loads(
        (Path(__file__).parent.parent / "vectors/wire-vectors.json").read_text("utf-8")
    )["vectors"]
    if vector["kind"] == "payload" and vector["decoded"]["serializer"] == "msgpack"
]


class Unconverted(ClassTable):
    """Leaves class forms as they are."""

    def from_form(self, form: dict[str, Any]) -> Any:
        return form


EXTENSIONS: dict[int, Any] = {
    0x30: lambda data: complex(*struct.unpack("<dd", data)),
    0x31: lambda data: int(data),
    0x32: lambda data: datetime.datetime.fromtimestamp(struct.unpack("<d", data)[0]),
    0x33: lambda data: datetime.date.fromordinal(struct.unpack("<q", data)[0]),
}


def untagged(value: Any) -> Any:
    if not isinstance(value, dict) or len(value) != 1:
        return value
    [(tag, content)] = value.items()
    if tag == "$ext":
        return EXTENSIONS[content["code"]](bytes.fromhex(content["data"]))
    if tag in ("$float", "$bytes", "$map"):
        makers: dict[str, Any] = {"$float": float, "$bytes": bytes.fromhex, "$map": dict}
        return makers[tag](content)
    return value


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["name"] for vector in VECTORS])
def test_vectors_are_read_and_written_byte_for_byte(vector: dict[str, Any]) -> None:
    data = bytes.fromhex(vector["hex"])
    serializer = MsgpackSerializer(Unconverted())
    value = serializer.loads(data)
    expected = untagged(vector["decoded"]["value"])
    assert value == expected or (math.isnan(value) and math.isnan(expected))
    assert serializer.dumps(value) == data


def test_objects_of_known_classes_are_written_as_in_the_vectors() -> None:
    for vector in VECTORS:
        if "_uri_" in vector["name"] or "_exception_" in vector["name"]:
            data = bytes.fromhex(vector["hex"])
            assert MSGPACK.dumps(MSGPACK.loads(data)) == data


def test_calls_are_written_byte_for_byte() -> None:
    data = MSGPACK.dumps_call("demo", "echo", ("héllo", 2.5, None, True), {"key": [1, "x"]})
    assert data.hex() == (
        "94a464656d6fa46563686f94a668c3a96c6c6fcb4004000000000000c0c381a36b65799201a178"
    )


@given(value=st.datetimes(datetime.datetime(1971, 1, 1), datetime.datetime(2037, 1, 1)))
@settings(max_examples=20)
def test_date_times_survive_to_the_microsecond(value: datetime.datetime) -> None:
    back = MSGPACK.loads(MSGPACK.dumps(value))
    assert abs(back - value) <= datetime.timedelta(hours=1, microseconds=1)  # a fold
    assert back.microsecond == pytest.approx(value.microsecond, abs=1)


def test_dates_of_four_and_of_eight_bytes_are_read() -> None:
    day = datetime.date(2020, 1, 2)
    for form in ("<l", "<q"):
        data = msgpack.packb(msgpack.ExtType(0x33, struct.pack(form, day.toordinal())))
        assert MSGPACK.loads(data) == day


def test_times_with_zone_are_refused() -> None:
    now = datetime.datetime(2020, 1, 2, tzinfo=datetime.UTC)
    with pytest.raises(SerializeError, match=r"argument 1\[0\]: a datetime with time zone"):
        MSGPACK.dumps_call("o", "m", ([now],), {})


def test_sets_and_the_like_become_lists() -> None:
    assert MSGPACK.loads(MSGPACK.dumps([frozenset({1}), {2}, (3,), {4: 5}.values()])) == [
        *([1], [2], [3], [5]),
    ]


def test_keys_of_any_plain_type_are_kept() -> None:
    value = {1: 2, None: 3, b"k": 4, 1.5: 5, False: 6, 1j: 7, 2**70: 8}
    assert MSGPACK.loads(MSGPACK.dumps(value)) == value


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ([Fraction(1, 3)], r"result\[0\]: Fraction object"),
        ({"k": {(1, 2): 3}}, r"result\['k'\]: a tuple can't be a key"),
        (["\ud800"], r"result\[0\]: .*surrogates not allowed"),
        ([10**5000], r"result\[0\]: Exceeds the limit"),
        (datetime.datetime(1, 1, 1), "result: "),
    ],
)
def test_what_nobody_could_read_is_refused(value: Any, problem: str) -> None:
    with pytest.raises(SerializeError, match=problem):
        MSGPACK.dumps(value)


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"\xc1", b"\x91", b"\xc0\xc0", b"\xa1\xff", b"\xdc\x00", b"\xdd\x10\0\0\0"),
        *(
            b"\xdc\x00\x02\xc0",
            b"\x81\x90\xc0",
            b"\xdf\xff\xff\xff\xff",
            b"\xc6\xff\xff\xff\xff",
        ),
        *(
            b"\x92\xdc\x00\x00\xc1",
            b"\xd6\xff\xff\xff\xff\xff\xc0",
            b"\xd8\xff" + b"\xff" * 16,
        ),
        msgpack.packb(msgpack.ExtType(0x30, b"12345678")),
        msgpack.packb(msgpack.ExtType(0x31, b"1/3")),
        msgpack.packb(msgpack.ExtType(0x31, b"1" * 5000)),
        msgpack.packb(msgpack.ExtType(0x31, b"\xff")),
        msgpack.packb(msgpack.ExtType(0x32, b"1234")),
        msgpack.packb(msgpack.ExtType(0x32, struct.pack("<d", math.inf))),
        msgpack.packb(msgpack.ExtType(0x32, struct.pack("<d", math.nan))),
        msgpack.packb(msgpack.ExtType(0x32, struct.pack("<d", 1e300))),
        msgpack.packb(msgpack.ExtType(0x33, b"\0\0")),
        msgpack.packb(msgpack.ExtType(0x33, b"\0\0\0\0")),
        msgpack.packb(msgpack.ExtType(0x33, b"\xff" * 8)),
        msgpack.packb(msgpack.ExtType(5, b"x")),
    ],
)
def test_malformed_data_is_refused(data: bytes) -> None:
    with pytest.raises(SerializeError):
        MSGPACK.loads(data)


def test_announced_lengths_take_no_memory() -> None:
    size = 1_000_000
    nested = (b"\xdd" + (size // 2).to_bytes(4, "big")) * (size // 5)
    tracemalloc.start()
    try:
        with pytest.raises(SerializeError, match="not msgpack data"):
            MSGPACK.loads(nested)
        assert tracemalloc.get_traced_memory()[1] < 20 * size
    finally:
        tracemalloc.stop()


def test_class_forms_are_converted_from_the_bottom_up() -> None:
    inner = {"__class__": "builtins.KeyError", "__exception__": True, "args": ["k"]}
    outer = {"__class__": "builtins.ValueError", "__exception__": True, "args": [[inner]]}
    [back] = MSGPACK.loads(MSGPACK.dumps([outer]))
    assert repr(back) == "ValueError([KeyError('k')])"
    with pytest.raises(SecurityError):
        MSGPACK.loads(MSGPACK.dumps({"a": {"__class__": "__main__.X"}}))


def test_time_stamps_of_the_library_pass_through() -> None:
    stamp = msgpack.Timestamp(5, 6)
    assert MSGPACK.loads(MSGPACK.dumps([stamp])) == [stamp]


class _Fractions(MsgpackSerializer):
    """Has an extension type of its own, and reads mappings in its own way."""

    __slots__ = ()

    def replace(self, value: Any) -> Any:
        if isinstance(value, Fraction):
            return msgpack.ExtType(9, f"{value}".encode())
        return super().replace(value)

    def read_extension(self, code: int, data: bytes) -> Any:
        return Fraction(data.decode()) if code == 9 else super().read_extension(code, data)

    def read_mapping(self, mapping: dict[Any, Any]) -> Any:
        return mapping["only"] if "only" in mapping else super().read_mapping(mapping)


def test_a_subclass_can_have_extension_types_of_its_own() -> None:
    serializer = _Fractions(ClassTable())
    value = [Fraction(1, 3), {"only": {"a": Fraction(2)}}, 1j, 2**70, ValueError("x")]
    *plain, error = serializer.loads(serializer.dumps(value))
    assert plain == [Fraction(1, 3), {"a": Fraction(2)}, 1j, 2**70]
    assert isinstance(error, ValueError)
    call = serializer.dumps_call("o", "m", (Fraction(1, 3),), {"k": Fraction(2)})
    assert serializer.loads_call(call)[2:] == ([Fraction(1, 3)], {"k": Fraction(2)})
    with pytest.raises(SerializeError, match="unsupported msgpack extension"):
        MsgpackSerializer(ClassTable()).loads(serializer.dumps(Fraction(1, 3)))
