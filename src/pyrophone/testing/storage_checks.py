"""A conformance check for storages of name servers, for our tests and for users' own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..errors import NamingError

if TYPE_CHECKING:
    from ..naming import Storage

__all__ = ["check_storage"]

_THREADS = 8
_AWKWARD = (
    "",
    " ",
    "a b",
    "a\tb\n",
    "%",
    "_",
    "'\"\\",
    "é€😀",
    "A",
    "a",
    "[a]*",
    "x" * 1000,
)


def check_storage(make: Callable[[], Storage]) -> None:
    """Check that a storage keeps the promises of :class:`pyrophone.naming.Storage`.

    Args:
        make: Returns an empty storage; called several times.

    Raises:
        AssertionError: It breaks one; the message names it.
    """
    for check in (
        _keeps_records,
        _puts_on_condition,
        _deletes,
        _finds_by_name,
        _finds_by_tags,
        _refuses_expressions,
        _is_thread_safe,
    ):
        storage = make()
        try:
            check(storage)
        finally:
            storage.close()


def _keeps_records(storage: Storage) -> None:
    _same(storage.count(), 0, "count() when new")
    _same(storage.get("a"), None, "get() of an unknown name")
    for name in _AWKWARD:
        _same(
            storage.put(name, f"PYRO:{name}@h:1", ["t", "t", "é"]), True, f"put({name!r})"
        )
    _same(storage.count(), len(_AWKWARD), "count(), case and blanks told apart")
    for name in _AWKWARD:
        _same(_plain(storage, name), (f"PYRO:{name}@h:1", {"t", "é"}), f"get({name!r})")
    storage.put("a", "PYRO:other@h:1")
    _same(
        _plain(storage, "a"), ("PYRO:other@h:1", set()), "get(), tags replaced with the URI"
    )
    _same(storage.count(), len(_AWKWARD), "count() after put() of a known name")


def _puts_on_condition(storage: Storage) -> None:
    _same(storage.put("a", "u1", ["t"], expected=None), True, "put() of a new name")
    _same(storage.put("a", "u2", expected=None), False, "put() of a known one as new")
    record = storage.get("a")
    _same(_plain(storage, "a"), ("u1", {"t"}), "get() after a put() that was not done")
    _same(storage.put("b", "u2", expected=record), False, "put() where another name has it")
    _same(storage.count(), 1, "count() after a put() that was not done")
    _same(storage.put("a", "u3", expected=record), True, "put() in place of what is there")
    _same(
        storage.put("a", "u4", expected=record), False, "put() in place of what was there"
    )
    _same(_plain(storage, "a"), ("u3", set()), "get()")


def _deletes(storage: Storage) -> None:
    for name in "abcd":
        storage.put(name, "u", ["t"])
    _same(storage.delete([]), 0, "delete() of nothing")
    _same(
        storage.delete(iter(["a", "b", "b", "?"])),
        2,
        "delete() of known, repeated, unknown",
    )
    _same(sorted(storage.find()), ["c", "d"], "find() after delete()")
    storage.put("a", "u")
    _same(_plain(storage, "a"), ("u", set()), "get(), tags gone with the record")
    record = storage.get("c")
    assert record is not None
    storage.put("c", "v")
    _same(storage.delete(["c"], expected=record), 0, "delete() of what is there no more")
    _same(_plain(storage, "c"), ("v", set()), "get() after a delete() that was not done")
    _same(storage.delete("ad", expected=record), 1, "delete() on condition")
    _same(sorted(storage.find()), ["a", "c"], "find() after delete() on condition")


def _finds_by_name(storage: Storage) -> None:
    for name in ("a_1", "ab1", "A_2", "a%", "b.a_1"):
        storage.put(name, f"uri of {name}")
    for prefix, expected in (
        ("", ["A_2", "a%", "a_1", "ab1", "b.a_1"]),
        ("a_", ["a_1"]),  # no wildcards
        ("a%", ["a%"]),
        ("A", ["A_2"]),
        ("a_12", []),
    ):
        _same(sorted(storage.find(prefix=prefix)), expected, f"find(prefix={prefix!r})")
    for regex, expected in (
        ("a.1", ["a_1", "ab1"]),  # from the start on, but not to the end
        ("[ab]", ["a%", "a_1", "ab1", "b.a_1"]),
        ("(?i)A_", ["A_2", "a_1"]),
        ("_", []),
    ):
        _same(sorted(storage.find(regex=regex)), expected, f"find(regex={regex!r})")
    found = storage.find(prefix="a", regex=".*1$")
    _same(sorted(found), ["a_1", "ab1"], "find(prefix='a', regex='.*1$')")
    _same(found["ab1"].uri, "uri of ab1", "URI of what was found")


def _finds_by_tags(storage: Storage) -> None:
    for name, tags in (("xy", "xy"), ("x", "x"), ("y", "y"), ("none", "")):
        storage.put(name, "u", tags)
    for tags, every, some in (
        ("x", ["x", "xy"], ["x", "xy"]),
        ("xy", ["xy"], ["x", "xy", "y"]),
        ("xx", ["x", "xy"], ["x", "xy"]),  # said twice
        ("xz", [], ["x", "xy"]),
        ("X", [], []),
    ):
        _same(sorted(storage.find(all_tags=tags)), every, f"find(all_tags={list(tags)})")
        _same(sorted(storage.find(any_tags=tags)), some, f"find(any_tags={list(tags)})")
    _same(sorted(storage.find(all_tags="x", any_tags="y")), ["xy"], "find(), both given")
    _same(sorted(storage.find(prefix="x", any_tags="y")), ["xy"], "find(), prefix and tags")
    _same(set(storage.find(all_tags="xy")["xy"].tags), {"x", "y"}, "tags of what was found")


def _refuses_expressions(storage: Storage) -> None:
    storage.put("a" * 100, "u")
    for regex in ("(", "(a+)+b"):
        try:
            storage.find(regex=regex)
        except NamingError:
            continue
        raise AssertionError(f"find(regex={regex!r}): no NamingError")


def _is_thread_safe(storage: Storage) -> None:
    """Let threads register the same names safely: for each name one of them wins."""
    names = [str(number) for number in range(100)]
    wins: list[str] = []
    barrier = threading.Barrier(_THREADS)

    def register() -> None:
        barrier.wait()
        for name in names:
            if storage.put(name, "u", ["t"], expected=None):
                wins.append(name)
            storage.find(all_tags="t")

    threads = [threading.Thread(target=register) for _ in range(_THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    _same(sorted(wins), sorted(names), "names won by threads that registered them at once")


def _plain(storage: Storage, name: str) -> tuple[str, set[str]] | None:
    record = storage.get(name)
    return None if record is None else (record.uri, set(record.tags))


def _same(found: object, expected: object, what: str) -> None:
    if found != expected:
        raise AssertionError(f"{what}: {found!r}, not {expected!r}")
