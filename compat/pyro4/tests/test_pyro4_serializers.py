"""What travels, by each of the safe serializers, and in which bytes."""

from __future__ import annotations

import array
import collections
import contextlib
import datetime
import decimal
import json
import math
import os
import subprocess
import sys
import uuid
import warnings
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peers import real_python
from Pyro4 import errors
from Pyro4.configuration import config
from Pyro4.serializers import (
    CODECS,
    SerializerBase,
    accepted,
    all_exceptions,
    get_serializer,
    get_serializer_by_id,
    serializers,
    serializers_by_id,
)
from Pyro4.tables import CLASSES
from pyrophone import URI
from pyrophone.errors import NoSuchObjectError
from pyrophone.serializers.classes import Failure

HERE = Path(__file__).parent
SAFE = ("serpent", "json", "marshal", "msgpack")
each = pytest.mark.parametrize("name", SAFE)
HEADER = b"# serpent utf-8 python3.2\n"
OURS = (errors.SerializeError, errors.SecurityError)
NO = object()  # it can't be written


class Thing:
    """Something of one's own."""

    def __init__(self, value: Any = 1) -> None:
        self.value = value


MOMENT = datetime.datetime(2020, 1, 2, 3, 4, 5, 678)
with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # from Python 3.13 on
    LETTERS = array.array("u", "ab")
BASE64 = {"data": "YWI=", "encoding": "base64"}

# A value, and what it is read as by each serializer, in the order of SAFE.
BECOMING: list[tuple[Any, Any, Any, Any, Any]] = [
    (None, None, None, None, None),
    (2**70, 2**70, 2**70, 2**70, 2**70),
    (-math.inf, -math.inf, -math.inf, -math.inf, -math.inf),
    ("é\0'\"", "é\0'\"", "é\0'\"", "é\0'\"", "é\0'\""),
    (b"ab", BASE64, NO, b"ab", b"ab"),
    (bytearray(b"ab"), BASE64, NO, b"ab", b"ab"),
    (1 - 2.5j, 1 - 2.5j, NO, 1 - 2.5j, 1 - 2.5j),
    ((1, (2,)), (1, (2,)), [1, [2]], (1, (2,)), [1, [2]]),
    ({1}, {1}, [1], {1}, [1]),
    (set(), (), [], set(), []),
    (frozenset({1}), {1}, [1], frozenset({1}), [1]),
    ({1: 2}, {1: 2}, {"1": 2}, {1: 2}, {1: 2}),
    ({(1, 2): 3}, {(1, 2): 3}, NO, {(1, 2): 3}, NO),
    (collections.deque([1]), [1], NO, NO, NO),
    ({"k": 1}.keys(), ["k"], NO, NO, NO),
    ({"k": 1}.values(), [1], NO, NO, NO),
    ({"k": 1}.items(), [("k", 1)], NO, NO, NO),
    (collections.OrderedDict(a=1), {"a": 1}, {"a": 1}, {"a": 1}, {"a": 1}),
    (array.array("i", [1, 2]), [1, 2], [1, 2], [1, 2], [1, 2]),
    (LETTERS, "ab", "ab", "ab", "ab"),
    (MOMENT, MOMENT.isoformat(), MOMENT.isoformat(), NO, MOMENT),
    (MOMENT.date(), "2020-01-02", "2020-01-02", NO, MOMENT.date()),
    (MOMENT.time(), "03:04:05.000678", NO, NO, NO),
    (datetime.timedelta(seconds=2), 2.0, NO, NO, NO),
    (decimal.Decimal("1.50"), "1.50", "1.50", NO, "1.50"),
    (uuid.UUID(int=5), str(uuid.UUID(int=5)), str(uuid.UUID(int=5)), str(uuid.UUID(int=5)),
     str(uuid.UUID(int=5))),
    (range(3), NO, NO, NO, NO),
    (len, NO, NO, NO, NO),
    (iter([1]), NO, NO, NO, NO),
]  # fmt: skip


