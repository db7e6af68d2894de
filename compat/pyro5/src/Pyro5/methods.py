"""Methods of remote objects."""

from __future__ import annotations

from typing import Any

from .errors import ConnectionClosedError, TimeoutError

__all__: list[str] = []


class _RemoteMethod:
    """A method of a remote object."""

    def __init__(self, send: Any, name: str, max_retries: int) -> None:
        self.__send = send
        self.__name = name
        self.__max_retries = max_retries

    def __getattr__(self, name: str) -> _RemoteMethod:
        return _RemoteMethod(self.__send, f"{self.__name}.{name}", self.__max_retries)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        for _ in range(self.__max_retries):
            try:
                return self.__send(self.__name, args, kwargs)
            except (ConnectionClosedError, TimeoutError) as error:
                if hasattr(error, "_pyroTraceback"):  # the method itself raised it
                    raise
        return self.__send(self.__name, args, kwargs)
