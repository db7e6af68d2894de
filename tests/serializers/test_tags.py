"""Class forms for peers who have other names for classes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from pyrophone.errors import DaemonError, RemoteProtocolError, SecurityError, SerializeError
from pyrophone.objects.proxy import proxy_form
from pyrophone.serializers import ClassTable
from pyrophone.serializers.classes import (
    DAEMON_CLASS,
    FAILURE_CLASS,
    PROXY_CLASS,
    URI_CLASS,
    Failure,
    Placeholder,
)
from pyrophone.serializers.codecs import make_codecs
from pyrophone.serializers.tags import TaggedTable, Tags
from pyrophone.settings import Settings
from pyrophone.uri import URI
from pyrophone.wire.metadata import Metadata
from toy import TOY, TOY_TAGS

WHERE = URI.parse("PYRO:oven@localhost:7766")
STATE = ("PYRO", "oven", None, "localhost", 7766)
SERIALIZERS = ("serpent", "json", "marshal", "msgpack")


class Oven:
    def __init__(self, degrees: int) -> None:
        self.degrees = degrees


def table(base: ClassTable | None = None) -> TaggedTable:
    return TaggedTable(ClassTable() if base is None else base, TOY_TAGS)


def wire(classes: ClassTable, name: str, value: Any) -> Any:
    """Return what peers see who read *value* without converting classes."""
    codecs = make_codecs(classes, Settings())
    codec = codecs.by_name[name]
    return codec.dumps(value), codec


def test_without_arguments_the_names_are_those_of_502() -> None:
    form = {"__class__": URI_CLASS, "state": STATE}
    assert Tags().write(form) == form == Tags().read(form)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (URI_CLASS, "Toy.URI"),
        (DAEMON_CLASS, "Toy.Daemon"),
        (FAILURE_CLASS, "Toy.Failure"),
        ("Pyro5.util.JsonSerializer", "Toy.Json"),
        ("Pyro5.errors.DaemonError", "Toy.errors.DaemonError"),
        ("builtins.ValueError", "builtins.ValueError"),
        ("lab.Oven", "lab.Oven"),
    ],
)
def test_names_are_translated_and_all_else_stays(ours: str, theirs: str) -> None:
    form = {"__class__": ours, "state": (1, 2), "args": [1]}
    written = TOY_TAGS.write(form)
    assert written == {**form, "__class__": theirs}
    assert TOY_TAGS.read(written) == form
    assert form["__class__"] == ours  # not changed in place


def test_a_serializer_that_the_dialect_does_not_have_keeps_its_name() -> None:
    form = {"__class__": "Pyro5.util.MarshalSerializer"}
    assert TOY_TAGS.write(form) == form


def test_forms_inside_exceptions_are_translated_too() -> None:
    inner = {"__class__": URI_CLASS, "state": STATE}
    error = {"__class__": "builtins.ValueError", "__exception__": True, "args": [inner, 1]}
    form = {"__class__": FAILURE_CLASS, "exception": error}
    written = TOY_TAGS.write(form)
    assert written["exception"]["args"] == ({**inner, "__class__": "Toy.URI"}, 1)
    assert TOY_TAGS.read(written)["exception"]["args"] == (inner, 1)


def test_forms_are_translated_however_deep_in_exceptions_they_are() -> None:
    def error(ours: bool, depth: int) -> dict[str, Any]:
        """Return the form of an exception with others in it, in one of the spellings."""
        inner: Any = {"__class__": URI_CLASS if ours else "Toy.URI", "state": STATE}
        for number in range(depth):
            args = (1, [{"k": ("x", inner)}], {}) if number % 2 else (inner,)
            prefix = "Pyro5" if ours else "Toy"
            name = f"{prefix}.errors.NamingError"
            inner = {"__class__": name, "__exception__": True, "args": args}
        return {"__class__": FAILURE_CLASS if ours else "Toy.Failure", "exception": inner}

    for depth in (2, 20):
        form = error(True, depth)
        assert TOY_TAGS.write(form) == error(False, depth)
        assert TOY_TAGS.read(error(False, depth)) == form == error(True, depth)


def test_each_form_in_an_exception_is_looked_at_once() -> None:
    class Counting(Tags):
        calls = 0

        def read(self, form: Mapping[str, Any]) -> dict[str, Any]:
            self.calls += 1
            return super().read(form)

    tags = Counting()
    form: dict[str, Any] = {"__class__": URI_CLASS, "state": STATE}
    for _ in range(50):
        form = {"__class__": "x", "__exception__": True, "args": [[form]]}
    tags.read(form)
    assert tags.calls == 51


@pytest.mark.parametrize("name", SERIALIZERS)
@pytest.mark.parametrize("value", [WHERE, Placeholder(DAEMON_CLASS), "json"])
def test_values_come_back_through_the_names_of_the_dialect(name: str, value: Any) -> None:
    data, codec = wire(table(), name, value)
    assert codec.loads(data) == value
    if isinstance(value, URI):
        assert b"Toy.URI" in data
        with pytest.raises(SerializeError, match=r"Toy\.URI"):
            wire(ClassTable(), name, None)[1].loads(data)


@pytest.mark.parametrize("name", SERIALIZERS)
def test_errors_and_failures_come_back(name: str) -> None:
    classes = table()
    codecs = make_codecs(classes, Settings())
    codec = codecs.by_name[name]
    data = codec.dumps([Failure(DaemonError("no oven"), ["line\n"])])
    assert b"Toy.errors.DaemonError" in data
    assert b"Pyro5" not in data
    (failure,) = codec.loads(data)
    assert type(failure.error) is DaemonError
    assert str(failure.error) == "no oven"
    assert vars(failure.error)["_pyroTraceback"] == ["line\n"]


@pytest.mark.parametrize("name", SERIALIZERS)
def test_an_error_that_had_to_be_reduced_has_the_names_too(name: str) -> None:
    codecs = make_codecs(table(), Settings())
    codec = codecs.by_name[name]
    error = RemoteProtocolError("bad")
    error.lock = object()  # type: ignore[attr-defined]
    data = codecs.dump_error(codec, error, None)
    assert b"Toy.errors.ProtocolError" in data
    assert type(codec.loads(data)) is RemoteProtocolError


def test_proxies_have_the_state_of_the_dialect_and_say_what_to_speak() -> None:
    base = ClassTable()
    found = []
    base.register_name(PROXY_CLASS, lambda name, form: found.append((name, form)))
    base.register(Oven, lambda oven: proxy_form(WHERE, Metadata()))
    form = table(base).to_form(Oven(1))
    assert (form["__class__"], form["state"][:2]) == ("Toy.Proxy", ("toy", str(WHERE)))
    table(base).from_form(form)
    ((name, read),) = found
    assert (name, read["state"], read["dialect"]) == (PROXY_CLASS, form["state"][1:], TOY)


def test_what_is_registered_with_one_is_registered_with_both() -> None:
    base = ClassTable()
    classes = table(base)
    classes.register(Oven, lambda oven: {"__class__": "lab.Oven", "degrees": oven.degrees})
    classes.register_name("lab.Oven", lambda name, form: form["degrees"])
    assert base.to_form(Oven(5)) == classes.to_form(Oven(5))
    assert base.from_form({"__class__": "lab.Oven", "degrees": 5}) == 5
    assert classes.has_name("lab.Oven")
    base.unregister_name("lab.Oven")
    assert not classes.has_name("lab.Oven")
    classes.register_name("Toy.URI", lambda name, form: "mine")
    assert classes.from_form({"__class__": "Toy.URI"}) == "mine"
    classes.unregister_name("Toy.URI")
    classes.unregister(Oven)
    assert classes.to_form(Oven(5))["__class__"].endswith(".Oven")
    assert classes.own_state(Oven(5)) is base.own_state(Oven(5))


def test_a_table_with_names_of_its_own_is_translated_to_the_others() -> None:
    class Theirs(ClassTable):
        __slots__ = ()
        tags = TOY_TAGS

    base = Theirs()
    base.register(URI, lambda uri: {"__class__": "Toy.URI", "state": STATE})
    base.register_name("Toy.URI", lambda name, form: ("a toy", form["state"]))
    classes = TaggedTable(base, Tags())
    form = classes.to_form(WHERE)
    assert form == {"__class__": URI_CLASS, "state": STATE}
    assert classes.from_form(form) == ("a toy", STATE)
    base.register(Oven, lambda oven: TOY_TAGS.write(proxy_form(WHERE, Metadata())))
    assert classes.to_form(Oven(1)) == proxy_form(WHERE, Metadata())


@pytest.mark.parametrize(
    "form", [{"__class__": 5}, {"__class__": "Toy.URI"}, {"__class__": "x"}]
)
def test_malformed_forms_are_refused(form: dict[str, Any]) -> None:
    with pytest.raises(SerializeError):
        table().from_form(form)


def test_names_with_two_underscores_are_refused() -> None:
    with pytest.raises(SecurityError):
        table().from_form({"__class__": "Toy.__main__"})