@each
@pytest.mark.parametrize("row", BECOMING, ids=lambda row: type(row[0]).__name__)
def test_what_becomes_of_values_alone_in_a_list_and_in_calls(
    name: str, row: tuple[Any, ...]
) -> None:
    serializer: Any = get_serializer(name)
    value, expected = row[0], row[1 + SAFE.index(name)]
    if expected is NO:
        for write, *arguments in (
            (serializer.dumps, value),
            (serializer.dumps, [value]),
            (serializer.dumpsCall, "o", "m", (value,), {}),
            (serializer.dumpsCall, "o", "m", (), {"k": value}),
        ):
            with pytest.raises(errors.SerializeError):
                write(*arguments)
        return
    alone = serializer.loads(serializer.dumps(value))
    (listed,) = serializer.loads(serializer.dumps([value]))
    call = serializer.loadsCall(serializer.dumpsCall("o", "m", (value,), {"k": value}))
    object_id, method, args, kwargs = call
    assert (object_id, method) == ("o", "m")
    for found in (alone, listed, args[0], kwargs["k"]):
        assert (type(found), found) == (type(expected), expected)


@each
def test_not_a_number_stays_none(name: str) -> None:
    serializer = get_serializer(name)
    assert math.isnan(serializer.loads(serializer.dumps(math.nan)))
    if name == "serpent":
        assert serializer.dumps(math.nan) == HEADER + b"{'__class__':'float','value':'nan'}"


def test_the_bytes_of_calls_are_those_of_pyro4() -> None:
    call = ("obj", "mé", (1, "a"), {"k": None})
    written = {name: get_serializer(name).dumpsCall(*call) for name in SAFE}
    assert written["serpent"] == HEADER + "('obj','mé',(1,'a'),{'k':None})".encode()
    assert (
        written["json"]
        == (
            '{"object": "obj", "method": "mé", "params": [1, "a"], "kwargs": {"k": null}}'
        ).encode()
    )
    assert written["msgpack"] == b"\x94\xa3obj\xa3m\xc3\xa9\x92\x01\xa1a\x81\xa1k\xc0"
    parts = get_serializer("marshal").loadsCall(written["marshal"])
    assert parts == ("obj", "mé", [1, "a"], {"k": None})


@each
def test_calls_may_be_without_keywords(name: str) -> None:
    serializer = get_serializer(name)
    assert serializer.loadsCall(serializer.dumpsCall("o", "m", ["x"], None)) == (
        "o", "m", ["x"], None,
    )  # fmt: skip


# What is like neither Pyro4 4.82 nor an error there. The first two are Pyro4's trouble with
# Python 3.11; then integers and dates stay such in arguments; see DIFFERENCES.md.
FIXED = {
    "json/thing", "msgpack/thing", "marshal/thing",
    "json/user dict", "msgpack/user dict", "marshal/user dict",
    "msgpack/big int", "msgpack/complex", "msgpack/datetime", "msgpack/date",
    "msgpack/fraction", "marshal/array", "marshal/letters",
}  # fmt: skip
FILES = {"serpent/file error", "json/file error", "msgpack/file error"}  # keep their names
NOTHING = ("not written", "not read")


def outcomes(python: str) -> dict[str, list[str]]:
    env = {**os.environ, "PYTHONWARNINGS": "ignore", "PYRO_LOGLEVEL": ""}
    if python != sys.executable:
        env.pop("PYTHONPATH", None)  # or it would be ours there, too
    done = subprocess.run(
        [python, str(HERE / "becoming.py")], env=env,
        capture_output=True, text=True, timeout=50, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-500:]
    found: dict[str, list[str]] = json.loads(done.stdout)
    return found


@pytest.mark.slow
@pytest.mark.peers
def test_values_become_what_the_real_pyro4_makes_of_them() -> None:
    real = real_python("pyro4")
    ours, theirs = outcomes(sys.executable), outcomes(str(real))
    assert ours.keys() == theirs.keys()
    different = set()
    for key, (their_bytes, *their_values) in theirs.items():
        our_bytes, *our_values = ours[key]
        known = their_values[0] not in NOTHING
        if known and our_bytes != their_bytes:
            different.add(key)
        for found, wanted in zip(our_values, their_values, strict=True):
            if wanted not in NOTHING and found != wanted:
                different.add(key)
    assert different == FIXED | FILES


