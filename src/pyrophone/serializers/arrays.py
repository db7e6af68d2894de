"""Arrays, and all else that is a block of memory, as class forms, and back.

The memory itself goes beside the text where there is much of it, and becomes that of the
array at the other end: no element is looked at. numpy is never imported here: who has one
of its arrays has it, and where it was not imported, an array arrives as a ``Record``.
"""

from __future__ import annotations

import array
import math
import re
import sys
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from ..errors import SerializeError
from .values import Form, Inward, Outward, Read, Write, field, form_of

__all__ = ["READERS", "WRITERS", "numpy_writer"]

# Of numpy: no objects ("O"), whose memory is addresses; and no time in units of "0s", by
# which numpy divides, and the process is gone.
_DTYPE = re.compile(
    r"[<>|=]?[biufcSUV?][0-9]{0,9}"
    r"|[<>|=]?[mM]8(?:\[(?:[1-9][0-9]{0,8})?[a-zA-Zμ]{1,7}\])?"
)
_MOST_FIELDS = 1000  # of a structured dtype, those inside others too
_DEEPEST = 20  # one dtype in another
_MOST_AXES = 64  # of an array; the product of many large sizes would take long
_LAST_CHARACTER = 0x10FFFF
# What an item of a kind of dtype may be. numpy takes others as something else: a number
# for V and S is a size.
_ITEMS: Mapping[str, tuple[type, ...]] = MappingProxyType(
    {"U": (str,), "S": (bytes,)} | dict.fromkeys("biufc", (bool, int, float, complex))
)
_WIDE = MappingProxyType({4: "i", 8: "q"})  # typecodes that are as wide everywhere
_FORMATS = frozenset("cbB?hHiIlLqQnNfdP")  # of memoryviews that can be made


# Those of the standard library.


def _write_array(value: array.array[Any], out: Outward) -> Form:
    if value.typecode in "uw":
        return form_of("StdArray", typecode=value.typecode, text=value.tounicode())
    data = out.block(memoryview(value).cast("B"))
    size, order = value.itemsize, sys.byteorder
    return form_of("StdArray", typecode=value.typecode, size=size, order=order, data=data)


def _read_array(form: Form, source: Inward) -> Any:
    typecode = field(form, "typecode", str)
    if typecode in ("u", "w"):
        return array.array(typecode, field(form, "text", str))
    value = array.array(typecode)
    size = field(form, "size", int)
    if size != value.itemsize:  # C's "long" is 4 bytes wide here, and 8 there
        wide = _WIDE.get(size, "") if typecode in "iIlLqQ" else ""
        value = array.array(wide if typecode.islower() else wide.upper())
    value.frombytes(source.block(form.get("data")))
    if form.get("order") != sys.byteorder:
        value.byteswap()
    return value if value.typecode == typecode else array.array(typecode, value)


def _write_view(value: memoryview, out: Outward) -> Any:
    shape = list(value.shape or ())
    if value.format not in _FORMATS or (0 in shape and (value.format, shape) != ("B", [0])):
        return out.block(bytes(value))
    plain = value.cast("B") if value.c_contiguous else memoryview(value.tobytes())
    form = form_of("Memoryview", format=value.format, shape=shape)
    if value.itemsize > 1:
        form["order"] = sys.byteorder
    if not value.readonly:
        form["writable"] = True
    return {**form, "data": out.block(plain)}


def _read_view(form: Form, source: Inward) -> memoryview:
    if form.get("order", sys.byteorder) != sys.byteorder:
        raise SerializeError(f"a memoryview is {form['order']!r:.80}-endian")
    data = source.block(form.get("data"))
    if form.get("writable") is True:
        view = memoryview(bytearray(data) if type(data) is bytes else data)
    else:
        view = memoryview(data).toreadonly()
    kind, shape = field(form, "format", str), field(form, "shape", list)
    if kind not in _FORMATS:
        raise SerializeError(f"malformed {form['__class__']}: format {kind!r:.80}")
    if kind == "B" and shape == [len(view)]:
        return view
    return view.cast("B").cast(kind, shape)


# numpy's.


def numpy_writer(cls: type) -> Write | None:
    """Return what writes values of *cls*, None if it is no class of numpy."""
    numpy = _numpy()
    if numpy is None:
        return None
    if issubclass(cls, numpy.ndarray):
        return _write_masked if hasattr(cls, "mask") else _write_ndarray
    if issubclass(cls, numpy.generic):
        return _write_scalar
    return _write_dtype if issubclass(cls, numpy.dtype) else None


def _numpy() -> Any:
    """Return numpy, None if nobody has imported it."""
    numpy = sys.modules.get("numpy")
    return numpy if hasattr(numpy, "ndarray") else None  # it may be in the middle of it


def _write_masked(value: Any, out: Outward) -> Form:
    raise SerializeError(f"{type(value).__name__} object (send data and mask)")


def _write_ndarray(value: Any, out: Outward) -> Form:
    numpy = _numpy()
    form = form_of("Array", dtype=_describe(value.dtype), shape=list(value.shape))
    plain = value.view(numpy.ndarray)
    if plain.flags.f_contiguous and not plain.flags.c_contiguous:
        form["order"] = "F"
        plain = plain.T
    flat = numpy.ascontiguousarray(plain).reshape(-1)
    return {**form, "data": out.block(memoryview(flat.view("u1")))}


