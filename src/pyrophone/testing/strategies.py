"""Hypothesis strategies for values, texts and bytes of the wire."""

from __future__ import annotations

import array
import collections
import datetime
import math
import pathlib
from typing import Any

from hypothesis import strategies as st

__all__ = [
    "garbage",
    "json_like",
    "literal_texts",
    "mutations",
    "plain_values",
    "rich_values",
    "same",
]

_INT64 = st.integers(-(2**63), 2**63 - 1)
# Python refuses to print or read integers of more than 4300 digits.
_INTEGERS = st.integers() | st.integers(10**20, 10**21) | st.just(-(10**4000))
_TEXT = st.text(max_size=12)
_SURROGATES = st.text(st.characters(categories=["Cs", "Lu", "Cc"]), max_size=4)
_FLOATS = st.floats(allow_nan=False)
_COMPLEX = st.complex_numbers(allow_nan=False)
_FRAGMENTS = st.sampled_from(
    [
        *("(", ")", "[", "]", "{", "}", ",", ":", " ", "\n", "\\", "'", '"', "'''", '"""'),
        *("# serpent utf-8 python3.2\n", "None", "True", "set()", "...", "nan", "1", "-"),
        *("1e30000", "0x1f", "1j", "b'", "r'", "\\N{DIGIT ONE}", "\\x4", "{'__class__':"),
        *("'builtins.ValueError'", "'__exception__':True", "'args':", "'__main__.X'"),
        *('{"__class__": ', "null", "NaN", '"Pyro5.core.URI"', '"state"', "\r", "é", "\0"),
    ]
)


def _nested(
    atoms: st.SearchStrategy[Any], *, keys: st.SearchStrategy[Any], tuples: bool
) -> st.SearchStrategy[Any]:
    def containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        kinds: st.SearchStrategy[Any] = st.lists(inner, max_size=4)
        kinds |= st.dictionaries(keys, inner, max_size=4)
        return kinds | st.lists(inner, max_size=3).map(tuple) if tuples else kinds

    return st.recursive(atoms, containers, max_leaves=12)


def json_like() -> st.SearchStrategy[Any]:
    """Values that every serializer keeps as they are."""
    atoms = st.none() | st.booleans() | _INT64 | _FLOATS | _TEXT
    return _nested(atoms, keys=_TEXT.filter(lambda key: key != "__class__"), tuples=False)


def plain_values(name: str) -> st.SearchStrategy[Any]:
    """Values that the serializer *name* promises to return as they were given.

    Source: the table "What arrives" in ``docs/reference/wire.md``.
    """
    atoms: st.SearchStrategy[Any] = st.none() | st.booleans() | _INTEGERS | _FLOATS | _TEXT
    keys: st.SearchStrategy[Any] = _TEXT
    if name in ("serpent", "marshal"):
        atoms |= _COMPLEX
        atoms |= _SURROGATES
        numbers = st.booleans() | st.integers() | _FLOATS
        keys = keys | numbers | st.tuples(_TEXT, numbers)
        sets = st.sets(_TEXT | numbers, min_size=1, max_size=3)
        atoms |= sets
    if name == "marshal":
        atoms |= st.binary(max_size=8)
        atoms |= st.just(set())
        atoms |= st.frozensets(_TEXT, max_size=3)
        keys = keys | st.none() | st.binary(max_size=4)
    if name == "msgpack":
        atoms |= st.binary(max_size=8)
        atoms |= _COMPLEX
        atoms |= st.dates()
        keys = keys | st.binary(max_size=4) | _INT64 | st.none() | st.booleans()
    keys = keys.filter(lambda key: key != "__class__")
    return _nested(atoms, keys=keys, tuples=name in ("serpent", "marshal"))


def rich_values() -> st.SearchStrategy[Any]:
    """Values that arrive as they were where the feature ``values`` is in force.

    Source: the table "Values between peers of ours" in ``docs/reference/wire.md``.
    """
    zones = st.sampled_from([datetime.UTC, datetime.timezone(datetime.timedelta(hours=2))])
    hashable = st.one_of(
        st.none() | st.booleans() | _INTEGERS | _FLOATS | _TEXT | st.binary(max_size=8),
        st.datetimes() | st.datetimes(timezones=zones) | st.dates() | st.times(),
        st.timedeltas() | st.decimals(allow_nan=False) | st.fractions() | st.uuids(),
        st.builds(range, _INT64, _INT64) | st.builds(pathlib.PurePosixPath, _TEXT),
        st.frozensets(_TEXT | st.integers(), max_size=3) | _COMPLEX,
    )
    keys = hashable | st.tuples(hashable, hashable)
    atoms: st.SearchStrategy[Any] = keys | st.sets(keys, max_size=3)
    atoms |= st.binary(max_size=8).map(bytearray)
    atoms |= st.builds(array.array, st.just("d"), st.lists(_FLOATS, max_size=3))
    keys |= st.just("__class__")

    def containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        lists = st.lists(inner, max_size=3)
        pairs = st.dictionaries(keys, inner, max_size=3)
        kinds: st.SearchStrategy[Any] = lists | lists.map(tuple) | pairs
        kinds |= pairs.map(collections.OrderedDict) | pairs.map(
            lambda items: collections.defaultdict(list, items)
        )
        return kinds | st.builds(collections.deque, lists, st.none() | st.just(3))

    return st.recursive(atoms, containers, max_leaves=12)


