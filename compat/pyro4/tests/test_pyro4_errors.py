"""The errors, as they are raised here and as they arrive."""

from __future__ import annotations

import copy
import pickle
import sqlite3
from typing import Any

import pytest

from Pyro4 import errors
from Pyro4.border import refusal, translated
from Pyro4.generation import PYRO4
from Pyro4.serializers import SerializerBase, get_serializer
from pyrophone import errors as ours

TREE = {
    "PyroError": Exception,
    "CommunicationError": errors.PyroError,
    "ConnectionClosedError": errors.CommunicationError,
    "TimeoutError": errors.CommunicationError,
    "ProtocolError": errors.CommunicationError,
    "MessageTooLargeError": errors.ProtocolError,
    "SerializeError": errors.ProtocolError,
    "NamingError": errors.PyroError,
    "DaemonError": errors.PyroError,
    "SecurityError": errors.PyroError,
}


def arrived(name: str, *, marked: bool = True, **extra: Any) -> Any:
    """Return what is made of an exception that arrives under *name*."""
    mark = {"__exception__": True} if marked else {}
    form = {"__class__": name, "args": [1, "x"], "attributes": {"a": 2}, **mark, **extra}
    return SerializerBase.dict_to_class(form)


def test_the_tree_is_that_of_pyro4() -> None:
    assert sorted(TREE) == errors.__all__
    for name, parent in TREE.items():
        cls = getattr(errors, name)
        assert issubclass(cls, parent)
        assert cls.__module__ == "Pyro4.errors"
    assert not issubclass(errors.TimeoutError, OSError)
    assert not issubclass(errors.ConnectionClosedError, OSError)


@pytest.mark.parametrize("name", TREE)
def test_each_is_one_of_pyrophones_where_that_means_the_same(name: str) -> None:
    same = {
        "PyroError": ours.PyrophoneError,
        "CommunicationError": ours.CommunicationError,
        "ProtocolError": ours.ProtocolError,
        "SerializeError": ours.SerializeError,
        "NamingError": ours.NamingError,
        "DaemonError": ours.DaemonError,
        "SecurityError": ours.SecurityError,
    }
    assert issubclass(getattr(errors, name), same.get(name, ours.PyrophoneError))


@pytest.mark.parametrize("name", TREE)
def test_errors_are_made_copied_and_pickled_like_all_exceptions(name: str) -> None:
    error = getattr(errors, name)("text", 5)
    error.partialData = b"half"
    for twin in (copy.copy(error), pickle.loads(pickle.dumps(error))):
        assert type(twin) is type(error)
        assert twin.args == ("text", 5)
        assert twin.partialData == b"half"
    assert str(getattr(errors, name)("text")) == "text"


@pytest.mark.parametrize("name", TREE)
@pytest.mark.parametrize("serializer", ["serpent", "json", "marshal", "msgpack", "pickle"])
def test_errors_travel_with_arguments_and_attributes(name: str, serializer: str) -> None:
    error = getattr(errors, name)("text", 5)
    error.pyroMsg = "more"
    error._pyroTraceback = ["tb"]
    codec = get_serializer(serializer)
    found = codec.loads(codec.dumps(error))
    assert (type(found), found.args) == (type(error), ("text", 5))
    assert (found.pyroMsg, found._pyroTraceback) == ("more", ["tb"])


@pytest.mark.parametrize("prefix", ["Pyro4.errors.", ""])
@pytest.mark.parametrize("name", TREE)
def test_errors_arrive_by_both_names(prefix: str, name: str) -> None:
    error = arrived(prefix + name)
    assert (type(error), error.args, error.a) == (getattr(errors, name), (1, "x"), 2)


@pytest.mark.parametrize(
    ("name", "cls"),
    [
        ("ValueError", ValueError),
        ("builtins.ValueError", ValueError),
        ("exceptions.ValueError", ValueError),
        ("builtins.TimeoutError", TimeoutError),
        ("TimeoutError", errors.TimeoutError),
        ("builtins.SystemExit", SystemExit),
        ("exceptions.KeyboardInterrupt", KeyboardInterrupt),
        ("sqlite3.OperationalError", sqlite3.OperationalError),
    ],
)
def test_exceptions_of_python_arrive_if_they_are_marked_as_such(
    name: str, cls: type[BaseException]
) -> None:
    error = arrived(name)
    assert (type(error), error.args, error.a) == (cls, (1, "x"), 2)
    with pytest.raises(errors.SerializeError, match="unsupported serialized class"):
        arrived(name, marked=False)


def test_those_of_pyro4_need_no_mark() -> None:
    assert type(arrived("Pyro4.errors.NamingError", marked=False)) is errors.NamingError


@pytest.mark.parametrize(
    "name",
    ["builtins.int", "builtins.nothing", "sqlite3.Connection", "Pyro4.errors.Nothing",
     "Pyro4.core.Nothing", "struct.error_", "lab.OverheatError"],
)  # fmt: skip
def test_others_are_serialize_errors_that_keep_what_is_known(name: str) -> None:
    text = f"unsupported serialized class: {name}"
    with pytest.raises(errors.SerializeError) as caught:
        arrived(name, attributes={"_pyroTraceback": ["a\n", f"{name}: too hot\n"]})
    assert str(caught.value).startswith(text)
    assert vars(caught.value)["_pyroTraceback"] == ["a\n", f"{name}: too hot\n"]
    if name == "lab.OverheatError":
        assert str(caught.value) == f"{text}: too hot"


@pytest.mark.parametrize("name", ["__main__.OwnError", "__builtin__.ValueError", "a__b.C"])
def test_two_underscores_are_refused(name: str) -> None:
    with pytest.raises(errors.SecurityError, match="double underscores"):
        arrived(name)


def test_an_exception_of_ones_own_can_be_registered() -> None:
    class OwnError(Exception):
        pass

    SerializerBase.register_dict_to_class(
        "__main__.OwnError", lambda name, form: OwnError(*form["args"])
    )
    try:
        assert type(arrived("__main__.OwnError")) is OwnError
    finally:
        SerializerBase.unregister_dict_to_class("__main__.OwnError")


@pytest.mark.parametrize(
    "form", [{"args": None}, {"args": "text"}, {"attributes": 5}, {"args": {}}]
)
def test_a_malformed_exception_is_a_serialize_error(form: dict[str, Any]) -> None:
    with pytest.raises(errors.SerializeError, match="malformed exception"):
        arrived("Pyro4.errors.NamingError", **form)


def test_errors_of_pyrophone_become_those_of_pyro4() -> None:
    for block in (translated(), PYRO4.translated()):
        with pytest.raises(errors.NamingError, match="who"), block:
            raise ours.UnknownNameError("who")
    error = refusal(ours.SerializeError("no"))
    assert isinstance(error, (errors.SerializeError, TypeError, ValueError))
    assert type(refusal(ours.SecurityError("no"))) is errors.SecurityError


def test_the_generation_is_that_of_pyro4() -> None:
    assert (PYRO4.name, PYRO4.errors) == ("Pyro4", errors)
    assert PYRO4.settings(retries=3).retries == 3
    assert PYRO4.config.SERVERTYPE == "thread"
