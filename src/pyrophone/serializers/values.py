"""Values of the standard library as class forms, and back: the feature ``values``.

Each kind has one function that writes and one that reads. What a form holds is written as
any value is, so that kinds may be inside each other without limit but that of depth.
Whoever reads is given what others wrote: a form that fits nothing is refused.

Source: the table "Values between peers of ours" in ``docs/reference/wire.md``.
"""

from __future__ import annotations

import base64
import collections
import decimal
import fractions
import pathlib
import uuid
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Protocol

from ..errors import SerializeError
from .crowds import check_keys

__all__ = [
    "READERS",
    "WRITERS",
    "Form",
    "Inward",
    "Outward",
    "Read",
    "Ready",
    "Write",
    "field",
    "form_of",
]

Form = dict[str, Any]
# What makes the missing items of a defaultdict; a function of a user can't travel.
_FACTORIES = MappingProxyType(
    {kind.__name__: kind for kind in (bool, dict, float, int, list, set, str, tuple)}
)


class Ready(dict[str, Any]):
    """A class form that is to be written as such; a plain mapping is the user's."""

    __slots__ = ()


class Outward(Protocol):
    """What writes one message."""

    def block(self, value: bytes | bytearray | memoryview) -> Any:
        """Return what to write for *value*: its bytes, or a form that says where they are.

        A view has to be one of bytes, in one piece.
        """


class Inward(Protocol):
    """What reads one message."""

    def block(self, value: Any) -> Any:
        """Return *value* of a form, which has to be bytes-like.

        Raises:
            SerializeError: It is something else.
        """

    def record(self, form: Mapping[str, Any]) -> Any:
        """Return what stands for a value that can't be made here."""


def form_of(kind: str, /, **items: Any) -> Form:
    """Return the class form of the library's own *kind*."""
    return {"__class__": f"pyrophone.{kind}", **items}


def field(form: Mapping[str, Any], name: str, *kinds: type) -> Any:
    """Return the item *name* of *form*, which is exactly of one of *kinds*.

    Raises:
        SerializeError: It is missing, or something else.
    """
    value = form.get(name, form)
    if type(value) not in kinds:
        found = "missing" if value is form else type(value).__name__
        raise SerializeError(f"malformed {form['__class__']}: {name} is {found}")
    return value


# Containers.


def _pairs(form: Form) -> list[tuple[Any, Any]]:
    pairs = field(form, "items", list)
    for pair in pairs:
        if type(pair) not in (list, tuple) or len(pair) != 2:
            raise SerializeError(f"malformed {form['__class__']}: an item is no pair")
    check_keys([key for key, _ in pairs])
    return pairs  # type: ignore[no-any-return]


def _different(form: Form) -> list[Any]:
    """Return the items of a set."""
    items = field(form, "items", list)
    check_keys(items)
    return items  # type: ignore[no-any-return]


def _write_pairs(kind: str) -> Callable[[Any, Outward], Form]:
    return lambda value, out: form_of(kind, items=[[k, v] for k, v in value.items()])


def _write_items(kind: str) -> Callable[[Any, Outward], Form]:
    return lambda value, out: form_of(kind, items=list(value))


def _write_default(value: Any, out: Outward) -> Form:
    factory = value.default_factory
    name = next((n for n, kind in _FACTORIES.items() if kind is factory), None)
    return {**_write_pairs("Defaultdict")(value, out), "factory": name}


def _read_default(form: Form, source: Inward) -> Any:
    name = form.get("factory")
    if name is None:
        return collections.defaultdict(None, _pairs(form))
    if type(name) is not str or name not in _FACTORIES:
        raise SerializeError(f"malformed {form['__class__']}: factory {name!r:.80}")
    return collections.defaultdict(_FACTORIES[name], _pairs(form))


def _write_deque(value: Any, out: Outward) -> Form:
    return form_of("Deque", items=list(value), maxlen=value.maxlen)


def _read_deque(form: Form, source: Inward) -> Any:
    return collections.deque(field(form, "items", list), form.get("maxlen"))


def _read_counter(form: Form, source: Inward) -> Any:
    return collections.Counter(dict(_pairs(form)))


# Numbers and the like.


def _write_complex(value: complex, out: Outward) -> Form:
    return form_of("Complex", real=value.real, imag=value.imag)


def _read_complex(form: Form, source: Inward) -> complex:
    return complex(field(form, "real", float, int), field(form, "imag", float, int))


def _write_fraction(value: fractions.Fraction, out: Outward) -> Form:
    return form_of("Fraction", numerator=value.numerator, denominator=value.denominator)


def _read_fraction(form: Form, source: Inward) -> fractions.Fraction:
    parts = (field(form, name, int) for name in ("numerator", "denominator"))
    return fractions.Fraction(*parts)


