from __future__ import annotations

import ast
import collections
import json
import math
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import serpent
from hypothesis import given, settings
from hypothesis import strategies as st

from pyrophone.errors import SecurityError, SerializeError
from pyrophone.serializers import ClassTable, make_serializers
from pyrophone.serializers.classes import PROXY_CLASS
from pyrophone.serializers.serpent import SerpentSerializer
from pyrophone.testing.strategies import literal_texts, plain_values, same

HEADER = b"# serpent utf-8 python3.2\n"
SERPENT = make_serializers(ClassTable())["serpent"]
VECTORS = [
    vector
    for vector in json.loads(
        (Path(__file__).parent.parent / "vectors/wire-vectors.json").read_text("utf-8")
    )["vectors"]
    if vector["kind"] == "payload" and vector["decoded"]["serializer"] == "serpent"
]


def text_of(value: Any) -> str:
    data = SERPENT.dumps(value)
    assert data.startswith(HEADER)
    return data.removeprefix(HEADER).decode("utf-8")


def read(text: str) -> Any:
    return SERPENT.loads(HEADER + text.encode("utf-8"))


def untagged(value: Any) -> Any:
    """Return the value that the tagged notation of the vectors stands for."""
    if isinstance(value, list):
        return [untagged(item) for item in value]
    if not isinstance(value, dict):
        return value
    [(tag, content), *more] = list(value.items()) or [(None, None)]
    if more or tag is None or not tag.startswith("$"):
        return {key: untagged(item) for key, item in value.items()}
    make: dict[str, Callable[[], Any]] = {
        "$tuple": lambda: tuple(untagged(content)),
        "$set": lambda: set(untagged(content)),
        "$float": lambda: float(content),
        "$int": lambda: int(content),
        "$complex": lambda: complex(*content),
        "$map": lambda: {untagged(key): untagged(item) for key, item in content},
    }
    return make[tag]()


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["name"] for vector in VECTORS])
def test_vectors_are_read_and_written_byte_for_byte(vector: dict[str, Any]) -> None:
    data = bytes.fromhex(vector["hex"])
    expected = untagged(vector["decoded"]["value"])
    serializer = SerpentSerializer(Unconverted())
    value = serializer.loads(data)
    if vector["name"] == "payload_serpent_float_nan":
        assert math.isnan(value)
    else:
        assert same(value, expected)
    if vector["name"] == "payload_serpent_bytes_00ff":
        value = b"\x00\xff"  # arrives as a mapping, which would be written without blanks
    assert serializer.dumps(value) == data


class Unconverted(ClassTable):
    """Leaves class forms as they are."""

    def from_form(self, form: dict[str, Any]) -> Any:
        return form


def test_objects_of_known_classes_are_written_as_in_the_vectors() -> None:
    by_name = {vector["name"]: bytes.fromhex(vector["hex"]) for vector in VECTORS}
    for name in ("uri_tcp", "uri_ipv6", "uri_unix", "uri_name", "daemon"):
        data = by_name[f"payload_serpent_{name}"]
        assert SERPENT.dumps(SERPENT.loads(data)) == data
    for name in ("exception_attr", "exception_wrapper"):
        data = by_name[f"payload_serpent_{name}"]
        assert SERPENT.dumps(SERPENT.loads(data)) == data


@given(value=plain_values("serpent"))
def test_the_reference_reads_what_we_write_and_writes_the_same(value: Any) -> None:
    data = SERPENT.dumps(value)
    assert same(serpent.loads(data), value)
    assert serpent.dumps(value) == data


@pytest.mark.slow
@given(text=literal_texts())
def test_literals_are_read_as_python_and_the_reference_do(text: str) -> None:
    assert same(read(text), ast.literal_eval(text))
    assert same(read(text), serpent.loads(HEADER + text.encode("utf-8")))


@given(value=plain_values("serpent"))
def test_spelling_makes_no_difference(value: Any) -> None:
    text = text_of(value)
    assert same(read(f" {text} # a comment"), value)
    assert same(read(f"({text})"), value)
    assert same(read(f"[{text}, \n]"), [value])


def test_the_header_may_be_absent() -> None:
    assert SERPENT.loads(b"[1, 2]") == [1, 2]
    assert SERPENT.loads(b"# another comment\n5") == 5


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (float("inf"), "1e30000"),
        (complex(1, float("-inf")), "(1.0-1e30000j)"),
        (complex("inf"), "(1e30000+0.0j)"),
        (complex(-0.0, -1.5), "(-0.0-1.5j)"),
        ({b"k": 1}, "{b'k':1}"),
        ({b"k"}, "{b'k'}"),
        ({(b"k", None): 1, (): 2}, "{(b'k',None):1,():2}"),
        ({1.5: 1, True: 2, 1j: 3}, "{1.5:1,True:2,(0.0+1.0j):3}"),
        ({Decimal("1.5"): 1}, "{'1.5':1}"),
        (frozenset({1}), "{1}"),
        (set(), "()"),
        ({("a",)}, "{('a',)}"),
        (collections.OrderedDict(a=1), "{'a':1}"),
        (bytearray(b"\x00"), "{'data': 'AA==', 'encoding': 'base64'}"),
    ],
)
def test_values_are_written_so(value: Any, text: str) -> None:
    assert text_of(value) == text
    ast.literal_eval(text)


