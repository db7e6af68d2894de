"""What travels, by each serializer."""

from __future__ import annotations

import array
import ast
import collections
import datetime
import decimal
import enum
import json
import logging
import os
import pickle
import struct
import subprocess
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgpack
import pytest

import Pyro5.api
from peers import real_python
from Pyro5 import core, errors, serializers
from Pyro5.serializers import (
    JsonSerializer,
    MarshalSerializer,
    MsgpackSerializer,
    SerializerBase,
    SerpentSerializer,
)

ROOT = Path(__file__).parents[3]
NAMES = ("serpent", "json", "marshal", "msgpack")
each = pytest.mark.parametrize("name", NAMES)


class Thing:
    """Something of one's own."""

    def __init__(self, value: Any = 1) -> None:
        self.value = value


class Slotted:
    """Something with slots."""

    __slots__ = ("value",)
    value: int


@pytest.fixture
def registered() -> Iterator[None]:
    """Let things travel."""
    SerializerBase.register_class_to_dict(
        Thing, lambda thing: {"__class__": "a.Thing", "value": thing.value}
    )
    SerializerBase.register_dict_to_class(
        "a.Thing", lambda name, form: Thing(form["value"])
    )
    yield
    SerializerBase.unregister_class_to_dict(Thing)
    SerializerBase.unregister_dict_to_class("a.Thing")


def through(name: str, value: Any) -> Any:
    """Return *value* as it arrives."""
    serializer = serializers.serializers[name]
    return serializer.loads(serializer.dumps(value))


def test_the_tables_have_the_same_four() -> None:
    found = [
        serializers.serializers[name] for name in ("serpent", "marshal", "json", "msgpack")
    ]
    assert list(serializers.serializers.values()) == found
    assert list(serializers.serializers_by_id) == [1, 2, 3, 4]
    kinds: list[Any] = [type(one) for one in serializers.serializers_by_id.values()]
    assert kinds == [
        SerpentSerializer, MarshalSerializer, JsonSerializer, MsgpackSerializer,
    ]  # fmt: skip


def test_serializers_are_equal_by_their_variables() -> None:
    one, two = SerpentSerializer(), SerpentSerializer()
    assert one == two
    assert one == MarshalSerializer()
    two.own = 3  # type: ignore[attr-defined]
    assert one != two
    assert one != "serpent"
    assert len({one, two}) == 2


def test_all_exceptions_are_known_by_their_short_names() -> None:
    known = serializers.all_exceptions
    assert known["TimeoutError"] is errors.TimeoutError
    assert known["GeneratorExit"] is GeneratorExit
    assert all(key == kind.__name__ or kind is OSError for key, kind in known.items())


@each
@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_any_kind_of_bytes_can_be_read(name: str, kind: Callable[[bytes], Any]) -> None:
    serializer = serializers.serializers[name]
    assert serializer.loads(kind(serializer.dumps([1, "a"]))) == [1, "a"]
    call = serializer.dumpsCall("obj", "method", (1, 2), {"a": 3})
    obj, method, vargs, kwargs = serializer.loadsCall(kind(call))
    assert (obj, method, list(vargs), kwargs) == ("obj", "method", [1, 2], {"a": 3})


@each
def test_circular_structures_are_refused(name: str) -> None:
    circle: list[Any] = []
    circle.append(circle)
    with pytest.raises(ValueError, match="circular"):
        serializers.serializers[name].dumps(circle)
    with pytest.raises(errors.SerializeError):
        serializers.serializers[name].dumpsCall("o", "m", [{"a": circle}], {})


@each
def test_what_can_not_travel_or_be_read_is_refused_in_all_ways(name: str) -> None:
    serializer = serializers.serializers[name]
    for attempt in (
        lambda: serializer.dumps(len),
        lambda: serializer.loads(b"\xffjunk"),
        lambda: serializer.loadsCall(serializer.dumps(3)),
    ):
        for kind in (errors.SerializeError, TypeError, ValueError):
            with pytest.raises(kind) as caught:
                attempt()
        assert type(caught.value).__name__ == "SerializeError"
        again = pickle.loads(pickle.dumps(caught.value))
        assert (type(again), str(again)) == (errors.SerializeError, str(caught.value))
        assert type(through(name, caught.value)) is errors.SerializeError