def _write_range(value: Any, out: Outward) -> Form:
    kind = type(value).__name__.capitalize()
    return form_of(kind, start=value.start, stop=value.stop, step=value.step)


def _read_range(form: Form, source: Inward) -> range:
    return range(*(field(form, name, int) for name in ("start", "stop", "step")))


def _read_slice(form: Form, source: Inward) -> slice:
    return slice(*(form.get(name) for name in ("start", "stop", "step")))


def _write_text(kind: str) -> Callable[[Any, Outward], Form]:
    return lambda value, out: form_of(kind, text=str(value))


def _read_text(make: Callable[[str], Any]) -> Callable[[Form, Inward], Any]:
    return lambda form, source: make(field(form, "text", str))


# Bytes.


def _write_bytes(value: bytes, out: Outward) -> Any:
    return out.block(value)


def write_base64(value: Any) -> Form:
    """Return the form of bytes where a format has no literal for them."""
    return Ready(form_of("Bytes", base64=base64.b64encode(value).decode("ascii")))


def _read_bytes(form: Form, source: Inward) -> bytes:
    return base64.b64decode(field(form, "base64", str), validate=True)


def _write_bytearray(value: bytearray, out: Outward) -> Form:
    return form_of("Bytearray", data=out.block(value))


def _read_bytearray(form: Form, source: Inward) -> bytearray:
    data = source.block(form.get("data"))
    return data if type(data) is bytearray else bytearray(data)


# Paths. One of another system arrives as a pure one: here it leads nowhere.


def _write_path(value: pathlib.PurePath, out: Outward) -> Form:
    windows = isinstance(value, pathlib.PureWindowsPath)
    concrete = isinstance(value, pathlib.Path)
    flavour = "windows" if windows else "posix"
    return form_of("Path", path=str(value), flavour=flavour, concrete=concrete)


def _read_path(form: Form, source: Inward) -> pathlib.PurePath:
    text = field(form, "path", str)
    flavour = field(form, "flavour", str)
    if flavour not in ("posix", "windows"):
        raise SerializeError(f"malformed {form['__class__']}: flavour {flavour!r:.80}")
    windows = flavour == "windows"
    if field(form, "concrete", bool):
        here = pathlib.Path(text)
        if isinstance(here, pathlib.PureWindowsPath) is windows:
            return here
    return pathlib.PureWindowsPath(text) if windows else pathlib.PurePosixPath(text)


Write = Callable[[Any, Outward], Any]
Read = Callable[[Form, Inward], Any]

# By exact type. A subclass that nobody knows travels as the first of its bases.
WRITERS: Mapping[type, Write] = MappingProxyType(
    {
        bytes: _write_bytes,
        complex: _write_complex,
        dict: _write_pairs("Dict"),
        tuple: _write_items("Tuple"),
        set: _write_items("Set"),
        frozenset: _write_items("Frozenset"),
        bytearray: _write_bytearray,
        range: _write_range,
        slice: _write_range,
        collections.OrderedDict: _write_pairs("OrderedDict"),
        collections.Counter: _write_pairs("Counter"),
        collections.defaultdict: _write_default,
        collections.deque: _write_deque,
        decimal.Decimal: _write_text("Decimal"),
        fractions.Fraction: _write_fraction,
        uuid.UUID: _write_text("UUID"),
        pathlib.PurePosixPath: _write_path,
        pathlib.PureWindowsPath: _write_path,
        pathlib.PosixPath: _write_path,
        pathlib.WindowsPath: _write_path,
    }
)

READERS: Mapping[str, Read] = MappingProxyType(
    {
        "pyrophone.Bytes": _read_bytes,
        "pyrophone.Complex": _read_complex,
        "pyrophone.Dict": lambda form, source: dict(_pairs(form)),
        "pyrophone.Tuple": lambda form, source: tuple(field(form, "items", list)),
        "pyrophone.Set": lambda form, source: set(_different(form)),
        "pyrophone.Frozenset": lambda form, source: frozenset(_different(form)),
        "pyrophone.Bytearray": _read_bytearray,
        "pyrophone.Range": _read_range,
        "pyrophone.Slice": _read_slice,
        "pyrophone.OrderedDict": lambda form, source: collections.OrderedDict(_pairs(form)),
        "pyrophone.Counter": _read_counter,
        "pyrophone.Defaultdict": _read_default,
        "pyrophone.Deque": _read_deque,
        "pyrophone.Decimal": _read_text(decimal.Decimal),
        "pyrophone.Fraction": _read_fraction,
        "pyrophone.UUID": _read_text(uuid.UUID),
        "pyrophone.Path": _read_path,
    }
)
