"""Serializers: what arrives, what is refused, hooks, and exceptions."""

import array
import collections
import datetime
import decimal
import enum
import logging
import math
import sqlite3
import struct
import uuid
import warnings

import pytest
import serpent

import Pyro5.api
from Pyro5 import config, errors, serializers
from Pyro5.serializers import SerializerBase

NAMES = ["serpent", "json", "marshal", "msgpack"]
IDS = {"serpent": 1, "marshal": 2, "json": 3, "msgpack": 4}
REFUSALS = (TypeError, ValueError, errors.SerializeError)
REFUSED = object()  # by the side that sends
UNREADABLE = object()  # by the side that receives


@pytest.fixture(params=NAMES)
def name(request):
    """Each serializer."""
    return request.param


@pytest.fixture
def codec(name):
    """Each serializer."""
    return serializers.serializers[name]


class Color(enum.Enum):
    RED = 1


class Number(enum.IntEnum):
    ONE = 1


Pair = collections.namedtuple("Pair", "a b")

B64 = {"data": "YWI=", "encoding": "base64"}
DAY = datetime.date(2020, 1, 2)
NOON = datetime.datetime(2020, 1, 2, 12)
AWARE = datetime.datetime(2020, 1, 2, tzinfo=datetime.UTC)

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # from Python 3.13 on
    TEXT = array.array("u", "ab")

# What arrives with serpent, json, marshal and msgpack.
TABLE = {
    "complex": (1 + 2j, 1 + 2j, REFUSED, 1 + 2j, 1 + 2j),
    "bytes": (b"ab", B64, REFUSED, b"ab", b"ab"),
    "bytearray": (bytearray(b"ab"), B64, REFUSED, b"ab", b"ab"),
    "memoryview": (memoryview(b"ab"), B64, REFUSED, REFUSED, b"ab"),
    "tuple": ((1, 2), (1, 2), [1, 2], (1, 2), [1, 2]),
    "empty tuple": ((), (), [], (), []),
    "set": ({1}, {1}, [1], {1}, [1]),
    "empty set": (set(), (), [], set(), []),
    "str keys": ({"a": 1}, {"a": 1}, {"a": 1}, {"a": 1}, {"a": 1}),
    "datetime": (NOON, "2020-01-02T12:00:00", "2020-01-02T12:00:00", REFUSED, NOON),
    "date": (DAY, "2020-01-02", "2020-01-02", REFUSED, DAY),
    "time": (datetime.time(1, 2), "01:02:00", REFUSED, REFUSED, REFUSED),
    "timedelta": (datetime.timedelta(0, 90), 90.0, REFUSED, REFUSED, REFUSED),
    "decimal": (decimal.Decimal("1.5"), "1.5", "1.5", REFUSED, "1.5"),
    "deque": (collections.deque([1]), [1], REFUSED, REFUSED, REFUSED),
    "defaultdict": (
        collections.defaultdict(int, a=1),
        {"a": 1},
        {"a": 1},
        REFUSED,
        {"a": 1},
    ),
    "counter": (collections.Counter("a"), {"a": 1}, {"a": 1}, REFUSED, {"a": 1}),
    "namedtuple": (Pair(1, 2), (1, 2), [1, 2], REFUSED, [1, 2]),
    "ints": (array.array("i", [1, 2]), *[[1, 2]] * 4),
    "floats": (array.array("d", [1.5]), *[[1.5]] * 4),
    "text": (TEXT, *["ab"] * 4),
    "enum": (Color.RED, 1, REFUSED, REFUSED, REFUSED),
    "int enum": (Number.ONE, 1, 1, REFUSED, 1),
    "surrogate": ("\ud800", "\ud800", REFUSED, "\ud800", REFUSED),
    "int keys": ({1: 2}, {1: 2}, {"1": 2}, {1: 2}, UNREADABLE),
    "tuple keys": ({(1, 2): 3}, {(1, 2): 3}, REFUSED, {(1, 2): 3}, UNREADABLE),
    "aware": (AWARE, AWARE.isoformat(), AWARE.isoformat(), REFUSED, REFUSED),
}
ORDER = ["serpent", "json", "marshal", "msgpack"]
# Where ours carries more than Pyro5 does.
MORE = {
    ("int keys", "msgpack"),
    ("tuple keys", "msgpack"),
}


