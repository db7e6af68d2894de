from __future__ import annotations

import builtins
import sqlite3
import struct
import traceback
from typing import Any

import pytest

from pyrophone import errors
from pyrophone.errors import (
    CallTimeoutError,
    MessageTooLargeError,
    NoSuchObjectError,
    PyrophoneError,
    RemoteError,
    RemoteProtocolError,
    SerializeError,
)
from pyrophone.serializers import ClassTable

CLASSES = ClassTable()


def form_of(name: str, *args: Any, **more: Any) -> dict[str, Any]:
    return {"__class__": name, "__exception__": True, "args": args, **more}


def read(name: str, *args: Any, **more: Any) -> Any:
    return CLASSES.from_form(form_of(name, *args, **more))


def returned(error: BaseException) -> Any:
    return CLASSES.from_form(CLASSES.to_form(error))


@pytest.mark.parametrize(
    ("name", "cls"),
    [
        ("builtins.ValueError", ValueError),
        ("exceptions.KeyError", KeyError),
        ("ZeroDivisionError", ZeroDivisionError),
        ("builtins.TimeoutError", TimeoutError),
        ("TimeoutError", CallTimeoutError),
        ("builtins.StopIteration", StopIteration),
        ("builtins.UserWarning", UserWarning),
        ("sqlite3.IntegrityError", sqlite3.IntegrityError),
        ("struct.error", struct.error),
        ("Pyro5.errors.PyroError", errors.PyrophoneError),
        ("Pyro5.errors.CommunicationError", errors.CommunicationError),
        ("Pyro5.errors.ConnectionClosedError", errors.ConnectionLostError),
        ("Pyro5.errors.TimeoutError", errors.CallTimeoutError),
        ("Pyro5.errors.ProtocolError", errors.RemoteProtocolError),
        ("Pyro5.errors.MessageTooLargeError", errors.RemoteProtocolError),
        ("Pyro5.errors.SerializeError", errors.SerializeError),
        ("Pyro5.errors.SecurityError", errors.SecurityError),
        ("Pyro5.errors.NamingError", errors.NamingError),
        ("Pyro5.errors.DaemonError", errors.DaemonError),
        ("NamingError", errors.NamingError),
    ],
)
def test_known_classes_arrive_as_themselves(name: str, cls: type[Exception]) -> None:
    error = read(name, "text")
    assert type(error) is cls
    assert error.args == ("text",)


def test_some_names_need_no_flag() -> None:
    for name in ("struct.error", "Pyro5.errors.NamingError"):
        error = CLASSES.from_form({"__class__": name, "args": ["x"]})
        assert error.args == ("x",)


@pytest.mark.parametrize(
    "name",
    [
        "lab.OverheatError",
        "__main__.OverheatError",
        "OverheatError",
        "builtins.SystemExit",
        "builtins.KeyboardInterrupt",
        "builtins.GeneratorExit",
        "SystemExit",
        "builtins.BaseException",
        "builtins.print",
        "builtins.int",
        "Pyro5.errors.OverheatError",
        "sqlite3.connect",
        "os.error",
    ],
)
def test_unknown_and_process_level_classes_arrive_as_remote_errors(name: str) -> None:
    error = read(name, "hot", 5, text="too hot")
    assert type(error) is RemoteError
    assert (error.class_name, error.arguments, error.text) == (name, ("hot", 5), "too hot")


@pytest.mark.parametrize(
    ("more", "text"),
    [
        (
            {"text": "told", "attributes": {"_pyroTraceback": ["lab.HotError: seen\n"]}},
            "told",
        ),
        (
            {"attributes": {"_pyroTraceback": ["T\n", "  F\nlab.HotError: seen: 5\n"]}},
            "seen: 5",
        ),
        ({"attributes": {"_pyroTraceback": ["T\n", "HotError: seen\n"]}}, "seen"),
        ({"attributes": {"_pyroTraceback": ["other: line\n"]}}, "arg"),
        ({"attributes": {"_pyroTraceback": None}}, "arg"),
        ({"text": 5}, "arg"),
        ({}, "arg"),
    ],
)
def test_the_text_of_an_unknown_error_has_the_best_source(
    more: dict[str, Any], text: str
) -> None:
    assert read("lab.HotError", "arg", **more).text == text


def test_the_text_is_made_of_the_arguments_as_a_last_resort() -> None:
    assert read("lab.HotError").text == ""
    assert read("lab.HotError", 1, "b").text == "(1, 'b')"


