"""Conformance checks, for our tests and for users' own parts."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import random
from collections.abc import Callable
from typing import Any

from ..errors import NoSuchObjectError, RemoteError, SecurityError, SerializeError
from ..serializers.base import Serializer
from ..serializers.classes import FAILURE_CLASS, ClassTable, Failure
from ..serializers.extended import ExtendedTable
from ..serializers.faults import dump_error
from ..serializers.passages import THRESHOLD
from ..serializers.records import Record
from ..uri import URI

__all__ = ["check_serializer"]

_VALUES: tuple[Any, ...] = (
    *(
        None,
        True,
        False,
        0,
        -1,
        2**63 - 1,
        -(2**63),
        10**40,
        0.0,
        -1.5,
        1e300,
        float("inf"),
    ),
    *("", "text", 'it\'s "quoted" \\ \n\t\0', "é€😀\u200b", [], {}, [[], [{}]]),
    {"key": [1, {"deeper": None}], "": "empty", "__len__": 2},
    [{"name": "a", "value": 0.1}] * 3,
)


_RICH: tuple[Any, ...] = (
    *((), (1, (2,)), set(), {1}, frozenset({(1, None)}), b"\0", 1 - 2j, range(3)),
    *({1: 2, (3, frozenset()): {4}, None: 5}, {"__class__": "no.form"}),
    *(datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC), decimal.Decimal("1.10")),
)


@dataclasses.dataclass(frozen=True)
class _Known:
    """A value of a class that may be allowed."""

    size: int
    inner: tuple[int, ...]


class _Stranger:
    """An object of a class that nobody registered."""

    def __init__(self, value: Any) -> None:
        self.value = value


class _UnknownError(Exception):
    """An exception that the receiver does not know."""


class _AwkwardError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text")

    __repr__ = __str__


def check_serializer(make: Callable[[ClassTable], Serializer]) -> None:
    """Check that a serializer keeps the promises of :class:`Serializer`.

    Args:
        make: Returns a serializer that uses the class table it is given.

    Raises:
        AssertionError: It does not; the text says which promise.
    """
    classes = ClassTable()
    serializer = make(classes)
    _require(isinstance(serializer.name, str) and serializer.name != "", "it has a name")
    _require(0 <= serializer.id < 256, "its id fits into a byte")
    _check_values(serializer)
    _check_calls(serializer)
    _check_class_forms(serializer, classes)
    _check_refusals(serializer)
    _check_errors(serializer, classes)
    _check_hostile_bytes(serializer)
    extend = getattr(serializer, "extended", None)
    extended = serializer if extend is None else extend(ExtendedTable(classes))
    if extended is not serializer:
        _check_extended(extended, classes)


def _require(condition: bool, promise: str) -> None:
    if not condition:
        raise AssertionError(f"broken promise: {promise}")


def _refusal(expected: type[Exception], promise: str, function: Any, *args: Any) -> str:
    """Return the text of the error that *function* must raise."""
    try:
        result = function(*args)
    except expected as error:
        return str(error)
    except BaseException as error:  # any other breaks the promise
        raise AssertionError(
            f"broken promise: {promise}; it raised {error!r:.200}"
        ) from error
    raise AssertionError(f"broken promise: {promise}; it returned {result!r:.200}")


def _check_values(serializer: Serializer) -> None:
    for value in _VALUES:
        data = serializer.dumps(value)
        _require(type(data) is bytes, "dumps returns bytes")
        kinds: tuple[Any, ...] = (bytes, bytearray, memoryview)
        for kind in kinds:
            back = serializer.loads(kind(data))
            same = back == value and type(back) is type(value)
            _require(same, f"{value!r:.80} arrives as it was, from {kind.__name__}")


def _check_calls(serializer: Serializer) -> None:
    calls: tuple[tuple[Any, Any], ...] = (
        ((), {}),
        ((1, "two", [3.0, None]), {"key": {"inner": [True]}}),
        (("attribute",), None),
        ([("method", [1], {"a": 2}), ("other", [], {})], None),
    )
    for args, kwargs in calls:
        data: Any = memoryview(serializer.dumps_call("object", "method", args, kwargs))
        object_id, method, got_args, got_kwargs = serializer.loads_call(data)
        _require(
            (object_id, method) == ("object", "method"), "a call keeps object and method"
        )
        _require(_lists(got_args) == _lists(args), f"a call keeps the arguments {args!r}")
        _require(got_kwargs == kwargs, f"a call keeps the keywords {kwargs!r}")
    others: tuple[Any, ...] = (
        None,
        1,
        "text",
        [],
        {},
        [1, 2, 3, 4],
        ["o", "m", 1, {}],
        ["o", "m", [], 1],
    )
    for other in others:
        data = serializer.dumps(other)
        _refusal(SerializeError, f"{other!r} is no call", serializer.loads_call, data)


def _lists(value: Any) -> Any:
    """Return *value* with lists for tuples, which some formats don't have."""
    return [_lists(item) for item in value] if isinstance(value, (list, tuple)) else value


