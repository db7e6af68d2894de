"""Pyrophone's serializers under the names of older Pyros."""

from __future__ import annotations

import copy
from typing import Any

import pytest

import Pyro4.errors
import Pyro4.serializers
import Pyro5.errors
import Pyro5.serializers
from pyrophone.classic.serializers import SharedCodecs, check_replaceable
from pyrophone.serializers import ClassTable

BOTH = pytest.mark.parametrize("package", [Pyro4, Pyro5])
SAFE = ("serpent", "json", "marshal", "msgpack")


def safe(package: Any) -> list[Any]:
    return [package.serializers.serializers[name] for name in SAFE]


class Thing:
    """Something of one's own."""


@BOTH
def test_values_and_calls_come_back(package: Any) -> None:
    for serializer in safe(package):
        assert serializer.loads(serializer.dumps({"a": [1, None]})) == {"a": [1, None]}
        call = serializer.dumpsCall("o", "m", (1,), {"k": 2})
        object_id, method, args, kwargs = serializer.loadsCall(call)
        assert (object_id, method, list(args), kwargs) == ("o", "m", [1], {"k": 2})


@BOTH
def test_what_is_wrong_can_be_caught_in_three_ways(package: Any) -> None:
    for serializer in safe(package):
        for call, *arguments in (
            (serializer.dumps, object()),
            (serializer.loads, b"\xff\xff"),
            (serializer.dumpsCall, "o", "m", (object(),), {}),
            (serializer.loadsCall, b"\xff\xff"),
        ):
            with pytest.raises(package.errors.SerializeError) as caught:
                call(*arguments)
            assert isinstance(caught.value, TypeError)
            assert isinstance(caught.value, ValueError)


@BOTH
def test_what_is_unsafe_is_a_security_error(package: Any) -> None:
    for serializer in safe(package):
        data = serializer.dumps({"__class__": "__main__.Thing"})
        with pytest.raises(package.errors.SecurityError):
            serializer.loads(data)


@BOTH
def test_each_kind_has_replacements_of_its_own(package: Any) -> None:
    serpent, json, marshal, msgpack = safe(package)
    for kind, text in ((type(serpent), "s"), (type(json), "j"), (type(msgpack), "m")):
        kind.register_type_replacement(Thing, lambda thing, text=text: text)
    type(marshal).register_type_replacement(Thing, lambda thing: "never")
    try:
        assert [each.loads(each.dumps(Thing())) for each in (serpent, json, msgpack)] == [
            "s", "j", "m",
        ]  # fmt: skip
        assert b"never" not in marshal.dumps(Thing())
    finally:
        for each in (serpent, json, msgpack):
            del each.table.replacements[Thing]


@pytest.mark.parametrize("wrong", [type, 5, "Thing", Thing()])
def test_only_classes_can_be_replaced(wrong: Any) -> None:
    with pytest.raises(ValueError, match="non-type or the type 'type' itself"):
        check_replaceable(wrong)
    check_replaceable(Thing)


@BOTH
def test_serializers_can_be_copied(package: Any) -> None:
    for serializer in safe(package):
        twin = copy.copy(serializer)
        assert type(twin) is type(serializer)
        assert twin.loads(twin.dumps(5)) == 5


@BOTH
def test_hooks_of_a_subclass_are_asked(package: Any) -> None:
    class Own(package.serializers.MsgpackSerializer):
        def default(self, obj: Any) -> Any:
            return "thing" if isinstance(obj, Thing) else super().default(obj)

        def object_hook(self, obj: dict[Any, Any]) -> Any:
            return "hooked" if "hook" in obj else super().object_hook(obj)

        def ext_hook(self, code: int, data: bytes) -> Any:
            if code == 0x30:
                return "complex"
            if code == 0x31:
                raise KeyError("no integers")
            return super().ext_hook(code, data)

    own = Own()
    value = [Thing(), {"hook": 1}, {"plain": 1}, 1j]
    assert own.loads(own.dumps(value)) == ["thing", "hooked", {"plain": 1}, "complex"]
    with pytest.raises(package.errors.SerializeError, match=r"ext_hook failed: KeyError"):
        own.loads(own.dumps(1 << 70))


@BOTH
def test_hooks_can_be_called_by_themselves(package: Any) -> None:
    msgpack = package.serializers.serializers["msgpack"]
    assert msgpack.object_hook({"a": 1}) == {"a": 1}
    assert msgpack.ext_hook(0x31, b"7") == 7
    assert msgpack.default(Thing()) == {"__class__": f"{__name__}.Thing"}


def test_codecs_show_what_a_program_puts_in_a_serializers_place() -> None:
    by_name: dict[str, Any] = {}
    by_id: dict[int, Any] = {}
    codecs = SharedCodecs(ClassTable(), by_name, by_id)
    by_name["own"] = by_id[9] = "mine"
    assert (codecs.by_name["own"], codecs.by_id[9]) == ("mine", "mine")
