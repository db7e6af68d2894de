"""Tables and arrays of Arrow as class forms, and back: each column by its buffers.

What arrives is checked in full by Arrow before anybody sees it. Its own format for messages
is not read: that may be compressed, and have types that run code.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from ..errors import SerializeError
from .values import Form, Inward, Outward, Read, Ready, Write, field, form_of

__all__ = ["READERS", "arrow_writer"]

_FLAT_TEXT = """
    bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 halffloat float double
    string large_string binary large_binary date32[day] date64[ms]
    time32[s] time32[ms] time64[us] time64[ns]
    timestamp[s] timestamp[ms] timestamp[us] timestamp[ns]
    duration[s] duration[ms] duration[us] duration[ns]
    """
_FLAT = frozenset(_FLAT_TEXT.split())
_DEEPEST = 20


def arrow_writer(cls: type) -> Write | None:
    """Return what writes values of *cls*, None if it is no table or array of Arrow."""
    arrow = _arrow()
    if arrow is None:
        return None
    if issubclass(cls, (arrow.Table, arrow.RecordBatch)):
        return _write_table
    return _write_chunks if issubclass(cls, (arrow.Array, arrow.ChunkedArray)) else None


def _arrow() -> Any:
    """Return pyarrow, None if nobody has imported it."""
    arrow = sys.modules.get("pyarrow")
    return arrow if hasattr(arrow, "Table") else None  # it may be in the middle of it


def _write_table(value: Any, out: Outward) -> Form:
    kind = "table" if isinstance(value, _arrow().Table) else "batch"
    metadata = value.schema.metadata
    return form_of(
        "ArrowTable",
        kind=kind,
        names=list(value.schema.names),
        nullable=[one.nullable for one in value.schema],
        columns=[Ready(_write_chunks(column, out)) for column in value.columns],
        metadata=None if metadata is None else dict(metadata),
    )


def _read_table(form: Form, source: Inward) -> Any:
    arrow = _arrow()
    if arrow is None:
        return source.record(form)
    columns = field(form, "columns", list)
    if not all(isinstance(one, (arrow.ChunkedArray, arrow.Array)) for one in columns):
        raise SerializeError("a table of Arrow has a column that is none")
    names, nullable = field(form, "names", list), field(form, "nullable", list)
    fields = [
        arrow.field(name, column.type, may_be_null)
        for name, column, may_be_null in zip(names, columns, nullable, strict=True)
    ]
    schema = arrow.schema(fields, field(form, "metadata", dict, type(None)))
    kind = arrow.Table if form.get("kind") == "table" else arrow.RecordBatch
    table = kind.from_arrays(columns, schema=schema)
    table.validate(full=True)
    return table


def _write_chunks(value: Any, out: Outward) -> Form:
    chunked = isinstance(value, _arrow().ChunkedArray)
    chunks = [
        _written(_compact(one), out) for one in (value.chunks if chunked else [value])
    ]
    return form_of("ArrowArray", type=_describe(value.type), chunks=chunks, chunked=chunked)


def _read_chunks(form: Form, source: Inward) -> Any:
    arrow = _arrow()
    if arrow is None:
        return source.record(form)
    kind = _type(form.get("type"), _DEEPEST)
    arrays = [_array(kind, chunk) for chunk in field(form, "chunks", list)]
    for one in arrays:
        one.validate(full=True)
    if field(form, "chunked", bool):
        return arrow.chunked_array(arrays, kind)
    (array,) = arrays
    return array


def _compact(array: Any) -> Any:
    """Return *array*, with no more memory than what it shows if it is part of another."""
    size = array.get_total_buffer_size()
    if not array.offset and size <= 2 * array.nbytes + 1024:
        return array
    arrow = _arrow()
    batch = arrow.RecordBatch.from_arrays([array], ["part"])
    sink = arrow.BufferOutputStream()
    with arrow.ipc.new_stream(sink, batch.schema) as stream:
        stream.write_batch(batch)
    return next(arrow.ipc.open_stream(sink.getvalue())).column(0)


def _written(array: Any, out: Outward) -> Form:
    """Return the mapping of the buffers of an array, and of those inside it."""
    kind, arrow = array.type, _arrow()
    if arrow.types.is_dictionary(kind):
        inner = [array.indices, array.dictionary]
        return {
            "length": len(array),
            "children": [_written(_compact(o), out) for o in inner],
        }
    buffers = array.buffers()[: kind.num_buffers]
    views = [None if one is None else memoryview(one).cast("B") for one in buffers]
    blocks = [None if view is None else out.block(view) for view in views]
    form: Form = {"length": len(array), "buffers": blocks}
    if arrow.types.is_list(kind) or arrow.types.is_large_list(kind):
        form["children"] = [_written(_compact(array.values), out)]
    elif arrow.types.is_struct(kind):
        parts = [array.field(number) for number in range(kind.num_fields)]
        form["children"] = [_written(_compact(part), out) for part in parts]
    return form


def _array(kind: Any, chunk: Any) -> Any:
    """Return the array of a mapping, which is not checked yet."""
    arrow = _arrow()
    form = {"__class__": "pyrophone.ArrowArray", **chunk}
    length = field(form, "length", int)
    children = field({"children": [], **form}, "children", list)
    if arrow.types.is_dictionary(kind):
        indices, dictionary = children
        indices = _array(kind.index_type, indices)
        dictionary = _array(kind.value_type, dictionary)
        indices.validate(full=True)
        dictionary.validate(full=True)
        return arrow.DictionaryArray.from_arrays(indices, dictionary, ordered=kind.ordered)
    buffers = field(form, "buffers", list)
    # Only the first may be missing, that of what is null. Of one without elements Arrow
    # does not check the others, but reads them, and the process is gone.
    first = [None if one is None else arrow.py_buffer(one) for one in buffers[:1]]
    others = [arrow.py_buffer(b"" if one is None else one) for one in buffers[1:]]
    parts = [kind.field(number).type for number in range(kind.num_fields)]
    inner = [_array(part, child) for part, child in zip(parts, children, strict=True)]
    for one in inner:
        one.validate(full=True)
    return arrow.Array.from_buffers(kind, length, [*first, *others], children=inner or None)


def _describe(kind: Any) -> Any:
    """Return what is written for a type: its name, or a list of its name and its parts.

    Raises:
        SerializeError: It is of a kind that can't travel.
    """
    types = _arrow().types
    if str(kind) in _FLAT:
        return str(kind)
    if types.is_timestamp(kind):
        return ["timestamp", kind.unit, kind.tz]
    if types.is_decimal128(kind):
        return ["decimal128", kind.precision, kind.scale]
    if types.is_fixed_size_binary(kind):
        return ["binary", kind.byte_width]
    if types.is_dictionary(kind):
        parts = [_describe(kind.index_type), _describe(kind.value_type)]
        return ["dictionary", *parts, kind.ordered]
    if types.is_list(kind) or types.is_large_list(kind):
        name = "list" if types.is_list(kind) else "large_list"
        return [name, kind.value_field.name, _describe(kind.value_type)]
    if types.is_struct(kind):
        fields = [kind.field(number) for number in range(kind.num_fields)]
        return ["struct", *([one.name, _describe(one.type)] for one in fields)]
    raise SerializeError(f"a column of {kind} can't travel")


def _type(described: Any, depth: int) -> Any:
    """Undo :func:`_describe`."""
    arrow = _arrow()
    if type(described) is str and described in _FLAT:
        return arrow.type_for_alias(described)
    if depth > 0 and type(described) is list:
        match described:
            case ["timestamp", "s" | "ms" | "us" | "ns" as unit, str(zone)]:
                return arrow.timestamp(unit, zone)
            case ["decimal128", int(precision), int(scale)]:
                return arrow.decimal128(precision, scale)
            case ["binary", int(width)] if width > 0:
                return arrow.binary(width)
            case ["dictionary", index, value, bool(ordered)]:
                parts = _type(index, depth - 1), _type(value, depth - 1)
                return arrow.dictionary(*parts, ordered)
            case ["list" | "large_list" as name, str(item), part]:
                make = arrow.list_ if name == "list" else arrow.large_list
                return make(arrow.field(item, _type(part, depth - 1)))
            case ["struct", *parts]:
                return arrow.struct([(name, _type(one, depth - 1)) for name, one in parts])
    raise SerializeError(f"unsupported type of a column {described!r:.80}")


READERS: Mapping[str, Read] = MappingProxyType(
    {"pyrophone.ArrowTable": _read_table, "pyrophone.ArrowArray": _read_chunks}
)