# What arrives of the table in the specification: the same as by the real Pyro5, and
# where that refuses a value, on either side, what is here.

VALUES = {
    "none": "None",
    "bools": "[True, False]",
    "large": "[2**70, -2**70]",
    "floats": "[1.5, float('inf')]",
    "text": "'ab\\u20ac'",
    "complex": "1+2j",
    "bytes": "b'ab'",
    "bytearray": "bytearray(b'ab')",
    "memoryview": "memoryview(b'ab')",
    "tuple": "(1, (2,))",
    "set": "{1}",
    "empty set": "set()",
    "frozenset": "frozenset({1})",
    "dict": "{'a': {'b': None}}",
    "int keys": "{1: 2}",
    "tuple keys": "{(1, 2): 3}",
    "datetime": "datetime.datetime(2026, 1, 2, 3, 4, 5)",
    "aware": "datetime.datetime(2026, 1, 2, tzinfo=datetime.timezone.utc)",
    "date": "datetime.date(2026, 1, 2)",
    "time": "datetime.time(3, 4)",
    "timedelta": "datetime.timedelta(seconds=1.5)",
    "decimal": "decimal.Decimal('1.10')",
    "uuid": "uuid.UUID(int=5)",
    "deque": "collections.deque([1, 2])",
    "ordered": "collections.OrderedDict(a=1)",
    "default": "collections.defaultdict(int, a=1)",
    "counter": "collections.Counter('a')",
    "named": "collections.namedtuple('P', 'x')(1)",
    "array": "array.array('i', [1, 2])",
    "array of text": "array.array('u', 'ab')",
    "enum": "enum.Enum('E', 'A').A",
    "int enum": "enum.IntEnum('E', 'A').A",
    "surrogate": "'\\ud800'",
}
OURS: dict[str, dict[str, Any]] = {
    "memoryview": {"marshal": b"ab"},
    "frozenset": {"json": [1], "msgpack": [1]},
    "int keys": {"msgpack": {1: 2}},
    "datetime": {"marshal": "2026-01-02T03:04:05"},
    "aware": {"marshal": "2026-01-02T00:00:00+00:00"},
    "date": {"marshal": "2026-01-02"},
    "time": dict.fromkeys(("json", "marshal", "msgpack"), "03:04:00"),
    "timedelta": dict.fromkeys(("json", "marshal", "msgpack"), 1.5),
    "decimal": {"marshal": "1.10"},
    "deque": {name: [1, 2] for name in ("json", "marshal", "msgpack")},
    "ordered": {name: {"a": 1} for name in ("serpent", "marshal")},
    "default": {"marshal": {"a": 1}},
    "counter": {"marshal": {"a": 1}},
    "named": {"marshal": (1,)},
    "enum": dict.fromkeys(("json", "marshal", "msgpack"), 1),
    "int enum": {"marshal": 1},
}
SCRIPT = """
import array, collections, datetime, decimal, enum, json, sys, uuid
from Pyro5.serializers import serializers
for values in json.load(sys.stdin):
    value = eval(values[1])
    try:
        serializer = serializers[values[0]]
        print(ascii(serializer.loads(serializer.dumps(value))))
    except Exception:
        print("refused")
"""


