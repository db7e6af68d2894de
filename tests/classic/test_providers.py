"""Anybody's storage serves Pyrophone's name server."""

from __future__ import annotations

from pathlib import Path

import pytest

from Pyro5.generation import PYRO5
from pyrophone.classic.providers import records_of
from pyrophone.classic.storages import MemoryStorage, SqlStorage
from pyrophone.testing.storage_checks import check_storage


class Own(SqlStorage):
    """A package's."""

    generation = PYRO5


class Derived(Own):
    """A user's, in which something may be different."""


def test_a_mapping_keeps_the_promises_of_a_storage() -> None:
    check_storage(lambda: records_of(MemoryStorage()))


def test_a_file_is_used_directly_unless_somebody_derived(tmp_path: Path) -> None:
    plain, derived = Own(str(tmp_path / "a")), Derived(str(tmp_path / "b"))
    assert records_of(plain) is plain.records
    records = records_of(derived)
    assert records is not derived.records
    assert records.put("a", "PYRO:a@h:1", {"t"})
    assert derived["a"] == ("PYRO:a@h:1", {"t"})


@pytest.mark.slow
def test_a_derived_one_keeps_them_too(tmp_path: Path) -> None:
    files = iter(range(99))
    check_storage(lambda: records_of(Derived(str(tmp_path / f"{next(files)}"))))
