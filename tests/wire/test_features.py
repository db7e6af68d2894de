from __future__ import annotations

import pytest

from pyrophone.wire.features import CHUNK, FEATURES, read_features, without, write_features

SUPPORTED = frozenset({"beat", "many"})


def test_features_are_listed_in_one_annotation() -> None:
    assert CHUNK == "PHON"
    assert write_features({"many", "beat"}) == {"PHON": b"beat,many"}
    assert write_features(()) == {"PHON": b""}
    assert write_features(FEATURES) == {
        "PHON": b"beat,buffers,cancel,flow,limit,many,values"
    }


@pytest.mark.parametrize(
    ("chunk", "agreed"),
    [
        (b"flow,cancel,beat,limit", frozenset({"beat", "limit"})),
        (b"flow,many", frozenset({"flow", "many"})),
        (b"cancel,many", frozenset({"cancel", "many"})),
        (b"buffers,many", frozenset({"many"})),
        (b"buffers,values", frozenset({"buffers", "values"})),
    ],
)
def test_some_features_count_only_with_another(
    chunk: bytes, agreed: frozenset[str]
) -> None:
    assert read_features({"PHON": chunk}, FEATURES) == agreed


@pytest.mark.parametrize(
    ("chunk", "agreed"),
    [
        (b"", frozenset()),
        (b"many", frozenset({"many"})),
        (b"many,beat", frozenset({"many", "beat"})),
        (b"many,flow,,xyzzy", frozenset({"many"})),
        (b"many, beat", frozenset({"many"})),
        (b"\xff\xfe,beat", frozenset({"beat"})),
        (b"MANY", frozenset()),
    ],
)
def test_of_the_listed_features_the_supported_ones_are_read(
    chunk: bytes, agreed: frozenset[str]
) -> None:
    assert read_features({"PHON": chunk, "INFO": b"beat"}, SUPPORTED) == agreed


def test_without_a_list_the_peer_is_none_of_us() -> None:
    assert read_features({"INFO": b"many"}, SUPPORTED) is None


def test_what_is_the_protocols_own_business_can_be_left_out() -> None:
    annotations = {"PHON": b"many", "INFO": b"x"}
    assert without(annotations, "PHON") == {"INFO": b"x"}
    assert without(annotations, "BLBI") == {"PHON": b"many", "INFO": b"x"}
    assert without(annotations, "BLBI", "INFO", "PHON") == {}
    assert annotations == {"PHON": b"many", "INFO": b"x"}
