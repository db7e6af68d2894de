"""The serializers of one connection."""

from __future__ import annotations

import threading

import pytest

from pyrophone import Settings
from pyrophone.errors import NamingError, RemoteError, SerializeError
from pyrophone.serializers import ClassTable
from pyrophone.serializers.classes import Failure
from pyrophone.serializers.codecs import make_codecs
from pyrophone.serializers.tags import Tags
from toy import TOY_TAGS


def test_names_and_ids_lead_to_the_same_serializers() -> None:
    codecs = make_codecs(ClassTable(), Settings())
    assert {name: codec.id for name, codec in codecs.by_name.items()} == {
        "serpent": 1,
        "marshal": 2,
        "json": 3,
        "msgpack": 4,
    }
    assert all(codecs.by_id[codec.id] is codec for codec in codecs.by_name.values())


def test_settings_reach_the_serializers() -> None:
    codecs = make_codecs(ClassTable(), Settings(bytes_repr=True, max_depth=2))
    serpent = codecs.by_name["serpent"]
    assert serpent.loads(serpent.dumps(b"x")) == b"x"
    assert serpent.loads(b"[[1]]") == [[1]]


def test_an_error_is_written_whatever_it_holds() -> None:
    codecs = make_codecs(ClassTable(), Settings())
    for codec in codecs.by_id.values():
        data = codecs.dump_error(codec, LookupError(threading.Lock()), ["line\n"])
        error = codec.loads(data)
        assert isinstance(error, (LookupError, RemoteError))
        assert "lock" in str(error)


@pytest.mark.parametrize("tags", [None, TOY_TAGS])
def test_an_error_that_can_t_be_written_leaves_the_other_results_of_a_batch(
    tags: Tags | None,
) -> None:
    codecs = make_codecs(ClassTable(), Settings(), tags=tags)
    error = NamingError("x", threading.Lock())
    for codec in codecs.by_id.values():
        data = codecs.dump_results(codec, [1, codecs.failure(error, ["line\n"])])
        first, failure = codec.loads(data)
        assert (first, type(failure.error)) == (1, NamingError)
        assert "lock" in str(failure.error)
        assert failure.error.__notes__ == ["Remote traceback:\nline"]
        assert (b"Toy.Failure" in data, b"Toy.errors.NamingError" in data) == (
            (tags is not None,) * 2
        )
        with pytest.raises(SerializeError, match=r"result\[0\]: lock object"):
            codecs.dump_results(codec, [threading.Lock(), codecs.failure(error, [])])
        with pytest.raises(SerializeError, match=r"result\[0\]: lock object"):
            codecs.dump_results(codec, [threading.Lock()])


def test_a_failure_keeps_error_and_traceback() -> None:
    codecs = make_codecs(ClassTable(), Settings())
    error = ValueError("x")
    failure = codecs.failure(error, ["line\n"])
    assert isinstance(failure, Failure)
    assert (failure.error, failure.traceback) == (error, ["line\n"])
