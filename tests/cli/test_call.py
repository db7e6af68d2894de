"""``pyrophone call``: arguments, results, and what it says of failures."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from pyrophone import expose, oneway
from pyrophone.errors import UnknownNameError
from pyrophone.naming import NameService
from pyrophone.sync import Daemon
from running import LIMIT, running

if TYPE_CHECKING:
    from tests.cli.conftest import Run


class LabError(Exception):
    """Unknown to clients."""


@expose
class Thing:
    """What is called."""

    def __init__(self) -> None:
        self.heard = threading.Event()

    def echo(self, *args: Any, **kwargs: Any) -> Any:
        """Return the arguments."""
        return args, kwargs

    def items(self, n: int) -> Iterator[str]:
        """Yield items, and fail at the third."""
        for number in range(n):
            if number == 2:
                raise ValueError("no more")
            yield f"item {number}"

    def fail(self, what: str) -> None:
        """Raise."""
        raise {
            "value": ValueError("two\nlines"),
            "empty": KeyError(),
            "own": LabError("hot", 99),
            "pipe": BrokenPipeError("far away"),
            "name": UnknownNameError("unknown name: inner"),
        }[what]

    @oneway
    def hear(self) -> None:
        """Note that it was called."""
        self.heard.set()

    @property
    def size(self) -> int:
        """A number."""
        return 7

    def __len__(self) -> int:
        return 7


@pytest.fixture
def thing() -> Thing:
    """What is served."""
    return Thing()


@pytest.fixture
def uri(names: NameService, thing: Thing) -> Iterator[str]:
    """The URI of the thing, which is registered as lab.thing with the tag t."""
    with running(Daemon()) as daemon:
        uri = daemon.register(thing, "thing")
        names.names.register("lab.thing", uri, metadata=["t"])
        yield str(uri)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], "((), {})"),
        (["3", "2.5", "-4", "None", "True"], "((3, 2.5, -4, None, True), {})"),
        (["word", "two words", ""], "(('word', 'two words', ''), {})"),
        (["'3'", '"x=1"', "'\\d'"], "(('3', 'x=1', '\\\\d'), {})"),
        (["[1, {'a': (2,)}]", "{1}"], "(([1, {'a': (2,)}], {1}), {})"),
        (["a=1", "b=word", "c='1'"], "((), {'a': 1, 'b': 'word', 'c': '1'})"),
        (["a=b=c", "=x", "1=2", "a b=c"], "(('=x', '1=2', 'a b=c'), {'a': 'b=c'})"),
        (["1", "a="], "((1,), {'a': ''})"),
        (["--", "-x", "--y=1"], "(('-x', '--y=1'), {})"),
        (["2024-01-01", "1+2", "0x1f"], "(('2024-01-01', '1+2', 31), {})"),
        (["10.0.0.1", "print(1)"], "(('10.0.0.1', 'print(1)'), {})"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("uri")
def test_arguments_are_literals_or_words(run: Run, words: list[str], expected: str) -> None:
    assert run("call", "lab.thing.echo", *words) == (0, f"{expected}\n", "")


@pytest.mark.parametrize(
    ("word", "problem"),
    [
        ("[1,", "'[' was never closed"),
        ("{[]: 1}", "unhashable type: 'list'"),
        ("'x", "unterminated string literal (detected at line 1)"),
        ("(open)", "malformed node or string on line 1: "),
    ],
)
def test_what_is_meant_as_a_literal_and_is_none_is_an_error(
    run: Run, word: str, problem: str
) -> None:
    status, out, err = run("call", "lab.thing.echo", "1", word)
    assert (status, out) == (2, "")
    assert err.startswith(
        f"pyrophone call: argument 2 is no Python literal: {word!r}: {problem}"
    )
    assert err.count("\n") == 1


def test_objects_are_called_by_name_uri_and_tag(
    run: Run, uri: str, service: NameService
) -> None:
    expected = (0, "7\n", "")
    port = service.uri.port
    for target in (
        "lab.thing",
        uri,
        "PYRONAME:lab.thing",
        f"PYRONAME:lab.thing@localhost:{port}",
        "PYROMETA:t",
        "pyrometa:t",
    ):
        assert run("call", f"{target}.size") == expected
    assert run("call", "lab.thing.__len__") == expected


def test_the_name_server_is_where_the_options_say(
    run: Run, uri: str, service: NameService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYROPHONE_NAME_PORT", "1")
    port = str(service.uri.port)
    for options in (["--port", port], ["--host", "localhost", "--port", port]):
        for target in ("lab.thing.size", "PYROMETA:t.size", f"{uri}.size"):
            assert run("call", *options, target) == (0, "7\n", "")
    target = f"PYRONAME:lab.thing@localhost:{port}.size"  # what it says counts more
    assert run("call", "--host", "192.0.2.1", target) == (0, "7\n", "")
    assert run("call", "--host", "localhost", "lab.thing.size").err == (
        "pyrophone call: Failed to locate the nameserver; tried localhost:1: cannot "
        "connect to localhost:1: [Errno 111] Connection refused. "
        "Start one with 'pyrophone names serve'.\n"
    )


def test_a_name_server_at_a_unix_socket(run: Run, uri: str, tmp_path: Any) -> None:
    path = str(tmp_path / "names")
    with running(NameService(unix_socket=path)) as other:
        other.names.register("there", uri)
        assert run("call", "--host", f"./u:{path}", "there.size") == (0, "7\n", "")


@pytest.mark.usefixtures("uri")
def test_items_are_printed_as_they_come(run: Run) -> None:
    assert run("call", "lab.thing.items", "2") == (0, "'item 0'\n'item 1'\n", "")
    assert run("call", "lab.thing.items", "3") == (
        1,
        "'item 0'\n'item 1'\n",
        "pyrophone call: ValueError: no more\n",
    )


@pytest.mark.usefixtures("uri")
def test_a_oneway_method_gives_nothing(run: Run, thing: Thing) -> None:
    assert run("call", "lab.thing.hear") == (0, "", "")
    assert thing.heard.wait(LIMIT)


@pytest.mark.usefixtures("uri")
@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("value", "ValueError: two\\nlines"),
        ("empty", "KeyError"),
        ("own", f"{__name__}.LabError: ('hot', 99)"),
        ("pipe", "BrokenPipeError: far away"),
        ("name", "UnknownNameError: unknown name: inner"),
    ],
)
def test_what_the_method_raises_is_told_on_one_line(run: Run, what: str, text: str) -> None:
    assert run("call", "lab.thing.fail", what) == (1, "", f"pyrophone call: {text}\n")


@pytest.mark.usefixtures("uri")
def test_its_traceback_is_shown_if_asked_for(run: Run) -> None:
    status, out, err = run("call", "--verbose", "lab.thing.fail", "own")
    assert (status, out) == (1, "")
    lines = err.splitlines()
    assert lines[:2] == ["Remote traceback:", "Traceback (most recent call last):"]
    assert f'  File "{__file__}", line ' in lines[2]
    assert lines[-1].startswith("pyrophone call: ")


@pytest.mark.usefixtures("uri")
def test_wrong_arguments_are_the_methods_to_refuse(run: Run) -> None:
    assert run("call", "lab.thing.items") == (
        1,
        "",
        "pyrophone call: TypeError: Thing.items() missing 1 required positional argument: "
        "'n'\n",
    )
    assert run("call", "lab.thing.echo", "...") == (
        1,
        "",
        "pyrophone call: argument 1: ellipsis object\n",
    )


@pytest.mark.usefixtures("uri")
def test_an_attribute_takes_no_arguments(run: Run) -> None:
    expected = (
        2,
        "",
        "pyrophone call: size of lab.thing is an attribute, it takes no arguments\n",
    )
    assert run("call", "lab.thing.size", "1") == expected
    assert run("call", "lab.thing.size", "a=1") == expected


@pytest.mark.usefixtures("uri")
def test_an_unknown_member_is_answered_with_those_there_are(run: Run) -> None:
    assert run("call", "lab.thing.sizes") == (
        1,
        "",
        "pyrophone call: lab.thing has no 'sizes'; "
        "it has __len__, echo, fail, hear, items, size\n",
    )
    assert run("call", "lab.thing.__class__").status == 1


@pytest.mark.parametrize(
    "target", ["thing", "lab.thing.", ".read", "", "PYRO:x@h:1", "a.b-c"]
)
def test_a_target_is_a_name_and_a_method(run: Run, target: str) -> None:
    assert run("call", target) == (
        2,
        "",
        f"pyrophone call: {target!r} is not of the form NAME.METHOD\n",
    )


def test_an_unknown_name_is_answered_with_similar_ones(run: Run, uri: str) -> None:
    assert run("call", "lab.thin.size") == (
        1,
        "",
        "pyrophone call: unknown name: lab.thin, did you mean 'lab.thing'?; "
        "'pyrophone names list' shows what is registered\n",
    )
    assert run("call", f"{uri.replace('thing', 'thin')}.size").err.endswith(
        "rejected: unknown object 'thin', did you mean 'thing'?\n"
    )


def test_a_server_that_is_gone_is_named_with_the_object(
    run: Run, names: NameService
) -> None:
    names.names.register("lab.gone", "PYRO:x@localhost:1")
    assert run("call", "lab.gone.read") == (
        1,
        "",
        "pyrophone call: lab.gone: cannot connect to localhost:1: [Errno 111] Connection "
        "refused; is its server running?\n",
    )


def test_what_is_wrong_with_a_uri_is_said(run: Run) -> None:
    assert run("call", "PYRO:x@h:port.read") == (
        1,
        "",
        "pyrophone call: invalid port in uri, port=port: that is no number, "
        "in 'PYRO:x@h:port'\n",
    )
