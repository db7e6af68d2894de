"""Errors and the texts of tracebacks."""

import sys

import pytest

from Pyro4 import config, errors, util
from Pyro4.util import excepthook, formatTraceback, getPyroTraceback


class Nested:
    def __init__(self):
        self.attribute = "its value"

    def crash(self, argument):
        local = "a local"
        return self.deeper(local, argument)

    def deeper(self, a, b):
        raise ZeroDivisionError(f"deep down {a} {b}")


@pytest.fixture
def caught():
    try:
        Nested().crash("an argument")
    except ZeroDivisionError as error:
        return error


def triple(error):
    return type(error), error, error.__traceback__


def test_plain(caught):
    lines = formatTraceback(*triple(caught), detailed=False)
    assert isinstance(lines, list)
    assert lines[0] == "Traceback (most recent call last):\n"
    text = "".join(lines)
    assert "in deeper" in text
    assert "a local" in text
    assert "Local values" not in text
    assert lines[-1] == "ZeroDivisionError: deep down a local an argument\n"


def test_detailed(caught):
    text = "".join(formatTraceback(*triple(caught), detailed=True))
    rule = "-" * 52
    lines = text.splitlines()
    assert lines[0] == rule
    assert lines[1] == (
        " EXCEPTION <class 'ZeroDivisionError'>: deep down a local an argument"
    )
    assert lines[2] == " Extended stacktrace follows (most recent call last)"
    assert lines[3] == rule
    assert lines[-1] == rule
    assert lines[-2] == lines[1]
    assert "Local values:" in lines
    assert "    local = 'a local'" in lines
    assert "        self.attribute = 'its value'" in lines
    assert "Source code:" in lines
    assert "    return self.deeper(local, argument)" in lines
    assert any(line.endswith("in Nested.deeper") for line in lines)


def test_the_outermost_frame_shows_no_values(caught):
    text = "".join(formatTraceback(*triple(caught), detailed=True))
    first = text.split("-" * 52)[2]
    assert ", in caught\n" in first
    assert "Nested().crash" in first
    assert "Local values" not in first


def test_the_current_one():
    try:
        1 // 0  # noqa: B018
    except ZeroDivisionError:
        lines = getPyroTraceback()
        assert "".join(formatTraceback()) == "".join(lines)
        assert lines[-1] == "ZeroDivisionError: integer division or modulo by zero\n"
        assert getPyroTraceback(*sys.exc_info()) == lines


def test_none():
    assert getPyroTraceback() == ["NoneType: None\n"]


@pytest.mark.parametrize("function", [getPyroTraceback, formatTraceback])
def test_an_instance_alone(caught, function):
    with pytest.raises(TypeError, match="should be an exception type"):
        function(caught)


def test_an_error_without_traceback():
    assert getPyroTraceback(ValueError, ValueError("x"), None) == ["ValueError: x\n"]


def test_causes_are_shown():
    try:
        try:
            1 // 0  # noqa: B018
        except ZeroDivisionError as error:
            raise ValueError("second") from error
    except ValueError:
        text = "".join(getPyroTraceback())
    assert "ZeroDivisionError" in text
    assert "The above exception was the direct cause of the following exception" in text
    assert text.endswith("ValueError: second\n")


def test_a_remote_one(caught):
    caught._pyroTraceback = ["Traceback:\n", "  one\n    two\n", "Error: text\n"]
    text = "".join(getPyroTraceback(*triple(caught)))
    assert text.endswith(
        "ZeroDivisionError: deep down a local an argument\n"
        " +--- This exception occured remotely (Pyro) - Remote traceback:\n"
        " | Traceback:\n"
        " |   one\n"
        " |     two\n"
        " | Error: text\n"
        " +--- End of remote traceback\n"
    )
    assert text.startswith("Traceback (most recent call last):\n")
    assert text.count("remotely") == 1


def test_a_remote_one_in_detail(caught):
    caught._pyroTraceback = ["Remote line\n"]
    config.DETAILED_TRACEBACK = True
    text = "".join(getPyroTraceback(*triple(caught)))
    assert "Local values:" in text
    assert text.endswith(
        " +--- This exception occured remotely (Pyro) - Remote traceback:\n"
        " | Remote line\n"
        " +--- End of remote traceback\n"
    )


def test_the_hook(caught, capsys):
    caught._pyroTraceback = ["Remote line one\n"]
    excepthook(*triple(caught))
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err == "".join(getPyroTraceback(*triple(caught)))
    assert shown.err.count("Remote line one") == 1


def test_the_hook_without_remote_traceback(caught, capsys):
    excepthook(*triple(caught))
    assert capsys.readouterr().err == "".join(formatTraceback(*triple(caught)))


def test_detailed_by_configuration(caught):
    config.DETAILED_TRACEBACK = True
    assert "Local values" in "".join(getPyroTraceback(*triple(caught)))
    config.DETAILED_TRACEBACK = False
    assert "Local values" not in "".join(getPyroTraceback(*triple(caught)))


def test_errors_keep_their_arguments():
    assert errors.PyroError("a", 1).args == ("a", 1)
    assert str(errors.NamingError("text")) == "text"
    assert errors.CommunicationError().args == ()
    error = errors.ConnectionClosedError("x")
    error.partialData = b"abc"
    assert error.partialData == b"abc"


@pytest.mark.parametrize(
    ("name", "bases"),
    [
        ("PyroError", "Exception"),
        ("CommunicationError", "PyroError"),
        ("ConnectionClosedError", "CommunicationError"),
        ("TimeoutError", "CommunicationError"),
        ("ProtocolError", "CommunicationError"),
        ("MessageTooLargeError", "ProtocolError"),
        ("SerializeError", "ProtocolError"),
        ("NamingError", "PyroError"),
        ("DaemonError", "PyroError"),
        ("SecurityError", "PyroError"),
    ],
)
def test_the_tree(name, bases):
    found = getattr(errors, name)
    assert issubclass(found, getattr(errors, bases, Exception))
    assert (found.__module__, found.__qualname__) == ("Pyro4.errors", name)


@pytest.mark.parametrize("name", ["NamingError", "DaemonError", "SecurityError"])
def test_what_is_no_communication_error(name):
    assert not issubclass(getattr(errors, name), errors.CommunicationError)


def test_known_errors():
    known = util.all_exceptions
    assert known["ZeroDivisionError"] is ZeroDivisionError
    assert known["GeneratorExit"] is GeneratorExit
    assert known["NamingError"] is errors.NamingError
    assert known["SerializeError"] is errors.SerializeError
    assert known["PyroError"] is errors.PyroError