@pytest.mark.parametrize("name", [n for n in errors.__all__ if n != "RemoteError"])
def test_our_errors_return_as_themselves_and_peers_can_read_them(name: str) -> None:
    cls = getattr(errors, name)
    args = (7, 5) if cls is MessageTooLargeError else ("text",)
    form = CLASSES.to_form(cls(*args))
    back = CLASSES.from_form(form)
    assert (type(back), back.args) == (cls, args)
    assert form["args"] == (str(cls(*args)),)
    assert form["__class__"].startswith(("Pyro5.errors.", "builtins.AttributeError"))
    assert "text" not in form
    del form["pyrophone"]
    nearest = CLASSES.from_form(form)
    assert str(nearest) == str(cls(*args))
    assert isinstance(nearest, (PyrophoneError, AttributeError))


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("PyrophoneError", "Pyro5.errors.PyroError"),
        ("CallError", "Pyro5.errors.DaemonError"),
        ("NoSuchObjectError", "Pyro5.errors.DaemonError"),
        ("NotExposedError", "builtins.AttributeError"),
        ("CommunicationError", "Pyro5.errors.CommunicationError"),
        ("RefusedError", "Pyro5.errors.CommunicationError"),
        ("ConnectionLostError", "Pyro5.errors.ConnectionClosedError"),
        ("CallTimeoutError", "Pyro5.errors.TimeoutError"),
        ("LocalProtocolError", "Pyro5.errors.ProtocolError"),
        ("UnknownNameError", "Pyro5.errors.NamingError"),
        ("StreamError", "Pyro5.errors.PyroError"),
        ("InvalidURIError", "Pyro5.errors.PyroError"),
        ("DaemonError", "Pyro5.errors.DaemonError"),
    ],
)
def test_our_errors_go_out_under_the_nearest_name_of_pyro5(name: str, sent: str) -> None:
    assert CLASSES.to_form(getattr(errors, name)("x"))["__class__"] == sent


@pytest.mark.parametrize(
    "ours",
    [
        None,
        [],
        5,
        [5],
        ["NoSuchError", "x"],
        ["RemoteError", "x"],
        ["MessageTooLargeError", "one argument"],
        ["annotations"],
    ],
)
def test_a_key_of_ours_that_does_not_fit_is_ignored(ours: Any) -> None:
    error = read("Pyro5.errors.MessageTooLargeError", "one text", pyrophone=ours)
    assert (type(error), error.args) == (RemoteProtocolError, ("one text",))


def test_a_subclass_of_our_errors_is_an_unknown_class() -> None:
    class OwnError(PyrophoneError):
        pass

    back = returned(OwnError("why"))
    assert type(back) is RemoteError
    assert back.class_name == f"{__name__}.OwnError"
    assert back.text == "why"


def test_an_unknown_error_carries_its_text_and_known_ones_do_not() -> None:
    class OddError(Exception):
        def __str__(self) -> str:
            return f"odd {self.args[0]}"

    assert CLASSES.to_form(OddError(5))["text"] == "odd 5"
    assert "text" not in CLASSES.to_form(ValueError(5))


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt(3), GeneratorExit(3)])
def test_what_would_end_a_client_travels_as_an_error_of_pyro(error: BaseException) -> None:
    name = type(error).__name__
    form = CLASSES.to_form(error)
    assert form["__class__"] == "Pyro5.errors.PyroError"
    assert form["args"] == (f"{name}: 3",)
    received = CLASSES.from_form(form)
    assert type(received) is RemoteError
    assert received.args == (f"builtins.{name}", (3,), "3")


def test_a_remote_error_goes_on_under_its_original_name() -> None:
    first = read("lab.HotError", "hot", text="too hot", attributes={"code": 5})
    form = CLASSES.to_form(first)
    assert form == {
        "__class__": "lab.HotError",
        "__exception__": True,
        "args": ("hot",),
        "attributes": {"code": 5},
        "text": "too hot",
    }
    second = CLASSES.from_form(form)
    assert (second.args, second.code) == (first.args, 5)


def test_attributes_are_set_but_for_private_and_impossible_ones() -> None:
    attributes = {
        "code": 5,
        "_own": 6,
        "__cause__": ValueError("never"),
        "__class__": "int",
        "__notes__": ["seen", 7],
        "args": ("changed",),
        "characters_written": "no number",
        7: "no name",
    }
    error = read("builtins.OSError", "text", attributes=attributes)
    assert (error.code, error._own, error.args) == (5, 6, ("changed",))
    assert error.__cause__ is None
    assert error.__notes__ == ["seen"]


