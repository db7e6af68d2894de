from __future__ import annotations

import array
import sys
import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyrophone.errors import SerializeError
from pyrophone.serializers.codecs import beside_of
from pyrophone.serializers.passages import THRESHOLD
from pyrophone.serializers.records import Record
from valued import NAMES, extended, finished, revived, trip

by_name = pytest.mark.parametrize("name", NAMES)

NESTED = np.dtype(
    {
        "names": ["a", "b"],
        "formats": ["<i2", (">f8", (2, 3))],
        "offsets": [2, 8],
        "itemsize": 64,
    }
)
ARRAYS = [
    np.arange(6).reshape(2, 3),
    np.arange(6.0).reshape(2, 3).T,
    np.arange(24, dtype=">i2").reshape(2, 3, 4)[::-1, ::2, 1:],
    np.array(5),
    np.array(1 + 2j, dtype="c8"),
    np.zeros((0, 3)),
    np.zeros((3, 0), order="F"),
    np.array([True, False]),
    np.array(["2020-01-01", "NaT"], dtype="M8[D]"),
    np.array([1, 2], dtype="m8[25us]"),
    np.array(["a", "béta"]),
    np.array([b"a", b"beta"]),
    np.array([(1, 2.0)], dtype=[("a", "<i4"), ("b", ">f8")]),
    np.zeros(2, NESTED),
    np.zeros(3, "V5"),
    np.asfortranarray(np.arange(4000.0).reshape(40, 100)),
    np.arange(4000.0)[::2],
]
SCALARS = [
    *(
        np.float64(2.5),
        np.float32("nan"),
        np.int8(-3),
        np.uint64(2**64 - 1),
        np.bool_(True),
    ),
    *(np.complex64(1 - 2j), np.str_("é"), np.str_(""), np.bytes_(b"a"), np.bytes_(b"")),
    *(
        np.datetime64("2020-01-01T10", "h"),
        np.timedelta64(3, "D"),
        np.datetime64("NaT", "s"),
    ),
    *(np.longdouble("1.5"), ARRAYS[12][0]),
]


def check(arrived: Any, value: Any) -> None:
    assert type(arrived) is type(value)
    assert arrived.dtype == value.dtype
    assert arrived.dtype.str == value.dtype.str
    assert arrived.shape == value.shape
    assert arrived.tobytes() == value.tobytes()


@by_name
@pytest.mark.parametrize("value", ARRAYS, ids=lambda value: f"{value.dtype}{value.shape}")
def test_arrays_of_numpy_arrive_as_what_they_were(name: str, value: Any) -> None:
    arrived = trip({"a": [value]}, name)["a"][0]
    check(arrived, value)
    assert arrived.flags.writeable
    f_order = value.flags.f_contiguous and not value.flags.c_contiguous
    assert arrived.flags.f_contiguous or not f_order


@by_name
@pytest.mark.parametrize("value", SCALARS, ids=repr)
def test_scalars_of_numpy_arrive_as_what_they_were(name: str, value: Any) -> None:
    check(trip([value], name)[0], value)


@by_name
@given(data=st.data())
def test_plain_dtypes_of_all_kinds_arrive(name: str, data: st.DataObject) -> None:
    dtype = np.dtype(
        data.draw(st.sampled_from("<>"))
        + data.draw(st.sampled_from(["i2", "u4", "f8", "c16", "M8[ms]", "U3"]))
    )
    count = data.draw(st.integers(0, 5))
    size = dtype.itemsize * count
    if dtype.kind == "U":
        value = np.array(
            data.draw(st.lists(st.text(max_size=3), min_size=count, max_size=count)), dtype
        )
    else:
        value = np.frombuffer(data.draw(st.binary(min_size=size, max_size=size)), dtype)
    check(trip(value, name), value)


@by_name
@pytest.mark.parametrize(
    "value",
    [
        *(array.array("d", [1, 2.5]), array.array("b"), array.array("Q", [2**64 - 1])),
        *(array.array("l", range(5000)), memoryview(b"abc"), memoryview(bytearray(b"abc"))),
        *(
            memoryview(array.array("d", [1, 2])),
            memoryview(b"abcdef")[::2],
            np.dtype(NESTED),
        ),
        *(memoryview(bytes(6)).cast("H", [3]), memoryview(bytes(6)).cast("B", [2, 3])),
        *(memoryview(bytes(10_000)), memoryview(b""), np.dtype(">f8")),
    ],
    ids=lambda value: type(value).__name__,
)
def test_other_blocks_of_memory_arrive_as_what_they_were(name: str, value: Any) -> None:
    beside: list[Any] = []
    serializer = beside_of(extended(name=name))
    data = serializer.dumps_beside([value], beside)
    for arrived in (
        serializer.loads_beside(data, finished(beside))[0],
        serializer.loads(serializer.dumps([value]))[0],
    ):
        assert type(arrived) is type(value)
        assert arrived == value
        if isinstance(value, memoryview):
            assert arrived.readonly == value.readonly
            assert (arrived.format, arrived.shape) == (value.format, value.shape)


