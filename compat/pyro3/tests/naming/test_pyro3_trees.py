"""The tree of names: what it accepts, what it refuses, and that it is always a tree."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from Pyro.errors import NamingError
from Pyro.trees import (
    GROUP,
    MAX_NAME,
    OBJECT,
    NamedTree,
    NameSpaceSystemMeta,
    NameValue,
    check_name,
    full_name,
)

URI = "PYRO://127.0.0.1:1/x"


def group(name: str) -> NameValue:
    return NameValue(name, None, NameSpaceSystemMeta(GROUP, 1.0))


def obj(name: str) -> NameValue:
    return NameValue(name, URI, NameSpaceSystemMeta(OBJECT, 1.0))


@pytest.fixture
def tree() -> NamedTree:
    """A tree with a group and an object in it."""
    tree = NamedTree()
    tree.add(group(":lab"))
    tree.add(obj(":lab.lamp"))
    return tree


@pytest.mark.parametrize(
    "name", [":", ":a", ":a.b.c", ":a/b", ":a:b", ":!~", ":" + "x" * (MAX_NAME - 1)]
)
def test_names_that_are_names(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("a", "invalid name", "a"),
        ("", "invalid name", ""),
        (None, "invalid name", "None"),
        (7, "invalid name", "7"),
        (":.", "invalid name", ":."),
        (":a.", "invalid name", ":a."),
        (":a..b", "invalid name", ":a..b"),
        (":a b", "invalid character(s) in name", ":a b"),
        (":a\\b", "invalid character(s) in name", ":a\\b"),
        (":a\n", "invalid character(s) in name", ":a\n"),
        (":\u00e9", "invalid character(s) in name", ":\u00e9"),
        (":\ud800", "invalid character(s) in name", ":\ud800"),
        (":" + "x" * MAX_NAME, "invalid name", ":" + "x" * (MAX_NAME - 1) + "..."),
    ],
)
def test_names_that_are_none(name: Any, text: str, told: str) -> None:
    with pytest.raises(NamingError) as caught:
        check_name(name)
    assert caught.value.args == (text, told)


@pytest.mark.parametrize(
    ("name", "absolute"),
    [
        (":a.b", ":a.b"),
        ("a.b", ":Default.a.b"),
        ("", ":Default"),
        (None, ":Default"),
        (":", ":"),
    ],
)
def test_relative_names_are_of_the_default_group(name: Any, absolute: str) -> None:
    assert full_name(name, ":Default") == absolute


def test_the_root_may_be_the_default_group() -> None:
    assert [full_name(name, ":") for name in ("a", None)] == [":a", ":"]


def test_a_default_group_is_absolute() -> None:
    with pytest.raises(NamingError) as caught:
        full_name("a", "Default")
    assert caught.value.args[0] == "default group name is not absolute"
    assert full_name(":a", "Default") == ":a"  # it doesn't matter then


REFUSED: list[tuple[str, tuple[Any, ...], tuple[str, ...]]] = [
    ("add", (obj(":lab.lamp"),), ("name already exists", ":lab.lamp")),
    ("add", (obj(":lab"),), ("name already exists", ":lab")),
    ("add", (group(":lab"),), ("group already exists", ":lab")),
    ("add", (group(":"),), ("group already exists", ":")),
    ("add", (obj(":hall.lamp"),), ("(parent)group not found", ":hall.lamp")),
    ("add", (obj(":hall.a.b"),), ("(parent)group not found", ":hall.a.b")),
    ("add", (obj(":lab.lamp.x"),), ("parent is no group", ":lab.lamp.x")),
    ("add", (group(":lab.lamp.x.y"),), ("parent is no group", ":lab.lamp.x.y")),
    ("object", (":lab.x",), ("name not found", ":lab.x")),
    ("object", (":hall.x",), ("(parent)group not found", ":hall.x")),
    ("object", (":lab.lamp.x",), ("parent is no group", ":lab.lamp.x")),
    ("object", (":lab",), ("attempt to resolve groupname", ":lab")),
    ("object", (":lab", "is a group"), ("is a group", ":lab")),
    ("entry", (":x",), ("name not found", ":x")),
    ("contents", (":x",), ("group not found", ":x")),
    ("contents", (":lab.lamp",), ("is no group", ":lab.lamp")),
    ("within", (":x.y",), ("group not found", ":x.y")),
    ("within", (":lab.lamp",), ("is no group", ":lab.lamp")),
    ("within", (":",), ("not allowed to delete root group",)),
]


@pytest.mark.parametrize(("method", "args", "told"), REFUSED)
def test_what_is_refused_changes_nothing(
    tree: NamedTree, method: str, args: tuple[Any, ...], told: tuple[str, ...]
) -> None:
    with pytest.raises(NamingError) as caught:
        getattr(tree, method)(*args)
    assert caught.value.args == told
    assert [entry.name for entry in tree] == [":lab", ":lab.lamp"]


def test_lists_have_last_parts_and_kinds(tree: NamedTree) -> None:
    tree.add(group(":lab.box"))
    tree.add(obj(":lab.box.bulb"))
    assert tree.contents(":") == [("lab", 0)]
    assert tree.contents(":lab") == [("box", 0), ("lamp", 1)]
    assert [entry.name for entry in tree.objects()] == [":lab.box.bulb", ":lab.lamp"]


def test_the_sizes_of_meta_information_are_added_up(
    tree: NamedTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    def known(name: str, size: int) -> NameValue:
        return NameValue(name, None, NameSpaceSystemMeta(GROUP, 2.0), b"x" * size)

    monkeypatch.setattr("Pyro.trees.MAX_KNOWN", 10)
    tree.change(known(":lab", 10))
    tree.change(known(":lab", 6))
    with pytest.raises(NamingError) as caught:
        tree.change(known(":lab.lamp", 5))
    assert caught.value.args == ("too much meta information", ":lab.lamp")
    tree.change(known(":lab.lamp", 4))
    assert tree.entry(":lab").system.timestamp == 2.0
    tree.remove([":lab.lamp"])
    tree.add(known(":attic", 4))
    with pytest.raises(NamingError):
        tree.change(known(":lab", 7))


def test_a_tree_has_a_limit(tree: NamedTree, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("Pyro.trees.MAX_NAMES", 4)
    tree.add(obj(":door"))
    with pytest.raises(NamingError) as caught:
        tree.add(obj(":roof"))
    assert caught.value.args == ("too many names", ":roof")


def test_names_can_be_taken_anew_after_their_group_is_gone(tree: NamedTree) -> None:
    tree.add(group(":lab.box"))
    tree.add(obj(":lab.box.bulb"))
    tree.remove(tree.within(":lab"))
    assert tree.contents(":") == []
    assert len(tree) == 1
    tree.add(group(":lab"))
    assert tree.contents(":lab") == []


def test_system_meta_has_a_text_and_is_compared_by_value() -> None:
    meta = NameSpaceSystemMeta(OBJECT, 1.5, "127.0.0.1:5")
    assert str(meta) == "[type=1 timestamp=1.5 owner=127.0.0.1:5]"
    assert meta == NameSpaceSystemMeta(*meta.parts())
    assert hash(meta) == hash(NameSpaceSystemMeta(*meta.parts()))
    assert meta != NameSpaceSystemMeta(GROUP, 1.5)
    assert meta != meta.parts()


NAMES = st.lists(st.sampled_from("ab:"), min_size=1, max_size=4).map(
    lambda parts: ":" + ".".join(parts)
)
STEPS = st.lists(st.tuples(st.sampled_from("gor-"), NAMES), max_size=40)


@pytest.mark.slow
@given(STEPS)
def test_it_does_what_a_plain_table_of_names_does(steps: list[tuple[str, str]]) -> None:
    tree, table = NamedTree(), {":": True}  # name -> whether it is a group
    for step, name in steps:
        parent = name.rpartition(".")[0] or ":"
        try:
            if step in "go":
                allowed = name not in table and table.get(parent, False)
                tree.add(group(name) if step == "g" else obj(name))
                table[name] = step == "g"
            elif step == "r":
                allowed = table.get(name) is False
                tree.remove([tree.object(name).name])
                del table[name]
            else:
                allowed = table.get(name) is True
                tree.remove(tree.within(name))
                table = {
                    n: g for n, g in table.items() if not f"{n}.".startswith(f"{name}.")
                }
            assert allowed
        except NamingError:
            assert not allowed
    assert {entry.name: entry.is_group for entry in tree} == {
        name: is_group for name, is_group in table.items() if name != ":"
    }
    for name, is_group in table.items():
        if is_group:
            start = 1 if name == ":" else len(name) + 1
            inside = [
                n for n in table if n != ":" and (n.rpartition(".")[0] or ":") == name
            ]
            assert tree.contents(name) == sorted(
                (n[start:], 0 if table[n] else 1) for n in inside
            )
