"""Serializers: what arrives, what is refused, hooks, exceptions, compression."""

import array
import collections
import datetime
import decimal
import enum
import json
import logging
import math
import pickle
import sqlite3
import uuid
import warnings
import zlib

import pytest

import Pyro4
from Pyro4 import config, core, errors, futures, util
from Pyro4.util import SerializerBase, get_serializer, get_serializer_by_id

SAFE = ["serpent", "json", "marshal", "msgpack"]
PICKLES = ["pickle", "dill", "cloudpickle"]
NAMES = SAFE + PICKLES
IDS = {
    "serpent": 1,
    "json": 2,
    "marshal": 3,
    "pickle": 4,
    "dill": 5,
    "msgpack": 6,
    "cloudpickle": 7,
}
REFUSALS = (TypeError, ValueError, errors.SerializeError)
REFUSED = object()  # by the side that sends
UNREADABLE = object()  # by the side that receives


@pytest.fixture(autouse=True)
def _quick_daemons():
    """Make daemons without threads."""
    config.SERVERTYPE = "multiplex"


@pytest.fixture(params=NAMES)
def name(request):
    """Each serializer."""
    return request.param


@pytest.fixture
def codec(name):
    """Each serializer."""
    return get_serializer(name)


@pytest.fixture(params=SAFE)
def safe(request):
    """Each serializer that runs no code of the other side."""
    return get_serializer(request.param)


class Color(enum.Enum):
    RED = 1


class Number(enum.IntEnum):
    ONE = 1


Pair = collections.namedtuple("Pair", "a b")

B64 = {"data": "YWI=", "encoding": "base64"}
DAY = datetime.date(2020, 1, 2)
NOON = datetime.datetime(2020, 1, 2, 12)
NOON_TEXT = "2020-01-02T12:00:00"
AWARE = datetime.datetime(2020, 1, 2, tzinfo=datetime.UTC)
DEC = decimal.Decimal("1.5")
UUID = uuid.UUID(int=5)

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
    "frozenset": (frozenset({1}), {1}, REFUSED, frozenset({1}), REFUSED),
    "str keys": ({"a": 1}, {"a": 1}, {"a": 1}, {"a": 1}, {"a": 1}),
    "datetime": (NOON, NOON_TEXT, NOON_TEXT, REFUSED, NOON),
    "date": (DAY, "2020-01-02", "2020-01-02", REFUSED, DAY),
    "time": (datetime.time(1, 2), "01:02:00", REFUSED, REFUSED, REFUSED),
    "timedelta": (datetime.timedelta(0, 90), 90.0, REFUSED, REFUSED, REFUSED),
    "decimal": (DEC, "1.5", "1.5", REFUSED, "1.5"),
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
    "uuid": (UUID, *[str(UUID)] * 4),
    "keys": ({"a": 1}.keys(), ["a"], REFUSED, REFUSED, REFUSED),
    "values": ({"a": 1}.values(), [1], REFUSED, REFUSED, REFUSED),
    "nested bytes": ([b"ab"], [B64], REFUSED, [b"ab"], [b"ab"]),
    "nested uuid": ([UUID], [str(UUID)], [str(UUID)], REFUSED, [str(UUID)]),
    "nested complex": ({"a": 1j}, {"a": 1j}, REFUSED, {"a": 1j}, {"a": 1j}),
    "nested set": ([{1}], [{1}], [[1]], [{1}], [[1]]),
    "nested decimal": ([DEC], ["1.5"], ["1.5"], REFUSED, ["1.5"]),
    "nested datetime": ([NOON], [NOON_TEXT], [NOON_TEXT], REFUSED, [NOON]),
    "lots": (10**40, *[10**40] * 4),
}
# Where ours carries more than Pyro4 does.
MORE = {("int keys", "msgpack"), ("tuple keys", "msgpack")}


def table():
    for what, (value, *results) in TABLE.items():
        for name, expected in zip(SAFE, results, strict=True):
            if (what, name) not in MORE:
                yield pytest.param(name, value, expected, id=f"{what}-{name}")


@pytest.mark.parametrize(("name", "value", "expected"), list(table()))
def test_what_arrives(name, value, expected):
    codec = get_serializer(name)
    try:
        data = codec.dumps(value)
    except (*REFUSALS, UnicodeEncodeError):
        assert expected is REFUSED
        return
    if expected is REFUSED:
        assert codec.loads(data) is not None  # who carries more may do so
        return
    result = codec.loads(data)
    assert result == expected
    assert type(result) is type(expected)


