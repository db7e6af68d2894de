from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from conversing import SERIALIZERS, codecs
from pyrophone.errors import InvalidURIError, NotExposedError, SerializeError
from pyrophone.objects.proxy import (
    BaseProxy,
    RemoteMethod,
    proxy_form,
    read_proxy_form,
    remote_of,
)
from pyrophone.uri import URI
from pyrophone.wire.framing import ONEWAY
from pyrophone.wire.metadata import Metadata

HERE = URI.parse("PYRO:lamp@host:1")
MEMBERS = Metadata(
    frozenset({"switch", "blink", "__len__", "__getitem__", "__setitem__", "__delitem__"}),
    frozenset({"blink"}),
    frozenset({"on", "value"}),
)


class Near:
    """A remote that is not far away: it has the values itself."""

    def __init__(self, uri: URI = HERE, metadata: Metadata = MEMBERS) -> None:
        self.uri = uri
        self.known = metadata
        self.asked = 0
        self.values: dict[Any, Any] = {"on": False}
        self.calls: list[tuple[Any, ...]] = []

    @property
    def metadata(self) -> Metadata:
        self.asked += 1
        return self.known

    def invoke(
        self,
        method: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any] | None,
        flags: int = 0,
    ) -> Any:
        self.calls.append((method, args, kwargs, flags))
        match method:
            case "__getattr__" | "__getitem__":
                return self.values[args[0]]
            case "__setattr__" | "__setitem__":
                self.values[args[0]] = args[1]
            case "__delitem__":
                del self.values[args[0]]
            case "__len__":
                return len(self.values)
        return "done"


def make(metadata: Metadata = MEMBERS, uri: URI = HERE) -> tuple[Any, Near]:
    near = Near(uri, metadata)
    return BaseProxy(near), near


# Calls and attributes.


def test_a_method_is_called_there() -> None:
    proxy, near = make()
    assert proxy.switch(1, two=2) == "done"
    assert near.calls == [("switch", (1,), {"two": 2}, 0)]


def test_a_oneway_method_is_called_one_way() -> None:
    proxy, near = make()
    proxy.blink()
    assert near.calls == [("blink", (), {}, ONEWAY)]


def test_a_method_is_looked_for_once() -> None:
    proxy, near = make()
    assert proxy.switch is proxy.switch
    assert near.asked == 1
    assert isinstance(proxy.switch, RemoteMethod)
    assert (repr(proxy.switch), proxy.switch.__name__) == (
        "<remote method switch>",
        "switch",
    )


def test_an_attribute_is_read_and_written_there() -> None:
    proxy, near = make()
    assert proxy.on is False
    proxy.on = True
    assert proxy.on is True
    assert near.calls == [
        ("__getattr__", ("on",), None, 0),
        ("__setattr__", ("on", True), None, 0),
        ("__getattr__", ("on",), None, 0),
    ]
    assert near.values == {"on": True}


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("swich", ", did you mean 'switch'?"),
        ("valeu", ", did you mean 'value'?"),
        ("xyz", ""),
    ],
)
def test_an_unknown_name_is_refused_here(name: str, hint: str) -> None:
    proxy, near = make()
    with pytest.raises(NotExposedError) as caught:
        getattr(proxy, name)
    assert str(caught.value) == (
        "remote object 'PYRO:lamp@host:1' has no exposed "
        f"attribute or method {name!r}{hint}"
    )
    assert not hasattr(proxy, name)
    assert near.calls == []


@pytest.mark.parametrize("name", ["xyz", "switch", "_on", "__class_getitem__"])
def test_only_attributes_can_be_written(name: str) -> None:
    proxy, near = make()
    with pytest.raises(NotExposedError, match=f"no exposed attribute or method '{name}'"):
        setattr(proxy, name, 1)
    assert near.calls == []


def test_an_attribute_cannot_be_deleted() -> None:
    proxy, near = make()
    with pytest.raises(AttributeError):
        del proxy.on
    assert near.calls == []


@pytest.mark.parametrize(
    "name", ["_private", "__getstate_x", "__setstate__", "__call__", "_pyro"]
)
def test_private_names_are_never_asked_for(name: str) -> None:
    proxy, near = make()
    with pytest.raises(AttributeError, match=rf"^BaseProxy has no attribute '{name}'$"):
        getattr(proxy, name)
    assert near.asked == 0


def test_other_double_underscore_names_can_be_called() -> None:
    proxy, near = make(Metadata(frozenset({"__contains__"})))
    assert proxy.__contains__(1) == "done"
    assert near.calls == [("__contains__", (1,), {}, 0)]


# Operators.


def test_items_and_length_are_there() -> None:
    proxy, near = make()
    proxy[1] = "one"
    assert (len(proxy), proxy[1]) == (2, "one")
    del proxy[1]
    assert len(proxy) == 1
    assert near.calls == [
        ("__setitem__", (1, "one"), {}, 0),
        ("__len__", (), {}, 0),
        ("__getitem__", (1,), {}, 0),
        ("__delitem__", (1,), {}, 0),
        ("__len__", (), {}, 0),
    ]


