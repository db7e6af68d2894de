"""Reading large buffers right where they go, while they arrive."""

from __future__ import annotations

import asyncio
from typing import Protocol

from ..wire.dialects import MessageDecoder

__all__ = ["Lander", "land"]

_LEAST = 65536  # bytes; it takes a few steps to read in another way, and in the usual again
_SPARE = 4096  # bytes; for what comes behind them, until the usual way is taken again


class Receiver(Protocol):
    """What gets what is read in the usual way."""

    def data_received(self, data: bytes) -> None:
        """Take in *data*."""

    def landed(self, *, done: bool) -> None:
        """Note that something came for the buffers; whether that was the last of them."""

    def eof_received(self) -> bool | None:
        """Note that nothing more comes."""

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that the connection is gone."""

    def pause_writing(self) -> None:
        """Stop writing."""

    def resume_writing(self) -> None:
        """Go on writing."""


def land(decoder: MessageDecoder, transport: asyncio.Transport, receiver: Receiver) -> None:
    """Let *transport* read into the buffers that *decoder* waits for, if there is much.

    Args:
        decoder: Its ``landing`` is on.
        transport: It reads for *receiver*.
        receiver: Gets all else.
    """
    landing = decoder.landing
    if (
        landing is None
        or landing.left < _LEAST
        or transport.is_closing()
        or transport.get_extra_info("sslcontext") is not None
        or isinstance(transport.get_protocol(), Lander)
    ):
        return
    transport.set_protocol(Lander(decoder, transport, receiver))


class Lander(asyncio.BufferedProtocol):
    """Stands in the place of a protocol for as long as its buffers arrive.

    What has come is noted when memory is asked for again, because uvloop holds it until
    then.
    """

    def __init__(
        self, decoder: MessageDecoder, transport: asyncio.Transport, receiver: Receiver
    ) -> None:
        self._decoder = decoder
        self._transport = transport
        self._receiver = receiver
        self._usual = transport.get_protocol()
        self._loop = asyncio.get_running_loop()
        self._space: memoryview | None = None
        self._spare = memoryview(bytearray(_SPARE))
        self._came = 0  # bytes that are in it
        self.eof_received = receiver.eof_received  # type: ignore[method-assign]
        self.connection_lost = receiver.connection_lost  # type: ignore[method-assign]
        self.pause_writing = receiver.pause_writing  # type: ignore[method-assign]
        self.resume_writing = receiver.resume_writing  # type: ignore[method-assign]

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return where to put what comes."""
        self._settle()
        self._space = self._decoder.space()
        if self._space is None:
            self._loop.call_soon(self._finish)
            return self._spare
        return self._space

    def buffer_updated(self, nbytes: int) -> None:
        """Note what has come."""
        if self._space is None:
            self._receiver.data_received(bytes(self._spare[:nbytes]))
            return
        self._came = nbytes
        self._receiver.landed(done=False)
        landing = self._decoder.landing
        assert landing is not None
        if landing.left == nbytes:
            self._loop.call_soon(self._finish)

    def _settle(self) -> None:
        count, self._came = self._came, 0
        if count:
            self._decoder.filled(count)

    def _finish(self) -> None:
        """Go on in the usual way, unless more buffers have begun to arrive."""
        self._settle()
        if self._decoder.landing is None and self._transport.get_protocol() is self:
            self._transport.set_protocol(self._usual)
        self._receiver.landed(done=True)