@each
def test_bytes_are_compressed_if_that_makes_them_fewer(name: str) -> None:
    serializer = get_serializer(name)
    value = ["a" * 300]
    data, compressed = serializer.serializeData(value, compress=True)
    assert compressed
    assert zlib.decompress(data) == serializer.dumps(value)
    assert serializer.deserializeData(data, compressed=True) == value
    assert serializer.serializeData(value) == (serializer.dumps(value), False)
    data, compressed = serializer.serializeCall("o", "m", ("a" * 300,), {}, compress=True)
    assert compressed
    assert list(serializer.deserializeCall(data, compressed=True)[2]) == ["a" * 300]
    plain = serializer.serializeCall("o", "m", (1,), {})
    assert plain == (serializer.dumpsCall("o", "m", (1,), {}), False)
    assert list(serializer.deserializeCall(plain[0])[2]) == [1]


@pytest.mark.parametrize(("size", "compressed"), [(199, False), (200, True)])
def test_compression_begins_at_200_bytes(size: int, compressed: bool) -> None:
    serpent = get_serializer("serpent")
    text = "a" * (size - len(serpent.dumps("")))
    assert len(serpent.dumps(text)) == size
    assert serpent.serializeData(text, compress=True)[1] is compressed


def test_what_does_not_shrink_is_left_as_it_is() -> None:
    marshal = get_serializer("marshal")
    noise = os.urandom(400)
    assert marshal.serializeData(noise, compress=True) == (marshal.dumps(noise), False)


@pytest.mark.parametrize(
    "data",
    [b"", b"junk", zlib.compress(b"N")[:-1], zlib.compress(b"N") + b"more"],
)
def test_what_is_no_compressed_data_is_refused(data: bytes) -> None:
    with pytest.raises(errors.SerializeError, match="not compressed data"):
        get_serializer("marshal").deserializeData(data, compressed=True)


def test_inflating_ends_at_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    marshal = get_serializer("marshal")
    data, _ = marshal.serializeData("a" * 995, compress=True)
    monkeypatch.setattr(config, "MAX_MESSAGE_SIZE", 1000)
    assert marshal.deserializeData(data, compressed=True) == "a" * 995
    monkeypatch.setattr(config, "MAX_MESSAGE_SIZE", 999)
    with pytest.raises(errors.MessageTooLargeError, match="max=999"):
        marshal.deserializeData(data, compressed=True)


@each
@pytest.mark.parametrize("kind", [bytearray, memoryview])
def test_all_that_is_like_bytes_is_read(name: str, kind: type) -> None:
    serializer = get_serializer(name)
    assert serializer.loads(kind(serializer.dumps([1]))) == [1]
    assert serializer.deserializeData(kind(serializer.dumps([1]))) == [1]
    packed = zlib.compress(serializer.dumps([1]))
    assert serializer.deserializeData(kind(packed), compressed=True) == [1]


def test_names_and_numbers_are_those_of_pyro4() -> None:
    assert {name: each.serializer_id for name, each in serializers.items()} == {
        "serpent": 1, "json": 2, "marshal": 3, "pickle": 4, "dill": 5, "msgpack": 6,
        "cloudpickle": 7,
    }  # fmt: skip
    for name, serializer in serializers.items():
        assert get_serializer(name) is serializer
        assert get_serializer_by_id(serializer.serializer_id) is serializer
        assert serializers_by_id[serializer.serializer_id] is serializer
        assert isinstance(serializer, SerializerBase)
        assert type(serializer).__module__ == "Pyro4.util"


def test_unknown_ones_are_errors() -> None:
    with pytest.raises(errors.SerializeError, match="serializer 'foo' is unknown"):
        get_serializer("foo")
    with pytest.raises(errors.SerializeError, match="no serializer available for id 99"):
        get_serializer_by_id(99)


def test_what_a_daemon_accepts_is_decided_once() -> None:
    names = {"serpent", "pickle"}
    codecs = accepted(names)
    names.add("json")
    assert {number: each.name for number, each in codecs.by_id.items()} == {
        1: "serpent", 4: "pickle",
    }  # fmt: skip
    assert set(codecs.by_name) == set(serializers)
    assert {number: each.name for number, each in codecs.refused.items()} == {
        2: "json", 3: "marshal", 5: "dill", 6: "msgpack", 7: "cloudpickle",
    }  # fmt: skip
    with pytest.raises(errors.SerializeError, match="serializer ' b' is unknown"):
        accepted(["serpent", " b"])


