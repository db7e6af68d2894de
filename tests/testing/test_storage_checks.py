"""The check of storages finds what it promises to find."""

from __future__ import annotations

from collections.abc import Iterable
from types import EllipsisType

import pytest

from pyrophone.errors import NamingError
from pyrophone.naming import MemoryStorage, Record
from pyrophone.testing.storage_checks import check_storage


def test_a_good_storage_passes_and_is_closed_each_time() -> None:
    made: list[Closing] = []

    class Closing(MemoryStorage):
        closed = 0

        def __init__(self) -> None:
            super().__init__()
            made.append(self)

        def close(self) -> None:
            self.closed += 1

    check_storage(Closing)
    assert len(made) > 1
    assert {storage.closed for storage in made} == {1}


class NoConditions(MemoryStorage):
    """Replaces whatever is there."""

    def put(
        self,
        name: str,
        uri: str,
        tags: Iterable[str] = (),
        *,
        expected: Record | EllipsisType | None = ...,
    ) -> bool:
        return super().put(name, uri, tags)


class KeepsTags(MemoryStorage):
    """Adds new tags to the old ones."""

    def put(
        self,
        name: str,
        uri: str,
        tags: Iterable[str] = (),
        *,
        expected: Record | EllipsisType | None = ...,
    ) -> bool:
        old = self.get(name)
        return super().put(
            name, uri, [*tags, *(old.tags if old else ())], expected=expected
        )


class NoCase(MemoryStorage):
    """Takes names for equal that differ in case."""

    def put(
        self,
        name: str,
        uri: str,
        tags: Iterable[str] = (),
        *,
        expected: Record | EllipsisType | None = ...,
    ) -> bool:
        return super().put(name.lower(), uri, tags, expected=expected)

    def get(self, name: str) -> Record | None:
        return super().get(name.lower())


class CountsWrong(MemoryStorage):
    """Tells how many names it was given, not how many it had."""

    def delete(self, names: Iterable[str], *, expected: Record | EllipsisType = ...) -> int:
        names = list(names)
        super().delete(names, expected=expected)
        return len(names)


class DeletesAnyway(MemoryStorage):
    """Forgets names, whatever they have now."""

    def delete(self, names: Iterable[str], *, expected: Record | EllipsisType = ...) -> int:
        return super().delete(names)


class Wildcards(MemoryStorage):
    """Takes _ in a prefix for any character, as SQL does."""

    def find(
        self,
        *,
        prefix: str = "",
        regex: str | None = None,
        all_tags: Iterable[str] = (),
        any_tags: Iterable[str] = (),
    ) -> dict[str, Record]:
        pattern = prefix.replace("_", ".") if prefix and regex is None else regex
        return super().find(regex=pattern, all_tags=all_tags, any_tags=any_tags)


class AnyForAll(MemoryStorage):
    """Is content with any tag where all are asked for."""

    def find(
        self,
        *,
        prefix: str = "",
        regex: str | None = None,
        all_tags: Iterable[str] = (),
        any_tags: Iterable[str] = (),
    ) -> dict[str, Record]:
        return super().find(prefix=prefix, regex=regex, any_tags=[*all_tags, *any_tags])


class TakesAnyExpression(MemoryStorage):
    """Finds nothing where the expression is refused."""

    def find(
        self,
        *,
        prefix: str = "",
        regex: str | None = None,
        all_tags: Iterable[str] = (),
        any_tags: Iterable[str] = (),
    ) -> dict[str, Record]:
        try:
            return super().find(
                prefix=prefix, regex=regex, all_tags=all_tags, any_tags=any_tags
            )
        except NamingError:
            return {}


@pytest.mark.parametrize(
    ("storage", "message"),
    [
        (NoConditions, "put() of a known one as new: True, not False"),
        (
            KeepsTags,
            "get(), tags replaced with the URI: ('PYRO:other@h:1', {",
        ),
        (NoCase, "count(), case and blanks told apart: 11, not 12"),
        (CountsWrong, "delete() of known, repeated, unknown: 4, not 2"),
        (DeletesAnyway, "delete() of what is there no more: 1, not 0"),
        (Wildcards, "find(prefix='a_'): ['a%', 'a_1', 'ab1'], not ['a_1']"),
        (AnyForAll, "find(all_tags=['x', 'y']): ['x', 'xy', 'y'], not ['xy']"),
        (TakesAnyExpression, "find(regex='('): no NamingError"),
    ],
)
def test_a_broken_promise_is_named(storage: type[MemoryStorage], message: str) -> None:
    with pytest.raises(AssertionError) as caught:
        check_storage(storage)
    assert str(caught.value).startswith(message)


def test_registering_at_once_is_checked() -> None:
    class Racy(MemoryStorage):
        """Lets everybody win who comes while somebody else does."""

        def put(
            self,
            name: str,
            uri: str,
            tags: Iterable[str] = (),
            *,
            expected: Record | EllipsisType | None = ...,
        ) -> bool:
            tags = list(tags)
            if expected is None and name == "0" and tags == ["t"]:
                return True
            return super().put(name, uri, tags, expected=expected)

    with pytest.raises(AssertionError, match="names won by threads"):
        check_storage(Racy)