def _check_class_forms(serializer: Serializer, classes: ClassTable) -> None:
    uri = URI.parse("PYRO:object@host:1234")
    classes.register(
        _Stranger, lambda one: {"__class__": "lab.Stranger", "value": one.value}
    )
    classes.register_name("lab.Stranger", lambda name, form: _Stranger(form["value"]))
    back = serializer.loads(serializer.dumps([{"k": _Stranger(7)}, uri]))
    _require(isinstance(back[0]["k"], _Stranger), "a registered class arrives as an object")
    _require(back[0]["k"].value == 7 and back[1] == uri, "objects arrive with their state")
    args, kwargs = (_Stranger(1),), {"k": _Stranger(2)}
    call = serializer.loads_call(serializer.dumps_call("o", "m", args, kwargs))
    _require(isinstance(call[2][0], _Stranger), "class forms in arguments are converted")
    _require(isinstance((call[3] or {})["k"], _Stranger), "and in keywords")
    classes.stand_in = lambda one: {"stand": "in"} if isinstance(one, _Stranger) else None
    _require(
        serializer.loads(serializer.dumps([_Stranger(1)])) == [{"stand": "in"}],
        "the stand-in is asked first",
    )
    classes.stand_in = None
    classes.unregister(_Stranger)
    classes.unregister_name("lab.Stranger")


def _check_errors(serializer: Serializer, classes: ClassTable) -> None:
    lines = ["Traceback (most recent call last):\n", "ValueError: bad\n"]
    back = serializer.loads(dump_error(serializer, classes, ValueError("bad", 7), lines))
    _require(
        type(back) is ValueError and back.args == ("bad", 7), "exceptions arrive as such"
    )
    _require(
        "Remote traceback:" in back.__notes__[0], "with the remote traceback as a note"
    )
    back = serializer.loads(
        dump_error(serializer, classes, NoSuchObjectError("gone"), None)
    )
    _require(type(back) is NoSuchObjectError and str(back) == "gone", "our errors arrive")
    back = serializer.loads(dump_error(serializer, classes, _UnknownError("why"), None))
    _require(isinstance(back, RemoteError), "unknown exceptions arrive as RemoteError")
    _require(back.text == "why" and back.arguments == ("why",), "with their message")
    for awkward in (
        _AwkwardError(object()),
        ValueError("\ud800"),
        OSError(2, "no", "file"),
    ):
        back = serializer.loads(dump_error(serializer, classes, awkward, None))
        _require(isinstance(back, Exception), "any error can be sent")
    back = serializer.loads(serializer.dumps([1, Failure(KeyError("k"))]))
    _require(type(back[1].error) is KeyError, "a failure arrives in a batch's result")