def _read_ndarray(form: Form, source: Inward) -> Any:
    numpy = _numpy()
    if numpy is None:
        return source.record(form)
    dtype = _read_dtype(form)
    shape = field(form, "shape", list)
    data = source.block(form.get("data"))
    if len(shape) > _MOST_AXES or any(type(n) is not int or n < 0 for n in shape):
        raise SerializeError(f"malformed {form['__class__']}: shape {shape!r:.80}")
    needed = math.prod(shape) * dtype.itemsize
    if needed != len(data) or not dtype.itemsize:
        raise SerializeError(
            f"an array of shape {tuple(shape)!r:.80} of {dtype!s:.80} has {needed} bytes, "
            f"{len(data)} came"
        )
    if type(data) is bytes:
        data = bytearray(data)  # so that it can be written to
    order = "F" if form.get("order") == "F" else "C"
    value = numpy.ndarray(tuple(shape), dtype, data, order=order)
    if dtype.kind == "b" and value.size and value.view("u1").max() > 1:
        raise SerializeError("an array of bool has other bytes than 0 and 1")
    if dtype.kind == "U" and value.size:
        codes = numpy.frombuffer(data, dtype.byteorder + "u4")
        if codes.max() > _LAST_CHARACTER:
            raise SerializeError("an array of text has what is no character")
    return value


def _write_scalar(value: Any, out: Outward) -> Form:
    """Return the form of a scalar; with an item for all to read, if it has one."""
    dtype = value.dtype
    if dtype.kind in "SU" or (dtype.kind in "biufc" and dtype.itemsize <= 16):
        item = value.item()
        if type(item) in (bool, int, float, complex, str, bytes):
            return form_of("Scalar", dtype=_describe(dtype), item=item)
    data = out.block(value.tobytes())
    return form_of("Scalar", dtype=_describe(dtype), shape=[], data=data)


def _read_scalar(form: Form, source: Inward) -> Any:
    numpy = _numpy()
    if "item" not in form:
        return _read_ndarray(form, source)[()] if numpy else source.record(form)
    if numpy is None:
        return field(form, "item", bool, int, float, complex, str, bytes)
    dtype = _read_dtype(form)
    return dtype.type(field(form, "item", *_ITEMS.get(dtype.kind, ())))


def _write_dtype(value: Any, out: Outward) -> Form:
    return form_of("Dtype", dtype=_describe(value))


def _describe(dtype: Any) -> Any:
    """Return what is written for a dtype: its text, or the mapping that makes it.

    Raises:
        SerializeError: It has objects, or is of a kind that nobody knows.
    """
    if dtype.subdtype is not None:
        base, shape = dtype.subdtype
        return {"base": _describe(base), "shape": list(shape)}
    if dtype.names is not None:
        fields = [dtype.fields[name] for name in dtype.names]
        return {
            "names": list(dtype.names),
            "formats": [_describe(one[0]) for one in fields],
            "offsets": [one[1] for one in fields],
            "itemsize": dtype.itemsize,
        }
    if not _DTYPE.fullmatch(dtype.str) or dtype.hasobject:
        raise SerializeError(f"an array of {dtype} can't travel")
    return dtype.str


def _read_dtype(form: Form) -> Any:
    return _Described(_numpy()).dtype(form.get("dtype"), _DEEPEST)


class _Described:
    """Makes a dtype of what :func:`_describe` gave, or of what somebody else did."""

    def __init__(self, numpy: Any) -> None:
        self._numpy = numpy
        self._fields = _MOST_FIELDS

    def dtype(self, described: Any, depth: int) -> Any:
        self._fields -= 1
        if depth < 0 or self._fields < 0:
            raise SerializeError(
                f"a dtype has more than {_MOST_FIELDS} fields or {_DEEPEST} levels"
            )
        if type(described) is str and _DTYPE.fullmatch(described):
            return self._numpy.dtype(described)
        if type(described) is dict and described.keys() == {"base", "shape"}:
            base = self.dtype(described["base"], depth - 1)
            return self._numpy.dtype((base, tuple(_item(described, "shape", list))))
        if type(described) is dict and "names" in described:
            formats = [
                self.dtype(one, depth - 1) for one in _item(described, "formats", list)
            ]
            return self._numpy.dtype(
                {
                    "names": _item(described, "names", list),
                    "formats": formats,
                    "offsets": _item(described, "offsets", list),
                    "itemsize": _item(described, "itemsize", int),
                }
            )
        raise SerializeError(f"unsupported dtype {described!r:.80}")


def _item(described: Mapping[str, Any], name: str, kind: type) -> Any:
    """Return an item of a mapping that is part of a dtype."""
    return field({"__class__": "dtype", **described}, name, kind)


WRITERS: Mapping[type, Write] = MappingProxyType(
    {array.array: _write_array, memoryview: _write_view}
)

READERS: Mapping[str, Read] = MappingProxyType(
    {
        "pyrophone.StdArray": _read_array,
        "pyrophone.Memoryview": _read_view,
        "pyrophone.Array": _read_ndarray,
        "pyrophone.Scalar": _read_scalar,
        "pyrophone.Dtype": lambda form, source: (
            _read_dtype(form) if _numpy() else source.record(form)
        ),
    }
)
