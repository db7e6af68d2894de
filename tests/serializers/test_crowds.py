"""Whatever peers send, building a container of it takes no longer than reading it."""

from __future__ import annotations

import collections
import decimal
import fractions
import itertools
import marshal
import sys
import uuid
from collections.abc import Callable
from typing import Any

import msgpack
import pytest

from pyrophone.errors import SerializeError
from pyrophone.serializers import ClassTable, make_serializers
from pyrophone.serializers.crowds import MOST_ALIKE, Crowd, check_keys
from valued import trip

HASH = sys.hash_info.modulus
REFUSED = "more than 128 keys with the same hash"
CODECS = make_serializers(ClassTable())


def alike(count: int) -> list[int]:
    """Return so many integers of one hash."""
    return [HASH * (number + 1) for number in range(count)]


def watch(keys: list[Any]) -> None:
    """Put *keys* into a mapping as readers do."""
    crowd = Crowd()
    mapping: dict[Any, None] = {}
    for number, key in enumerate(keys, 1):
        mapping[key] = None
        if number % MOST_ALIKE == 0:
            crowd.look(mapping)
    crowd.look(mapping)


looking = pytest.mark.parametrize("look", [watch, check_keys], ids=["growing", "at once"])


@looking
@pytest.mark.parametrize(
    "make",
    [
        int,
        lambda key: (key, "x"),
        lambda key: frozenset({key, "x"}),
        lambda key: decimal.Decimal(key),
        lambda key: fractions.Fraction(key),
        lambda key: uuid.UUID(int=key),
        lambda key: ((key,), None, -1 - key % 2),
    ],
    ids=["int", "pair", "frozenset", "Decimal", "Fraction", "UUID", "nested"],
)
def test_of_one_hash_there_may_be_so_many(
    look: Callable[[list[Any]], None], make: Callable[[int], Any]
) -> None:
    honest: list[Any] = [*range(1, 1000), *map(str, range(1000))]
    keys = [make(key) for key in alike(MOST_ALIKE)]
    look(keys)
    look(honest + keys)
    look(keys + honest)
    for more in (keys, honest + keys, keys + honest, keys[:99] + honest + keys[99:]):
        with pytest.raises(SerializeError, match=REFUSED):
            look([*more, make(HASH * 1000)])


@looking
@pytest.mark.parametrize(
    "keys",
    [
        range(-(20_000), 20_000),
        [2**61 * number for number in range(20_000)],
        [number / 8 for number in range(-(20_000), 20_000)],
        [float(2) ** number for number in range(-1074, 1024)],
        [
            *itertools.product(range(-40, 40), repeat=2),
            *itertools.product((-1, -2), repeat=7),
        ],
        [frozenset(pair) for pair in itertools.combinations(range(150), 2)],
        [complex(a, b) for a in range(-60, 60) for b in range(-60, 60)],
        [fractions.Fraction(a, b) for a in range(99) for b in range(1, 99)],
        [bytes([a, b]) for a in range(256) for b in range(256)],
        [None, True, False, *map(str, range(20_000))],
    ],
    ids=[
        "int",
        "2**61",
        "float",
        "2**x",
        "tuple",
        "set",
        "complex",
        "Fraction",
        "bytes",
        "str",
    ],
)
def test_what_people_use_as_keys_is_let_through(
    look: Callable[[list[Any]], None], keys: Any
) -> None:
    look(list(keys))


def test_one_key_may_come_often() -> None:
    check_keys([HASH] * 10_000)
    check_keys([*alike(MOST_ALIKE), *alike(MOST_ALIKE)])
    watch([HASH] * 10_000)


def test_several_crowds_are_told_apart() -> None:
    crowds = [HASH * n + hash_ for n in range(1, MOST_ALIKE + 1) for hash_ in range(50)]
    for look in (watch, check_keys):
        look(crowds)
        with pytest.raises(SerializeError, match=REFUSED):
            look([*crowds, HASH * 1000 + 7])


def test_what_is_no_key_is_refused_as_ever() -> None:
    with pytest.raises(TypeError, match="unhashable type: 'list'"):
        check_keys([*range(MOST_ALIKE), []])


TEXTS = {
    "dict": "{%s}",
    "dict spelt otherwise": "{\n%s}",
    "inside a call": "('o','m',([{'k':{%s}}],),{})",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=list(TEXTS))
def test_serpent_texts(text: str) -> None:
    serpent = CODECS["serpent"]
    load = serpent.loads_call if text.startswith("('o'") else serpent.loads
    for spell in ("{}:1", "({},):1", "{}"):
        if text.endswith("{})") and spell == "{}":
            continue
        keys = [spell.format(key) for key in alike(MOST_ALIKE + 1)]
        load((text % ",".join(keys[1:])).encode())
        with pytest.raises(SerializeError, match=REFUSED):
            load((text % ",".join(keys)).encode())


@pytest.mark.parametrize("kind", [dict.fromkeys, set, frozenset])
def test_marshal(kind: Callable[[list[int]], Any]) -> None:
    read = CODECS["marshal"].loads
    value = kind(alike(MOST_ALIKE))
    assert read(marshal.dumps(value)) == value
    with pytest.raises(SerializeError, match=REFUSED):
        read(marshal.dumps([kind(alike(MOST_ALIKE + 1))]))


@pytest.mark.parametrize("max_elements", [10_000_000, 1000])
def test_msgpack(max_elements: int) -> None:
    read = make_serializers(ClassTable(), max_elements=max_elements)["msgpack"].loads
    keys = [msgpack.ExtType(0x31, str(key).encode()) for key in alike(MOST_ALIKE + 1)]
    value = dict.fromkeys(alike(MOST_ALIKE))
    assert read(msgpack.packb([dict.fromkeys(keys[:-1])])) == [value]
    with pytest.raises(SerializeError, match=REFUSED):
        read(msgpack.packb([dict.fromkeys(keys)]))


@pytest.mark.parametrize("name", ["serpent", "json", "msgpack"])
@pytest.mark.parametrize(
    "kind",
    [
        *(dict.fromkeys, set, frozenset, collections.Counter),
        lambda keys: collections.OrderedDict.fromkeys(keys),
        lambda keys: collections.defaultdict(None, dict.fromkeys(keys)),
    ],
    ids=["dict", "set", "frozenset", "Counter", "OrderedDict", "defaultdict"],
)
def test_values_between_our_peers(name: str, kind: Callable[[list[int]], Any]) -> None:
    value = kind(alike(MOST_ALIKE))
    assert trip(value, name) == value
    with pytest.raises(SerializeError, match=REFUSED):
        trip(kind(alike(MOST_ALIKE + 1)), name)