# These come as what msgpack calls them, which is a defect of section 8.
EXTENDED = {"complex", "datetime", "date", "lots", "nested complex", "nested datetime"}


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        param
        for param in table()
        if param.values[2] is not REFUSED
        and not (param.values[0] == "msgpack" and param.id.rpartition("-")[0] in EXTENDED)
    ],
)
def test_what_arrives_as_arguments(name, value, expected):
    codec = get_serializer(name)
    data = codec.dumpsCall("obj", "method", (value,), {"key": value})
    object_id, method, vargs, kwargs = codec.loadsCall(data)
    assert (object_id, method) == ("obj", "method")
    assert list(vargs) == [expected]
    assert type(vargs[0]) is type(expected)
    assert kwargs == {"key": expected}


@pytest.mark.fixed("8: msgpack ext types inside call arguments are not converted")
@pytest.mark.parametrize("what", sorted(EXTENDED))
def test_extended_arguments(what):
    value = TABLE[what][0]
    codec = get_serializer("msgpack")
    _, _, vargs, kwargs = codec.loadsCall(codec.dumpsCall("o", "m", (value,), {"k": value}))
    assert (list(vargs), kwargs) == ([value], {"k": value})


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
    assert math.isnan(codec.loads(codec.dumps([math.nan]))[0])


@pytest.mark.parametrize(
    "value",
    [
        b"ab",
        bytearray(b"ab"),
        (1, 2),
        {1},
        set(),
        frozenset({1}),
        NOON,
        DAY,
        AWARE,
        DEC,
        UUID,
        1j,
        array.array("i", [1]),
        Pair(1, 2),
        Color.RED,
        {1: 2},
        {(1, 2): 3},
        range(3),
    ],
    ids=repr,
)
@pytest.mark.parametrize("name", PICKLES)
def test_pickles_carry_all(name, value):
    codec = get_serializer(name)
    result = codec.loads(codec.dumps(value))
    assert result == value
    assert type(result) is type(value)
    _, _, vargs, kwargs = codec.loadsCall(codec.dumpsCall("o", "m", (value,), {"a": value}))
    assert (vargs, kwargs) == ((value,), {"a": value})


def test_dict_views_are_no_pickles():
    with pytest.raises(TypeError):
        get_serializer("pickle").dumps({"a": 1}.keys())


@pytest.mark.parametrize("name", ["dill", "cloudpickle"])
def test_functions(name):
    codec = get_serializer(name)
    assert codec.loads(codec.dumps(lambda x: x + 1))(1) == 2


def test_versions_of_pickles():
    config.PICKLE_PROTOCOL_VERSION = 2
    assert get_serializer("pickle").dumps("x")[:2] == b"\x80\2"
    assert get_serializer("cloudpickle").dumps("x")[:2] == b"\x80\2"
    config.DILL_PROTOCOL_VERSION = 3
    assert get_serializer("dill").dumps("x")[:2] == b"\x80\3"
    config.reset()
    assert get_serializer("pickle").dumps("x")[1] == pickle.HIGHEST_PROTOCOL


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
def test_circles(safe, make):
    value = make()
    if make is list:
        value.append(value)
    else:
        value["x"] = value
    with pytest.raises((ValueError, RecursionError)):
        safe.loads(safe.dumps(value))


@pytest.mark.parametrize("name", PICKLES)
def test_circles_of_pickles(name):
    value = [1]
    value.append(value)
    codec = get_serializer(name)
    result = codec.loads(codec.dumps(value))
    assert result[1] is result


@pytest.mark.parametrize("data", [b"", b"\xff\xfejunk", b"\0"])
def test_junk(codec, data):
    with pytest.raises(Exception):  # noqa: B017, PT011  each has its own
        codec.loadsCall(data)


def test_what_exists(name, codec):
    assert codec.serializer_id == IDS[name]
    assert type(codec).serializer_id == IDS[name]
    assert get_serializer_by_id(IDS[name]) is codec
    assert isinstance(codec, SerializerBase)
    assert type(codec).__name__.lower() == f"{name}serializer"
    assert getattr(util, type(codec).__name__) is type(codec)


@pytest.mark.parametrize("unknown", ["", "nosuch", "Pickle"])
def test_unknown_names(unknown):
    with pytest.raises(errors.SerializeError) as info:
        get_serializer(unknown)
    assert str(info.value) == f"serializer '{unknown}' is unknown or not available"