@pytest.fixture(scope="module")
def theirs() -> dict[tuple[str, str], str]:
    """Give what arrives by the real Pyro5, by serializer and value."""
    python = real_python("pyro5")
    cells = [(name, text) for text in VALUES.values() for name in NAMES]
    env = {key: text for key, text in os.environ.items() if not key.startswith("PY")}
    run = subprocess.run(
        [python, "-c", SCRIPT],
        input=json.dumps(cells), env=env, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return dict(zip(cells, run.stdout.splitlines(), strict=True))


@pytest.mark.peers
@pytest.mark.filterwarnings("ignore:The 'u' type code:DeprecationWarning")  # Python 3.13
@pytest.mark.parametrize("what", VALUES)
@each
def test_what_arrives_is_what_arrives_by_the_real_one(
    theirs: dict[tuple[str, str], str], name: str, what: str
) -> None:
    modules = {m.__name__: m for m in (array, collections, datetime, decimal, enum, uuid)}
    value = eval(VALUES[what], modules)
    there = theirs[name, VALUES[what]]
    if there != "refused":
        assert name not in OURS.get(what, {}), "not refused, after all"
        assert ascii(through(name, value)) == there
    elif name in OURS.get(what, {}):
        arrived = through(name, value)
        assert arrived == OURS[what][name]
        assert type(arrived) is type(OURS[what][name])
    else:
        with pytest.raises(errors.SerializeError):
            through(name, value)


def test_serpent_writes_bytes_as_configured_at_that_time() -> None:
    assert through("serpent", b"ab") == {"data": "YWI=", "encoding": "base64"}
    Pyro5.config.SERPENT_BYTES_REPR = True
    assert through("serpent", b"ab") == b"ab"
    call = serializers.serializers["serpent"].dumpsCall("o", "m", (b"ab",), {})
    assert call.endswith(b"('o','m',(b'ab',),{})")


# Objects.


@each
def test_registered_classes_travel_everywhere(name: str, registered: None) -> None:
    arrived = through(name, [Thing({"a": 3})])[0]
    assert type(arrived) is Thing
    assert arrived.value == {"a": 3}


@each
def test_unregistered_classes_are_refused_and_logged(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "Pyro5.serializers"):
        with pytest.raises(errors.SerializeError) as caught:
            through(name, {"__class__": "a.Unknown"})
    assert str(caught.value) == "unsupported serialized class: a.Unknown"
    assert caplog.messages == ["unsupported serialized class: a.Unknown"]


@pytest.mark.parametrize("more", [{}, {"__exception__": True, "args": ("x",)}])
def test_names_with_two_underscores_are_insecure(more: dict[str, Any]) -> None:
    with pytest.raises(errors.SecurityError) as caught:
        SerializerBase.dict_to_class({"__class__": "__main__.Own", **more})
    assert str(caught.value).startswith(
        "refused to deserialize types with double underscores in their name: __main__.Own"
    )


def test_dicts_of_objects() -> None:
    slotted = Slotted()
    slotted.value = 2
    module = Thing.__module__
    assert SerializerBase.class_to_dict(Thing()) == {
        "__class__": f"{module}.Thing", "value": 1,
    }  # fmt: skip
    assert SerializerBase.class_to_dict(slotted) == {
        "__class__": f"{module}.Slotted", "value": 2,
    }  # fmt: skip
    error = ZeroDivisionError("x")
    error.more = 3  # type: ignore[attr-defined]
    assert SerializerBase.class_to_dict(error) == {
        "__class__": "builtins.ZeroDivisionError",
        "__exception__": True,
        "args": ("x",),
        "attributes": {"more": 3},
    }
    with pytest.raises(errors.SerializeError) as caught:
        JsonSerializer.class_to_dict(3)
    assert str(caught.value) == (
        "don't know how to serialize class <class 'int'> using serializer JsonSerializer. "
        "Give it vars() or an appropriate __getstate__"
    )


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("builtins.ValueError", ValueError),
        ("exceptions.ValueError", ValueError),
        ("builtins.GeneratorExit", GeneratorExit),
        ("exceptions.SystemExit", SystemExit),
        ("GeneratorExit", GeneratorExit),
        ("Pyro5.errors.NamingError", errors.NamingError),
        ("NamingError", errors.NamingError),
        ("struct.error", struct.error),
    ],
)
def test_exceptions_by_name(name: str, kind: type[BaseException]) -> None:
    form = {"__class__": name, "__exception__": True, "args": ["x"], "attributes": {"a": 1}}
    error: Any = SerializerBase.dict_to_class(form)
    assert type(error) is kind
    assert (error.args, vars(error)["a"]) == (("x",), 1)


@pytest.mark.parametrize("name", ["builtins.ValueError", "builtins.SystemExit"])
def test_an_exception_must_say_that_it_is_one(name: str) -> None:
    with pytest.raises(errors.SerializeError) as caught:
        SerializerBase.dict_to_class({"__class__": name, "args": ["x"]})
    assert str(caught.value) == f"unsupported serialized class: {name}"
    with pytest.raises(
        errors.SerializeError, match="unsupported serialized class: <unknown>"
    ):
        SerializerBase.dict_to_class({})


