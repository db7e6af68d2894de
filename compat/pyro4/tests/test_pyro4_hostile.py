"""What strangers and broken clients can do to a daemon: nothing.

Each is refused as section 5.4 of the specification says, and the server goes on.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import marshal
import os
import pickle
import socket
import struct
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import Pyro4.daemons
from Pyro4 import errors
from Pyro4.configuration import config
from Pyro4.exposure import expose
from pyrophone.wire import framing as framing502

LIMIT = 10.0
HEADER = struct.Struct("!4sHHHHiHHHH")
CONNECT, CONNECT_OK, CONNECT_FAIL, INVOKE, RESULT, PING = range(1, 7)
SERPENT, JSON, MARSHAL, PICKLE = 1, 2, 3, 4
META, EXCEPTION = 0x10, 1
KEY = b"secret"


@expose
class Adder:
    """What the daemon serves."""

    def add(self, one: int, two: int) -> int:
        return one + two

    def much(self, size: int) -> str:
        return "x" * size


class Bomb:
    """Makes a file where its pickle is read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.path),)


def message(
    kind: int, payload: Any = b"", codec: int = JSON, flags: int = 0, **changed: Any
) -> bytes:
    """Return the bytes of a message; what is *changed* need not be right."""
    data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    chunks = changed.get("chunks", b"")
    if (key := changed.get("key")) is not None:
        chunks += b"HMAC" + struct.pack("!H", 20) + hmac.digest(key, data, hashlib.sha1)
    version = changed.get("version", 48)
    size = changed.get("size", len(data))
    seq = changed.get("seq", 0)
    numbers = (kind, version, size, len(chunks), codec, flags, seq, 0x34E9)
    checksum = changed.get("checksum", sum(numbers) & 0xFFFF)
    tag = changed.get("tag", b"PYRO")
    head = (tag, version, kind, flags, seq, size, codec, len(chunks), 0, checksum)
    return HEADER.pack(*head) + chunks + data


def greeting(codec: int = JSON, payload: Any = None, **changed: Any) -> bytes:
    """Return what a client begins with."""
    what = {"handshake": "hello", "object": "adder"} if payload is None else payload
    return message(CONNECT, what, codec, META, **changed)


def call(method: Any = "add", *args: Any, **changed: Any) -> bytes:
    """Return a request."""
    form = {"object": "adder", "method": method, "params": args, "kwargs": {}}
    return message(INVOKE, form, **{"seq": 1, **changed})


class Stranger(socket.socket):
    """A client by hand."""

    def __init__(self, place: Any) -> None:
        super().__init__()
        self.settimeout(LIMIT)
        self.connect(place)

    def ask(self, data: bytes) -> tuple[int, int, int, Any]:
        """Send *data*; return kind, flags, serializer and payload of the answer."""
        self.sendall(data)
        return self.answer()

    def answer(self) -> tuple[int, int, int, Any]:
        """Return the next answer."""
        head = self.exactly(HEADER.size)
        _, _, kind, flags, _, size, codec, chunks, _, _ = HEADER.unpack(head)
        self.exactly(chunks)
        data: Any = self.exactly(size)
        if codec == MARSHAL:
            data = marshal.loads(data)
        elif codec == JSON:
            data = json.loads(data)
        return kind, flags, codec, data

    def exactly(self, size: int) -> bytes:
        """Return so many bytes."""
        data = b""
        while len(data) < size:
            more = self.recv(size - len(data))
            if not more:
                raise EOFError(data)
            data += more
        return data

    def gone(self) -> bool:
        """Tell whether the server has hung up."""
        with contextlib.suppress(ConnectionError):
            return self.recv(1) == b""
        return True


@pytest.fixture
def daemon(server_type: str, running: Callable[[Any], Any]) -> Any:
    """A daemon that serves an adder."""
    daemon = Pyro4.daemons.Daemon()
    daemon.register(Adder(), "adder")
    return running(daemon)


@pytest.fixture
def connect(daemon: Any) -> Any:
    """Give a function that connects; afterwards the server must still answer."""
    place = daemon.sock.getsockname()
    strangers = contextlib.ExitStack()
    with strangers:
        yield lambda: strangers.enter_context(Stranger(place))
        with Stranger(place) as last:
            key = daemon._pyroHmacKey
            assert last.ask(greeting(key=key))[0] == CONNECT_OK
            assert last.ask(call("add", 2, 3, key=key))[3] == 5


