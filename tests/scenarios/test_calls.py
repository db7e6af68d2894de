"""What a user may do with one object: every daemon, every client, every transport."""

from __future__ import annotations

import threading
import uuid
from typing import Any

import pytest

from fronts import Tasks
from pyrophone import Blob, RemoteError, annotate, correlate
from pyrophone.errors import NotExposedError, SerializeError, StreamError
from running import LIMIT
from table import Table


def test_calls_and_arguments(kettle: Any) -> None:
    assert kettle.add(1, 2) == 3
    assert kettle.add(a="x", b="y") == "xy"
    assert kettle.echo(1, (2, None), key=[True]) == [1, (2, None), {"key": [True]}]


def test_attributes(table: Table) -> None:
    front, kettle = table.front, table.kettle
    assert front.get(kettle, "level") == 3
    front.put(kettle, "level", 5)
    assert front.get(kettle, "level") == 5
    with pytest.raises(
        NotExposedError, match="no exposed attribute or method 'levle', did you mean"
    ):
        front.put(kettle, "levle", 1)


def test_errors_arrive_as_themselves_with_the_remote_traceback(kettle: Any) -> None:
    with pytest.raises(ValueError, match="bad") as caught:
        kettle.fail("value")
    assert caught.value.args == ("bad", 7)
    [note] = caught.value.__notes__
    assert note.startswith("Remote traceback:\nTraceback (most recent call last):\n")
    assert "in fail" in note
    assert "pyrophone" not in note.split("in fail")[0]
    assert kettle.add(1, 2) == 3


def test_an_unknown_error_keeps_name_arguments_and_text(kettle: Any) -> None:
    with pytest.raises(RemoteError) as caught:
        kettle.fail("own")
    assert caught.value.class_name.endswith(".OverheatError")
    assert caught.value.arguments == ("too hot", 99)
    assert caught.value.text == "('too hot', 99)"
    assert kettle.add(1, 2) == 3


def test_a_method_that_exits_ends_nothing(kettle: Any) -> None:
    for _ in range(3):
        with pytest.raises(RemoteError, match=r"builtins\.SystemExit"):
            kettle.leave()
    assert kettle.add(1, 2) == 3


def test_what_cannot_travel_is_named_and_the_next_call_works(kettle: Any) -> None:
    with pytest.raises(SerializeError, match=r"argument 2\['k'\]\[0\]: lock object"):
        kettle.add(1, {"k": [threading.Lock()]})
    assert kettle.add(1, 2) == 3
    with pytest.raises(SerializeError, match=r"result\['k'\]\[0\]: lock object"):
        kettle.secret()
    assert kettle.add(1, 2) == 3


def test_what_is_not_exposed_is_refused_by_the_daemon_too(table: Table) -> None:
    front, kettle = table.front, table.kettle
    with pytest.raises(NotExposedError, match="'hidden'"):
        kettle.hidden()
    calls = front.batch(kettle)
    calls.hidden()
    with pytest.raises(
        NotExposedError, match="unexposed or unknown remote attribute 'hidden'"
    ):
        calls()
    assert kettle.add(1, 2) == 3


def test_item_streams(kettle: Any) -> None:
    assert list(kettle.count(3)) == [0, 1, 2]
    items = kettle.count(10)
    assert next(items) == 0
    items.close()
    assert list(items) == []
    failing = kettle.count_and_fail()
    assert next(failing) == 1
    with pytest.raises(ValueError, match="half way"):
        next(failing)
    with pytest.raises((StopIteration, StreamError)):  # the second without our features
        next(failing)


def test_one_way_calls_return_nothing_and_run(kettle: Any) -> None:
    assert kettle.hear("a") is None
    assert kettle.hear_and_fail() is None
    assert kettle.what_was_heard() == ["a"]


