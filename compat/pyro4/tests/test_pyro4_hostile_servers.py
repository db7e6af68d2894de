"""What a hostile server can do to those who call it: nothing but fail the call."""

from __future__ import annotations

import json
import os
import pickle
import socket
import struct
import threading
import types
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import Pyro4
from Pyro4 import errors
from Pyro4.configuration import config
from pyrophone import Settings
from pyrophone import errors as ours
from pyrophone.sync import connect

HEADER = struct.Struct("!4sHHHHiHHHH")
CONNECT_OK, CONNECT_FAIL, RESULT = 2, 3, 5
JSON, PICKLE, DILL, CLOUDPICKLE = 2, 4, 5, 7
EXCEPTION, COMPRESSED, BATCH, META, STREAM, BLOB = 1, 2, 8, 0x10, 0x20, 0x40
METADATA = {"methods": ["add"], "oneway": [], "attrs": []}


class Bomb:
    """Makes a file where its pickle is read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.path),)


def message(
    kind: int,
    payload: Any,
    codec: int = JSON,
    flags: int = 0,
    seq: int = 1,
    *,
    chunks: bytes = b"",
    size: int | None = None,
) -> bytes:
    """Return the bytes of a message; what stands in it need not be right."""
    data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    size = len(data) if size is None else size
    checksum = (kind + 48 + size + len(chunks) + codec + flags + seq + 0x34E9) & 0xFFFF
    head = (b"PYRO", 48, kind, flags, seq, size, codec, len(chunks), 0, checksum)
    return HEADER.pack(*head) + chunks + data


def welcome(meta: Any = METADATA) -> bytes:
    return message(CONNECT_OK, {"handshake": "hello", "meta": meta}, JSON, META, 0)


def error(name: str, *args: Any, **attributes: Any) -> bytes:
    form = {
        "__class__": name,
        "__exception__": True,
        "args": args,
        "attributes": attributes,
    }
    return message(RESULT, form, flags=EXCEPTION)


@pytest.fixture
def serve() -> Iterator[Callable[..., str]]:
    """Give a function that answers with the bytes it is given; it returns a location."""
    config.SERIALIZER = "json"
    config.COMMTIMEOUT = 10.0
    ends: list[socket.socket] = []

    def answer(listener: socket.socket, answers: tuple[bytes, ...]) -> None:
        with suppress(OSError):
            client, _ = listener.accept()
            with client:
                for data in answers:
                    client.recv(65536)
                    client.sendall(data)
                client.shutdown(socket.SHUT_WR)
                client.recv(65536)

    def start(*answers: bytes) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        ends.append(listener)
        threading.Thread(target=answer, args=(listener, answers), daemon=True).start()
        return f"127.0.0.1:{listener.getsockname()[1]}"

    yield start
    for each in ends:
        each.close()


def call(where: str) -> Any:
    with Pyro4.Proxy(f"PYRO:adder@{where}") as proxy:
        return proxy.add(1, 2)


def call_in_batch(where: str) -> Any:
    with Pyro4.Proxy(f"PYRO:adder@{where}") as proxy:
        batch = Pyro4.batch(proxy)
        batch.add(1, 2)
        return list(batch())


def call_by_core(where: str) -> Any:
    settings = Settings(serializer="json", timeout=10.0)
    with connect(f"PYRO:adder@{where}", dialect="pyro4", settings=settings) as proxy:
        return proxy.add(1, 2)


def look_up(where: str) -> Any:
    return Pyro4.resolve(f"PYRONAME:adder@{where}")


CALLERS = [call, call_in_batch, call_by_core, look_up]


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("codec", [PICKLE, DILL, CLOUDPICKLE])
@pytest.mark.parametrize("flags", [None, 0, EXCEPTION, BATCH, BLOB, EXCEPTION | STREAM])
def test_no_answer_chooses_pickle(
    serve: Any, tmp_path: Path, caller: Any, codec: int, flags: int | None
) -> None:
    bomb = pickle.dumps(Bomb(tmp_path / "made"))
    if flags is None:
        answers = [message(CONNECT_OK, bomb, codec, META, 0)]
    else:
        meta = {**METADATA, "methods": ["add", "lookup", "list"]}
        answers = [welcome(meta), message(RESULT, bomb, codec, flags)]
    with pytest.raises((errors.CommunicationError, errors.NamingError, ours.ProtocolError)):
        caller(serve(*answers))
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("caller", [call, call_by_core])
def test_no_refusal_chooses_pickle(serve: Any, tmp_path: Path, caller: Any) -> None:
    bomb = pickle.dumps(Bomb(tmp_path / "made"))
    with pytest.raises((errors.CommunicationError, ours.ProtocolError)):
        caller(serve(message(CONNECT_FAIL, bomb, PICKLE, seq=0)))
    assert not (tmp_path / "made").exists()


def test_no_proxy_that_comes_chooses_pickle(serve: Any) -> None:
    state = ["PYRO:x@localhost:1", [], ["m"], [], 0.0, None, "hello", 0, "pickle"]
    form = {"__class__": "Pyro4.core.Proxy", "state": state}
    assert call(serve(welcome(), message(RESULT, form)))._pyroSerializer is None
    assert call_by_core(serve(welcome(), message(RESULT, form))) is not None


UNUSABLE = {
    "nothing": [b""],
    "half a header": [b"PYRO"],
    "http": [b"HTTP/1.1 400 Bad Request\r\n\r\nsorry, whoever you are"],
    "no metadata": [welcome(None)],
    "metadata that are none": [welcome({"methods": [1], "attrs": {}, "oneway": "abc"})],
    "a greeting that is none": [message(CONNECT_OK, [1], JSON, META, 0)],
    "a signature": [message(CONNECT_OK, {}, chunks=b"HMAC\x00\x14" + b"x" * 20)],
    "another number": [welcome(), message(RESULT, 3, seq=7)],
    "another kind": [welcome(), welcome()],
    "another dialect": [welcome(), b"PYRO\x01\xf6" + bytes(34)],
    "negative size": [welcome(), message(RESULT, b"x", size=-1)],
    "too long an annotation": [welcome(), message(RESULT, 3, chunks=b"ABCD\xff\xff")],
    "a name of no letters": [
        welcome(),
        message(RESULT, 3, chunks=b"\xff\xfe\xfd\xfc\0\1a"),
    ],
    "nesting": [welcome(), message(RESULT, b"[" * 100_000)],
    "no exception": [welcome(), message(RESULT, 3, flags=EXCEPTION)],
    "bad compression": [welcome(), message(RESULT, b"junk", flags=COMPRESSED)],
    "half a stream": [
        welcome(),
        message(RESULT, zlib.compress(b"3")[:-2], flags=COMPRESSED),
    ],
    "a stream without an id": [welcome(), message(RESULT, 3, flags=EXCEPTION | STREAM)],
    "a class": [welcome(), message(RESULT, {"__class__": "os.system", "args": ["true"]})],
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_what_is_no_answer_fails_the_call(serve: Any, name: str) -> None:
    with pytest.raises(errors.CommunicationError):
        call(serve(*UNUSABLE[name]))
    if name != "a class":  # the core hands it on as the mapping that it is
        with pytest.raises(ours.PyrophoneError):
            call_by_core(serve(*UNUSABLE[name]))


def test_the_members_of_a_proxy_are_its_own(serve: Any) -> None:
    meta = {**METADATA, "methods": ["add", "_pyroInvoke", "__init__", "__class__"]}
    with Pyro4.Proxy(f"PYRO:adder@{serve(welcome(meta))}") as proxy:
        proxy._pyroBind()
        assert proxy.__class__ is Pyro4.Proxy
        assert isinstance(proxy._pyroInvoke, types.MethodType)


@pytest.mark.parametrize(
    "attributes",
    [
        {"__class__": "int"},
        {"__dict__": {"args": [2]}},
        {"__traceback__": 5, "__cause__": "x", "__context__": []},
        {"_pyroTraceback": 5},
        {"with_traceback": 1, "add_note": 2, "args": 3},
        {"__notes__": "abc"},
    ],
)
def test_an_exception_stays_one_whatever_is_set_on_it(serve: Any, attributes: Any) -> None:
    with pytest.raises(ValueError, match="x") as caught:
        call(serve(welcome(), error("builtins.ValueError", "x", **attributes)))
    assert type(caught.value) is ValueError
    assert Pyro4.util.getPyroTraceback(ValueError, caught.value, caught.tb)