def test_a_good_client_is_served(connect: Any) -> None:
    client = connect()
    kind, flags, codec, answer = client.ask(greeting())
    assert (kind, flags, codec, answer["handshake"]) == (CONNECT_OK, META, JSON, "hello")
    assert client.ask(call("add", 1, 2)) == (RESULT, 0, JSON, 3)


BAD_GREETINGS = {
    "tag": greeting(tag=b"PYRX"),
    "older": greeting(version=47),
    "between": greeting(version=100),
    "just below 502": greeting(version=501),
    "checksum": greeting(checksum=1),
    "kind": message(PING, b"ping"),
    "call": call(),
    "unknown kind": message(77),
    "http": b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n",
    "serializer": greeting(codec=99),
    "garbage": message(CONNECT, b"{nonsense", JSON, META),
    "no mapping": message(CONNECT, [1, 2], JSON, META),
    "no object": message(CONNECT, {"handshake": 1}, JSON, META),
    "unexpected signature": greeting(key=b"x"),
    "large": greeting(size=0x7FFFFFFF),
    "negative size": greeting(size=-1),
    "chunk ends early": greeting(chunks=b"ABCD\x00\x09x"),
    "too deep": message(CONNECT, b"[" * 9000, JSON, META),
}


@pytest.mark.parametrize("name", BAD_GREETINGS)
def test_a_bad_greeting_is_refused_in_marshal(connect: Any, name: str) -> None:
    client = connect()
    kind, _, codec, reason = client.ask(BAD_GREETINGS[name])
    assert (kind, codec, type(reason)) == (CONNECT_FAIL, MARSHAL, str)
    assert client.gone()


@pytest.mark.parametrize("size", [0, 3, 6, 23, 30])
def test_half_a_greeting_is_no_greeting(connect: Any, size: int) -> None:
    client = connect()
    client.sendall(greeting()[:size])
    client.shutdown(socket.SHUT_WR)
    assert client.gone()


BAD_CALLS = {
    "tag": call(tag=b"PYRX"),
    "version": call(version=47),
    "other dialect": framing502.encode(
        framing502.Message(framing502.INVOKE, 1, 0, 1, b"x")
    ),
    "checksum": call(checksum=1),
    "greeting again": greeting(),
    "result": message(RESULT, 1),
    "unknown kind": message(77),
    "unknown serializer": call(codec=99),
    "unexpected signature": call(key=b"x"),
    "negative size": call(size=-1),
    "chunk ends early": call(chunks=b"ABCD\x00\x09x"),
    "bad compression": message(INVOKE, b"junk", JSON, 2, seq=1),
}


@pytest.mark.parametrize("name", BAD_CALLS)
def test_what_breaks_the_rules_later_just_ends_the_connection(
    connect: Any, name: str
) -> None:
    client = connect()
    client.ask(greeting())
    client.sendall(BAD_CALLS[name])
    assert client.gone()


@pytest.mark.parametrize(
    ("payload", "error"),
    [
        (b"{nonsense", "SerializeError"),
        ({"object": "adder"}, "SerializeError"),
        (
            {
                "object": "adder",
                "method": "add",
                "params": [{"__class__": "__main__.X"}],
                "kwargs": {},
            },
            "SecurityError",
        ),
        (
            {
                "object": "adder",
                "method": "add",
                "params": [{"__class__": "foo.X"}],
                "kwargs": {},
            },
            "SerializeError",
        ),
    ],
)
def test_what_can_not_be_read_is_answered_and_ends_the_connection(
    connect: Any, payload: Any, error: str
) -> None:
    client = connect()
    client.ask(greeting())
    kind, flags, codec, answer = client.ask(message(INVOKE, payload, seq=1))
    assert (kind, flags, codec) == (RESULT, EXCEPTION, JSON)
    assert answer["__class__"] == f"Pyro4.errors.{error}"
    assert client.gone()


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        (call("_private"), "builtins.AttributeError"),
        (call("nothing"), "builtins.AttributeError"),
        (call("__init__"), "builtins.AttributeError"),
        (call("__getattr__"), "builtins.TypeError"),
        (call("__getattr__", "__dict__"), "builtins.AttributeError"),
        (call("add", 1), "builtins.TypeError"),
        (
            message(
                INVOKE,
                {"object": "nobody", "method": "add", "params": [], "kwargs": {}},
                seq=1,
            ),
            "Pyro4.errors.DaemonError",
        ),
    ],
)
def test_what_there_is_not_is_answered_and_the_connection_stays(
    connect: Any, request_: bytes, error: str
) -> None:
    client = connect()
    client.ask(greeting())
    kind, flags, _, answer = client.ask(request_)
    assert (kind, flags, answer["__class__"]) == (RESULT, EXCEPTION, error)
    assert client.ask(call("add", 1, 2, seq=2))[3] == 3


