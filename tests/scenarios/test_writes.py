"""What is sent at once goes to the system at once: every daemon, every client."""

from __future__ import annotations

import os
import socket
import stat
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from fronts import Front
from kettles import Kettle
from kinds import Kind
from patience import wait_until
from pyrophone.wire.framing import (
    BATCH,
    INVOKE,
    ONEWAY,
    RESULT,
    Decoder,
    Message,
)
from running import LIMIT

LEAST_READ = 1024  # bytes that both ends read at once, or more
LARGEST = 1 << 20


class Postman:
    """Stands between two ends, and sees what each of them wrote in one piece.

    Attributes:
        ends: The socket for the client, and the one for the daemon.
        written: What each of them wrote, a bytes object for each time.
    """

    def __init__(self) -> None:
        # Sockets that keep the bounds of what was written.
        pairs = [socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET) for _ in range(2)]
        self.ends = [_as_stream(pair[1]) for pair in pairs]
        self.written: tuple[list[bytes], list[bytes]] = ([], [])
        self._own = [pair[0] for pair in pairs]
        self._threads = [
            threading.Thread(target=self._carry, args=(here,)) for here in (0, 1)
        ]

    def __enter__(self) -> Postman:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for sock in self._own:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(LIMIT)
        for sock in (*self._own, *self.ends):
            sock.close()

    def _carry(self, here: int) -> None:
        with suppress(OSError):
            while packet := self._own[here].recv(LARGEST):
                self.written[here].append(packet)
                for start in range(0, len(packet), LEAST_READ):
                    self._own[1 - here].sendall(packet[start : start + LEAST_READ])
        with suppress(OSError):
            self._own[1 - here].shutdown(socket.SHUT_WR)


def _as_stream(sock: socket.socket) -> socket.socket:
    """Return *sock* as one that says that it is a stream, since loops want nothing else."""
    return socket.socket(sock.family, socket.SOCK_STREAM, fileno=sock.detach())


def messages(written: list[bytes], kind: int) -> list[Message]:
    """Return the messages of one kind, each of which was written alone and in one piece."""
    found = []
    for packet in written:
        decoder = Decoder(LARGEST)
        decoder.feed(packet)
        message = decoder.next()
        assert message is not None, "a part of a message"
        assert decoder.pending == 0, "more than a message"
        if message.kind == kind:
            found.append(message)
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="other sockets don't keep bounds")
def test_calls_answers_and_batches_leave_in_one_write(kind: Kind, front: Front) -> None:
    original = Kettle()
    with Postman() as postman:
        ours, theirs = postman.ends
        with kind.serving(sock=theirs) as daemon:
            daemon.register(original, "kettle")
            with front.connect("kettle", sock=ours) as kettle:
                kettle.add(1, 2)
                kettle.hear("one-way")
                calls = front.batch(kettle)
                for number in range(300):
                    calls.add(number, 1)
                assert sum(calls()) == sum(range(301))
                for number in range(300):
                    calls.hear(number)
                calls(oneway=True)
                kettle.add("x" * 30_000, "y")
            sent, answered = postman.written
            flags = [message.flags & (ONEWAY | BATCH) for message in messages(sent, INVOKE)]
            assert flags[-5:] == [0, ONEWAY, BATCH, ONEWAY | BATCH, 0]
            flags = [message.flags & BATCH for message in messages(answered, RESULT)]
            assert flags[-3:] == [0, BATCH, 0]
            # An end may come before the last of what nobody waits for.
            wait_until(lambda: len(original.heard) > 300)
    assert original.heard == ["one-way", *range(300)]


@contextmanager
def ends(port: int) -> Iterator[list[socket.socket]]:
    """Give all TCP sockets of this process that are an end of a connection to *port*."""
    found = []
    for entry in os.listdir("/proc/self/fd"):
        with suppress(OSError):  # of one that was closed since, or is not connected
            number = int(entry)
            if not stat.S_ISSOCK(os.fstat(number).st_mode):
                continue
            sock = socket.socket(fileno=os.dup(number))
            try:
                ports = [sock.getsockname()[1], sock.getpeername()[1]]
            except (OSError, IndexError):
                ports = []
            if sock.family == socket.AF_INET and port in ports:
                found.append(sock)
            else:
                sock.close()
    try:
        yield found
    finally:
        for sock in found:
            sock.close()


@pytest.mark.skipif(sys.platform != "linux", reason="sockets are found in /proc")
def test_tcp_waits_for_nothing_at_both_ends(kind: Kind, front: Front) -> None:
    with kind.serving() as daemon:
        uri = daemon.register(Kettle())
        with front.connect(uri) as kettle:
            assert kettle.add(1, 2) == 3
            with ends(uri.port) as found:
                sides = {sock.getsockname()[1] == uri.port for sock in found}
                assert sides == {False, True}
                for sock in found:
                    assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