def garbage() -> st.SearchStrategy[bytes]:
    """Bytes that nobody's writer made; some look nearly as if."""
    texts = st.lists(_FRAGMENTS | st.text(max_size=3), max_size=20).map("".join)
    surrogates = texts.map(lambda text: text.encode("utf-8", "replace"))
    return st.binary(max_size=60) | surrogates


@st.composite
def mutations(draw: st.DrawFn, data: bytes) -> bytes:
    """*data* with a few bytes changed, removed, repeated or cut off."""
    mutated = bytearray(data)
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(mutated)))
        end = draw(st.integers(start, min(len(mutated), start + 4)))
        piece = draw(st.binary(max_size=3) | st.just(bytes(mutated[start:end]) * 2))
        mutated[start:end] = piece
    return bytes(mutated)


@st.composite
def literal_texts(draw: st.DrawFn) -> str:
    """Python literals, spelled as a person might: blanks, comments, any quotes."""
    return draw(st.recursive(_atom_texts(), _container_texts, max_leaves=8))


def _blanks() -> st.SearchStrategy[str]:
    return st.sampled_from(["", "", "", " ", "\t", "\n", " # a 'comment'\n", "\\\n", "\f"])


def _atom_texts() -> st.SearchStrategy[str]:
    integers = st.integers(0, 2**70)
    bodies = st.lists(
        st.sampled_from(
            [
                "a",
                "é",
                "\\n",
                "\\'",
                '\\"',
                "\\x41",
                "\\101",
                "\\u20ac",
                "\\\\",
                " ",
                "#",
                "\\\n",
            ]
        ),
        max_size=4,
    ).map("".join)
    ascii_bodies = bodies.filter(lambda body: body.isascii() and "\\u" not in body)
    quotes = st.sampled_from(["'", '"', "'''", '"""'])
    return st.one_of(
        st.sampled_from(["None", "True", "False", "...", "set()", "set( )", "1_000", "00"]),
        st.sampled_from(
            ["1.", ".5", "1e5", "1_0.5e-3", "2j", "-1", "+ 1", "1+2j", "-1.5 - 2j"]
        ),
        st.sampled_from(["()", "(1)", "-(1)", "(1)+(2j)", "(((2)))", "''", "'a' \"b\""]),
        st.builds(
            lambda n, base: format(n, base),
            integers,
            st.sampled_from(["d", "#x", "#o", "#b"]),
        ),
        st.floats(allow_nan=False, allow_infinity=False).map(repr),
        st.text(max_size=5).map(repr),
        st.binary(max_size=5).map(repr),
        st.builds(lambda q, body: f"{q}{body}{q}", quotes, bodies),
        st.builds(
            lambda p, q, body: f"{p}{q}{body}{q}", st.sampled_from("uU"), quotes, bodies
        ),
        st.builds(lambda q, body: f"b{q}{body}{q}", quotes, ascii_bodies),
        st.builds(lambda q: f"r{q}\\d{q}", quotes),
    )


def _container_texts(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        _sequence(inner, "[", "]"), _sequence(inner, "(", ")"), _mapping(inner)
    )


@st.composite
def _sequence(
    draw: st.DrawFn, inner: st.SearchStrategy[str], opening: str, closing: str
) -> str:
    items = draw(st.lists(inner, max_size=3))
    blank = _blanks()
    text = "".join(f"{draw(blank)}{item}{draw(blank)}," for item in items)
    if len(items) > 1 and draw(st.booleans()):
        text = text[:-1]
    return f"{opening}{text}{draw(blank)}{closing}"


@st.composite
def _mapping(draw: st.DrawFn, inner: st.SearchStrategy[str]) -> str:
    keys = draw(
        st.lists(st.text(max_size=3).map(repr) | st.integers().map(str), max_size=3)
    )
    blank = _blanks()
    items = [f"{draw(blank)}{key}{draw(blank)}:{draw(blank)}{draw(inner)}" for key in keys]
    return "{" + ",".join(items) + draw(blank) + "}"


def same(one: Any, other: Any) -> bool:
    """Whether two values are equal and of the same types, not-a-numbers included."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return same(list(one.items()), list(other.items()))
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, float) and math.isnan(one):
        return math.isnan(other)
    return bool(one == other)