def _check_refusals(serializer: Serializer) -> None:
    text = _refusal(SerializeError, "bare objects are refused", serializer.dumps, object())
    _require("object" in text, "the text names the class")
    args = (1, {"k": [object()]})
    text = _refusal(
        SerializeError, "in calls too", serializer.dumps_call, "o", "m", args, {}
    )
    _require("argument 2['k'][0]: object object" in text, f"the text says where: {text}")
    circular: list[Any] = []
    circular.append(circular)
    _refusal(SerializeError, "circular values are refused", serializer.dumps, circular)
    deep: list[Any] = []
    for _ in range(5000):
        deep = [deep]
    _refusal(SerializeError, "deep values are refused", serializer.dumps, deep)
    for form, expected in (
        ({"__class__": "no.such.Class"}, SerializeError),
        ({"__class__": "__main__.Thing"}, SecurityError),
        ({"__class__": 7}, SerializeError),
        ({"__class__": "builtins.ValueError", "__exception__": True}, SerializeError),
        ({"__class__": FAILURE_CLASS, "exception": 1}, SerializeError),
    ):
        data = serializer.dumps(form)
        _refusal(expected, f"{form!r} is refused", serializer.loads, data)


def _check_hostile_bytes(serializer: Serializer) -> None:
    chance = random.Random(0)
    good = [serializer.dumps(value) for value in _VALUES]
    good.append(serializer.dumps_call("object", "method", (1, "two"), {"k": [None]}))
    good.append(serializer.dumps([URI.parse("PYRO:object@host:1"), ValueError("v")]))
    for data in good:
        for end in range(0, len(data), max(1, len(data) // 20)):
            _try_to_read(serializer, data[:end])
        for _ in range(20):
            changed = bytearray(data)
            changed[chance.randrange(len(data))] = chance.randrange(256)
            _try_to_read(serializer, bytes(changed))
    for size in range(100):
        _try_to_read(serializer, chance.randbytes(size))


def _check_extended(serializer: Any, classes: ClassTable) -> None:
    """Check what is promised to peers that know the features ``values`` and ``buffers``."""
    _require(serializer.id < 256, "the one for values has a name and an id, too")
    _check_values(serializer)
    _check_calls(serializer)
    for value in _RICH:
        alone = serializer.loads(serializer.dumps(value))
        same = alone == value and type(alone) is type(value)
        inside = serializer.loads(serializer.dumps([value, {"k": value}]))
        same = same and inside == [value, {"k": value}]
        _require(same, f"{value!r:.80} arrives as it was")
    record = serializer.loads(serializer.dumps(_Known(1, (2,))))
    _require(isinstance(record, Record), "a class that is not allowed arrives as a record")
    classes.allow(_Known)
    again = serializer.loads(serializer.dumps(record))
    _require(again == _Known(1, (2,)), "which is sent on as what it was")
    large = b"x" * THRESHOLD
    beside: list[Any] = []
    data = serializer.dumps_call_beside("o", "m", (large,), {"k": [1]}, beside)
    _require([bytes(view) for view in beside] == [large], "large bytes go beside the text")
    parts = serializer.loads_call_beside(data, [large])
    _require(parts[2][0] is large and parts[3] == {"k": [1]}, "and come back as they are")
    promise = "a buffer that is missing is an error"
    _refusal(SerializeError, promise, serializer.loads_call_beside, data, [])
    form = {"__class__": "pyrophone.Set", "items": [[]]}
    back = serializer.loads(serializer.dumps(form))
    _require(back == form, "what looks like a form is none")
    _check_hostile_bytes(serializer)


def _try_to_read(serializer: Serializer, data: bytes) -> None:
    for read in (serializer.loads, serializer.loads_call):
        try:
            read(data)
        except (SerializeError, SecurityError):
            continue
        except BaseException as error:  # any other breaks the promise
            problem = f"{data!r:.200} made it raise {error!r:.200}"
            raise AssertionError(
                f"broken promise: garbage is refused; {problem}"
            ) from error
