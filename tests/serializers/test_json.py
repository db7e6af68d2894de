from __future__ import annotations

import datetime
import json
import math
from pathlib import Path
from typing import Any

import pytest

from pyrophone.errors import SecurityError, SerializeError
from pyrophone.serializers import ClassTable
from pyrophone.serializers.json import JsonSerializer

JSON = JsonSerializer(ClassTable())
VECTORS = [
    vector
    for vector in json.loads(
        (Path(__file__).parent.parent / "vectors/wire-vectors.json").read_text("utf-8")
    )["vectors"]
    if vector["kind"] == "payload" and vector["decoded"]["serializer"] == "json"
]


class Unconverted(ClassTable):
    """Leaves class forms as they are."""

    def from_form(self, form: dict[str, Any]) -> Any:
        return form


def untagged(value: Any) -> Any:
    if isinstance(value, dict) and len(value) == 1:
        [(tag, content)] = value.items()
        if tag in ("$float", "$int"):
            return {"$float": float, "$int": int}[tag](content)
    return value


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["name"] for vector in VECTORS])
def test_vectors_are_read_and_written_byte_for_byte(vector: dict[str, Any]) -> None:
    data = bytes.fromhex(vector["hex"])
    serializer = JsonSerializer(Unconverted())
    value = serializer.loads(data)
    expected = untagged(vector["decoded"]["value"])
    assert value == expected or (math.isnan(value) and math.isnan(expected))
    assert serializer.dumps(value) == data


def test_objects_of_known_classes_are_written_as_in_the_vectors() -> None:
    for vector in VECTORS:
        if "_uri_" in vector["name"] or "_exception_" in vector["name"]:
            data = bytes.fromhex(vector["hex"])
            assert JSON.dumps(JSON.loads(data)) == data


def test_calls_are_written_byte_for_byte() -> None:
    data = JSON.dumps_call("demo", "echo", ("héllo", 2.5, None, True), {"key": [1, "x"]})
    assert data.decode("utf-8") == (
        '{"object": "demo", "method": "echo", "params": ["héllo", 2.5, null, true], '
        '"kwargs": {"key": [1, "x"]}}'
    )


def test_extra_keys_of_a_call_are_ignored_and_missing_ones_refused() -> None:
    call = {"object": "o", "method": "m", "params": [1], "kwargs": {}, "more": 5}
    assert JSON.loads_call(JSON.dumps(call)) == ("o", "m", [1], {})
    for key in ("object", "method", "params", "kwargs"):
        data = JSON.dumps({name: value for name, value in call.items() if name != key})
        with pytest.raises(SerializeError, match=f"malformed call: '{key}' is missing"):
            JSON.loads_call(data)


def test_keys_become_text() -> None:
    assert JSON.dumps({1: 1, 1.5: 2, None: 3}) == b'{"1": 1, "1.5": 2, "null": 3}'
    assert JSON.dumps({True: 1}) == b'{"true": 1}'
    assert JSON.dumps({datetime.date(2020, 1, 2): 1}) == b'{"2020-01-02": 1}'


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ([b"bytes"], r"result\[0\]: bytes object"),
        ([1j], r"result\[0\]: complex object"),
        ({"a": {(1, 2): 3}}, r"result\['a'\]: a tuple can't be a key"),
        ({"a": {b"k": 3}}, r"result\['a'\]: a bytes can't be a key"),
        (["\ud800"], r"result\[0\]: .*surrogates not allowed"),
        ([10**5000], r"result\[0\]: Exceeds the limit"),
    ],
)
def test_what_json_lacks_is_refused(value: Any, problem: str) -> None:
    with pytest.raises(SerializeError, match=problem):
        JSON.dumps(value)


@pytest.mark.parametrize(
    "data",
    [
        *(
            b"",
            b"nul",
            b"[1,]",
            b"\xff",
            b'"\xff"',
            b"\xef\xbb\xbf1",
            b"'a'",
            b"1 2",
            b"{1:2}",
        ),
        *("1".encode("utf-16"), b"1" * 5000, b'{"__class__": 5}', b'{"__class__": "x"}'),
    ],
)
def test_malformed_texts_are_refused(data: bytes) -> None:
    with pytest.raises(SerializeError):
        JSON.loads(data)


@pytest.mark.parametrize("key", ["__class__", "\\u005f_class__", "__cla\\u0073s__"])
def test_class_forms_are_found_however_they_are_spelled(key: str) -> None:
    with pytest.raises(SecurityError):
        JSON.loads(f'[{{"{key}": "__main__.X"}}]'.encode())


def test_class_forms_inside_class_forms_stay_mappings() -> None:
    inner = {"__class__": "builtins.KeyError", "__exception__": True, "args": []}
    outer = {"__class__": "builtins.ValueError", "__exception__": True, "args": [inner]}
    assert JSON.loads(JSON.dumps(outer)).args == (inner,)
