from __future__ import annotations

import itertools

import pytest

from pyrophone.wire.features import FEATURES
from pyrophone.wire.framing import (
    CANCEL,
    CONNECT,
    CONNECT_FAIL,
    CONNECT_OK,
    CREDIT,
    INVOKE,
    ITEMS,
    PING,
    RESULT,
)
from pyrophone.wire.states import (
    CLIENT_ADDS,
    CLIENT_RECEIVES,
    CLIENT_SENDS,
    CLOSED,
    GREETING,
    NEW,
    OPEN,
    SERVER_ADDS,
    SERVER_RECEIVES,
    SERVER_SENDS,
    STATE_NAMES,
    Additions,
    Table,
    added,
    expected,
)

TABLES = {
    "client sends": CLIENT_SENDS,
    "client receives": CLIENT_RECEIVES,
    "server sends": SERVER_SENDS,
    "server receives": SERVER_RECEIVES,
}


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_a_table_knows_every_state_and_moves_only_down(table: Table) -> None:
    assert table.keys() == STATE_NAMES.keys() == {NEW, GREETING, OPEN, CLOSED}
    for state, moves in table.items():
        assert all(state <= after for after in moves.values())


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_nothing_is_allowed_once_closed(table: Table) -> None:
    assert expected(table, CLOSED) == 0


@pytest.mark.parametrize(
    ("table", "state", "kinds"),
    [
        (CLIENT_SENDS, NEW, [CONNECT]),
        (CLIENT_SENDS, GREETING, []),
        (CLIENT_SENDS, OPEN, [INVOKE, PING]),
        (CLIENT_RECEIVES, NEW, []),
        (CLIENT_RECEIVES, GREETING, [CONNECT_OK, CONNECT_FAIL]),
        (CLIENT_RECEIVES, OPEN, [RESULT, PING]),
        (SERVER_RECEIVES, NEW, [CONNECT]),
        (SERVER_RECEIVES, GREETING, []),
        (SERVER_RECEIVES, OPEN, [INVOKE, PING]),
        (SERVER_SENDS, NEW, [CONNECT_FAIL]),
        (SERVER_SENDS, GREETING, [CONNECT_OK, CONNECT_FAIL]),
        (SERVER_SENDS, OPEN, [RESULT, PING]),
    ],
)
def test_what_may_come_or_go_in_a_state(table: Table, state: int, kinds: list[int]) -> None:
    assert expected(table, state) == sum(1 << kind for kind in kinds)


@pytest.mark.parametrize(
    ("sends", "receives"),
    [(CLIENT_SENDS, SERVER_RECEIVES), (SERVER_SENDS, CLIENT_RECEIVES)],
)
def test_what_one_side_may_send_the_other_may_receive(
    sends: Table, receives: Table
) -> None:
    def kinds(table: Table) -> set[int]:
        return set(itertools.chain.from_iterable(table.values()))

    assert kinds(sends) == kinds(receives)


@pytest.mark.parametrize(
    ("additions", "features", "kinds"),
    [
        (CLIENT_ADDS, {"many", "beat", "limit"}, []),
        (CLIENT_ADDS, {"many", "cancel"}, [CANCEL]),
        (CLIENT_ADDS, {"many", "flow"}, [RESULT, CANCEL, ITEMS, CREDIT]),
        (CLIENT_ADDS, FEATURES, [RESULT, CANCEL, ITEMS, CREDIT]),
        (SERVER_ADDS, {"many", "beat", "limit", "cancel"}, []),
        (SERVER_ADDS, {"many", "flow"}, [INVOKE, CANCEL, ITEMS, CREDIT]),
    ],
)
def test_features_allow_more(
    additions: Additions, features: set[str], kinds: list[int]
) -> None:
    assert added(additions, features) == sum(1 << kind for kind in kinds)
