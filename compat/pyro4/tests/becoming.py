"""Prints what becomes of values, by each serializer; run with our Pyro4 and the real one.

The result is a mapping of "serializer/value" to what is written, if that is always the
same bytes, and to what it is read as: alone, in a list, and as an argument of a call.
"""

from __future__ import annotations

import array
import collections
import datetime
import decimal
import enum
import fractions
import json
import math
import sys
import uuid
import warnings
from collections.abc import Callable
from typing import Any

import Pyro4.errors
import Pyro4.util


class Thing:
    def __init__(self) -> None:
        self.a = 1


class Slotted:
    __slots__ = ("a",)

    def __init__(self) -> None:
        self.a = 1


class Tagged:
    def __getstate__(self) -> dict[str, Any]:
        return {"__class__": "lab.Tagged", "state": 5}


class OwnError(Exception):
    pass


class Color(enum.Enum):
    RED = 1


class Rank(enum.IntEnum):
    FIRST = 1


class MyDict(dict):
    pass


class MyList(list):
    pass


class MyFloat(float):
    pass


class MyStr(str):
    pass


Pair = collections.namedtuple("Pair", "x y")  # what old programs have


def failed(**attributes: Any) -> ValueError:
    error = ValueError("bad", 3)
    vars(error).update(attributes)
    return error


MOMENT = datetime.datetime(2020, 1, 2, 3, 4, 5, 678)
VALUES: dict[str, Any] = {
    "none": None, "true": True, "int": 42, "big int": 2**70, "float": 1.5, "inf": math.inf,
    "nan": math.nan, "text": "héllo € 'q' \"q\"\n\\\x00", "surrogate": "\ud800",
    "bytes": b"ab\xff", "bytearray": bytearray(b"ab"), "memoryview": memoryview(b"ab"),
    "complex": complex(1, -2.5), "list": [1, "a"], "empty list": [], "tuple": (1, (2,)),
    "empty tuple": (), "dict": {"a": {"b": 1}}, "int key": {1: 2}, "tuple key": {(1, 2): 3},
    "none key": {None: 1}, "bytes key": {b"a": 1}, "float key": {1.5: 1}, "set": {1},
    "empty set": set(), "frozenset": frozenset({1}), "deque": collections.deque([1, 2]),
    "ordered dict": collections.OrderedDict(a=1), "counter": collections.Counter("aa"),
    "default dict": collections.defaultdict(int, {"a": 1}), "named tuple": Pair(1, 2),
    "user dict": collections.UserDict(a=1), "keys": {"k": 1}.keys(),
    "values": {"k": 1}.values(), "items": {"k": 1}.items(), "range": range(3),
    "iterator": iter([1]), "generator": (x for x in [1]), "array": array.array("i", [1, 2]),
    "letters": array.array("u", "ab"), "datetime": MOMENT, "date": MOMENT.date(),
    "zone": MOMENT.replace(tzinfo=datetime.UTC), "time": MOMENT.time(),
    "timedelta": datetime.timedelta(days=1, seconds=2), "decimal": decimal.Decimal("1.50"),
    "fraction": fractions.Fraction(1, 3), "uuid": uuid.UUID(int=5), "enum": Color.RED,
    "int enum": Rank.FIRST, "thing": Thing(), "slotted": Slotted(), "tagged": Tagged(),
    "my dict": MyDict(a=1), "my list": MyList([1]), "my float": MyFloat(1.5),
    "my str": MyStr("a"), "function": len, "lambda": lambda: 1, "class": int,
    "module": math, "object": object(), "error": failed(),
    "error with attribute": failed(extra=7),
    "key error": KeyError("k"), "own error": OwnError("mine"), "os error": OSError(2, "no"),
    "file error": OSError(2, "no", "f"), "stop": StopIteration(4), "exit": SystemExit(3),
    "interrupt": KeyboardInterrupt(), "pyro error": Pyro4.errors.NamingError("x"),
    "serializer": Pyro4.util.get_serializer("json"),
    "form": {"__class__": "lab.Box", "x": 1}, "inner form": {"__class__": "__main__.Box"},
}  # fmt: skip


def shown(value: Any) -> str:
    """Return a text that tells types and values apart."""
    kind = type(value)
    name = f"{kind.__module__}.{kind.__name__}"
    if isinstance(value, BaseException):
        return f"{name} {value.args!r} {sorted(vars(value).items())!r}"
    if kind in (list, tuple):
        return f"{kind.__name__}[{', '.join(map(shown, value))}]"
    if kind is dict:
        items = [f"{shown(key)}: {shown(item)}" for key, item in value.items()]
        return f"{{{', '.join(items)}}}"
    return name if " at 0x" in repr(value) else f"{kind.__name__} {value!r}"


def attempted(action: Callable[[], Any]) -> Any:
    """Return what *action* gives, or that it fails."""
    try:
        return action()
    except Exception:
        return None


def become(serializer: Any, value: Any) -> list[str]:
    """Return what is written for a value, and what comes of it in three places."""
    texts = []
    written = attempted(lambda: serializer.dumps(value))
    exact = serializer.serializer_id in (1, 2, 6) and written is not None
    texts.append(bytes(written).hex() if exact else "")
    calls = attempted(lambda: serializer.dumpsCall("o", "m", (value,), {"k": 1}))
    listed = attempted(lambda: serializer.dumps([value]))
    texts.append(read(serializer.loads, written, lambda found: found))
    texts.append(read(serializer.loads, listed, lambda found: found[0]))
    texts.append(read(serializer.loadsCall, calls, lambda found: found[2][0]))
    return texts


def read(load: Callable[[Any], Any], data: Any, part: Callable[[Any], Any]) -> str:
    """Return a text of a part of what is read."""
    if data is None:
        return "not written"
    text = attempted(lambda: shown(part(load(data))))
    return "not read" if text is None else str(text)


def main() -> None:
    warnings.simplefilter("ignore")
    results = {}
    for name in ("serpent", "json", "marshal", "msgpack"):
        serializer = Pyro4.util.get_serializer(name)
        for key, value in VALUES.items():
            results[f"{name}/{key}"] = become(serializer, value)
    json.dump(results, sys.stdout)


if __name__ == "__main__":
    main()