def test_an_exception_of_an_unknown_class_leaves_what_is_known_of_it() -> None:
    form = {
        "__class__": "lab.Hot",
        "__exception__": True,
        "args": (99,),
        "attributes": {"_pyroTraceback": ["Traceback\n"]},
    }
    with pytest.raises(errors.SerializeError, match=r"class: lab\.Hot: 99") as caught:
        serializers.serializers["serpent"].loads(
            serializers.serializers["serpent"].dumps(form)
        )
    assert caught.value._pyroTraceback == ["Traceback\n"]  # type: ignore[attr-defined]


@each
@pytest.mark.parametrize("kind", [GeneratorExit, KeyboardInterrupt, SystemExit, ValueError])
def test_exceptions_are_values_as_well(name: str, kind: type[BaseException]) -> None:
    error: Any = kind("x")
    error.more = 1
    arrived = through(name, error)
    assert type(arrived) is kind
    assert (arrived.args, vars(arrived)["more"]) == (("x",), 1)


@each
def test_what_a_batch_needs_travels(name: str) -> None:
    failed = through(name, [1, core._ExceptionWrapper(ValueError("x"))])[1]
    assert type(failed) is core._ExceptionWrapper
    with pytest.raises(ValueError, match="x"):
        failed.raiseIt()
    unknown = {"__class__": "lab.Hot", "__exception__": True, "args": ()}
    form = {"__class__": "Pyro5.core._ExceptionWrapper", "exception": unknown}
    kept = SerializerBase.dict_to_class(form)  # and does not spoil the other results
    with pytest.raises(errors.SerializeError, match=r"lab\.Hot"):
        kept.raiseIt()
    with pytest.raises(errors.SerializeError, match="no exception in it"):
        SerializerBase.dict_to_class({"__class__": "Pyro5.core._ExceptionWrapper"})


@each
def test_serializers_and_daemons_travel(name: str) -> None:
    assert type(through(name, JsonSerializer())) is JsonSerializer
    with Pyro5.api.Daemon() as daemon:
        arrived = through(name, daemon)
    assert vars(arrived) == {}
    assert "unusable" in repr(arrived)


def test_classes_are_recreated_from_the_top_down(registered: None) -> None:
    form = {"__class__": "a.Thing", "value": 4}
    inner = SerializerBase().recreate_classes([{"a": (form, 1)}])[0]["a"][0]
    assert inner.value == 4
    assert SerializerBase().recreate_classes({1, 2}) == {1, 2}


def test_exceptions_are_made_of_their_parts() -> None:
    error = SerializerBase.make_exception(
        KeyError, {"args": [1, 2], "attributes": {"a": 3}}
    )
    assert (type(error), error.args, vars(error)) == (KeyError, (1, 2), {"a": 3})


# Replacements and hooks.


@pytest.mark.parametrize("wrong", [type, "text", 3])
@pytest.mark.parametrize("kind", [SerpentSerializer, JsonSerializer, MsgpackSerializer])
def test_only_classes_can_be_replaced(kind: Any, wrong: Any) -> None:
    with pytest.raises(ValueError, match="refusing to register replacement for a non-type"):
        kind.register_type_replacement(wrong, str)
    MarshalSerializer.register_type_replacement(wrong, str)


@pytest.mark.parametrize("name", ["serpent", "json", "msgpack"])
def test_a_class_is_replaced_by_one_serializer_only(name: str) -> None:
    class Own:
        """Replaced, and what derives from it is not."""

    class Derived(Own):
        """Not replaced."""

    class Inner:
        """Replaced where it stands in for another."""

    kind: Any = type(serializers.serializers[name])
    kind.register_type_replacement(Inner, lambda inner: "inner")
    kind.register_type_replacement(Own, lambda own: {"was": [1, Inner()]})
    assert through(name, [Own()]) == [{"was": [1, "inner"]}]
    with pytest.raises(errors.PyroError):
        through(name, Derived())
    with pytest.raises(errors.PyroError):
        through("marshal", Own())