@by_name
def test_unicode_arrays_arrive(name: str) -> None:
    typecode = "w" if sys.version_info >= (3, 13) else "u"
    value = array.array(typecode, "aé😀")
    assert trip(value, name) == value


@by_name
def test_what_is_large_goes_beside_the_text_and_becomes_the_memory_at_the_other_end(
    name: str,
) -> None:
    value = np.arange(THRESHOLD, dtype="u1")
    beside: list[Any] = []
    serializer = beside_of(extended(name=name))
    data = serializer.dumps_beside(
        [value, bytes(value), bytearray(value), b"small"], beside
    )
    assert len(data) < 500
    assert [type(buffer) for buffer in finished(beside)] == [bytearray, bytes, bytearray]
    assert all(view.format == "B" and view.c_contiguous for view in beside)
    assert np.shares_memory(np.asarray(beside[0]), value)
    buffers = finished(beside)
    arrived = serializer.loads_beside(data, buffers)
    assert np.shares_memory(arrived[0], np.frombuffer(buffers[0], "u1"))
    assert arrived[1] is buffers[1]
    assert arrived[2] is buffers[2]


@by_name
def test_arrays_of_objects_are_refused_on_the_way_out(name: str) -> None:
    serializer = extended(name=name)
    with pytest.raises(
        SerializeError, match=r"result\[0\]: an array of object can't travel"
    ):
        serializer.dumps([np.array([None])])
    structured = np.zeros(1, [("a", "O")])
    with pytest.raises(SerializeError, match="an array of object can't travel"):
        serializer.dumps(structured)
    with pytest.raises(SerializeError, match="MaskedArray object"):
        serializer.dumps(np.ma.masked_array([1], [True]))


def form(dtype: Any, shape: Any, data: Any, **more: Any) -> dict[str, Any]:
    return {
        "__class__": "pyrophone.Array",
        "dtype": dtype,
        "shape": shape,
        "data": data,
    } | more


