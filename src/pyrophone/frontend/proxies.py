"""What can be done to proxies without asking their object, whoever waits for it."""

from __future__ import annotations

from types import EllipsisType
from typing import Any, Self, TypeVar, cast

from ..objects.proxy import BaseProxy, remote_of
from ..settings import Settings
from ..uri import URI
from ..wire.dialects import PYRO5, Dialect
from ..wire.metadata import Metadata

__all__ = ["LineProxy", "options"]

T = TypeVar("T")


class LineProxy(BaseProxy):
    """A proxy that can be copied and pickled; what comes of it connects on its own.

    Its remote has a ``line``, and its class makes proxies by ``to``, as that of
    :mod:`pyrophone.sync` does.
    """

    def __copy__(self) -> Self:
        line = remote_of(self).line
        copied: Self = cast(Any, type(self)).to(
            line.uri,
            settings=line.settings,
            codecs=line.codecs,
            handshake=line.handshake,
            metadata=line.metadata,
            dialect=line.dialect,
        )
        return copied

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self.__copy__()

    def __reduce__(self) -> Any:
        line = remote_of(self).line
        return _restore, (
            type(self),
            line.uri,
            line.settings,
            line.handshake,
            line.metadata,
            # The usual one stays the same one, or it would share no connection.
            *([] if line.dialect is PYRO5 else [line.dialect]),
        )


def options(
    proxy: T,
    *,
    timeout: float | EllipsisType | None = ...,
    retries: int | EllipsisType = ...,
    patience: float | EllipsisType = ...,
) -> T:
    """Return a variant of *proxy*, over the same connection.

    Args:
        proxy: The proxy; it stays as it is.
        timeout: Limit of one call in seconds, None is none; as it was if left out.
        retries: How often a call is repeated after its connection was lost; the
            method may then have run more than once. As it was if left out.
        patience: How long to try again if the daemon can't be reached, in seconds of
            pauses. As it was if left out.
    """
    remote = remote_of(cast(Any, proxy))
    variant = type(remote)(
        remote.line,
        remote.timeout if isinstance(timeout, EllipsisType) else timeout,
        remote.retries if isinstance(retries, EllipsisType) else retries,
        remote.patience if isinstance(patience, EllipsisType) else patience,
    )
    return cast(T, type(cast(Any, proxy))(variant))


def _restore(
    cls: Any,
    uri: URI,
    settings: Settings,
    handshake: Any,
    metadata: Metadata,
    dialect: Dialect = PYRO5,
) -> Any:
    return cls.to(
        uri, settings=settings, handshake=handshake, metadata=metadata, dialect=dialect
    )