class Extended(MsgpackSerializer):
    """Has an extension type of its own."""

    def default(self, obj: Any) -> Any:
        """Write things."""
        if isinstance(obj, Thing):
            return msgpack.ExtType(5, str(obj.value).encode())
        return super().default(obj)

    def ext_hook(self, code: int, data: bytes) -> Any:
        """Read things."""
        if code == 5:
            return Thing(data.decode())
        return super().ext_hook(code, data)

    def object_hook(self, obj: dict[Any, Any]) -> Any:
        """Count keys, or fail."""
        if "fail" in obj:
            raise LookupError("as asked for")
        return len(obj) if "count" in obj else super().object_hook(obj)


def test_the_hooks_of_msgpack_are_asked_for_values_and_calls() -> None:
    serializer = Extended()
    values = [Thing(3), {"a": Thing(4)}, 2**70, 1j, {"count": 1, "b": 2}, ValueError("x")]
    first, second, *others, error = serializer.loads(serializer.dumps(values))
    assert (first.value, second["a"].value, others) == ("3", "4", [2**70, 1j, 2])
    assert isinstance(error, ValueError)
    call = serializer.loadsCall(
        serializer.dumpsCall("o", "m", (Thing(5),), {"a": Thing(6)})
    )
    assert (call[2][0].value, call[3]["a"].value) == ("5", "6")
    with pytest.raises(errors.SerializeError, match="object_hook failed: LookupError"):
        serializer.loads(serializer.dumps({"fail": 1}))
    with pytest.raises(errors.SerializeError, match="unsupported msgpack extension"):
        serializer.loads(msgpack.packb(msgpack.ExtType(6, b"")))


def test_a_serializer_that_is_replaced_serves_proxies_and_daemons(
    serve: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    @Pyro5.api.expose
    class Echo:
        """Gives back."""

        def echo(self, value: Any) -> Any:
            """Return what came."""
            assert isinstance(value, Thing)
            return value

    serializer = Extended()
    with Pyro5.api.Proxy(serve(Echo)) as proxy:
        proxy._pyroSerializer = "msgpack"
        proxy._pyroBind()
        monkeypatch.setitem(serializers.serializers, "msgpack", serializer)
        monkeypatch.setitem(serializers.serializers_by_id, 4, serializer)
        assert proxy.echo(Thing(7)).value == "7"
        Pyro5.config.COMPRESSION = True  # what is live is set anew, and the rest stays
        assert proxy.echo(Thing(8)).value == "8"


class Literal(SerializerBase):
    """A serializer that has nothing of ours."""

    name = "literal"
    serializer_id = 9

    def dumps(self, data: Any) -> bytes:
        """Write a literal."""
        return repr(data).encode()

    def loads(self, data: Any) -> Any:
        """Read one."""
        return self.recreate_classes(ast.literal_eval(bytes(data).decode()))

    def dumpsCall(self, obj: str, method: str, vargs: Any, kwargs: Any) -> bytes:
        """Write a call."""
        return self.dumps((obj, method, vargs, kwargs))

    loadsCall = loads


def test_a_serializer_of_ones_own_serves(
    serve: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    @Pyro5.api.expose
    class Adder:
        """Adds."""

        def add(self, *numbers: int) -> int:
            """Return a sum."""
            return sum(numbers)

    serializer = Literal()
    monkeypatch.setitem(serializers.serializers, "literal", serializer)
    monkeypatch.setitem(serializers.serializers_by_id, 9, serializer)
    with Pyro5.api.Proxy(serve(Adder)) as proxy:
        proxy._pyroSerializer = "literal"
        assert proxy.add(1, 2, 3) == 6


def test_the_base_class_only_says_what_is_needed() -> None:
    base = SerializerBase()
    for attempt in (
        lambda: base.dumps(1),
        lambda: base.loads(b""),
        lambda: base.dumpsCall("", "", (), {}),
        lambda: base.loadsCall(b""),
        lambda: base.register_type_replacement(Thing, str),
    ):
        with pytest.raises(NotImplementedError):
            attempt()