def test_notes_that_are_no_list_are_ignored() -> None:
    error = read("builtins.OSError", "text", attributes={"__notes__": "seen"})
    assert not hasattr(error, "__notes__")


def test_the_remote_traceback_shows_once_however_often_it_travels() -> None:
    lines = ["Traceback (most recent call last):\n", "ValueError: bad\n"]
    error = ValueError("bad")
    error.add_note("mine")
    form = CLASSES.error_to_form(error, lines)
    assert form["attributes"] == {"__notes__": ["mine"], "_pyroTraceback": lines}
    back = CLASSES.from_form(form)
    assert back._pyroTraceback == lines
    note = "Remote traceback:\nTraceback (most recent call last):\nValueError: bad"
    assert back.__notes__ == ["mine", note]
    assert note in "".join(traceback.format_exception(back))
    again = returned(back)
    assert again.__notes__ == ["mine", note]
    only = returned(read("builtins.ValueError", attributes={"_pyroTraceback": lines}))
    assert only.__notes__ == [note]


@pytest.mark.parametrize("lines", [None, [], 5, "text", [1]])
def test_a_traceback_that_is_none_makes_no_note(lines: Any) -> None:
    error = read("builtins.ValueError", attributes={"_pyroTraceback": lines})
    assert error._pyroTraceback == lines
    assert not hasattr(error, "__notes__")


def test_file_names_of_os_errors_survive() -> None:
    error = FileNotFoundError(2, "No such file", "data.txt")
    back = returned(error)
    assert type(back) is FileNotFoundError
    assert (str(back), back.filename) == (str(error), "data.txt")
    assert returned(OSError("plain")).args == ("plain",)


def test_arguments_that_do_not_fit_are_repaired() -> None:
    encoded = {"data": "/wA=", "encoding": "base64"}
    error = read("builtins.UnicodeDecodeError", "utf-8", encoded, 0, 1, "bad")
    assert error.object == b"\xff\x00"
    group = read("builtins.ExceptionGroup", "g", [form_of("builtins.ValueError", "v")])
    assert repr(group) == "ExceptionGroup('g', [ValueError('v')])"
    inner = form_of("lab.HotError", text="hot")
    group = read("builtins.ExceptionGroup", "g", [inner])
    assert type(group.exceptions[0]) is RemoteError


@pytest.mark.parametrize(
    "args",
    [
        ("utf-8", {"data": "not base64!", "encoding": "base64"}, 0, 1, "bad"),
        ("utf-8", {"data": 5, "encoding": "base64"}, 0, 1, "bad"),
        ("utf-8", {"data": "/wA=", "encoding": "other"}, 0, 1, "bad"),
        ("utf-8", {"__class__": "no.such"}, 0, 1, "bad"),
        ("utf-8", {"__class__": "a__b"}, 0, 1, "bad"),
        ("utf-8",),
    ],
)
def test_arguments_beyond_repair_give_a_remote_error_with_all_of_them(args: Any) -> None:
    error = read("builtins.UnicodeDecodeError", *args)
    assert type(error) is RemoteError
    assert error.arguments == args


def test_class_forms_in_arguments_stay_mappings_where_they_fit() -> None:
    inner = form_of("builtins.KeyError", "k")
    assert read("builtins.ValueError", inner).args == (inner,)


@pytest.mark.parametrize(
    ("form", "problem"),
    [
        ({}, "args are missing"),
        ({"args": "text"}, "args are str, no sequence"),
        ({"args": [], "attributes": []}, "attributes are no mapping"),
    ],
)
def test_malformed_exceptions_are_refused(form: dict[str, Any], problem: str) -> None:
    form = {"__class__": "builtins.ValueError", "__exception__": True, **form}
    with pytest.raises(
        SerializeError, match=f"malformed exception builtins.ValueError: {problem}"
    ):
        CLASSES.from_form(form)


def test_no_built_in_exception_class_makes_reading_fail() -> None:
    arguments: list[tuple[Any, ...]] = [
        *((), ("x",), (1, "x"), ("x", (1, 2)), ("u", b"", 0, 1, "x"), ({}, [], None)),
    ]
    for name in dir(builtins):
        for args in arguments:
            error = read(f"builtins.{name}", *args)
            assert isinstance(error, Exception)
            str(error)


def test_errors_are_made_of_their_arguments_only() -> None:
    assert returned(NoSuchObjectError("obj")).args == ("obj",)
    assert returned(MessageTooLargeError(7, 5)).size == 7
