"""The object that a request is about: its members, and calls whose results stay bytes."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Protocol, Self

from ..errors import NotExposedError, RemoteProtocolError
from ..objects.proxy import remote_of
from ..objects.table import DAEMON_ID
from ..settings import Settings
from ..sync import close, connect
from ..uri import URI
from ..wire.dialects import PYRO5, Dialect
from ..wire.events import Reply
from ..wire.framing import EXCEPTION, ONEWAY, STREAM
from ..wire.metadata import Metadata

__all__ = ["Callee", "Outcome", "Target"]

_SERIALIZER = "json"


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What a call gave: JSON of its result, or of the error that it raised.

    Attributes:
        data: The JSON as the object's daemon wrote it, empty if nothing came back.
        failed: Whether it is an error.
    """

    data: bytes = b""
    failed: bool = False


class Callee(Protocol):
    """The object of one request, however it is reached."""

    @property
    def metadata(self) -> Metadata:
        """The names of its members."""

    def call(
        self, member: str, parameters: Mapping[str, Any], *, oneway: bool = False
    ) -> Outcome:
        """Call a method, or read an attribute; see :meth:`Target.call`."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *what: object) -> None: ...


class Target:
    """An object, for one request. Leaving a ``with`` block closes its connection.

    Args:
        uri: Where it is; a name is looked up.
        settings: Time limits, and where the name server is.
        dialect: What its daemon and the name server speak.

    Raises:
        ConnectError: Its daemon can't be reached, or refuses.
        NamingError: The name server doesn't know it, or there is none.
    """

    def __init__(
        self, uri: URI, settings: Settings, dialect: Dialect | str = PYRO5
    ) -> None:
        # What comes is passed on as it is, to who knows no more than JSON.
        settings = dataclasses.replace(settings, serializer=_SERIALIZER, values=False)
        self._uri = uri
        self._proxy = connect(uri, settings=settings, dialect=dialect)
        self._remote = remote_of(self._proxy)

    @property
    def metadata(self) -> Metadata:
        """The names of its members."""
        metadata: Metadata = self._remote.metadata
        return metadata

    def call(
        self, member: str, parameters: Mapping[str, Any], *, oneway: bool = False
    ) -> Outcome:
        """Call a method, or read an attribute.

        Args:
            member: Its name.
            parameters: Keyword arguments; an attribute takes none.
            oneway: Don't wait for the result.

        Raises:
            NotExposedError: There is no such member.
            TypeError: It is an attribute, and there are parameters.
            RemoteProtocolError: The result is an iterator.
        """
        if member in self.metadata.attributes:
            if parameters:
                raise TypeError(f"{member} is an attribute, it takes no parameters")
            return self._outcome(self._remote.reply("__getattr__", (member,), None, 0))
        if member not in self.metadata.methods:
            raise NotExposedError(
                f"remote object '{self._uri}' has no exposed attribute or method {member!r}"
            )
        oneway = oneway or member in self.metadata.oneway
        return self._outcome(
            self._remote.reply(member, (), parameters, ONEWAY if oneway else 0)
        )

    def _outcome(self, reply: Reply | None) -> Outcome:
        if reply is None:
            return Outcome()
        if reply.flags & STREAM:
            if reply.stream is not None:  # or it would wait there for somebody to read on
                self._remote.invoke("close_stream", [reply.stream], {}, ONEWAY, DAEMON_ID)
            raise RemoteProtocolError("result of call is an iterator, which can't be sent")
        if reply.serializer.name != _SERIALIZER:
            raise RemoteProtocolError(f"the answer is {reply.serializer.name}, not JSON")
        return Outcome(bytes(reply.payload), bool(reply.flags & EXCEPTION))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *what: object) -> None:
        close(self._proxy)
