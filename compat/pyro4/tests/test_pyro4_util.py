"""Pyro4.util: everything is where Pyro4 has it."""

from __future__ import annotations

import inspect
import json
import os
import subprocess
import sys
from typing import Any

import pytest

import Pyro4.util
from Pyro4 import errors, util

SIGNATURES = {
    "getPyroTraceback": "ex_type=None, ex_value=None, ex_tb=None",
    "formatTraceback": "ex_type=None, ex_value=None, ex_tb=None, detailed=False",
    "excepthook": "ex_type, ex_value, ex_tb",
    "get_serializer": "name",
    "get_serializer_by_id": "sid",
    "getAttribute": "obj, attr",
    "get_exposed_members": "obj, only_exposed=True, as_lists=False, use_cache=True",
    "reset_exposed_members": "obj, only_exposed=True, as_lists=False",
    "get_exposed_property_value": "obj, propname, only_exposed=True",
    "set_exposed_property_value": "obj, propname, value, only_exposed=True",
    "is_private_attribute": "attr_name",
    "fixIronPythonExceptionForPickle": "exceptionObject, addAttributes",
}
METHODS = {
    "dumps": "data",
    "loads": "data",
    "dumpsCall": "obj, method, vargs, kwargs",
    "loadsCall": "data",
    "serializeData": "data, compress=False",
    "deserializeData": "data, compressed=False",
    "serializeCall": "obj, method, vargs, kwargs, compress=False",
    "deserializeCall": "data, compressed=False",
    "register_type_replacement": "object_type, replacement_function",
    "register_class_to_dict": "clazz, converter, serpent_too=True",
    "unregister_class_to_dict": "clazz",
    "register_dict_to_class": "classname, converter",
    "unregister_dict_to_class": "classname",
    "class_to_dict": "obj",
    "dict_to_class": "data",
    "recreate_classes": "literal",
}
NUMBERS = {
    "SerpentSerializer": 1, "JsonSerializer": 2, "MarshalSerializer": 3,
    "PickleSerializer": 4, "DillSerializer": 5, "MsgpackSerializer": 6,
    "CloudpickleSerializer": 7,
}  # fmt: skip


def signature(function: Any) -> str:
    """Return the arguments of a function, without types."""
    made = inspect.signature(function)
    plain = [p.replace(annotation=p.empty) for p in made.parameters.values()]
    return str(made.replace(parameters=plain, return_annotation=made.empty))[1:-1]


def test_functions_have_their_signatures() -> None:
    assert {name: signature(getattr(util, name)) for name in SIGNATURES} == SIGNATURES


@pytest.mark.parametrize("kind", NUMBERS)
def test_serializers_have_their_methods_and_numbers(kind: str) -> None:
    cls = getattr(util, kind)
    assert (cls.serializer_id, cls.__module__) == (NUMBERS[kind], "Pyro4.util")
    assert issubclass(cls, util.SerializerBase)
    serializer = cls()
    assert {name: signature(getattr(serializer, name)) for name in METHODS} == METHODS
    assert serializer == cls()
    assert serializer.loads(serializer.dumps([1])) == [1]


def test_the_tables_of_serializers_are_there_under_their_old_names() -> None:
    assert util._serializers["pickle"] is util.get_serializer("pickle")
    assert util._serializers_by_id[6] is util.get_serializer("msgpack")


def test_a_serializer_that_a_program_adds_is_found() -> None:
    class Own(util.SerializerBase):
        serializer_id = 77

    own = util._serializers["own"] = util._serializers_by_id[77] = Own()
    try:
        assert util.get_serializer("own") is own
        assert util.get_serializer_by_id(77) is own
    finally:
        del util._serializers["own"], util._serializers_by_id[77]
    with pytest.raises(errors.SerializeError):
        util.get_serializer("own")


def test_there_is_a_module_for_json() -> None:
    assert util.json is json


def test_the_module_for_json_is_configured() -> None:
    code = "import Pyro4.util; print(Pyro4.util.json.__name__)"
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "PYRO_JSON_MODULE": "marshal"},
        capture_output=True, text=True, timeout=30, check=True,
    )  # fmt: skip
    assert done.stdout == "marshal\n"


def test_exceptions_are_found_by_name() -> None:
    assert util.all_exceptions["NamingError"] is errors.NamingError


def test_nothing_is_fixed_for_ironpython() -> None:
    error = ValueError("x")
    util.fixIronPythonExceptionForPickle(error, True)
    assert vars(error) == {}


def test_private_names_are_told_apart() -> None:
    private = ("_a", "__a", "__init__", "__call__", "__enter__", "__reduce__", "__str__",
               "__bool__", "__del__", "__getstate_for_dict__", "__", "_")  # fmt: skip
    public = ("a", "__a__", "__len__", "__getitem__", "__dict__", "__next__", "__iter__",
              "__json__", "")  # fmt: skip
    assert [name for name in private if not util.is_private_attribute(name)] == []
    assert [name for name in public if util.is_private_attribute(name)] == []


def test_the_package_brings_it_along() -> None:
    assert Pyro4.util is util
