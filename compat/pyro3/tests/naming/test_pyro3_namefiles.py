"""The file of a persistent name server: what is said to be kept is there after a kill."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from Pyro.errors import NamingError
from Pyro.namefiles import NameFile
from Pyro.trees import GROUP, OBJECT, NamedTree, NameSpaceSystemMeta, NameValue

GROUP_META = NameSpaceSystemMeta(GROUP, 2.5)
OBJECT_META = NameSpaceSystemMeta(OBJECT, 1.5, "127.0.0.1:5")


def fill(file: NameFile) -> None:
    file.put(NameValue(":lab", None, GROUP_META))
    file.put(NameValue(":lab!", None, GROUP_META))  # "!" sorts before "."
    file.put(NameValue(":lab.lamp", "PYRO://h:1/x", OBJECT_META, b"meta"))


def entries(file: NameFile) -> dict[str, tuple]:
    tree = NamedTree()
    file.load(tree)
    return {entry.name: (entry.value, entry.meta, entry.system) for entry in tree}


FILLED = {
    ":lab": (None, None, GROUP_META),
    ":lab!": (None, None, GROUP_META),
    ":lab.lamp": ("PYRO://h:1/x", b"meta", OBJECT_META),
}


def test_entries_are_there_when_it_is_opened_again(tmp_path: Path) -> None:
    file = NameFile(tmp_path / "new")
    assert entries(file) == {}
    fill(file)
    assert file.server_id("one") == "one"
    file.close()
    file = NameFile(tmp_path / "new")
    assert entries(file) == FILLED
    assert file.server_id("two") == "one"
    file.close()


def test_entries_are_replaced_and_dropped(tmp_path: Path) -> None:
    file = NameFile(tmp_path)
    fill(file)
    file.put(NameValue(":lab.lamp", "PYRO://h:2/y", OBJECT_META))
    file.drop([":lab!", ":nothing"])
    assert entries(file) == {
        ":lab": (None, None, GROUP_META),
        ":lab.lamp": ("PYRO://h:2/y", None, OBJECT_META),
    }
    file.close()


def test_two_can_not_use_one_folder(tmp_path: Path) -> None:
    file = NameFile(tmp_path)
    with pytest.raises(NamingError, match="database is locked"):
        NameFile(tmp_path, patience=0)
    file.close()
    NameFile(tmp_path).close()


def test_a_change_that_fails_is_none(tmp_path: Path) -> None:
    file = NameFile(tmp_path)
    fill(file)
    with pytest.raises(NamingError, match="cannot use the names in"):
        file.put(NameValue(":x", None, NameSpaceSystemMeta(GROUP, None)))  # type: ignore[arg-type]
    file.put(NameValue(":lab.door", "PYRO://h:3/z", OBJECT_META))
    assert entries(file).keys() == {*FILLED, ":lab.door"}
    file.close()


def test_what_is_no_database_is_said_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "names.sqlite"
    path.write_bytes(b"no database at all, but long enough to be looked at " * 20)
    before = path.read_bytes()
    with pytest.raises(NamingError, match=r"names\.sqlite: file is not a database"):
        NameFile(tmp_path)
    assert path.read_bytes() == before


def test_a_later_format_is_left_alone(tmp_path: Path) -> None:
    NameFile(tmp_path).close()
    with sqlite3.connect(tmp_path / "names.sqlite") as database:
        database.execute("PRAGMA user_version = 2")
    database.close()
    with pytest.raises(NamingError, match="its format 2 is unknown"):
        NameFile(tmp_path)


def test_a_folder_that_can_not_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "no" / "such", tmp_path / "file"):
        with pytest.raises(NamingError, match="cannot use the names in"):
            NameFile(folder)


def test_entries_that_make_no_tree_are_refused(tmp_path: Path) -> None:
    file = NameFile(tmp_path)
    file.put(NameValue(":no.such", "PYRO://h:1/x", OBJECT_META))
    with pytest.raises(NamingError, match=r"\(parent\)group not found"):
        entries(file)
    file.close()


@pytest.mark.parametrize("column", ["uri", "meta", "made", "owner"])
def test_damaged_entries_are_refused(tmp_path: Path, column: str) -> None:
    file = NameFile(tmp_path)
    file.put(NameValue(":x", "PYRO://h:1/x", OBJECT_META))
    file.close()
    value = "'text'" if column in ("meta", "made") else "x'00'"
    with closing(sqlite3.connect(tmp_path / "names.sqlite")) as database:
        database.execute(f"UPDATE names SET {column} = {value}")
        database.commit()
    file = NameFile(tmp_path)
    with pytest.raises(NamingError, match=r"names\.sqlite: it has a damaged entry: ':x'"):
        entries(file)
    file.close()


KEEPER = """
import sys
from Pyro.namefiles import NameFile
from Pyro.trees import GROUP, NameSpaceSystemMeta, NameValue
file = NameFile(sys.argv[1])
for number in range(1_000_000):
    file.put(NameValue(f":g{number}", None, NameSpaceSystemMeta(GROUP, 1.0)))
    print(number, flush=True)
"""


@pytest.mark.slow
def test_what_was_confirmed_outlives_a_kill(tmp_path: Path) -> None:
    command = [sys.executable, "-c", KEEPER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as keeper:
        assert keeper.stdout is not None
        for _ in range(20):
            keeper.stdout.readline()
        os.kill(keeper.pid, signal.SIGKILL)
        rest = keeper.stdout.read().split()
    last = int(rest[-1]) if rest else 19
    file = NameFile(tmp_path)
    found = entries(file)
    assert set(found) >= {f":g{number}" for number in range(last + 1)}
    assert len(found) <= last + 2  # one may be kept, and not yet told
    file.close()
