from __future__ import annotations

import functools
from typing import Any

import pytest

from conversing import SERIALIZERS, codecs
from pyrophone.errors import SerializeError
from pyrophone.serializers.codecs import CrossingSerializer
from pyrophone.serializers.functions import (
    FUNCTION_CLASS,
    FunctionFoundError,
    Passable,
)

every = pytest.mark.parametrize("name", SERIALIZERS)


class Shelf:
    """A crossing that numbers functions in the order in which they come."""

    def __init__(self) -> None:
        self.functions: list[Any] = []
        self.counts: dict[str, int] = {}

    def export(self, function: Any) -> str:
        if function not in self.functions:
            self.functions.append(function)
        function_id = str(self.functions.index(function))
        self.counts[function_id] = self.counts.get(function_id, 0) + 1
        return function_id

    def retract(self, function_id: str) -> None:
        self.counts[function_id] -= 1

    def stub(self, function_id: str) -> Any:
        return ("stub", function_id)


class Toy(Passable):
    """Something that is passed as functions are."""


class Lab:
    def start(self) -> None:
        """Do nothing."""


def act() -> None:
    """Do nothing."""


LAB = Lab()
FUNCTIONS = [act, LAB.start, print, [].append, functools.partial(act), Toy(), lambda: 1]


@every
def test_functions_cross_as_their_ids(name: str) -> None:
    shelf = Shelf()
    serializer = CrossingSerializer(codecs().by_name[name], shelf)
    data = serializer.dumps({"do": FUNCTIONS})
    plain = codecs().by_name[name]
    assert serializer.loads(data) == {
        "do": [("stub", str(number)) for number in range(len(FUNCTIONS))]
    }
    assert shelf.functions == FUNCTIONS
    assert (serializer.name, serializer.id) == (plain.name, plain.id)


@every
def test_functions_in_calls_cross(name: str) -> None:
    serializer = CrossingSerializer(codecs().by_name[name], Shelf())
    data = serializer.dumps_call("demo", "watch", (1, act), {"then": act})
    object_id, method, args, kwargs = serializer.loads_call(data)
    assert (object_id, method, list(args)) == ("demo", "watch", [1, ("stub", "0")])
    assert kwargs == {"then": ("stub", "0")}


def test_what_crosses_is_a_class_form() -> None:
    serializer = CrossingSerializer(codecs().by_name["json"], Shelf())
    assert serializer.dumps(act) == b'{"__class__": "pyrophone.Function", "id": "0"}'
    assert FUNCTION_CLASS == "pyrophone.Function"


@every
@pytest.mark.parametrize("function", FUNCTIONS, ids=range(len(FUNCTIONS)))
def test_where_nothing_crosses_a_function_is_an_error_that_says_which_and_where(
    name: str, function: Any
) -> None:
    with pytest.raises(FunctionFoundError) as caught:
        codecs().by_name[name].dumps_call("demo", "watch", (1, [function]), {})
    assert str(caught.value).startswith(
        f"argument 2[0]: {type(function).__name__} object '"
    )
    assert str(caught.value).endswith(
        "' (the other side can't call back: serve it by a daemon)"
    )


def test_the_error_names_the_function() -> None:
    serpent = codecs().by_name["serpent"]
    for function, text in [(LAB.start, "'Lab.start'"), (functools.partial(act), "'act'")]:
        with pytest.raises(FunctionFoundError, match=f"^result: .* object {text}"):
            serpent.dumps(function)


@every
def test_what_fails_beside_a_function_says_so(name: str) -> None:
    for args in [(act, object()), (object(), act)]:
        shelf = Shelf()
        serializer = CrossingSerializer(codecs().by_name[name], shelf)
        with pytest.raises(SerializeError, match=r"^argument [12]: object object$"):
            serializer.dumps_call("a", "b", args, {})
        assert set(shelf.counts.values()) <= {0}


@every
def test_what_is_not_sent_is_taken_back(name: str) -> None:
    shelf = Shelf()
    serializer = CrossingSerializer(codecs().by_name[name], shelf)
    serializer.dumps([act, act, print])
    assert shelf.counts == {"0": 2, "1": 1}
    serializer.retract()
    serializer.retract()
    assert shelf.counts == {"0": 0, "1": 0}


@every
def test_a_function_that_comes_where_nothing_crosses_is_refused(name: str) -> None:
    data = CrossingSerializer(codecs().by_name[name], Shelf()).dumps([act])
    with pytest.raises(SerializeError, match=r"^a function came from where none can be"):
        codecs().by_name[name].loads(data)


@every
@pytest.mark.parametrize("form", [{}, {"id": 7}, {"id": None}, {"id": ["0"]}], ids=str)
def test_a_malformed_function_is_refused(name: str, form: dict[str, Any]) -> None:
    plain = codecs().by_name[name]
    data = plain.dumps({"__class__": FUNCTION_CLASS, **form})
    with pytest.raises(SerializeError, match=r"^malformed pyrophone.Function: id is"):
        CrossingSerializer(plain, Shelf()).loads(data)


def test_the_crossing_is_over_with_the_message() -> None:
    plain = codecs().by_name["serpent"]
    CrossingSerializer(plain, Shelf()).dumps(act)
    with pytest.raises(FunctionFoundError):
        plain.dumps(act)
    with pytest.raises(SerializeError):
        CrossingSerializer(plain, Shelf()).dumps(object())
    with pytest.raises(FunctionFoundError):
        plain.dumps(act)


def test_codecs_try_again_for_functions_only() -> None:
    both = codecs()
    serpent = both.by_name["serpent"]
    again = both.across(FunctionFoundError("f"), serpent, Shelf())
    assert again.dumps([act]).endswith(b"[{'__class__':'pyrophone.Function','id':'0'}]")
    with pytest.raises(SerializeError, match=r"^something else$"):
        both.across(SerializeError("something else"), serpent, Shelf())