# Pickles.


def test_a_pickle_in_a_greeting_is_refused_before_it_is_read(
    connect: Any, tmp_path: Path
) -> None:
    target = tmp_path / "made"
    client = connect()
    bomb = pickle.dumps(Bomb(target))
    kind, _, codec, reason = client.ask(message(CONNECT, bomb, PICKLE, META))
    assert (kind, codec) == (CONNECT_FAIL, MARSHAL)
    assert reason == "message used serializer that is not accepted: 4"
    assert client.gone()
    assert not target.exists()


def test_a_pickle_in_a_call_is_refused_before_it_is_read(
    connect: Any, tmp_path: Path
) -> None:
    target = tmp_path / "made"
    client = connect()
    client.ask(greeting())
    kind, flags, codec, answer = client.ask(
        message(INVOKE, pickle.dumps(("adder", "add", (Bomb(target), 1), {})), PICKLE)
    )
    assert (kind, flags, codec) == (RESULT, EXCEPTION, PICKLE)
    error = pickle.loads(answer)
    assert isinstance(error, errors.SerializeError)
    assert str(error) == "message used serializer that is not accepted: 4"
    assert client.gone()
    assert not target.exists()


def test_a_pickle_in_a_blob_is_refused_too(connect: Any, tmp_path: Path) -> None:
    target = tmp_path / "made"
    client = connect()
    client.ask(greeting())
    address = marshal.dumps(("info", "adder", "add"))
    chunk = b"BLBI" + struct.pack("!H", len(address)) + address
    bomb = pickle.dumps(Bomb(target))
    client.sendall(message(INVOKE, bomb, PICKLE, 0x40, seq=1, chunks=chunk))
    assert client.answer()[:3] == (RESULT, EXCEPTION, PICKLE)
    assert client.gone()
    assert not target.exists()


@pytest.mark.parametrize("codec", [PICKLE, 5, 7])
@pytest.mark.parametrize("flags", [4, 0x44, 8, 0x48, 0x41, 2])
def test_no_flag_has_a_pickle_read(
    connect: Any, tmp_path: Path, codec: int, flags: int
) -> None:
    target = tmp_path / "made"
    bomb = pickle.dumps(("adder", "add", (Bomb(target), 1), {}))
    address = marshal.dumps(("info", "adder", "add"))
    client = connect()
    client.ask(greeting())
    client.sendall(
        message(
            INVOKE,
            zlib.compress(bomb) if flags & 2 else bomb,
            codec,
            flags,
            seq=1,
            chunks=b"BLBI" + struct.pack("!H", len(address)) + address,
        )
    )
    if not flags & 4:  # one-way
        assert client.answer()[:3] == (RESULT, EXCEPTION, codec)
    assert client.gone()
    assert not target.exists()


def test_the_same_pickle_does_run_where_the_program_accepts_it(
    server_type: str, running: Callable[[Any], Any], tmp_path: Path
) -> None:
    config.SERIALIZERS_ACCEPTED.add("pickle")
    daemon = running(Pyro4.daemons.Daemon())
    config.SERIALIZERS_ACCEPTED.remove("pickle")  # too late: it is frozen
    target = tmp_path / "made"
    with Stranger(daemon.sock.getsockname()) as client:
        form = {"handshake": Bomb(target), "object": "Pyro.Daemon"}
        kind = client.ask(message(CONNECT, pickle.dumps(form), PICKLE, META))[0]
    assert kind == CONNECT_OK
    assert target.exists()


def test_a_daemon_accepts_what_it_was_made_with(connect: Any, tmp_path: Path) -> None:
    config.SERIALIZERS_ACCEPTED.add("pickle")
    client = connect()
    assert client.ask(greeting(codec=PICKLE))[0] == CONNECT_FAIL


# Signatures.


def test_only_what_is_signed_well_is_read(daemon: Any, connect: Any) -> None:
    daemon._pyroHmacKey = KEY
    for key, reason in [(None, "hmac key config not symmetric"), (b"other", "hmac")]:
        client = connect()
        kind, _, codec, text = client.ask(greeting(key=key))
        assert (kind, codec) == (CONNECT_FAIL, MARSHAL)
        assert reason in text
        assert client.gone()
    for key in (None, b"other"):
        client = connect()
        assert client.ask(greeting(key=KEY))[0] == CONNECT_OK
        client.sendall(call("add", 1, 2, key=key))
        assert client.gone()