@pytest.mark.parametrize(
    ("use", "problem"),
    [
        (len, "has no len(): __len__ is not exposed"),
        (lambda proxy: proxy[1], "has no items: __getitem__ is not exposed"),
        (
            lambda proxy: proxy.__setitem__(1, 2),
            "has no items that can be set: __setitem__ is not exposed",
        ),
        (
            lambda proxy: proxy.__delitem__(1),
            "has no items that can be deleted: __delitem__ is not exposed",
        ),
    ],
)
def test_what_is_not_exposed_is_a_type_error(use: Any, problem: str) -> None:
    proxy, near = make(Metadata(frozenset({"switch"})))
    with pytest.raises(TypeError) as caught:
        use(proxy)
    assert str(caught.value) == f"remote object PYRO:lamp@host:1 {problem}"
    assert near.calls == []


def test_a_proxy_is_always_true() -> None:
    proxy, near = make()
    near.values.clear()
    assert proxy
    assert near.calls == []


# Identity.


def test_proxies_are_equal_and_hash_by_their_uri() -> None:
    one, same, other = (
        make()[0],
        make(Metadata())[0],
        make(uri=URI.parse("PYRO:fan@host:1"))[0],
    )
    assert one == same
    assert one != other
    assert {one, same, other} == {one, other}
    assert one != "PYRO:lamp@host:1"
    assert hash(one) == hash(HERE)


def test_a_proxy_shows_class_and_uri_without_asking() -> None:
    proxy, near = make()
    assert repr(proxy) == "<pyrophone.objects.proxy.BaseProxy for PYRO:lamp@host:1>"
    assert near.asked == 0


def test_dir_lists_the_remote_names() -> None:
    names = dir(make()[0])
    assert {"switch", "blink", "on", "value", "__len__", "__eq__"} <= set(names)
    assert names == sorted(names)


def test_a_copy_has_the_same_remote() -> None:
    proxy, near = make()
    assert remote_of(copy.copy(proxy)) is near


def test_only_proxies_have_a_remote() -> None:
    with pytest.raises(TypeError, match=r"^str is no proxy$"):
        remote_of("PYRO:lamp@host:1")  # type: ignore[arg-type]


# Class forms.


@pytest.mark.parametrize("name", SERIALIZERS)
def test_a_form_survives_every_serializer(name: str) -> None:
    reader = codecs()
    reader.classes.register_name(
        "Pyro5.client.Proxy", lambda _, form: read_proxy_form(form)
    )
    serializer = reader.by_name[name]
    form = proxy_form(HERE, MEMBERS, "json", ["secret"])
    back = serializer.loads(serializer.dumps(form))
    assert back == (HERE, MEMBERS, ["secret"], "json")


def test_a_form_has_six_elements() -> None:
    metadata = Metadata(frozenset({"a"}), frozenset({"b"}), frozenset({"c"}))
    assert proxy_form("PYRO:lamp@host:1", metadata) == {
        "__class__": "Pyro5.client.Proxy",
        "state": ("PYRO:lamp@host:1", ("b",), ("a",), ("c",), "hello", None),
    }


@pytest.mark.parametrize("kind", [tuple, list])
def test_the_seven_elements_of_java_are_read(kind: type) -> None:
    state = kind(["PYRO:lamp@host:1", [], ["switch"], [], 0.0, "hi", 0])
    assert read_proxy_form({"state": state}) == (
        HERE,
        Metadata(frozenset({"switch"})),
        "hi",
        None,
    )


@pytest.mark.parametrize(
    ("state", "problem"),
    [
        (None, "state of a proxy has 6 elements, not None"),
        ("abcdef", "state of a proxy has 6 elements, not abcdef"),
        (
            [1, [], [], [], 1, None],
            "state of a proxy has 6 elements, not [1, [], [], [], 1",
        ),
        (
            ["PYRO:o@h:1", [], [], []],
            "state of a proxy has 6 elements, not ['PYRO:o@h:1', ",
        ),
        (["PYRO:o@h:1", [], [], [], 1, 5], "serializer of a proxy is a name, not 5"),
        (
            ["PYRO:o@h:1", None, [], [], 1, None],
            "malformed state of a proxy: metadata 'oneway' is no collection of names",
        ),
        (
            ["PYRO:o@h:1", [], [1], [], 1, None],
            "malformed state of a proxy: metadata 'methods' is no collection of names",
        ),
    ],
)
def test_a_malformed_form_is_refused(state: Any, problem: str) -> None:
    with pytest.raises(SerializeError) as caught:
        read_proxy_form({"state": state})
    assert str(caught.value).startswith(problem)


def test_a_form_without_state_or_with_a_wrong_uri_is_refused() -> None:
    with pytest.raises(SerializeError, match="has 6 elements, not None"):
        read_proxy_form({})
    with pytest.raises(InvalidURIError, match="'@' and a location are missing"):
        read_proxy_form({"state": ["PYRO:lamp", [], [], [], "hello", None]})