def test_batches_stop_at_the_first_failure(table: Table) -> None:
    front, kettle = table.front, table.kettle
    calls = front.batch(kettle)
    calls.add(1, 2)
    calls.fail("value")
    calls.hear("never")
    assert len(calls) == 3
    results = calls()
    assert next(results) == 3
    with pytest.raises(ValueError, match="bad"):
        next(results)
    assert list(results) == []
    assert list(calls()) == []
    calls.hear("once")
    assert list(calls(oneway=True)) == []
    assert kettle.what_was_heard() == ["once"]


def test_annotations_go_both_ways_and_end_with_their_block(kettle: Any) -> None:
    with annotate(WORD=b"hi") as received:
        assert kettle.tell()[0] == "hi"
        assert received == {"BACK": b"there"}
        with pytest.raises(ValueError, match="after annotating"):
            kettle.tell_and_fail()
        assert kettle.add(1, 2) == 3
        assert received == {}
    assert kettle.tell()[0] == ""


def test_correlation_ids_reach_the_method(kettle: Any) -> None:
    wanted = uuid.UUID(int=5)
    with correlate(wanted):
        assert kettle.tell()[1] == str(wanted)
    assert kettle.tell()[1] != str(wanted)


def test_blobs_arrive_unread(kettle: Any) -> None:
    assert kettle.peek(Blob("topic", [1, 2])) == ["topic", [1, 2]]


def test_operators(table: Table) -> None:
    kettle = table.kettle
    if isinstance(table.front, Tasks):
        table.front.run(_operators, kettle)
        return
    assert len(kettle) == 2
    assert kettle[1] == "b"
    assert list(kettle) == ["a", "b"]
    assert "b" in kettle
    assert "z" not in kettle
    assert bool(kettle)
    with pytest.raises(TypeError, match="items that can be set"):
        kettle[0] = "x"


async def _operators(kettle: Any) -> None:
    assert await kettle.__len__() == 2
    assert await kettle.__getitem__(1) == "b"
    assert [letter async for letter in kettle] == ["a", "b"]
    assert bool(kettle)
    with pytest.raises(TypeError, match="can't be awaited"):
        len(kettle)


def test_pings(table: Table) -> None:
    front, kettle = table.front, table.kettle
    front.ping(kettle)
    assert kettle.add(1, 2) == 3


def test_callback_errors_are_logged_here_too(
    kettle: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ValueError, match="logged, too"):
        kettle.call_back()
    assert "ValueError: logged, too" in caplog.text
    assert kettle.add(1, 2) == 3


def test_methods_that_are_coroutines_are_as_others(kettle: Any) -> None:
    assert kettle.soon(1, 2) == 3
    assert kettle.add(1, 2) == 3
    assert kettle.soon(a="x", b="y") == "xy"
    with pytest.raises(ValueError, match="bad") as caught:
        kettle.fail_soon("value")
    assert "in fail_soon" in caught.value.__notes__[0]
    with pytest.raises(RemoteError, match="too hot"):
        kettle.fail_soon("own")
    with annotate(WORD=b"hi") as received:
        assert kettle.tell_soon()[0] == "hi"
        assert received == {"BACK": b"there"}
    assert list(kettle.count_soon(300)) == list(range(300))
    assert list(kettle.count_soon(0)) == []
    items = kettle.count_soon(10)
    assert [next(items), next(items)] == [0, 1]
    items.close()
    assert list(items) == []


def test_batches_hold_coroutines_too(table: Table) -> None:
    calls = table.front.batch(table.kettle)
    calls.soon(1, 2)
    calls.add(3, 4)
    calls.fail_soon("value")
    calls.soon(5, 6)
    results = calls()
    assert [next(results), next(results)] == [3, 7]
    with pytest.raises(ValueError, match="bad"):
        next(results)
    assert list(results) == []


def test_calls_that_are_started_answer_later(table: Table) -> None:
    front, kettle = table.front, table.kettle
    calls = [front.start(kettle.add, number, 0) for number in range(20)]
    assert [call.result(LIMIT) for call in calls] == list(range(20))
    with pytest.raises(ValueError, match="bad"):
        front.start(kettle.fail, "value").result(LIMIT)
    assert list(front.start(kettle.count, 3).result(LIMIT)) == [0, 1, 2]