def test_a_signature_is_whole_and_the_last_one_counts(daemon: Any, connect: Any) -> None:
    daemon._pyroHmacKey = KEY
    hello = {"handshake": "hello", "object": "adder"}
    good = hmac.digest(KEY, json.dumps(hello).encode(), hashlib.sha1)
    signatures = {
        CONNECT_OK: [[good], [b"x" * 20, good]],
        CONNECT_FAIL: [[b""], [good[:19]], [good + b"x"], [good, b"x" * 20]],
    }
    for kind, several in signatures.items():
        for each in several:
            chunks = (b"HMAC" + struct.pack("!H", len(data)) + data for data in each)
            assert connect().ask(greeting(chunks=b"".join(chunks)))[0] == kind


def test_who_can_not_sign_is_answered_in_no_other_dialect(
    daemon: Any, connect: Any
) -> None:
    hello = framing502.encode(framing502.Message(framing502.CONNECT, 1, 0, 0, b"{}"))
    for key, version in [(None, 502), (KEY, 48)]:
        daemon._pyroHmacKey = key
        client = connect()
        client.sendall(hello)
        assert client.exactly(6) == b"PYRO" + version.to_bytes(2, "big")


# Sizes.


def test_a_large_message_is_refused_by_its_header(connect: Any) -> None:
    config.MAX_MESSAGE_SIZE = 5000
    client = connect()
    client.ask(greeting())
    client.sendall(call(size=5001)[: HEADER.size])
    assert client.gone()


def test_a_call_that_never_comes_whole_costs_nothing(connect: Any) -> None:
    client = connect()
    client.ask(greeting())
    client.sendall(call(size=0x7FFFFFFF))  # the daemon has no limit of its own
    client.sendall(b"x" * 1000)


def test_a_client_that_never_reads_holds_up_nobody(daemon: Any, connect: Any) -> None:
    client = connect()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.ask(greeting())
    for seq in range(1, 4):
        client.sendall(call("much", 30_000_000, seq=seq))
    other = connect()
    other.ask(greeting())
    assert other.ask(call("add", 1, 2))[3] == 3


def test_nothing_stays_of_those_who_were_refused(daemon: Any, connect: Any) -> None:
    for data in BAD_GREETINGS.values():
        client = connect()
        client.sendall(data)
        assert client.answer()[0] == CONNECT_FAIL
        assert client.gone()
    with Stranger(daemon.sock.getsockname()) as last:
        last.ask(greeting())
        deadline = time.monotonic() + LIMIT  # they are forgotten just behind their end
        while len(daemon.pyroServed.clients) > 1 and time.monotonic() < deadline:
            last.ask(message(PING, b"ping", 42))
        assert len(daemon.pyroServed.clients) == 1


# Mutations.


def recorded_requests() -> list[bytes]:
    """Return what clients sent when the vectors were recorded."""
    place = Path(__file__).parent / "vectors" / "pyro4-vectors.json"
    return [
        bytes.fromhex(each["hex"])
        for each in json.loads(place.read_text("utf-8"))
        if each["direction"] == "client->server"
    ]


@pytest.mark.slow
@pytest.mark.parametrize("repaired", [False, True])
def test_a_request_with_one_wrong_byte_in_its_header_holds_up_nobody(
    daemon: Any, connect: Any, repaired: bool
) -> None:
    place = daemon.sock.getsockname()
    watcher = connect()
    watcher.ask(greeting())
    for count, request_ in enumerate(recorded_requests()):
        kind = request_[7]
        for position in range(22):
            data = bytearray(request_)
            data[position] ^= 1 << (count + position) % 8
            if repaired:  # else it is refused by its checksum, mostly
                fields = HEADER.unpack_from(data)
                data[22:24] = struct.pack("!H", (sum(fields[1:8]) + 0x34E9) & 0xFFFF)
            with Stranger(place) as client:
                if kind != CONNECT:
                    client.ask(greeting())
                with contextlib.suppress(ConnectionError):
                    client.sendall(data)
                    client.shutdown(socket.SHUT_WR)
                    while client.recv(65536):
                        pass
        assert watcher.ask(call("add", 2, count, seq=1))[3] == 2 + count