@pytest.mark.parametrize(
    ("bad", "problem"),
    [
        (form("O", [1], bytes(8)), "unsupported dtype 'O'"),
        (form("|O8", [1], bytes(8)), "unsupported dtype"),
        (form("i4,O", [1], bytes(12)), "unsupported dtype"),
        (form("float64", [1], bytes(8)), "unsupported dtype"),
        (form("<f8", [2], bytes(8)), r"shape \(2,\) of float64 has 16 bytes, 8 came"),
        (form("<f8", [-1], bytes(8)), "malformed pyrophone.Array: shape"),
        (form("<f8", [-1, -1], bytes(8)), "malformed pyrophone.Array: shape"),
        (form("<f8", [1.0], bytes(8)), "malformed pyrophone.Array: shape"),
        (form("<f8", [True], bytes(8)), "malformed pyrophone.Array: shape"),
        (form("<f8", 1, bytes(8)), "malformed pyrophone.Array: shape is int"),
        (form("<f8", [2**62, 2**62], bytes(0)), r"has \d+ bytes, 0 came"),
        (form("<f8", [2**32, 2**32], bytes(8)), r"has \d+ bytes, 8 came"),
        (form("<f8", [0, 2**70], bytes(0)), "malformed pyrophone.Array: "),
        (form("<f8", [1] * 100, bytes(8)), "malformed pyrophone.Array: shape"),
        (form("<f8", [2**62] * 30_000, bytes(8)), "malformed pyrophone.Array: shape"),
        (form("V0", [10**18], b""), "has 0 bytes, 0 came"),
        (form("<f99", [1], bytes(99)), "malformed pyrophone.Array: "),
        (form("<M8[x]", [1], bytes(8)), "malformed pyrophone.Array: "),
        (form("<m8[0s]", [1], bytes(8)), "unsupported dtype '<m8"),  # numpy divides by it
        (form("<f8", [1], "12345678"), "str in place of bytes"),
        (form("<f8", [1], None), "NoneType in place of bytes"),
        (form("|b1", [2], b"\1\2"), "an array of bool has other bytes than 0 and 1"),
        (form("<U1", [1], b"\0\0\x11\0"), "an array of text has what is no character"),
        (form(">U1", [1], b"\0\x11\0\0"), "an array of text has what is no character"),
        (form({"names": ["a"]}, [1], b""), "malformed dtype: formats is missing"),
        (
            form(
                {"names": ["a"], "formats": ["O"], "offsets": [0], "itemsize": 8},
                [1],
                bytes(8),
            ),
            "unsupported dtype 'O'",
        ),
        (
            form(
                {"names": ["a"], "formats": ["<f8"], "offsets": [4], "itemsize": 8},
                [1],
                bytes(8),
            ),
            "malformed pyrophone.Array: ",
        ),
        (
            form(
                {
                    "names": ["a", "a"],
                    "formats": ["i1"] * 2,
                    "offsets": [0, 1],
                    "itemsize": 2,
                },
                [1],
                bytes(2),
            ),
            "malformed pyrophone.Array: ",
        ),
        (
            form({"base": "<f8", "shape": [10**6, 10**6]}, [0], b""),
            "malformed pyrophone.Array: ",
        ),
        ({"__class__": "pyrophone.Scalar", "dtype": "O", "item": 1}, "unsupported dtype"),
        ({"__class__": "pyrophone.Scalar", "dtype": "<i1", "item": [1]}, "item is list"),
        ({"__class__": "pyrophone.Scalar", "dtype": "|i1", "item": 1000}, "malformed"),
        ({"__class__": "pyrophone.Scalar", "dtype": "|V8", "item": 9}, "item is int"),
        ({"__class__": "pyrophone.Scalar", "dtype": "|S8", "item": 9}, "item is int"),
        (
            {"__class__": "pyrophone.Scalar", "dtype": "<M8[s]", "item": "now"},
            "item is str",
        ),
        ({"__class__": "pyrophone.StdArray", "typecode": "O", "size": 8}, "malformed"),
        ({"__class__": "pyrophone.StdArray", "typecode": "d", "size": 3}, "malformed"),
        (
            {"__class__": "pyrophone.StdArray", "typecode": "d", "size": 8, "data": b"1"},
            "malformed",
        ),
        (
            {
                "__class__": "pyrophone.Memoryview",
                "format": "P" * 9,
                "shape": [1],
                "data": b"1",
            },
            "format 'PPP",
        ),
        (
            {
                "__class__": "pyrophone.Memoryview",
                "format": "d",
                "shape": [2**62],
                "data": b"1",
            },
            "malformed",
        ),
        (
            {
                "__class__": "pyrophone.Memoryview",
                "format": "B",
                "shape": [-1],
                "data": b"1",
            },
            "malformed",
        ),
    ],
    ids=lambda value: repr(value)[:60],
)
def test_memory_that_is_no_array_is_refused(bad: dict[str, Any], problem: str) -> None:
    with pytest.raises(SerializeError, match=problem):
        revived(bad)


def test_dtypes_of_many_fields_or_levels_are_refused() -> None:
    deep: Any = "<f8"
    for _ in range(25):
        deep = {"base": deep, "shape": [1]}
    with pytest.raises(SerializeError, match="more than 1000 fields or 20 levels"):
        revived(form(deep, [1], bytes(8)))
    wide = {
        "names": [str(number) for number in range(1001)],
        "formats": ["|i1"] * 1001,
        "offsets": list(range(1001)),
        "itemsize": 1001,
    }
    with pytest.raises(SerializeError, match="more than 1000 fields or 20 levels"):
        revived(form(wide, [1], bytes(1001)))


def test_a_form_takes_no_memory_but_for_what_came() -> None:
    bad = form("<f8", [2**28], bytes(8))
    tracemalloc.start()
    with pytest.raises(SerializeError):
        revived(bad)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000


@by_name
def test_without_numpy_a_scalar_is_a_number_and_an_array_a_record(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    serializer = extended(name=name)
    data = serializer.dumps([np.float64(2.5), np.arange(2, dtype="u1"), np.dtype("<f8")])
    moment = serializer.dumps(np.datetime64("2020-01-01"))
    monkeypatch.delitem(sys.modules, "numpy")
    number, record, dtype = serializer.loads(data)
    assert type(number) is float
    assert record == Record(
        "pyrophone.Array", {"dtype": "|u1", "shape": [2], "data": b"\0\1"}
    )
    assert dtype == Record("pyrophone.Dtype", {"dtype": "<f8"})
    assert type(serializer.loads(moment)) is Record
    again = serializer.dumps([record])
    monkeypatch.undo()
    assert serializer.loads(again)[0].tolist() == [0, 1]
