from __future__ import annotations

import functools
import itertools
import threading
import tracemalloc
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyrophone.errors import (
    SecurityError,
    SerializeError,
)
from pyrophone.serializers import ClassTable, make_serializers
from pyrophone.serializers.base import check_depth
from pyrophone.serializers.codecs import make_codecs
from pyrophone.settings import Settings
from pyrophone.testing.strategies import garbage, json_like, mutations, plain_values, same
from pyrophone.uri import URI

CLASSES = ClassTable()
SERIALIZERS = make_serializers(CLASSES)
NAMES = list(SERIALIZERS)
every = pytest.mark.parametrize("name", NAMES)


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth - 1):
        value = [value]
    return value


def test_serializers_have_the_names_and_numbers_of_the_wire() -> None:
    numbers = {name: serializer.id for name, serializer in SERIALIZERS.items()}
    assert numbers == {"serpent": 1, "marshal": 2, "json": 3, "msgpack": 4}
    assert all(serializer.name == name for name, serializer in SERIALIZERS.items())


@pytest.mark.slow
@every
@given(data=st.data())
def test_values_arrive_as_they_were(name: str, data: st.DataObject) -> None:
    value = data.draw(plain_values(name))
    serializer = SERIALIZERS[name]
    assert same(serializer.loads(serializer.dumps(value)), value)


@pytest.mark.slow
@every
@given(
    args=st.lists(json_like(), max_size=3), kwargs=st.dictionaries(st.text(), json_like())
)
def test_calls_arrive_as_they_were(
    name: str, args: list[Any], kwargs: dict[str, Any]
) -> None:
    serializer = SERIALIZERS[name]
    call = serializer.loads_call(
        serializer.dumps_call("obj", "méthode", tuple(args), kwargs)
    )
    assert (call[0], call[1], list(call[2]), call[3]) == ("obj", "méthode", args, kwargs)


@every
def test_keywords_may_be_none(name: str) -> None:
    serializer = SERIALIZERS[name]
    call = serializer.loads_call(
        serializer.dumps_call("obj", "<batch>", [("m", (), {})], None)
    )
    assert call[3] is None
    assert call[2][0][0] == "m"


@every
@given(data=garbage())
def test_garbage_raises_our_errors_only(name: str, data: bytes) -> None:
    for read in (SERIALIZERS[name].loads, SERIALIZERS[name].loads_call):
        try:
            read(data)
        except (SerializeError, SecurityError):
            continue


@pytest.mark.slow
@every
@given(data=st.data())
def test_mutated_bytes_raise_our_errors_only(name: str, data: st.DataObject) -> None:
    serializer = SERIALIZERS[name]
    error = ValueError("bad", {"k": [1.5, None]})
    good = serializer.dumps_call("obj", "m", [error, data.draw(json_like())], {"k": -1})
    bad = data.draw(mutations(good))
    for read in (serializer.loads, serializer.loads_call):
        try:
            read(bad)
        except (SerializeError, SecurityError):
            continue


@every
def test_the_depth_limit_is_inclusive_for_values_and_arguments(name: str) -> None:
    serializer = make_serializers(CLASSES, max_depth=20)[name]
    generous = make_serializers(CLASSES, max_depth=50)[name]
    assert serializer.loads(serializer.dumps(nested(20))) == nested(20)
    call = serializer.dumps_call("o", "m", (nested(20),), {"k": nested(20)})
    assert serializer.loads_call(call)[2][0] == nested(20)
    with pytest.raises(SerializeError, match=r"^result: nested deeper than 20 levels$"):
        serializer.dumps(nested(21))
    with pytest.raises(SerializeError, match=r"^argument 1: nested deeper than 20 levels$"):
        serializer.dumps_call("o", "m", (nested(21),), {})
    with pytest.raises(SerializeError, match="nested deeper than 20 levels"):
        serializer.loads(generous.dumps(nested(21)))
    with pytest.raises(SerializeError, match="nested deeper than 22 levels"):
        serializer.loads_call(generous.dumps_call("o", "m", (), {"k": nested(21)}))


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("serpent", b"[" * 100_000),
        ("serpent", b"(" * 50_000 + b"1" + b")" * 50_000),
        ("serpent", b"{1:" * 50_000),
        ("json", b"[" * 100_000),
        ("json", b'{"a":' * 50_000),
        ("json", b"[" * 300 + b"]" * 300),
        ("marshal", b"[\x01\0\0\0" * 50_000 + b"N"),
        ("msgpack", b"\x91" * 100_000),
        ("msgpack", b"\x91" * 300 + b"\xc0"),
    ],
)
def test_bottomless_nesting_is_refused(name: str, data: bytes) -> None:
    with pytest.raises(SerializeError):
        SERIALIZERS[name].loads(data)


