from __future__ import annotations

import datetime
import decimal
import sys
import tracemalloc
from typing import Any

import numpy as np
import pytest

from pyrophone.errors import SerializeError
from pyrophone.serializers.arrow import arrow_writer
from pyrophone.serializers.codecs import beside_of
from pyrophone.serializers.records import Record
from valued import NAMES, extended, finished, revived, trip

pa = pytest.importorskip("pyarrow")
by_name = pytest.mark.parametrize("name", NAMES)

ALL = pa.table(
    {
        "number": pa.array([1, None, 3]),
        "text": ["a", None, "ccc"],
        "list": [[1, 2], None, [3]],
        "struct": [{"x": 1, "y": "a"}, None, {"x": 2, "y": None}],
        "kind": pa.array(["a", "b", "a"]).dictionary_encode(),
        "zoned": pa.array([1, 2, 3], pa.timestamp("us", "UTC")),
        "money": [decimal.Decimal("1.10"), None, decimal.Decimal("2")],
        "flag": pa.array([True, None, False]),
        "bytes": [b"a", b"", None],
        "day": [datetime.date(2020, 1, 1)] * 3,
        "fixed": pa.array([b"ab", b"cd", None], pa.binary(2)),
        "large": pa.array([["a"], None, []], pa.large_list(pa.large_string())),
    },
    metadata={"made": "here"},
)


@by_name
@pytest.mark.parametrize(
    "table",
    [
        *(ALL, ALL.slice(1), ALL.slice(1, 1), pa.concat_tables([ALL, ALL])),
        *(ALL.to_batches()[0], ALL.schema.empty_table(), ALL["list"], ALL["text"].chunk(0)),
        *(pa.table({"x": np.arange(3000.0)}), pa.array([[1], [2, 3]]).slice(1)),
    ],
    ids=lambda table: f"{type(table).__name__} {len(table)}",
)
def test_tables_and_arrays_arrive_as_what_they_were(name: str, table: Any) -> None:
    arrived = trip(table, name)
    assert type(arrived) is type(table)
    assert arrived.equals(table)
    if isinstance(table, pa.Table):
        assert arrived.schema.equals(table.schema, check_metadata=True)


@by_name
def test_columns_are_the_memory_that_came_and_only_what_is_shown_is_sent(name: str) -> None:
    table = pa.table({"x": np.arange(5000.0), "y": pa.array(np.arange(5000))})
    serializer = beside_of(extended(name=name))
    beside: list[Any] = []
    data = serializer.dumps_beside(table, beside)
    assert (len(beside), len(data) < 1000) == (2, True)
    buffers = finished(beside)
    arrived = serializer.loads_beside(data, buffers)
    held = np.frombuffer(buffers[0])
    assert np.shares_memory(arrived["x"].chunk(0).to_numpy(), held)
    assert len(serializer.dumps(table.slice(10, 5))) < 1000


@by_name
def test_without_arrow_a_table_is_a_record(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    serializer = extended(name=name)
    data = serializer.dumps(ALL)
    with monkeypatch.context() as patch:
        patch.delitem(sys.modules, "pyarrow")
        record = serializer.loads(data)
        assert type(record) is Record
        assert arrow_writer(pa.Table) is None
    assert serializer.loads(serializer.dumps(record)).equals(ALL)


@by_name
def test_types_that_can_not_travel_are_refused(name: str) -> None:
    serializer = extended(name=name)
    with pytest.raises(SerializeError, match=r"a column of map<.*> can't travel"):
        serializer.dumps(pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int64())))


def chunk(length: Any, *buffers: Any, **more: Any) -> dict[str, Any]:
    return {"length": length, "buffers": list(buffers), **more}


def array(kind: Any, *chunks: Any, chunked: bool = True) -> dict[str, Any]:
    form = {"__class__": "pyrophone.ArrowArray", "type": kind, "chunks": list(chunks)}
    return {**form, "chunked": chunked}


TEXT = np.array([0, 9], "i4").tobytes()
DEEP: Any = "int64"
for _ in range(30):
    DEEP = ["list", "item", DEEP]


@pytest.mark.parametrize(
    "bad",
    [
        array("int64", chunk(2, None, bytes(8))),
        array("int64", chunk(2**62, None, bytes(8))),
        array("int64", chunk(-1, None, bytes(8))),
        array("int64", chunk(1.0, None, bytes(8))),
        array("int64", chunk(1, None)),
        array("int64", chunk(1, None, "12345678")),
        array("int64", chunk(100, b"\xff", bytes(800))),
        array("bool", chunk(9, None, b"1")),
        array("string", chunk(1, None, TEXT, b"abc")),
        array("string", chunk(1, None, bytes(4), b"abc")),
        array("string", chunk(1, None, np.array([0, 1], "i4").tobytes(), b"\xff")),
        array("null", chunk(2**60, None)),
        array("extension<a>", chunk(1, None)),
        array(["binary", 2**40], chunk(1, None, b"")),
        array(["binary", -1], chunk(1, None, b"")),
        array(["decimal128", 99, 1], chunk(1, None, bytes(16))),
        array(["timestamp", "us", 7], chunk(1, None, bytes(8))),
        array(["list", "item", "int64"], chunk(1, None, TEXT, children=[])),
        array(
            ["list", "item", "int64"],
            chunk(1, None, TEXT, children=[chunk(1, None, bytes(8))]),
        ),
        array(
            ["struct", ["x", "int64"]], chunk(5, None, children=[chunk(1, None, bytes(8))])
        ),
        array(
            ["dictionary", "int8", "string", False],
            {
                "length": 1,
                "children": [chunk(1, None, b"\x05"), chunk(0, None, bytes(4), b"")],
            },
        ),
        array(["dictionary", "int8", "string", False], {"length": 1, "children": []}),
        array(DEEP, chunk(1, None)),
        array(["list", "item", 7], chunk(1, None)),
        array("int64", chunked=False),
        array("int64", 7),
        {"__class__": "pyrophone.ArrowTable", "columns": [1], "names": ["a"]},
        {
            "__class__": "pyrophone.ArrowTable",
            "kind": "table",
            "columns": [array("int64", chunk(1, None, bytes(8)))] * 2,
            "names": ["a"],
            "nullable": [True],
            "metadata": None,
        },
    ],
    ids=lambda bad: str(bad)[25:80],
)
def test_memory_that_is_no_array_is_refused(bad: dict[str, Any]) -> None:
    tracemalloc.start()
    before = pa.total_allocated_bytes()
    with pytest.raises(SerializeError):
        revived(bad)
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()
    assert pa.total_allocated_bytes() - before < 1_000_000


@by_name
@pytest.mark.parametrize("kind", ["int64", "string", "large_string", "bool"])
def test_an_empty_column_of_no_memory_can_be_sent_on(name: str, kind: str) -> None:
    buffers = 3 if "string" in kind else 2
    chunk = {"length": 0, "buffers": [None] * buffers}
    form = {"__class__": "pyrophone.ArrowArray", "type": kind, "chunks": [chunk]}
    arrived = revived({**form, "chunked": False})
    assert arrived.nbytes == 0
    serializer = extended(name=name)
    again = serializer.loads(serializer.dumps([arrived, pa.table({"x": arrived})]))
    assert again[0].equals(arrived)
    assert again[1]["x"].chunk(0).equals(arrived)