def table():
    for what, (value, *results) in TABLE.items():
        for name, expected in zip(ORDER, results, strict=True):
            if (what, name) not in MORE:
                yield pytest.param(name, value, expected, id=f"{what}-{name}")


@pytest.mark.parametrize(("name", "value", "expected"), list(table()))
def test_what_arrives(name, value, expected):
    codec = serializers.serializers[name]
    try:
        data = codec.dumps(value)
    except (*REFUSALS, UnicodeEncodeError):
        assert expected is REFUSED
        return
    if expected is REFUSED:
        assert codec.loads(data) is not None  # who carries more may do so
        return
    if expected is UNREADABLE:
        with pytest.raises(REFUSALS):
            codec.loads(data)
        return
    result = codec.loads(data)
    assert result == expected
    assert type(result) is type(expected)


@pytest.mark.parametrize(
    "value",
    [
        None, True, False, 0, -1, 2**31, -(2**63), 2**64, 10**40, 1.5, -0.0, math.inf,
        -math.inf, "", "text", "\u20ac\0\n'\"", [], [1, [2, [3]]], {}, {"a": {"b": [None]}},
        "x" * 100_000,
    ],
    ids=lambda value: repr(value)[:20],
)  # fmt: skip
def test_what_arrives_the_same(codec, value):
    result = codec.loads(codec.dumps(value))
    assert result == value
    assert type(result) is type(value)


def test_nan(codec):
    assert math.isnan(codec.loads(codec.dumps(math.nan)))


def test_frozen_sets():
    value = frozenset({1})
    for name, expected in (("serpent", {1}), ("marshal", value)):
        codec = serializers.serializers[name]
        assert codec.loads(codec.dumps(value)) == expected


def test_uuids_may_become_text(codec):
    value = uuid.UUID(int=5)
    assert codec.loads(codec.dumps(value)) in {value, str(value)}


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_kinds_of_input(codec, kind):
    value = {"numbers": [1, 2, 3], "text": "abc"}
    assert codec.loads(kind(codec.dumps(value))) == value
    data = codec.dumpsCall("obj", "method", [1, "two"], {"three": 3})
    object_id, method, vargs, kwargs = codec.loadsCall(kind(data))
    assert (object_id, method, kwargs) == ("obj", "method", {"three": 3})
    assert list(vargs) == [1, "two"]


def test_dumps_gives_bytes(codec):
    assert isinstance(codec.dumps([1]), (bytes, bytearray))
    assert isinstance(codec.dumpsCall("o", "m", (), {}), (bytes, bytearray))


@pytest.mark.parametrize("make", [list, dict])
def test_circles(name, make):
    value = make()
    if make is list:
        value.append(value)
    else:
        value["x"] = value
    codec = serializers.serializers[name]
    with pytest.raises((ValueError, RecursionError)):
        codec.loads(codec.dumps(value))


@pytest.mark.parametrize("name", ["serpent", "json", "msgpack"])
def test_circles_are_value_errors(name):
    value = [1, 2]
    value.append(value)
    with pytest.raises(ValueError):  # noqa: PT011
        serializers.serializers[name].dumps(value)


@pytest.mark.parametrize("name", ["serpent", "json", "msgpack"])
def test_circles_of_dicts_are_value_errors(name):
    value = {"a": 1}
    value["me"] = value
    with pytest.raises(ValueError):  # noqa: PT011
        serializers.serializers[name].dumps(value)


def test_what_exists(name):
    codec = serializers.serializers[name]
    assert codec.serializer_id == IDS[name]
    assert type(codec).serializer_id == IDS[name]
    assert serializers.serializers_by_id[IDS[name]] is codec
    assert isinstance(codec, SerializerBase)
    assert type(codec).__name__.lower() == f"{name}serializer"
    assert sorted(serializers.serializers) == sorted(NAMES)
    assert sorted(serializers.serializers_by_id) == [1, 2, 3, 4]