def test_nothing_that_runs_code_is_accepted_by_default() -> None:
    codecs = accepted(config.SERIALIZERS_ACCEPTED)
    assert {each.name for each in codecs.by_id.values()} == {"serpent", "marshal", "json"}


@pytest.fixture
def registered() -> Iterator[None]:
    """Let things travel."""
    SerializerBase.register_class_to_dict(
        Thing, lambda thing: {"__class__": "lab__x.Thing", "value": thing.value}
    )
    SerializerBase.register_dict_to_class(
        "lab__x.Thing", lambda name, form: Thing(form["value"])
    )
    yield
    SerializerBase.unregister_class_to_dict(Thing)
    SerializerBase.unregister_dict_to_class("lab__x.Thing")


@each
@pytest.mark.usefixtures("registered")
def test_classes_that_are_registered_arrive_as_themselves(name: str) -> None:
    serializer = get_serializer(name)
    assert serializer.loads(serializer.dumps(Thing(5))).value == 5
    assert serializer.loads(serializer.dumps([{"a": Thing(5)}]))[0]["a"].value == 5
    call = serializer.dumpsCall("o", "m", (Thing(6),), {"k": [Thing(7)]})
    _, _, args, kwargs = serializer.loadsCall(call)
    assert (args[0].value, kwargs["k"][0].value) == (6, 7)


def test_a_converter_may_be_for_all_but_serpent() -> None:
    def write(thing: Thing) -> dict[str, Any]:
        return {"written": thing.value}

    class Part(Thing):
        pass

    plain = {name: get_serializer(name).dumps(Part(5)) for name in SAFE}
    for serpent_too in (False, True):
        SerializerBase.register_class_to_dict(Thing, write, serpent_too=serpent_too)
        for name in SAFE:
            written = get_serializer(name).dumps(Part(5))
            if serpent_too or name != "serpent":
                assert get_serializer(name).loads(written) == {"written": 5}
            else:
                assert written == plain[name]
    SerializerBase.register_class_to_dict(Thing, write, serpent_too=False)
    SerializerBase.unregister_class_to_dict(Thing)
    assert {name: get_serializer(name).dumps(Part(5)) for name in SAFE} == plain


@each
def test_the_default_state_of_python_3_11_is_no_state_of_ones_own(name: str) -> None:
    serializer = get_serializer(name)
    with pytest.raises(errors.SerializeError, match=f"serialized class: {__name__}.Thing"):
        serializer.loads(serializer.dumps(Thing()))
    assert SerializerBase.class_to_dict(Thing()) == {
        "value": 1, "__class__": f"{__name__}.Thing",
    }  # fmt: skip


@each
def test_forms_of_unknown_classes_are_refused(name: str) -> None:
    serializer = get_serializer(name)
    for form, kind, text in (
        ({"__class__": "lab.Box"}, errors.SerializeError, "unsupported serialized class"),
        ({"__class__": "__main__.Box"}, errors.SecurityError, "double underscores"),
        ({"__class__": "a__b.Box"}, errors.SecurityError, "double underscores"),
        ({"__class__": 5}, errors.SerializeError, "malformed class form"),
    ):
        for value in (form, [form], {"k": form}):
            with pytest.raises(kind, match=text):
                serializer.loads(serializer.dumps(value))


@each
def test_serializers_travel(name: str) -> None:
    serializer = get_serializer(name)
    for other in serializers.values():
        assert type(serializer.loads(serializer.dumps(other))) is type(other)
    form = {"__class__": f"Pyro4.util.{type(serializer).__name__}"}
    assert SerializerBase.class_to_dict(serializer) == form


@each
def test_what_pyrophone_sends_has_the_names_of_pyro4(name: str) -> None:
    serializer = get_serializer(name)
    for value, tag in (
        (URI("PYRO", "o", host="h", port=1), b"Pyro4.core.URI"),
        (Failure(KeyError(1)), b"Pyro4.futures._ExceptionWrapper"),
        (NoSuchObjectError("x"), b"Pyro4.errors.DaemonError"),
    ):
        data = serializer.dumps(value)
        assert tag in data
        assert b"Pyro5" not in data
        assert b"pyrophone" not in data