@pytest.mark.parametrize("unknown", [0, 8, 99, 9999])
def test_unknown_numbers(unknown):
    with pytest.raises(errors.SerializeError) as info:
        get_serializer_by_id(unknown)
    assert str(info.value) == f"no serializer available for id {unknown}"


def test_equality(codec):
    assert type(codec)() == codec
    assert not type(codec)() != codec  # noqa: SIM202
    other = type(codec)()
    other.__dict__["x"] = 1
    assert other != codec
    assert codec != "serializer"


def test_serializers_arrive(codec):
    for one in (codec, get_serializer("json"), get_serializer("pickle")):
        result = codec.loads(codec.dumps(one))
        assert type(result) is type(one)
        assert result == one


# Compression, and the forms of calls.


def test_compression_is_asked_for(codec):
    value = "x" * 5000
    plain, compressed = codec.serializeData(value)
    assert compressed is False
    assert plain == codec.dumps(value)
    packed, compressed = codec.serializeData(value, compress=True)
    assert compressed is True
    assert zlib.decompress(packed) == plain
    assert codec.deserializeData(packed, compressed=True) == value
    assert codec.deserializeData(plain) == value
    assert codec.deserializeData(plain, compressed=False) == value


def test_small_things_are_not_compressed(codec):
    data, compressed = codec.serializeData("x", compress=True)
    assert (data, compressed) == (codec.dumps("x"), False)


@pytest.mark.parametrize(("size", "expected"), [(199, False), (200, True), (201, True)])
def test_the_least_size_that_is_compressed(size, expected):
    codec = get_serializer("json")
    data, compressed = codec.serializeData("x" * (size - 2), compress=True)
    assert compressed is expected
    if not expected:
        assert len(data) == size


def test_what_does_not_shrink_is_not_compressed():
    import random

    value = random.Random(1).randbytes(300)
    data, compressed = get_serializer("marshal").serializeData(value, compress=True)
    assert compressed is False
    assert get_serializer("marshal").deserializeData(data) == value


@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("size", [1, 5000])
def test_calls(codec, compress, size):
    value = "x" * size
    data, compressed = codec.serializeCall(
        "obj", "method", (value, 1), {"a": value}, compress
    )
    assert compressed is (compress and size > 1)
    object_id, method, vargs, kwargs = codec.deserializeCall(data, compressed)
    assert (object_id, method, list(vargs)) == ("obj", "method", [value, 1])
    assert kwargs == {"a": value}
    again, _ = codec.serializeCall(
        "obj", "method", (value, 1), {"a": value}, compress=compress
    )
    assert codec.deserializeCall(again, compressed=compressed)[1] == "method"


@pytest.mark.parametrize("name", [n for n in NAMES if n != "marshal"])
def test_calls_without_keywords(name):
    codec = get_serializer(name)
    data = codec.dumpsCall("o", "__getattr__", ("x",), None)
    assert codec.loadsCall(data)[3] is None


@pytest.mark.fixed("8: marshal can't send kwargs that are None")
def test_calls_without_keywords_by_marshal():
    codec = get_serializer("marshal")
    _, _, vargs, kwargs = codec.loadsCall(codec.dumpsCall("o", "__getattr__", ("x",), None))
    assert list(vargs) == ["x"]
    assert not kwargs


def test_json_calls_are_objects():
    data = get_serializer("json").dumpsCall("o", "m", (1, "\u20ac"), {"a": 2})
    assert "\u20ac" in bytes(data).decode("utf-8")
    assert json.loads(bytes(data)) == {
        "object": "o",
        "method": "m",
        "params": [1, "\u20ac"],
        "kwargs": {"a": 2},
    }


def test_serpent_calls():
    data = get_serializer("serpent").dumpsCall("o", "m", (1,), {"a": 2})
    assert bytes(data) == b"# serpent utf-8 python3.2\n('o','m',(1,),{'a':2})"


# Classes.


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


class Scripted:
    """As if from a program."""

    __slots__ = ["number"]

    def __init__(self):
        self.number = 42


Thing.__module__ = Slotted.__module__ = "facts"
Scripted.__module__ = "__main__"


