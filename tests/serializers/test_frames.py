from __future__ import annotations

import sys
import tracemalloc
from typing import Any

import numpy as np
import pytest

from pyrophone.errors import SerializeError
from pyrophone.serializers.codecs import beside_of
from pyrophone.serializers.frames import writer
from pyrophone.serializers.records import Record
from valued import NAMES, Colour, extended, finished, revived, trip

pd = pytest.importorskip("pandas")
by_name = pytest.mark.parametrize("name", NAMES)

ALL = pd.DataFrame(
    {
        "number": [1, 2, 3],
        "float": [1.5, 2, float("nan")],
        "text": ["x", "y", None],
        "zoned": pd.date_range("2020", periods=3, tz="Europe/Berlin"),
        "kind": pd.Categorical(["u", "v", "u"], ordered=True),
        "maybe": pd.array([1, None, 3], dtype="Int64"),
        "flag": pd.array([True, None, False], dtype="boolean"),
        "any": pd.Series([1, (2, "a"), None], dtype=object),
        "day": pd.date_range("2020", periods=3),
        "long": pd.to_timedelta([1, 2, 3], unit="s"),
    },
    index=pd.Index(["a", "b", "c"], name="rows"),
)


@by_name
@pytest.mark.parametrize(
    "frame",
    [
        *(ALL, ALL.iloc[::2], ALL[["number", "float"]], pd.DataFrame()),
        *(pd.DataFrame(index=range(3)), ALL.set_index(["number", "text"])),
        *(ALL.set_index("day").asfreq("D"), ALL.T.iloc[:2], ALL.rename(columns={"any": 3})),
        pd.DataFrame(np.arange(20_000.0).reshape(2000, 10)),
    ],
    ids=lambda frame: str(frame.shape),
)
def test_frames_arrive_as_what_they_were(name: str, frame: Any) -> None:
    pd.testing.assert_frame_equal(trip([frame], name)[0], frame)


@by_name
def test_series_indexes_and_scalars_arrive_as_what_they_were(name: str) -> None:
    for column in ALL:
        pd.testing.assert_series_equal(trip(ALL[column], name), ALL[column])
        again = pd.Series(trip(ALL[column].array, name), index=ALL.index, name=column)
        pd.testing.assert_series_equal(again, ALL[column])
    for value in (
        *(
            pd.Timestamp("2020-01-01 10:00:00.123456789"),
            pd.Timedelta("3ns"),
            pd.NaT,
            pd.NA,
        ),
        *(pd.Timestamp("2020-07-01", tz="Europe/Berlin"), pd.RangeIndex(3, name="r")),
    ):
        arrived = trip(value, name)
        assert (type(arrived), repr(arrived)) == (type(value), repr(value))


@by_name
def test_columns_are_the_memory_that_came(name: str) -> None:
    frame = pd.DataFrame({"a": np.arange(5000.0), "b": np.arange(5000)})
    beside: list[Any] = []
    serializer = beside_of(extended(name=name))
    data = serializer.dumps_beside(frame, beside)
    assert (len(beside), len(data) < 1000) == (2, True)
    buffers = finished(beside)
    arrived = serializer.loads_beside(data, buffers)
    assert np.shares_memory(arrived["a"].to_numpy(), np.frombuffer(buffers[0]))


@by_name
def test_columns_that_can_not_travel_are_refused(name: str) -> None:
    serializer = extended(name=name)
    with pytest.raises(SerializeError, match=r"a column of period\[D\] can't travel"):
        serializer.dumps(pd.Series(pd.period_range("2020", periods=2, freq="D")))


@by_name
def test_without_pandas_a_frame_is_a_record(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    serializer = extended(name=name)
    data = serializer.dumps([ALL, ALL["any"], pd.NaT, pd.Timestamp(0), pd.Timedelta(0)])
    with monkeypatch.context() as patch:
        patch.delitem(sys.modules, "pandas")
        records = serializer.loads(data)
        assert {type(record) for record in records} == {Record}
        assert writer(pd.DataFrame) is None
    again = serializer.loads(serializer.dumps(records))
    pd.testing.assert_frame_equal(again[0], ALL)


def column(items: Any, dtype: Any = "object") -> dict[str, Any]:
    return {"__class__": "pyrophone.Column", "dtype": dtype, "items": items}


def index(stop: int) -> dict[str, Any]:
    plain = {"__class__": "pyrophone.Range", "start": 0, "stop": stop, "step": 1}
    return {"__class__": "pyrophone.Index", "range": plain}


def frame(data: Any, rows: int = 1) -> dict[str, Any]:
    columns = index(len(data) if isinstance(data, list) else 1)
    form = {"__class__": "pyrophone.DataFrame", "columns": columns, "index": index(rows)}
    return {**form, "data": data}


@pytest.mark.parametrize(
    ("bad", "problem"),
    [
        (frame([5], 10**12), "a column of int for 1000000000000 rows"),
        (frame([[1]], 10**9), "a column of list for 1000000000 rows"),
        (frame([column([1])], 2), "a column of ndarray for 2 rows"),
        (frame({"a": 1}), "data is dict"),
        ({**frame([]), "index": [1]}, "index is no index"),
        ({**frame([column([1])]), "columns": index(2)}, "malformed pyrophone.DataFrame"),
        (column([1], "period[D]"), "unsupported type of a column 'period"),
        (column(["a"], "Int64"), "malformed pyrophone.Column"),
        (column(1), "items is int"),
        (
            {
                "__class__": "pyrophone.Column",
                "dtype": "category",
                "codes": [5],
                "categories": index(1),
                "ordered": False,
            },
            "malformed pyrophone.Column",
        ),
        ({"__class__": "pyrophone.Index", "levels": [1]}, "malformed pyrophone.Index"),
        ({"__class__": "pyrophone.Index"}, "malformed pyrophone.Index"),
        ({"__class__": "pyrophone.Timestamp", "moment": [], "zone": None}, "malformed"),
        ({"__class__": "pyrophone.PandasTimedelta", "duration": "x"}, "malformed"),
        (
            {"__class__": "pyrophone.Series", "data": 1, "index": index(10**12)},
            "of int for",
        ),
    ],
    ids=lambda value: str(value)[:40],
)
def test_forms_that_fit_nothing_are_refused(bad: Any, problem: str) -> None:
    tracemalloc.start()
    with pytest.raises(SerializeError, match=problem):
        revived(bad)
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()


def test_a_class_that_is_no_table_is_none() -> None:
    assert writer(int) is None
    assert writer(Colour) is None