def test_an_exception_has_the_form_of_pyro4_and_nothing_more() -> None:
    error = OverflowError("big", 3)
    error.extra = [1]  # type: ignore[attr-defined]
    assert CLASSES.error_to_form(error, ["tb"]) == {
        "__class__": "builtins.OverflowError",
        "__exception__": True,
        "args": ("big", 3),
        "attributes": {"extra": [1], "_pyroTraceback": ["tb"]},
    }


class MuteError(Exception):
    """Has no text."""

    def __str__(self) -> str:
        raise ValueError("mute")


@each
@pytest.mark.parametrize("error", [ValueError("no", len), MuteError(len)])
def test_an_exception_that_cannot_travel_is_named_by_another(
    name: str, error: Exception
) -> None:
    serializer = get_serializer(name)
    data = CODECS.dump_error(serializer, error, ["tb"])
    found = serializer.loads(data)
    assert type(found) is errors.PyroError
    assert str(found).startswith("Error serializing exception: ")
    assert f"Original exception: {type(error)}: " in str(found)
    assert vars(found)["_pyroTraceback"] == ["tb"]
    assert b"pyrophone" not in data


@each
def test_an_attribute_that_cannot_travel_counts_likewise(name: str) -> None:
    serializer = get_serializer(name)
    error = ValueError("no")
    error.function = len  # type: ignore[attr-defined]
    found = serializer.loads(CODECS.dump_error(serializer, error, ["tb"]))
    assert type(found) is errors.PyroError
    assert str(found).endswith("Original exception: <class 'ValueError'>: no")


@each
@given(data=st.binary(max_size=200))
def test_bytes_of_strangers_raise_only_our_errors(name: str, data: bytes) -> None:
    serializer = get_serializer(name)
    for read in (serializer.loads, serializer.loadsCall):
        for junk in (data, HEADER + data):
            with contextlib.suppress(*OURS):
                read(junk)
    with contextlib.suppress(*OURS):
        serializer.deserializeData(data, compressed=True)


forms = st.fixed_dictionaries(
    {
        "__class__": st.sampled_from(
            ["Pyro4.core.URI", "Pyro4.core.Proxy", "Pyro4.core.Daemon", "float", "x.Y",
             "Pyro4.futures._ExceptionWrapper", "Pyro4.errors.NamingError",
             "Pyro4.util.JsonSerializer", "builtins.ValueError", "PyroError", "a__b"]
        ),
    },
    optional={
        "__exception__": st.booleans(),
        "state": st.lists(st.none() | st.integers() | st.text(max_size=5), max_size=10),
        "args": st.lists(st.integers(), max_size=3) | st.none(),
        "attributes": st.dictionaries(st.text(max_size=8), st.integers(), max_size=2),
        "exception": st.none() | st.dictionaries(st.just("__class__"), st.text(max_size=9)),
    },
)  # fmt: skip


@each
@given(form=forms)
def test_forms_of_strangers_raise_only_our_errors(name: str, form: dict[str, Any]) -> None:
    serializer = get_serializer(name)
    with contextlib.suppress(*OURS):
        serializer.loads(serializer.dumps([form]))


def test_all_exceptions_are_found_by_name() -> None:
    assert all_exceptions["ValueError"] is ValueError
    assert all_exceptions["TimeoutError"] is errors.TimeoutError
    assert all_exceptions["BaseException"] is BaseException
    assert "float" not in all_exceptions


@pytest.mark.parametrize("name", [*SAFE, "pickle"])
def test_an_error_that_can_t_be_written_leaves_the_rest_of_a_batch(name: str) -> None:
    serializer = get_serializer(name)
    error = ValueError("bad", (each for each in "x"))
    data = CODECS.dump_results(serializer, [1, CODECS.failure(error, ["line"])])
    first, failure = serializer.loads(data)
    assert (first, type(failure.exception)) == (1, errors.PyroError)
    text = str(failure.exception)
    assert text.startswith("Error serializing exception: ")
    assert "Original exception: <class 'ValueError'>: ('bad', <generator" in text
    assert failure.exception._pyroTraceback == ["line"]
    with pytest.raises((TypeError, errors.SerializeError)):
        CODECS.dump_results(serializer, [(each for each in "x"), 1])
