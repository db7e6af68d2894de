"""Storage in memory: against a dict, and by the conformance check."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from pyrophone.naming import MemoryStorage, Record, Storage
from pyrophone.testing.storage_checks import check_storage

NAMES = st.text("ab.", max_size=3)
TAGS = st.frozensets(st.sampled_from("xyz"))
RECORDS = st.builds(Record, st.sampled_from(["u1", "u2"]), TAGS)


def test_memory_keeps_the_promises_of_a_storage() -> None:
    check_storage(MemoryStorage)


def test_what_is_found_does_not_change_afterwards() -> None:
    storage: Storage = MemoryStorage()
    storage.put("a", "u")
    found = storage.find()
    storage.put("b", "u")
    storage.delete(["a"])
    assert found == {"a": Record("u")}


def test_what_is_found_comes_in_the_order_of_registration() -> None:
    storage = MemoryStorage()
    for name in "cab":
        storage.put(name, "u")
    storage.put("c", "v")
    assert list(storage.find()) == ["c", "a", "b"]


class AgainstDict(RuleBasedStateMachine):
    """What clients may do, done to a storage and to a dict."""

    def __init__(self) -> None:
        super().__init__()
        self.storage: Storage = MemoryStorage()
        self.model: dict[str, Record] = {}

    @rule(name=NAMES, record=RECORDS)
    def put(self, name: str, record: Record) -> None:
        assert self.storage.put(name, record.uri, record.tags)
        self.model[name] = record

    @rule(name=NAMES, record=RECORDS, expected=st.none() | RECORDS)
    def put_expecting(self, name: str, record: Record, expected: Record | None) -> None:
        done = self.storage.put(name, record.uri, record.tags, expected=expected)
        assert done == (self.model.get(name) == expected)
        if done:
            self.model[name] = record

    @rule(names=st.lists(NAMES, max_size=3))
    def delete(self, names: list[str]) -> None:
        known = {name for name in names if name in self.model}
        assert self.storage.delete(names) == len(known)
        for name in known:
            del self.model[name]

    @rule(prefix=NAMES, every=TAGS, some=TAGS)
    def find(self, prefix: str, every: frozenset[str], some: frozenset[str]) -> None:
        found = self.storage.find(prefix=prefix, all_tags=every, any_tags=some)
        assert found == self.matching(prefix, every, some)

    @rule(letters=st.sampled_from(["a", "[ab]", "a?b", ".*b$", "\\."]))
    def find_regex(self, letters: str) -> None:
        patterns: dict[str, Callable[[str], bool]] = {
            "a": lambda name: name[:1] == "a",
            "[ab]": lambda name: name[:1] in ("a", "b"),
            "a?b": lambda name: name[:1] == "b" or name[:2] == "ab",
            ".*b$": lambda name: name[-1:] == "b",
            "\\.": lambda name: name[:1] == ".",
        }
        names = {name for name in self.model if patterns[letters](name)}
        assert self.storage.find(regex=letters).keys() == names

    @invariant()
    def same(self) -> None:
        assert self.storage.find() == self.model
        assert self.storage.count() == len(self.model)
        for name in ("", "a", "b"):
            assert self.storage.get(name) == self.model.get(name)

    def matching(
        self, prefix: str, every: Iterable[str], some: frozenset[str]
    ) -> dict[str, Record]:
        """Return what a search in the dict gives."""
        return {
            name: record
            for name, record in self.model.items()
            if name[: len(prefix)] == prefix
            and all(tag in record.tags for tag in every)
            and (not some or any(tag in record.tags for tag in some))
        }


TestAgainstDict = AgainstDict.TestCase