@every
def test_the_limit_of_values_is_inclusive_and_counts_containers_and_keys(name: str) -> None:
    values = [{"k": 1, "l": [2, 3]}, [], *["x"] * 100]
    exact = 2 + 2 * 2 + 2 + 1 + 100
    assert len(SERIALIZERS[name].dumps(values)) > exact  # or nothing would be counted
    generous = make_serializers(CLASSES, max_elements=exact)[name]
    assert generous.loads(SERIALIZERS[name].dumps(values)) == values
    for limit in (exact - 1, 103, 102, 50, 1):
        strict = make_serializers(CLASSES, max_elements=limit)[name]
        with pytest.raises(SerializeError, match=f"^more than {limit} values$"):
            strict.loads(SERIALIZERS[name].dumps(values))
        with pytest.raises(SerializeError, match=f"^more than {limit} values$"):
            strict.loads_call(SERIALIZERS[name].dumps_call("o", "m", values, {}))


COUNTED = [
    [],
    [1, {"k": (2, [3])}, "x", None],
    {"a": {"b": {"c": 1}}, "d": [[], {}]},
    {1, 2, 3},
    {"k": [ValueError("bad", 7), URI.parse("PYRO:lamp@host:1")]},
    [1] * 50,
]


@functools.cache
def limited(name: str, extended: bool, limit: int) -> Any:
    """Return a serializer, for peers that know the feature values or not."""
    codecs = make_codecs(ClassTable(), Settings(max_elements=limit))
    return (codecs.extended() if extended else codecs).by_name[name]


def least(name: str, extended: bool, method: str, *args: Any) -> int:
    """Return the least limit of values under which a method takes what it is given."""
    for limit in itertools.count(1):
        try:
            getattr(limited(name, extended, limit), method)(*args)
        except SerializeError as error:
            if str(error).endswith(f"more than {limit} values"):
                continue
            raise
        return limit
    raise AssertionError("unreachable")


@every
@pytest.mark.parametrize("extended", [False, True])
@pytest.mark.parametrize("value", COUNTED, ids=str)
def test_as_many_values_are_written_as_may_be_read(
    name: str, extended: bool, value: Any
) -> None:
    generous = limited(name, extended, 1000)
    read = least(name, extended, "loads", generous.dumps(value))
    assert least(name, extended, "dumps", value) == read
    call = ("o", "m", (value, 1), {"k": value})
    read = least(name, extended, "loads_call", generous.dumps_call(*call))
    assert least(name, extended, "dumps_call", *call) == read > 5


@every
def test_long_texts_are_few_values(name: str) -> None:
    strict = make_serializers(CLASSES, max_elements=5)[name]
    for text in ("[{,:" * 50, '"\\' * 50, "'," * 50):
        assert strict.loads(strict.dumps([text, {"k": text}])) == [text, {"k": text}]


def test_many_short_values_are_refused_before_they_are_built() -> None:
    """What takes 2 bytes here would take 64 and more there."""
    size = 100_000
    for name, data in (
        ("serpent", b"[" + b"[]," * size + b"]"),
        ("serpent", b"[" + b"[ ]," * size + b"]"),
        ("serpent", b"[" + b"'a' 'b' " * size + b"]"),
        ("json", b"[" + b"[]," * size + b"[]]"),
        ("json", b"[" + b"[ ]," * size + b"]"),
        ("marshal", b"[" + (size).to_bytes(4, "little") + b"[\0\0\0\0" * size),
        ("msgpack", b"\xdd" + size.to_bytes(4, "big") + b"\x90" * size),
        ("msgpack", b"\xdf" + size.to_bytes(4, "big") + b"\xce\0\0\0\0\x90" * size),
        (
            "msgpack",
            b"\x92\xdc\x0b\xb8" + b"\x90" * 3000 + b"\xdc\x0b\xb8" + b"\x90" * 3000,
        ),
    ):
        serializer = make_serializers(CLASSES, max_elements=5000)[name]
        tracemalloc.start()
        try:
            with pytest.raises(SerializeError, match=r"^more than 5000 values$"):
                serializer.loads(data)
            assert tracemalloc.get_traced_memory()[1] < 8 * len(data) + 5000 * 220
        finally:
            tracemalloc.stop()


