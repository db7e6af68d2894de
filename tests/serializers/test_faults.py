from __future__ import annotations

import threading
from typing import Any

import pytest

from pyrophone.errors import MessageTooLargeError, RemoteError
from pyrophone.serializers import ClassTable, Serializer, make_serializers
from pyrophone.serializers.faults import dump_error, safe_error_form

CLASSES = ClassTable()
SERIALIZERS = make_serializers(CLASSES)
every = pytest.mark.parametrize("name", list(SERIALIZERS))


class SilentError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no")

    __repr__ = __str__


def sent(
    serializer: Serializer, error: BaseException, lines: list[str] | None = None
) -> Any:
    return serializer.loads(dump_error(serializer, CLASSES, error, lines))


@every
def test_any_error_can_be_dumped(name: str) -> None:
    serializer = SERIALIZERS[name]
    error: Any = LookupError("good", threading.Lock())
    error.lock = threading.Lock()
    error.code = 5
    back = sent(serializer, error, ["line\n"])
    assert type(back) is LookupError
    assert back.args[0] == "good"
    assert back.args[1].startswith("<unlocked _thread.lock")
    assert vars(back)["code"] == 5
    assert not hasattr(back, "lock")
    assert back.__notes__ == ["Remote traceback:\nline"]

    back = sent(serializer, SilentError(SilentError()))
    assert isinstance(back, RemoteError)
    assert back.class_name.endswith(".SilentError")
    assert back.text == "<SilentError without text: RuntimeError>"

    back = sent(serializer, ValueError("\udc80"), ["\udc80\n"])
    assert type(back) is ValueError
    assert back.args[0] in ("\udc80", "'\\udc80'")

    back = sent(serializer, MessageTooLargeError(7, threading.Lock()))  # type: ignore[arg-type]
    assert "message too large (7 bytes" in str(back)


@every
def test_a_safe_form_can_be_written_inside_other_values(name: str) -> None:
    serializer = SERIALIZERS[name]
    good = safe_error_form(serializer, CLASSES, ValueError("v"), None)
    bad = safe_error_form(serializer, CLASSES, ValueError(threading.Lock()), None)
    back = serializer.loads(serializer.dumps([good, bad]))
    assert [type(error) for error in back] == [ValueError, ValueError]
    assert "lock" in back[1].args[0]


@every
def test_unicode_errors_survive_where_bytes_do_and_keep_their_text_elsewhere(
    name: str,
) -> None:
    original = UnicodeDecodeError("utf-8", b"\xff\x00", 0, 1, "bad byte")
    back = sent(SERIALIZERS[name], original)
    if name == "json":
        assert isinstance(back, RemoteError)
        assert back.text == str(original)
    else:
        assert type(back) is UnicodeDecodeError
        assert (back.args, str(back)) == (original.args, str(original))


@every
def test_exception_groups_survive(name: str) -> None:
    group = ExceptionGroup("many", [ValueError("v"), ExceptionGroup("in", [KeyError("k")])])
    back = sent(SERIALIZERS[name], group)
    assert repr(back) == repr(group)