@pytest.mark.parametrize("kind", [Slotted, Thing])
def test_unknown_classes_by_serpent(kind):
    codec = get_serializer("serpent")
    data = codec.dumps(kind())
    assert bytes(data).endswith(
        f"{{'number':42,'__class__':'facts.{kind.__name__}'}}".encode()
    )
    text = f"^unsupported serialized class: facts.{kind.__name__}"
    with pytest.raises(errors.SerializeError, match=text):
        codec.loads(data)


def test_unknown_classes(safe, caplog):
    data = safe.dumps(Slotted())
    with caplog.at_level(logging.WARNING, "Pyro4"):
        with pytest.raises(errors.SerializeError) as info:
            safe.loads(data)
    assert str(info.value) == "unsupported serialized class: facts.Slotted"


@pytest.mark.fixed("8: Python 3.11 has object.__getstate__")
@pytest.mark.parametrize("name", ["json", "marshal", "msgpack"])
def test_plain_classes_are_named(name):
    codec = get_serializer(name)
    with pytest.raises(
        errors.SerializeError, match=r"unsupported serialized class: facts\.Thing"
    ):
        codec.loads(codec.dumps(Thing()))


@pytest.mark.fixed("8: Python 3.11 has object.__getstate__")
def test_the_dict_form_of_plain_classes():
    assert SerializerBase.class_to_dict(Thing()) == {
        "__class__": "facts.Thing",
        "number": 42,
    }


def test_the_dict_form():
    expected = {"__class__": "facts.Slotted", "number": 42}
    assert SerializerBase.class_to_dict(Slotted()) == expected
    assert SerializerBase.class_to_dict(Stateful()) == {"number": 42}


def test_double_underscores(safe):
    text = "refused to deserialize types with double underscores in their name: __main__.Scripted"
    with pytest.raises(errors.SecurityError) as info:
        safe.loads(safe.dumps(Scripted()))
    assert str(info.value) == text


@pytest.mark.parametrize("name", ["json", "marshal", "msgpack"])
def test_objects_with_a_state_are_that_state(name):
    codec = get_serializer(name)
    assert codec.loads(codec.dumps(Stateful())) == {"number": 42}


def test_dict_form_of_errors():
    error = ValueError("text", 42)
    error.extra = [1]
    assert SerializerBase.class_to_dict(error) == {
        "__class__": "builtins.ValueError",
        "__exception__": True,
        "args": ("text", 42),
        "attributes": {"extra": [1]},
    }
    assert SerializerBase.class_to_dict(errors.NamingError("x")) == {
        "__class__": "Pyro4.errors.NamingError",
        "__exception__": True,
        "args": ("x",),
        "attributes": {},
    }


def test_dict_form_of_ours():
    uri = core.URI("PYRO:o@h:1")
    data = SerializerBase.class_to_dict(uri)
    assert data["__class__"] == "Pyro4.core.URI"
    assert tuple(data["state"]) == ("PYRO", "o", None, "h", 1)
    proxy = core.Proxy("PYRO:o@h:1")
    proxy._pyroHmacKey = b"key"
    data = SerializerBase.class_to_dict(proxy)
    assert data["__class__"] == "Pyro4.core.Proxy"
    uri, oneway, methods, attrs, *rest = data["state"]
    assert (str(uri), list(oneway), list(methods), list(attrs)) == (
        "PYRO:o@h:1",
        [],
        [],
        [],
    )
    assert rest == [0.0, "b64:a2V5", "hello", 0, None]


@pytest.mark.parametrize(
    ("data", "error", "text"),
    [
        ({"__class__": "a.b"}, errors.SerializeError, "unsupported serialized class: a.b"),
        (
            {"__class__": "__main__.X"},
            errors.SecurityError,
            "double underscores.*__main__.X",
        ),
        ({"__class__": "os.__x"}, errors.SecurityError, "double underscores"),
        ({"__class__": "Pyro4.core.Bogus"}, errors.SerializeError, "Pyro4.core.Bogus"),
        ({"__class__": "Pyro4.util.XSerializer"}, errors.SerializeError, "XSerializer"),
        (
            {"__class__": "Pyro5.core.URI", "state": []},
            errors.SerializeError,
            "Pyro5.core.URI",
        ),
        ({"__class__": ""}, errors.SerializeError, "unsupported serialized class"),
        ({"__class__": "ValueError", "args": []}, errors.SerializeError, "ValueError"),
        (
            {"__class__": "builtins.ValueError", "args": ["x"], "attributes": {}},
            errors.SerializeError,
            "unsupported serialized class: builtins.ValueError",
        ),
        (
            {"__class__": "json.JSONDecodeError", "__exception__": True, "args": ["x"]},
            errors.SerializeError,
            "unsupported serialized class: json.JSONDecodeError",
        ),
    ],
    ids=lambda value: value.get("__class__") if isinstance(value, dict) else None,
)
def test_dicts_that_are_refused(data, error, text):
    with pytest.raises(error, match=text):
        SerializerBase.dict_to_class(data)