def test_equality(codec):
    assert type(codec)() == codec
    assert not type(codec)() != codec  # noqa: SIM202
    other = type(codec)()
    other.__dict__["x"] = 1
    assert other != codec
    assert codec != "serializer"


@pytest.mark.parametrize("as_literals", [False, True])
def test_bytes_with_serpent(as_literals):
    config.SERPENT_BYTES_REPR = as_literals
    codec = serializers.serializers["serpent"]
    result = codec.loads(codec.dumps([b"abc"]))[0]
    if as_literals:
        assert result == b"abc"
    else:
        assert serpent.tobytes(result) == b"abc"
    _, _, (arg,), _ = codec.loadsCall(codec.dumpsCall("o", "m", (b"abc",), {}))
    assert isinstance(arg, bytes) is as_literals


class Thing:
    def __init__(self):
        self.number = 42


class Slotted:
    __slots__ = ["number"]

    def __init__(self):
        self.number = 42


class Stateful:
    def __getstate__(self):
        return {"number": 42}


@pytest.mark.parametrize("kind", [Thing, Slotted])
def test_unknown_classes(codec, kind, caplog):
    data = codec.dumps(kind())
    text = f"unsupported serialized class: {kind.__module__}.{kind.__name__}"
    with caplog.at_level(logging.WARNING, "Pyro5.serializers"):
        with pytest.raises(errors.SerializeError) as info:
            codec.loads(data)
    assert str(info.value) == text
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert f"{kind.__module__}.{kind.__name__}" in record.getMessage()


@pytest.mark.parametrize("name", ["json", "marshal", "msgpack"])
def test_objects_with_a_state_are_that_state(name):
    codec = serializers.serializers[name]
    assert codec.loads(codec.dumps(Stateful())) == {"number": 42}
    assert SerializerBase.class_to_dict(Stateful()) == {"number": 42}


@pytest.mark.parametrize("kind", [Thing, Slotted])
def test_dict_form(kind):
    expected = {"__class__": f"{kind.__module__}.{kind.__name__}", "number": 42}
    assert SerializerBase.class_to_dict(kind()) == expected


def test_dict_form_of_errors():
    error = ValueError("text", 42)
    error.extra = [1]
    assert SerializerBase.class_to_dict(error) == {
        "__class__": "builtins.ValueError",
        "__exception__": True,
        "args": ("text", 42),
        "attributes": {"extra": [1]},
    }


@pytest.mark.parametrize(
    ("data", "error", "text"),
    [
        ({"__class__": "a.b"}, errors.SerializeError, "unsupported serialized class: a.b"),
        ({"__class__": "__main__.X"}, errors.SecurityError, "__main__.X"),
        ({"__class__": "os.__x"}, errors.SecurityError, "double underscores"),
        (
            {"__class__": "builtins.ValueError", "args": ["x"], "attributes": {}},
            errors.SerializeError,
            "unsupported serialized class: builtins.ValueError",
        ),
    ],
)
def test_dicts_that_are_refused(data, error, text):
    with pytest.raises(error) as info:
        SerializerBase.dict_to_class(data)
    assert text in str(info.value)


@pytest.mark.parametrize("namespace", ["builtins", "exceptions"])
def test_dicts_of_errors(namespace):
    data = {
        "__class__": f"{namespace}.ValueError",
        "__exception__": True,
        "args": ["x", 1],
        "attributes": {"extra": 5},
    }
    error = SerializerBase.dict_to_class(data)
    assert type(error) is ValueError
    assert error.args == ("x", 1)
    assert error.extra == 5


def test_errors_can_be_made():
    error = SerializerBase.make_exception(KeyError, {"args": ["k"], "attributes": {"a": 1}})
    assert type(error) is KeyError
    assert error.args == ("k",)
    assert error.a == 1
    assert SerializerBase.make_exception(KeyError, {"args": ["k"]}).args == ("k",)


