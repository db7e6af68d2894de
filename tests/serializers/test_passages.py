from __future__ import annotations

from typing import Any

import pytest

from pyrophone.errors import SecurityError, SerializeError
from pyrophone.serializers import ClassTable
from pyrophone.serializers.codecs import beside_of, make_codecs
from pyrophone.serializers.passages import MOST_BUFFERS, THRESHOLD
from pyrophone.serializers.records import Record
from pyrophone.settings import Settings
from valued import NAMES, Point, extended, finished, revived

by_name = pytest.mark.parametrize("name", NAMES)


def buffer(number: Any) -> dict[str, Any]:
    return {"__class__": "pyrophone.Buffer", "n": number}


@by_name
def test_bytes_go_beside_the_text_from_the_threshold_on(name: str) -> None:
    serializer = beside_of(extended(name=name))
    for size, count in ((THRESHOLD - 1, 0), (THRESHOLD, 1)):
        beside: list[Any] = []
        value = {"k": (b"x" * size, {1: Point(1)})}
        data = serializer.dumps_beside(value, beside)
        assert len(beside) == count
        arrived = serializer.loads_beside(data, finished(beside))
        assert arrived["k"][0] == value["k"][0]


@by_name
def test_only_so_many_go_beside(name: str) -> None:
    serializer = beside_of(extended(name=name))
    beside: list[Any] = []
    value = [bytes(THRESHOLD)] * (MOST_BUFFERS + 2)
    data = serializer.dumps_beside(value, beside)
    assert len(beside) == MOST_BUFFERS
    assert serializer.loads_beside(data, finished(beside)) == value


def test_a_buffer_takes_the_place_of_its_number() -> None:
    arrived = revived([buffer(1), {"k": buffer(0)}], buffers=[b"a", b"b", b"unused"])
    assert arrived == [b"b", {"k": b"a"}]


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (buffer(2), "buffer 2 of 2 is missing"),
        (buffer(-1), "buffer -1 of 2 is missing"),
        (buffer(True), "malformed pyrophone.Buffer: n is bool"),
        (buffer("0"), "malformed pyrophone.Buffer: n is str"),
        ([buffer(0), [buffer(0)]], "buffer 0 is used twice"),
        ({"__class__": 7}, "malformed class form: __class__ is int"),
        ({"__class__": "a.B", 1: 2}, "malformed class form a.B: a key is no text"),
        ({"__class__": "a.__class__"}, "refused to make an object of class a.__class__"),
        (
            {"__class__": "__main__.x__y"},
            "refused to make an object of class __main__.x__y",
        ),
    ],
)
def test_forms_that_fit_nothing_are_refused(value: Any, problem: str) -> None:
    with pytest.raises((SerializeError, SecurityError), match=problem):
        revived(value, buffers=[b"a", b"b"])


def test_a_name_of_the_main_program_or_with_dots_is_only_a_name() -> None:
    for name in ("__main__.Thing", "os.system", "a.<locals>.B", "...", ""):
        assert revived({"__class__": name, "x": 1}) == Record(name, {"x": 1})


@by_name
def test_nesting_is_limited_both_ways(name: str) -> None:
    table = ClassTable()
    serializer = make_codecs(table, Settings(max_depth=10)).extended().by_name[name]
    serializer.loads(serializer.dumps([[[[[[[[[["ten"]]]]]]]]]]))
    with pytest.raises(SerializeError, match="nested deeper than 10 levels"):
        serializer.dumps([[[[[[[[[[[0]]]]]]]]]]])
    wide = make_codecs(table, Settings()).extended().by_name[name]
    with pytest.raises(SerializeError, match="nested deeper than 10 levels"):
        serializer.loads(wide.dumps([[[[[[[[[[[0]]]]]]]]]]]))
    circular: list[Any] = []
    circular.append((circular,))
    with pytest.raises(SerializeError, match="circular"):
        wide.dumps(circular)


@by_name
def test_the_error_for_what_can_not_travel_says_where_it_is(name: str) -> None:
    serializer = extended(name=name)
    with pytest.raises(SerializeError, match=r"argument 2\['k'\]\.x\[1\]: object object"):
        serializer.dumps_call("o", "m", (1, {"k": Point([0, object()])}), {})  # type: ignore[arg-type]
    with pytest.raises(SerializeError, match=r"argument 'a'\[0\]: .*object"):
        serializer.dumps_call("o", "m", (), {"a": (object(),)})


@by_name
def test_calls_keep_their_arguments_whatever_they_are_called(name: str) -> None:
    serializer = extended(name=name)
    data = serializer.dumps_call("o", "m", ((1, {2}), [b"x"]), {"a": (3,), "b": {4: 5}})
    object_id, method, args, kwargs = serializer.loads_call(data)
    assert (object_id, method, list(args)) == ("o", "m", [(1, {2}), [b"x"]])
    assert kwargs == {"a": (3,), "b": {4: 5}}
    batch = [("m", (1,), {"a": {2}}), ("n", [], {})]
    assert serializer.loads_call(serializer.dumps_call("o", "b", batch, None))[2] == batch
