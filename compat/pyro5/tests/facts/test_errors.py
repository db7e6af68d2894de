"""Texts of tracebacks."""

import sys

import pytest

from Pyro5 import config, errors
from Pyro5.errors import excepthook, format_traceback, get_pyro_traceback


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
    lines = format_traceback(*triple(caught), detailed=False)
    assert isinstance(lines, list)
    assert lines[0] == "Traceback (most recent call last):\n"
    text = "".join(lines)
    assert "in deeper" in text
    assert "a local" in text
    assert "Local values" not in text
    assert lines[-1] == "ZeroDivisionError: deep down a local an argument\n"


def test_detailed(caught):
    text = "".join(format_traceback(*triple(caught), detailed=True))
    rule = "-" * 52
    lines = text.splitlines()
    assert lines[0] == rule
    assert lines[1].startswith(" EXCEPTION ")
    assert "ZeroDivisionError" in lines[1]
    assert lines[1].endswith(": deep down a local an argument")
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


def test_the_current_one():
    try:
        1 // 0  # noqa: B018
    except ZeroDivisionError:
        lines = get_pyro_traceback()
        assert "".join(format_traceback()) == "".join(lines)
        assert lines[-1] == "ZeroDivisionError: integer division or modulo by zero\n"
        assert get_pyro_traceback(*sys.exc_info()) == lines


def test_none():
    assert get_pyro_traceback() == ["NoneType: None\n"]


def test_an_instance_alone(caught):
    with pytest.raises(TypeError):
        get_pyro_traceback(caught)


def test_a_remote_one(caught):
    caught._pyroTraceback = ["Remote line one\n", "Remote line two\n"]
    lines = get_pyro_traceback(*triple(caught))
    text = "".join(lines)
    head = " +--- This exception occurred remotely (Pyro) - Remote traceback:"
    assert head in text
    assert " | Remote line one\n | Remote line two" in text
    assert text.endswith(" +--- End of remote traceback\n")
    assert text.index("ZeroDivisionError") < text.index(head)


def test_the_hook(caught, capsys):
    caught._pyroTraceback = ["Remote line one\n"]
    excepthook(*triple(caught))
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err == "".join(get_pyro_traceback(*triple(caught)))


def test_detailed_by_configuration(caught):
    config.DETAILED_TRACEBACK = True
    assert "Local values" in "".join(get_pyro_traceback(*triple(caught)))
    config.DETAILED_TRACEBACK = False
    assert "Local values" not in "".join(get_pyro_traceback(*triple(caught)))


def test_errors_keep_their_arguments():
    assert errors.PyroError("a", 1).args == ("a", 1)
    assert str(errors.NamingError("text")) == "text"
    assert errors.CommunicationError().args == ()
    error = errors.ConnectionClosedError("x")
    error.partialData = b"abc"
    assert error.partialData == b"abc"