class Plain(str):
    def __repr__(self) -> str:
        return "evil()"


def test_subclasses_are_written_as_their_base_with_its_own_repr() -> None:
    class Whole(int):
        __repr__ = Plain.__repr__

    class Broken(float):
        __repr__ = Plain.__repr__

    value = [Plain("s"), Whole(5), Broken(1.5), {Plain("k"): Whole(6)}]
    assert text_of(value) == "['s',5,1.5,{'k':6}]"
    data = SERPENT.dumps_call(Plain("o"), Plain("m"), (), {})
    assert data == HEADER + b"('o','m',(),{})"


def test_bytes_are_literals_if_so_told() -> None:
    serializer = make_serializers(ClassTable(), bytes_repr=True)["serpent"]
    assert serializer.dumps([b"a'\xff"]) == HEADER + b'[b"a\'\\xff"]'
    assert serializer.loads(serializer.dumps([b"a'\xff"])) == [b"a'\xff"]


def test_how_bytes_are_written_can_be_changed_at_any_time() -> None:
    serializer = SerpentSerializer(ClassTable())
    for serializer.bytes_repr in (False, True, False):
        assert (b"base64" in serializer.dumps(b"a")) != serializer.bytes_repr


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ({None: 1}, "None can't be a key"),
        ({float("nan")}, "nan can't be a key"),
        ({frozenset()}, "a frozenset can't be a key"),
        ({object(): 1}, "a object can't be a key"),
        ([complex("nan")], r"\[0\]: a complex number that is not-a-number"),
    ],
)
def test_what_nobody_could_read_is_refused(value: Any, problem: str) -> None:
    with pytest.raises(SerializeError, match=problem):
        SERPENT.dumps(value)


def test_keys_count_for_the_depth() -> None:
    serializer = make_serializers(ClassTable(), max_depth=3)["serpent"]
    assert serializer.dumps({((1,),): 1}) == HEADER + b"{((1,),):1}"
    with pytest.raises(SerializeError, match="nested deeper than 3"):
        serializer.dumps({(((1,),),): 1})


def test_numbers_in_class_form_are_read_everywhere() -> None:
    nan = "{'__class__':'float','value':'nan'}"
    for text in (f"[{nan}]", f"[ {nan} ]"):
        [value] = read(text)
        assert math.isnan(value)
    error = read(
        f"{{'__class__':'builtins.ValueError','__exception__':True,'args':({nan},)}}"
    )
    assert math.isnan(error.args[0])
    for text in ("{'__class__':'float'}", "{'__class__':'float','value':[]}"):
        with pytest.raises(SerializeError, match=r"malformed float|not serpent data"):
            read(text)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "[1,,2]",
            "[,]",
            "[1 2]",
            "{1:2,3}",
            "{1,2:3}",
            "{1:2:3}",
            "(1",
            "[1)",
            "(1]",
            "{1]",
        ),
        *(
            "{1:}",
            "{:1}",
            "{1:[}",
            "[]1",
            "[[]1]",
            "{[]1:2}",
            "{1:[]2}",
            "1 1",
            "]",
            ",",
            ":",
        ),
        *(
            "007",
            "1x",
            "nan",
            "inf",
            "'",
            "'a",
            "'\\x1'",
            "[]]",
            "[1]]",
            "{1:2}}",
            "None None",
            "{",
        ),
        *(
            "{[]:1}",
            "{{}}",
            "print",
            "__import__('os')",
            "(1-2+3j)",
            "'\0'",
            "\0",
            "",
            "{1 2}",
        ),
    ],
)
def test_malformed_texts_are_refused(text: str) -> None:
    with pytest.raises(SerializeError):
        read(text)


def test_other_encodings_and_nul_are_refused() -> None:
    for data in (b"'\xff'", b"\xef\xbb\xbf1", "1".encode("utf-16"), b"'a\0b'"):
        with pytest.raises(SerializeError):
            SERPENT.loads(data)


def test_integers_of_too_many_digits_are_refused() -> None:
    for digits in ("1" * 5000, "-" + "1" * 5000, "0." + "1" * 5000, "0x" + "1" * 5000):
        with pytest.raises(SerializeError, match=r"of 500\d characters, the limit is 4300"):
            read(digits)
    assert read("1" * 4300) == int("1" * 4300)
    with pytest.raises(SerializeError, match=r"result\[1\]: "):
        SERPENT.dumps([1, 10**5000])


def test_unclosed_quotes_cost_no_more_than_their_length() -> None:
    for text in ("'" + "\\'" * 100_000, "'a'" * 50_000 + '"' + '\\"' * 50_000):
        with pytest.raises(SerializeError):
            read(text)


