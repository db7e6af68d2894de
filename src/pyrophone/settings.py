"""What can be set, in one frozen value that is handed down."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .uri import DEFAULT_NAME_PORT

if TYPE_CHECKING:
    from ssl import SSLContext

__all__ = ["Settings"]

_PREFIX = "PYROPHONE_"
# How it was built is asked with the same prefix, perhaps in the same shell.
_NO_SETTINGS = frozenset({"PYROPHONE_BUILD", "PYROPHONE_REQUIRE_COMPILED"})
_COUNTS = (
    "max_message_size",
    "max_depth",
    "max_elements",
    "handshake_size",
    "strangers",
    "workers",
    "calls_per_client",
    "connections",
    "window",
)
_TIMES = (
    "timeout",
    "patience",
    "handshake_timeout",
    "send_timeout",
    "idle_timeout",
    "beat",
    "linger",
    "stream_lifetime",
    "stream_linger",
    "broadcast_timeout",
    "name_wait",
)
_OBJECTS = ("tls",)  # only a program can give them
_BOOLEANS = {
    **dict.fromkeys(("0", "off", "no", "false"), False),
    **dict.fromkeys(("1", "on", "yes", "true"), True),
}


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """The settings of a daemon, a proxy or a look-up. Times are in seconds.

    Attributes:
        serializer: In what calls are written: serpent, json, marshal or msgpack.
        bytes_repr: Write bytes as literals in serpent, not as base64 mappings.
        values: Let all values arrive as what they were, if the peer is one of ours and has
            this on, too; else always as Pyro5 has it.
        compression: Compress payloads of more than 100 bytes with zlib.
        max_message_size: Bytes of payload and annotations, after inflation; under 4 GiB,
            whatever it is.
        max_depth: How deep values may be nested.
        max_elements: How many values a message may hold, read or written; containers and
            keys are values, too.
        timeout: Limit of connecting, and of each call; None is none.
        patience: How long to try again, in pauses, if a daemon can't be reached.
        retries: How often a call is repeated after its connection was lost or its
            time was over.
            The method may then have run more than once.
        handshake_timeout: How long a client may take to greet.
        handshake_size: Like *max_message_size*, until a client has greeted.
        strangers: How many clients may be greeting at once; one more pushes out
            the oldest.
        send_timeout: How long a peer may leave sent bytes unread.
        idle_timeout: After which a quiet client is disconnected; None is never.
        beat: How often each end gives a sign of life on a connection that is otherwise
            quiet. Of two ends the smaller value counts; a peer that was silent for three
            times as long is taken for lost. None is never, and no peer is judged.
        calls_per_client: Calls of one client that are under way, at most; more of them
            are not read until some have ended.
        connections: How many connections a proxy may have to a daemon that can't carry
            several calls on one: Pyro5's, Pyro4's. With 1 callers take turns.
        window: How many messages with items of a stream may be on their way to the
            reader, who has taken none of them yet.
        workers: Threads that run calls, at most.
        oneway_threads: Threads of their own for one-way calls, at most; with 0 they
            are run like others.
        linger: How long a worker waits for the next call on the connection it
            has just served. While it does, a call costs no change of thread.
        streaming: Iterators that are returned stay on the server and are read
            item by item; if False, returning one is an error.
        stream_lifetime: How long a stream may live; None is unlimited.
        stream_linger: How long it stays after its client is gone.
        name_host: Where a name server is looked for first.
        name_port: Its TCP port.
        ip_version: What a host name is to stand for when listening: 4, 6, or 0 for
            what the system prefers.
        broadcast_port: UDP port where name servers answer broadcasts.
        broadcast_addresses: Where broadcasts are sent to.
        broadcast_timeout: How long one round waits for answers; there are three.
        broadcast_first: Ask by broadcast before looking at *name_host*, not after.
        name_wait: How long a name that is not registered is waited for.
        dialects: Names of other wires that a daemon answers on its port, ``pyro4`` with
            the distribution pyrophone-pyro4.
        tls: How to connect to daemons, name servers too; None is without TLS. What a
            daemon serves with is another context, and its own argument.
    """

    serializer: str = "serpent"
    bytes_repr: bool = False
    values: bool = True
    compression: bool = False
    max_message_size: int = 1 << 30  # that of Pyro5
    max_depth: int = 200
    max_elements: int = 10_000_000
    timeout: float | None = None
    patience: float = 0.0
    retries: int = 0
    handshake_timeout: float = 10.0
    handshake_size: int = 16 * 1024
    strangers: int = 1000
    send_timeout: float = 60.0
    idle_timeout: float | None = None
    beat: float | None = 4.0
    calls_per_client: int = 1000
    connections: int = 8
    window: int = 8
    workers: int = 80
    oneway_threads: int = 0
    linger: float = 0.01
    streaming: bool = True
    stream_lifetime: float | None = None
    stream_linger: float = 30.0
    name_host: str = "localhost"
    name_port: int = DEFAULT_NAME_PORT
    ip_version: int = 0
    broadcast_port: int = 9091
    broadcast_addresses: tuple[str, ...] = ("255.255.255.255", "0.0.0.0")
    broadcast_timeout: float = 0.7
    broadcast_first: bool = False
    name_wait: float = 0.0
    dialects: tuple[str, ...] = ()
    tls: SSLContext | None = None

    def __post_init__(self) -> None:
        for name in _COUNTS:
            if not getattr(self, name) >= 1:
                raise ValueError(
                    f"setting {name} is {getattr(self, name)}, must be at least 1"
                )
        for name in _TIMES:
            seconds = getattr(self, name)
            if seconds is not None and not seconds >= 0:  # NaN is no time either
                raise ValueError(f"setting {name} is {seconds}, must be at least 0")
        if self.oneway_threads < 0:
            raise ValueError(
                f"setting oneway_threads is {self.oneway_threads}, must be at least 0"
            )

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Settings:
        """Return the defaults, changed by the variables ``PYROPHONE_<NAME>``.

        Args:
            environ: ``os.environ``, or what stands for it.

        Raises:
            ValueError: A variable names no setting, or its value is unusable.
        """
        fields = {
            field.name: field
            for field in dataclasses.fields(cls)
            if field.name not in _OBJECTS
        }
        values = {}
        for variable, text in environ.items():
            if not variable.startswith(_PREFIX) or variable in _NO_SETTINGS:
                continue
            name = variable.removeprefix(_PREFIX).lower()
            if name not in fields:
                close = difflib.get_close_matches(name, fields, 1)
                hint = f", did you mean {_PREFIX}{close[0].upper()}?" if close else ""
                raise ValueError(f"{variable} names no setting{hint}")
            try:
                values[name] = _parse(str(fields[name].type), text)
            except ValueError as error:
                raise ValueError(f"{variable}={text!r}: {error}") from None
        return cls(**values)


def _parse(kind: str, text: str) -> Any:
    if kind == "str":
        return text
    if kind == "bool":
        if text.lower() not in _BOOLEANS:
            raise ValueError(f"must be one of {', '.join(_BOOLEANS)}")
        return _BOOLEANS[text.lower()]
    if kind == "int":
        return int(text)
    if kind.startswith("tuple"):
        return tuple(part.strip() for part in text.split(",") if part.strip())
    if "None" in kind and text.lower() in ("", "none"):
        return None
    return float(text)