@every
def test_the_culprit_is_named_by_its_path(name: str) -> None:
    class Camera:
        def __init__(self) -> None:
            self.lenses = [threading.Lock()]

    serializer = SERIALIZERS[name]
    lock = threading.Lock()
    cases: list[tuple[Any, Any, str]] = [
        ((1, {"k": [lock]}), {}, "argument 2['k'][0]: lock object"),
        ((1,), {"name": lock}, "argument 'name': lock object"),
        ((Camera(),), {}, "argument 1.lenses[0]: lock object"),
        ((ValueError("x", lock),), {}, "argument 1.args[1]: lock object"),
    ]
    for args, kwargs, text in cases:
        with pytest.raises(SerializeError) as caught:
            serializer.dumps_call("obj", "m", args, kwargs)
        assert str(caught.value) == text
        assert caught.value.__cause__ is not None
    with pytest.raises(SerializeError, match=r"^result\[3\]\.lenses\[0\]: lock object$"):
        serializer.dumps([0, (1,), {2}, Camera()])
    with pytest.raises(SerializeError, match=r"^result\['views'\]\[1\]: lock object$"):
        serializer.dumps({"views": {1: 2, 3: lock}.values()})


@every
def test_circular_values_are_refused_and_the_circle_is_shown(name: str) -> None:
    inner: dict[str, Any] = {}
    value = [1, inner]
    inner["again"] = value
    with pytest.raises(
        SerializeError, match=r"^result\[1\]\['again'\]: circular structure$"
    ):
        SERIALIZERS[name].dumps(value)


@every
def test_what_cannot_travel_is_refused(name: str) -> None:
    for value in (
        range(3),
        print,
        int,
        object(),
        len,
        iter([]),
        threading,
        (x for x in ""),
    ):
        with pytest.raises(SerializeError, match=f"result: {type(value).__name__} object"):
            SERIALIZERS[name].dumps(value)


@every
def test_an_object_whose_own_code_fails_is_named(name: str) -> None:
    class Broken:
        def __getstate__(self) -> object:
            raise KeyError("broken")

    with pytest.raises(
        SerializeError, match=r"result\[0\]: converting a Broken failed: KeyErr"
    ):
        SERIALIZERS[name].dumps([Broken()])


@every
@pytest.mark.parametrize(
    "parts",
    [
        None,
        5,
        [1, 2],
        ["o", 1, [], {}],
        ["o", "m", "args", {}],
        ["o", "m", [], [1]],
        ["o", "m", [], []],
        ["o", "m", [], "k"],
    ],
)
def test_malformed_calls_are_refused(name: str, parts: Any) -> None:
    serializer = SERIALIZERS[name]
    with pytest.raises(SerializeError, match="malformed call"):
        serializer.loads_call(serializer.dumps(parts))


@pytest.mark.parametrize("name", ["serpent", "marshal", "msgpack"])
def test_keywords_must_be_strings(name: str) -> None:
    serializer = SERIALIZERS[name]
    with pytest.raises(SerializeError, match="malformed call: keyword 1 is no string"):
        serializer.loads_call(serializer.dumps(("o", "m", [], {1: 2})))


@every
def test_class_forms_are_converted_in_calls_but_not_the_call_itself(name: str) -> None:
    serializer = SERIALIZERS[name]
    form = {"__class__": "builtins.ValueError", "__exception__": True, "args": ["v"]}
    data = serializer.dumps_call("o", "m", [form, [form]], {"k": {"deep": form}})
    _, _, args, kwargs = serializer.loads_call(data)
    assert kwargs is not None
    assert [type(args[0]), type(args[1][0]), type(kwargs["k"]["deep"])] == [ValueError] * 3


@every
def test_a_security_error_of_a_converter_is_passed_on(name: str) -> None:
    class Secret:
        pass

    def refuse(value: Any) -> Any:
        raise SecurityError("never")

    classes = ClassTable()
    classes.register(Secret, refuse)
    serializer = make_serializers(classes)[name]
    with pytest.raises(SecurityError, match=r"^never$"):
        serializer.dumps([Secret()])
    with pytest.raises(SecurityError, match=r"^never$"):
        serializer.dumps_call("o", "m", [Secret()], {})


def test_depth_counts_lists_and_mappings() -> None:
    check_depth([{"a": [1]}, 2], 3)
    check_depth(5, 0)
    with pytest.raises(SerializeError, match="nested deeper than 2 levels"):
        check_depth([{"a": [1]}, 2], 2)
    with pytest.raises(SerializeError, match="nested deeper than 2 levels"):
        check_depth([{"a": []}, 2], 2)


@settings(max_examples=10)
@given(value=plain_values("serpent"))
def test_the_type_of_the_buffer_does_not_matter(value: Any) -> None:
    serializer = SERIALIZERS["serpent"]
    data = serializer.dumps(value)
    buffers: list[Any] = [bytearray(data), memoryview(data)]
    for buffer in buffers:
        assert same(serializer.loads(buffer), value)