class Stateful:
    def __init__(self, state: Any) -> None:
        self.state = state

    def __getstate__(self) -> Any:
        return self.state


class StatefulError(Exception):
    def __getstate__(self) -> Any:
        raise AssertionError("exceptions have a form of their own")


def test_own_states_are_named_or_stand_for_the_object() -> None:
    name = f"{Stateful.__module__}.Stateful"
    assert text_of(Stateful({"s": 1})) == f"{{'s':1,'__class__':'{name}'}}"
    assert text_of(Stateful({"s": 1, "__class__": "c"})) == "{'s':1,'__class__':'c'}"
    assert text_of(Stateful([1, 2])) == "[1,2]"
    assert "'args':('x',)" in text_of(StatefulError("x"))


@pytest.mark.parametrize("spelling", ["'__class__'", "'\\x5f_class__'", "'__cl' 'ass__'"])
def test_class_forms_are_found_however_they_are_spelled(spelling: str) -> None:
    with pytest.raises(SecurityError):
        read(f"[{{{spelling}: '__main__.X'}}]")


def test_calls_are_written_byte_for_byte() -> None:
    data = SERPENT.dumps_call("demo", "echo", ("héllo", 2.5, None, True), {"key": [1, "x"]})
    text = "('demo','echo',('héllo',2.5,None,True),{'key':[1,'x']})"
    assert data == HEADER + text.encode("utf-8")
    data = SERPENT.dumps_call("demo", "__getattr__", ("value",), None)
    assert data == HEADER + b"('demo','__getattr__',('value',),None)"


def test_a_proxy_form_goes_to_whoever_registered_for_it() -> None:
    classes = ClassTable()
    classes.register_name(PROXY_CLASS, lambda name, form: form["state"][0])
    serializer = make_serializers(classes)["serpent"]
    form = {
        "__class__": PROXY_CLASS,
        "state": ("PYRO:obj@host:1234", (), (), (), "hello", None),
    }
    assert serializer.loads(serializer.dumps([form])) == ["PYRO:obj@host:1234"]


@settings(max_examples=20)
@given(text=st.text())
def test_text_is_written_as_the_reference_does(text: str) -> None:
    assert SERPENT.dumps(text) == serpent.dumps(text)


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"None", None),
        (b"0", 0),
        (b"7", 7),
        (b"123456789012345678901234567890", 123456789012345678901234567890),
        (HEADER + b"True", True),
        (bytearray(HEADER + b"42"), 42),
        (memoryview(HEADER + b"False"), False),
    ],
)
def test_the_shortest_values_are_read_with_and_without_header(
    data: bytes, value: Any
) -> None:
    read = SERPENT.loads(data)
    assert (type(read), read) == (type(value), value)


@pytest.mark.parametrize("text", [b"007", b"", "٣".encode()])
def test_digits_that_are_no_integer_are_refused(text: bytes) -> None:
    with pytest.raises(SerializeError):
        SERPENT.loads(HEADER + text)


# What a thread with little room makes of data that may need more than there is.
IN_A_THREAD = """
import sys, threading
from pyrophone.errors import SerializeError
from pyrophone.serializers import ClassTable, make_serializers
from pyrophone.serializers.extended import ExtendedTable

size, levels, limit = map(int, sys.argv[1:])
sys.setrecursionlimit(limit)
plain = make_serializers(ClassTable(), max_depth=levels)["serpent"]

def attempt(work, *args):
    try:
        work(*args)
        found.add("done")
    except SerializeError as error:
        found.add(str(error)[-17:])

def work(codec):
    for opening, closing in ("[", "]"), ("(", ",)"), ("{1:", "}"):
        attempt(codec.loads, (opening * levels + "1" + closing * levels).encode())
    for shape in lambda value: [value], lambda value: (value,), lambda value: {1: value}:
        value = shape(1)
        for _ in range(levels - 1):
            value = shape(value)
        attempt(codec.dumps, value)

threading.stack_size(size)
for codec in plain, plain.extended(ExtendedTable(ClassTable())):
    found = set()
    thread = threading.Thread(target=work, args=(codec,))
    thread.start()
    thread.join()
    print(*sorted(found), sep=", ")
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("size", "levels", "limit", "outcomes"),
    [
        (262144, 200, 1000, ["done"]),  # the defaults
        (32768, 200, 1000, ["done", "nested too deeply"]),  # the smallest stack
        (32768, 5000, 100_000, ["done", "nested too deeply", "done, nested too deeply"]),
        (262144, 5000, 100_000, ["done", "nested too deeply", "done, nested too deeply"]),
    ],
)
def test_a_small_stack_is_no_crash(
    size: int, levels: int, limit: int, outcomes: list[str]
) -> None:
    arguments = [str(number) for number in (size, levels, limit)]
    ended = subprocess.run(
        [sys.executable, "-c", IN_A_THREAD, *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert len(ended.stdout.splitlines()) == 2
    assert set(ended.stdout.splitlines()) <= set(outcomes)