@pytest.mark.parametrize(
    "error",
    [
        ValueError("x"),
        ZeroDivisionError("division by zero"),
        KeyError("k"),
        GeneratorExit("x"),
        StopIteration(),
        OSError(2, "No such file"),
        UserWarning("x"),
        KeyboardInterrupt(),
        errors.PyroError("x"),
        errors.NamingError("x"),
        errors.CommunicationError("x"),
        errors.TimeoutError("x"),
        errors.SecurityError("x", 5),
        struct.error("x"),
        sqlite3.OperationalError("x"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_errors_arrive(codec, error):
    error.custom = "attribute"
    result = codec.loads(codec.dumps(error))
    assert type(result) is type(error)
    assert result.args == error.args
    assert result.custom == "attribute"


def test_known_errors():
    known = serializers.all_exceptions
    assert known["ZeroDivisionError"] is ZeroDivisionError
    assert known["GeneratorExit"] is GeneratorExit
    assert known["NamingError"] is errors.NamingError
    assert known["SerializeError"] is errors.SerializeError


@pytest.mark.parametrize(
    "text", ["PYRO:o@h:1", "PYRONAME:n@h:2", "PYRO:o@./u:x", "PYROMETA:a"]
)
def test_uris_arrive(codec, text):
    result = codec.loads(codec.dumps(Pyro5.api.URI(text)))
    assert type(result) is Pyro5.api.URI
    assert str(result) == text


@pytest.mark.parametrize("name", ["serpent", "json", "msgpack"])
def test_uris_arrive_inside(name):
    codec = serializers.serializers[name]
    uri = Pyro5.api.URI("PYRO:o@h:1")
    assert codec.loads(codec.dumps([{"a": uri}])) == [{"a": uri}]


def test_proxies_arrive(codec):
    proxy = Pyro5.api.Proxy("PYRO:o@h:1")
    proxy._pyroTimeout = 42
    proxy._pyroMaxRetries = 78
    proxy._pyroHandshake = "apples"
    proxy._pyroSerializer = "serpent"
    proxy._pyroMethods = {"m"}
    result = codec.loads(codec.dumps(proxy))
    assert type(result) is Pyro5.api.Proxy
    assert result == proxy
    assert result._pyroHandshake == "apples"
    assert result._pyroSerializer == "serpent"
    assert result._pyroMethods == {"m"}
    assert result._pyroTimeout == config.COMMTIMEOUT
    assert result._pyroMaxRetries == config.MAX_RETRIES
    assert result._pyroConnection is None


def test_daemons_arrive_empty(codec):
    with Pyro5.api.Daemon() as daemon:
        result = codec.loads(codec.dumps(daemon))
    assert type(result) is Pyro5.api.Daemon
    assert vars(result) == {}
    assert "unusable" in repr(result)


def test_literals_are_converted():
    data = [{"__class__": "Pyro5.core.URI", "state": ("PYRO", "o", None, "h", 1)}]
    codec = serializers.serializers["json"]
    result = codec.recreate_classes(data)
    assert result == [Pyro5.api.URI("PYRO:o@h:1")]
    assert codec.recreate_classes({"a": (1, [2], {3})}) == {"a": (1, [2], {3})}


@pytest.fixture
def hooks():
    """Registered converters that are forgotten at the end."""
    name = f"{Thing.__module__}.Thing"

    def to_dict(thing):
        return {"__class__": "Facts-Thing", "number": thing.number}

    def to_thing(class_name, data):
        assert class_name == "Facts-Thing"
        assert data["__class__"] == class_name
        thing = Thing()
        thing.number = data["number"] + 1
        return thing

    Pyro5.api.register_class_to_dict(Thing, to_dict)
    Pyro5.api.register_dict_to_class("Facts-Thing", to_thing)
    yield name
    Pyro5.api.unregister_class_to_dict(Thing)
    Pyro5.api.unregister_dict_to_class("Facts-Thing")


def test_hooks(codec, hooks):
    result = codec.loads(codec.dumps(Thing()))
    assert type(result) is Thing
    assert result.number == 43


class Child(Thing):
    pass


def test_hooks_serve_subclasses(codec, hooks):
    assert type(codec.loads(codec.dumps(Child()))) is Thing


def test_hooks_in_calls(codec, hooks):
    data = codec.dumpsCall("o", "m", (Thing(),), {"x": Thing()})
    _, _, (one,), kwargs = codec.loadsCall(data)
    assert (one.number, kwargs["x"].number) == (43, 43)


@pytest.mark.parametrize("name", ["serpent", "json", "msgpack"])
def test_hooks_inside(name, hooks):
    codec = serializers.serializers[name]
    result = codec.loads(codec.dumps([{"a": Thing()}]))
    assert result[0]["a"].number == 43


def test_unregistering(codec, hooks):
    Pyro5.api.unregister_class_to_dict(Thing)
    Pyro5.api.unregister_dict_to_class("Facts-Thing")
    with pytest.raises(errors.SerializeError, match="unsupported serialized class"):
        codec.loads(codec.dumps(Thing()))
    Pyro5.api.unregister_class_to_dict(Thing)
    Pyro5.api.unregister_dict_to_class("Facts-Thing")


def test_a_dict_hook_may_return_anything(codec):
    Pyro5.api.register_dict_to_class("Any-Thing", lambda name, data: [name, data["x"]])
    try:
        assert codec.loads(codec.dumps({"__class__": "Any-Thing", "x": 1})) == [
            "Any-Thing",
            1,
        ]
    finally:
        Pyro5.api.unregister_dict_to_class("Any-Thing")


class Replaced:
    pass


@pytest.mark.parametrize("name", ["serpent", "json", "msgpack"])
def test_types_can_be_replaced(name):
    codec = serializers.serializers[name]
    type(codec).register_type_replacement(Replaced, lambda value: decimal.Decimal("1.5"))
    assert codec.loads(codec.dumps(Replaced())) == "1.5"
    assert codec.loads(codec.dumps([Replaced()])) == ["1.5"]


@pytest.mark.parametrize("name", ["serpent", "json", "msgpack"])
def test_replacements_go_through_hooks(name, hooks):
    codec = serializers.serializers[name]
    type(codec).register_type_replacement(Replaced, lambda value: Thing())
    assert codec.loads(codec.dumps([Replaced()]))[0].number == 43


def test_marshal_ignores_replacements():
    codec = serializers.serializers["marshal"]
    type(codec).register_type_replacement(Replaced, lambda value: [1])
    assert codec.loads(codec.dumps(1)) == 1


@pytest.mark.parametrize("name", ["serpent", "json", "msgpack"])
@pytest.mark.parametrize("kind", [type, 42, "text"], ids=str)
def test_only_classes_can_be_replaced(name, kind):
    with pytest.raises(ValueError):  # noqa: PT011
        serializers.serializers[name].register_type_replacement(kind, lambda value: value)


def test_msgpack_hooks_can_be_overridden():
    import msgpack

    class Special(serializers.MsgpackSerializer):
        def ext_hook(self, code, data):
            return ["ext", code, bytes(data)]

        def default(self, obj):
            return (
                msgpack.ExtType(5, b"abc")
                if isinstance(obj, Thing)
                else super().default(obj)
            )

    codec = Special()
    assert codec.loads(codec.dumps(Thing())) == ["ext", 5, b"abc"]
    _, _, vargs, kwargs = codec.loadsCall(
        codec.dumpsCall("o", "m", [Thing()], {"k": Thing()})
    )
    assert vargs == [["ext", 5, b"abc"]]
    assert kwargs == {"k": ["ext", 5, b"abc"]}


def test_msgpack_object_hook():
    codec = serializers.serializers["msgpack"]
    assert codec.object_hook({"a": 1}) == {"a": 1}
    uri = Pyro5.api.URI("PYRO:o@h:1")
    assert codec.object_hook(SerializerBase.class_to_dict(uri)) == uri


def test_json_calls_are_objects():
    import json

    data = serializers.serializers["json"].dumpsCall("o", "m", (1,), {"a": 2})
    assert json.loads(bytes(data)) == {
        "object": "o",
        "method": "m",
        "params": [1],
        "kwargs": {"a": 2},
    }


def test_serpent_names_what_it_cannot_write():
    import threading

    with pytest.raises((TypeError, errors.SerializeError)):
        serializers.serializers["serpent"].dumps(threading.Lock())
