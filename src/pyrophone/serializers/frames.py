"""Tables of pandas as class forms, and back: each column by its memory.

Never imported here, as numpy isn't: see :mod:`.arrays`.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from ..errors import SerializeError
from .arrow import READERS as ARROW_READERS
from .arrow import arrow_writer
from .values import Form, Inward, Outward, Read, Ready, Write, field, form_of

__all__ = ["READERS", "writer"]

# Types of columns whose values are written one by one.
_SIMPLE_TEXT = """
    Int8 Int16 Int32 Int64 UInt8 UInt16 UInt32 UInt64 Float32 Float64
    boolean string str object
    """
_SIMPLE = frozenset(_SIMPLE_TEXT.split())


def writer(cls: type) -> Write | None:
    """Return what writes values of *cls*, None if it is of no table."""
    pandas = _pandas()
    if pandas is not None:
        for kind, write in (
            (pandas.DataFrame, _write_frame),
            (pandas.Series, _write_series),
            (pandas.Index, _write_index),
            (pandas.api.extensions.ExtensionArray, _write_column),
            (type(pandas.NaT), lambda value, out: form_of("Missing", name="NaT")),
            (type(pandas.NA), lambda value, out: form_of("Missing", name="NA")),
            (pandas.Timestamp, _write_timestamp),
            (pandas.Timedelta, _write_timedelta),
        ):
            if issubclass(cls, kind):
                return write
    return arrow_writer(cls)


def _pandas() -> Any:
    """Return pandas, None if nobody has imported it."""
    pandas = sys.modules.get("pandas")
    return pandas if hasattr(pandas, "NA") else None  # it may be in the middle of it


def _write_frame(value: Any, out: Outward) -> Form:
    columns = [_column(value.iloc[:, number]) for number in range(value.shape[1])]
    return form_of("DataFrame", columns=value.columns, index=value.index, data=columns)


def _read_frame(form: Form, source: Inward) -> Any:
    pandas = _pandas()
    if pandas is None:
        return source.record(form)
    index = _index(form, "index")
    data = field(form, "data", list)
    for column in data:
        _check_column(column, index)
    frame = pandas.DataFrame(dict(enumerate(data)), index=index, copy=False)
    frame.columns = _index(form, "columns")
    return frame


def _write_series(value: Any, out: Outward) -> Form:
    return form_of("Series", data=_column(value), index=value.index, name=value.name)


def _read_series(form: Form, source: Inward) -> Any:
    pandas = _pandas()
    if pandas is None:
        return source.record(form)
    index, data = _index(form, "index"), form.get("data")
    _check_column(data, index)
    return pandas.Series(data, index=index, name=form.get("name"), copy=False)


def _index(form: Form, name: str) -> Any:
    index = form.get(name)
    if not isinstance(index, _pandas().Index):
        raise SerializeError(f"malformed {form['__class__']}: {name} is no index")
    return index


def _check_column(column: Any, index: Any) -> None:
    """Refuse what pandas would make as long as the index is, which may be of any length."""
    if getattr(column, "shape", None) != (len(index),):
        raise SerializeError(f"a column of {type(column).__name__} for {len(index)} rows")


def _column(series: Any) -> Any:
    """Return the values of a series: an array of numpy, or of pandas."""
    plain = isinstance(series.dtype, sys.modules["numpy"].dtype)
    if plain and series.dtype.kind != "O":
        return series.to_numpy()
    return _written(series.array)


def _written(array: Any) -> Ready:
    """Return the form of an array of pandas."""
    dtype = array.dtype
    name = str(dtype)
    if name == "category":
        codes, ordered = array.codes, bool(array.ordered)
        form = {"codes": codes, "categories": array.categories, "ordered": ordered}
    elif name.startswith("datetime64"):
        form = {"moments": array.tz_convert("UTC").tz_localize(None).to_numpy()}
        form["zone"] = dtype.tz
    elif name in _SIMPLE:
        missing = array.isna()
        items = array.tolist() if name == "object" else array.astype(object).tolist()
        if name != "object":
            items = [None if gone else v for v, gone in zip(items, missing, strict=True)]
        form = {"items": items}
    else:
        raise SerializeError(f"a column of {name} can't travel")
    return Ready(form_of("Column", dtype=name, **form))


def _write_column(value: Any, out: Outward) -> Any:
    plain = _pandas().arrays.NumpyExtensionArray, sys.modules["numpy"].dtype
    if str(value.dtype) != "object" and (
        isinstance(value, plain[0]) or isinstance(value.dtype, plain[1])
    ):
        return value.to_numpy()
    return dict(_written(value))


def _read_column(form: Form, source: Inward) -> Any:
    pandas = _pandas()
    if pandas is None:
        return source.record(form)
    name = field(form, "dtype", str)
    if "codes" in form:
        codes, ordered = form["codes"], field(form, "ordered", bool)
        categories = _index(form, "categories")
        return pandas.Categorical.from_codes(codes, categories, ordered=ordered)
    if "moments" in form:
        moments = pandas.DatetimeIndex(form["moments"])
        return moments.tz_localize("UTC").tz_convert(form["zone"]).array
    items = field(form, "items", list)
    if name not in _SIMPLE:
        raise SerializeError(f"unsupported type of a column {name!r:.80}")
    if name != "object":
        return pandas.array(items, dtype=name)
    column = sys.modules["numpy"].empty(len(items), object)
    for number, item in enumerate(items):
        column[number] = item
    return column


def _write_index(value: Any, out: Outward) -> Form:
    pandas = _pandas()
    if isinstance(value, pandas.MultiIndex):
        levels = [value.get_level_values(number) for number in range(value.nlevels)]
        columns = [_column(level.to_series()) for level in levels]
        return form_of("Index", levels=columns, names=list(value.names))
    if isinstance(value, pandas.RangeIndex):
        plain = range(value.start, value.stop, value.step)
        return form_of("Index", range=plain, name=value.name)
    form = form_of("Index", data=_column(value.to_series()), name=value.name)
    frequency = getattr(value, "freqstr", None)
    return form if frequency is None else {**form, "frequency": frequency}


def _read_index(form: Form, source: Inward) -> Any:
    pandas = _pandas()
    if pandas is None:
        return source.record(form)
    if "levels" in form:
        names = field(form, "names", list)
        return pandas.MultiIndex.from_arrays(field(form, "levels", list), names=names)
    if "range" in form:
        return pandas.RangeIndex(field(form, "range", range), name=form.get("name"))
    index = pandas.Index(form["data"], name=form.get("name"))
    if "frequency" in form:
        index.freq = field(form, "frequency", str)
    return index


def _write_timestamp(value: Any, out: Outward) -> Form:
    return form_of("Timestamp", moment=value.to_datetime64(), zone=value.tzinfo)


def _read_timestamp(form: Form, source: Inward) -> Any:
    pandas = _pandas()
    if pandas is None:
        return source.record(form)
    value, zone = pandas.Timestamp(form["moment"]), form["zone"]
    return value if zone is None else value.tz_localize("UTC").tz_convert(zone)


def _write_timedelta(value: Any, out: Outward) -> Form:
    return form_of("PandasTimedelta", duration=value.to_timedelta64())


def _read_timedelta(form: Form, source: Inward) -> Any:
    pandas = _pandas()
    return source.record(form) if pandas is None else pandas.Timedelta(form["duration"])


def _read_missing(form: Form, source: Inward) -> Any:
    pandas = _pandas()
    if pandas is None:
        return source.record(form)
    return pandas.NaT if field(form, "name", str) == "NaT" else pandas.NA


READERS: Mapping[str, Read] = MappingProxyType(
    {
        **ARROW_READERS,
        "pyrophone.DataFrame": _read_frame,
        "pyrophone.Series": _read_series,
        "pyrophone.Index": _read_index,
        "pyrophone.Column": _read_column,
        "pyrophone.Timestamp": _read_timestamp,
        "pyrophone.PandasTimedelta": _read_timedelta,
        "pyrophone.Missing": _read_missing,
    }
)