def test_what_is_no_class_is_no_error(safe):
    assert safe.loads(safe.dumps({"__exception__": True, "a": 1})) == {
        "__exception__": True,
        "a": 1,
    }
    with pytest.raises(errors.SerializeError, match="<unknown>"):
        SerializerBase.dict_to_class({"a": 1})


@pytest.mark.parametrize("namespace", ["builtins.", "exceptions.", ""])
def test_dicts_of_errors(namespace):
    data = {
        "__class__": f"{namespace}ValueError",
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


def test_only_errors_are_made():
    for name in ("eval", "int", "print"):
        data = {"__class__": f"builtins.{name}", "__exception__": True, "args": ["1"]}
        with pytest.raises((TypeError, errors.SerializeError, errors.SecurityError)):
            SerializerBase.dict_to_class(data)


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
        errors.MessageTooLargeError("x"),
        errors.SecurityError("x", 5),
        sqlite3.OperationalError("x"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_errors_arrive(codec, error):
    error.custom = "attribute"
    error._pyroTraceback = ["line"]
    result = codec.loads(codec.dumps(error))
    assert type(result) is type(error)
    assert result.args == error.args
    assert result.custom == "attribute"
    assert result._pyroTraceback == ["line"]


@pytest.mark.parametrize("name", ["serpent", "json", "msgpack", *PICKLES])
def test_errors_arrive_inside(name):
    codec = get_serializer(name)
    result = codec.loads(codec.dumps([{"a": ValueError("x")}]))
    assert type(result[0]["a"]) is ValueError
    assert result[0]["a"].args == ("x",)


class OwnError(Exception):
    pass


OwnError.__module__ = "facts"


def test_unknown_errors(safe):
    with pytest.raises(
        errors.SerializeError, match=r"unsupported serialized class: facts\.OwnError"
    ):
        safe.loads(safe.dumps(OwnError("x")))


@pytest.mark.parametrize(
    "text", ["PYRO:o@h:1", "PYRONAME:n@h:2", "PYRO:o@./u:x", "PYROMETA:a", "PYROMETA:a,b"]
)
def test_uris_arrive(codec, text):
    uri = Pyro4.URI(text)
    result = codec.loads(codec.dumps(uri))
    assert type(result) is Pyro4.URI
    assert set(result.object) == set(uri.object)
    assert (result.protocol, result.location) == (uri.protocol, uri.location)
    if "," not in text:
        assert str(result) == text


@pytest.mark.parametrize("name", ["serpent", "json", "msgpack", *PICKLES])
def test_uris_arrive_inside(name):
    codec = get_serializer(name)
    uri = Pyro4.URI("PYRO:o@h:1")
    assert codec.loads(codec.dumps([{"a": uri}])) == [{"a": uri}]
    _, _, vargs, kwargs = codec.loadsCall(codec.dumpsCall("o", "m", ([uri],), {"k": uri}))
    assert (vargs[0], kwargs["k"]) == ([uri], uri)


def test_proxies_arrive(codec):
    proxy = Pyro4.Proxy("PYRO:o@h:1")
    proxy._pyroTimeout = 42
    proxy._pyroMaxRetries = 78
    proxy._pyroHandshake = "apples"
    proxy._pyroSerializer = "serpent"
    proxy._pyroMethods = {"m"}
    proxy._pyroAttrs = {"a"}
    proxy._pyroOneway = {"o"}
    proxy._pyroHmacKey = b"key"
    result = codec.loads(codec.dumps(proxy))
    assert type(result) is Pyro4.Proxy
    assert result == proxy
    assert result._pyroHandshake == "apples"
    assert result._pyroSerializer == "serpent"
    assert (result._pyroMethods, result._pyroAttrs, result._pyroOneway) == (
        {"m"},
        {"a"},
        {"o"},
    )
    assert result._pyroHmacKey == b"key"
    assert result._pyroTimeout == config.COMMTIMEOUT
    assert result._pyroMaxRetries == config.MAX_RETRIES
    assert result._pyroConnection is None
    assert result._pyroSeq == 0


def test_proxies_of_other_versions_arrive():
    """Those have no serializer in their state."""
    data = {
        "__class__": "Pyro4.core.Proxy",
        "state": ["PYRO:o@h:1", ["o"], ["m"], ["a"], 0.0, None, "hello", 0],
    }
    proxy = SerializerBase.dict_to_class(data)
    assert proxy == Pyro4.Proxy("PYRO:o@h:1")
    assert (proxy._pyroMethods, proxy._pyroSerializer) == ({"m"}, None)


class Special(Pyro4.Proxy):
    pass


@pytest.mark.fixed("8: proxy subclass tag")
def test_proxies_of_a_subclass_arrive(safe):
    result = safe.loads(safe.dumps(Special("PYRO:o@h:1")))
    assert type(result) is Pyro4.Proxy
    assert result == Pyro4.Proxy("PYRO:o@h:1")


@pytest.mark.parametrize("name", ["pickle", "cloudpickle"])
def test_proxies_of_a_subclass_are_pickled_as_such(name):
    codec = get_serializer(name)
    assert type(codec.loads(codec.dumps(Special("PYRO:o@h:1")))) is Special


def test_daemons_arrive_empty(codec):
    with Pyro4.Daemon() as daemon:
        result = codec.loads(codec.dumps(daemon))
    assert type(result) is Pyro4.Daemon
    assert vars(result) == {}
    assert "unusable" in repr(result)


def test_wrapped_errors_arrive(codec):
    result = codec.loads(codec.dumps(futures._ExceptionWrapper(ValueError("x"))))
    assert type(result) is futures._ExceptionWrapper
    assert type(result.exception) is ValueError
    with pytest.raises(ValueError, match=r"^x$"):
        result.raiseIt()


@pytest.mark.parametrize("name", ["serpent", "json", "msgpack", *PICKLES])
def test_wrapped_errors_arrive_inside(name):
    codec = get_serializer(name)
    result = codec.loads(codec.dumps([1, futures._ExceptionWrapper(KeyError("x"))]))
    assert result[1].exception.args == ("x",)


@pytest.mark.fixed("8: a failing batch under marshal cannot be answered")
def test_wrapped_errors_arrive_inside_by_marshal():
    codec = get_serializer("marshal")
    result = codec.loads(codec.dumps([1, futures._ExceptionWrapper(KeyError("x"))]))
    assert result[1].exception.args == ("x",)


def test_literals_are_converted():
    data = [{"__class__": "Pyro4.core.URI", "state": ("PYRO", "o", None, "h", 1)}]
    uri = Pyro4.URI("PYRO:o@h:1")
    codec = get_serializer("json")
    assert codec.recreate_classes(data) == [uri]
    assert codec.recreate_classes({"a": (1, [2], {3})}) == {"a": (1, [2], {3})}
    assert codec.recreate_classes({"a": data})["a"] == [uri]
    assert codec.recreate_classes((data, 5)) == ([uri], 5)
    assert codec.recreate_classes("text") == "text"


# Converters.


@pytest.fixture
def hooks():
    """Registered converters that are forgotten at the end."""

    def to_dict(thing):
        return {"__class__": "Facts-Thing", "number": thing.number}

    def to_thing(class_name, data):
        assert class_name == "Facts-Thing"
        assert data["__class__"] == class_name
        thing = Thing()
        thing.number = data["number"] + 1
        return thing

    SerializerBase.register_class_to_dict(Thing, to_dict)
    SerializerBase.register_dict_to_class("Facts-Thing", to_thing)
    yield
    SerializerBase.unregister_class_to_dict(Thing)
    SerializerBase.unregister_dict_to_class("Facts-Thing")


def test_hooks(safe, hooks):
    result = safe.loads(safe.dumps(Thing()))
    assert type(result) is Thing
    assert result.number == 43


class Child(Thing):
    pass


def test_hooks_serve_subclasses(safe, hooks):
    assert type(safe.loads(safe.dumps(Child()))) is Thing
    assert SerializerBase.class_to_dict(Child()) == {
        "__class__": "Facts-Thing",
        "number": 42,
    }


def test_hooks_in_calls(safe, hooks):
    data = safe.dumpsCall("o", "m", (Thing(),), {"x": Thing()})
    _, _, (one,), kwargs = safe.loadsCall(data)
    assert (one.number, kwargs["x"].number) == (43, 43)


@pytest.mark.parametrize("name", ["serpent", "json", "msgpack"])
def test_hooks_inside(name, hooks):
    codec = get_serializer(name)
    result = codec.loads(codec.dumps([{"a": Thing()}]))
    assert result[0]["a"].number == 43


@pytest.mark.parametrize("name", PICKLES)
def test_hooks_are_not_for_pickles(name, hooks):
    codec = get_serializer(name)
    assert codec.loads(codec.dumps(Pair(1, 2))) == Pair(1, 2)

    class Known(decimal.Decimal):
        pass

    SerializerBase.register_class_to_dict(decimal.Decimal, lambda value: {"__class__": "x"})
    try:
        assert codec.loads(codec.dumps(DEC)) == DEC
    finally:
        SerializerBase.unregister_class_to_dict(decimal.Decimal)


@pytest.mark.parametrize("name", ["json", "marshal", "msgpack"])
def test_unregistering(name, hooks):
    SerializerBase.unregister_class_to_dict(Thing)
    SerializerBase.unregister_dict_to_class("Facts-Thing")
    SerializerBase.unregister_class_to_dict(Thing)
    SerializerBase.unregister_dict_to_class("Facts-Thing")
    codec = get_serializer(name)
    with pytest.raises(
        errors.SerializeError, match="unsupported serialized class: Facts-Thing"
    ):
        codec.loads(codec.dumps({"__class__": "Facts-Thing"}))


def test_serpent_may_be_left_out():
    SerializerBase.register_class_to_dict(
        Thing, lambda thing: {"__class__": "T"}, serpent_too=False
    )
    try:
        assert get_serializer("json").dumps(Thing()) == b'{"__class__": "T"}'
        assert b"'facts.Thing'" in get_serializer("serpent").dumps(Thing())
    finally:
        SerializerBase.unregister_class_to_dict(Thing)


def test_a_dict_hook_may_return_anything(safe):
    SerializerBase.register_dict_to_class("Any-Thing", lambda name, data: [name, data["x"]])
    try:
        data = safe.dumps({"__class__": "Any-Thing", "x": 1})
        assert safe.loads(data) == ["Any-Thing", 1]
    finally:
        SerializerBase.unregister_dict_to_class("Any-Thing")


def test_registered_names_may_have_double_underscores(safe):
    SerializerBase.register_dict_to_class("__main__.Own", lambda name, data: data["x"])
    try:
        assert safe.loads(safe.dumps({"__class__": "__main__.Own", "x": 1})) == 1
    finally:
        SerializerBase.unregister_dict_to_class("__main__.Own")


def test_hooks_come_before_the_built_in_ones(safe):
    class Mine(Exception):
        pass

    SerializerBase.register_class_to_dict(Mine, lambda error: {"__class__": "Mine-Error"})
    SerializerBase.register_dict_to_class("Mine-Error", lambda name, data: Mine("made"))
    try:
        assert type(safe.loads(safe.dumps(Mine("x")))) is Mine
    finally:
        SerializerBase.unregister_class_to_dict(Mine)
        SerializerBase.unregister_dict_to_class("Mine-Error")


def fresh():
    """Return a new class, as replacements are never forgotten."""

    class Replaced:
        pass

    return Replaced


@pytest.mark.parametrize("name", ["serpent", "json", "msgpack"])
def test_types_can_be_replaced(name):
    codec, kind = get_serializer(name), fresh()
    type(codec).register_type_replacement(kind, lambda value: DEC)
    assert codec.loads(codec.dumps(kind())) == "1.5"
    assert codec.loads(codec.dumps([kind()])) == ["1.5"]
    _, _, vargs, kwargs = codec.loadsCall(
        codec.dumpsCall("o", "m", ([kind()],), {"k": kind()})
    )
    assert (vargs[0], kwargs) == (["1.5"], {"k": "1.5"})


@pytest.mark.parametrize("name", [n for n in NAMES if n != "marshal"])
def test_types_can_be_replaced_by_ours(name):
    codec, kind = get_serializer(name), fresh()
    uri = core.URI("PYRO:o@h:1")
    type(codec).register_type_replacement(kind, lambda value: uri)
    assert codec.loads(codec.dumps(kind())) == uri


@pytest.mark.parametrize("name", ["serpent", "json", "msgpack"])
def test_replacements_go_through_hooks(name, hooks):
    codec, kind = get_serializer(name), fresh()
    type(codec).register_type_replacement(kind, lambda value: Thing())
    assert codec.loads(codec.dumps([kind()]))[0].number == 43


@pytest.mark.parametrize("name", ["serpent", "json", "msgpack", *PICKLES])
@pytest.mark.parametrize("kind", [type, 42, "text"], ids=str)
def test_only_classes_can_be_replaced(name, kind):
    with pytest.raises(ValueError, match="refusing to register replacement"):
        get_serializer(name).register_type_replacement(kind, lambda value: value)


# Registered objects.


@Pyro4.expose
class Served:
    def method(self):
        pass


def made():
    """Return an object of a new class."""
    return type("Served", (Served,), {})()


@pytest.mark.parametrize("name", [n for n in NAMES if n != "marshal"])
def test_registered_objects_become_proxies(name):
    codec, value = get_serializer(name), made()
    with Pyro4.Daemon() as daemon:
        uri = daemon.register(value)
        result = codec.loads(codec.dumps(value))
        assert type(result) is Pyro4.Proxy
        assert result._pyroUri == uri
        assert result._pyroMethods == {"method"}
        assert value._pyroDaemon is daemon
        daemon.unregister(value)


@pytest.mark.parametrize("name", ["serpent", "json", "msgpack", *PICKLES])
def test_registered_objects_inside(name):
    codec, value = get_serializer(name), made()
    with Pyro4.Daemon() as daemon:
        uri = daemon.register(value)
        result = codec.loads(codec.dumps([{"a": value}]))
        assert result[0]["a"]._pyroUri == uri
        _, _, vargs, kwargs = codec.loadsCall(
            codec.dumpsCall("o", "m", (value,), {"k": value})
        )
        assert (vargs[0]._pyroUri, kwargs["k"]._pyroUri) == (uri, uri)


@pytest.mark.parametrize("name", [n for n in NAMES if n != "marshal"])
def test_the_key_of_a_daemon_is_not_handed_out(name):
    codec, value = get_serializer(name), made()
    with Pyro4.Daemon() as daemon:
        daemon._pyroHmacKey = b"key"
        daemon.register(value)
        assert codec.loads(codec.dumps(value))._pyroHmacKey is None


def test_no_proxies_if_switched_off():
    config.AUTOPROXY = False
    value = made()
    with Pyro4.Daemon() as daemon:
        daemon.register(value)
        assert type(core.pyroObjectToAutoProxy(value)) is type(value)
        with pytest.raises((*REFUSALS, errors.SecurityError)):
            get_serializer("serpent").loads(get_serializer("serpent").dumps(value))


def test_unregistered_objects_are_no_proxies():
    value = made()
    with Pyro4.Daemon() as daemon:
        daemon.register(value)
        daemon.unregister(value)
        assert core.pyroObjectToAutoProxy(value) is value


@pytest.mark.fixed("2.4: copy.copy of a registered object yields a proxy")
def test_copies_of_registered_objects():
    import copy

    value = made()
    with Pyro4.Daemon() as daemon:
        daemon.register(value)
        assert type(copy.copy(value)) is type(value)


@pytest.mark.fixed("8: serializing with marshal forgets the daemon")
def test_marshal_leaves_the_daemon():
    value = made()
    with Pyro4.Daemon() as daemon:
        uri = daemon.register(value)
        codec = get_serializer("marshal")
        codec.dumps(value)
        assert value._pyroDaemon is daemon
        assert (
            get_serializer("json").loads(get_serializer("json").dumps(value))._pyroUri
            == uri
        )


def test_the_other_helpers():
    assert util.json is json
    assert util.fixIronPythonExceptionForPickle(ValueError("x"), True) is None


def test_what_stands_for_objects_in_marshal_and_json():
    marshal, json = util.MarshalSerializer(), util.JsonSerializer()
    number = uuid.UUID(int=1)
    for value in (1, "x", b"a", (1, number), [object], {"a": 1}, {1}, None, 1j):
        assert marshal.convert_obj_into_marshallable(value) is value
    assert int in marshal.marshalable_types
    for convert in (marshal.convert_obj_into_marshallable, json.default):
        assert convert(number) == str(number)
        assert convert(ValueError("a"))["__class__"] == "builtins.ValueError"
        assert convert(array.array("i", [1])) == [1]
        with pytest.raises(errors.SerializeError):
            convert(object())
    assert list(json.default({1, 2})) == [1, 2]
